"""
The SQLite file of a journal: how it is made, opened, locked, and told from a torn or foreign one.

WAL with synchronous=FULL: a committed event outlives the process and a loss of power. The lock is one of SQLite's, on
an empty file beside the journal, since such a lock ends with the process that holds it, on every system.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from typing import TYPE_CHECKING

import attrs

from ..errors import InvalidValue, JournalError
from .plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "Contents",
    "close",
    "create",
    "is_in_use",
    "lock",
    "open_to_read",
    "open_to_write",
    "read",
    "refuse_existing",
    "unlock",
]

# "acsJ", in the header of the file, by which SQLite files are told apart.
_APPLICATION = 0x6163734A
_FORMAT = 1
_TABLES = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE operation (number INTEGER PRIMARY KEY, marker TEXT NOT NULL)",
    """
    CREATE TABLE event (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL REFERENCES operation,
        state TEXT NOT NULL, id TEXT, message TEXT NOT NULL
    )
    """,
)


@attrs.frozen
class Contents:
    """
    What a journal holds.

    Args:
        plan: The plan.
        notes: What else its maker wrote down.
        version: Version of accsyn_orm that made it.
        markers: Marker of each operation, by number.
        events: `(number, state, id, message)`, in the order in which they came.
    """

    plan: Plan
    notes: Mapping[str, str]
    version: str
    markers: Mapping[int, str]
    events: tuple[tuple[int, str, str | None, str], ...]


def lock(path: Path) -> sqlite3.Connection:
    """
    Keep every other process, and every other journal of this one, from working on a journal.

    Returns:
        The lock; `unlock` gives it up, and so does the end of the process.

    Raises:
        JournalError: It is taken.
    """
    beside = _beside(path)
    connection: sqlite3.Connection | None = None
    try:
        handle = os.open(beside, os.O_CREAT | os.O_RDWR, 0o600)
        made = os.fstat(handle).st_ino
        # Before SQLite locks it: on POSIX, closing any handle on a file gives up all locks of the process on it.
        os.close(handle)
        connection = sqlite3.connect(beside, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("BEGIN EXCLUSIVE")
        if beside.stat().st_ino == made:
            return connection
        # Whoever held it has removed the file in the meantime: a lock on that one keeps nobody away.
        reason: Exception = OSError("locked a moment ago")
    except (OSError, sqlite3.Error) as error:
        reason = error
    if connection is not None:
        connection.close()
    if "locked" in str(reason):
        raise JournalError(
            f"the journal {path} is in use{_by_whom(path)}: wait until that run has ended, and only then resume"
        ) from reason
    raise JournalError(f"the journal {path} cannot be locked with {beside}: {reason}") from reason


def unlock(held: sqlite3.Connection, path: Path) -> None:
    """Give a lock up, and take its file away."""
    with contextlib.suppress(OSError):
        _beside(path).unlink()
    held.close()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def is_in_use(path: Path) -> bool:
    """Whether some process works on a journal right now."""
    if not _beside(path).exists():
        return False
    try:
        unlock(lock(path), path)
    except JournalError:
        return True
    return False


def _by_whom(path: Path) -> str:
    with (
        contextlib.suppress(JournalError, sqlite3.Error),
        contextlib.closing(open_to_read(path)) as connection,
    ):
        row = connection.execute("SELECT value FROM setting WHERE name = 'pid'").fetchone()
        if row is not None and row[0]:
            return f" by process {row[0]}"
    return ""


def refuse_existing(path: Path) -> None:
    """Raise JournalError where a file of that name exists."""
    if path.exists():
        raise _exists(path)


def _exists(path: Path) -> JournalError:
    return JournalError(f"the journal {path} exists already: resume it, or name another file")


def create(path: Path, settings: Mapping[str, str], markers: Mapping[int, str]) -> sqlite3.Connection:
    """
    Make the file with everything that is known before the first operation, in one transaction.

    Raises:
        JournalError: There is such a file, or it cannot be made.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be made: {error.strerror}") from error
    if hasattr(os, "fchmod"):
        # A umask takes bits away and never adds any; it could take away the owner's.
        os.fchmod(handle, 0o600)
    os.close(handle)
    connection = _connected(path, "rw")
    try:
        connection.execute("BEGIN IMMEDIATE")
        for statement in (
            f"PRAGMA application_id={_APPLICATION}",
            f"PRAGMA user_version={_FORMAT}",
            *_TABLES,
        ):
            connection.execute(statement)
        connection.executemany("INSERT INTO setting VALUES (?, ?)", list(settings.items()))
        connection.executemany("INSERT INTO operation VALUES (?, ?)", list(markers.items()))
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close()
        _remove(path)
        if isinstance(error, sqlite3.Error):
            raise JournalError(f"the journal {path} cannot be written: {error}; nothing was sent") from error
        raise
    return connection


