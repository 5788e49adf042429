"""What a session reads again, and how: for a comparison before a commit, for references, for what is missing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue, Share, Task, User
from accsyn_orm.errors import ConnectionLost, ProtocolError, SessionError
from accsyn_orm.session.plan import Change, Kind, Member, Operation, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, C, D = (letter * 24 for letter in "abcd")
SCOPES = ("finished", "inactive", "archived")


class Scoped:
    """A server with rows in scopes, which are found by the ids in a query, and by their parent."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, dict[str, Any]]] = []
        self.reads: list[tuple[Any, ...]] = []
        self.writes: list[Any] = []

    def has(self, entitytype: str, ident: str, scope: str = "active", **attributes: Any) -> None:
        self.rows.append((entitytype, scope, {"id": ident, **attributes}))

    def __call__(self, asked: Any) -> Any:
        entitytype = asked.uri.partition("/")[0]
        if asked.method != "GET":
            self.writes.append(asked)
            return [{"id": asked.id or D}]
        scope = next((name for name in SCOPES if (asked.data or {}).get(name)), "active")
        if "limit" not in (asked.data or {}):
            return [row for kind, _, row in self.rows if kind == entitytype and row["id"] == asked.id]
        query = asked.query or ""
        wanted = [ident for ident in (A, B, C, D) if query.startswith("id") and ident in query]
        self.reads.append((entitytype, scope, tuple(wanted), asked.data.get("attributes")))
        return asked.page(
            [
                row
                for kind, where, row in self.rows
                if (kind, where) == (entitytype, scope) and (not wanted or row["id"] in wanted)
            ]
        )

    def asked(self) -> set[str]:
        """Return what was listed since the last time, as text."""
        found = {f"{kind} {scope} {len(wanted)} {names}" for kind, scope, wanted, names in self.reads}
        self.reads.clear()
        return found


@pytest.fixture
def world(served: Callable[..., Any]) -> tuple[Any, Scoped]:
    server = Scoped()
    return served(server)[0], server


