"""Undoing: what was written is taken back where it is still there, and everything else is reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Collection, Job, Queue
from accsyn_orm.errors import CommitError, JournalError
from accsyn_orm.migrate import resume, run_migrations, status, undo
from accsyn_orm.migrate.script import Migration
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.session.plan import ABSENT, NOT_LOADED, Change, Kind, Operation, Plan

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Iterator

    from accsyn_orm import Session
    from accsyn_orm.migrate import Undone
    from accsyn_orm.sandbox import Sandbox


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "a.journal"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    from accsyn_orm.sandbox import Sandbox

    with Sandbox(data="demo") as fresh:
        yield fresh


@pytest.fixture
def admin(sandbox: Sandbox, open_session: Callable[..., Session]) -> Session:
    return open_session(sandbox)


def _everything(sandbox: Sandbox) -> dict[str, Any]:
    """Return what is in the workspace, without what the server itself writes on every change."""
    documents = sandbox.workspace.store._connection.execute(
        "SELECT id, document FROM entity ORDER BY sequence"
    )
    return {
        ident: {
            name: value for name, value in json.loads(text).items() if name not in ("modified", "modifier")
        }
        for ident, text in documents
    }


def _run(session: Session, path: pathlib.Path, *steps: Callable[[Session], None]) -> None:
    run_migrations(session, [Migration(step.__name__, step) for step in steps], lambda *_: True, journal=path)


def _undo(session: Session, path: pathlib.Path) -> Undone:
    (step,) = undo(session, path)
    return step


def _first_step(session: Session) -> None:
    for job in Job.objects.filter(status="waiting"):
        job.status = "aborted"
        job.metadata["why"] = "old"
    for collection in Collection.objects.all():
        session.deactivate(collection)


def _second_step(session: Session) -> None:
    queue = Queue(name="resting")
    session.add(queue)
    session.add(Job(name="new job", queue=queue))
    for job in Job.objects.finished().filter(status="aborted"):
        job.queue = queue
        job.metadata = {}


def test_the_workspace_is_what_it_was_before(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    before = _everything(sandbox)
    _run(admin, path, _first_step, _second_step)
    assert _everything(sandbox) != before
    undone = undo(admin, path)
    assert [(step.title, step.complete, step.kept) for step in undone] == [
        ("_second_step", True, ()),
        ("_first_step", True, ()),
    ]
    assert _everything(sandbox) == before
    assert all(set(step.undo or {}) == {"applied"} for step in status(path).steps)
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["a.journal", "a.journal.2", "a.journal.2.undo", "a.journal.undo"]


def test_entities_are_read_in_batches(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    _run(admin, path, _first_step)
    before = len(sandbox.requests)
    step = _undo(admin, path)
    reads = [record for record in sandbox.requests[before:] if record.method == "GET"]
    assert len(step.plan) > 10
    assert len(reads) < len(step.plan)


def test_what_is_not_agreed_to_is_not_sent(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    _run(admin, path, _first_step, _second_step)
    before = _everything(sandbox)
    (shown,) = undo(admin, path, agree=lambda step: False)
    assert shown.result is None
    assert not shown.complete
    assert _everything(sandbox) == before
    assert not path.with_name("a.journal.2.undo").exists()


def test_a_run_that_is_being_undone_is_not_resumed(admin: Session, path: pathlib.Path) -> None:
    _run(admin, path, _first_step)
    _undo(admin, path)
    with pytest.raises(JournalError, match="is being undone"):
        resume(admin, path)


@pytest.mark.parametrize("after", [1, 4, 10])
def test_an_interrupted_undo_goes_on(
    admin: Session, sandbox: Sandbox, path: pathlib.Path, after: int
) -> None:
    before = _everything(sandbox)
    _run(admin, path, _first_step)
    seen: list[Outcome] = []

    def progress(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo(admin, path, workers=1, progress=progress)
    written = _writes(sandbox)
    step = _undo(admin, path)
    assert step.complete
    assert _writes(sandbox) - written == len(step.plan) - after
    assert _everything(sandbox) == before
    assert _undo(admin, path).complete


def _writes(sandbox: Sandbox) -> int:
    return sum(1 for record in sandbox.requests if record.method != "GET" and record.uri != "api/login")


# What is kept


def _kept(session: Session, path: pathlib.Path) -> list[str]:
    return [kept.reason for kept in _undo(session, path).kept]


def _note(session: Session) -> None:
    job = Job.objects.filter(status="waiting").first()
    assert job is not None
    job.status = "aborted"
    job.description = "old"


def _job_of(path: pathlib.Path) -> str:
    return Journal.read(path).plan.operations[0].id or ""


def test_what_somebody_else_changed_since_is_kept(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    _run(admin, path, _note)
    ident = _job_of(path)
    open_session(sandbox).update("job", ident, {"description": "theirs"})
    before = _everything(sandbox)
    step = _undo(admin, path)
    assert [str(kept).partition("': ")[2] for kept in step.kept] == [
        "description was changed by somebody else since"
    ]
    assert len(step.plan) == 0
    assert not step.complete
    assert _everything(sandbox) == before
    assert [kept.reason for kept in _undo(admin, path).kept] == [
        "description was changed by somebody else since"
    ]


def test_what_is_gone_is_kept(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    _run(admin, path, _note)
    open_session(sandbox).delete_one("job", _job_of(path))
    assert _kept(admin, path) == ["it is gone, or not visible to this user"]


def test_a_deletion_cannot_be_undone(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    def delete(session: Session) -> None:
        session.delete(Job.objects.filter(status="waiting")[0])

    _run(admin, path, delete)
    assert "a deletion cannot be undone" in _kept(admin, path)[0]


@pytest.mark.parametrize("before", [NOT_LOADED, ABSENT])
def test_what_was_never_read_cannot_be_set_back(admin: Session, path: pathlib.Path, before: Any) -> None:
    job = Job.objects.using(admin).filter(status="waiting")[0]
    change = Change("description", before, job.description)
    _applied(path, admin, Operation(1, Kind.UPDATE, "job", job.id, "", (change,)))
    assert _kept(admin, path) == ["what description was before is not known"]


def _applied(path: pathlib.Path, session: Session, *operations: Operation, ident: str | None = None) -> None:
    """Make a journal that says that everything was applied."""
    plan = Plan(session.workspace, operations)
    with Journal.create(path, plan) as journal:
        for operation in plan:
            journal.intend(operation)
            journal.conclude(Outcome(operation, id=ident or operation.id))


def test_an_attribute_that_is_not_shown_cannot_be_compared(admin: Session, path: pathlib.Path) -> None:
    job = Job.objects.using(admin).filter(status="waiting")[0]
    change = Change("secret", "a", "b")
    _applied(path, admin, Operation(1, Kind.UPDATE, "job", job.id, "", (change,)))
    assert _kept(admin, path) == ["the server does not show secret"]


def test_what_nobody_knows_to_be_applied_is_kept(admin: Session, path: pathlib.Path) -> None:
    operation = Operation(1, Kind.CREATE, "queue", None, "q", (Change("name", None, "q"),))
    with Journal.create(path, Plan(admin.workspace, (operation,))) as journal:
        journal.intend(operation)
    step = _undo(admin, path)
    assert [kept.reason for kept in step.kept] == [
        "it is not known whether it was applied, and the server does not tell"
    ]
    assert status(path).unknown == 1


def test_what_was_never_applied_needs_no_undo(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    job = Job.objects.using(admin).filter(status="waiting")[0]
    operations = tuple(
        Operation(n, Kind.UPDATE, "job", job.id, "", (Change("description", None, f"{n}"),))
        for n in (1, 2, 3)
    )
    with Journal.create(path, Plan(admin.workspace, operations)) as journal:
        # The second may have been sent; the server shows that it was not.
        journal.intend(operations[1])
    before = _everything(sandbox)
    step = _undo(admin, path)
    assert step.complete
    assert (len(step.plan), step.kept) == (0, ())
    assert _everything(sandbox) == before


def _create(session: Session) -> None:
    session.add(Queue(name="mine"))


def _queue_of(path: pathlib.Path) -> str:
    return Journal.read(path).states()[1].id or ""


def test_what_carries_no_marker_any_more_is_kept(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    _run(admin, path, _create)
    open_session(sandbox).update("queue", _queue_of(path), {"metadata": {}})
    assert _kept(admin, path) == ["its marker is gone from its metadata: somebody else made it theirs"]
    assert sandbox.workspace.store.get(_queue_of(path)) is not None


def test_what_never_carried_a_marker_is_kept(admin: Session, path: pathlib.Path) -> None:
    queue = Queue.objects.using(admin)[0]
    _applied(path, admin, Operation(1, Kind.CREATE, "queue", None, "q"), ident=queue.id)
    assert "it carries no marker" in _kept(admin, path)[0]


def test_a_task_that_was_added_is_kept(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    task = sandbox.workspace.store.rows(["task"])[0]
    operation = Operation(1, Kind.CREATE, "task", None, parent=task.document["job"])
    _applied(path, admin, operation, ident=task.id)
    assert _kept(admin, path) == ["a task cannot be deleted"]


def test_what_is_needed_by_something_that_stays_is_kept(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    def move(session: Session) -> None:
        queue = Queue(name="mine")
        session.add(queue)
        Job.objects.filter(status="waiting")[0].queue = queue

    _run(admin, path, move)
    ident = Journal.read(path).plan.operations[1].id or ""
    other = Queue.objects.using(admin).filter(default=True)[0]
    open_session(sandbox).update("job", ident, {"queue": other.id})
    assert _kept(admin, path) == [
        "queue was changed by somebody else since",
        "something that needs it is not taken back",
    ]


def test_what_was_switched_back_is_kept(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    def deactivate(session: Session) -> None:
        session.deactivate(Collection.objects.all()[0])

    _run(admin, path, deactivate)
    open_session(sandbox).activate_one("collection", _job_of(path))
    assert _kept(admin, path) == ["somebody else has switched it back since"]


def test_what_was_active_already_is_left_alone(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    collection = Collection.objects.using(admin)[0]
    change = (Change("inactive", False, False),)
    _applied(path, admin, Operation(1, Kind.ACTIVATE, "collection", collection.id, "", change))
    before = _everything(sandbox)
    assert _undo(admin, path).complete
    assert _everything(sandbox) == before


# Tasks


def _job_with_tasks(sandbox: Sandbox) -> str:
    for row in sandbox.workspace.store.rows(["transfer"]):
        tasks = sandbox.workspace.store.children(row.id, "task")
        if len(tasks) > 1 and row.scope == "active":
            return row.id
    raise AssertionError("the demo data has no such job")


def test_tasks_are_set_back_each_for_itself(
    admin: Session, sandbox: Sandbox, open_session: Callable[..., Session], path: pathlib.Path
) -> None:
    ident = _job_with_tasks(sandbox)
    before = {row.id: row.document["priority"] for row in sandbox.workspace.store.children(ident, "task")}

    def prioritise(session: Session) -> None:
        job = session.get(Job, ident)
        assert job is not None
        for task in job.tasks:
            task.priority = 7

    _run(admin, path, prioritise)
    first, *others = before
    open_session(sandbox).update_many("task", ident, [{"id": first, "priority": 9}])
    step = _undo(admin, path)
    after = {row.id: row.document["priority"] for row in sandbox.workspace.store.children(ident, "task")}
    assert after == {**before, first: 9}
    assert [str(kept) for kept in step.kept] == [
        f"update task {first}: priority was changed by somebody else since"
    ]
    assert others


def test_a_refused_undo_is_tried_again(admin: Session, sandbox: Sandbox, path: pathlib.Path) -> None:
    def create(session: Session) -> None:
        session.add(Queue(name="mine"))

    _run(admin, path, create)
    above = _queue_of(path)
    below = admin.create("queue", {"name": "theirs", "parent": above})
    with pytest.raises(CommitError, match="there are queues below it"):
        undo(admin, path)
    admin.delete_one("queue", below["id"])
    assert _undo(admin, path).complete
    assert sandbox.workspace.store.get(above) is None
