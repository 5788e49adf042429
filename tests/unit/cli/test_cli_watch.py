"""`accsyn-orm watch`: lines for programs, a table that stays up to date for people."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from accsyn_orm import Job, Session, User
from accsyn_orm.cli.columns import columns_of
from accsyn_orm.cli.command import app
from accsyn_orm.cli.watch_table import GIVING_WAY, WatchTable, bar_columns
from accsyn_orm.queryset.watching import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

    from accsyn_orm.sandbox import Sandbox

QUERY = "job WHERE status=waiting"
# What programs such as `less` draw on a screen of their own with, as xterm documents it.
OWN_SCREEN, SCREEN_BEFORE, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    with Session() as opened:
        yield opened


def _watch(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["watch", *arguments])


@contextlib.contextmanager
def _started(*arguments: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """Run the command beside the test; it is stopped with it, and after 30 seconds at most."""
    command = [sys.executable, "-W", "error", "-m", "accsyn_orm", "watch", *arguments]
    with subprocess.Popen(command, text=True, **streams) as process:  # noqa: S603 -- our own command
        too_long = threading.Timer(30, process.kill)
        too_long.start()
        try:
            yield process
        finally:
            too_long.cancel()
            process.kill()


def test_once_prints_what_is_there(session: Session) -> None:
    done = _watch("job WHERE status=running", "--once")
    assert (done.exit_code, done.stderr) == (0, "")
    names, *lines = done.stdout.splitlines()
    assert names.split() == ["id", "name", "status", "progress", "size", "speed", "etr"]
    running = list(Job.objects.filter(status="running"))
    assert [line.split()[0] for line in lines] == [job.id for job in running]
    assert str(running[0].size) in lines[0]


def test_once_as_json(session: Session) -> None:
    done = _watch("user", "--once", "--json", "--columns", "code,queue.name")
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == [
        user.code for user in User.objects.all()
    ]


def test_a_line_per_event_until_the_time_is_over(session: Session) -> None:
    done = _watch(QUERY, "--timeout", "0.3", "--interval", "0.1")
    assert (done.exit_code, done.stderr) == (0, "")
    waiting = list(Job.objects.filter(status="waiting"))
    assert len(done.stdout.splitlines()) == len(waiting)
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\dZ  added  job  {waiting[0].id}  '{waiting[0].name}'", done.stdout.splitlines()[0]
    )


@pytest.mark.parametrize(
    "arguments", [["jab"], ["job WHERE status=ded"], ["job", "--columns", "x"], ["job", "--interval", "0"]]
)
def test_wrong_usage(sandbox: Sandbox, arguments: list[str]) -> None:
    sandbox.requests.clear()
    assert _watch(*arguments).exit_code == 2
    assert not sandbox.requests


def test_changes_come_as_lines_and_ctrl_c_ends_it_quietly(session: Session) -> None:
    first, second = Job.objects.filter(status="waiting")[:2]
    query = f"job WHERE status=waiting AND id IN {first.id},{second.id}"
    with _started(query, "--interval", "0.1", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert all("  added  job  " in line for line in lines)
        first.name = "a\x1b[2J"
        session.commit()
        assert "  changed  job  " in (line := process.stdout.readline())
        assert f"  {first.id}  " in line
        assert line.endswith("  name Daily backup → a\\x1b[2J\n")
        first.status = "aborted"
        session.commit()
        assert process.stdout.readline().endswith("status waiting → aborted  (finished)\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")


def test_events_as_json(session: Session) -> None:
    job = Job.objects.filter(status="waiting")[0]
    query = f"job WHERE id={job.id}"
    columns = ("--columns", "status,metadata.show")
    with _started(query, "--json", "--interval", "0.1", *columns, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        added = json.loads(process.stdout.readline())
        assert (added["kind"], added["id"], added["scope"]) == ("added", job.id, "active")
        assert added["entity"] == {"status": "waiting", "metadata.show": "thefilm"}
        job.status = "paused"
        session.commit()
        changed = json.loads(process.stdout.readline())
        assert (changed["kind"], changed["changes"]) == ("changed", {"status": ["waiting", "paused"]})
        assert changed["left"] is False


@contextlib.contextmanager
def _on_terminal(
    *arguments: str, term: str = "xterm-256color"
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the command on a terminal beside the test, and give it with our end of the terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": term, "COLUMNS": "120", "LINES": "30"}
    with _started(*arguments, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        yield process, ours
    os.close(ours)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_on_a_terminal_it_is_a_table_that_stays_up_to_date(session: Session, number: int) -> None:
    job = Job.objects.filter(status="waiting")[0]
    with _on_terminal(f"job WHERE id={job.id}", "--interval", "0.1") as (process, terminal):
        seen = _read_until(terminal, "waiting")
        job.status = "paused"
        session.commit()
        seen += _read_until(terminal, "paused")
        process.send_signal(number)
        left = _read_to_the_end(terminal)
        assert process.wait(20) == 130
    assert seen.index(OWN_SCREEN) < seen.index("time left")
    assert "\x1b[33mwaiting" in seen
    # The screen is what it was, with a cursor, and below the command stands what was seen last, once.
    kept = left.rpartition(SCREEN_BEFORE)[2]
    assert CURSOR in left.rpartition(SCREEN_BEFORE)[0]
    assert (kept.count("time left"), kept.count("paused")) == (1, 1)
    assert "Traceback" not in seen + left


def test_ctrl_z_leaves_the_terminal_to_the_shell(session: Session) -> None:
    job = Job.objects.filter(status="waiting")[0]
    with _on_terminal(f"job WHERE id={job.id}", "--interval", "0.1") as (process, terminal):
        _read_until(terminal, job.id)
        process.send_signal(signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        assert CURSOR in _read_until(terminal, SCREEN_BEFORE)
        process.send_signal(signal.SIGCONT)
        assert job.id in _read_until(terminal, OWN_SCREEN) + _read_until(terminal, job.id)
        process.send_signal(signal.SIGINT)
        _read_to_the_end(terminal)
        assert process.wait(20) == 130


def test_a_terminal_that_cannot_be_drawn_on_has_lines(session: Session) -> None:
    arguments = (QUERY, "--interval", "0.1", "--timeout", "0.3")
    with _on_terminal(*arguments, term="dumb") as (process, terminal):
        seen = _read_to_the_end(terminal)
        assert process.wait(20) == 0
    assert seen.count("  added  job  ") == Job.objects.filter(status="waiting").count()
    assert "\x1b" not in seen


def _read_until(terminal: int, text: str) -> str:
    seen = b""
    while text.encode() not in seen:
        seen += os.read(terminal, 4096)
    return seen.decode(errors="replace")


def _read_to_the_end(terminal: int) -> str:
    seen = b""
    # Linux says that a terminal is at its end by an error.
    with contextlib.suppress(OSError):
        while more := os.read(terminal, 4096):
            seen += more
    return seen.decode(errors="replace")


def _drawn(table: WatchTable, height: int = 12, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width, height=height)
    console.print(table)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue().splitlines()


def test_a_table_fits_the_terminal_and_keeps_what_left(session: Session) -> None:
    jobs = list(Job.objects.all()[:20])
    table = WatchTable("job at acmefilm", bar_columns(Job.__mapper__))
    table.update(jobs[1:])
    table.take(Event("removed", jobs[0], (), None, left=True))
    lines = _drawn(table)
    assert len(lines) == 11
    assert all(len(line) <= 100 for line in lines)
    assert lines[0] == "job at acmefilm: 19"
    assert lines[2].startswith(jobs[1].id)
    assert lines[-2].startswith(jobs[0].id)
    assert lines[-1] == "… and 12 more"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (100, "id name status progress size speed time left"),
        (90, "id name status progress speed time left"),
        (80, "id name status progress time left"),
        (70, "id name status progress"),
        (60, "id name status progress"),
        (50, "id name progress"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns(session: Session, width: int, shown: str) -> None:
    jobs = list(Job.objects.filter(status="running"))
    table = WatchTable("job at acmefilm", bar_columns(Job.__mapper__), GIVING_WAY)
    table.update(jobs)
    title, names, *rows = _drawn(table, width=width)
    assert title == f"job at acmefilm: {len(jobs)}"
    assert names.split() == shown.split()
    assert len(rows) == len(jobs)
    for job, row in zip(jobs, rows, strict=True):
        assert row.startswith(f"{job.id}  {job.name[:7]}")
        assert f" {job.progress} %" in row
        assert len(row) <= width


def test_columns_that_were_asked_for_do_not_give_way(session: Session) -> None:
    table = WatchTable("job", columns_of(Job.__mapper__, "size,speed,etr,status,progress,name,id"))
    table.update(list(Job.objects.filter(status="running")))
    assert _drawn(table, width=90)[1].split()[:5] == ["size", "speed", "time", "left", "status"]


def test_a_title_that_is_too_long_is_cut(session: Session) -> None:
    assert _drawn(WatchTable("job WHERE " * 12, bar_columns(Job.__mapper__)))[0].endswith("…")


@pytest.mark.parametrize("progress", [0, 7, 100])
def test_a_bar_and_its_percentage_are_on_one_line(sandbox: Sandbox, session: Session, progress: int) -> None:
    sandbox.faults.add(uri="job/find", kind="wrong_type", attribute="progress", value=progress, times=None)
    table = WatchTable("job", bar_columns(Job.__mapper__))
    table.update(list(Job.objects.all()[:1]))
    (line,) = _drawn(table)[2:]
    assert f" {progress} %" in line


@pytest.mark.parametrize("value", [None, "most of it", {"odd": 1}])
def test_what_is_no_number_is_shown_as_it_is(sandbox: Sandbox, session: Session, value: object) -> None:
    for attribute in ("progress", "size", "speed"):
        sandbox.faults.add(uri="job/find", kind="wrong_type", attribute=attribute, value=value)
        table = WatchTable("job", bar_columns(Job.__mapper__))
        table.update(list(Job.objects.filter(status="waiting")[:1]))
        assert len(_drawn(table)) == 3
