"""A plan as a value: the ordered operations that a commit would send, attribute by attribute."""

from __future__ import annotations

import enum
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import InvalidValue
from . import plan_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ABSENT",
    "NOT_LOADED",
    "Change",
    "Kind",
    "Member",
    "NewEntity",
    "Operation",
    "Plan",
    "new_change",
    "new_operation",
]


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


class _Nothing(enum.Enum):
    NOT_LOADED = "(not loaded)"
    ABSENT = "(absent)"

    def __str__(self) -> str:
        return self.value


NOT_LOADED = _Nothing.NOT_LOADED
ABSENT = _Nothing.ABSENT


@attrs.frozen(weakref_slot=False)  # so that its slots are those of its draft
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
class Member:
    """
    One of several tasks that one request changes.

    Args:
        id: Its id.
        label: What people call it.
        changes: What is sent for it.
    """

    id: str
    label: str
    changes: tuple[Change, ...]


@attrs.frozen(weakref_slot=False)  # so that its slots are those of its draft
class Operation:
    """
    One request of a commit.

    Args:
        number: Place in the plan, from 1.
        kind: What it does.
        entitytype: Type on the wire.
        id: Of the entity; None for one that is created, and where members have their own.
        label: Its name or code, for people.
        changes: What is sent.
        depends_on: Numbers of operations that have to be applied before.
        parent: Id of the entity that it is a part of (tasks); None otherwise.
        members: The tasks that it changes, where it is an update of several.
        marked: Whether what it creates carries a marker in its metadata, by which it can be found again.
    """

    number: int
    kind: Kind
    entitytype: str
    id: str | None
    label: str = ""
    changes: tuple[Change, ...] = ()
    depends_on: tuple[int, ...] = ()
    parent: str | NewEntity | None = None
    members: tuple[Member, ...] = ()
    marked: bool = False

    @property
    def title(self) -> str:
        """The operation in a line, such as `update job 5bfe… 'my_transfer'`."""
        if self.members:
            return f"{self.kind.value} {len(self.members)} × {self.entitytype} of {self.parent}"
        parts = (self.kind.value, self.entitytype, self.id or "", repr(self.label) if self.label else "")
        return " ".join(part for part in parts if part)

    @property
    def warning(self) -> str:
        """What of it cannot be undone, where that is so; empty otherwise."""
        return plan_text.warning(self.kind.value, self.entitytype)

    def __str__(self) -> str:
        return plan_text.operation_text(self)


# Setting an attribute of a frozen class costs ten times as much as of another one, and plans are full of these two.
# So they can also be filled as a draft, which has the same slots, and then becomes what it is for.
class _ChangeDraft:
    __slots__ = tuple(field.name for field in attrs.fields(Change))


class _OperationDraft:
    __slots__ = tuple(field.name for field in attrs.fields(Operation))


def new_change(attribute: str, before: Any, after: Any) -> Change:
    """Return a `Change`, at a third of the price."""
    draft: Any = _ChangeDraft()
    draft.attribute = attribute
    draft.before = before
    draft.after = after
    draft.__class__ = Change
    change: Change = draft
    return change


def new_operation(
    number: int,
    kind: Kind,
    entitytype: str,
    ident: str | None,
    label: str,
    changes: tuple[Change, ...],
    depends_on: tuple[int, ...],
    parent: str | NewEntity | None,
    members: tuple[Member, ...],
    marked: bool,
) -> Operation:
    """Return an `Operation`, at a quarter of the price."""
    draft: Any = _OperationDraft()
    draft.number = number
    draft.kind = kind
    draft.entitytype = entitytype
    draft.id = ident
    draft.label = label
    draft.changes = changes
    draft.depends_on = depends_on
    draft.parent = parent
    draft.members = members
    draft.marked = marked
    draft.__class__ = Operation
    operation: Operation = draft
    return operation


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

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of it cannot be undone, each once."""
        return tuple(dict.fromkeys(operation.warning for operation in self.operations if operation.warning))

    @property
    def hash(self) -> str:
        """A digest of what would be sent: the same for the same operations, on any machine."""
        text = json.dumps(json.loads(self.to_json()), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> str:
        """Return the plan as JSON text, from which `from_json` makes an equal one."""
        document = attrs.asdict(self, value_serializer=_serialise)
        return json.dumps(document, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """
        Return the plan that `to_json` wrote.

        Raises:
            InvalidValue: It is not such a text.
        """
        try:
            document = json.loads(text)
            operations = tuple(_operation(item) for item in document["operations"])
            return cls(document["workspace"], operations)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidValue(f"this is not a plan that to_json() wrote: {error!r}") from error

    def to_text(self, *, color: bool | None = None) -> str:
        """
        Return the plan as a diff for people, as `print(plan.to_text())` shows it.

        Args:
            color: Whether to colour it for a terminal; None to do so where standard output is one, unless the
                environment has NO_COLOR.
        """
        colour = plan_text.is_coloured() if color is None else color
        text = "\n".join(
            [
                self.summary,
                *(plan_text.operation_text(operation, colour=colour) for operation in self.operations),
            ]
        )
        return "\n".join([text, *(f"note: {warning}" for warning in self.warnings)])

    def __str__(self) -> str:
        return self.to_text(color=False)

    def _repr_html_(self) -> str:
        """Show the plan in a notebook."""
        from .plan_html import plan_html

        return plan_html(self)


_TAGS: dict[str, Any] = {"not_loaded": NOT_LOADED, "absent": ABSENT}
_RESERVED = frozenset({"$new", "$none", "$value"})


def _serialise(_: Any, __: Any, value: Any) -> Any:
    if isinstance(value, NewEntity):
        return {"$new": value.operation, "$prefix": value.prefix}
    if isinstance(value, _Nothing):
        return {"$none": value.name.lower()}
    if isinstance(value, dict) and not _RESERVED.isdisjoint(value):
        return {"$value": value}  # a user's own, which only looks like one of ours
    return value.value if isinstance(value, Kind) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict) and "$new" in value:
        return NewEntity(value["$new"], value["$prefix"])
    if isinstance(value, dict) and "$none" in value:
        return _TAGS[value["$none"]]
    if isinstance(value, dict) and "$value" in value:
        return value["$value"]
    return value


def _changes(items: list[Any]) -> tuple[Change, ...]:
    return tuple(
        Change(item["attribute"], _restored(item["before"]), _restored(item["after"])) for item in items
    )


def _operation(item: dict[str, Any]) -> Operation:
    members = tuple(Member(part["id"], part["label"], _changes(part["changes"])) for part in item["members"])
    return Operation(
        item["number"],
        Kind(item["kind"]),
        item["entitytype"],
        item["id"],
        item["label"],
        _changes(item["changes"]),
        tuple(item["depends_on"]),
        _restored(item["parent"]),
        members,
        item["marked"],
    )
