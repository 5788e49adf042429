"""What a notebook shows of query sets, plans and results: what is there, escaped, and never a request."""

from __future__ import annotations

import datetime as dt
import html.parser
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitResult, Job, Outcome, Plan, Queue, ServerError, Session, User
from accsyn_orm.queryset.notebook import cell, table_html
from accsyn_orm.session.plan import Change, Kind, Member, Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

NASTY = "<script>alert('x')</script>\x1b[31m\u202e\n&amp;"


class Reader(html.parser.HTMLParser):
    """The text of a table, row by row; what is no part of a table is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self._at: list[str] = []
        self.feed(text)
        assert self._at == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        self._at.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._at.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._at[-1] in {"td", "th"}:
            self.rows[-1][-1] += data
        elif self._at[-1] == "caption":
            self.caption += data


def read(shown: Any) -> Reader:
    text = shown._repr_html_()
    assert all(char.isprintable() or char == "\n" for char in text)
    return Reader(text)


def test_nothing_is_fetched_to_be_shown(served: Any) -> None:
    _, server = served(lambda asked: asked.page([{"id": f"{number:024x}"} for number in range(30)]))
    jobs = Job.objects.filter(status="running")
    values = jobs.values("status")
    assert read(jobs).caption == "job WHERE status=running: not fetched"
    assert read(values).caption == "values of status: not fetched"
    assert read(jobs).rows == []
    assert server.asked == []


def test_what_was_fetched_is_shown(served: Any) -> None:
    row = {"name": NASTY, "status": "running", "created": "2026-05-10T08:45:24", "progress": 7}
    session, server = served(
        lambda asked: asked.page([{"id": f"{number:024x}", **row} for number in range(30)])
    )
    session.page_size = 25
    jobs = Job.objects.all()
    next(iter(jobs))
    shown = read(jobs)
    assert shown.caption == "job: 25 fetched so far"
    assert shown.rows[0] == ["id", "code", "name", "status", "progress", "queue_id", "user_id", "created"]
    assert len(shown.rows) == 22
    assert shown.rows[1] == [
        "0" * 24,
        "",
        "<script>alert('x')</script>\\u001b[31m\\u202e\\u000a&amp;",
        "running",
        "7",
        "",
        "",
        "2026-05-10 08:45:24 UTC",
    ]
    assert shown.rows[-1] == ["… and 5 more"]
    assert len(jobs) == 30
    before = len(server.asked)
    assert read(jobs).caption == "job: 30 fetched, all"
    assert len(server.asked) == before


def test_the_columns_are_those_that_are_asked_for(served: Any) -> None:
    served(lambda asked: asked.page([{"id": "a" * 24, "metadata": {"x": [NASTY]}, "user": None}]))
    jobs = Job.objects.only("metadata", "user")
    list(jobs)
    (_, row) = read(jobs).rows
    assert read(jobs).rows[0] == ["id", "metadata", "user_id"]
    assert row[0] == "a" * 24
    assert row[1].startswith('{"x": ["<script>')
    assert row[2] == "–"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (lambda jobs: jobs.values("code", "size"), ["x", "3"]),
        (lambda jobs: jobs.values_list("code", "size"), ["x", "3"]),
        (lambda jobs: jobs.values_list("code", flat=True), ["x"]),
    ],
)
def test_values_are_shown_too(rows: Any, expected: list[str], served: Any) -> None:
    served(lambda asked: asked.page([{"id": "a" * 24, "code": "x", "size": 3}]))
    values = rows(Job.objects)
    list(values)
    assert read(values).rows[1] == expected
    assert read(values).caption.endswith(": 1 fetched, all")


def test_cells_are_short_and_plain() -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
    assert [cell(value) for value in (None, True, 1.5, [1], moment)] == [
        "–",
        "true",
        "1.5",
        "[1]",
        "2026-01-02 03:04:05 UTC",
    ]
    assert cell("x" * 81) == "x" * 79 + "…"
    assert read(Shown(table_html(NASTY, [NASTY], [[NASTY]], total=1))).rows[0][0].startswith("<script>")


class Shown:
    """A table that is there already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text


def test_a_plan_shows_each_attribute(
    empty_sandbox: Sandbox, empty_session: Session, store_jobs: Callable[..., list[str]]
) -> None:
    (ident,) = store_jobs(empty_sandbox, 1, metadata={"shot": "0010", "keep": 1})
    with empty_session.bound():
        assert read(empty_session.plan()).caption.endswith("nothing to do")
        assert read(empty_session.plan()).rows == []
        job = Job.objects.get(id=ident)
        job.name = NASTY
        job.metadata["shot"] = "0020"
        empty_session.add(User(code="lisa@example.com"))
        empty_session.delete(Queue.objects.all()[0])
        shown = read(empty_session.plan())
    assert "creating a user sends an invitation mail" in shown.caption
    assert shown.rows[0] == ["", "operation", "attribute", "before", "after"]
    by_attribute = {row[2]: row for row in shown.rows}
    assert by_attribute["code"][3:] == ["", '"lisa@example.com"']
    assert by_attribute["metadata.shot"][3:] == ['"0010"', '"0020"']
    assert by_attribute["name"][4].startswith("\"<script>alert('x')</script>\\u001b[31m")
    assert any(row[1].startswith("delete queue") for row in shown.rows)


def test_long_plans_are_cut_and_members_named() -> None:
    members = tuple(
        Member(f"{number}", f"task {number}", (Change("status", "queued", "done"),)) for number in range(25)
    )
    plan = Plan("acmefilm", (Operation(1, Kind.UPDATE, "task", None, members=members, parent="5b"),))
    shown = read(plan)
    assert shown.rows[1] == ["1", "update 25 × task of 5b: task 0", "status", '"queued"', '"done"']
    assert shown.rows[-1] == ["… and 5 more"]
    assert len(shown.rows) == 22


def test_a_result_shows_first_what_was_not_applied() -> None:
    done, refused = (Operation(number, Kind.DELETE, "job", f"5b{number}", NASTY) for number in (1, 2))
    result = CommitResult(
        Plan("acmefilm", (done, refused)),
        applied=(Outcome(done, id="5b1"),),
        rejected=(Outcome(refused, "rejected", ServerError(NASTY)),),
    )
    shown = read(result)
    assert shown.caption == "1 applied, 1 rejected"
    assert [row[:2] for row in shown.rows[1:]] == [["2", "rejected"], ["1", "applied"]]
    assert shown.rows[1][4].startswith("<script>")
    assert shown.rows[2][3:] == ["5b1", ""]
    assert read(CommitResult(Plan("acmefilm"))).caption == "nothing to do"
