"""What query sets do besides listing: rows instead of entities, orders, scopes, limits on I/O, classes of their own."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    BudgetExceeded,
    Entity,
    ImplicitIO,
    Job,
    Manager,
    MultipleFound,
    NotFound,
    QueryError,
    QuerySet,
    Session,
    SessionError,
    UnknownField,
    UnknownLookup,
    User,
)
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Store = Callable[..., list[str]]
    Opener = Callable[..., Session]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox, open_session: Opener) -> Session:
    return open_session(sandbox)


@pytest.fixture
def idents(sandbox: Sandbox, session: Session, store_jobs: Store) -> list[str]:
    """Store twelve jobs, of which three are done and two failed."""
    stored = [
        *store_jobs(sandbox, 7),
        *store_jobs(sandbox, 2, status="failed"),
        *store_jobs(sandbox, 3, status="done", finished="2026-11-01T12:00:00"),
    ]
    sandbox.requests.clear()
    return stored


def uris(sandbox: Sandbox) -> list[str]:
    return [f"{record.method} {record.uri}" for record in sandbox.requests]


# Rows instead of entities


def test_values_ask_for_these_fields_alone(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    found = Job.objects.filter(size__lt=3).values("code", "size")
    assert repr(found) == "<values of code, size (not fetched)>"
    assert not sandbox.requests
    assert list(found) == [{"code": f"stored {number}", "size": number} for number in range(3)]
    assert sandbox.requests[0].data["attributes"] == ["id", "code", "size"]
    before = len(sandbox.requests)
    assert len(found) == 3
    assert found[1] == {"code": "stored 1", "size": 1}
    assert repr(found) == "<values of code, size (3 rows)>"
    assert len(sandbox.requests) == before


def test_values_are_in_python_form(session: Session, idents: list[str]) -> None:
    (row,) = (
        Job.objects.finished().values("finished", "queue")[:1]
        if False
        else list(Job.objects.finished()[:1].values("finished", "status"))
    )
    assert row["finished"].isoformat() == "2026-11-01T12:00:00+00:00"
    assert row["status"] == "done"


def test_all_fields_where_none_is_named(session: Session, idents: list[str]) -> None:
    (row,) = Job.objects.all()[:1].values()
    assert set(row) == set(Job.__mapper__.fields)
    (values,) = Job.objects.all()[:1].values_list()
    assert len(values) == len(row)


def test_values_list(session: Session, idents: list[str]) -> None:
    assert list(Job.objects.all()[:2].values_list("size", "code")) == [(0, "stored 0"), (1, "stored 1")]
    assert list(Job.objects.values_list("id", flat=True)) == idents[:9]
    with pytest.raises(QueryError, match="flat=True takes one field, not 2"):
        Job.objects.values_list("id", "code", flat=True)
    with pytest.raises(UnknownField, match="did you mean 'status'"):
        Job.objects.values("stauts")


def test_values_are_sorted_and_sliced_as_entities_are(session: Session, idents: list[str]) -> None:
    found = Job.objects.order_by("-size").values_list("size", flat=True)
    assert list(found) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert list(Job.objects.order_by("-size")[2:4].values_list("code", flat=True)) == ["stored 6", "stored 5"]


def test_rows_that_are_read_are_fetched_to_their_end_before_a_commit(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    session.page_size = 2
    seen = []
    for ident in Job.objects.filter(status="waiting").values_list("id", flat=True):
        seen.append(ident)
        job = session.get(Job, ident)
        assert job is not None
        job.status = "aborted"
        session.commit()
    assert seen == idents[:7]


# Parts of entities


def test_deferred_fields_are_not_asked_for(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    job = Job.objects.defer("metadata", "settings")[0]
    asked = sandbox.requests[0].data["attributes"]
    assert "metadata" not in asked
    assert {"id", "code", "status"} <= set(asked)
    assert "id" in Job.objects.defer("id").description.attributes  # type: ignore[operator]
    assert job.metadata == {}


def test_in_bulk(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    found = Job.objects.in_bulk([*idents[:2], "f" * 24])
    assert {ident: job.size for ident, job in found.items()} == {idents[0]: 0, idents[1]: 1}
    sandbox.requests.clear()
    assert Job.objects.in_bulk([]) == {}
    assert not sandbox.requests
    assert set(Job.objects.filter(status="failed").in_bulk()) == set(idents[7:9])


# Order


def test_orders(session: Session, idents: list[str]) -> None:
    assert [job.size for job in Job.objects.order_by("status", "-size")] == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert [job.size for job in Job.objects.order_by("-size")[:2]] == [8, 7]
    assert Job.objects.order_by("-size")[3].size == 5
    assert [job.size for job in Job.objects.order_by("-size").iterator()][:2] == [8, 7]
    assert Job.objects.earliest("size").size == 0
    assert Job.objects.latest("size").size == 8
    assert Job.objects.filter(status="failed").earliest("size").size == 7
    with pytest.raises(Job.DoesNotExist, match="nothing matches: job WHERE status=running"):
        Job.objects.filter(status="running").latest()
    with pytest.raises(QueryError, match="sort first, slice then"):
        Job.objects.all()[:3].order_by("size")


def test_text_is_sorted_in_any_case_and_what_is_empty_comes_last(
    sandbox: Sandbox, session: Session, store_jobs: Store
) -> None:
    for text in ("b", None, "A", "C"):
        store_jobs(sandbox, 1, description=text)
    assert [job.description for job in Job.objects.order_by("description")] == ["A", "b", "C", None]
    assert [job.description for job in Job.objects.order_by("-description")] == ["C", "b", "A", None]


def test_distinct_is_what_it_is_anyway(session: Session, idents: list[str]) -> None:
    jobs = Job.objects.filter(status="failed").distinct()
    assert [job.id for job in jobs] == idents[7:9]


# Scopes


def test_any_scope_gives_each_once(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    session.page_size = 4
    jobs = Job.objects.any_scope().filter(size__gte=0)
    listing = iter(jobs)
    first = next(listing)
    # It leaves the first scope for the second, after it was read in the first.
    session.update("job", first.id or "", {"status": "aborted"})
    assert Counter([first.id, *(job.id for job in listing)]) == Counter(idents)
    assert [job.id for job in Job.objects.any_scope()[2:5]] == [job.id for job in Job.objects.any_scope()][
        2:5
    ]


# Explaining


@pytest.mark.parametrize(
    "jobs",
    [
        lambda: Job.objects.filter(status__ne="failed"),
        lambda: Job.objects.filter(status="waiting").only("id")[2:4],
        lambda: Job.objects.any_scope().filter(size__gte=0),
        lambda: Job.objects.order_by("size"),
        lambda: Job.objects.filter(id__in=[f"{number:024x}" for number in range(700)]),
        Job.objects.none,
    ],
)
def test_explain_asks_nothing_and_names_what_is_asked_then(
    sandbox: Sandbox, session: Session, idents: list[str], jobs: Callable[[], QuerySet[Job]]
) -> None:
    text = jobs().explain()
    assert not sandbox.requests
    list(jobs())
    asked = list(dict.fromkeys((record.uri, record.query) for record in sandbox.requests))
    if not asked:
        assert text == "no request: nothing can match"
        return
    finds = {
        f"{record.method} {record.uri}{f' query={record.query}' if record.query else ''} data={record.data}"
        for record in sandbox.requests
    }
    lines = text.splitlines()
    assert all(any(line.startswith(find) for find in finds) for line in lines)
    assert len(lines) >= len(asked)


# Reading ahead


def test_pages_travel_while_others_are_consumed(
    sandbox: Sandbox, session: Session, store_jobs: Store
) -> None:
    store_jobs(sandbox, 100)

    def seconds(ahead: int) -> float:
        begun = time.perf_counter()
        for number, _ in enumerate(Job.objects.iterator(chunk_size=10, read_ahead=ahead)):
            if number % 10 == 0:
                time.sleep(0.05)
        return time.perf_counter() - begun

    sandbox.latency = 0.05
    alone, beside, eight = seconds(0), seconds(1), seconds(8)
    assert alone > 1.0
    assert beside < alone - 0.2
    assert eight < alone - 0.2


# Limits on I/O


def test_a_budget_counts_requests_and_stops_the_next(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    session.page_size = 4
    jobs = Job.objects.all()
    with (
        session.budget(max_requests=2) as budget,
        pytest.raises(BudgetExceeded, match="job/find would be request"),
    ):
        list(jobs)
    assert budget.used == 2
    assert len(sandbox.requests) == 2
    # Outside of the block the same query set goes on where it was.
    assert [job.id for job in jobs] == idents[:9]
    assert len(sandbox.requests) == 4
    with session.budget(4) as outer, session.budget(9) as inner:
        assert len(list(Job.objects.all())) == 9
    assert (outer.used, inner.used) == (4, 4)
    with pytest.raises(SessionError, match="max_requests is -1"), session.budget(-1):
        pass


def test_implicit_requests_can_be_refused(sandbox: Sandbox, session: Session, store_jobs: Store) -> None:
    user = sandbox.workspace.store.rows(["user"])[0].id
    store_jobs(sandbox, 2, user=user)
    with session.no_implicit_io():
        job = Job.objects.only("id", "user")[0]
        with pytest.raises(ImplicitIO, match="size of <Job"):
            _ = job.size
        with pytest.raises(ImplicitIO, match="user of <Job"):
            _ = job.user
        held = User.objects.get(id=user)
        assert job.user is held
    assert job.size == 0


def test_several_and_none_where_one_is_wanted(session: Session, idents: list[str]) -> None:
    with pytest.raises(Job.MultipleObjectsReturned, match="more than one matches: job WHERE status=failed"):
        Job.objects.get(status="failed")
    with pytest.raises(MultipleFound):
        Job.objects.filter(status="failed").get()
    with pytest.raises(NotFound, match="any_scope"):
        Job.objects.get(status="running")


# Query sets of one's own


class JobQuerySet(QuerySet[Any]):
    def stuck(self) -> JobQuerySet:
        return self.filter(status="failed")


class Shot(Job):
    objects = Manager(JobQuerySet)  # type: ignore[assignment, unused-ignore]


def test_a_class_can_have_query_sets_of_its_own(session: Session, idents: list[str]) -> None:
    jobs = Shot.objects.stuck()
    assert type(jobs) is JobQuerySet
    assert [job.id for job in jobs] == idents[7:9]
    assert type(jobs[:1]) is JobQuerySet
    assert type(jobs.stuck().finished()) is JobQuerySet
    assert all(type(job) is Shot for job in jobs)
    assert issubclass(Shot, Entity)
    with pytest.raises(UnknownLookup):
        jobs.filter(size__near=3)
