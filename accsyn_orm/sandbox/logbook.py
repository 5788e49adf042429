"""What happened in the workspace, kept in its database: one row for each entity that a write was about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import sqlite3

__all__ = ["COLUMNS", "Entry", "LogBook"]

_TABLE = """
CREATE TABLE IF NOT EXISTS log (
    sequence INTEGER PRIMARY KEY, date TEXT NOT NULL, user TEXT NOT NULL, user_hr TEXT NOT NULL,
    entitytype TEXT NOT NULL, entityid TEXT NOT NULL, entity_hr TEXT NOT NULL, operation TEXT NOT NULL,
    message TEXT NOT NULL
)
"""


@attrs.frozen
class Entry:
    """
    One thing that happened.

    Args:
        date: When, as dates travel.
        user: Id of who did it.
        user_hr: E-mail address of who did it.
        entitytype: Type of what it was done to; `workspace` where that is no entity.
        entityid: Id of it; empty where there is none.
        entity_hr: Name of it.
        operation: The operation that was asked for.
        message: What happened, as a sentence.
    """

    date: str
    user: str
    user_hr: str
    entitytype: str
    entityid: str
    entity_hr: str
    operation: str
    message: str


COLUMNS = tuple(each.name for each in attrs.fields(Entry))


def _storable(text: str) -> str:
    # A name may hold half of a surrogate pair, which SQLite does not take.
    return text.encode("utf-8", "replace").decode()


class LogBook:
    """
    The log in its table.

    Args:
        connection: The database of the store, so that an entry is committed with the write that it tells of.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(_TABLE)

    def add(self, entry: Entry) -> None:
        """Write an entry down."""
        marks = ", ".join("?" * len(COLUMNS))
        self._connection.execute(
            f"INSERT INTO log ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 - names of columns
            [_storable(each) for each in attrs.astuple(entry)],
        )

    def find(
        self,
        equal: dict[str, str],
        search: str | None,
        sort: str,
        reverse: bool,
        limit: int | None,
        skip: int,
    ) -> tuple[int, list[dict[str, Any]]]:
        """
        Find entries.

        Args:
            equal: Columns and what they must be.
            search: Text that must stand in the message, or in the name of the entity or the user; any case.
            sort: Column to sort by; what is equal keeps the order in which it happened.
            reverse: Whether the largest, or latest, comes first.
            limit: How many at most; None for all.
            skip: How many to leave out first.

        Returns:
            How many there are in all, and the chosen ones as they travel.
        """
        conditions = [f"{name} = ?" for name in equal]
        values: list[Any] = list(equal.values())
        if search:
            conditions.append("instr(lower(message || ' ' || entity_hr || ' ' || user_hr), lower(?)) > 0")
            values.append(_storable(search))
        where = " AND ".join(conditions) or "1"
        total = self._connection.execute(f"SELECT count(*) FROM log WHERE {where}", values).fetchone()[0]  # noqa: S608 - names of columns
        order = "DESC" if reverse else "ASC"
        rows = self._connection.execute(
            f"SELECT sequence, {', '.join(COLUMNS)} FROM log WHERE {where} "  # noqa: S608 - names of columns
            f"ORDER BY {sort} {order}, sequence {order} LIMIT ? OFFSET ?",
            [*values, -1 if limit is None else limit, skip],
        )
        return int(total), [
            {"id": f"{row[0]:024x}", **dict(zip(COLUMNS, row[1:], strict=True))} for row in rows
        ]
