"""The plan: what a commit would send, as a value and as text, made without I/O."""

from __future__ import annotations

import copy
import pickle
import unicodedata
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm import Job, Plan, Queue, Session, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox


def test_it_asks_nothing_and_shows_before_and_after_of_each_attribute(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    jobs = list(Job.objects.filter(status="waiting")[:2])
    user = User.objects.exclude(code="john@user.com")[0]
    with asked(demo_sandbox) as seen:
        jobs[0].status = "paused"
        jobs[0].metadata["shot"] = "SHOT9999"
        session.add(Queue(name="night", priority=10))
        session.deactivate(user)
        session.delete(jobs[1])
        plan = session.plan()
        text = str(plan)
    assert not seen
    assert [operation.kind.value for operation in plan] == ["create", "update", "deactivate", "delete"]
    assert len(plan) == 4
    update = plan.operations[1]
    assert (update.entitytype, update.id, update.label) == ("job", jobs[0].id, jobs[0].code)
    shown = {change.attribute: (change.before, change.after) for change in update.changes}
    assert shown["status"] == ("waiting", "paused")
    before, after = shown["metadata"]
    assert (before["shot"] != "SHOT9999", after["shot"]) == (True, "SHOT9999")
    for part in (
        '"waiting" → "paused"',
        "create queue",
        "delete job",
        "deactivate user",
        jobs[0].id,
        user.id,
    ):
        assert part in text
    assert str(session.plan()) == text, "the same state is the same plan"
    session.rollback()
    assert "nothing to do" in str(session.plan())
    assert not session.plan()


def test_a_plan_is_a_frozen_value_that_later_changes_do_not_touch(session: Session) -> None:
    job = Job.objects.filter(status="waiting")[0]
    job.metadata["a"] = {"b": 1}
    plan = session.plan()
    (change,) = plan.operations[0].changes
    job.metadata["a"]["b"] = 2
    assert change.after["a"] == {"b": 1}
    assert isinstance(plan, Plan)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        plan.operations = ()  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] # the mistake
    session.rollback()


def test_what_is_in_a_plan_is_like_what_is_made_by_hand_and_as_frozen(session: Session) -> None:
    jobs = Job.objects.filter(status="waiting")[:2]
    jobs[0].description = "another"
    session.delete(jobs[1])
    session.add(Queue(name="night"))
    plan = session.plan()
    for value in (*plan, *(change for operation in plan for change in operation.changes)):
        by_hand = attrs.evolve(value)
        assert type(value) is type(by_hand)
        assert (value, repr(value)) == (by_hand, repr(by_hand))
        assert copy.copy(value) == pickle.loads(pickle.dumps(value)) == value  # noqa: S301 -- our own
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\x9b31m", "\x7f", "\u202egnp.exe", "\ud800", "\r\nplan for x: nothing"]
)
def test_nothing_of_a_value_steers_a_terminal(session: Session, hostile: str) -> None:
    job = Job.objects.filter(status="waiting")[0]
    job.description = hostile
    job.metadata["x"] = {hostile: hostile}
    session.add(Queue(name=hostile))
    text = str(session.plan())
    text.encode()
    odd = {
        character for character in text if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
    assert odd <= {"\n"}
    assert "\nplan for x" not in text
    session.rollback()
