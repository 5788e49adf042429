"""
What the server has to say about an operation whose answer did not come: found out by reading, never by sending again.

An update holds absolute values, so the entity shows whether it was applied. A created entity carries a marker in its
metadata, by which it is looked for in every scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ..errors import AccsynError, DuplicateDetected, NotFound, UnrepresentableValue
from ..expressions.compiler import compile_expression
from ..expressions.tree import EVERYTHING, Comparison, Expression, Operator
from ..mapping import state
from ..mapping.mapper import MARKER
from ..queryset.paging import pages
from .plan import Kind, NewEntity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..wire.dialects import V3
    from ..wire.messages import Call
    from .plan import Change, Operation

__all__ = ["Caller", "Settled", "call_for", "find_out", "is_marked", "same_json", "unmarked", "with_ids"]

_SCOPES: tuple[str | None, ...] = (None, "finished", "inactive", "archived")
_PAGE = 500


class Caller(Protocol):
    """What operations are sent through."""

    @property
    def dialect(self) -> V3:
        """The generation of the protocol that is spoken."""
        ...

    def result(self, call: Call) -> Any:
        """Send a call and return the result in its answer."""


@attrs.frozen
class Settled:
    """
    What was found out.

    Args:
        state: `applied`, `not_sent` (the server shows no trace of it) or `unknown` (it cannot be told).
        row: What the server has, where it was applied.
        error: Why it cannot be told.
    """

    state: str
    row: dict[str, Any] | None = None
    error: AccsynError | None = None


def with_ids(value: Any, ids: Mapping[int, str]) -> Any:
    """Put the id that an earlier operation brought where it is needed."""
    return f"{value.prefix}{ids[value.operation]}" if isinstance(value, NewEntity) else value


def call_for(operation: Operation, connection: Caller, ids: Mapping[int, str], marker: str) -> Call:
    """
    Return the call that carries an operation out.

    Args:
        operation: The operation.
        connection: Whose dialect is spoken.
        ids: Ids of what earlier operations created, by their numbers.
        marker: Goes into the metadata of what is created, and makes a resend recognisable.
    """
    dialect, ident = connection.dialect, operation.id or ""
    parent = with_ids(operation.parent, ids)
    data = _data(operation.changes, ids)
    if operation.kind is Kind.CREATE:
        if operation.marked:
            data["metadata"] = {**(data.get("metadata") or {}), MARKER: marker}
        return attrs.evolve(dialect.create(operation.entitytype, data, id=parent), eid=marker)
    if operation.kind is Kind.UPDATE and parent is not None:
        members = [(member.id, member.changes) for member in operation.members] or [
            (ident, operation.changes)
        ]
        changes = [{"id": member, **_data(changed, ids)} for member, changed in members]
        return dialect.update_many(operation.entitytype, parent, changes)
    if operation.kind is Kind.UPDATE:
        return dialect.update(operation.entitytype, ident, data)
    if operation.kind is Kind.DELETE:
        return dialect.delete(operation.entitytype, ident)
    if operation.kind is Kind.DEACTIVATE:
        return dialect.deactivate(operation.entitytype, ident)
    return dialect.activate(operation.entitytype, ident)


def _data(changes: tuple[Change, ...], ids: Mapping[int, str]) -> dict[str, Any]:
    return {change.attribute: with_ids(change.after, ids) for change in changes}


def find_out(operation: Operation, connection: Caller, ids: Mapping[int, str], marker: str) -> Settled:
    """
    Find out what became of an operation, by reading.

    Args:
        operation: The operation.
        connection: Where to ask.
        ids: Ids of what earlier operations created.
        marker: The marker that it carried.
    """
    try:
        if operation.kind is Kind.CREATE:
            return _created(operation, connection, ids, marker)
        if operation.members:
            return _all_changed(operation, connection, ids)
        parent = with_ids(operation.parent, ids)
        row = _row(connection, operation.entitytype, operation.id or "", parent)
        if operation.kind is Kind.UPDATE:
            return _changed(row, operation.changes, ids)
        if operation.kind is Kind.DELETE:
            return Settled("applied" if row is None else "not_sent")
        inactive = None if row is None else row.get("inactive")
        wanted = operation.kind is Kind.DEACTIVATE
        return Settled("applied", row) if inactive is wanted else Settled("not_sent")
    except AccsynError as error:
        return Settled("unknown", error=error)


def _row(connection: Caller, entitytype: str, ident: str, parent: str | None) -> dict[str, Any] | None:
    rows = connection.result(connection.dialect.entity(entitytype, ident, parent=parent))
    row = rows[0] if isinstance(rows, list) and rows else rows
    return row if isinstance(row, dict) and row.get("id") == ident else None


def _changed(row: dict[str, Any] | None, changes: tuple[Change, ...], ids: Mapping[int, str]) -> Settled:
    if row is None:
        return Settled("not_sent")
    for change in changes:
        if change.attribute not in row:
            reason = NotFound(
                f"the server does not show {change.attribute}, so it cannot be told what became of it"
            )
            return Settled("unknown", error=reason)
        if not same_json(unmarked(row[change.attribute]), with_ids(change.after, ids)):
            return Settled("not_sent")
    return Settled("applied", row)


def unmarked(value: Any) -> Any:
    """Return a value without our own marker, which is not part of what a user sets."""
    if isinstance(value, dict) and MARKER in value:
        return {key: item for key, item in value.items() if key != MARKER}
    return value


def _all_changed(operation: Operation, connection: Caller, ids: Mapping[int, str]) -> Settled:
    for member in operation.members:
        row = _row(connection, operation.entitytype, member.id, with_ids(operation.parent, ids))
        settled = _changed(row, member.changes, ids)
        if settled.state != "applied":
            return settled
    return Settled("applied")


def _created(operation: Operation, connection: Caller, ids: Mapping[int, str], marker: str) -> Settled:
    if not operation.marked:
        return Settled("unknown", error=NotFound(f"a {operation.entitytype} carries no marker to look for"))
    found = {row["id"]: row for row in _marked(operation, connection, ids, marker)}
    if len(found) > 1:
        raise DuplicateDetected(
            f"{operation.title} was applied {len(found)} times: {', '.join(sorted(found))} carry its marker; keep one",
            entity=operation.entitytype,
        )
    return Settled("applied", next(iter(found.values()))) if found else Settled("not_sent")


def _marked(
    operation: Operation, connection: Caller, ids: Mapping[int, str], marker: str
) -> Iterator[dict[str, Any]]:
    """Yield the entities that carry a marker, narrowed down by name where the query language can say it."""
    text = _narrowing(operation)
    for scope in _SCOPES if operation.parent is None else (None,):
        flags: dict[str, Any] = {} if scope is None else {scope: True}

        def fetch(skip: int, limit: int, flags: dict[str, Any] = flags) -> list[dict[str, Any]]:
            call = connection.dialect.find(
                operation.entitytype,
                text,
                parent=with_ids(operation.parent, ids),
                skip=skip,
                limit=limit,
                **flags,
            )
            rows: list[dict[str, Any]] = connection.result(call)
            return rows

        for rows in pages(fetch, size=_PAGE):
            for row in rows:
                if is_marked(row, marker):
                    yield row


def is_marked(row: Mapping[str, Any], marker: str) -> bool:
    """Whether an entity carries that marker."""
    metadata = row.get("metadata")
    return isinstance(metadata, dict) and metadata.get(MARKER) == marker


def _narrowing(operation: Operation) -> str:
    expression: Expression = EVERYTHING
    for change in operation.changes:
        if change.attribute in ("code", "name") and isinstance(change.after, str) and change.after:
            expression = Comparison(change.attribute, Operator.EQ, change.after)
            break
    try:
        return compile_expression(expression)
    except UnrepresentableValue:
        return ""


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; in Python True == 1 == 1.0."""
    return not state.unlike(one, other)
