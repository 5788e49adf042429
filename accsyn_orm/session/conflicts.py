"""
Conflicts: what I changed against what the server has by now.

What was read, what is wanted and what the server has now are compared per attribute, and in objects such as metadata
per key. Between this read and the write that follows, somebody can still write: accsyn has no conditional update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from ..errors import Conflict, InvalidValue
from .plan import ABSENT, NOT_LOADED, Change, Kind, Member, NewEntity
from .plan_text import shown
from .settling import same_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .plan import Operation, Plan

__all__ = ["ConflictPolicy", "ConflictingChange", "merged_attributes", "reconcile"]


@attrs.frozen
class ConflictingChange:
    """
    One attribute that somebody else changed as well.

    Args:
        operation: The operation that would overwrite it.
        attribute: Name on the wire; with a path for a key inside an object.
        read: What the server had when this session read it.
        wanted: What this session is about to send.
        now: What the server has now.
    """

    operation: Operation
    attribute: str
    read: Any
    wanted: Any
    now: Any

    def __str__(self) -> str:
        return (
            f"{self.operation.title}: {self.attribute} was {shown(self.read)} when it was read, is {shown(self.now)} by"
            f" now, and would become {shown(self.wanted)}"
        )


ConflictPolicy: TypeAlias = "str | Callable[[ConflictingChange], Any]"


def reconcile(plan: Plan, rows: Mapping[str, Mapping[str, Any]], policy: ConflictPolicy) -> Plan:
    """
    Return the plan as it is to be sent, given what the server has now.

    Args:
        plan: The plan.
        rows: What the server has, by id of the entities that are updated.
        policy: `fail`: any conflict ends it. `merge`: what does not touch is combined, per attribute and per key of
            objects; the rest ends it. A callable gets each conflict and returns the value to send.

    Raises:
        Conflict: Something cannot be combined; nothing was sent.
        InvalidValue: The policy is none of these.
    """
    if policy not in ("fail", "merge") and not callable(policy):
        raise InvalidValue(
            f"on_conflict is {policy!r}; it must be 'overwrite', 'fail', 'merge' or a function"
        )
    found: list[ConflictingChange] = []
    operations = tuple(_reconciled(operation, rows, policy, found) for operation in plan)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Conflict(f"nothing was sent: {found[0]}{more}", conflicts=found)
    return attrs.evolve(plan, operations=operations)


def merged_attributes(wanted: Plan, sent: Plan) -> frozenset[tuple[int, str]]:
    """Return where two forms of a plan send something different: number of the operation, and attribute."""
    found = set()
    for one, other in zip(wanted, sent, strict=True):
        pairs = [(one.changes, other.changes)]
        pairs += [(a.changes, b.changes) for a, b in zip(one.members, other.members, strict=True)]
        for before, after in pairs:
            found |= {
                (one.number, b.attribute) for a, b in zip(before, after, strict=True) if a.after != b.after
            }
    return frozenset(found)


def _reconciled(
    operation: Operation,
    rows: Mapping[str, Mapping[str, Any]],
    policy: ConflictPolicy,
    found: list[ConflictingChange],
) -> Operation:
    if operation.kind is not Kind.UPDATE:
        return operation

    def changes(ident: str | None, wanted: tuple[Change, ...]) -> tuple[Change, ...]:
        row = rows.get(ident or "")
        if row is None:
            return wanted  # it is gone or out of sight: the server will say so
        return tuple(_change(operation, change, row, policy, found) for change in wanted)

    members = tuple(Member(part.id, part.label, changes(part.id, part.changes)) for part in operation.members)
    return attrs.evolve(operation, changes=changes(operation.id, operation.changes), members=members)


def _change(
    operation: Operation,
    change: Change,
    row: Mapping[str, Any],
    policy: ConflictPolicy,
    found: list[ConflictingChange],
) -> Change:
    if change.attribute not in row or change.before is NOT_LOADED or isinstance(change.after, NewEntity):
        return change
    now = row[change.attribute]
    after = _merged(operation, change.attribute, change.before, change.after, now, policy, found)
    return Change(change.attribute, now, after)


def _merged(
    operation: Operation,
    path: str,
    read: Any,
    wanted: Any,
    now: Any,
    policy: ConflictPolicy,
    found: list[ConflictingChange],
) -> Any:
    """Return the value to send: three-way, and key by key inside objects."""
    if _same(now, read) or _same(now, wanted):
        return wanted
    if _same(wanted, read):
        return now
    if policy != "fail" and all(isinstance(value, dict) for value in (read, wanted, now)):
        merged = {}
        for key in dict.fromkeys([*now, *wanted, *read]):
            versions = [version.get(key, ABSENT) for version in (read, wanted, now)]
            value = _merged(operation, f"{path}.{key}", versions[0], versions[1], versions[2], policy, found)
            if value is not ABSENT:
                merged[key] = value
        return merged
    conflict = ConflictingChange(operation, path, read, wanted, now)
    if callable(policy):
        return policy(conflict)
    found.append(conflict)
    return wanted


def _same(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return same_json(one, other)
