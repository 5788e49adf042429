"""How often an operation without an answer is sent, and what a plan that is gone on with knows of before."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue
from accsyn_orm.errors import ConnectionLost
from accsyn_orm.mapping.mapper import MARKER
from accsyn_orm.session.outcomes import TransientRecorder
from accsyn_orm.session.plan import Change, Kind, NewEntity, Operation, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, C = (letter * 24 for letter in "abc")


class Losing:
    """A server that loses so many writes before it takes one in, and whose reads always work."""

    def __init__(self, losses: int, *, applied: bool = False) -> None:
        self.losses = losses
        self.applied = applied
        self.writes: list[Any] = []
        self.row: dict[str, Any] = {"id": A, "status": "waiting", "name": "before"}
        self.rows: list[dict[str, Any]] = [self.row]

    def __call__(self, asked: Any) -> Any:
        if asked.method == "GET":
            return (
                asked.page(self.rows)
                if asked.id is None
                else [row for row in self.rows if row["id"] == asked.id]
            )
        self.writes.append(asked)
        lost = len(self.writes) <= self.losses
        if not lost or self.applied:
            if asked.method == "POST":
                self.rows.append({"id": B, **asked.data})
            else:
                self.row.update(asked.data)
        return ConnectionLost("gone") if lost else [{"id": B if asked.method == "POST" else A}]


class TestUpdates:
    @pytest.mark.parametrize("losses", [0, 1, 2])
    def test_without_a_trace_it_is_sent_again_twice_at_most(
        self, served: Callable[..., Any], losses: int
    ) -> None:
        server = Losing(losses)
        session, _ = served(server)
        session.get(Job, A).status = "paused"
        assert session.commit().complete
        assert len(server.writes) == losses + 1

    def test_after_that_it_is_unknown(self, served: Callable[..., Any]) -> None:
        server = Losing(9)
        session, _ = served(server)
        session.get(Job, A).status = "paused"
        with pytest.raises(CommitError) as caught:
            session.commit()
        assert len(caught.value.unknown) == 1
        assert len(server.writes) == 3

    def test_with_a_trace_it_is_not_sent_again_and_the_entity_has_what_the_server_has(
        self, served: Callable[..., Any]
    ) -> None:
        server = Losing(1, applied=True)
        server.row["size"] = 5
        session, _ = served(server)
        job = session.get(Job, A)
        server.row["size"] = 6
        job.status = "paused"
        assert session.commit().complete
        assert len(server.writes) == 1
        assert job.size == 6


class TestCreations:
    def test_without_a_trace_it_is_not_sent_again_in_the_same_commit(
        self, served: Callable[..., Any]
    ) -> None:
        server = Losing(1)
        session, _ = served(server)
        queue = Queue(name="night")
        session.add(queue)
        with pytest.raises(CommitError) as caught:
            session.commit()
        assert len(caught.value.unknown) == 1
        assert len(server.writes) == 1
        assert session.commit().complete, "the next one has looked it up"
        assert len(server.writes) == 2
        assert queue.id == B

    def test_with_a_trace_it_is_found_by_its_marker(self, served: Callable[..., Any]) -> None:
        server = Losing(1, applied=True)
        session, _ = served(server)
        queue = Queue(name="night")
        session.add(queue)
        assert session.commit().complete
        assert len(server.writes) == 1
        assert queue.id == B
        assert uuid.UUID(server.writes[0].data["metadata"][MARKER]).version == 4

    def test_what_needed_what_was_done_before_gets_its_id(self, served: Callable[..., Any]) -> None:
        server = Losing(1)
        server.row["queue"] = C
        session, _ = served(server)
        operations = (
            Operation(1, Kind.CREATE, "queue", None, "night", marked=True),
            Operation(2, Kind.DELETE, "queue", C),
            Operation(3, Kind.UPDATE, "job", A, "", (Change("queue", None, NewEntity(1)),), (1,)),
        )
        result = session.execute(Plan("acmefilm", operations), done={1: B, 2: None}, workers=1)
        assert [(outcome.operation, outcome.id) for outcome in result.applied] == [
            (operations[0], B),
            (operations[1], None),
            (operations[2], A),
        ]
        assert [asked.data for asked in server.writes] == [{"queue": B}] * 2


def test_markers_of_a_run() -> None:
    recorder = TransientRecorder()
    one, two = (Operation(number, Kind.CREATE, "queue", None) for number in (1, 2))
    assert recorder.marker(one) == recorder.marker(one)
    assert recorder.marker(one) != recorder.marker(two)
    assert uuid.UUID(recorder.marker(two)).version == 4
