"""Writing many entities at once: which requests are made, and which are spared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Session, Task
from accsyn_orm.session.plan import Change, Kind
from accsyn_orm.wire.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.session.outcomes import Outcome

A, B, C = (letter * 24 for letter in "abc")


@pytest.fixture
def written(served: Callable[..., Any]) -> tuple[Session, list[Any]]:
    """A session whose server takes every write, and the writes."""
    writes: list[Any] = []

    def answer(asked: Any) -> Any:
        writes.append(asked)
        return [] if asked.method == "DELETE" else [{"id": asked.id}]

    return served(answer)[0], writes


@pytest.mark.parametrize(
    ("held", "value", "sent"),
    [
        (1, True, True),
        (True, 1, True),
        (0, False, True),
        (1, 1.0, True),
        (None, "null", True),
        ([1, 2], [1, 2], False),
        ({"a": 1, "b": [True]}, {"b": [True], "a": 1}, False),
        ({"a": 1}, {"a": True}, True),
        ("paused", "paused", False),
    ],
)
def test_what_is_the_same_json_already_is_left_alone(
    written: tuple[Session, list[Any]], held: Any, value: Any, sent: bool
) -> None:
    session, writes = written
    assert session.update_rows(Job.__mapper__, [{"id": A, "metadata": held}], {"metadata": value}) == 1
    assert [asked.data for asked in writes] == ([{"metadata": value}] if sent else [])


def test_one_request_each_with_what_differs(written: tuple[Session, list[Any]]) -> None:
    session, writes = written
    told: list[Outcome] = []
    rows: list[dict[str, Any]] = [
        {"id": A, "code": "one", "status": "waiting", "description": "x"},
        {"id": B, "code": None, "status": "paused", "description": "x"},
        {"id": C, "status": "paused"},
    ]
    changes = {"status": "paused", "description": "x"}
    assert session.update_rows(Job.__mapper__, rows, changes, told.append) == 3
    assert {asked.id: asked.data for asked in writes} == {A: {"status": "paused"}, C: {"description": "x"}}
    assert all((asked.method, asked.uri) == ("PUT", "job/edit") for asked in writes)
    told.sort(key=lambda outcome: outcome.operation.number)
    operations = [outcome.operation for outcome in told]
    assert [(each.number, each.kind, each.entitytype, each.id, each.label) for each in operations] == [
        (1, Kind.UPDATE, "job", A, "one"),
        (2, Kind.UPDATE, "job", C, ""),
    ]
    assert operations[0].changes == (Change("status", "waiting", "paused"),)
    assert operations[1].changes == (Change("description", None, "x"),)
    assert [(each.depends_on, each.parent, each.marked) for each in operations] == [((), None, False)] * 2


def test_tasks_are_changed_through_their_job(written: tuple[Session, list[Any]]) -> None:
    session, writes = written
    session.update_rows(Task.__mapper__, [{"id": A, "job": B, "priority": 1}], {"priority": 2})
    (asked,) = writes
    assert (asked.uri, asked.id, asked.data) == ("task/edit", B, [{"id": A, "priority": 2}])


def test_nothing_to_change_asks_nothing(written: tuple[Session, list[Any]]) -> None:
    session, writes = written
    assert session.update_rows(Job.__mapper__, [{"id": A, "status": "x"}], {"status": "x"}) == 1
    assert session.update_rows(Job.__mapper__, [], {"status": "x"}) == 0
    assert session.delete_rows(Job.__mapper__, []) == 0
    assert not writes


def test_deletions(written: tuple[Session, list[Any]]) -> None:
    session, writes = written
    assert session.delete_rows(Job.__mapper__, [{"id": A, "code": "one"}, {"id": B}]) == 2
    assert sorted((asked.method, asked.uri, asked.id) for asked in writes) == [
        ("DELETE", "job/delete", A),
        ("DELETE", "job/delete", B),
    ]


def test_what_is_refused_is_said_by_number_and_name(served: Callable[..., Any]) -> None:
    def answer(asked: Any) -> Any:
        if asked.id == B:
            return HttpResponse(400, {}, b'{"message": "no"}')
        return [{"id": asked.id}]

    session, _ = served(answer)
    with pytest.raises(CommitError) as caught:
        session.delete_rows(Job.__mapper__, [{"id": A}, {"id": B, "code": "kept"}])
    (outcome,) = caught.value.rejected
    assert (outcome.operation.number, outcome.operation.title) == (2, f"delete job {B} 'kept'")
    assert [each.operation.number for each in caught.value.applied] == [1]


def test_entities_of_the_session_are_brought_in_line(session: Session) -> None:
    job = Job.objects.filter(status="waiting")[0]
    session.update_rows(Job.__mapper__, [{"id": job.id, "status": "waiting"}], {"status": "paused"})
    assert job.status == "paused"
    assert not session.dirty
