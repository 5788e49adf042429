"""What a session has to do: new, changed and deleted entities, and the plan that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs

from ..errors import IdentityConflict, InvalidValue
from ..mapping import state
from ..mapping.registry import canonical_type
from ..mapping.rows import forget_changes
from .plan import NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.state import FieldChange

__all__ = ["UnitOfWork", "Unsettled"]


@attrs.frozen
class Unsettled:
    """
    A creation that may have been applied although no answer came.

    Args:
        entity: What was to be created.
        operation: The operation that was sent.
        marker: The marker that it carried.
        ids: Ids of what was created before it, by the number of the operation.
    """

    entity: MappedBase
    operation: Operation
    marker: str
    ids: dict[int, str]


class UnitOfWork:
    """
    The entities that a commit concerns, held strongly, in the order in which they came.

    A plan is made of values; which entity an operation is about is kept beside it, by the operation's number.
    """

    def __init__(self) -> None:
        self.new: dict[int, MappedBase] = {}
        self.touched: dict[int, MappedBase] = {}
        self.deleted: dict[int, MappedBase] = {}
        self.actions: dict[int, tuple[Kind, MappedBase]] = {}
        # Creates that may have been applied although no answer came: never sent again before they were looked up.
        self.unsettled: dict[int, Unsettled] = {}
        self.markers: dict[int, str] = {}

    def add(self, entity: MappedBase, owner: Any) -> None:
        """Take in an entity that is to be created."""
        state.enter(entity, owner, state.Phase.PENDING)
        self.new[id(entity)] = entity

    def dirty(self) -> list[MappedBase]:
        """Return the stored entities that differ from what the server has."""
        return [entity for entity, _ in self._changed()]

    def _changed(self) -> list[tuple[MappedBase, list[FieldChange]]]:
        """Return them with what differs."""
        looked_at = [
            (entity, state.changes(entity))
            for key, entity in list(self.touched.items())
            if key not in self.deleted
        ]
        return [pair for pair in looked_at if pair[1]]

    def forget(self, entity: MappedBase) -> None:
        """Drop an entity from everything."""
        for held in (self.new, self.touched, self.deleted, self.actions, self.unsettled, self.markers):
            cast("dict[int, Any]", held).pop(id(entity), None)

    def settle_clean(self) -> None:
        """Let go of entities that were changed back."""
        for key, entity in list(self.touched.items()):
            if not state.changes(entity):
                forget_changes(entity, {})
                del self.touched[key]

    def plan(
        self, workspace: str, only: MappedBase | None = None
    ) -> tuple[Plan, list[tuple[MappedBase, ...]]]:
        """
        Return the plan, and the entity of each operation in the same order.

        Args:
            workspace: Code of the workspace.
            only: Plan the creation or the changes of this entity, and nothing else.

        Raises:
            IdentityConflict: One thing was changed through two classes.
            InvalidValue: New entities that refer to each other in a circle.
        """
        planner = _Planner()
        if only is not None:
            if id(only) in self.new:
                planner.create(only)
            elif changes := state.changes(only):
                planner.update((only, changes))
            return Plan(workspace, tuple(planner.operations)), planner.entities
        dirty = self._changed()
        _refuse_conflicts([*(entity for entity, _ in dirty), *self.deleted.values()])
        for entity in _in_order_of_need(self.new):
            planner.create(entity)
        for group in _batches(dirty):
            planner.update(*group)
        for kind, entity in self.actions.values():
            if id(entity) not in self.deleted:
                planner.act(kind, entity)
        for entity in self.deleted.values():
            planner.act(Kind.DELETE, entity)
        return Plan(workspace, tuple(planner.operations)), planner.entities


class _Planner:
    """Collects operations and the entities that they are about."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.entities: list[tuple[MappedBase, ...]] = []
        self._numbers: dict[int, int] = {}

    def create(self, entity: MappedBase) -> None:
        changes, needs = [], []
        for field in entity.__mapper__.fields.values():
            value, need = self._value(entity, field)
            if value is not state.MISSING and value is not None and field.name != entity.__mapper__.parent:
                changes.append(Change(field.wire, None, value))
            needs += need
        self._numbers[id(entity)] = self._add(Kind.CREATE, entity, changes, needs)

    def update(self, *dirty: tuple[MappedBase, list[FieldChange]]) -> None:
        """Plan one request for one entity, or for several tasks of one job."""
        entities = tuple(entity for entity, _ in dirty)
        changed = [self._changes(entity, found) for entity, found in dirty]
        needs = [need for _, needed in changed for need in needed]
        if len(entities) == 1:
            number = self._add(Kind.UPDATE, entities[0], changed[0][0], needs)
        else:
            members = tuple(
                Member(state.peek(entity, entity.__mapper__.fields["id"]), label_of(entity), tuple(changes))
                for entity, (changes, _) in zip(entities, changed, strict=True)
            )
            number = self._add(Kind.UPDATE, entities[0], [], needs, members)
            self.entities[-1] = entities
        self._numbers |= dict.fromkeys(map(id, entities), number)

    def _changes(self, entity: MappedBase, found: list[FieldChange]) -> tuple[list[Change], list[int]]:
        changes, needs = [], []
        for change in found:
            value = change.after
            if value is None:
                value, need = self._value(entity, change.field)
                needs += need
            before = NOT_LOADED if change.before is state.MISSING else change.before
            changes.append(Change(change.field.wire, before, value))
        return changes, needs

    def act(self, kind: Kind, entity: MappedBase) -> None:
        """Plan a deletion or an (de)activation, after whatever else happens to the entity."""
        earlier = self._numbers.get(id(entity))
        field = entity.__mapper__.by_wire.get("inactive")
        changes = []
        if kind is not Kind.DELETE and field is not None:
            before = state.wire_value(entity, field)
            known = NOT_LOADED if before is state.MISSING else before
            changes = [Change(field.wire, known, kind is Kind.DEACTIVATE)]
        self._add(kind, entity, changes, [] if earlier is None else [earlier])

    def _add(
        self,
        kind: Kind,
        entity: MappedBase,
        changes: list[Change],
        needs: list[int],
        members: tuple[Member, ...] = (),
    ) -> int:
        mapper = entity.__mapper__
        number = len(self.operations) + 1
        parent = None
        if mapper.parent is not None:
            parent, need = self._value(entity, mapper.fields[mapper.parent])
            needs = needs + need
        self.operations.append(
            Operation(
                number,
                kind,
                mapper.entitytype,
                None if kind is Kind.CREATE or members else state.peek(entity, mapper.fields["id"]),
                "" if members else label_of(entity),
                tuple(changes),
                tuple(dict.fromkeys(needs)),
                None if parent is state.MISSING else parent,
                members,
                marked=kind is Kind.CREATE
                and "metadata" in mapper.fields
                and mapper.fields["metadata"].create,
            )
        )
        self.entities.append((entity,))
        return number

    def _value(self, entity: MappedBase, field: Field) -> tuple[Any, list[int]]:
        """Return the wire value of a field, and the operation that has to come first for it."""
        value = state.wire_value(entity, field)
        link = state.links_of(entity).get(field.name)
        if value is None and link is not None:
            if id(link) not in self._numbers:
                raise InvalidValue(
                    f"{field.name} of {entity!r} is {link!r}, which is not going to be created: session.add()"
                    f" it first"
                )
            number = self._numbers[id(link)]
            prefix = f"{link.__mapper__.entitytype}:" if field.slot.endswith("_ref") else ""
            return NewEntity(number, prefix), [number]
        return value, []


