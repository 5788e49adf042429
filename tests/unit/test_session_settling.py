"""The call that carries an operation out, and the reading that finds out what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import ConnectionLost, DuplicateDetected, NotFound
from accsyn_orm.mapping.mapper import MARKER
from accsyn_orm.session.plan import Change, Kind, Member, NewEntity, Operation
from accsyn_orm.session.settling import Settled, call_for, find_out, is_marked, unmarked, with_ids
from accsyn_orm.wire.dialects import V3

if TYPE_CHECKING:
    from accsyn_orm.wire.messages import Call

A, B = "a" * 24, "b" * 24


class Server:
    """Answers calls with rows, by what is asked, and remembers the calls."""

    dialect = V3()

    def __init__(self, *rows: dict[str, Any], scope: str = "active", error: Exception | None = None) -> None:
        self.rows = list(rows)
        self.scope = scope
        self.error = error
        self.calls: list[Call] = []

    def result(self, call: Call) -> Any:
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        data = call.data or {}
        if "limit" not in data:
            text = f"{call.id} {call.query}"
            return [row for row in self.rows if row["id"] in text]
        scope = next((each for each in ("finished", "inactive", "archived") if data.get(each)), "active")
        rows = self.rows if scope == self.scope else []
        return rows[data.get("skip", 0) :][: data["limit"]]


def update(*changes: Change, **more: Any) -> Operation:
    return Operation(1, Kind.UPDATE, "job", A, changes=changes, **more)


STATUS = Change("status", "waiting", "paused")


class TestCalls:
    def made(self, operation: Operation, ids: dict[int, str] | None = None) -> tuple[Any, ...]:
        call = call_for(operation, Server(), ids or {}, "the marker")
        return call.method, call.uri, call.id, call.query, call.data

    def test_updates(self) -> None:
        queue = Change("queue", None, NewEntity(4))
        assert self.made(update(STATUS, queue), {4: B}) == (
            "PUT",
            "job/edit",
            A,
            None,
            {"status": "paused", "queue": B},
        )

    def test_tasks_are_changed_through_their_job(self) -> None:
        one = Operation(1, Kind.UPDATE, "task", A, changes=(STATUS,), parent=NewEntity(2))
        assert self.made(one, {2: B}) == ("PUT", "task/edit", B, None, [{"id": A, "status": "paused"}])
        members = (Member("x", "", (STATUS,)), Member("y", "", (Change("queue", 1, NewEntity(4, "site:")),)))
        several = Operation(1, Kind.UPDATE, "task", None, members=members, parent=B)
        assert self.made(several, {4: A}) == (
            "PUT",
            "task/edit",
            B,
            None,
            [{"id": "x", "status": "paused"}, {"id": "y", "queue": f"site:{A}"}],
        )

    def test_creations_carry_their_marker_where_they_can(self) -> None:
        changes = (Change("name", None, "night"), Change("metadata", None, {"a": 1}))
        marked = Operation(1, Kind.CREATE, "queue", None, changes=changes, marked=True)
        call = call_for(marked, Server(), {}, "the marker")
        assert (call.method, call.uri, call.eid) == ("POST", "queue/create", "the marker")
        assert call.data == {"name": "night", "metadata": {"a": 1, MARKER: "the marker"}}
        bare = Operation(1, Kind.CREATE, "queue", None, changes=changes[:1], marked=True)
        assert self.made(bare)[-1] == {"name": "night", "metadata": {MARKER: "the marker"}}
        unmarked_one = Operation(1, Kind.CREATE, "queue", None, changes=changes)
        assert self.made(unmarked_one)[-1] == {"name": "night", "metadata": {"a": 1}}
        assert call_for(unmarked_one, Server(), {}, "the marker").eid == "the marker"

    def test_a_creation_under_a_parent(self) -> None:
        task = Operation(2, Kind.CREATE, "task", None, changes=(STATUS,), parent=NewEntity(1))
        assert self.made(task, {1: B})[:3] == ("POST", "task/create", B)

    @pytest.mark.parametrize(
        ("kind", "uri"),
        [
            (Kind.DELETE, "share/delete"),
            (Kind.ACTIVATE, "share/activate"),
            (Kind.DEACTIVATE, "share/deactivate"),
        ],
    )
    def test_the_others_go_by_id(self, kind: Kind, uri: str) -> None:
        _, made_uri, ident, query, _ = self.made(Operation(1, kind, "share", A, "a share"))
        assert made_uri == uri
        assert A in (ident, query)


class TestUpdates:
    @pytest.mark.parametrize(
        ("row", "state"),
        [
            ({"status": "paused"}, "applied"),
            ({"status": "waiting"}, "not_sent"),
            ({"status": True}, "not_sent"),
        ],
    )
    def test_the_entity_shows_it(self, row: dict[str, Any], state: str) -> None:
        server = Server({"id": A, **row})
        settled = find_out(update(STATUS), server, {}, "m")
        assert settled == Settled(state, {"id": A, **row} if state == "applied" else None)
        (call,) = server.calls
        assert (call.method, call.uri) == ("GET", "job/find")

    def test_every_attribute_counts_and_ours_does_not(self) -> None:
        row = {"id": A, "status": "paused", "metadata": {"a": 1, MARKER: "x"}, "queue": B}
        operation = update(STATUS, Change("metadata", {}, {"a": 1}), Change("queue", None, NewEntity(3)))
        assert find_out(operation, Server(row), {3: B}, "m") == Settled("applied", row)
        assert find_out(operation, Server(row), {3: A}, "m") == Settled("not_sent")

    def test_what_is_not_shown_cannot_be_told(self) -> None:
        settled = find_out(update(STATUS), Server({"id": A}), {}, "m")
        assert settled.state == "unknown"
        assert settled.row is None
        assert isinstance(settled.error, NotFound)
        assert str(settled.error) == "the server does not show status, so it cannot be told what became of it"

    def test_what_is_gone_shows_nothing(self) -> None:
        assert find_out(update(STATUS), Server(), {}, "m") == Settled("not_sent")

    def test_another_row_than_the_one_asked_for_is_none(self) -> None:
        class Wrong(Server):
            def result(self, call: Call) -> Any:
                del call
                return [{"id": B, "status": "paused"}]

        assert find_out(update(STATUS), Wrong(), {}, "m") == Settled("not_sent")

    @pytest.mark.parametrize("answer", [{"id": A, "status": "paused"}, [{"id": A, "status": "paused"}]])
    def test_one_object_is_as_good_as_a_list_of_one(self, answer: Any) -> None:
        class One(Server):
            def result(self, call: Call) -> Any:
                del call
                return answer

        assert find_out(update(STATUS), One(), {}, "m").state == "applied"

    def test_no_answer_leaves_it_unknown(self) -> None:
        lost = ConnectionLost("gone")
        assert find_out(update(STATUS), Server(error=lost), {}, "m") == Settled("unknown", error=lost)


class TestBatches:
    MEMBERS = (Member("t1", "", (STATUS,)), Member("t2", "", (Change("queue", None, NewEntity(3)),)))
    BATCH = Operation(1, Kind.UPDATE, "task", None, members=MEMBERS, parent=B)

    @pytest.mark.parametrize(
        ("first", "second", "state"),
        [("paused", A, "applied"), ("waiting", A, "not_sent"), ("paused", B, "not_sent")],
    )
    def test_all_of_them_have_to_show_it(self, first: str, second: str, state: str) -> None:
        server = Server({"id": "t1", "status": first}, {"id": "t2", "queue": second})
        assert find_out(self.BATCH, server, {3: A}, "m") == Settled(state)

    def test_one_that_cannot_be_told_leaves_the_batch_unknown(self) -> None:
        settled = find_out(self.BATCH, Server({"id": "t1"}, {"id": "t2", "queue": A}), {3: A}, "m")
        assert settled.state == "unknown"
        assert isinstance(settled.error, NotFound)


class TestDeletionsAndSwitches:
    def test_a_deletion_shows_in_absence(self) -> None:
        delete = Operation(1, Kind.DELETE, "queue", A)
        assert find_out(delete, Server(), {}, "m") == Settled("applied")
        assert find_out(delete, Server({"id": A}), {}, "m") == Settled("not_sent")

    @pytest.mark.parametrize(
        ("kind", "inactive", "state"),
        [
            (Kind.DEACTIVATE, True, "applied"),
            (Kind.DEACTIVATE, False, "not_sent"),
            (Kind.ACTIVATE, False, "applied"),
            (Kind.ACTIVATE, True, "not_sent"),
            (Kind.ACTIVATE, None, "not_sent"),
        ],
    )
    def test_a_switch_shows_in_the_entity(self, kind: Kind, inactive: bool | None, state: str) -> None:
        row = {"id": A, "inactive": inactive}
        settled = find_out(Operation(1, kind, "share", A), Server(row), {}, "m")
        assert settled == Settled(state, row if state == "applied" else None)
        assert find_out(Operation(1, kind, "share", B), Server(row), {}, "m") == Settled("not_sent")


class TestCreations:
    CREATE = Operation(
        1,
        Kind.CREATE,
        "job",
        None,
        "night",
        (
            Change("size", None, 1),
            Change("code", None, ""),
            Change("name", None, "night"),
            Change("x", None, "y"),
        ),
        marked=True,
    )

    @pytest.mark.parametrize("scope", ["active", "finished", "inactive", "archived"])
    def test_it_is_found_by_its_marker_in_every_scope(self, scope: str) -> None:
        row = {"id": A, "metadata": {MARKER: "m"}}
        others = (
            {"id": B, "metadata": {MARKER: "another"}},
            {"id": "c" * 24, "metadata": None},
            {"id": "d" * 24},
        )
        server = Server(*others, row, scope=scope)
        assert find_out(self.CREATE, server, {}, "m") == Settled("applied", row)
        asked = {
            name
            for call in server.calls
            for name in ("finished", "inactive", "archived")
            if call.data.get(name)
        }
        assert asked == {"finished", "inactive", "archived"}
        assert {call.query for call in server.calls} == {"name=night"}, "narrowed down by name"

    def test_no_trace_of_it(self) -> None:
        assert find_out(self.CREATE, Server({"id": A}), {}, "m") == Settled("not_sent")

    def test_found_in_two_scopes_it_is_still_one(self) -> None:
        class Everywhere(Server):
            def result(self, call: Call) -> Any:
                return self.rows[call.data.get("skip", 0) :]

        row = {"id": A, "metadata": {MARKER: "m"}}
        assert find_out(self.CREATE, Everywhere(row), {}, "m") == Settled("applied", row)

    def test_applied_twice(self) -> None:
        rows = ({"id": B, "metadata": {MARKER: "m"}}, {"id": A, "metadata": {MARKER: "m"}})
        settled = find_out(self.CREATE, Server(*rows), {}, "m")
        assert settled.state == "unknown"
        assert isinstance(settled.error, DuplicateDetected)
        assert settled.error.message == (
            f"create job 'night' was applied 2 times: {A}, {B} carry its marker; keep one"
        )
        assert settled.error.entity == "job"

    def test_without_a_marker_it_cannot_be_told(self) -> None:
        server = Server()
        settled = find_out(Operation(1, Kind.CREATE, "acl", None), server, {}, "m")
        assert settled.state == "unknown"
        assert str(settled.error) == "a acl carries no marker to look for"
        assert not server.calls

    @pytest.mark.parametrize(
        ("changes", "query"),
        [
            ((), ""),
            ((Change("code", None, "c"), Change("name", None, "n")), "code=c"),
            ((Change("name", None, 5),), ""),
            # What the query language cannot write is not narrowed down.
            ((Change("name", None, "a\"b'c"),), ""),
        ],
    )
    def test_by_what_it_is_narrowed_down(self, changes: tuple[Change, ...], query: str) -> None:
        server = Server()
        find_out(Operation(1, Kind.CREATE, "job", None, changes=changes, marked=True), server, {}, "m")
        assert {call.query or "" for call in server.calls} == {query}

    def test_under_a_parent_only_there(self) -> None:
        task = Operation(2, Kind.CREATE, "task", None, parent=NewEntity(1), marked=True)
        row = {"id": "t", "metadata": {MARKER: "m"}}
        server = Server(row)
        assert find_out(task, server, {1: B}, "m") == Settled("applied", row)
        assert all(B in f"{call.id} {call.query} {call.data}" for call in server.calls)
        assert not any(
            call.data.get(name) for call in server.calls for name in ("finished", "inactive", "archived")
        )


@pytest.mark.parametrize(
    ("row", "marked"),
    [
        ({"metadata": {MARKER: "m"}}, True),
        ({"metadata": {MARKER: "other"}}, False),
        ({"metadata": {}}, False),
        ({"metadata": "m"}, False),
        ({}, False),
    ],
)
def test_what_is_marked(row: dict[str, Any], marked: bool) -> None:
    assert is_marked(row, "m") is marked


def test_values() -> None:
    assert unmarked({"a": 1, MARKER: "m"}) == {"a": 1}
    same = {"a": 1}
    assert unmarked(same) is same
    assert unmarked(MARKER) == MARKER
    assert with_ids(NewEntity(1, "site:"), {1: A}) == f"site:{A}"
    assert with_ids("text", {}) == "text"
