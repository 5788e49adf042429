"""
The journal: the durable record of a plan and of what became of each of its operations.

An intent is on disk before its request leaves, so whatever ends the process, the file says which operations may have
been applied. Events are only ever added. No credentials are written, since neither a plan nor an outcome has any.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sqlite3
import threading
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..errors import JournalError
from . import journal_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from .outcomes import Outcome
    from .plan import Operation, Plan

__all__ = ["Entry", "Journal"]

_STATES = frozenset({"pending", "intended", "applied", "rejected", "unknown", "not_sent"})


@attrs.frozen
class Entry:
    """
    What a journal says of one operation.

    Args:
        number: Its number in the plan.
        marker: The text by which what it creates can be told.
        state: `pending` (never begun), `intended` (may have been sent), `applied`, `rejected`, `unknown` or `not_sent`.
        id: Id of its entity, where it was applied.
        message: Why it was not applied, where that is known.
        attempts: How often it was about to be sent.
    """

    number: int
    marker: str
    state: str = "pending"
    id: str | None = None
    message: str = ""
    attempts: int = 0

    @property
    def open(self) -> bool:
        """Whether it may or may not have been applied."""
        return self.state in ("intended", "unknown")


class Journal:
    """
    A journal on disk. It fulfils `Recorder`, from any number of threads of the process that opened it.

    Made by `Journal.create`, `Journal.open` or `Journal.read`; a context manager that closes it.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        contents: journal_file.Contents,
        lock: sqlite3.Connection | None,
    ) -> None:
        self.path = path
        self.plan: Plan = contents.plan
        self.notes: Mapping[str, str] = contents.notes
        self.version: str = contents.version
        self._operations = {operation.number: operation for operation in self.plan}
        self._connection = connection
        self._lock = lock
        self._pid = os.getpid()
        self._entries = {
            number: Entry(number, contents.markers[number]) for number in sorted(contents.markers)
        }
        # Events wait here while others are being written; whoever writes next takes all of them in one transaction.
        self._queue: list[tuple[int, str, str | None, str]] = []
        self._queued = self._written = 0
        self._queueing, self._writing = threading.Lock(), threading.Lock()
        self._failure: BaseException | None = None
        self._closed = False
        for event in contents.events:
            self._note(*event)

    # Made and opened

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], plan: Plan, *, notes: Mapping[str, str] | None = None
    ) -> Journal:
        """
        Make a journal for a plan that nothing was sent of.

        Args:
            path: A file that does not exist.
            plan: The plan.
            notes: Whatever else is to be remembered, such as the script that made the plan.

        Raises:
            JournalError: The file exists, or cannot be written.
        """
        file = Path(path)
        journal_file.refuse_existing(file)
        lock = journal_file.lock(file)
        try:
            settings = {
                "workspace": plan.workspace,
                "hash": plan.hash,
                "plan": plan.to_json(),
                "version": _own_version(),
                "notes": json.dumps(dict(notes or {})),
                "open": "yes",
                "pid": str(os.getpid()),
            }
            markers = {operation.number: str(uuid.uuid4()) for operation in plan}
            connection = journal_file.create(file, settings, markers)
            return cls(file, connection, journal_file.read(connection, file), lock)
        except BaseException:
            journal_file.unlock(lock, file)
            raise

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, workspace: str | None = None) -> Journal:
        """
        Open a journal to go on with it.

        Args:
            path: The file.
            workspace: The workspace that it has to be of.

        Raises:
            JournalError: It is in use, torn, no journal, of a newer format, or of another workspace.
        """
        file = Path(path)
        journal_file.open_to_read(file).close()
        lock = journal_file.lock(file)
        connection: sqlite3.Connection | None = None
        try:
            connection = journal_file.open_to_write(file)
            contents = journal_file.read(connection, file)
            _check_workspace(file, contents.plan, workspace)
            journal = cls(file, connection, contents, lock)
            connection.execute(
                "UPDATE setting SET value = CASE name WHEN 'open' THEN 'yes' ELSE ? END WHERE name IN ('open', 'pid')",
                (str(os.getpid()),),
            )
        except BaseException as error:
            if connection is not None:
                connection.close()
            journal_file.unlock(lock, file)
            if isinstance(error, sqlite3.Error):
                raise JournalError(f"the journal {file} cannot be written: {error}") from error
            raise
        return journal

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Journal:
        """
        Read a journal, even while it is in use; nothing can be noted in what is returned.

        Raises:
            JournalError: It is torn, no journal, or of a newer format.
        """
        file = Path(path)
        connection = journal_file.open_to_read(file)
        try:
            journal = cls(file, connection, journal_file.read(connection, file), None)
        finally:
            connection.close()
        journal._closed = True
        return journal

    def close(self) -> None:
        """Close the file and give up the lock. A second call does nothing."""
        if self._closed or self._pid != os.getpid():
            return
        with self._writing:
            if self._queue and self._failure is None:
                with contextlib.suppress(JournalError):
                    self._write()
            self._closed = True
            journal_file.close(self._connection, self.path)
            if self._lock is not None:
                journal_file.unlock(self._lock, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What it says

    @property
    def workspace(self) -> str:
        """Code of the workspace that the plan is for."""
        return self.plan.workspace

    def states(self) -> dict[int, Entry]:
        """Return what became of each operation so far, by its number."""
        return dict(self._entries)

    @property
    def complete(self) -> bool:
        """Whether everything was applied."""
        return all(entry.state == "applied" for entry in self._entries.values())

    @property
    def summary(self) -> str:
        """How many operations are in which state, in a line."""
        counts = Counter(entry.state for entry in self._entries.values())
        found = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
        return found or "nothing to do"

    def __repr__(self) -> str:
        return f"<Journal {self.path}: {self.summary}>"

    # Recording

    def marker(self, operation: Operation) -> str:
        """Return the text by which a created entity can be told; chosen when the journal was made."""
        return self._entry(operation).marker

    def intend(self, operation: Operation) -> None:
        """
        Note that an operation is about to be sent; on disk when this returns.

        Raises:
            JournalError: It could not be noted, so it must not be sent.
        """
        if self._entry(operation).state == "applied":
            raise JournalError(
                f"{operation.title} was applied already, as {self.path} says: it is not sent again"
            )
        self._add(operation.number, "intended", None, "")

    def conclude(self, outcome: Outcome) -> None:
        """
        Note what became of an operation; on disk when this returns.

        Raises:
            JournalError: It could not be noted: nothing more must be sent, and a resume finds out what became of it.
        """
        entry = self._entry(outcome.operation)
        if outcome.state not in _STATES:
            raise JournalError(f"{outcome.operation.title} cannot be {outcome.state!r}")
        if outcome.state == "not_sent" and not entry.open:
            return
        message = "" if outcome.error is None else str(outcome.error)
        self._add(outcome.operation.number, outcome.state, outcome.id, message)

    def _entry(self, operation: Operation) -> Entry:
        entry = self._entries.get(operation.number)
        if entry is None or _key(self._operations[entry.number]) != _key(operation):
            raise JournalError(
                f"{operation.title} is not in the plan that the journal {self.path} was made for"
            )
        return entry

    def _add(self, number: int, state: str, ident: str | None, message: str) -> None:
        self._check_usable()
        with self._queueing:
            self._queue.append((number, state, ident, message))
            self._queued += 1
            mine = self._queued
        with self._writing:
            if self._written < mine:
                self._check_usable()
                self._write()

    def _write(self) -> None:
        events = list(self._queue)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO event (number, state, id, message) VALUES (?, ?, ?, ?)", events
            )
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Those whose events were taken along must not go on as if these were on disk.
            self._failure = error
            self._take_back()
            self._check_usable()
        except BaseException:
            # An interrupt: the events stay in the queue, and go to disk with the next one, or on close.
            self._take_back()
            raise
        for event in events:
            self._note(*event)
        with self._queueing:
            del self._queue[: len(events)]
        self._written += len(events)

    def _take_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.rollback()

    def _check_usable(self) -> None:
        if self._pid != os.getpid():
            raise JournalError(
                f"the journal {self.path} was opened by process {self._pid}: a fork of it cannot write there"
            )
        if self._failure is not None:
            raise JournalError(
                f"the journal {self.path} cannot be written: {self._failure}; nothing more is sent:"
                f" make room, then resume"
            ) from self._failure
        if self._closed:
            raise JournalError(f"the journal {self.path} is closed: open it again to go on with it")

    def _note(self, number: int, state: str, ident: str | None, message: str) -> None:
        entry = self._entries.get(number)
        if entry is None or state not in _STATES:
            raise JournalError(f"the journal {self.path} is torn: it has operation {number} as {state!r}")
        attempts = entry.attempts + (state == "intended")
        self._entries[number] = Entry(number, entry.marker, state, ident, message, attempts)


def _key(operation: Operation) -> tuple[object, ...]:
    return operation.number, operation.kind, operation.entitytype, operation.id


def _check_workspace(path: Path, plan: Plan, workspace: str | None) -> None:
    if workspace is not None and workspace != plan.workspace:
        raise JournalError(
            f"the journal {path} is of the workspace {plan.workspace}, and this session is signed in to {workspace}"
        )


def _own_version() -> str:
    # Read at run time, since an import statement would point from this room to all the others.
    version: str = importlib.import_module(__name__.partition(".")[0]).__version__
    return version