def _remove(path: Path) -> None:
    """Take away a journal that was never finished making, so that the name can be used."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a journal to go on with it. Raises JournalError where it is torn, foreign or of a newer format."""
    _check_file(path)
    return _checked(path, "rw")


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal to look at it, even while it is in use. Raises JournalError as `open_to_write`."""
    _check_file(path)
    # Even to read, SQLite puts files beside one in WAL mode; where there are none, nothing is being written.
    at_rest = not path.with_name(path.name + "-wal").exists()
    connection = _checked(path, "ro&immutable=1" if at_rest else "ro")
    wrong = _what_is_missing(connection, path) if at_rest else ""
    if wrong:
        connection.close()
        raise JournalError(f"the journal {path} {wrong}")
    return connection


def _what_is_missing(connection: sqlite3.Connection, path: Path) -> str:
    """Return what a journal that nothing stands beside lacks; empty where it is whole."""
    try:
        pages = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
        state = connection.execute("SELECT value FROM setting WHERE name = 'open'").fetchone()
    except sqlite3.Error as error:
        return f"is torn: {error}; restore it from a copy"
    if path.stat().st_size != pages[0]:
        return f"is torn: it has {path.stat().st_size} of {pages[0]} bytes; restore it from a copy"
    if state == ("yes",):
        return (
            f"was left in the middle of a run, and {path.name}-wal, its other half, is missing: put that back"
        )
    return ""


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise JournalError(f"there is no journal {path}") from None
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {error.strerror}") from error
    if head != b"SQLite format 3\x00":
        raise JournalError(f"{path} is no journal of accsyn_orm, or was cut off before anything was sent")


def _checked(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connected(path, mode)
    try:
        wrong = _what_is_wrong(connection)
    except sqlite3.Error as error:
        connection.close()
        raise JournalError(f"the journal {path} is torn, or no journal: {error}") from error
    if wrong:
        connection.close()
        raise JournalError(f"{path} {wrong}")
    return connection


def _what_is_wrong(connection: sqlite3.Connection) -> str:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        return "is no journal of accsyn_orm but some other SQLite file"
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if layout != _FORMAT:
        return (
            f"is a journal of format {layout}, and this version of accsyn_orm reads format {_FORMAT}: go on with the"
            f" version that made it"
        )
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return "" if damage == "ok" else f"is a torn journal: {damage}; restore it from a copy"


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False)
        if mode == "rw":
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise JournalError(f"the journal {path} cannot be opened: {error}") from error
    return connection


def read(connection: sqlite3.Connection, path: Path) -> Contents:
    """
    Return what a journal holds.

    Raises:
        JournalError: What it holds does not fit together.
    """
    try:
        connection.execute("BEGIN")
        settings = dict(connection.execute("SELECT name, value FROM setting").fetchall())
        markers = dict(connection.execute("SELECT number, marker FROM operation").fetchall())
        rows = connection.execute("SELECT number, state, id, message FROM event ORDER BY sequence").fetchall()
        connection.execute("COMMIT")
        plan = Plan.from_json(settings["plan"])
        notes = json.loads(settings["notes"])
        whole = settings["hash"] == plan.hash and markers.keys() == {each.number for each in plan}
        version = settings["version"]
    except (sqlite3.Error, KeyError, ValueError, InvalidValue) as error:
        raise JournalError(f"the journal {path} is torn: {error!r}; restore it from a copy") from error
    if not whole:
        raise JournalError(
            f"the plan in the journal {path} is not the one that it was made for; restore it from a copy"
        )
    return Contents(plan, notes, version, markers, tuple(rows))


def close(connection: sqlite3.Connection, path: Path) -> None:
    """Close a journal that was worked on; on disk it is then one file."""
    noted = False
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(
            "UPDATE setting SET value = CASE name WHEN 'open' THEN 'no' ELSE '' END"
            " WHERE name IN ('open', 'pid')"
        )
        noted = True
    with contextlib.suppress(sqlite3.Error):
        connection.close()
    if not noted:
        # The file still says that it is open, and everything is in it: an empty other half keeps the two in agreement.
        with contextlib.suppress(OSError):
            os.close(os.open(path.with_name(path.name + "-wal"), os.O_CREAT | os.O_RDWR, 0o600))
