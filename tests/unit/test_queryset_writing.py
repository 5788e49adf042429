"""Writing through query sets, and what an error in the middle of a listing leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accsyn_orm import (
    CommitError,
    InvalidValue,
    Job,
    PermissionDenied,
    QueryError,
    QuerySet,
    Queue,
    ReadOnlyField,
    ServerError,
    Session,
    SessionClosed,
    Task,
    UnknownField,
    User,
)
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.transport import RequestsTransport

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


# Writing


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_bulk_writes_without_a_filter_must_be_meant(
    sandbox: Sandbox, session: Session, idents: list[str], verb: str
) -> None:
    def write(jobs: QuerySet[Job]) -> int:
        return jobs.update(status="paused") if verb == "update" else jobs.delete()

    for jobs in (Job.objects.all(), Job.objects.finished(), Job.objects.exclude(id__in=[])):
        with pytest.raises(QueryError, match=rf"Job.objects.everything\(\).{verb}"):
            write(jobs)
    assert not sandbox.requests
    assert write(Job.objects.none()) == 0
    assert not sandbox.requests
    assert write(Job.objects.all()[:2]) == 2
    assert write(Job.objects.filter(status="failed")) == 2
    assert write(Job.objects.everything()) == (9 if verb == "update" else 5)


def test_update_sends_what_differs_and_refreshes_what_is_held(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    held = Job.objects.get(id=idents[0])
    Job.objects.filter(id=idents[1]).update(status="paused")
    sandbox.requests.clear()
    assert Job.objects.filter(size__lt=3).update(status="paused", description="x") == 3
    sent = {record.id: record.data for record in sandbox.requests if record.method == "PUT"}
    assert sent == {
        idents[0]: {"status": "paused", "description": "x"},
        idents[1]: {"description": "x"},
        idents[2]: {"status": "paused", "description": "x"},
    }
    assert (held.status, held.description) == ("paused", "x")
    assert not session.dirty


def test_update_checks_before_anything_is_sent(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    jobs = Job.objects.filter(status="waiting")
    with pytest.raises(ReadOnlyField, match="size of a job cannot be set"):
        jobs.update(size=1)
    with pytest.raises(InvalidValue):
        jobs.update(status="flying")
    with pytest.raises(UnknownField, match="did you mean 'status'"):
        jobs.update(stauts="paused")
    with pytest.raises(QueryError, match="takes the fields to set"):
        jobs.update()
    assert not sandbox.requests


def test_a_sorted_slice_is_what_is_written(sandbox: Sandbox, session: Session, idents: list[str]) -> None:
    assert Job.objects.order_by("-size")[1:3].update(status="paused") == 2
    assert Job.objects.order_by("-size")[:1].delete() == 1
    changed = {record.id for record in sandbox.requests if record.method == "PUT"}
    deleted = [record.id for record in sandbox.requests if record.method == "DELETE"]
    assert (changed, deleted) == ({idents[7], idents[6]}, [idents[8]])


def test_references_are_set_in_bulk_by_what_they_lead_to(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    queue = Queue.objects.all()[0]
    assert Job.objects.filter(status="failed").update(queue=queue) == 2
    assert [job.queue for job in Job.objects.filter(status="failed")] == [queue, queue]
    user = User.objects.all()[0]
    with pytest.raises(InvalidValue, match="queue of a job is a Queue, not <User"):
        Job.objects.filter(status="failed").update(queue=user)
    with pytest.raises(InvalidValue, match="has no id yet"):
        Job.objects.filter(status="failed").update(queue=Queue(name="x"))


def test_what_is_deleted_in_bulk_is_deleted_here_too(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    jobs = list(Job.objects.filter(size__lt=3))
    assert Job.objects.filter(size__lt=3).delete() == 3
    assert uris(sandbox).count("DELETE job/delete") == 3
    assert all(repr(job).endswith("(deleted)>") for job in jobs)
    assert {job.id for job in Job.objects.all()} == set(idents[3:9])


def test_create_sends_one_request_and_nothing_that_is_pending(
    sandbox: Sandbox, session: Session, idents: list[str]
) -> None:
    pending = Job.objects.get(id=idents[0])
    pending.status = "paused"
    sandbox.requests.clear()
    queue = Queue.objects.create(name="Night", priority=7)
    assert uris(sandbox) == ["POST queue/create"]
    assert Queue.objects.get(name="Night") is queue
    assert session.dirty == [pending]
    with pytest.raises(ServerError):
        Queue.objects.create(name="Night", priority=8)
    assert not session.new


def test_get_or_create(sandbox: Sandbox, session: Session) -> None:
    queue, created = Queue.objects.get_or_create(name="Night", defaults={"priority": 7})
    assert created
    again, created = Queue.objects.get_or_create(name="Night", defaults={"priority": 8})
    assert again is queue
    assert not created
    assert queue.priority == 7
    with pytest.raises(QueryError, match="only field names"):
        Queue.objects.get_or_create(name__contains="Nig")
    with pytest.raises(UnknownField):
        Queue.objects.get_or_create(name="Day", defaults={"prio": 1})


def test_update_or_create(sandbox: Sandbox, session: Session) -> None:
    queue, created = Queue.objects.update_or_create(name="Night", defaults={"priority": 7})
    assert created
    sandbox.requests.clear()
    same, created = Queue.objects.update_or_create(name="Night", defaults={"priority": 8})
    assert (same is queue, created, queue.priority) == (True, False, 8)
    assert uris(sandbox) == ["GET queue/find", "PUT queue/edit"]
    assert not session.dirty
    Queue.objects.update_or_create(name="Night", defaults={"priority": 8})
    assert uris(sandbox).count("PUT queue/edit") == 1


def test_tasks_are_written_within_their_job(sandbox: Sandbox, session: Session) -> None:
    with Sandbox(data="demo") as demo:
        known = demo.credentials()
        with Session(known["workspace"], known["username"], known["api_key"], url=demo.url):
            job = next(job for job in Job.objects.all() if len(job.tasks) > 1)
            assert job.tasks.update(status="excluded") == len(list(job.tasks))
            assert {task.status for task in Task.objects.within(job)} == {"excluded"}


# Errors in between


class Gate:
    """A line to a server that is closed after so many reads."""

    def __init__(self) -> None:
        self.line = RequestsTransport()
        self.reads_left = 10**9
        self.writes = 0

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        if request.method == "GET":
            self.reads_left -= 1
            if self.reads_left < 0:
                return HttpResponse(403, {}, b'{"message": "closed"}')
        elif not request.url.endswith("/login"):
            self.writes += 1
        return self.line.send(request, timeouts)

    def close(self) -> None:
        self.line.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


def test_a_listing_goes_on_after_an_error(
    sandbox: Sandbox, open_session: Opener, gate: Gate, store_jobs: Store
) -> None:
    session = open_session(sandbox, transport=gate)
    store_jobs(sandbox, 10)
    session.page_size = 3
    jobs, rows = Job.objects.using(session).all(), Job.objects.using(session).values_list("size", flat=True)
    for listing in (jobs, rows):
        gate.reads_left = 2
        for _ in range(2):
            with pytest.raises(PermissionDenied, match="closed"):
                len(listing)
        gate.reads_left = 99
    assert [job.size for job in jobs] == list(range(10))
    assert list(rows) == list(range(10))


def test_a_page_is_kept_until_what_comes_along_is_loaded(
    sandbox: Sandbox, open_session: Opener, gate: Gate, store_jobs: Store
) -> None:
    session = open_session(sandbox, transport=gate)
    store_jobs(sandbox, 3, user=sandbox.workspace.store.rows(["user"])[0].id)
    jobs = Job.objects.using(session).select_related("user")[:3]
    gate.reads_left = 1
    with pytest.raises(PermissionDenied):
        list(jobs)
    gate.reads_left = 1
    assert [job.size for job in jobs] == [0, 1, 2]


def test_a_commit_that_cannot_read_on_sends_nothing(
    sandbox: Sandbox, open_session: Opener, gate: Gate, store_jobs: Store
) -> None:
    session = open_session(sandbox, transport=gate)
    store_jobs(sandbox, 10)
    session.page_size = 3
    jobs = iter(Job.objects.using(session).all())
    next(jobs).status = "aborted"
    gate.reads_left = 0
    with pytest.raises(PermissionDenied):
        session.commit()
    assert gate.writes == 0
    gate.reads_left = 99
    session.commit()
    assert gate.writes == 1
    assert [job.size for job in jobs] == list(range(1, 10))


def test_a_session_that_was_closed_says_so_in_the_middle_of_a_listing(
    sandbox: Sandbox, open_session: Opener, store_jobs: Store
) -> None:
    session = open_session(sandbox)
    store_jobs(sandbox, 40)
    jobs = Job.objects.using(session).iterator(chunk_size=3, read_ahead=8)
    next(jobs)
    session.close()
    with pytest.raises(SessionClosed):
        list(jobs)


def test_iteration_goes_on_after_a_refused_commit(
    sandbox: Sandbox, session: Session, idents: list[str], open_session: Opener
) -> None:
    session.page_size = 3
    other = open_session(sandbox)
    changed, refused = [], 0
    for number, job in enumerate(Job.objects.using(session).filter(size__lt=7)):
        if number == 1:
            other.delete_one("job", job.id)
        job.status = "paused"
        try:
            session.commit()
        except CommitError as error:
            refused += 1
            assert [outcome.operation.id for outcome in error.rejected] == [idents[1]]  # noqa: PT017
        changed.append(job.id)
    # What was refused stays pending, so each commit says so again, and sends the others all the same.
    assert refused == 6
    assert changed == idents[:7]
    store = sandbox.workspace.store
    held = [store.get(ident) for ident in (idents[0], *idents[2:7])]
    assert {row.document["status"] for row in held if row is not None} == {"paused"}
