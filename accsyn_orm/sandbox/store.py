"""
The entities of the workspace: SQLite on disk, decoded documents in memory.

Every write is committed before it is answered. Reads never touch SQLite: a listing walks the documents in the
order in which they were stored, which is the order of their creation.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ConfigurationError
from .logbook import LogBook
from .schema import TYPES, scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .mails import Mail

__all__ = ["Account", "Row", "Store"]

Document = dict[str, Any]

# Marks the file as ours; a file of another layout is refused rather than guessed at.
LAYOUT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS entity (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, archived INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS account (
    user TEXT PRIMARY KEY, role TEXT NOT NULL, api_key TEXT NOT NULL, pwd TEXT NOT NULL
);
"""


@attrs.define(eq=False)
class Row:
    """
    One stored entity.

    Args:
        document: Attributes by wire name; replaced as a whole on a write, never changed in place.
        scope: Scope it is found in.
        sequence: Place in the order of creation.
    """

    type: str
    id: str
    document: Document
    scope: str
    archived: bool
    sequence: int


@attrs.frozen
class Account:
    """How a user signs in."""

    user: str
    role: str
    api_key: str = attrs.field(repr=False)
    pwd: str = attrs.field(repr=False)


def _parent_of(row: Row) -> str:
    return row.document.get("job" if row.type == "task" else "parent") or ""


class Store:
    """
    Entities by type and id.

    Args:
        path: SQLite file, or None to keep the workspace in memory.

    Raises:
        ConfigurationError: The file cannot be opened, or is not a sandbox's.
    """

    def __init__(self, path: str | None = None) -> None:
        self._path = path or ":memory:"
        self.mails: list[Mail] = []
        # Jobs and tasks whose status somebody has set since the start; apart from the documents, which say what is.
        self.touched: set[str] = set()
        try:
            self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise ConfigurationError(f"The sandbox cannot open {self._path}: {error}.") from error
        try:
            self._prepare()
            self.log: LogBook = LogBook(self._connection)
            self._load()
        except (sqlite3.Error, ConfigurationError) as error:
            self._connection.close()
            if isinstance(error, ConfigurationError):
                raise
            raise ConfigurationError(
                f"The sandbox cannot use {self._path} as its database: {error}."
            ) from error

    def _prepare(self) -> None:
        layout = self._connection.execute("PRAGMA user_version").fetchone()[0]
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if layout not in {0, LAYOUT} or (layout == 0 and tables):
            raise ConfigurationError(
                f"{self._path} is not a database of this sandbox (layout {layout}, wanted {LAYOUT}); "
                f"name another file."
            )
        # WAL with synchronous=NORMAL: a commit survives the end of the process without an fsync per write.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)
        self._connection.execute(f"PRAGMA user_version={LAYOUT}")

    def _load(self) -> None:
        self._rows: dict[str, Row] = {}
        self._types: dict[str, dict[str, Row]] = {name: {} for name in TYPES}
        self._children: dict[str, dict[str, Row]] = {}
        self._sequence = 0
        self._unsaved = 0
        query = "SELECT sequence, id, type, archived, document FROM entity ORDER BY sequence"
        for sequence, identity, kind, archived, document in self._connection.execute(query):
            loaded = json.loads(document)
            self._index(Row(kind, identity, loaded, "", bool(archived), sequence))
            self._sequence = sequence
        accounts = self._connection.execute("SELECT user, role, api_key, pwd FROM account ORDER BY rowid")
        self.accounts: dict[str, Account] = {row[0]: Account(*row) for row in accounts}

    @property
    def version(self) -> int:
        """A number that rises with every write."""
        return self._connection.total_changes

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Commit what the block stores, all of it or, when it raises, none."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._unsaved = 0
        written = len(self.mails)
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            del self.mails[written:]
            if self._unsaved:
                self._load()
            raise

    def put(self, kind: str, document: Document, *, archived: bool = False) -> Row:
        """Store an entity, new or changed; a changed one keeps its place in the order."""
        identity = document["id"]
        known = self._rows.get(identity)
        self._unsaved += 1
        text = json.dumps(document, separators=(",", ":"))
        if known is None:
            self._sequence += 1
            row = Row(kind, identity, document, "", archived, self._sequence)
            self._connection.execute(
                "INSERT INTO entity VALUES (?, ?, ?, ?, ?)",
                (row.sequence, identity, kind, int(archived), text),
            )
        else:
            row = Row(kind, identity, document, "", archived, known.sequence)
            self._connection.execute(
                "UPDATE entity SET archived = ?, document = ? WHERE id = ?", (int(archived), text, identity)
            )
        self._index(row)
        return row

    def _index(self, row: Row) -> None:
        row.scope = scope_of(TYPES[row.type], row.document, row.archived)
        known = self._rows.get(row.id)
        self._rows[row.id] = row
        self._types[row.type][row.id] = row
        parent = _parent_of(row)
        if known is not None and _parent_of(known) != parent:
            self._children.get(_parent_of(known), {}).pop(row.id, None)
        if parent:
            self._children.setdefault(parent, {})[row.id] = row

    def remove(self, identity: str) -> None:
        """Remove an entity with the tasks, files or other entities that it is the parent of."""
        for child in list(self._children.get(identity, {})):
            if self._rows[child].type in {"task", "file"}:
                self.remove(child)
        row = self._rows.pop(identity)
        self._unsaved += 1
        self._types[row.type].pop(identity)
        self._children.pop(identity, None)
        self._children.get(_parent_of(row), {}).pop(identity, None)
        self._connection.execute("DELETE FROM entity WHERE id = ?", (identity,))

    def add_account(self, account: Account) -> None:
        """Let a user sign in."""
        self._unsaved += 1
        self.accounts[account.user] = account
        self._connection.execute("INSERT INTO account VALUES (?, ?, ?, ?)", attrs.astuple(account))

    def get(self, identity: str | None) -> Row | None:
        """Return the entity of that id."""
        return self._rows.get(identity) if identity else None

    def rows(self, kinds: Iterable[str]) -> list[Row]:
        """List the entities of some types in the order of their creation."""
        tables = [self._types[kind] for kind in kinds]
        if len(tables) == 1:
            return list(tables[0].values())
        return sorted((row for table in tables for row in table.values()), key=lambda row: row.sequence)

    def children(self, parent: str, kind: str) -> list[Row]:
        """List the entities of a type below a parent: a job's tasks, a collection's files."""
        return [row for row in self._children.get(parent, {}).values() if row.type == kind]

    def resolve(self, kinds: Sequence[str], text: str) -> Row | None:
        """Return the entity that a text names, by id, by `type:id`, by code or by name, in this order."""
        wanted = text.lower()
        own = self.get(wanted.rpartition(":")[2])
        if own is not None and own.type in kinds:
            return own
        for name in ("code", "name"):
            for row in self.rows(kinds):
                if (row.document.get(name) or "").lower() == wanted:
                    return row
        return None
