"""Ten thousand jobs on a real socket: what is changed while it is iterated over, and what that costs."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue, User
from accsyn_orm.errors import AccsynError, NotFound, ServerError
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.seeding import Seeder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accsyn_orm import Session

    Opener = Callable[..., Session]

MANY = 10_000
PAGE = 500


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox, open_session: Opener) -> Session:
    return open_session(sandbox)


@pytest.fixture
def total() -> int:
    return MANY


@pytest.fixture
def stored(sandbox: Sandbox, session: Session, store_jobs: Callable[..., list[str]], total: int) -> list[str]:
    """Store jobs that are not paused and some that are, mixed; return the ids of the former."""
    waiting: list[str] = []
    for _ in range(total // 100):
        waiting += store_jobs(sandbox, 99)
        store_jobs(sandbox, 1, status="paused")
    sandbox.requests.clear()
    return waiting


def puts(sandbox: Sandbox) -> Counter[str]:
    """Return how often each entity was changed with success."""
    return Counter(
        str(record.id) for record in sandbox.requests if record.method == "PUT" and record.status == 200
    )


def finds(sandbox: Sandbox) -> list[Any]:
    return [record for record in sandbox.requests if record.method == "GET"]


def statuses(sandbox: Sandbox, idents: list[str]) -> Counter[str]:
    """Return the statuses of those that still exist."""
    held = (sandbox.workspace.store.get(ident) for ident in idents)
    return Counter(row.document["status"] for row in held if row is not None)


@pytest.mark.parametrize("status", ["paused", "aborted"])
def test_changing_what_is_iterated_over_changes_each_once(
    sandbox: Sandbox, session: Session, stored: list[str], status: str
) -> None:
    count = 0
    for job in Job.objects.filter(status__ne="paused"):
        job.status = status
        count += 1
        if count % 50 == 0:
            session.commit()
    session.commit()
    assert count == len(stored)
    assert puts(sandbox) == Counter(stored)
    assert statuses(sandbox, stored) == {status: len(stored)}
    assert len(finds(sandbox)) <= -(-len(stored) // PAGE) + 1


def test_the_same_in_bulk(sandbox: Sandbox, session: Session, stored: list[str]) -> None:
    assert Job.objects.filter(status__ne="paused").update(status="aborted") == len(stored)
    assert puts(sandbox) == Counter(stored)
    assert statuses(sandbox, stored) == {"aborted": len(stored)}
    assert len(finds(sandbox)) <= -(-len(stored) // PAGE) + 1


class Deleter(threading.Thread):
    """A second client that deletes jobs in front of, at and behind wherever the first one is."""

    def __init__(self, session: Session, idents: list[str], most: int) -> None:
        super().__init__()
        self.session = session
        self.most = most
        self.deleted: set[str] = set()
        self.failure: AccsynError | None = None
        self.done = threading.Event()
        # The first ones, since that moves up all others; and some from everywhere.
        self.order = idents[: most // 2] + idents[most :: len(idents) // most * 2]
        random.Random(2).shuffle(self.order)  # noqa: S311 -- no secret

    def run(self) -> None:
        try:
            for ident in self.order:
                if self.done.is_set():
                    return
                self.session.delete_one("job", ident)
                self.deleted.add(ident)
        except AccsynError as error:
            self.failure = error


@pytest.fixture
def deleter(sandbox: Sandbox, session: Session, stored: list[str], open_session: Opener) -> Iterator[Deleter]:
    thread = Deleter(open_session(sandbox), stored, 1000)
    yield thread
    thread.done.set()
    if thread.ident is not None:
        thread.join()
    assert thread.failure is None


def change_all(session: Session, jobs: Any, deleter: Deleter) -> None:
    for count, job in enumerate(jobs, 1):
        job.status = "aborted"
        if count == PAGE:
            deleter.start()
        if count % 50 == 0:
            commit(session)
    commit(session)
    deleter.done.set()
    deleter.join()


def commit(session: Session) -> None:
    try:
        session.commit()
    except CommitError as error:
        refused = [outcome for outcome in error.rejected if isinstance(outcome.error, ServerError)]
        if error.unknown or error.not_sent or len(refused) < len(error.rejected):
            raise
        # What was applied is settled: this drops the changes of those that are gone.
        session.rollback()


@pytest.mark.parametrize(("total", "size"), [(MANY, PAGE), (3000, 50)])
def test_the_same_while_another_client_deletes(
    sandbox: Sandbox, session: Session, stored: list[str], deleter: Deleter, size: int
) -> None:
    session.page_size = size
    change_all(session, Job.objects.using(session).filter(status__ne="paused"), deleter)
    assert len(deleter.deleted) > 100
    left = [ident for ident in stored if ident not in deleter.deleted]
    assert statuses(sandbox, stored) == {"aborted": len(left)}
    assert set(left) <= set(puts(sandbox))
    assert max(puts(sandbox).values()) == 1


@pytest.mark.parametrize("total", [3000])
def test_the_same_in_bulk_while_another_client_deletes(
    sandbox: Sandbox, session: Session, stored: list[str], deleter: Deleter
) -> None:
    session.page_size = 50
    deleter.start()
    with pytest.raises(CommitError) as raised:
        Job.objects.using(session).filter(status__ne="paused").update(status="aborted")
    deleter.done.set()
    deleter.join()
    assert {outcome.operation.id for outcome in raised.value.rejected} <= deleter.deleted
    assert not raised.value.unknown
    assert not raised.value.not_sent
    left = [ident for ident in stored if ident not in deleter.deleted]
    assert statuses(sandbox, stored) == {"aborted": len(left)}
    assert max(puts(sandbox).values()) == 1


@pytest.mark.parametrize("ahead", [0, 1, 8])
def test_what_is_read_while_another_client_deletes_is_read_once(
    sandbox: Sandbox, session: Session, stored: list[str], deleter: Deleter, ahead: int
) -> None:
    deleter.start()
    jobs = Job.objects.using(session).filter(status__ne="paused").iterator(chunk_size=50, read_ahead=ahead)
    found = Counter(job.id for job in jobs)
    deleter.done.set()
    deleter.join()
    assert len(deleter.deleted) > 20
    assert max(found.values()) == 1
    assert set(stored) - deleter.deleted <= set(found)


def test_three_thousand_ids_travel_in_urls_under_the_limit(
    sandbox: Sandbox, session: Session, stored: list[str]
) -> None:
    wanted = stored[::3][:3000][::-1]
    found = list(Job.objects.filter(Job.id.in_(wanted)))
    assert Counter(job.id for job in found) == Counter(wanted)
    asked = finds(sandbox)
    # `size` is the query string; scheme, host and path come before it.
    assert max(record.size for record in asked) + len(f"{session.url}/api/v3/event?") <= 8000
    assert len(asked) <= 16
    sandbox.requests.clear()
    session.max_url_bytes = 4000
    assert {job.id for job in Job.objects.filter(Job.id.in_(wanted[:500]))} == set(wanted[:500])
    assert max(record.size for record in finds(sandbox)) <= 4000


def test_a_listing_costs_its_pages_and_one_request_more(
    sandbox: Sandbox, session: Session, stored: list[str]
) -> None:
    assert len(list(Job.objects.all())) == MANY
    assert len(finds(sandbox)) == MANY // PAGE + 1
    sandbox.requests.clear()
    assert sum(1 for _ in Job.objects.iterator(chunk_size=500, read_ahead=8)) == MANY
    assert len(finds(sandbox)) <= MANY // PAGE + 8


@pytest.fixture
def with_users(sandbox: Sandbox, session: Session, store_jobs: Callable[..., list[str]]) -> list[str]:
    """Store 500 jobs of 40 users in 3 queues; return the e-mail address of each job's user."""
    seeder = Seeder(sandbox.workspace.store, sandbox.credentials()["username"])
    queues = [row.id for row in sandbox.workspace.store.rows(["queue"])][:3]
    with sandbox.workspace.store.writing():
        users = [
            seeder.put("user", f"u{number}@example.com", role="standard", status="enabled")
            for number in range(40)
        ]
    for number in range(500):
        store_jobs(sandbox, 1, user=users[number % 40].id, queue=queues[number % 3])
    sandbox.requests.clear()
    return [users[number % 40].document["code"] for number in range(500)]


