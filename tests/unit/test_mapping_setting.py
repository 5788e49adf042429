"""Setting plain fields: the second time goes a shorter way than the first, and must come to the same."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import InvalidValue, Job, ReadOnlyField, SessionClosed

if TYPE_CHECKING:
    from accsyn_orm import Session


class Word(str, enum.Enum):
    HELLO = "hello"


@pytest.fixture
def jobs(session: Session) -> list[Job]:
    """Two jobs without changes."""
    return list(Job.objects.filter(status="waiting")[:2])


def test_a_field_set_again_is_checked_as_at_first(jobs: list[Job], session: Session) -> None:
    job = jobs[0]
    before = job.description
    job.description = "first"
    for wrong in (5, b"text", ["text"]):
        with pytest.raises(InvalidValue, match=r"description of a job: .* is not text"):
            job.description = wrong  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] # the mistake
        assert job.description == "first"
    with pytest.raises(InvalidValue, match="name of a job cannot be None"):
        job.name = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] # the mistake
    with pytest.raises(ReadOnlyField, match="size of a job cannot be set"):
        job.size = 5
    job.description = Word.HELLO
    assert session.plan().operations[0].changes[0].after == "hello"
    job.description = before  # None, which takes the general way
    assert before is None
    assert not session.plan()


def test_each_field_and_each_entity_is_tracked_by_itself(jobs: list[Job], session: Session) -> None:
    one, other = jobs
    held = [(job.name, job.description) for job in jobs]
    one.description = other.description = "first"
    one.name = "renamed"
    one.description = one.name = "second"
    other.name = "other"
    changed = {
        operation.id: {change.attribute: (change.before, change.after) for change in operation.changes}
        for operation in session.plan()
    }
    assert changed == {
        one.id: {"name": (held[0][0], "second"), "description": (held[0][1], "second")},
        other.id: {"name": (held[1][0], "other"), "description": (held[1][1], "first")},
    }
    session.rollback()
    assert [(job.name, job.description) for job in jobs] == held
    one.description = "third"
    assert session.dirty == [one]


def test_what_was_set_while_it_was_sent_stays_tracked(jobs: list[Job], session: Session) -> None:
    one, other = jobs
    one.description = other.description = "sent"
    name = other.name

    def meanwhile(_: Any) -> None:
        other.description = "set meanwhile"

    session.commit(workers=1, progress=meanwhile)
    assert session.dirty == [other]
    other.description = "set again"
    other.name = "renamed"
    (operation,) = session.plan()
    shown = {change.attribute: (change.before, change.after) for change in operation.changes}
    assert shown == {"name": (name, "renamed"), "description": ("sent", "set again")}
    session.rollback()
    assert (other.name, other.description) == (name, "sent")


def test_a_closed_session_refuses_before_anything_is_kept(jobs: list[Job], session: Session) -> None:
    job = jobs[0]
    before = job.description
    session.close()
    for _ in range(2):
        with pytest.raises(SessionClosed):
            job.description = "too late"
        assert job.description == before


def test_a_deleted_entity_refuses_what_was_set_before(jobs: list[Job], session: Session) -> None:
    job = jobs[0]
    job.description = "set before"
    session.delete(job)
    session.commit()
    with pytest.raises(ReadOnlyField, match="was deleted"):
        job.description = "too late"
