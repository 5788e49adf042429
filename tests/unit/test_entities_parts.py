"""Tasks of jobs and files of collections: added at once, and led back to what they are parts of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    Collection,
    Delivery,
    Home,
    InvalidValue,
    Job,
    Lane,
    NotFound,
    ProtocolError,
    QueryError,
    ServerError,
    Session,
    SessionError,
    Task,
    Transfer,
    UnknownField,
    User,
    Workspace,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

ID = "614d660de50d45bb027c9bdd"
OTHER = "614d660de50d45bb027c9bde"
TASK = "26a529c3-0812-4774-ac6d-485ba5bf04c7"


@pytest.fixture
def job(session: Session) -> Transfer:
    made = Transfer(name="parts", source="site=hq:a", destination="site=hq:b")
    session.add(made)
    session.commit()
    return made


def test_one_task_is_added(
    session: Session, job: Transfer, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    job.description = "pending"
    with asked(demo_sandbox) as seen:
        task = job.tasks.create(source="volume=projects/a.mov", destination="lisa@example.com", priority=900)
    assert [(each.method, each.uri, each.id) for each in seen] == [("POST", "task/create", job.id)]
    assert (type(task), task.priority, task.job) == (Task, 900, job)
    assert session.dirty == [job], "what was pending stays pending"
    session.rollback()
    assert job.tasks.create("volume=projects/b.mov") in job.tasks
    assert job.tasks.create({"source": "volume=projects/c.mov", "uri": "c"}).uri == "c"


def test_several_tasks_are_added_with_one_request(
    job: Transfer, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    with asked(demo_sandbox) as seen:
        tasks = job.tasks.create(
            ["volume=projects/a.mov", {"source": "volume=projects/b.mov", "priority": 7}]
        )
    (post,) = seen
    assert (post.method, post.uri, post.id) == ("POST", "task/create", job.id)
    assert post.data == {
        "tasks": [{"source": "volume=projects/a.mov"}, {"source": "volume=projects/b.mov", "priority": 7}]
    }
    assert [(type(task), task.job is job) for task in tasks] == [(Task, True)] * 2
    assert list(job.tasks) == tasks, "they are the entities that the job has"
    with asked(demo_sandbox) as seen:
        again = job.tasks.create(["volume=projects/a.mov"])
    assert again == tasks[:1], "a task like one that is there is retried"


def test_duplicates(job: Transfer, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    first = job.tasks.create("volume=projects/a.mov")
    with asked(demo_sandbox) as seen, pytest.raises(ServerError, match="already"):
        job.tasks.create("volume=projects/a.mov", allow_duplicates=False)
    assert seen[0].data["allow_duplicates"] is False
    second = job.tasks.create("volume=projects/a.mov", replace_duplicates=True)
    assert [task.id for task in job.tasks] == [second.id] != [first.id]


def test_tasks_are_checked_before_they_are_sent(
    session: Session, job: Transfer, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    with asked(demo_sandbox) as seen:
        with pytest.raises(UnknownField, match="no field 'sorce' on Task; did you mean 'source'"):
            job.tasks.create([{"sorce": "a"}])
        with pytest.raises(InvalidValue, match="priority of a task"):
            job.tasks.create(priority="high")
        with pytest.raises(QueryError, match="there is no task to add"):
            job.tasks.create([])
        with pytest.raises(QueryError, match="not both"):
            job.tasks.create(["a"], source="b")  # type: ignore[call-overload]
        with pytest.raises(QueryError, match="no job named for the tasks"):
            Task.objects.using(session).create(["a"])
        with pytest.raises(QueryError, match="2 jobs named for the tasks"):
            job.tasks.create([{"source": "a", "job": OTHER}])
    assert seen == []


def test_tasks_that_the_server_only_confirms(served: Callable[..., Any]) -> None:
    session, _ = served(lambda asked: {"success": True} if asked.method == "POST" else [{"id": ID}])
    tasks = session.get(Job, ID).tasks
    assert tasks.create(["a", "b"]) == []
    with pytest.raises(ProtocolError, match="was added, and not which it is"):
        tasks.create("a", allow_duplicates=True)


def test_a_task_is_excluded_and_never_deleted(
    session: Session, job: Transfer, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    task = job.tasks.create("volume=projects/a.mov")
    with asked(demo_sandbox) as seen:
        for attempt in (lambda: session.delete(task), job.tasks.delete, Task.objects.everything().delete):
            with pytest.raises(SessionError, match=r'exclude it instead: task\.status = "excluded"'):
                attempt()
    assert seen == []
    task.status = "excluded"
    session.commit()
    session.refresh(job)
    assert job.status == "paused", "all its tasks are excluded"


KINDS = ("transfer", "compute", "delivery", "request", "stream")


def typed_server(kind: str, *, alias: bool = True, readable: str = "a") -> Callable[[Any], Any]:
    """Answer as a server that finds a job by its own type only, and `job` as `transfer` or not at all."""

    def answer(asked: Any) -> Any:
        if asked.uri == "task/find":
            return asked.page([{"id": TASK, "job": ID, "job_hr": readable, "status": "queued"}])
        asked_for = asked.uri.partition("/")[0]
        if asked_for == "job":
            asked_for = "transfer" if alias else "nothing"
        if asked_for == "nothing":
            raise ServerError("there is no entity type 'job'", status=404)
        return [{"id": ID, "code": "a", "status": "waiting"}] if asked_for == kind else []

    return answer


def types_asked(server: Any) -> list[str]:
    return [asked.uri.partition("/")[0] for asked in server.asked if asked.uri != "task/find"]


@pytest.mark.parametrize("alias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_job_of_a_task_is_found_whatever_kind_it_is(
    served: Callable[..., Any], kind: str, alias: bool
) -> None:
    session, server = served(typed_server(kind, alias=alias))
    (task,) = Task.objects.using(session).within(ID)
    found = task.job
    expected = "job" if kind == "transfer" and alias else kind
    assert (isinstance(found, Job), found.__mapper__.entitytype, found.id) == (True, expected, ID)
    asked = types_asked(server)
    others = [each for each in asked if each != "job"]
    assert asked[: len(asked) - len(others)] == ["job"] * (len(asked) - len(others)), (
        "the generic type comes first"
    )
    assert len(others) == len(set(others)), "each kind is asked once"
    assert task.job is found
    assert types_asked(server) == asked, "it is kept with the page"


@pytest.mark.parametrize("kind", KINDS)
def test_a_readable_reference_that_names_the_kind_spares_the_others(
    served: Callable[..., Any], kind: str
) -> None:
    session, server = served(typed_server(kind, alias=False, readable=f"{kind}:a({ID})"))
    (task,) = Task.objects.using(session).within(ID)
    assert task.job.__mapper__.entitytype == kind
    assert types_asked(server) == [kind]


def test_a_job_that_is_held_as_any_kind_is_the_job_of_its_tasks(served: Callable[..., Any]) -> None:
    session, _ = served(typed_server("delivery"))
    delivery = session.get(Delivery, ID)
    with session.no_implicit_io():
        (task,) = delivery.tasks
        assert task.job is delivery


def test_jobs_of_several_kinds_on_one_page(served: Callable[..., Any]) -> None:
    rows = {"delivery": {"id": ID, "code": "a"}, "stream": {"id": OTHER, "code": "b"}}

    def answer(asked: Any) -> Any:
        kind = asked.uri.partition("/")[0]
        if kind == "task":
            return asked.page([{"id": f"t{n}", "job": ident} for n, ident in enumerate([ID, OTHER, ID])])
        return asked.page([rows[kind]]) if kind in rows and not asked.data.get("finished") else []

    session, server = served(answer)
    tasks = list(Task.objects.using(session).within(ID))
    assert [type(task.job).__name__ for task in tasks] == ["Delivery", "Stream", "Delivery"]
    kinds = list(dict.fromkeys(types_asked(server)))
    assert kinds == ["job", "compute", "delivery", "request", "stream"], (
        "none is asked again for the second task"
    )


def test_a_job_that_is_nowhere_is_named(served: Callable[..., Any]) -> None:
    session, _ = served(typed_server("nowhere"))
    (task,) = Task.objects.using(session).within(ID)
    with pytest.raises(NotFound, match=f"job of <Task .*> is job {ID}, which does not exist"):
        _ = task.job


def test_the_job_of_a_delivery_s_task_on_the_sandbox(session: Session) -> None:
    ids = [each.id for each in Delivery.objects.using(session) if each.tasks.exists()]
    (first, *_) = Task.objects.using(session).within(ids[0])
    assert isinstance(first.job, Delivery)


def test_files_of_a_collection(session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    collection = Collection.objects.using(session).all()[0]
    before = list(collection.files)
    with asked(demo_sandbox) as seen:
        added = collection.add_files(["share=thefilm/a.mov", "share=thefilm/b.mov"])
    assert [(each.method, each.uri, each.id) for each in seen] == [("POST", "file/add", collection.id)]
    assert list(collection.files) == [*before, *added]
    assert all(file.collection is collection for file in added)
    with asked(demo_sandbox) as seen:
        assert collection.remove_files([added[0], added[1].id]) is True
    (delete,) = seen
    assert (delete.method, delete.uri) == ("DELETE", "collection/file/remove")
    assert delete.data == {"files": [file.id for file in added]}
    assert list(collection.files) == before
    nothings: list[Any] = [[], "share=thefilm/a.mov"]
    for nothing in nothings:
        with pytest.raises(InvalidValue, match="names no file"):
            collection.add_files(nothing)


def test_deactivating_waits_for_the_commit(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    user = User(code="gone@example.com", create_home_share=False)
    collection = Collection(name="Going", initial_files=["volume=projects/a.mov"])
    session.add_all([user, collection])
    session.commit()
    with asked(demo_sandbox) as seen:
        user.deactivate()
        collection.deactivate()
        assert [operation.kind.value for operation in session.plan()] == ["deactivate", "deactivate"]
    assert seen == []
    session.commit()
    assert user in User.objects.using(session).inactive()
    user.activate()
    session.commit()
    assert user in User.objects.using(session)


def test_what_a_type_rules_out_is_refused_with_the_reason(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    home = Home.objects.using(session).all()[0]
    lane = Lane.objects.using(session).all()[0]
    with asked(demo_sandbox) as seen:
        with pytest.raises(SessionError, match="cannot be deactivated: a home follows its user"):
            session.deactivate(home)
        with pytest.raises(SessionError, match="cannot be deleted: lanes go with the client"):
            session.delete(lane)
        with pytest.raises(SessionError, match="cannot be created: the session is signed in"):
            session.add(Workspace())
        with pytest.raises(SessionError, match="a lane cannot be created: lanes come with the client"):
            Lane.objects.using(session).create()
    assert seen == []


def test_a_field_that_a_type_does_not_have(served: Callable[..., Any]) -> None:
    row = {"id": TASK, "job": ID, "status": "queued", "creator": "lisa@example.com"}
    session, _ = served(lambda asked: asked.page([row]))
    (task,) = Task.objects.using(session).within(ID)
    with pytest.raises(UnknownField, match="no field 'code' on Task: a task is known by its uri"):
        _ = task.code
    with pytest.raises(UnknownField, match="known by its uri"):
        task.name = "x"
    with pytest.raises(UnknownField, match="known by its uri"):
        _ = Task.code
    with pytest.raises(UnknownField):
        Task.objects.filter(code="x")
    assert task.creator == "lisa@example.com", "what a server sends all the same is readable"
    assert not hasattr(task, "code")


def test_a_task_that_comes_back_without_its_job_is_of_the_job(served: Callable[..., Any]) -> None:
    session, server = served(lambda asked: [{"id": TASK if asked.method == "POST" else ID}])
    job = session.get(Job, ID)
    (task,) = job.tasks.create(["a"])
    with session.no_implicit_io():
        assert task.job is job
    assert [asked.uri for asked in server.asked] == ["job/find", "task/create"]
