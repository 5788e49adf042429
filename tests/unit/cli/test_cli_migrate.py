"""`accsyn-orm migrate`: what it prints, what it sends, its exit codes."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from accsyn_orm.cli import main
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.plan import Change, Kind, Operation, Plan

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

SCRIPT = """
from accsyn_orm import Job
from accsyn_orm.migrate import migration

@migration("note why")
def note(session):
    for job in Job.objects.filter(status="waiting"):
        job.description = "old"

@migration("abort")
def abort(session):
    for job in Job.objects.filter(status="waiting", description="old"):
        job.status = "aborted"
"""


@pytest.fixture
def script(tmp_path: pathlib.Path) -> str:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    return str(file)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / "a.journal")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Type something when the command asks."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def _writes(sandbox: Sandbox) -> int:
    return sum(1 for record in sandbox.requests if record.method != "GET" and record.uri != "api/login")


def _waiting(sandbox: Sandbox) -> int:
    return sum(1 for row in sandbox.workspace.store.rows(["transfer"]) if row.document["status"] == "waiting")


def test_the_whole_way(sandbox: Sandbox, script: str, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = _waiting(sandbox)
    assert main(["migrate", "run", script, "--yes", "--journal", path, "--workers", "3"]) == 0
    assert _waiting(sandbox) == 0
    printed = capsys.readouterr().out
    assert f"note why: {waiting} applied\nabort: {waiting} applied\n" in printed
    assert "# abort\nplan for " in printed
    assert "no journal is kept" not in printed
    assert main(["migrate", "status", "--journal", path]) == 0
    assert f"a.journal.2: abort\n  plan for acmefilm: {waiting} × update job" in capsys.readouterr().out
    assert main(["migrate", "resume", "--journal", path]) == 0
    assert f"abort: {waiting} applied" in capsys.readouterr().out
    assert main(["migrate", "undo", "--journal", path, "--yes"]) == 0
    assert f"undo of abort: {waiting} applied\nundo of note why: {waiting} applied" in capsys.readouterr().out
    assert _waiting(sandbox) == waiting


def test_a_plan_sends_only_reads(
    sandbox: Sandbox, script: str, path: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "run", script, "--plan", "--journal", path]) == 0
    assert _writes(sandbox) == 0
    printed = capsys.readouterr().out
    assert 'description  null → "old"' in printed
    assert (
        "# abort\nnote: planned by what the server has now, without what 'note why' will have changed: once that is"
        " applied, this step may find more, less or other entities, and its plan is shown anew\n"
        "plan for acmefilm: nothing to do\n"
    ) in printed
    assert [each.name for each in tmp_path.iterdir()] == ["script.py"]


def test_it_asks_and_says_that_no_journal_is_kept(
    sandbox: Sandbox, script: str, answer: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answer("no\n")
    assert main(["migrate", "run", script]) == 1
    assert _writes(sandbox) == 0
    printed = capsys.readouterr().out
    assert "so this run can be neither resumed nor undone: --journal PATH keeps one" in printed
    assert printed.endswith("Send this? [y/N] ")
    answer("y\nYes\n")
    assert main(["migrate", "run", script]) == 0
    assert _waiting(sandbox) == 0


def test_undo_asks(
    sandbox: Sandbox,
    script: str,
    path: str,
    answer: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["migrate", "run", script, "--yes", "--journal", path]) == 0
    answer("\n")
    assert main(["migrate", "undo", "--journal", path]) == 1
    assert _waiting(sandbox) == 0
    assert "# undo of abort" in capsys.readouterr().out
    answer("y\ny\n")
    assert main(["migrate", "undo", "--journal", path]) == 0
    assert _waiting(sandbox) > 0


def test_what_is_kept_is_said(
    sandbox: Sandbox, script: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan("acmefilm", (Operation(1, Kind.DELETE, "job", _some_job(sandbox)),))
    Journal.create(path, plan).close()
    assert main(["migrate", "resume", "--journal", path]) == 0
    assert "commit: 1 applied" in capsys.readouterr().out
    assert main(["migrate", "undo", "--journal", path]) == 1
    printed = capsys.readouterr().out
    assert "  kept: delete job" in printed
    assert "cannot be undone" in printed


def _some_job(sandbox: Sandbox) -> str:
    return next(
        row.id for row in sandbox.workspace.store.rows(["transfer"]) if row.document["status"] == "waiting"
    )


def test_what_was_rejected_is_said(sandbox: Sandbox, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    change = (Change("status", "waiting", "no such status"),)
    Journal.create(
        path, Plan("acmefilm", (Operation(1, Kind.UPDATE, "job", _some_job(sandbox), "", change),))
    ).close()
    assert main(["migrate", "resume", "--journal", path]) == 1
    assert "rejected: update job" in capsys.readouterr().err
    assert main(["migrate", "status", "--journal", path]) == 1
    assert "rejected: update job" in capsys.readouterr().out


def test_what_is_unknown_is_said(sandbox: Sandbox, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    operation = Operation(1, Kind.CREATE, "queue", None, "q", (Change("name", None, "q"),))
    with Journal.create(path, Plan("acmefilm", (operation,))) as journal:
        journal.intend(operation)
    assert main(["migrate", "status", "--journal", path]) == 3
    assert "intended: create queue 'q'" in capsys.readouterr().out
    assert main(["migrate", "resume", "--journal", path]) == 3
    assert "unknown: create queue 'q'" in capsys.readouterr().err
    assert _writes(sandbox) == 0


def test_status_needs_no_credentials(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    Journal.create(path, Plan("acmefilm")).close()
    assert main(["migrate", "status", "--journal", path]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_resume_asks_for_steps_that_were_not_begun_where_the_run_asked(
    sandbox: Sandbox,
    script: str,
    path: str,
    answer: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer("y\nn\n")
    assert main(["migrate", "run", script, "--journal", path]) == 1
    assert main(["migrate", "status", "--journal", path]) == 1
    assert "1 of 2 steps were not begun" in capsys.readouterr().out
    answer("")
    assert main(["migrate", "resume", "--journal", path]) == 1
    assert _waiting(sandbox) > 0
    answer("y\n")
    assert main(["migrate", "resume", "--journal", path]) == 0
    assert _waiting(sandbox) == 0


@pytest.mark.parametrize("action", ["status", "resume", "undo"])
def test_a_journal_that_is_none(
    sandbox: Sandbox, action: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", action, "--journal", path]) == 1
    assert "there is no journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["status"],
        ["resume"],
        ["undo"],
        ["run", "s.py", "--workers", "0"],
        ["run", "s.py", "--workers", "65"],
        ["run", "s.py", "--workers", "x"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert main(["migrate", *arguments]) == 2


def test_a_script_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "run", "none.py", "--yes"]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_journal_to_resume_from(
    sandbox: Sandbox, script: str, path: str, sent: signal.Signals
) -> None:
    sandbox.latency = 0.1
    command = [
        sys.executable,
        "-m",
        "accsyn_orm",
        "migrate",
        "run",
        script,
        "--yes",
        "--journal",
        path,
        "--workers",
        "2",
    ]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        limit = time.monotonic() + 20
        while _writes(sandbox) < 3 and time.monotonic() < limit:
            time.sleep(0.01)
        process.send_signal(sent)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert (
        errors
        == f"accsyn-orm: interrupted; see how far it is with: accsyn-orm migrate status --journal {path}\n"
    )
    entries = Journal.read(path).states().values()
    # Of what was being noted at that very moment, the intent may be all that is there.
    assert {"applied", "pending"} <= {entry.state for entry in entries} <= {"applied", "pending", "intended"}
    sandbox.latency = 0
    assert main(["migrate", "resume", "--journal", path]) == 0
    assert _waiting(sandbox) == 0