def test_reading_the_users_of_500_jobs_costs_one_request_more(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    assert [job.user.code for job in Job.objects.all()[:500]] == with_users
    assert [record.uri for record in finds(sandbox)] == ["job/find", "user/find"]


def test_the_same_without_a_slice_costs_one_page_more(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    assert [job.user.code for job in Job.objects.all()] == with_users
    assert Counter(record.uri for record in finds(sandbox)) == {"job/find": 2, "user/find": 1}


def test_references_that_were_named_load_with_the_page(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    jobs = list(Job.objects.select_related("user", "queue")[:500])
    assert [record.uri for record in finds(sandbox)] == ["job/find", "user/find", "queue/find"]
    with session.no_implicit_io():
        assert [job.user.code for job in jobs] == with_users
        assert len({job.queue.code for job in jobs}) == 3
    assert len(finds(sandbox)) == 3


def test_collections_that_were_named_load_with_the_page(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    queues = list(Queue.objects.prefetch_related("jobs"))
    asked = Counter(record.uri for record in finds(sandbox))
    assert asked == {"queue/find": 2, "job/find": 2}
    members = {queue.code: {job.id for job in queue.jobs} for queue in queues}
    assert sum(len(idents) for idents in members.values()) == 500
    assert all(job.queue_id == queue.id for queue in queues for job in queue.jobs)
    assert len(finds(sandbox)) == 4


def test_deferred_fields_load_for_the_whole_page(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    jobs = list(Job.objects.only("id")[:500])
    assert [record.data["attributes"] for record in finds(sandbox)] == [["id"]]
    assert [job.size for job in jobs] == list(range(500))
    assert len(finds(sandbox)) <= 4


def test_an_entity_that_another_client_deleted_says_so(
    sandbox: Sandbox, session: Session, store_jobs: Callable[..., list[str]], open_session: Opener
) -> None:
    (ident,) = store_jobs(sandbox, 1)
    (job,) = Job.objects.using(session).only("id")
    open_session(sandbox).delete_one("job", ident)
    with pytest.raises(NotFound):
        _ = job.size


def test_users_are_no_more_than_was_asked_for(
    sandbox: Sandbox, session: Session, with_users: list[str]
) -> None:
    assert len(list(User.objects.filter(code__in=with_users))) == 40
