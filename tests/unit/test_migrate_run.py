"""Running migrations with a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import (
    ConfigurationError,
    JournalError,
    SessionError,
)
from accsyn_orm.migrate import load_script, migration, run_migrations, status

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

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


# Scripts


def test_a_script_knows_where_it_came_from(script: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(script.parent)
    found = load_script("script.py")
    assert [each.title for each in found] == ["note why", "move"]
    assert (len(found), found[1].title, found.path) == (2, "move", str(script))
    assert len(found.digest) == 64


def test_a_script_without_migrations(script: pathlib.Path) -> None:
    script.write_text("x = 1\n")
    with pytest.raises(ConfigurationError, match="declares no migration"):
        load_script(script)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_script(script.with_name("none.py"))
    with pytest.raises(ConfigurationError, match="takes a title"):
        migration(_accept)  # type: ignore[arg-type]


# Running


def test_each_step_has_a_journal(
    empty_session: Session, empty_sandbox: Sandbox, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    runs = run_migrations(empty_session, load_script(script), _accept, journal=path)
    assert [str(run.result) for run in runs] == ["5 applied", "6 applied"]
    assert sorted(each.name for each in path.parent.iterdir()) == ["a.journal", "a.journal.2", "script.py"]
    found = status(path)
    assert found.complete
    assert not found.running
    assert [(step.title, step.counts) for step in found.steps] == [
        ("note why", {"applied": 5}),
        ("move", {"applied": 6}),
    ]
    queue = empty_sandbox.workspace.store.rows(["queue"])[-1]
    assert {job["queue"] for job in _documents(empty_sandbox, jobs)} == {queue.id}
    assert not empty_session.plan()


def test_no_secret_is_in_it(
    empty_session: Session, empty_sandbox: Sandbox, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    run_migrations(empty_session, load_script(script), _accept, journal=path)
    known = empty_sandbox.credentials()
    for file in path.parent.glob("a.journal*"):
        content = file.read_bytes()
        assert known["api_key"].encode() not in content
        assert known["pwd"].encode() not in content


def test_without_a_journal_none_is_kept(
    empty_session: Session, script: pathlib.Path, jobs: list[str]
) -> None:
    runs = run_migrations(empty_session, load_script(script), _accept, workers=2)
    assert [str(run.result) for run in runs] == ["5 applied", "6 applied"]
    assert [each.name for each in script.parent.iterdir()] == ["script.py"]


def test_what_is_not_agreed_to_is_not_sent(
    empty_session: Session, empty_sandbox: Sandbox, script: pathlib.Path, path: pathlib.Path, jobs: list[str]
) -> None:
    before = _writes(empty_sandbox)
    (run,) = run_migrations(empty_session, load_script(script), lambda step, plan: False, journal=path)
    assert run.result is None
    assert len(run.plan) == 5
    assert _writes(empty_sandbox) == before
    assert not path.exists()
    assert not empty_session.plan()


@pytest.mark.parametrize("taken", ["a.journal", "a.journal.2", "a.journal.undo", "a.journal.2.undo"])
def test_a_name_that_is_taken_is_refused_before_anything_is_sent(
    empty_session: Session,
    empty_sandbox: Sandbox,
    script: pathlib.Path,
    path: pathlib.Path,
    jobs: list[str],
    taken: str,
) -> None:
    path.with_name(taken).write_text("mine")
    before = len(empty_sandbox.requests)
    with pytest.raises(JournalError, match="exists already"):
        run_migrations(empty_session, load_script(script), _accept, journal=path)
    assert len(empty_sandbox.requests) == before


def test_pending_changes_are_refused(empty_session: Session, jobs: list[str]) -> None:
    from accsyn_orm import Job

    job = Job.objects.using(empty_session).get(id=jobs[0])
    job.description = "mine"
    with pytest.raises(SessionError, match="no migration made"):
        run_migrations(empty_session, [migration("x")(lambda session: None)], _accept)


def test_a_step_that_fails_leaves_nothing_pending(empty_session: Session, jobs: list[str]) -> None:
    from accsyn_orm import Job

    @migration("fails")
    def fails(session: Session) -> None:
        Job.objects.get(id=jobs[0]).description = "half"
        raise RuntimeError("in the script")

    with pytest.raises(RuntimeError, match="in the script"):
        run_migrations(empty_session, [fails], _accept)
    assert not empty_session.plan()