class TestComparing:
    def test_each_type_is_read_with_what_changes_of_it(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("job", A, status="waiting", description="x")
        server.has("job", B, status="waiting", description="x")
        server.has("user", C, "inactive", name="one")
        jobs = [session.get(Job, ident) for ident in (A, B)]
        user = session.get(User, C)
        jobs[0].status = "paused"
        jobs[1].description = "y"
        user.name = "two"
        session.commit(on_conflict="fail")
        assert server.asked() == {
            "job active 2 ['description', 'id', 'status']",
            "user active 1 ['id', 'name']",
            "user inactive 1 ['id', 'name']",
        }
        assert len(server.writes) == 3

    def test_what_is_found_in_no_scope_is_sent_all_the_same(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("job", A, "archived", status="waiting")
        job = session.get(Job, A)
        job.status = "paused"
        session.commit(on_conflict="merge")
        assert server.asked() == {"job active 1 ['id', 'status']", "job finished 1 ['id', 'status']"}
        assert [asked.data for asked in server.writes] == [{"status": "paused"}]

    def test_creations_and_deletions_are_not_read(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("queue", A, name="old")
        session.delete(session.get(Queue, A))
        session.add(Queue(name="new"))
        session.commit(on_conflict="fail")
        assert not server.asked()


class TestReferences:
    def test_what_is_not_active_is_looked_for_where_it_can_be(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("job", A, user=B)
        server.has("user", B, "inactive", name="gone home")
        server.has("task", C, job=D)
        server.has("job", D, "finished", code="done")
        assert session.get(Job, A).user.name == "gone home"
        assert server.asked() == {"user active 1 None", "user inactive 1 None"}
        (task,) = Task.objects.using(session).filter(job=D)
        server.asked()
        assert task.job.code == "done"
        assert server.asked() == {"job active 1 None", "job finished 1 None"}

    def test_what_is_held_is_not_read(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("job", A, user=B)
        server.has("user", B, name="here")
        user = session.get(User, B)
        job = session.get(Job, A)
        assert job.user is user
        assert job.user is user
        assert not server.asked()

    def test_two_of_one_page_are_read_together_and_only_once(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("job", A, user=C)
        server.has("job", B, user=D)
        server.has("user", C, name="c")
        jobs = list(Job.objects.using(session))
        server.asked()
        assert jobs[0].user.name == "c"
        assert server.asked() == {"user active 2 None", "user inactive 1 None"}
        with pytest.raises(LookupError):
            _ = jobs[1].user
        assert not server.asked(), "it is known that there is none"

    def test_a_missing_field_is_read_in_the_scope_of_its_page(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("share", A, "inactive", code="one")
        server.has("share", B, "inactive", code="two")
        shares = list(Share.objects.using(session).inactive())
        server.asked()
        for _, _, row in server.rows:
            row["description"] = "late"
        assert shares[0].description == "late"
        assert server.asked() == {"share inactive 2 ['id', 'description']"}
        assert shares[1].description == "late"
        assert not server.asked()


class TestAtOnce:
    def test_a_creation_without_an_answer_stays_to_be_looked_up(self, served: Callable[..., Any]) -> None:
        def answer(asked: Any) -> Any:
            return ConnectionLost("gone") if asked.uri.endswith("create") or asked.method == "GET" else []

        session, server = served(answer)
        with pytest.raises(ConnectionLost):
            Queue.objects.using(session).create(name="night")
        (queue,) = session.new
        with pytest.raises(SessionError, match="no answer came to the creation of"):
            session.commit()
        assert sum(asked.method == "POST" for asked in server.asked) == 1
        session.expunge(queue)
        assert not session.new
        assert session.commit().complete

    def test_a_refused_one_can_be_used_again(self, served: Callable[..., Any]) -> None:
        refusing = True

        def answer(asked: Any) -> Any:
            from accsyn_orm.wire.messages import HttpResponse

            return HttpResponse(400, {}, b'{"message": "no"}') if refusing else [{"id": A}]

        session, _ = served(answer)
        queue = Queue(name="night")
        with pytest.raises(Exception, match="no"):
            session.create_now(queue)
        refusing = False
        session.add(queue)
        session.commit()
        assert queue.id == A

    def test_a_session_is_not_copied(self, served: Callable[..., Any]) -> None:
        session, _ = served(list)
        with pytest.raises(TypeError) as caught:
            copy.copy(session)
        assert str(caught.value) == "a Session can neither be pickled nor copied: open one where it is needed"


class TestPlansOfValues:
    def test_what_is_created_brings_its_id(self, world: tuple[Any, Scoped]) -> None:
        session, _ = world
        plan = Plan(session.workspace, (Operation(1, Kind.CREATE, "queue", None, "night", marked=True),))
        (outcome,) = session.execute(plan).applied
        assert outcome.id == D

    def test_an_answer_without_an_id_is_said_by_name(self, served: Callable[..., Any]) -> None:
        session, _ = served(lambda asked: [])
        plan = Plan(
            session.workspace, (Operation(1, Kind.CREATE, "acl", None, "a rule", (Change("x", None, 1),)),)
        )
        with pytest.raises(CommitError) as caught:
            session.execute(plan)
        assert isinstance(caught.value.__cause__, ProtocolError)
        assert caught.value.__cause__.message == (
            "create acl 'a rule': the server answered without the new entity's id"
        )
        assert len(caught.value.unknown) == 1

    def test_of_another_workspace(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        with pytest.raises(SessionError) as caught:
            session.execute(Plan("elsewhere", (Operation(1, Kind.DELETE, "job", A),)))
        assert caught.value.message == (
            "the plan is for workspace 'elsewhere', and this session is in 'acmefilm'"
        )
        assert not server.writes

    def test_entities_that_are_held_are_brought_in_line(self, served: Callable[..., Any]) -> None:
        rows = [{"id": A, "code": "one", "description": "x"}, {"id": B, "code": "two", "description": "x"}]

        def answer(asked: Any) -> Any:
            if asked.method == "GET":
                return [row for row in rows if row["id"] == asked.id]
            return [] if asked.method == "DELETE" else [{"id": asked.id, **asked.data}]

        session, _ = served(answer)
        kept, gone = session.get(Job, A), session.get(Job, B)
        operations = (
            Operation(1, Kind.UPDATE, "job", A, changes=(Change("description", "x", "y"),)),
            Operation(2, Kind.DELETE, "job", B),
            Operation(3, Kind.UPDATE, "spaceship", C, changes=(Change("speed", 1, 2),)),
        )
        assert session.execute(Plan(session.workspace, operations), workers=1).complete
        assert kept.description == "y"
        assert not session.dirty
        with pytest.raises(SessionError, match="was deleted and cannot be added again"):
            session.add(gone)

    def test_members_that_are_held_are_left_to_their_next_reading(self, world: tuple[Any, Scoped]) -> None:
        session, server = world
        server.has("task", A, job=B, priority=1)
        (task,) = Task.objects.using(session).filter(job=B)
        members = (Member(A, "", (Change("priority", 1, 2),)),)
        plan = Plan(session.workspace, (Operation(1, Kind.UPDATE, "task", None, parent=B, members=members),))
        assert session.execute(plan).complete
        assert task.priority == 1
        assert server.writes[0].data == [{"id": A, "priority": 2}]
