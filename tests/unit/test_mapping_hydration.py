"""Rows into entities through the generated function: it must do what the slow way does, whatever comes."""

from __future__ import annotations

import datetime as dt
import json
import weakref
from typing import Any

import pytest
from hypothesis import given, strategies as st

from accsyn_orm import Job
from accsyn_orm.mapping import state
from accsyn_orm.mapping.page import Page
from accsyn_orm.mapping.rows import fill
from accsyn_orm.wire.codec import read_datetime

A, B = "a" * 24, "b" * 24


class Host:
    """What entities take for their session, as far as these tests go."""


HOST = Host()


def made(row: dict[str, Any]) -> Job:
    """Turn one row into an entity the slow way."""
    job = object.__new__(Job)
    state.prepare(job, weakref.ref(HOST), state.Phase.PERSISTENT)
    fill(job, row)
    return job


def hydrated(rows: list[dict[str, Any]], *, kept: bool = True) -> list[Any]:
    known: dict[str, Any] = {}
    slowly: list[Any] = []

    def other(row: dict[str, Any]) -> Any:
        slowly.append(made(row))
        known[row["id"]] = weakref.ref(slowly[-1])
        return slowly[-1]

    reference: Any = weakref.ref(HOST)
    ids = [row["id"] for row in rows]
    return Job.__mapper__.hydrate(
        rows, ids, known, reference, state.Phase.PERSISTENT, Page("active", kept=kept), other
    )


def values(job: Any) -> dict[str, Any]:
    return {name: state.peek(job, field) for name, field in Job.__mapper__.fields.items()}


def test_the_order_of_the_keys_does_not_matter() -> None:
    first = [{"id": A, "code": "one", "status": "done", "odd": 1}]
    second = [
        {"odd": 2, "status": "failed", "code": "two", "id": B},
        {"code": "three", "id": A, "odd": 3, "status": "done"},
    ]
    found = [*hydrated(first), *hydrated(second)]
    assert [(job.id, job.code, job.status, job.odd) for job in found] == [
        (A, "one", "done", 1),
        (B, "two", "failed", 2),
        (A, "three", "done", 3),
    ]


def test_a_name_that_is_the_code_is_kept_once() -> None:
    text = "Dailies 1"
    for row in (
        {"id": A, "code": text, "name": text[:4] + "ies 1"},
        {"name": text, "id": A, "code": text[:4] + "ies 1"},
    ):
        job = hydrated([row])[0]
        assert job.name is job.code
    odd = hydrated([{"id": A, "code": 1, "name": True}, {"id": B, "code": "one", "name": "other"}])
    assert [(job.code, job.name) for job in odd] == [(1, True), ("one", "other")]
    assert odd[0].name is True


@pytest.mark.parametrize("kept", [True, False])
def test_what_many_rows_share_is_kept_once_where_entities_are_kept(kept: bool) -> None:
    def row(ident: str) -> dict[str, Any]:
        # Texts and numbers of their own, as a decoder makes them.
        loaded: dict[str, Any] = json.loads(
            json.dumps(
                {"id": ident, "status": "failed", "speed": -1.0, "metadata": {"show": "thefilm", "n": 1}}
            )
        )
        return loaded

    first, second = hydrated([row(A), row(B)], kept=kept)
    assert (first.status is second.status) is kept
    assert (first.speed is second.speed) is kept
    assert (first.metadata["show"] is second.metadata["show"]) is kept
    assert values(first) == values(made(row(A)))


def test_a_number_stays_of_its_class() -> None:
    whole, broken = hydrated([{"id": A, "speed": -1}, {"id": B, "speed": 2.5}])
    assert (type(whole.speed), whole.speed, broken.speed) == (int, -1, 2.5)


def test_a_row_with_other_keys_than_the_first_is_filled_all_the_same() -> None:
    found = hydrated([{"id": A, "code": "one"}, {"id": B, "status": "done"}])
    assert [values(job) for job in found] == [
        values(made({"id": A, "code": "one"})),
        values(made({"id": B, "status": "done"})),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-06T02:21:",  # fromisoformat takes it with a zone behind it
        "2026-05-06T02:21:0",
        "2026-05-06 02:21",
        "2026-05-06 02:21:07.123",
        "2026-05-06 at 02:21",
        "2026-05-06T02:21:07Z",
        "02026-05-06T02:21:07",
        "2026-13-06T02:21:07",
        "",
        7,
        None,
        ["2026"],
        {"2026": 1},
    ],
)
def test_what_is_no_date_of_the_wire_stays_what_it_is(text: Any) -> None:
    job = hydrated([{"id": A, "created": text}])[0]
    assert job.created == text
    assert type(job.created) is type(text)


def test_a_date_of_the_wire_becomes_a_moment() -> None:
    job = hydrated([{"id": A, "created": "2026-05-06T02:21:07", "modified": "2026-05-06T02:21:07.123"}])[0]
    assert job.created == dt.datetime(2026, 5, 6, 2, 21, 7, tzinfo=dt.timezone.utc)
    assert job.modified == dt.datetime(2026, 5, 6, 2, 21, 7, 123_000, tzinfo=dt.timezone.utc)


def test_a_date_with_a_blank_for_the_t_becomes_a_moment_in_utc() -> None:
    job = hydrated([{"id": A, "created": "2026-05-06 02:21:07"}])[0]
    assert job.created == dt.datetime(2026, 5, 6, 2, 21, 7, tzinfo=dt.timezone.utc)


@given(
    st.one_of(
        st.text("0123456789-:T. WZ+", max_size=24), st.datetimes().map(lambda moment: moment.isoformat()[:23])
    )
)
def test_dates_are_read_as_everywhere_else(text: str) -> None:
    moment = read_datetime(text)
    assert hydrated([{"id": A, "created": text}])[0].created == (text if moment is None else moment)
