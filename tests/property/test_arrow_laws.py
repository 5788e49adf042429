"""What goes into a table comes out of it."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import tempfile
import warnings
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings, strategies as st

from accsyn_orm import Job, UnfitValueWarning
from accsyn_orm.queryset.arrow_columns import ArrowColumns
from accsyn_orm.wire.codec import encode_value

FIELDS = [(name, Job.__mapper__.fields[name]) for name in ("name", "status", "size", "speed", "mirror")]
FIELDS += [(name, Job.__mapper__.fields[name]) for name in ("created", "user", "metadata")]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.datetimes(timezones=st.just(dt.timezone.utc)).map(lambda moment: moment.replace(microsecond=0))
VALUES = {
    "name": TEXT,
    "status": st.sampled_from(Job.status.field.choices) | TEXT,
    "size": st.integers(-(2**63), 2**63 - 1),
    "speed": st.floats(allow_nan=False, allow_infinity=False),
    "mirror": st.booleans(),
    "created": MOMENTS,
    "user": TEXT,
    "metadata": st.dictionaries(TEXT.filter(lambda key: key != "accsyn_orm_marker"), JSON, max_size=3),
}
ROW = st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in VALUES.items()})
PAGES = st.lists(st.lists(ROW, max_size=5), max_size=4)


def wire(row: dict[str, Any]) -> dict[str, Any]:
    return {name: encode_value(value) for name, value in row.items()}


def read_back(table: pa.Table) -> list[dict[str, Any]]:
    found = []
    for row in table.to_pylist():
        text = row["metadata"]
        found.append({**row, "metadata": None if text is None else json.loads(text)})
    return found


@given(PAGES)
def test_a_table_has_what_the_server_sent(pages: list[list[dict[str, Any]]]) -> None:
    columns = ArrowColumns(FIELDS, "job")
    table = columns.table([columns.batch([wire(row) for row in page]) for page in pages])
    columns.warn(1)
    expected = [{name: row.get(name) for name, _ in FIELDS} for page in pages for row in page]
    assert read_back(table) == expected
    assert table.schema == columns.schema


@given(PAGES)
@settings(max_examples=25)
def test_so_has_a_parquet_file(pages: list[list[dict[str, Any]]]) -> None:
    columns = ArrowColumns(FIELDS, "job")
    batches = [columns.batch([wire(row) for row in page]) for page in pages]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "jobs.parquet"
        with pq.ParquetWriter(path, columns.schema) as writer:
            for batch in batches:
                writer.write_table(columns.table([batch]))
        assert read_back(pq.read_table(path)) == read_back(columns.table(batches))


@given(st.lists(st.dictionaries(st.sampled_from(sorted(VALUES)), JSON, max_size=8), max_size=5))
def test_no_answer_breaks_a_table(rows: list[dict[str, Any]]) -> None:
    columns = ArrowColumns(FIELDS, "job")
    table = columns.table([columns.batch(rows)])
    assert table.num_rows == len(rows)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        columns.warn(1)
    assert all(issubclass(each.category, UnfitValueWarning) for each in caught)
    for name, field in FIELDS:
        for row, value in zip(rows, table.column(name).to_pylist(), strict=True):
            assert row.get(field.wire) is not None or value is None
