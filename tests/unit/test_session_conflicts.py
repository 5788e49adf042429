"""Conflicts: what was read, what is wanted and what the server has by now, per attribute and per key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given, strategies as st

from accsyn_orm import Job, Queue, Session, Task
from accsyn_orm.errors import Conflict, InvalidValue
from accsyn_orm.session.conflicts import ConflictingChange, merged_attributes, reconcile
from accsyn_orm.session.plan import NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

IDENT, OTHER = "5b0faf03304bfd4810dbd5fc", "5b0faf03304bfd4810dbd5fd"


def update(*changes: Change, number: int = 1, ident: str = IDENT) -> Operation:
    return Operation(number, Kind.UPDATE, "job", ident, "my_transfer", changes)


def plan_of(*operations: Operation) -> Plan:
    return Plan("acmefilm", operations)


def sent(read: Any, wanted: Any, now: Any, policy: Any = "merge") -> Any:
    """Return what is sent for one attribute."""
    plan = plan_of(update(Change("metadata", read, wanted)))
    (operation,) = reconcile(plan, {IDENT: {"id": IDENT, "metadata": now}}, policy)
    (change,) = operation.changes
    assert change.attribute == "metadata"
    assert change.before == now, "what is shown as before is what the server has"
    return change.after


@pytest.mark.parametrize("policy", ["fail", "merge"])
@pytest.mark.parametrize(
    ("read", "wanted", "now", "after"),
    [
        ("a", "b", "a", "b"),
        ("a", "b", "b", "b"),
        (None, "b", None, "b"),
        ({"k": 1}, {"k": 2}, {"k": 1}, {"k": 2}),
        ("a", "a", "c", "c"),
    ],
)
def test_where_nobody_else_changed_it_mine_is_sent(
    policy: str, read: Any, wanted: Any, now: Any, after: Any
) -> None:
    assert sent(read, wanted, now, policy) == after


@pytest.mark.parametrize(
    ("read", "wanted", "now", "after"),
    [
        # Mine, theirs, and both.
        ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1}, {"a": 1, "mine": 1}, {"a": 1, "theirs": 2}, {"a": 1, "theirs": 2, "mine": 1}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}),
        ({"a": 1, "b": 2}, {"a": 9, "b": 2}, {"a": 1}, {"a": 9}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 5}, {"a": 5}),
        ({}, {"same": [1]}, {"same": [1], "x": 0}, {"same": [1], "x": 0}),
        # Deeper.
        ({"o": {"a": 1, "b": 1}}, {"o": {"a": 2, "b": 1}}, {"o": {"a": 1, "b": 3}}, {"o": {"a": 2, "b": 3}}),
        # None is a value, and not the absence of one.
        ({"a": 1}, {"a": None}, {"a": 1, "b": 1}, {"a": None, "b": 1}),
    ],
)
def test_objects_are_merged_key_by_key(read: Any, wanted: Any, now: Any, after: Any) -> None:
    merged = sent(read, wanted, now)
    assert merged == after
    assert list(merged) == list(after), "the server's keys come first"


@pytest.mark.parametrize(
    ("read", "wanted", "now", "path", "values"),
    [
        ({"a": 1}, {"a": 2}, {"a": 3}, "metadata.a", ("1", "3", "2")),
        ({"o": {"a": 1}}, {"o": {"a": 2}}, {"o": {"a": True}}, "metadata.o.a", ("1", "true", "2")),
        ({"a": 1}, {}, {"a": 3}, "metadata.a", ("1", "3", "(absent)")),
        ({"a": 1}, {"a": 2}, {}, "metadata.a", ("1", "(absent)", "2")),
        ({}, {"a": 1}, {"a": 2}, "metadata.a", ("(absent)", "2", "1")),
        ({"a": 1}, "text", {"a": 2}, "metadata", ('{"a": 1}', '{"a": 2}', '"text"')),
        (None, {"a": 1}, {"a": 2}, "metadata", ("null", '{"a": 2}', '{"a": 1}')),
    ],
)
def test_what_touches_ends_it(read: Any, wanted: Any, now: Any, path: str, values: tuple[str, ...]) -> None:
    with pytest.raises(Conflict) as caught:
        sent(read, wanted, now)
    was, is_now, becomes = values
    assert caught.value.message == (
        f"nothing was sent: update job {IDENT} 'my_transfer': {path} was {was} when it was read, is {is_now} by now, and"
        f" would become {becomes}"
    )
    (conflict,) = caught.value.conflicts
    assert conflict.attribute == path
    assert conflict.operation.id == IDENT


def test_fail_merges_nothing() -> None:
    with pytest.raises(Conflict, match=r"metadata was \{\"a\": 1"):
        sent({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3}, "fail")


def test_a_function_is_asked_and_what_it_returns_is_sent() -> None:
    asked: list[ConflictingChange] = []

    def both(conflict: ConflictingChange) -> Any:
        asked.append(conflict)
        return [conflict.read, conflict.wanted, conflict.now]

    assert sent({"a": 1, "b": 0}, {"a": 2, "b": 0}, {"a": 3, "b": 9}, both) == {"a": [1, 2, 3], "b": 9}
    assert [(each.attribute, each.read, each.wanted, each.now) for each in asked] == [("metadata.a", 1, 2, 3)]
    assert sent("a", "b", "c", lambda conflict: conflict.now) == "c"


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)),
)
def test_with_one_side_unchanged_the_merge_is_the_other_side(
    read: dict[str, int], other: dict[str, int]
) -> None:
    assert sent(read, other, read) == other
    assert sent(read, read, other) == other
    assert sent(read, other, other) == other


def test_all_conflicts_are_collected_and_counted() -> None:
    first = update(Change("status", "a", "b"), Change("description", None, "mine"))
    second = update(Change("status", "a", "b"), number=2, ident=OTHER)
    rows: dict[str, dict[str, Any]] = {
        IDENT: {"status": "x", "description": "theirs"},
        OTHER: {"status": "y"},
    }
    with pytest.raises(Conflict) as caught:
        reconcile(plan_of(first, second), rows, "merge")
    assert caught.value.message.startswith(
        "nothing was sent: update job 5b0faf03304bfd4810dbd5fc 'my_transfer': status"
    )
    assert caught.value.message.endswith(" (and 2 more)")
    assert [(each.operation.number, each.attribute) for each in caught.value.conflicts] == [
        (1, "status"),
        (1, "description"),
        (2, "status"),
    ]


@pytest.mark.parametrize("policy", ["ask", "", None, 1, "overwrite"])
def test_any_other_policy_is_refused(policy: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        reconcile(plan_of(), {}, policy)
    assert caught.value.message == (
        f"on_conflict is {policy!r}; it must be 'overwrite', 'fail', 'merge' or a function"
    )


def test_what_cannot_be_compared_is_sent_as_it_is() -> None:
    untold = update(
        Change("status", NOT_LOADED, "b"),
        Change("queue", "q1", NewEntity(1)),
        Change("description", "a", "b"),
    )
    gone = update(Change("status", "a", "b"), ident=OTHER)
    other = Operation(2, Kind.DELETE, "job", IDENT, changes=(Change("status", "a", "b"),))
    nameless = Operation(3, Kind.UPDATE, "job", None, changes=(Change("status", "a", "b"),))
    plan = plan_of(untold, gone, other, nameless)
    assert reconcile(
        plan, {IDENT: {"status": "x", "queue": "q2"}, "": {"status": "x"}}, lambda _: "asked"
    ) == (
        attrs.evolve(
            plan,
            operations=(
                untold,
                gone,
                other,
                attrs.evolve(nameless, changes=(Change("status", "x", "asked"),)),
            ),
        )
    )


def test_members_are_compared_one_by_one() -> None:
    members = (
        Member(IDENT, "one", (Change("priority", 1, 2),)),
        Member(OTHER, "two", (Change("priority", 1, 2), Change("status", "a", "b"))),
    )
    plan = plan_of(Operation(1, Kind.UPDATE, "task", None, parent="p", members=members))
    rows: dict[str, dict[str, Any]] = {IDENT: {"priority": 1}, OTHER: {"priority": 9, "status": "a"}}
    (operation,) = reconcile(plan, rows, lambda conflict: conflict.now + 1)
    assert operation.members == (
        Member(IDENT, "one", (Change("priority", 1, 2),)),
        Member(OTHER, "two", (Change("priority", 9, 10), Change("status", "a", "b"))),
    )
    assert merged_attributes(plan, plan_of(operation)) == {(1, "priority")}


def test_where_two_forms_of_a_plan_differ() -> None:
    wanted = plan_of(
        update(Change("status", 1, 2), Change("description", 1, 2)),
        update(Change("status", 1, 2), number=2, ident=OTHER),
    )
    other = plan_of(
        update(Change("status", 5, 2), Change("description", 5, 3)),
        update(Change("status", 1, 4), number=2, ident=OTHER),
    )
    assert merged_attributes(wanted, other) == {(1, "description"), (2, "status")}
    assert merged_attributes(wanted, wanted) == frozenset()
    with pytest.raises(ValueError, match="shorter"):
        merged_attributes(wanted, plan_of(*other.operations[:1]))
    with pytest.raises(ValueError, match="shorter"):
        merged_attributes(plan_of(wanted.operations[0]), plan_of(other.operations[1]))


# In a session


@pytest.fixture
def job(empty_session: Session) -> Job:
    job = Job(name="contested", metadata={"a": 1, "b": 1})
    empty_session.add(job)
    empty_session.commit()
    return job


@pytest.fixture
def rival(empty_sandbox: Sandbox, open_session: Callable[..., Session]) -> Session:
    return open_session(empty_sandbox)


def test_fail_sends_nothing_and_leaves_everything_pending(
    empty_session: Session, empty_sandbox: Sandbox, rival: Session, job: Job, asked: Callable[..., Any]
) -> None:
    queue = Queue(name="untouched")
    empty_session.add(queue)
    job.status = "paused"
    job.description = "mine"
    rival.update("Job", job.id, {"description": "theirs"})
    with asked(empty_sandbox) as seen, pytest.raises(Conflict):
        empty_session.commit(on_conflict="fail")
    assert {request.method for request in seen} == {"GET"}
    assert empty_session.dirty == [job]
    assert empty_session.new == [queue]
    result = empty_session.commit()
    assert result.complete
    assert job.description == "mine"


def test_merge_sends_the_combination_and_the_entity_has_it(
    empty_session: Session, empty_sandbox: Sandbox, rival: Session, job: Job, asked: Callable[..., Any]
) -> None:
    job.metadata["a"] = 2
    job.status = "paused"
    rival.update("Job", job.id, {"metadata": {"a": 1, "b": 3, "c": 4}})
    with asked(empty_sandbox) as seen:
        empty_session.commit(on_conflict="merge")
    assert [request.data for request in seen if request.method == "PUT"] == [
        {"metadata": {"a": 2, "b": 3, "c": 4}, "status": "paused"}
    ]
    assert job.metadata == {"a": 2, "b": 3, "c": 4}
    assert not empty_session.dirty


def test_entities_are_read_in_batches_in_every_scope_they_may_be_in(
    empty_session: Session,
    empty_sandbox: Sandbox,
    rival: Session,
    asked: Callable[..., Any],
    store_jobs: Callable[..., list[str]],
) -> None:
    idents = store_jobs(empty_sandbox, 6)
    jobs = [job for ident in idents if (job := empty_session.get(Job, ident)) is not None]
    for job in jobs:
        job.description = "mine"
    rival.update("Job", jobs[0].id, {"status": "aborted"})  # it is listed among the finished from now on
    rival.update("Job", jobs[1].id, {"description": "theirs"})
    with asked(empty_sandbox) as seen, pytest.raises(Conflict) as caught:
        empty_session.commit(on_conflict="fail")
    assert [conflict.operation.id for conflict in caught.value.conflicts] == [jobs[1].id]
    scopes = [(request.data.get("finished"), request.query.count(",") + 1) for request in seen]
    assert set(scopes) == {(None, 6), (True, 1)}, "all of them, and what was not there"
    rival.update("Job", jobs[0].id, {"description": "theirs too"})
    with pytest.raises(Conflict) as caught:
        empty_session.commit(on_conflict="fail")
    assert [conflict.operation.id for conflict in caught.value.conflicts] == [jobs[0].id, jobs[1].id]
    empty_session.rollback()


def test_tasks_of_one_job_are_compared_too(
    session: Session, demo_sandbox: Sandbox, open_session: Callable[..., Session]
) -> None:
    several = next(job for job in Job.objects.filter(status="running") if len(job.tasks) > 1)
    tasks = list(several.tasks)[:2]
    for task in tasks:
        task.priority = 77
    other = open_session(demo_sandbox)
    theirs = next(each for each in Task.objects.using(other).filter(job=several.id) if each.id == tasks[1].id)
    theirs.priority = 78
    other.commit()
    with pytest.raises(Conflict) as caught:
        session.commit(on_conflict="fail")
    (conflict,) = caught.value.conflicts
    assert (conflict.attribute, conflict.wanted, conflict.now) == ("priority", 77, 78)
    session.commit(on_conflict=lambda conflict: conflict.now)
    assert [task.priority for task in tasks] == [77, 78]
