"""Changes: what is sent, what is not, and what is true of each entity afterwards."""

from __future__ import annotations

import copy
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    CommitResult,
    Job,
    Queue,
    Session,
    SessionError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

NOBODY = "000000000000000000000000"


def new_job(session: Session, name: str, **values: Any) -> Job:
    job = Job(name=name, **values)
    session.add(job)
    session.commit()
    return job


class TestUpdate:
    def test_one_put_with_exactly_what_changed_and_the_second_commit_sends_nothing(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = Job.objects.get(code="my_transfer")
        job.status = "aborted"
        with asked(demo_sandbox) as seen:
            result = session.commit()
        (put,) = seen
        assert (put.method, put.uri, put.id, put.query) == ("PUT", "job/edit", job.id, None)
        assert put.data == {"status": "aborted"}
        assert isinstance(result, CommitResult)
        assert result.complete
        assert [outcome.id for outcome in result.applied] == [job.id]
        with asked(demo_sandbox) as seen:
            assert not session.commit().applied
        assert not seen
        assert not session.dirty
        assert job.status == "aborted"
        assert job.finished is not None, "what the server derived came back with the answer"

    def test_set_back_is_clean(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = new_job(empty_session, "set back", metadata={"a": {"b": [1, 2]}})
        job.status = "paused"
        job.metadata["a"]["b"].append(3)
        assert empty_session.dirty == [job]
        assert repr(job).endswith("paused (changed)>")
        job.status = "waiting"
        job.metadata["a"]["b"].pop()
        assert not empty_session.dirty
        assert not empty_session.plan()
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert not seen
        assert "(changed)" not in repr(job)

    def test_equal_after_encoding_is_equal(self, empty_session: Session) -> None:
        job = new_job(empty_session, "equal", metadata={"list": [1, 2], "when": "2026-07-01T12:00:00"})
        job.metadata["list"] = (1, 2)
        job.metadata["when"] = dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone.utc)
        job.metadata = {"when": job.metadata["when"], "list": job.metadata["list"]}
        assert not empty_session.dirty
        job.metadata["list"] = [True, 2]
        assert empty_session.dirty == [job], "true is not 1 on the wire"
        empty_session.rollback()

    def test_text_that_looks_like_json_is_not_the_json_itself(self, empty_session: Session) -> None:
        job = new_job(empty_session, "text")
        assert job.description is None
        job.description = "json:null"
        assert empty_session.dirty == [job]
        job.description = "null"
        assert empty_session.dirty == [job]
        empty_session.commit()
        assert job.description == "null"

    def test_a_container_that_is_held_stays_good_over_a_commit(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = new_job(empty_session, "held", metadata={"a": 1})
        held = job.metadata
        held["a"] = 2
        empty_session.commit()
        list(Job.objects.filter(code="held"))
        held["b"] = {"c": 3}
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert [request.data for request in seen] == [{"metadata": {"a": 2, "b": {"c": 3}}}]

    def test_a_container_that_is_out_of_date_refuses_instead_of_losing_the_change(
        self, empty_session: Session, empty_sandbox: Sandbox, open_session: Callable[..., Session]
    ) -> None:
        job = new_job(empty_session, "stale", metadata={"a": {"deep": 1}})
        held, deep = job.metadata, job.metadata["a"]
        other = open_session(empty_sandbox)
        other.update("Job", job.id, {"metadata": {"a": "somebody else's"}})
        empty_session.refresh(job)
        for container in (held, deep):
            with pytest.raises(SessionError, match=r"this metadata is out of date: .*read \.metadata again"):
                container["b"] = 1
        assert job.metadata == {"a": "somebody else's"}
        assert not empty_session.dirty

    def test_changed_again_between_is_sent_again(self, empty_session: Session) -> None:
        job = new_job(empty_session, "again")
        for status in ("paused", "waiting", "paused"):
            job.status = status
            assert empty_session.commit().applied[0].operation.changes[0].after == status

    def test_a_field_that_was_not_loaded_can_be_set_without_loading_it(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = Job.objects.only("status")[0]
        with asked(demo_sandbox) as seen:
            job.description = "unread"
            plan = session.plan()
            assert 'description  (not loaded) → "unread"' in str(plan)
            session.commit()
        assert [request.method for request in seen] == ["PUT"]
        assert seen[0].data == {"description": "unread"}

    def test_a_reference_is_sent_by_id(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        queues = list(Queue.objects.all())
        job = Job.objects.filter(status="waiting").first()
        assert job is not None
        target = next(queue for queue in queues if queue.id != job.queue_id)
        job.queue = target
        assert job.queue_id == target.id
        with asked(demo_sandbox) as seen:
            session.commit()
            assert job.queue is target
        assert [request.data for request in seen] == [{"queue": target.id}]
        job.queue_id = target.id
        assert not session.dirty

    def test_unknown_attributes_are_kept_readable_and_never_written(self, served: Callable[..., Any]) -> None:
        row = {"id": "614d660de50d45bb027c9bdd", "code": "a", "status": "waiting", "wan_speed": {"up": 5}}
        session, server = served(
            lambda asked: [dict(row, status=asked.data["status"])] if asked.method == "PUT" else [row]
        )
        job = session.get(Job, row["id"])
        assert job.wan_speed == {"up": 5}
        with pytest.raises(
            AttributeError, match="came from the server but Job does not declare it, so it is not written"
        ):
            job.wan_speed = {"up": 6}
        job.status = "paused"
        session.commit()
        assert server.asked[-1].data == {"status": "paused"}
        assert job.wan_speed == {"up": 5}

    def test_a_payload_above_the_packing_threshold_arrives(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = new_job(empty_session, "large")
        job.metadata = {"text": "é" * 110_000}
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert seen[0].compressed
        empty_session.refresh(job)
        assert job.metadata == {"text": "é" * 110_000}


class TestRollback:
    def test_it_restores_every_field_and_forgets_additions_and_deletions(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job, other = Job.objects.filter(status="waiting")[:2]
        queue, metadata, status = job.queue_id, copy.deepcopy(job.metadata), job.status
        with asked(demo_sandbox) as seen:
            job.status = "paused"
            job.metadata["internal"]["ticket"] = "changed"
            job.metadata["new"] = []
            job.queue = Queue(name="rolled back")
            session.add(job.queue)
            session.delete(other)
            new = Job(name="rolled back")
            session.add(new)
            session.rollback()
            assert (job.status, job.queue_id, job.metadata) == (status, queue, metadata)
            assert not [*session.new, *session.dirty, *session.deleted]
            assert not session.plan()
            session.commit()
        assert not seen
        assert "(new, in no session)" in repr(new)
        session.add(new)
        assert session.new == [new]
        session.rollback()

    def test_a_field_that_was_not_loaded_is_not_loaded_again(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = Job.objects.only("status")[0]
        job.description = "x"
        job.metadata = {"x": 1}
        session.rollback()
        with asked(demo_sandbox) as seen:
            assert job.metadata["show"] == "thefilm"
        assert len(seen) == 1
