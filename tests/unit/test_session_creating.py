"""Creation, deletion and what stands between: order, ids, and whose an entity is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    AmbiguousSession,
    DetachedEntity,
    Entity,
    InvalidValue,
    Job,
    Queue,
    ReadOnlyField,
    Session,
    SessionError,
    User,
    fields,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

NOBODY = "000000000000000000000000"


class Knot(Entity, entitytype="knot"):
    """A class that refers to itself."""

    tied_to: Any = fields.reference("Knot")


def new_job(session: Session, name: str, **values: Any) -> Job:
    job = Job(name=name, **values)
    session.add(job)
    session.commit()
    return job


class TestCreateAndDelete:
    def test_a_new_entity_gets_its_id_and_what_the_server_made_of_it(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        user = User(code="nora@example.com", name="Nora")
        assert "(new, in no session)" in repr(user)
        empty_session.add(user)
        assert "(new, to be created)" in repr(user)
        assert empty_session.new == [user]
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        (post,) = seen
        assert (post.method, post.uri, post.id) == ("POST", "user/create", None)
        sent = {name: value for name, value in post.data.items() if name != "metadata"}
        assert sent == {"code": "nora@example.com", "name": "Nora"}
        assert set(post.data.get("metadata", {})) <= {"accsyn_orm_marker"}, (
            "a marker to find it by, and nothing else"
        )
        assert not user.metadata, "the marker is ours, and not among what a user put there"
        assert not empty_session.new
        assert user.id is not None
        assert user.role == "standard"
        assert User.objects.get(code="nora@example.com") is user
        assert empty_session.get(User, user.id) is user
        user.name = "Nora N."
        assert empty_session.dirty == [user]
        empty_session.rollback()
        assert user.name == "Nora"

    def test_creates_go_in_dependency_order_and_ids_are_filled_in(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        queue = Queue(name="In order")
        jobs = [Job(name=f"in order {number}", queue=queue) for number in range(2)]
        empty_session.add_all([*jobs, queue])
        plan = empty_session.plan()
        assert [operation.entitytype for operation in plan] == ["queue", "job", "job"]
        assert [operation.depends_on for operation in plan] == [(), (1,), (1,)]
        assert re.search(r"queue +→ \(id from operation 1\)", str(plan))
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert seen[0].uri == "queue/create"
        assert [request.data.get("queue") for request in seen[1:]] == [queue.id, queue.id]
        assert [job.queue for job in jobs] == [queue, queue]
        assert not empty_session.dirty

    def test_a_stored_entity_may_wait_for_a_new_one(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = new_job(empty_session, "waits for a queue")
        job.queue = Queue(name="Late")
        with pytest.raises(
            InvalidValue, match=r"which is not going to be created: session\.add\(\) it first"
        ):
            empty_session.plan()
        empty_session.add(job.queue)
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert [request.uri for request in seen] == ["queue/create", "job/edit"]
        assert seen[1].data == {"queue": job.queue.id}
        assert job.queue_id == job.queue.id
        assert not empty_session.dirty

    def test_a_circle_of_new_entities_is_named(self, empty_session: Session) -> None:
        one, two = Knot(name="one"), Knot(name="two")
        one.tied_to, two.tied_to = two, one
        empty_session.add_all([one, two])
        with pytest.raises(
            InvalidValue, match=r"in a circle, so none can be created first: .*'one'.* → .*'two'"
        ):
            empty_session.commit()
        empty_session.rollback()
        assert not empty_session.new

    def test_delete(self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
        job = new_job(empty_session, "to go")
        job.status = "paused"
        empty_session.delete(job)
        assert empty_session.deleted == [job]
        assert not empty_session.dirty
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert [(request.method, request.uri, request.id) for request in seen] == [
            ("DELETE", "job/delete", job.id)
        ]
        assert not empty_session.deleted
        assert "(deleted)" in repr(job)
        assert empty_session.get(Job, job.id) is None
        with pytest.raises(ReadOnlyField, match="was deleted"):
            job.status = "waiting"
        with pytest.raises(SessionError, match="was deleted and cannot be added again"):
            empty_session.add(job)
        with pytest.raises(SessionError):
            empty_session.refresh(job)

    def test_a_deletion_can_be_taken_back(self, empty_session: Session) -> None:
        job = new_job(empty_session, "stays")
        empty_session.delete(job)
        empty_session.add(job)
        assert not empty_session.deleted
        assert not empty_session.plan()

    def test_a_new_entity_that_is_deleted_was_never_there(self, empty_session: Session) -> None:
        job = Job(name="never")
        empty_session.add(job)
        empty_session.delete(job)
        assert not empty_session.new
        assert not empty_session.plan()
        assert "(new, in no session)" in repr(job)

    def test_deactivate_and_activate(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        user = User(code="max@example.com")
        empty_session.add(user)
        empty_session.commit()
        empty_session.deactivate(user)
        assert [operation.kind.value for operation in empty_session.plan()] == ["deactivate"]
        with asked(empty_sandbox) as seen:
            empty_session.commit()
            assert list(User.objects.inactive()) == [user]
            empty_session.activate(user)
            empty_session.commit()
        sent = [(request.method, request.uri, request.id) for request in seen if request.method != "GET"]
        assert sent == [("DELETE", "user/deactivate", user.id), ("POST", "user/activate", user.id)]
        assert user in list(User.objects.all())
        with pytest.raises(DetachedEntity):
            empty_session.deactivate(User(code="nobody@example.com"))

    def test_expunged_entities_are_forgotten_and_never_created_a_second_time(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = new_job(empty_session, "expunged")
        job.status = "paused"
        empty_session.expunge(job)
        assert job.status == "waiting"
        assert not empty_session.plan()
        with pytest.raises(DetachedEntity):
            job.status = "paused"
        empty_session.add(job)
        assert not empty_session.new, "it exists: adding it again must not create it again"
        job.status = "paused"
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert [(request.method, request.data) for request in seen] == [("PUT", {"status": "paused"})]
        empty_session.expunge(job)
        other = Job.objects.get(code="expunged")
        assert other is not job
        with pytest.raises(SessionError, match="this session holds"):
            empty_session.add(job)

    def test_an_entity_belongs_to_one_session(
        self, empty_session: Session, empty_sandbox: Sandbox, open_session: Callable[..., Session]
    ) -> None:
        job = new_job(empty_session, "mine")
        other = open_session(empty_sandbox)
        for attempt in (other.add, other.delete, other.deactivate, other.refresh, other.expunge):
            with pytest.raises(DetachedEntity, match="belongs to another session"):
                attempt(job)
        with pytest.raises(AmbiguousSession):
            Job.objects.get(code="mine")
