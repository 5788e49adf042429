"""A plan as a value: the ordered operations that a commit would send, attribute by attribute."""

from __future__ import annotations

import enum
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NOT_LOADED", "Change", "Kind", "NewEntity", "Operation", "Plan"]


class Kind(enum.Enum):
    """What an operation does."""

    CREATE = "create"
    UPDATE = "update"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    DELETE = "delete"


@attrs.frozen
class NewEntity:
    """
    The id of an entity that an earlier operation of the plan creates.

    Args:
        operation: Number of that operation.
        prefix: What stands before the id on the wire, such as `site:`.
    """

    operation: int
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix}(id from operation {self.operation})"


class _NotLoaded(enum.Enum):
    NOT_LOADED = "(not loaded)"
    ABSENT = "(absent)"

    def __str__(self) -> str:
        return self.value


NOT_LOADED = _NotLoaded.NOT_LOADED
ABSENT = _NotLoaded.ABSENT


@attrs.frozen
class Change:
    """
    One attribute, before and after, in wire form.

    Args:
        attribute: Name on the wire.
        before: What the server had when it was read; NOT_LOADED where it never was.
        after: What will be sent.
    """

    attribute: str
    before: Any
    after: Any


@attrs.frozen
class Operation:
    """
    One request of a commit.

    Args:
        number: Place in the plan, from 1.
        kind: What it does.
        entitytype: Type on the wire.
        id: Of the entity; None for one that is created.
        label: Its name or code, for people.
        changes: What is sent.
        depends_on: Numbers of operations that have to be applied before.
        parent: Id of the entity that it is a part of (tasks); None otherwise.
    """

    number: int
    kind: Kind
    entitytype: str
    id: str | None
    label: str = ""
    changes: tuple[Change, ...] = ()
    depends_on: tuple[int, ...] = ()
    parent: str | NewEntity | None = None

    @property
    def title(self) -> str:
        """The operation in a line, such as `update job 5bfe… 'my_transfer'`."""
        parts = (self.kind.value, self.entitytype, self.id or "", repr(self.label) if self.label else "")
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        changes = [part for change in self.changes for part in _parts(change)]
        width = max((len(change.attribute) for change in changes), default=0)
        lines = [f"{self.number:>5}. {self.title}"]
        for change in changes:
            before = "" if self.kind is Kind.CREATE else f"{_shown(change.before)} "
            lines.append(f"         {change.attribute:<{width}}  {before}→ {_shown(change.after)}")
        return "\n".join(lines)


@attrs.frozen
class Plan:
    """
    The operations of a commit in their order. Made by `session.plan()`, without I/O.

    Args:
        workspace: Code of the workspace.
        operations: In the order in which they are sent.
    """

    workspace: str
    operations: tuple[Operation, ...] = ()

    def __len__(self) -> int:
        return len(self.operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    @property
    def summary(self) -> str:
        """The plan in a line."""
        if not self.operations:
            return f"plan for {self.workspace}: nothing to do"
        counts = Counter((operation.kind.value, operation.entitytype) for operation in self.operations)
        what = ", ".join(f"{count} × {kind} {entitytype}" for (kind, entitytype), count in counts.items())
        return f"plan for {self.workspace}: {what}"

    def __str__(self) -> str:
        return "\n".join([self.summary, *(str(operation) for operation in self.operations)])


def _parts(change: Change) -> Iterator[Change]:
    """Yield what differs inside objects, key by key; people look for the difference, not for the whole."""
    before, after = change.before, change.after
    if not (isinstance(before, dict) and isinstance(after, dict)) or not before or not after:
        yield change
        return
    for key in dict.fromkeys([*before, *after]):
        inner = Change(f"{change.attribute}.{key}", before.get(key, ABSENT), after.get(key, ABSENT))
        if key not in before or key not in after or before[key] != after[key]:
            yield from _parts(inner)


def _shown(value: Any) -> str:
    """Return a value for a terminal: as JSON, which escapes what could steer one."""
    if isinstance(value, (NewEntity, _NotLoaded)):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")
