"""What a session plans and does with whole entities: deletions, switches, settling, renewing, describing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue, Session, Share, Task, User
from accsyn_orm.errors import ImplicitIO, NotFound, SessionError
from accsyn_orm.mapping.mapper import MARKER
from accsyn_orm.mapping.protocols import Select
from accsyn_orm.session.plan import NOT_LOADED, Change, Kind, NewEntity, Operation
from accsyn_orm.wire.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

A, B = "a" * 24, "b" * 24


def rows_of(**by_type: list[dict[str, Any]]) -> Callable[[Any], Any]:
    """Return a server that has these rows, and takes every write."""

    def answer(asked: Any) -> Any:
        if asked.method != "GET":
            return [{"id": asked.id or asked.query}]
        rows = by_type.get(asked.uri.partition("/")[0], [])
        if asked.id is not None and not asked.uri.startswith("task"):
            return [row for row in rows if row["id"] == asked.id]
        return asked.page(rows)

    return answer


class TestPlanning:
    @pytest.mark.parametrize(
        ("kind", "row", "before"),
        [
            (Kind.DEACTIVATE, {"inactive": False}, False),
            (Kind.ACTIVATE, {"inactive": True}, True),
            (Kind.DEACTIVATE, {}, NOT_LOADED),
        ],
    )
    def test_a_switch_says_what_was_before(
        self, served: Callable[..., Any], kind: Kind, row: dict[str, Any], before: Any
    ) -> None:
        session, server = served(rows_of(share=[{"id": A, "code": "one", **row}]))
        share = session.get(Share, A)
        (session.deactivate if kind is Kind.DEACTIVATE else session.activate)(share)
        asked = len(server.asked)
        assert list(session.plan()) == [
            Operation(1, kind, "share", A, "one", (Change("inactive", before, kind is Kind.DEACTIVATE),))
        ]
        assert len(server.asked) == asked
        session.commit()
        assert share.inactive is (kind is Kind.DEACTIVATE)
        assert not session.plan()

    def test_it_comes_after_the_changes_of_the_same_entity_and_gives_way_to_its_deletion(
        self, served: Callable[..., Any]
    ) -> None:
        session, _ = served(rows_of(share=[{"id": A, "code": "one", "inactive": False, "description": ""}]))
        share = session.get(Share, A)
        share.description = "changed"
        session.deactivate(share)
        assert [(each.kind, each.depends_on) for each in session.plan()] == [
            (Kind.UPDATE, ()),
            (Kind.DEACTIVATE, (1,)),
        ]
        session.delete(share)
        assert [(each.kind, each.depends_on, each.changes) for each in session.plan()] == [
            (Kind.DELETE, (), ())
        ]
        session.add(share)
        assert len(session.plan()) == 2, "taken back"

    def test_the_last_switch_counts(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(user=[{"id": A, "inactive": False}, {"id": B, "inactive": False}]))
        users = [session.get(User, A), session.get(User, B)]
        session.deactivate(users[0])
        session.activate(users[0])
        session.deactivate(users[1])
        assert [(each.kind, each.id) for each in session.plan()] == [
            (Kind.ACTIVATE, A),
            (Kind.DEACTIVATE, B),
        ]

    def test_what_does_not_exist_cannot_be_switched(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of())
        share = Share(code="new")
        session.add(share)
        with pytest.raises(SessionError) as caught:
            session.activate(share)
        assert (
            caught.value.message == f"{share!r} does not exist on the server, so there is nothing to activate"
        )

    def test_tasks_are_not_deleted(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(task=[{"id": A, "job": B}]))
        (task,) = Task.objects.using(session).filter(job=B)
        with pytest.raises(SessionError) as caught:
            session.delete(task)
        assert caught.value.message == (
            f"{task!r} cannot be deleted: accsyn keeps tasks for its audit trail; exclude it instead:"
            ' task.status = "excluded"'
        )
        assert caught.value.entity == "task"

    def test_tasks_of_one_job_are_one_request(self, served: Callable[..., Any]) -> None:
        session, server = served(
            rows_of(
                task=[{"id": name, "job": B, "priority": 1, "status": "queued"} for name in (A, "c" * 24)]
            )
        )
        for task in Task.objects.using(session).filter(job=B):
            task.priority = 2
        (operation,) = session.plan()
        assert (operation.id, operation.parent, operation.label, operation.changes) == (None, B, "", ())
        assert [(member.id, member.changes) for member in operation.members] == [
            (A, (Change("priority", 1, 2),)),
            ("c" * 24, (Change("priority", 1, 2),)),
        ]
        session.commit()
        assert server.asked[-1].data == [{"id": A, "priority": 2}, {"id": "c" * 24, "priority": 2}]
        assert not session.dirty

    def test_a_queue_that_is_made_first(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(job=[{"id": A, "queue": B, "code": "one"}]))
        job, queue = session.get(Job, A), Queue(name="night")
        job.queue = queue
        session.add(queue)
        create, update = session.plan()
        assert (create.kind, create.marked, create.label) == (Kind.CREATE, True, "night")
        assert update.changes == (Change("queue", B, NewEntity(1)),)
        assert update.depends_on == (1,)


class TestCommitting:
    def test_what_waits_for_something_that_was_not_applied_is_not_sent(
        self, served: Callable[..., Any]
    ) -> None:
        def answer(asked: Any) -> Any:
            if asked.uri == "queue/create":
                return HttpResponse(400, {}, b'{"message": "no"}')
            return rows_of(job=[{"id": A, "queue": B, "code": "one"}])(asked)

        session, _ = served(answer)
        job, queue = session.get(Job, A), Queue(name="night")
        job.queue = queue
        session.add(queue)
        with pytest.raises(CommitError) as caught:
            session.commit()
        (outcome,) = caught.value.not_sent
        assert str(outcome) == (f"update job {A} 'one': needs operation 1 of the plan, which was not applied")
        assert outcome.error is not None
        assert outcome.error.entity == "job"
        assert outcome.id == A
        assert caught.value.message == "1 rejected, 1 not sent of 2; the first: no"

    def test_creating_at_once_leaves_nothing_behind_where_it_is_refused(
        self, served: Callable[..., Any]
    ) -> None:
        session, server = served(lambda asked: HttpResponse(400, {}, b'{"message": "no"}'))
        with pytest.raises(Exception, match="no"):
            Queue.objects.using(session).create(name="night")
        assert not session.new
        queue = Queue(name="night")
        session.add(queue)
        assert len(session.plan()) == 1
        assert server.asked[-1].data["name"] == "night"

    def test_a_deleted_entity_is_gone_from_the_session(self, served: Callable[..., Any]) -> None:
        session, server = served(rows_of(queue=[{"id": A, "name": "night"}]))
        queue = session.get(Queue, A)
        session.delete(queue)
        assert session.deleted == [queue]
        session.commit()
        assert not session.deleted
        assert not session.plan()
        with pytest.raises(SessionError, match="was deleted and cannot be added again; make a new one"):
            session.add(queue)
        asked = len(server.asked)
        assert session.get(Queue, A) is not queue, "the one of before is not held any more"
        assert len(server.asked) > asked


class TestSettling:
    def test_an_update(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(job=[{"id": A, "queue": B}]))
        operation = Operation(2, Kind.UPDATE, "job", A, changes=(Change("queue", None, NewEntity(1)),))
        outcome = session.settle(operation, "m", {1: B})
        assert (outcome.operation, outcome.state, outcome.error, outcome.id) == (
            operation,
            "applied",
            None,
            A,
        )
        outcome = session.settle(operation, "m", {1: A})
        assert (outcome.state, outcome.id) == ("not_sent", A)

    def test_a_creation(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(queue=[{"id": A, "metadata": {MARKER: "m"}}]))
        operation = Operation(1, Kind.CREATE, "queue", None, marked=True)
        found = session.settle(operation, "m")
        assert (found.state, found.id) == ("applied", A)
        lost = session.settle(operation, "another")
        assert (lost.state, lost.id, lost.error) == ("not_sent", None, None)

    def test_what_cannot_be_told(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of())
        outcome = session.settle(Operation(1, Kind.CREATE, "acl", None), "m")
        assert (outcome.state, outcome.id) == ("unknown", None)
        assert isinstance(outcome.error, NotFound)

    def test_it_counts_towards_a_budget(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of(job=[{"id": A, "status": "x"}]))
        with session.budget(5) as budget:
            session.settle(Operation(1, Kind.UPDATE, "job", A, changes=(Change("status", "y", "x"),)), "m")
        assert budget.used == 1


class TestTheRest:
    def test_renewing_with_another_key(
        self, empty_sandbox: Sandbox, open_session: Callable[..., Session]
    ) -> None:
        session = open_session(empty_sandbox)
        employee = empty_sandbox.credentials("employee")
        before = session.user_id
        session.renew(username=employee["username"], api_key=employee["api_key"])
        assert session.username == employee["username"]
        assert session.user_id != before
        assert session.role == "employee"
        with pytest.raises(Exception, match=r"\w"):
            session.renew(api_key="wrong")
        assert session.username == employee["username"]
        session.renew()
        assert session.role == "employee"
        session.close()
        with pytest.raises(SessionError, match="this session was closed"):
            session.renew()

    def test_describing_a_request(self, served: Callable[..., Any]) -> None:
        session, server = served(rows_of())
        queries = Job.objects.using(session).filter(status="waiting")
        select = Select(Job.__mapper__, queries.description.expression)
        assert session.describe(select) == "GET job/find query=status=waiting data={}"
        assert session.describe(select, skip=5, limit=10) == (
            "GET job/find query=status=waiting data={'limit': 10, 'skip': 5}"
        )
        assert session.describe(Select(Queue.__mapper__, attributes=("id",))) == (
            "GET queue/find data={'attributes': ['id']}"
        )
        assert not server.asked

    def test_reads_only(self, served: Callable[..., Any]) -> None:
        session, server = served(rows_of(job=[{"id": A, "status": "waiting"}]))
        job = session.get(Job, A)
        job.status = "paused"
        with session.only_reads("because"):
            with session.only_reads("inner"):
                assert session.get(Job, B) is None
            with pytest.raises(CommitError) as caught:
                session.commit()
        assert str(caught.value.__cause__).startswith(
            "job/edit is refused here, where only reads are sent: because"
        )
        assert caught.value.unknown == ()
        assert len(caught.value.not_sent) == 1
        assert not [asked for asked in server.asked if asked.method != "GET"]
        session.commit()
        assert server.asked[-1].method == "PUT"

    def test_implicit_requests_are_refused_by_name(self, served: Callable[..., Any]) -> None:
        session, server = served(rows_of(job=[{"id": A, "user": B}]))
        job = session.get(Job, A)
        asked = len(server.asked)
        with session.no_implicit_io():
            for name in ("description", "user"):
                with pytest.raises(ImplicitIO) as caught:
                    getattr(job, name)
                assert caught.value.message == (
                    f"{name} of {job!r} is not loaded, and implicit requests are refused here: ask for it with only()"
                    " or select_related(), or load it before"
                )
                assert caught.value.entity == "job"
        assert len(server.asked) == asked

    def test_closed_is_said(self, served: Callable[..., Any]) -> None:
        session, _ = served(rows_of())
        assert repr(session) == "<Session of john@user.com at acmefilm>"
        session.close()
        assert repr(session) == "<closed Session of john@user.com at acmefilm>"

    def test_what_is_gone_is_named(self, served: Callable[..., Any]) -> None:
        jobs = [{"id": A, "user": B}]
        session, _ = served(rows_of(job=jobs))
        job = session.get(Job, A)
        with pytest.raises(NotFound) as caught:
            _ = job.user
        assert caught.value.message == (
            f"user of {job!r} is user {B}, which does not exist or is not visible to john@user.com"
        )
        assert caught.value.entity == f"user:{B}"
        jobs.clear()
        with pytest.raises(NotFound) as caught:
            session.refresh(job)
        assert caught.value.message == f"{job!r} does not exist any more, or is not visible any more"
        assert caught.value.entity == f"job:{A}"

    def test_a_missing_field_of_a_task_is_read_by_its_job(self, served: Callable[..., Any]) -> None:
        session, server = served(rows_of(task=[{"id": A, "job": B}]))
        (task,) = Task.objects.using(session).filter(job=B)
        before = len(server.asked)
        assert task.description is None if hasattr(type(task), "description") else task.priority is None
        assert len(server.asked) > before
        assert all(B in f"{asked.id} {asked.query} {asked.data}" for asked in server.asked)
