"""Query sets as tables: columns and their types, what does not fit, pages and row groups."""

from __future__ import annotations

import datetime as dt
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accsyn_orm import ConfigurationError, Job, QueryError, Session, Transfer, UnfitValueWarning
from accsyn_orm.errors import ConnectionLost
from accsyn_orm.wire.retrying import Retrying, RetryPolicy

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from typing_extensions import Self

UTC = dt.timezone.utc
ID = "5b0faf03304bfd4810dbd50{}"
CHOICE = pa.dictionary(pa.int32(), pa.string())


def rows(*values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": ID.format(number), **each} for number, each in enumerate(values)]


@pytest.fixture
def serve(served: Any) -> Callable[..., Any]:
    """Answer any find with these rows; return the server, which remembers what it was asked."""

    def serving(*values: dict[str, Any]) -> Any:
        session, server = served(lambda asked: asked.page(rows(*values)))
        server.session = session
        return server

    return serving


def test_each_kind_has_its_type(serve: Any) -> None:
    serve(
        {
            "name": "plåtar",
            "status": "running",
            "created": "2026-05-10T08:45:24",
            "finished": None,
            "size": 2**53 + 1,
            "speed": 5,
            "mirror": True,
            "user": "5bfe",
            "source": "site:5b11",
            "metadata": {"shot": ["å", 1]},
        }
    )
    names = ["created", "finished", "mirror", "metadata", "name", "size", "source", "speed", "status", "user"]
    table = Job.objects.only(*names).to_arrow()
    assert {field.name: field.type for field in table.schema} == {
        "id": pa.string(),
        "name": pa.string(),
        "status": CHOICE,
        "created": pa.timestamp("us", "UTC"),
        "finished": pa.timestamp("us", "UTC"),
        "size": pa.int64(),
        "speed": pa.float64(),
        "mirror": pa.bool_(),
        "user_id": pa.string(),
        "source_ref": pa.string(),
        "metadata": pa.string(),
    }
    assert table.to_pylist() == [
        {
            "id": ID.format(0),
            "name": "plåtar",
            "status": "running",
            "created": dt.datetime(2026, 5, 10, 8, 45, 24, tzinfo=UTC),
            "finished": None,
            "size": 2**53 + 1,
            "speed": 5.0,
            "mirror": True,
            "user_id": "5bfe",
            "source_ref": "site:5b11",
            "metadata": '{"shot":["å",1]}',
        }
    ]


def test_what_is_asked_for_is_what_there_are_columns_for(serve: Any) -> None:
    server = serve({"status": "done"})
    assert Job.objects.only("status").to_arrow().column_names == ["id", "status"]
    assert server.asked[0].data["attributes"] == ["id", "status"]
    server.asked.clear()
    assert Job.objects.values("status", "user").to_arrow().column_names == ["status", "user"]
    assert server.asked[0].data["attributes"] == ["id", "status", "user"]
    assert Job.objects.values_list("status", flat=True).to_arrow().column_names == ["status"]
    server.asked.clear()
    everything = Job.objects.to_arrow()
    assert everything.column_names == [field.slot for field in Job.__mapper__.fields.values()]
    assert set(server.asked[0].data["attributes"]) == set(Job.__mapper__.by_wire)


def test_an_empty_table_has_its_columns(serve: Any) -> None:
    server = serve()
    full = Job.objects.to_arrow()
    assert full.num_rows == 0
    assert full.schema.field("status").type == CHOICE
    assert Job.objects.to_dataframe().dtypes["size"] == pd.Int64Dtype()
    server.asked.clear()
    assert Job.objects.none().only("size").to_arrow().schema == pa.schema(
        [("id", pa.string()), ("size", pa.int64())]
    )
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "bad", "wanted"),
    [
        ("finished", "soon", "a datetime with a time zone"),
        ("finished", 5, "a datetime with a time zone"),
        ("size", "12", "a whole number"),
        ("size", 1.5, "a whole number"),
        ("size", True, "a whole number"),
        ("size", 2**63, "a whole number"),
        ("size", -(2**63) - 1, "a whole number"),
        ("speed", "fast", "a number"),
        ("speed", False, "a number"),
        ("speed", 10**400, "a number"),
        ("mirror", "yes", "True or False"),
        ("name", 7, "text"),
        ("name", "half a \ud83d", "text"),
        ("status", ["done"], "text"),
        ("user", {"id": "5bfe"}, "an entity or an id"),
    ],
)
def test_what_does_not_fit_is_null_and_named(name: str, bad: Any, wanted: str, serve: Any) -> None:
    serve({name: bad}, {name: None}, {name: bad})
    with pytest.warns(UnfitValueWarning) as caught:
        table = Job.objects.values(name).to_arrow()
    assert table.column(name).null_count == 3
    (warning,) = caught
    assert warning.filename == __file__
    assert str(warning.message).startswith(
        f"{name} of job: 2 values are not {wanted}, and null in the table, such as "
    )
    assert str(warning.message).endswith(f"of '{ID.format(0)}'")
    assert str(warning.message).isascii()
    assert len(str(warning.message)) < 200


