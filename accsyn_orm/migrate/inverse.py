"""
The plan that takes back what a journal says was applied.

Operations are inverted in reverse order, each only where the server still has what was written; everything else is kept
as it is, with the reason. An operation is taken back as a whole or not at all, except that of several tasks, where each
task stands for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..mapping.mapper import MARKER
from ..mapping.registry import canonical_type, mapper_of_type
from ..session.plan import ABSENT, NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan
from ..session.settling import is_marked, same_json, unmarked, with_ids
from .reading import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..session import Session
    from ..session.journal import Entry, Journal

__all__ = ["Kept", "invert"]


@attrs.frozen
class Kept:
    """
    An operation that is not taken back.

    Args:
        title: The operation.
        reason: Why not.
    """

    title: str
    reason: str

    def __str__(self) -> str:
        return f"{self.title}: {self.reason}"


def invert(session: Session, journal: Journal) -> tuple[Plan, tuple[Kept, ...]]:
    """
    Return the plan that takes a journal's plan back, and what it leaves as it is.

    The entities are read in batches; nothing is sent that changes anything.

    Args:
        session: An open session.
        journal: A journal whose open operations were settled as far as they can be.
    """
    inversion = _Inversion(journal, Rows(session))
    inversion.read()
    for operation in reversed(journal.plan.operations):
        inversion.take_back(operation)
    return Plan(journal.workspace, tuple(inversion.operations)), tuple(inversion.kept)


class _Inversion:
    """Collects the inverse operations and what is kept."""

    def __init__(self, journal: Journal, rows: Rows) -> None:
        self.entries = journal.states()
        self.plan = journal.plan
        self.rows = rows
        self.ids = {n: entry.id for n, entry in self.entries.items() if entry.state == "applied" and entry.id}
        self.operations: list[Operation] = []
        self.kept: list[Kept] = []
        # Number of the inverse of an operation, by the operation's own; None where it is kept.
        self.inverses: dict[int, int | None] = {}
        # The latest inverse that concerns an entity: those of one entity must not overtake each other.
        self.latest: dict[tuple[str, str], int] = {}
        self.needed_by: dict[int, list[int]] = {}
        for operation in journal.plan:
            for number in operation.depends_on:
                self.needed_by.setdefault(number, []).append(operation.number)

    def read(self) -> None:
        for operation in self.plan:
            entry = self.entries[operation.number]
            if entry.state != "applied" or operation.kind is Kind.DELETE:
                continue
            parent = with_ids(operation.parent, self.ids)
            idents: list[str | None] = [member.id for member in operation.members] or [
                entry.id or operation.id
            ]
            for ident in idents:
                if ident is not None:
                    self.rows.want(operation.entitytype, ident, parent)
        self.rows.fetch()

    def take_back(self, operation: Operation) -> None:
        entry = self.entries[operation.number]
        if entry.open:
            self.keep(operation, "it is not known whether it was applied, and the server does not tell")
        elif entry.state == "applied":
            _INVERT[operation.kind](self, operation, entry)

    def keep(self, operation: Operation, reason: str, title: str = "") -> None:
        self.inverses.setdefault(operation.number, None)
        self.kept.append(Kept(title or operation.title, reason))

    def add(self, operation: Operation, kind: Kind, **what: Any) -> None:
        """Add an inverse; it comes after those of what needed the operation, and of the same entity."""
        number = len(self.operations) + 1
        entities = [(canonical_type(operation.entitytype), ident) for ident in _idents(what)]
        needs = [self.inverses.get(later) for later in self.needed_by.get(operation.number, ())]
        needs += [self.latest.get(entity) for entity in entities]
        depends_on = tuple(sorted({need for need in needs if need is not None}))
        self.operations.append(
            Operation(
                number, kind, operation.entitytype, label=operation.label, depends_on=depends_on, **what
            )
        )
        self.inverses[operation.number] = number
        self.latest |= dict.fromkeys(entities, number)

    # By kind

    def update(self, operation: Operation, entry: Entry) -> None:
        parent = with_ids(operation.parent, self.ids)
        if not operation.members:
            changes = self.set_back(operation, entry.id or operation.id or "", operation.changes)
            if changes:
                self.add(operation, Kind.UPDATE, id=operation.id, changes=changes, parent=parent)
            return
        members = []
        for member in operation.members:
            changes = self.set_back(
                operation, member.id, member.changes, f"update {operation.entitytype} {member.id}"
            )
            if changes:
                members.append(Member(member.id, member.label, changes))
        if members:
            self.add(operation, Kind.UPDATE, id=None, members=tuple(members), parent=parent)

    def set_back(
        self, operation: Operation, ident: str, changes: tuple[Change, ...], title: str = ""
    ) -> tuple[Change, ...]:
        """Return the changes that set attributes back; none, and the reason kept, where one of them cannot be."""
        row = self.rows.find(operation.entitytype, ident)
        if row is None:
            self.keep(operation, "it is gone, or not visible to this user", title)
            return ()
        back = []
        for change in changes:
            reason = _obstacle(change, row, self.ids)
            if reason:
                self.keep(operation, reason, title)
                return ()
            now = row[change.attribute]
            back.append(Change(change.attribute, now, _with_marker(change.before, now)))
        return tuple(back)

    def create(self, operation: Operation, entry: Entry) -> None:
        row = self.rows.find(operation.entitytype, entry.id or "")
        mapper = mapper_of_type(operation.entitytype)
        if operation.entitytype in _NEVER_DELETED:
            self.keep(operation, f"a {operation.entitytype} cannot be deleted")
        elif row is None:
            self.keep(operation, "it is gone, or not visible to this user")
        elif not operation.marked or mapper is None:
            self.keep(
                operation, "it carries no marker, so it cannot be told whether it is still what was created"
            )
        elif not is_marked(row, entry.marker):
            self.keep(operation, "its marker is gone from its metadata: somebody else made it theirs")
        elif any(self.stays(number) for number in self.needed_by.get(operation.number, ())):
            self.keep(operation, "something that needs it is not taken back")
        else:
            self.add(operation, Kind.DELETE, id=entry.id)

    def stays(self, number: int) -> bool:
        """Whether an operation was applied, or may have been, and is not taken back."""
        return number in self.inverses and self.inverses[number] is None

    def switch(self, operation: Operation, entry: Entry) -> None:
        del entry
        ident = operation.id or ""
        row = self.rows.find(operation.entitytype, ident)
        was_deactivated = operation.kind is Kind.DEACTIVATE
        before = next(
            (each.before for each in operation.changes if each.attribute == "inactive"), not was_deactivated
        )
        if before is was_deactivated:
            return  # it was so before
        if row is None:
            self.keep(operation, "it is gone, or not visible to this user")
        elif self.rows.is_inactive(operation.entitytype, ident) is not was_deactivated:
            self.keep(operation, "somebody else has switched it back since")
        else:
            self.add(operation, Kind.ACTIVATE if was_deactivated else Kind.DEACTIVATE, id=ident)

    def delete(self, operation: Operation, entry: Entry) -> None:
        del entry
        self.keep(operation, "a deletion cannot be undone: a new one would have another id and no history")


_NEVER_DELETED = frozenset({"task", "acl"})
_INVERT = {
    Kind.CREATE: _Inversion.create,
    Kind.UPDATE: _Inversion.update,
    Kind.ACTIVATE: _Inversion.switch,
    Kind.DEACTIVATE: _Inversion.switch,
    Kind.DELETE: _Inversion.delete,
}


def _idents(what: dict[str, Any]) -> list[str]:
    return [member.id for member in what.get("members", ())] or [what["id"]]


def _obstacle(change: Change, row: Mapping[str, Any], ids: Mapping[int, str]) -> str:
    """Return why an attribute cannot be set back; empty where it can."""
    name = change.attribute
    if change.before is NOT_LOADED or change.before is ABSENT or isinstance(change.before, NewEntity):
        return f"what {name} was before is not known"
    if name not in row:
        return f"the server does not show {name}"
    if not same_json(unmarked(row[name]), unmarked(with_ids(change.after, ids))):
        return f"{name} was changed by somebody else since"
    return ""


def _with_marker(before: Any, now: Any) -> Any:
    """Return a former value; the marker of what an earlier run created stays where it is."""
    if isinstance(before, dict) and isinstance(now, dict) and MARKER in now:
        return {**before, MARKER: now[MARKER]}
    return before
