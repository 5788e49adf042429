"""What a journal refuses, and what becomes of it when the disk is full."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from accsyn_orm.errors import JournalError
from accsyn_orm.session import journal_file
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.session.plan import NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

PLAN = Plan(
    "acmefilm",
    (
        Operation(1, Kind.CREATE, "queue", None, "q", (Change("name", None, "q"),), marked=True),
        Operation(2, Kind.UPDATE, "job", "a" * 24, "j", (Change("queue", NOT_LOADED, NewEntity(1)),), (1,)),
        Operation(
            3,
            Kind.UPDATE,
            "task",
            None,
            "",
            (),
            (),
            "b" * 24,
            (Member("t1", "", (Change("status", "a", "b"),)),),
        ),
        Operation(4, Kind.DELETE, "job", "c" * 24),
    ),
)
ONE, TWO, _, FOUR = PLAN.operations


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "a.journal"


@pytest.fixture
def journal(path: pathlib.Path) -> Iterator[Journal]:
    with Journal.create(path, PLAN) as made:
        yield made


# What it refuses


def test_an_existing_file_is_never_started_afresh(path: pathlib.Path) -> None:
    path.write_text("mine")
    with pytest.raises(JournalError, match="exists already: resume it, or name another file"):
        Journal.create(path, PLAN)
    assert path.read_text() == "mine"
    assert [each.name for each in path.parent.iterdir()] == ["a.journal"]


def test_a_folder_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(JournalError, match="cannot be locked"):
        Journal.create(tmp_path / "no" / "a.journal", PLAN)


def test_a_second_runner_is_refused(path: pathlib.Path, journal: Journal) -> None:
    assert journal_file.is_in_use(path)
    with pytest.raises(JournalError, match=f"is in use by process {os.getpid()}: wait"):
        Journal.open(path)
    journal.intend(ONE)
    journal.close()
    assert not journal_file.is_in_use(path)
    with Journal.open(path) as again:
        assert again.states()[1].state == "intended"


_HOLDER = """
import sys, time
from accsyn_orm.session.journal import Journal
journal = Journal.open(sys.argv[1])
journal.intend(journal.plan.operations[0])
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_dies_with_its_process(path: pathlib.Path) -> None:
    Journal.create(path, PLAN).close()
    command = [sys.executable, "-c", _HOLDER, str(path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(JournalError, match=f"by process {holder.pid}"):
            Journal.open(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert journal_file.is_in_use(path) is False
    with Journal.open(path) as again:
        assert again.states()[1].state == "intended"


def test_another_workspace(path: pathlib.Path) -> None:
    Journal.create(path, PLAN).close()
    with pytest.raises(
        JournalError, match="is of the workspace acmefilm, and this session is signed in to other"
    ):
        Journal.open(path, workspace="other")
    Journal.open(path, workspace="acmefilm").close()


def test_no_journal_there(path: pathlib.Path) -> None:
    for opened in (Journal.open, Journal.read):
        with pytest.raises(JournalError, match="there is no journal"):
            opened(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"print('hello')\n", b"SQLite format 3\x00", b"SQLite format 3\x00" + b"x" * 5000]
)
def test_foreign_files(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(content)
    for opened in (Journal.open, Journal.read):
        with pytest.raises(JournalError, match="no journal"):
            opened(path)
    assert path.read_bytes() == content


def test_another_sqlite_file(path: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE event (x)")
    with pytest.raises(JournalError, match="some other SQLite file"):
        Journal.open(path)


def _change(path: pathlib.Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 2", "a journal of format 2, and this version of accsyn_orm reads format 1"),
        (
            "UPDATE setting SET value = replace(value, 'cccc', 'dddd') WHERE name = 'plan'",
            "is not the one that it was made for",
        ),
        ("UPDATE setting SET value = 'x' WHERE name = 'plan'", "is torn"),
        ("UPDATE setting SET value = 'x' WHERE name = 'notes'", "is torn"),
        ("DELETE FROM setting WHERE name = 'hash'", "is torn"),
        ("DELETE FROM operation WHERE number = 3", "is not the one that it was made for"),
        ("DROP TABLE event", "is torn"),
        (
            "INSERT INTO event (number, state, message) VALUES (9, 'applied', '')",
            "it has operation 9 as 'applied'",
        ),
        (
            "INSERT INTO event (number, state, message) VALUES (1, 'perhaps', '')",
            "it has operation 1 as 'perhaps'",
        ),
    ],
)
def test_what_does_not_fit_together(path: pathlib.Path, statement: str, message: str) -> None:
    Journal.create(path, PLAN).close()
    _change(path, statement)
    for opened in (Journal.open, Journal.read):
        with pytest.raises(JournalError, match=message):
            opened(path)
    assert not journal_file.is_in_use(path)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off(path: pathlib.Path, kept: float) -> None:
    Journal.create(path, PLAN).close()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(JournalError, match="torn"):
        Journal.open(path)


def test_a_file_with_a_hole(path: pathlib.Path) -> None:
    Journal.create(path, PLAN).close()
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(JournalError, match="torn"):
        Journal.open(path)


def test_half_of_it_is_missing_after_a_crash(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "copy"
    with Journal.create(path, PLAN) as journal:
        journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        journal.intend(ONE)
        copy.write_bytes(path.read_bytes())
    with pytest.raises(JournalError, match="copy-wal, its other half, is missing"):
        Journal.open(copy)


@contextlib.contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_journal_that_cannot_be_made_leaves_no_file(path: pathlib.Path) -> None:
    with _no_file_larger_than(8192), pytest.raises(JournalError, match="nothing was sent"):
        Journal.create(path, PLAN)
    assert list(path.parent.iterdir()) == []
    Journal.create(path, PLAN).close()


def test_a_disk_that_fills_up_keeps_what_was_noted(path: pathlib.Path) -> None:
    with Journal.create(path, PLAN) as journal:
        journal.intend(ONE)
        size = path.with_name("a.journal-wal").stat().st_size
        with _no_file_larger_than(size), pytest.raises(JournalError, match="nothing more is sent"):
            journal.conclude(Outcome(ONE, id="q" * 24))
    with Journal.open(path) as again:
        assert again.states()[1].state == "intended"


# When the disk is full


def _fill(journal: Journal) -> None:
    """Let the file grow no further, and use up what room is left in it."""
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count={pages}")


def _intend_until_full(journal: Journal) -> Operation:
    for operation in journal.plan:
        try:
            journal.intend(operation)
        except JournalError:
            return operation
    raise AssertionError("the disk was never full")


def test_an_intent_that_finds_no_room_is_no_intent(path: pathlib.Path) -> None:
    plan = Plan("acmefilm", tuple(Operation(n, Kind.DELETE, "job", f"{n:024}") for n in range(1, 1001)))
    with Journal.create(path, plan) as journal:
        _fill(journal)
        refused = _intend_until_full(journal)
        states = {n: entry.state for n, entry in journal.states().items()}
        with pytest.raises(JournalError, match="disk is full; nothing more is sent: make room, then resume"):
            journal.intend(plan.operations[-1])
        with pytest.raises(JournalError, match="disk is full"):
            journal.conclude(Outcome(plan.operations[0]))
    assert states[refused.number] == "pending"
    assert states[refused.number - 1] == "intended"
    with Journal.open(path) as again:
        assert {n: entry.state for n, entry in again.states().items()} == states
        again.intend(refused)


def test_everybody_whose_event_was_lost_is_told(path: pathlib.Path) -> None:
    plan = Plan("acmefilm", tuple(Operation(n, Kind.DELETE, "job", f"{n:024}") for n in range(1, 1601)))
    noted: list[int] = []
    with Journal.create(path, plan) as journal:
        _fill(journal)

        def work(part: int) -> None:
            with contextlib.suppress(JournalError):
                for operation in plan.operations[part::8]:
                    journal.intend(operation)
                    noted.append(operation.number)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 0 < len(noted) < 1600
    with Journal.open(path) as again:
        assert sorted(noted) == [n for n, entry in again.states().items() if entry.state == "intended"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_writes_nothing(path: pathlib.Path, journal: Journal) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            journal.close()
            journal.intend(ONE)
        except JournalError as error:
            code = 0 if "a fork of it cannot write there" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    journal.intend(ONE)
    assert journal_file.is_in_use(path)


def test_an_interrupt_at_any_moment_loses_nothing_that_was_noted(path: pathlib.Path) -> None:
    plan = Plan("acmefilm", tuple(Operation(n, Kind.DELETE, "job", f"{n:024}") for n in range(1, 301)))
    moments = random.Random(1)  # noqa: S311 - moments, and no secrets
    noted, interrupts = {}, 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with Journal.create(path, plan) as journal:
            for operation in plan:
                try:
                    signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0001, 0.003))
                    journal.intend(operation)
                    noted[operation.number] = "intended"
                    journal.conclude(Outcome(operation))
                    noted[operation.number] = "applied"
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except KeyboardInterrupt:
                    interrupts += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupts > 20
    order = ["pending", "intended", "applied"]
    with Journal.open(path) as again:
        for number, state in noted.items():
            assert order.index(again.states()[number].state) >= order.index(state)
