"""The catalogue: every attribute that the accsyn documentation names, and what leads from one class to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, NotFound, QueryError, Queue, Session, SessionError, Task, Transfer, User
from accsyn_orm.mapping.kinds import Boolean, Integer, Json, Number, Reference, Text, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

COMMON = {"id", "code", "name", "description", "metadata", "created", "creator", "modified", "modifier"}
DOCUMENTED = {
    Job: COMMON
    | {
        "status",
        "finished",
        "source",
        "source_hr",
        "destination",
        "destination_hr",
        "size",
        "progress",
        "speed",
    }
    | {"etr", "uri", "user", "user_hr", "queue", "parent", "parent_hr", "settings", "recipients", "hooks"},
    Transfer: COMMON
    | {"status", "finished", "source", "destination", "size", "progress", "speed", "etr", "uri"},
    Task: {
        "id",
        "uri",
        "job",
        "job_hr",
        "status",
        "created",
        "finished",
        "priority",
        "size",
        "time",
        "metadata",
    }
    | {"source", "destination", "modified"},
    User: COMMON
    | {"role", "status", "logged_in", "queue", "inactive", "phase", "create_home_share"}
    | {"give_all_volumes_access", "give_default_volume_access", "volumes", "message", "mail"},
    Queue: COMMON | {"priority", "default", "compute_default", "status", "uri"},
}
KINDS = {
    "created": Timestamp, "modified": Timestamp, "finished": Timestamp, "logged_in": Timestamp, "size": Integer,
    "progress": Integer, "speed": Number, "priority": Integer, "time": Integer, "default": Boolean,
    "compute_default": Boolean, "inactive": Boolean, "mail": Boolean, "metadata": Json, "settings": Json,
    "user": Reference, "queue": Reference, "job": Reference, "id": Text, "code": Text, "etr": Text,
}  # fmt: skip
SERVERS_OWN = {
    "id",
    "created",
    "modified",
    "creator",
    "modifier",
    "finished",
    "size",
    "progress",
    "speed",
    "etr",
    "user",
}


@pytest.mark.parametrize("cls", list(DOCUMENTED))
def test_every_documented_attribute_is_declared(cls: type[Any]) -> None:
    declared = cls.__mapper__.by_wire
    assert not DOCUMENTED[cls] - set(declared)
    for name, kind in KINDS.items():
        if name in declared:
            assert isinstance(declared[name].kind, kind), name
    for name in SERVERS_OWN & set(declared):
        assert not declared[name].create, name
        assert not declared[name].update, name
        assert declared[name].reason, f"{name} refuses without a reason"


@pytest.mark.parametrize("cls", list(DOCUMENTED))
def test_each_field_has_a_line_about_itself_and_a_reason_where_it_is_never_written(cls: type[Any]) -> None:
    for field in cls.__mapper__.fields.values():
        assert field.doc or field.name == "status", field.name
        if not field.create and not field.update:
            assert field.reason, field.name


def test_what_the_sandbox_knows_and_answers_is_declared(session: Session) -> None:
    """The sandbox lists its attributes by itself, out of its own reading of the documentation."""
    for cls in (Job, User, Queue, Task):
        readable = set(session.find(f"attributes WHERE entitytype={cls.__mapper__.entitytype}"))
        undeclared = {name for name in readable if not name.endswith("_hr")} - set(cls.__mapper__.by_wire)
        assert undeclared <= {"parent"}, f"{cls.__name__} lacks {undeclared}"


def test_the_tasks_of_a_job(session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    job = Job.objects.first()
    assert job is not None
    with asked(demo_sandbox) as seen:
        tasks = job.tasks
        assert "(not fetched)" in repr(tasks)
        found = list(tasks)
    assert seen[0].uri == "task/find"
    assert seen[0].data["parent"] == job.id
    assert found
    assert [type(task) for task in found] == [Task] * len(found)
    assert all(task.job is job for task in found)
    assert all(task.job_id == job.id for task in found)
    assert job.tasks.filter(status="queued").query == "task WHERE status=queued"


def test_a_changed_task_goes_out_under_its_job_with_its_changes_alone(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    job = Job.objects.filter(status="waiting").first()
    assert job is not None
    task = job.tasks[0]
    task.priority = 750
    task.metadata["note"] = "first"
    with asked(demo_sandbox) as seen:
        session.commit()
    (put,) = seen
    assert (put.method, put.uri, put.id) == ("PUT", "task/edit", job.id)
    assert put.data == [{"id": task.id, "metadata": {**task.metadata}, "priority": 750}]
    assert not session.dirty


def test_a_new_task_is_created_under_its_job(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    job = Job.objects.filter(status="waiting").first()
    assert job is not None
    before = {task.id for task in job.tasks}
    task = Task(job=job, source="volume=projects/a.mov", destination="lisa@example.com", priority=1)
    session.add(task)
    with asked(demo_sandbox) as seen:
        session.commit()
    (post,) = seen
    assert (post.method, post.uri, post.id) == ("POST", "task/create", job.id)
    assert "job" not in post.data["tasks"]
    assert task.id not in before
    assert task.job is job
    assert isinstance(task.source, dict), "what the server made of the path"
    assert {each.id for each in job.tasks} == before | {task.id}


def test_a_job_and_its_tasks_are_created_in_this_order(empty_session: Session) -> None:
    job = Job(name="with tasks", source="site=hq:a", destination="site=hq:b")
    task = Task(job=job, source="volume=projects/a", destination="volume=projects/b")
    empty_session.add_all([task, job])
    plan = empty_session.plan()
    assert [operation.entitytype for operation in plan] == ["job", "task"]
    assert str(plan.operations[1].parent) == "(id from operation 1)"
    empty_session.commit()
    assert [each.id for each in job.tasks] == [task.id]


def test_tasks_cannot_be_deleted(session: Session) -> None:
    job = Job.objects.first()
    assert job is not None
    with pytest.raises(SessionError, match=r'exclude it instead: task\.status = "excluded"'):
        session.delete(job.tasks[0])
    assert not session.deleted


def test_the_jobs_of_a_queue(session: Session) -> None:
    job = Job.objects.first()
    assert job is not None
    jobs = job.queue.jobs
    assert jobs.query == f"job WHERE queue={job.queue_id}"
    assert job in jobs


def test_a_reference_of_many_types_leads_to_the_class_of_its_type(session: Session) -> None:
    jobs = list(Job.objects.all())
    sent = [job for job in jobs if str(job.destination_ref).startswith("user:")]
    assert sent
    for job in sent:
        assert isinstance(job.destination, User)
        assert f"user:{job.destination.id}" == job.destination_ref


def test_parts_of_what_does_not_exist_yet_cannot_be_asked_for(empty_session: Session) -> None:
    job = Job(name="new")
    empty_session.add(job)
    with pytest.raises(QueryError, match="has no id yet: commit it before its parts are asked for"):
        _ = job.tasks
    empty_session.expunge(job)


def test_a_reference_to_what_is_gone_says_what_and_from_where(served: Callable[..., Any]) -> None:
    row = {"id": "614d660de50d45bb027c9bdd", "code": "a", "user": "5bfeb0381da7ee4095fa217e"}
    session, _ = served(lambda asked: [row] if asked.uri == "job/find" else [])
    job = session.get(Job, row["id"])
    with pytest.raises(
        NotFound, match=r"user of <Job .*> is user 5bfeb0381da7ee4095fa217e, which does not exist"
    ):
        _ = job.user
    assert job.user_id == "5bfeb0381da7ee4095fa217e"
