"""Resuming: what was applied is not sent again, what is open is looked up, the rest is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm.errors import (
    CommitError,
    ConfigurationError,
    ConnectionLost,
    JournalError,
    ServerError,
)
from accsyn_orm.migrate import load_script, migration, resume, run_migrations, status
from accsyn_orm.migrate.resuming import finish
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import CommitResult, Outcome
from accsyn_orm.session.plan import Change, Kind, Operation, Plan

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping

    from accsyn_orm import Session
    from accsyn_orm.sandbox import Sandbox

SCRIPT = """
from accsyn_orm import Job, Queue
from accsyn_orm.migrate import migration

@migration("note why")
def note(session):
    for job in Job.objects.filter(code__contains="stored"):
        job.description = "old"

@migration("move")
def move(session):
    queue = Queue(name="resting")
    session.add(queue)
    for job in Job.objects.filter(description="old"):
        job.queue = queue
"""


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "a.journal"


@pytest.fixture
def script(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    return file


@pytest.fixture
def jobs(empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]) -> list[str]:
    for row in [
        row
        for row in empty_sandbox.workspace.store.rows(["transfer", "queue"])
        if not row.document.get("default")
    ]:
        with empty_sandbox.workspace.store.writing():
            empty_sandbox.workspace.store.remove(row.id)
    return store_jobs(empty_sandbox, 5)


def _accept(*_: object) -> bool:
    return True


def _documents(sandbox: Sandbox, idents: list[str]) -> list[dict[str, Any]]:
    rows = [sandbox.workspace.store.get(ident) for ident in idents]
    return [row.document for row in rows if row is not None]


def _writes(sandbox: Sandbox) -> int:
    return sum(1 for record in sandbox.requests if record.method != "GET" and record.uri != "api/login")


# Resuming


def _interrupted(
    session: Session, script: pathlib.Path, path: pathlib.Path, after: int, *, asks: bool = False
) -> None:
    """Run a script, and be interrupted when so many operations were through."""
    seen: list[Outcome] = []

    def progress(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_migrations(
            session, load_script(script), _accept, journal=path, workers=1, asks=asks, progress=progress
        )


@pytest.mark.parametrize("after", [1, 3, 5, 6, 10])
def test_an_interrupted_run_goes_on_and_sends_nothing_twice(
    empty_session: Session,
    empty_sandbox: Sandbox,
    script: pathlib.Path,
    path: pathlib.Path,
    jobs: list[str],
    after: int,
) -> None:
    before = _writes(empty_sandbox)
    _interrupted(empty_session, script, path, after)
    assert not status(path).complete
    runs = resume(empty_session, path)
    assert [str(run.result) for run in runs] == ["5 applied", "6 applied"]
    assert status(path).complete
    assert _writes(empty_sandbox) - before == 11
    assert {job["description"] for job in _documents(empty_sandbox, jobs)} == {"old"}


def test_a_finished_run_is_left_alone(
    empty_session: Session, empty_sandbox: Sandbox, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    run_migrations(empty_session, load_script(script), _accept, journal=path)
    before = len(empty_sandbox.requests)
    assert [str(run.result) for run in resume(empty_session, path)] == ["5 applied", "6 applied"]
    assert len(empty_sandbox.requests) == before


def test_steps_that_were_not_begun_are_agreed_to(
    empty_session: Session, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    _interrupted(empty_session, script, path, 2, asks=True)
    with pytest.raises(
        JournalError, match=r"the step 'move' was not begun, and its plan .* has to be agreed to"
    ):
        resume(empty_session, path)
    assert str(status(path)).endswith("1 of 2 steps were not begun")
    asked: list[str] = []

    def agree(step: Any, plan: Plan) -> bool:
        asked.append(step.title)
        return True

    assert len(resume(empty_session, path, agree=agree)) == 2
    assert asked == ["move"]


def test_a_script_that_was_changed_is_refused(
    empty_session: Session, empty_sandbox: Sandbox, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    _interrupted(empty_session, script, path, 2)
    script.write_text(SCRIPT + "\n# changed\n")
    before = len(empty_sandbox.requests)
    with pytest.raises(JournalError, match="was changed since the journal"):
        resume(empty_session, path)
    assert len(empty_sandbox.requests) == before
    script.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        resume(empty_session, path)


def test_the_last_step_needs_no_script(
    empty_session: Session, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    _interrupted(empty_session, script, path, 7)
    script.unlink()
    assert [str(run.result) for run in resume(empty_session, path)] == ["5 applied", "6 applied"]


def test_steps_without_a_script_cannot_be_gone_on_with(
    empty_session: Session, path: pathlib.Path, jobs: list[str]
) -> None:
    nothing = migration("nothing")(lambda session: None)
    stops = migration("stops")(_stop)
    with pytest.raises(KeyboardInterrupt):
        run_migrations(empty_session, [nothing, stops], _accept, journal=path)
    with pytest.raises(
        JournalError, match=r"steps 2 to 2 of the run .* were never begun, and it was made by no script"
    ):
        resume(empty_session, path)


def _stop(_: Session) -> None:
    raise KeyboardInterrupt


def test_a_plain_commit_is_resumed_too(empty_session: Session, path: pathlib.Path, jobs: list[str]) -> None:
    plan = Plan(
        "acmefilm", (Operation(1, Kind.UPDATE, "job", jobs[0], "", (Change("description", None, "x"),)),)
    )
    Journal.create(path, attrs.evolve(plan, workspace=empty_session.workspace)).close()
    (run,) = resume(empty_session, path)
    assert (run.migration.title, str(run.result)) == ("", "1 applied")
    assert "a commit" in str(status(path))


def test_another_workspace_is_refused(
    empty_session: Session, empty_sandbox: Sandbox, path: pathlib.Path
) -> None:
    Journal.create(path, Plan("other", (Operation(1, Kind.DELETE, "job", "a" * 24),))).close()
    before = len(empty_sandbox.requests)
    with pytest.raises(JournalError, match="of the workspace other"):
        resume(empty_session, path)
    assert len(empty_sandbox.requests) == before


def test_a_run_in_progress_is_refused_and_seen(empty_session: Session, path: pathlib.Path) -> None:
    with Journal.create(path, Plan(empty_session.workspace)):
        assert status(path).running
        assert "a process works on it right now" in str(status(path))
        with pytest.raises(JournalError, match="is in use"):
            resume(empty_session, path)


def test_rejected_operations_are_sent_again(
    empty_session: Session, empty_sandbox: Sandbox, path: pathlib.Path, jobs: list[str]
) -> None:
    gone = "f" * 24
    change = (Change("description", None, "x"),)
    operations = (
        Operation(1, Kind.UPDATE, "job", gone, "", change),
        Operation(2, Kind.UPDATE, "job", jobs[0], "", change),
    )
    Journal.create(path, Plan(empty_session.workspace, operations)).close()
    for _ in range(2):
        with pytest.raises(CommitError) as raised:
            resume(empty_session, path)
        assert [len(each) for each in (raised.value.applied, raised.value.rejected)] == [1, 1]
    step = status(path).steps[0]
    assert step.counts == {"rejected": 1, "applied": 1}
    assert step.trouble[0][1].attempts == 2
    assert "rejected: update job ffff" in str(step)


# What is open


@attrs.define
class _Server:
    """A session that says what became of operations, and takes in the others."""

    settled: dict[int, Outcome]
    sent: list[int] = attrs.Factory(list)
    done: dict[int, str | None] = attrs.Factory(dict)
    asked: list[tuple[int, str, dict[int, str]]] = attrs.Factory(list)
    fails: AssertionError | CommitError | None = None

    def settle(self, operation: Operation, marker: str, ids: Mapping[int, str]) -> Outcome:
        self.asked.append((operation.number, marker, dict(ids)))
        return self.settled[operation.number]

    def execute(
        self, plan: Plan, *, recorder: Any, done: Mapping[int, str | None], **_: object
    ) -> CommitResult:
        self.done = dict(done)
        outcomes = []
        for operation in plan:
            if operation.number in done:
                outcomes.append(Outcome(operation, id=done[operation.number]))
                continue
            recorder.intend(operation)
            outcomes.append(Outcome(operation, id="n" * 24))
            recorder.conclude(outcomes[-1])
            self.sent.append(operation.number)
        return CommitResult(plan, tuple(outcomes))


THREE = Plan(
    "acmefilm",
    (
        Operation(1, Kind.CREATE, "queue", None, "q", marked=True),
        Operation(2, Kind.UPDATE, "job", "a" * 24, "j", (), (1,)),
        Operation(3, Kind.DELETE, "job", "b" * 24),
    ),
)
ONE = THREE.operations[0]


def _finish(server: _Server, path: pathlib.Path) -> CommitResult:
    with Journal.open(path) as journal:
        return finish(server, journal)  # type: ignore[arg-type]


@pytest.fixture
def open_journal(path: pathlib.Path) -> str:
    """Make a journal with a creation that got no answer; return its marker."""
    with Journal.create(path, THREE) as journal:
        journal.intend(ONE)
        return journal.marker(ONE)


def test_what_the_server_has_is_not_sent(path: pathlib.Path, open_journal: str) -> None:
    server = _Server({1: Outcome(ONE, id="q" * 24)})
    assert str(_finish(server, path)) == "3 applied"
    assert server.asked == [(1, open_journal, {})]
    assert (server.sent, server.done) == ([2, 3], {1: "q" * 24})
    assert Journal.read(path).states()[1].id == "q" * 24


def test_what_the_server_does_not_have_is_sent(path: pathlib.Path, open_journal: str) -> None:
    server = _Server({1: Outcome(ONE, "not_sent")})
    assert _finish(server, path).complete
    assert server.sent == [1, 2, 3]
    assert Journal.read(path).states()[1].attempts == 2


def test_what_nobody_knows_stays_unknown_and_holds_back_what_needs_it(
    path: pathlib.Path, open_journal: str
) -> None:
    server = _Server({1: Outcome(ONE, "unknown", ServerError("two of them"))})
    with pytest.raises(CommitError, match="1 applied, 1 unknown, 1 not sent of 3") as raised:
        _finish(server, path)
    assert server.sent == [3]
    error = raised.value
    assert [each.operation.number for each in error.unknown] == [1]
    assert "two of them" in str(error.unknown[0])
    assert "needs an operation of which it is not known" in str(error.not_sent[0])
    assert status(path).unknown == 1
    again = _Server({1: Outcome(ONE, id="q" * 24)})
    assert _finish(again, path).complete
    assert again.sent == [2]


def test_ids_that_were_found_are_used_for_what_comes_after(path: pathlib.Path) -> None:
    two = THREE.operations[1]
    with Journal.create(path, THREE) as journal:
        for operation in (ONE, two):
            journal.intend(operation)
    server = _Server({1: Outcome(ONE, id="q" * 24), 2: Outcome(two, id="a" * 24)})
    _finish(server, path)
    assert [(number, ids) for number, _, ids in server.asked] == [(1, {}), (2, {1: "q" * 24})]
    assert server.sent == [3]


def test_a_lost_answer_is_looked_up(
    empty_sandbox: Sandbox, open_session: Any, faulty_line: Any, path: pathlib.Path, jobs: list[str]
) -> None:
    session = open_session(empty_sandbox, transport=faulty_line)
    operation = Operation(1, Kind.CREATE, "queue", None, "late", (Change("name", None, "late"),), marked=True)
    plan = Plan(session.workspace, (operation,))
    faulty_line.break_at(0, "after", ConnectionLost("gone"))
    with Journal.create(path, plan) as journal, pytest.raises(CommitError):
        session.execute(plan, recorder=journal)
    assert status(path).unknown == 1
    faulty_line.repair()
    (run,) = resume(session, path)
    assert str(run.result) == "1 applied"
    assert (
        len([row for row in empty_sandbox.workspace.store.rows(["queue"]) if row.document["name"] == "late"])
        == 1
    )