def test_the_warning_names_the_callers_line_for_each_way(serve: Any, tmp_path: pathlib.Path) -> None:
    serve({"size": "12"})
    for call in (
        lambda: Job.objects.values("size").to_dataframe(),
        lambda: Job.objects.values("size").to_parquet(tmp_path / "jobs.parquet"),
    ):
        with pytest.warns(UnfitValueWarning, match="1 value is not a whole number") as caught:
            call()
        assert caught[0].filename == __file__


def test_what_says_nothing_or_the_same_is_taken_as_such(serve: Any) -> None:
    serve({"finished": "", "size": "", "speed": "", "mirror": "", "name": ""}, {"size": 3.0})
    names = ("finished", "size", "speed", "mirror", "name")
    table = Job.objects.values(*names).to_arrow()
    assert table.to_pylist()[0] == {**dict.fromkeys(names), "name": ""}
    assert table.column("size").to_pylist() == [None, 3]


def test_choices_that_are_not_declared_are_kept(serve: Any) -> None:
    server = serve({"status": "done"}, {"status": "hibernating"}, {"status": None}, {"status": "init"})
    server.session.page_size = 2
    column = Job.objects.values("status").to_arrow().column("status")
    assert column.to_pylist() == ["done", "hibernating", None, "init"]
    assert {tuple(chunk.dictionary.to_pylist()) for chunk in column.chunks} == {
        (*Job.status.field.choices, "hibernating")
    }
    frame = Job.objects.values("status").to_dataframe()
    assert list(frame["status"].cat.categories) == [*Job.status.field.choices, "hibernating"]


def test_json_is_text_that_can_be_read_back(serve: Any) -> None:
    values = [{"a": {"b": [1, None, 2.5]}}, [], "text", 7, False, {"half": "\ud83d"}]
    serve(*({"metadata": value} for value in values), {"metadata": {"x": 1, "accsyn_orm_marker": "m"}}, {})
    texts = Job.objects.values("metadata").to_arrow().column("metadata").to_pylist()
    assert [text if text is None else json.loads(text) for text in texts] == [*values, {"x": 1}, None]


def test_a_data_frame_keeps_what_is_missing_apart(serve: Any) -> None:
    serve(
        {"size": 2**53 + 1, "mirror": True, "name": "a", "created": "2026-05-10T08:45:24.250", "speed": 1.5},
        {"size": None, "mirror": None, "name": None, "created": None, "speed": None},
    )
    frame = Job.objects.values("size", "mirror", "name", "created", "speed", "status").to_dataframe()
    assert [str(dtype) for dtype in frame.dtypes] == [
        "Int64",
        "boolean",
        "string",
        "datetime64[us, UTC]",
        "float64",
        "category",
    ]
    assert frame["size"][0] == 2**53 + 1
    assert frame["created"][0] == pd.Timestamp("2026-05-10T08:45:24.250", tz="UTC")
    assert frame.loc[1].isna().all()


def test_local_changes_are_not_in_the_table(serve: Any) -> None:
    server = serve({"name": "theirs"})
    with server.session.bound():
        job = Job.objects.get(id=ID.format(0))
        job.name = "mine"
        assert Job.objects.values("name").to_arrow().column("name").to_pylist() == ["theirs"]


def test_sorting_and_slices_hold(serve: Any) -> None:
    serve({"size": 2}, {"size": 3}, {"size": 1})
    table = Job.objects.only("size").order_by("-size")[:2].to_arrow()
    assert table.column("size").to_pylist() == [3, 2]
    assert Job.objects.only("code").order_by("size").to_arrow().column_names == ["id", "code"]
    assert Job.objects.only("size")[1:].to_arrow().column("size").to_pylist() == [3, 1]


def test_parquet_is_written_a_page_or_more_at_a_time(serve: Any, tmp_path: pathlib.Path) -> None:
    server = serve(*({"size": number, "status": "done"} for number in range(10)))
    server.session.page_size = 3
    path = tmp_path / "jobs.parquet"
    told: list[int] = []
    columns = Job.objects.only("size", "status")
    assert columns.to_parquet(path, row_group_size=5, progress=told.append) == 10
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [6, 4]
    assert told == [3, 6, 9, 10]
    table = pq.read_table(path)
    assert table.to_pylist() == columns.to_arrow().to_pylist()
    assert table.schema.field("status").type == CHOICE
    assert [each.name for each in tmp_path.iterdir()] == ["jobs.parquet"]


