"""The command where standard output is a terminal, and where somebody is there to be asked."""

from __future__ import annotations

import getpass
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, Session
from accsyn_orm.cli import main
from accsyn_orm.cli.writers import TableWriter
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    known = served.credentials()
    monkeypatch.setenv("ACCSYN_URL", served.url)
    monkeypatch.setenv("ACCSYN_WORKSPACE", known["workspace"])
    monkeypatch.setenv("ACCSYN_API_USER", known["username"])
    monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "20")
    return served


@pytest.fixture
def shown(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run the command on a terminal, and return what it shows there."""

    def show(*arguments: str) -> str:
        screen = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", screen)
            assert main(arguments) == 0
        return screen.getvalue()

    return show


def test_a_table_is_coloured_and_made_to_fit(
    shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names, first, *_ = shown("find", "job WHERE status=failed").splitlines()
    assert "\x1b[1mid" in names
    assert "\x1b[1;31mfailed\x1b[0m" in first
    monkeypatch.setenv("NO_COLOR", "1")
    columns = "id,source_hr,destination_hr,user_id,user_hr,uri"
    row = _plain(shown("find", "job WHERE status=failed", "--columns", columns)).splitlines()[1]
    with Session():
        job = Job.objects.filter(status="failed")[0]
    assert row.startswith(f"{job.id}  ")
    assert f"  {job.user_id}  " in row
    assert "…" in row
    assert len(row) <= 100


def test_ids_are_cut_last(shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = _plain(
        shown("find", "job WHERE status=failed", "--columns", "id,user_id,queue_id,status")
    ).splitlines()
    assert "…" in lines[1]
    assert all(len(line) <= 40 for line in lines)


@pytest.mark.parametrize(
    ("width", "names"),
    [(100, "id name status progress size created"), (60, "id name status progress"), (26, "id")],
)
def test_the_last_columns_give_way(
    shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch, width: int, names: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    title, *rows = _plain(shown("find", "job WHERE status=failed")).splitlines()
    assert title.split() == names.split()
    with Session():
        jobs = list(Job.objects.filter(status="failed"))
    for job, row in zip(jobs, rows, strict=True):
        assert row.startswith(job.id)
        assert len(row) <= width
        assert "size" not in names or f" {job.size} " in row


def test_columns_that_were_asked_for_stay(shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "55")
    columns = "id,name,status,size"
    title, row, *_ = _plain(shown("find", "job WHERE status=failed", "--columns", columns)).splitlines()
    assert title.split() == columns.split(",")
    with Session():
        job = Job.objects.filter(status="failed")[0]
    assert row == f"{job.id}  Dailies…  failed  {job.size}"


def test_more_rows_than_a_table_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    writer = TableWriter(["id", "name"])
    for number in range(230):
        writer.write({"id": str(number), "name": "longer than those before" if number > 200 else "n"})
        if number == 98:
            assert capsys.readouterr().out == ""
    writer.finish()
    names, *lines = capsys.readouterr().out.splitlines()
    assert names == "id  name"
    assert [line.split()[0] for line in lines] == [str(number) for number in range(230)]
    assert lines[-1] == "229  longer than those before"


def test_numbers_stand_on_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    writer = TableWriter(["size", "speed", "odd", "yes", "none", "last"])
    writer.write({"size": 7, "speed": 1.5, "odd": 1, "yes": True, "none": None, "last": "x"})
    writer.write({"size": 12345, "speed": None, "odd": "text", "yes": False, "none": None, "last": "y"})
    writer.finish()
    assert capsys.readouterr().out.splitlines() == [
        " size  speed  odd   yes    none  last",
        "    7    1.5  1     true         x",
        "12345         text  false        y",
    ]


def test_csv_on_a_terminal_is_escaped(sandbox: Sandbox, shown: Callable[..., str]) -> None:
    spoilt = "a\x1b[2J"
    fault = sandbox.faults.add(
        uri="queue/find", kind="wrong_type", attribute="name", value=spoilt, times=None
    )
    seen = shown("find", "queue", "--columns", "name", "--format", "csv", "--limit", "1")
    sandbox.faults.remove(fault)
    assert seen == "name\na\\x1b[2J\n"


def test_watch_draws_a_table(shown: Callable[..., str]) -> None:
    seen = shown("watch", "job WHERE status=running", "--timeout", "0.2", "--interval", "0.1")
    assert "time left" in seen
    assert " 39 %" in seen.rpartition("\x1b[?1049l")[2], "it stays below the command"
    nothing = shown("watch", "job WHERE code=nothing", "--timeout", "0.2", "--interval", "0.1")
    assert "time left" in nothing
    assert nothing.endswith("\x1b[?1049l")


def test_watch_once_draws_it_once(shown: Callable[..., str]) -> None:
    assert shown("watch", "job WHERE status=running", "--once").count("time left") == 1


def test_a_listing_to_a_file_shows_how_far_it_is(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = Terminal()
    monkeypatch.setattr(sys, "stderr", errors)
    assert main(["find", "job", "--format", "jsonl", "--output", str(tmp_path / "jobs")]) == 0
    assert "job" in errors.getvalue()
    assert capsys.readouterr().out == ""
    errors.truncate(0)
    with (tmp_path / "more").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["find", "job", "--format", "jsonl"]) == 0
    assert "job" in errors.getvalue()


def test_a_listing_into_a_pipe_leaves_the_terminal_to_whoever_reads(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = Terminal()
    reading, writing = os.pipe()
    monkeypatch.setattr(sys, "stderr", errors)
    with os.fdopen(reading) as read, os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["find", "queue", "--format", "jsonl", "--limit", "1"]) == 0
        assert read.readline().startswith("{")
    assert errors.getvalue() == ""


@pytest.mark.parametrize(("typed", "code"), [("the key", 0), (None, 1), ("interrupt", 130)])
def test_a_key_is_asked_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, typed: str | None, code: int
) -> None:
    errors = Terminal()
    monkeypatch.delenv("ACCSYN_API_KEY")
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", errors)

    def ask(prompt: str) -> str:
        assert prompt == "API key of john@user.com: "
        if typed is None:
            raise EOFError
        if typed == "interrupt":
            raise KeyboardInterrupt
        return sandbox.credentials()["api_key"]

    # The terminal of the tests is not theirs to type on.
    monkeypatch.setattr(getpass, "getpass", ask)
    assert main(["whoami"]) == code
    assert errors.getvalue().startswith("accsyn-orm: no API key" if typed is None else "")


def test_a_pipe_that_is_closed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["find", "job", "--json"]) == 141
        assert main(["find", "job"]) == 0, "what is written goes nowhere by now"