def _batches(
    dirty: list[tuple[MappedBase, list[FieldChange]]],
) -> Iterator[list[tuple[MappedBase, list[FieldChange]]]]:
    """Yield what one request can change: an entity, or all changed tasks of one job."""
    tasks: dict[Any, list[tuple[MappedBase, list[FieldChange]]]] = {}
    for pair in dirty:
        mapper = pair[0].__mapper__
        parent = None if mapper.parent is None else state.peek(pair[0], mapper.fields[mapper.parent])
        if not isinstance(parent, str):
            yield [pair]
        elif parent in tasks:
            tasks[parent].append(pair)
        else:
            tasks[parent] = [pair]
    yield from tasks.values()


def label_of(entity: MappedBase) -> str:
    """Return what people call an entity: its code, else its name; no I/O."""
    for name in ("code", "name"):
        field = entity.__mapper__.fields.get(name)
        value = None if field is None else state.peek(entity, field)
        if isinstance(value, str) and value:
            return value
    return ""


def _in_order_of_need(new: dict[int, MappedBase]) -> list[MappedBase]:
    """Return new entities so that each comes after those that it refers to."""
    ordered: dict[int, MappedBase] = {}
    visiting: dict[int, MappedBase] = {}

    def visit(entity: MappedBase) -> None:
        key = id(entity)
        if key in ordered:
            return
        if key in visiting:
            circle = " → ".join(repr(held) for held in visiting.values())
            raise InvalidValue(
                f"new entities refer to each other in a circle, so none can be created first: {circle}"
            )
        visiting[key] = entity
        for link in state.links_of(entity).values():
            if id(link) in new:
                visit(link)
        del visiting[key]
        ordered[key] = entity

    for entity in new.values():
        visit(entity)
    return list(ordered.values())


def _refuse_conflicts(entities: list[MappedBase]) -> None:
    """Refuse two objects for one thing on the server, both with something to send."""
    seen: dict[tuple[str, Any], MappedBase] = {}
    for entity in entities:
        mapper = entity.__mapper__
        key = (canonical_type(mapper.entitytype), state.peek(entity, mapper.fields["id"]))
        other = seen.setdefault(key, entity)
        if other is not entity:
            raise IdentityConflict(
                f"{other!r} and {entity!r} are one thing on the server, and both were changed: change it"
                f" through one class, and session.refresh() the other",
                entity=f"{key[0]}:{key[1]}",
            )
