"""The identity map: one object for one thing, for as long as anybody holds it."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    InvalidValue,
    Job,
    NotFound,
    ProtocolError,
    Session,
    SessionClosed,
    SessionError,
    Transfer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox


def test_the_same_thing_is_the_same_object(session: Session) -> None:
    job = Job.objects.get(code="my_transfer")
    assert Job.objects.get(id=job.id) is job
    assert session.get(Job, job.id) is job
    assert next(iter(Job.objects.filter(status=job.status).iterator())) in list(Job.objects.all())
    assert job in list(Job.objects.all())
    assert session.get(Transfer, job.id) is not job


def test_getting_what_is_held_asks_nothing(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    job = Job.objects.get(code="my_transfer")
    with asked(demo_sandbox) as seen:
        session.get(Job, job.id)
    assert not seen


def test_get_finds_in_every_scope_and_none_where_there_is_none(session: Session) -> None:
    finished = Job.objects.finished()[0]
    ident = finished.id
    del finished
    gc.collect()
    found = session.get(Job, ident)
    assert found is not None
    assert found.status in {"done", "aborted"}
    assert session.get(Job, "0" * 24) is None
    with pytest.raises(InvalidValue):
        session.get(Job, "not an id; really")


def test_two_sessions_have_two_objects(demo_sandbox: Sandbox, open_session: Callable[..., Session]) -> None:
    one, two = open_session(demo_sandbox), open_session(demo_sandbox)
    mine = Job.objects.using(one).get(code="my_transfer")
    theirs = Job.objects.using(two).get(code="my_transfer")
    assert mine is not theirs
    mine.description = "only mine"
    assert theirs.description != "only mine"
    one.rollback()


def test_a_second_read_refreshes_unchanged_fields_and_keeps_local_changes(
    empty_session: Session, empty_sandbox: Sandbox, open_session: Callable[..., Session]
) -> None:
    job = Job(name="read twice", metadata={"a": 1})
    empty_session.add(job)
    empty_session.commit()
    job.status = "paused"
    job.metadata["a"] = 2
    other = open_session(empty_sandbox)
    other.update("Job", job.id, {"status": "aborted", "description": "theirs", "metadata": {"b": 1}})
    found = Job.objects.using(empty_session).finished().get(id=job.id)
    assert found is job
    assert job.description == "theirs"
    assert (job.status, job.metadata) == ("paused", {"a": 2})
    assert {change.attribute: change.before for change in empty_session.plan().operations[0].changes} == {
        "status": "aborted",
        "metadata": {"b": 1},
    }, "what the server has now is the 'before'"
    empty_session.rollback()
    assert (job.status, job.metadata) == ("aborted", {"b": 1})


def test_a_local_change_that_somebody_else_made_as_well_is_clean(
    empty_session: Session, empty_sandbox: Sandbox, open_session: Callable[..., Session]
) -> None:
    job = Job(name="the same change", metadata={})
    empty_session.add(job)
    empty_session.commit()
    job.status = "paused"
    job.metadata["a"] = 1
    open_session(empty_sandbox).update("Job", job.id, {"status": "paused", "metadata": {"a": 1}})
    list(Job.objects.using(empty_session).filter(id=job.id))
    assert not empty_session.dirty
    assert not empty_session.plan()


def test_refresh_reads_again_and_drops_local_changes(
    empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    job = Job(name="refreshed")
    empty_session.add(job)
    with pytest.raises(SessionError, match="does not exist on the server"):
        empty_session.refresh(job)
    empty_session.commit()
    job.status = "paused"
    with asked(empty_sandbox) as seen:
        empty_session.refresh(job)
    assert [(request.uri, request.id) for request in seen] == [("job/find", job.id)]
    assert job.status == "waiting"
    assert not empty_session.dirty


def test_refresh_of_what_is_gone(empty_session: Session, empty_sandbox: Sandbox) -> None:
    job = Job(name="gone")
    empty_session.add(job)
    empty_session.commit()
    empty_sandbox.workspace.store.remove(job.id)
    job.status = "paused"
    with pytest.raises(NotFound, match=r"<Job .*'gone'.*> does not exist any more"):
        empty_session.refresh(job)
    assert empty_session.dirty == [job], "the local change is still there"
    empty_session.rollback()


def test_the_map_is_weak(session: Session) -> None:
    jobs = list(Job.objects.all())
    jobs[0].metadata.get("show")
    watched = [weakref.ref(job) for job in jobs]
    kept = jobs[1]
    del jobs
    gc.collect()
    assert [watch() for watch in watched if watch() is not None] == [kept]
    assert len(session._identity) == 1


def test_what_is_changed_new_or_to_be_deleted_is_held_until_it_is_committed(empty_session: Session) -> None:
    empty_session.add(Job(name="held"))
    gc.collect()
    assert [job.code or job.name for job in empty_session.new] == ["held"]
    empty_session.commit()
    Job.objects.get(code="held").status = "paused"
    gc.collect()
    assert len(empty_session.dirty) == 1
    empty_session.commit()
    gc.collect()
    assert len(empty_session._identity) == 0, "something holds on to what was committed"


def test_a_closed_session_refuses(session: Session) -> None:
    job = Job.objects.get(code="my_transfer")
    session.close()
    for attempt in (
        lambda: session.get(Job, job.id),
        lambda: session.refresh(job),
        lambda: session.add(Job(name="x")),
        session.commit,
        lambda: setattr(job, "status", "paused"),
        lambda: job.queue,
    ):
        with pytest.raises(SessionClosed):
            attempt()
    assert job.status != "paused"


def test_an_answer_about_another_entity_is_refused(served: Callable[..., Any]) -> None:
    session, _ = served(lambda asked: [{"id": "f" * 24}])
    with pytest.raises(ProtocolError, match="answered another entity"):
        session.get(Job, "0" * 24)


def test_a_row_without_a_usable_id_is_set_aside(
    served: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"id": "a" * 24, "code": "good"}, {"code": "none"}, {"id": 5}, {"id": "x' OR id!='"}, {"id": ""}]
    served(lambda asked: asked.page(rows))
    assert [job.code for job in Job.objects.all()] == ["good"]
    assert caplog.text.count("has no usable id and was set aside") == 4
