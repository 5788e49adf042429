"""A commit on a line that fails: what is known of each operation, and how it goes on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue, Session
from accsyn_orm.errors import (
    AccsynError,
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    TLSError,
)
from accsyn_orm.wire.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

LOST = ConnectionLost("the line broke")
PAGE = HttpResponse(502, {}, b"<html>bad gateway</html>")
CUT = HttpResponse(200, {}, b'{"result": [{"id": "5b')
EXPLODED = HttpResponse(200, {}, b'{"exception": "KeyError"}')
UNAUTHORISED = HttpResponse(401, {}, b'{"message": "who are you"}')

OPEN_ENDS = [
    ("before", LOST),
    ("after", LOST),
    ("after", DeadlineExceeded("no answer in time")),
    ("before", PAGE),
    ("after", PAGE),
    ("after", CUT),
    ("after", EXPLODED),
    ("after", HttpResponse(200, {}, b"{}")),
    ("after", HttpResponse(204, {}, b"")),
]


@pytest.fixture
def line_session(empty_sandbox: Sandbox, open_session: Callable[..., Session], faulty_line: Any) -> Session:
    return open_session(empty_sandbox, transport=faulty_line)


@pytest.fixture
def jobs(line_session: Session, empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]) -> list[Job]:
    """Three jobs, each with a change."""
    found = [line_session.get(Job, ident) for ident in store_jobs(empty_sandbox, 3)]
    changed = [job for job in found if job is not None]
    for job in changed:
        job.status = "paused"
    assert len(changed) == 3
    return changed


def numbers(outcomes: Any) -> list[int]:
    return [outcome.operation.number for outcome in outcomes]


def statuses(sandbox: Sandbox, jobs: list[Job]) -> set[str]:
    rows = [sandbox.workspace.store.get(job.id) for job in jobs]
    return {row.document["status"] for row in rows if row is not None}


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(("moment", "fault"), OPEN_ENDS)
def test_an_update_without_an_answer_is_unknown_the_rest_not_sent_and_a_second_commit_continues(
    line_session: Session,
    faulty_line: Any,
    empty_sandbox: Sandbox,
    jobs: list[Job],
    at: int,
    moment: str,
    fault: Any,
) -> None:
    faulty_line.break_at(at, moment, fault)
    with pytest.raises(CommitError) as caught:
        line_session.commit(workers=1)
    error = caught.value
    assert numbers(error.applied) == list(range(1, at + 1))
    assert numbers(error.unknown) == [at + 1]
    assert numbers(error.not_sent) == list(range(at + 2, 4))
    assert not error.rejected
    assert len(faulty_line.writes) == at + 1, "something was written after the line had failed"
    assert line_session.dirty == jobs[at:]
    faulty_line.repair()
    result = line_session.commit()
    assert result.complete
    assert len(result.applied) == 3 - at
    assert not line_session.dirty
    assert statuses(empty_sandbox, jobs) == {"paused"}
    written = [asked.id for asked in faulty_line.writes]
    assert written == [job.id for job in jobs[: at + 1]] + written[at + 1 :]
    assert sorted(written[at + 1 :]) == sorted(job.id for job in jobs[at:])


@pytest.mark.parametrize(("moment", "fault"), OPEN_ENDS)
def test_an_update_whose_fate_can_be_looked_up_is_settled_at_once(
    line_session: Session, faulty_line: Any, empty_sandbox: Sandbox, jobs: list[Job], moment: str, fault: Any
) -> None:
    faulty_line.break_at(1, moment, fault, stays_open=True)
    assert line_session.commit(workers=1).complete
    assert not line_session.dirty
    assert statuses(empty_sandbox, jobs) == {"paused"}
    again = [asked.id for asked in faulty_line.writes].count(jobs[1].id)
    assert again == (1 if moment == "after" else 2), "what was applied is not sent again, what was not is"


def test_what_was_never_sent_is_not_sent(line_session: Session, faulty_line: Any, jobs: list[Job]) -> None:
    refused = TLSError("the certificate does not hold")
    faulty_line.break_at(1, "before", refused)
    with pytest.raises(CommitError) as caught:
        line_session.commit(workers=1)
    error = caught.value
    assert (numbers(error.applied), numbers(error.unknown), numbers(error.not_sent)) == ([1], [], [2, 3])
    assert error.__cause__ is refused
    assert line_session.dirty == jobs[1:]
    faulty_line.repair()
    assert line_session.commit().complete


def test_a_refusal_that_holds_for_all_stops_the_commit(
    line_session: Session, faulty_line: Any, jobs: list[Job]
) -> None:
    faulty_line.break_at(1, "before", UNAUTHORISED)
    with pytest.raises(CommitError) as caught:
        line_session.commit(workers=1)
    error = caught.value
    assert (numbers(error.applied), numbers(error.rejected), numbers(error.not_sent)) == ([1], [2], [3])
    assert isinstance(error.rejected[0].error, AuthenticationFailed)
    assert not error.unknown
    assert len(faulty_line.writes) == 2
    assert line_session.dirty == jobs[1:]
    faulty_line.repair()
    assert line_session.commit().complete


def test_several_at_a_time_keep_the_four_outcomes_apart(
    line_session: Session, faulty_line: Any, empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]
) -> None:
    idents = store_jobs(empty_sandbox, 30)
    held = [line_session.get(Job, ident) for ident in idents]
    for job in held:
        assert job is not None
        job.description = "many"
    faulty_line.break_at(12, "after", LOST)
    with pytest.raises(CommitError) as caught:
        line_session.commit()
    error = caught.value
    parts = [numbers(part) for part in (error.applied, error.rejected, error.unknown, error.not_sent)]
    assert sorted(sum(parts, [])) == list(range(1, 31)), "together they are the plan, and none is in two"  # noqa: RUF017 -- four short lists
    applied = {outcome.id for outcome in error.applied}
    assert {job.id for job in line_session.dirty} == set(idents) - applied
    faulty_line.repair()
    assert line_session.commit().complete


@pytest.mark.parametrize(("moment", "fault"), OPEN_ENDS)
@pytest.mark.parametrize("stays_open", [True, False])
def test_a_create_without_an_answer_is_made_once_and_never_repeated_blindly(
    line_session: Session, faulty_line: Any, moment: str, fault: Any, stays_open: bool, request: Any
) -> None:
    name = request.node.name
    queue, job = Queue(name=name), Job(name=f"{name} job")
    job.queue = queue
    line_session.add_all([queue, job])
    faulty_line.break_at(0, moment, fault, stays_open=stays_open)
    if stays_open:
        # It can be looked up at once: found, it is settled; not found, it is for the next commit to send again.
        with contextlib.suppress(CommitError):
            line_session.commit()
    else:
        with pytest.raises(CommitError) as caught:
            line_session.commit()
        assert numbers(caught.value.unknown) == [1]
        assert numbers(caught.value.not_sent) == [2]
        assert [asked.uri for asked in faulty_line.writes] == ["queue/create"], "it was sent again unasked"
        assert line_session.new == [queue, job]
    faulty_line.repair()
    line_session.commit()
    made = [found for found in Queue.objects.all() if found.name == name]
    assert made == [queue], "once, and it is the one that was added"
    assert job.queue is queue
    creations = [asked.uri for asked in faulty_line.writes].count("queue/create")
    assert creations == (1 if moment == "after" else 2)
    assert not line_session.new


def test_a_create_that_cannot_be_looked_up_stays_pending_commit_after_commit(
    line_session: Session, faulty_line: Any
) -> None:
    job = Job(name="cannot be looked up")
    line_session.add(job)
    faulty_line.break_at(0, "after", LOST)
    for _ in range(3):
        with pytest.raises(AccsynError):
            line_session.commit()
        assert line_session.new == [job]
    assert len(faulty_line.writes) == 1
    faulty_line.repair()
    line_session.commit()
    assert list(Job.objects.filter(name="cannot be looked up")) == [job]
    assert len(faulty_line.writes) == 1


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_create_that_the_user_interrupts_is_made_once(
    line_session: Session, faulty_line: Any, workers: int, moment: str, request: Any
) -> None:
    job = Job(name=request.node.name)
    line_session.add(job)
    faulty_line.break_at(0, moment, KeyboardInterrupt(), stays_open=True)
    with pytest.raises(KeyboardInterrupt):
        line_session.commit(workers=workers)
    line_session.commit()
    assert [found.name for found in Job.objects.filter(name=request.node.name)] == [job.name]
    assert not line_session.new


def test_a_create_that_was_not_sent_can_be_sent_again(line_session: Session, faulty_line: Any) -> None:
    job = Job(name="not sent")
    line_session.add(job)
    faulty_line.break_at(0, "before", ConnectionFailed("refused"))
    with pytest.raises(CommitError):
        line_session.commit()
    faulty_line.repair()
    assert line_session.commit().complete
    assert job.id is not None


def test_a_delete_without_an_answer_stays_pending(
    line_session: Session, faulty_line: Any, jobs: list[Job]
) -> None:
    line_session.rollback()
    line_session.delete(jobs[0])
    faulty_line.break_at(0, "before", LOST)
    with pytest.raises(CommitError):
        line_session.commit()
    assert line_session.deleted == [jobs[0]]
    faulty_line.repair()
    assert line_session.commit().complete
    assert not line_session.deleted
    assert line_session.get(Job, jobs[0].id) is None


def test_a_fault_while_open_listings_are_drained_sends_nothing(
    line_session: Session, faulty_line: Any, jobs: list[Job]
) -> None:
    walk = Job.objects.all().iterator(chunk_size=2, read_ahead=0)
    next(iter(walk))
    faulty_line._shut = True
    with pytest.raises(AccsynError) as caught:
        line_session.commit()
    assert not isinstance(caught.value, CommitError)
    assert not faulty_line.writes
    assert set(line_session.dirty) == set(jobs)
    faulty_line.repair()
    assert line_session.commit().complete


@pytest.mark.parametrize("refusal", [404, 400])
def test_a_delete_that_was_applied_late_is_not_reported_as_refused(
    served: Callable[..., tuple[Session, Any]], refusal: int
) -> None:
    ident = "5b0faf03304bfd4810dbd5aa"
    deletes: list[Any] = []

    def answer(asked: Any) -> Any:
        if asked.method == "DELETE":
            deletes.append(asked)
            # Nothing is heard of the first one, which is applied only after the entity was looked at.
            gone = HttpResponse(refusal, {}, b'{"message": "There is no such job"}')
            return LOST if len(deletes) == 1 else gone
        return [] if len(deletes) > 1 else [{"id": ident, "name": "late"}]

    session, _ = served(answer)
    job = session.get(Job, ident)
    assert job is not None
    session.delete(job)
    result = session.commit()
    assert [outcome.operation.id for outcome in result.applied] == [ident]
    assert len(deletes) == 2