def test_parquet_of_nothing_has_its_columns(serve: Any, tmp_path: pathlib.Path) -> None:
    serve()
    path = tmp_path / "jobs.parquet"
    assert Job.objects.only("created").to_parquet(str(path), compression="none") == 0
    assert pq.read_schema(path).field("created").type == pa.timestamp("us", "UTC")


def test_a_file_that_could_not_be_completed_leaves_the_one_before(
    served: Any, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "jobs.parquet"
    path.write_text("before")

    def answer(asked: Any) -> Any:
        return asked.page(rows({}, {}, {}, {})) if not asked.data.get("skip") else ConnectionLost("gone")

    session: Session = served(answer)[0]
    session.page_size = 2
    session._connection._retrying = Retrying(RetryPolicy(attempts=1))
    with pytest.raises(ConnectionLost):
        Job.objects.using(session).to_parquet(path)
    assert [each.name for each in tmp_path.iterdir()] == ["jobs.parquet"]
    assert path.read_text() == "before"
    with pytest.raises(QueryError, match="row_group_size is 0"):
        Job.objects.using(session).to_parquet(path, row_group_size=0)
    with pytest.raises(FileNotFoundError):
        Job.objects.using(session).to_parquet(tmp_path / "nowhere" / "jobs.parquet")


def test_memory_stays_at_a_row_group(served: Any, tmp_path: pathlib.Path) -> None:
    def answer(asked: Any) -> Any:
        skip, limit = asked.data.get("skip", 0), asked.data["limit"]
        last = min(skip + limit, 20_000)
        return [
            {"id": f"{number:024x}", "name": f"a rather long name of job {number}" * 5}
            for number in range(skip, last)
        ]

    session: Session = served(answer)[0]
    session.page_size = 500
    held: list[int] = []
    count = (
        Job.objects.using(session)
        .only("name")
        .to_parquet(
            tmp_path / "jobs.parquet",
            row_group_size=1000,
            progress=lambda _: held.append(pa.total_allocated_bytes()),
        )
    )
    assert count == 20_000
    assert max(held[20:]) < 2 * max(held[:8])


@pytest.mark.parametrize(
    ("library", "call"),
    [
        ("pyarrow", lambda jobs: jobs.to_arrow()),
        ("pandas", lambda jobs: jobs.to_dataframe()),
        ("pyarrow.parquet", lambda jobs: jobs.to_parquet("jobs.parquet")),
    ],
)
def test_a_missing_library_is_named(
    library: str, call: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'accsyn-orm\[frames\]'"):
        call(Job.objects)
    assert server.asked == []


def test_a_listing_tells_how_far_it_is(serve: Any, capsys: pytest.CaptureFixture[str]) -> None:
    serve({}, {}, {})
    told: list[int] = []
    assert len(list(Job.objects.iterator(progress=told.append))) == 3
    assert told == [1, 2, 3]
    assert len(list(Job.objects.order_by("id").iterator(progress=told.append))) == 3
    assert len(list(Job.objects.iterator(progress=True))) == 3
    error = capsys.readouterr().err
    assert "job" in error
    assert "3/?" in error
    wrong: Any = "yes"
    with pytest.raises(ConfigurationError, match="progress is 'yes'"):
        list(Job.objects.iterator(progress=wrong))


def test_without_rich_the_bar_is_of_tqdm_or_there_is_none(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve({}, {}, {})
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ConfigurationError, match="rich or tqdm"):
        Job.objects.to_arrow(progress=True)
    library: Any = type(sys)("tqdm")
    library.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", library)
    Job.objects[:2].to_arrow(progress=True)
    assert Bar.told == [{"total": 2, "desc": "job"}, 2, "closed"]


class Bar:
    """What there is of tqdm, for this."""

    told: ClassVar[list[object]] = []

    def __init__(self, **arguments: Any) -> None:
        assert arguments.pop("file") is sys.stderr
        self.told.append(arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append("closed")

    def update(self, more: int) -> None:
        self.told.append(more)


def test_the_demo_workspace_fits(session: Session, tmp_path: pathlib.Path) -> None:
    with session.bound(), warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = Transfer.objects.any_scope().to_dataframe()
        jobs = list(Transfer.objects.any_scope())
        assert list(frame["id"]) == [job.id for job in jobs]
        assert list(frame["size"]) == [job.size for job in jobs]
        assert Transfer.objects.any_scope().to_parquet(tmp_path / "jobs.parquet") == len(jobs)
