"""The journal: what is on disk when."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from typing import TYPE_CHECKING

import attrs
import pytest

from accsyn_orm.errors import JournalError, ServerError
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
ONE, TWO, THREE, FOUR = PLAN.operations


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "a.journal"


@pytest.fixture
def journal(path: pathlib.Path) -> Iterator[Journal]:
    with Journal.create(path, PLAN) as made:
        yield made


def _states(path: pathlib.Path) -> list[str]:
    return [entry.state for entry in Journal.read(path).states().values()]


# What is on disk


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_its_owner_can_read_it(path: pathlib.Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal = Journal.create(path, PLAN)
    finally:
        os.umask(before)
    with journal:
        journal.intend(ONE)
        modes = {
            each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir() if each.suffix != ".lock"
        }
    assert set(modes) == {"a.journal", "a.journal-wal", "a.journal-shm"}
    assert set(modes.values()) == {0o600}


def test_it_is_in_wal_mode_and_waits_for_the_disk(journal: Journal) -> None:
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_it_holds_the_plan_the_notes_and_a_marker_per_operation(path: pathlib.Path) -> None:
    with Journal.create(path, PLAN, notes={"script": "s.py"}) as made:
        markers = [made.marker(operation) for operation in PLAN]
    with Journal.open(path) as opened:
        assert opened.plan == PLAN
        assert opened.workspace == "acmefilm"
        assert opened.notes == {"script": "s.py"}
        assert opened.version
        assert [opened.marker(operation) for operation in PLAN] == markers
    assert len(set(markers)) == 4


def test_each_step_is_on_disk_when_it_was_noted(path: pathlib.Path, journal: Journal) -> None:
    assert _states(path) == ["pending"] * 4
    journal.intend(ONE)
    assert _states(path) == ["intended", "pending", "pending", "pending"]
    assert Journal.read(path).states()[1].attempts == 1
    journal.conclude(Outcome(ONE, id="q" * 24))
    journal.intend(TWO)
    journal.conclude(Outcome(TWO, "rejected", ServerError("no such thing")))
    journal.intend(THREE)
    journal.conclude(Outcome(THREE, "unknown", ServerError("lost")))
    entries = Journal.read(path).states()
    assert [entry.state for entry in entries.values()] == ["applied", "rejected", "unknown", "pending"]
    assert (entries[1].id, entries[2].message, entries[2].attempts) == ("q" * 24, "no such thing", 1)
    assert [entry.open for entry in entries.values()] == [False, False, True, False]
    assert entries == journal.states()
    assert journal.summary == "1 applied, 1 rejected, 1 unknown, 1 pending"
    assert repr(journal) == f"<Journal {path}: {journal.summary}>"


def test_history_is_kept_and_attempts_are_counted(path: pathlib.Path, journal: Journal) -> None:
    for _ in range(2):
        journal.intend(ONE)
        journal.conclude(Outcome(ONE, "not_sent", ServerError("no trace of it")))
    assert journal.states()[1].attempts == 2
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sequence, state FROM event ORDER BY sequence").fetchall()
    assert rows == [(1, "intended"), (2, "not_sent"), (3, "intended"), (4, "not_sent")]


def test_what_was_never_intended_stays_pending(journal: Journal) -> None:
    journal.conclude(Outcome(TWO, "not_sent", ServerError("the run ended")))
    assert journal.states()[2].state == "pending"


def test_it_is_complete_when_everything_was_applied(journal: Journal) -> None:
    for operation in PLAN:
        assert not journal.complete
        journal.intend(operation)
        journal.conclude(Outcome(operation))
    assert journal.complete


def test_an_empty_plan_is_complete(path: pathlib.Path) -> None:
    with Journal.create(path, Plan("acmefilm")) as made:
        assert made.complete
        assert made.summary == "nothing to do"


def test_what_was_applied_is_never_intended_again(journal: Journal) -> None:
    journal.intend(ONE)
    journal.conclude(Outcome(ONE))
    with pytest.raises(JournalError, match="create queue 'q' was applied already"):
        journal.intend(ONE)


def test_operations_of_other_plans_are_refused(journal: Journal) -> None:
    for other in (
        attrs.evolve(FOUR, id="d" * 24),
        attrs.evolve(FOUR, number=5),
        attrs.evolve(FOUR, kind=Kind.UPDATE),
    ):
        with pytest.raises(JournalError, match="is not in the plan"):
            journal.intend(other)


def test_a_state_that_is_none_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError, match="cannot be 'perhaps'"):
        journal.conclude(Outcome(ONE, "perhaps"))


def test_closed_it_is_one_file(path: pathlib.Path) -> None:
    with Journal.create(path, PLAN) as made:
        made.intend(ONE)
    made.close()
    assert _states(path)[0] == "intended"
    assert [each.name for each in path.parent.iterdir()] == ["a.journal"]
    with pytest.raises(JournalError, match="is closed"):
        made.intend(TWO)


def test_what_was_only_read_cannot_be_written(path: pathlib.Path, journal: Journal) -> None:
    with pytest.raises(JournalError, match="is closed"):
        Journal.read(path).intend(ONE)


def test_many_threads_note_at_the_same_time(path: pathlib.Path) -> None:
    plan = Plan("acmefilm", tuple(Operation(n, Kind.DELETE, "job", f"{n:024}") for n in range(1, 401)))
    with Journal.create(path, plan) as made:

        def work(part: int) -> None:
            for operation in plan.operations[part::8]:
                made.intend(operation)
                assert made.states()[operation.number].state == "intended"
                made.conclude(Outcome(operation))

        threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made.complete
    assert set(_states(path)) == {"applied"}
    assert all(entry.attempts == 1 for entry in Journal.read(path).states().values())
