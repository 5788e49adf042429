"""The file of a journal: what it is told apart from, what stands beside it, and who may touch it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from accsyn_orm.errors import JournalError
from accsyn_orm.session import journal_file
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.plan import Kind, Operation, Plan

if TYPE_CHECKING:
    import pathlib

PLAN = Plan(
    "acmefilm", tuple(Operation(number, Kind.DELETE, "job", f"{number:024}") for number in range(1, 200))
)


class TestMaking:
    def test_one_that_cannot_be_made_says_why(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "none" / "a.journal"
        with pytest.raises(JournalError) as caught:
            journal_file.create(path, {}, {})
        assert caught.value.message == f"the journal {path} cannot be made: No such file or directory"

    def test_one_that_appeared_in_the_meantime_is_left_alone(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        path.write_text("mine")
        with pytest.raises(JournalError) as caught:
            journal_file.create(path, {}, {})
        assert caught.value.message == f"the journal {path} exists already: resume it, or name another file"
        assert path.read_text() == "mine"

    def test_only_its_owner_may_read_what_is_beside_it(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        with Journal.create(path, Plan("acmefilm")):
            modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
        assert modes["a.journal"] == modes["a.journal.lock"] == 0o600
        assert {"a.journal-wal", "a.journal-shm"} <= modes.keys()
        assert set(modes.values()) == {0o600}
        assert [each.name for each in tmp_path.iterdir()] == ["a.journal"]

    def test_another_database_is_told_apart(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE x (y)")
        other.close()
        with pytest.raises(JournalError) as caught:
            Journal.read(path)
        assert caught.value.message == f"{path} is no journal of accsyn_orm but some other SQLite file"


class TestLocks:
    def test_held_by_nobody_knows_whom(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        held = journal_file.lock(path)
        assert journal_file.is_in_use(path)
        with pytest.raises(JournalError) as caught:
            journal_file.lock(path)
        assert caught.value.message == (
            f"the journal {path} is in use: wait until that run has ended, and only then resume"
        )
        thread = threading.Thread(target=journal_file.unlock, args=(held, path))
        thread.start()
        thread.join()
        assert not journal_file.is_in_use(path)
        assert not list(tmp_path.iterdir()), "any thread may give it up"

    def test_where_no_file_can_be_made(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "none" / "a.journal"
        with pytest.raises(JournalError) as caught:
            journal_file.lock(path)
        assert caught.value.message.startswith(
            f"the journal {path} cannot be locked with {path}.lock: [Errno 2] No such file or directory"
        )

    def test_a_lock_whose_file_is_gone_is_given_up_all_the_same(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        held = journal_file.lock(path)
        (tmp_path / "a.journal.lock").unlink()
        journal_file.unlock(held, path)
        with pytest.raises(sqlite3.ProgrammingError):
            held.execute("SELECT 1")


class TestReading:
    def test_what_is_missing_or_no_file(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        with pytest.raises(JournalError) as caught:
            Journal.read(path)
        assert caught.value.message == f"there is no journal {path}"
        path.mkdir()
        with pytest.raises(JournalError) as caught:
            Journal.read(path)
        assert caught.value.message == f"the journal {path} cannot be read: Is a directory"

    def test_a_page_that_is_damaged(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        Journal.create(path, PLAN).close()
        content = bytearray(path.read_bytes())
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (page,) = connection.execute("PRAGMA page_size").fetchone()
            (root,) = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'operation'"
            ).fetchone()
        content[(root - 1) * page + 8 : (root - 1) * page + 12] = b"\xff\xff\xff\xff"
        path.write_bytes(content)
        with pytest.raises(JournalError, match="torn"):
            Journal.read(path)

    def test_the_settings_that_writing_needs(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        Journal.create(path, PLAN).close()
        with contextlib.closing(journal_file.open_to_write(path)) as connection:
            found = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert found == ["wal", 2, 1, 10_000]
            assert connection.isolation_level is None
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute("INSERT INTO event (number, state, message) VALUES (999, 'applied', '')")


class TestClosing:
    def test_where_the_last_note_finds_no_room_both_halves_still_agree(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        Journal.create(path, PLAN).close()
        broken = journal_file.open_to_write(path)
        broken.execute("UPDATE setting SET value = 'yes' WHERE name = 'open'")
        broken.close()
        assert not (tmp_path / "a.journal-wal").exists()
        with pytest.raises(JournalError, match="its other half, is missing"):
            Journal.read(path)
        journal_file.close(broken, path)
        beside = tmp_path / "a.journal-wal"
        assert (beside.stat().st_size, beside.stat().st_mode & 0o777) == (0, 0o600)
        assert len(Journal.read(path).plan) == 199

    def test_closed_it_is_one_file_that_says_so(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        with Journal.create(path, PLAN) as journal:
            assert dict(self._settings(path))["open"] == "yes"
            journal.intend(PLAN.operations[0])
        assert [each.name for each in tmp_path.iterdir()] == ["a.journal"]
        settings = dict(self._settings(path))
        assert (settings["open"], settings["pid"], settings["workspace"]) == ("no", "", "acmefilm")
        journal.close()  # a second time does nothing

    def _settings(self, path: pathlib.Path) -> list[tuple[str, str]]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT name, value FROM setting").fetchall()
