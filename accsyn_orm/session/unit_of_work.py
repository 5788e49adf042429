"""What a session has to do: new, changed and deleted entities, and the plan that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs

from ..errors import IdentityConflict, InvalidValue
from ..mapping import state
from ..mapping.registry import canonical_type
from ..mapping.rows import forget_changes
from .plan import NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan, new_change, new_operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import TypeAlias

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["UnitOfWork", "Unsettled"]

# What differs in an entity: field, before and after in wire form.
_Differences: TypeAlias = "list[tuple[Field, Any, Any]]"
_Dirty: TypeAlias = "tuple[MappedBase, _Differences]"


# Looked up once: on Python 3.10 and 3.11, members of an enumeration cost as much as a call.
_CREATE, _UPDATE, _MISSING = Kind.CREATE, Kind.UPDATE, state.MISSING


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

    def _changed(self) -> Iterator[_Dirty]:
        """Yield them with what differs."""
        deleted = self.deleted
        for entity in list(self.touched.values()):
            if (not deleted or id(entity) not in deleted) and (found := state.differences(entity)):
                yield entity, found

    def forget(self, entity: MappedBase) -> None:
        """Drop an entity from everything."""
        for held in (self.new, self.touched, self.deleted, self.actions, self.unsettled, self.markers):
            cast("dict[int, Any]", held).pop(id(entity), None)

    def settle_clean(self) -> None:
        """Let go of entities that were changed back."""
        for key, entity in list(self.touched.items()):
            if not state.differences(entity):
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
            elif found := state.differences(only):
                planner.update(only, found)
            return Plan(workspace, tuple(planner.operations)), planner.entities
        for entity in _in_order_of_need(self.new):
            planner.create(entity)
        created = len(planner.entities)
        planner.update_all(self._changed())
        _refuse_conflicts(planner.operations[created:], planner.entities[created:], self.deleted.values())
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
        self._numbered = 0

    def create(self, entity: MappedBase) -> None:
        mapper = entity.__mapper__
        changes: list[Change] = []
        needs: tuple[int, ...] = ()
        for field in mapper.fields.values():
            value, need = self._value(entity, field)
            if value is not state.MISSING and value is not None and field.name != mapper.parent:
                changes.append(new_change(field.wire, None, value))
            needs += need
        marked = "metadata" in mapper.fields and mapper.fields["metadata"].create
        self._add(_CREATE, entity, mapper, tuple(changes), needs, marked=marked)

    def update_all(self, dirty: Iterable[_Dirty]) -> None:
        """Plan one request for each entity, but for all changed tasks of one job together, after the others."""
        tasks: dict[str, list[_Dirty]] = {}
        for entity, found in dirty:
            mapper = entity.__mapper__
            if mapper.parent is not None:
                parent = state.peek(entity, mapper.fields[mapper.parent])
                if isinstance(parent, str):
                    tasks.setdefault(parent, []).append((entity, found))
                    continue
            changes, needs = self._changes(entity, found)
            self._add(_UPDATE, entity, mapper, changes, needs)
        for group in tasks.values():
            if len(group) == 1:
                self.update(*group[0])
            else:
                self._update_together(group)

    def update(self, entity: MappedBase, found: _Differences) -> None:
        """Plan one request for one entity."""
        changes, needs = self._changes(entity, found)
        self._add(_UPDATE, entity, entity.__mapper__, changes, needs)

    def _update_together(self, dirty: list[_Dirty]) -> None:
        members: list[Member] = []
        needs: tuple[int, ...] = ()
        for entity, found in dirty:
            changes, needed = self._changes(entity, found)
            mapper = entity.__mapper__
            members.append(Member(mapper.ident_of(entity), mapper.label_of(entity), changes))
            needs += needed
        entities = tuple(entity for entity, _ in dirty)
        self._add(_UPDATE, entities[0], entities[0].__mapper__, (), needs, tuple(members))
        self.entities[-1] = entities

    def _changes(self, entity: MappedBase, found: _Differences) -> tuple[tuple[Change, ...], tuple[int, ...]]:
        changes: list[Change] = []
        needs: tuple[int, ...] = ()
        for field, before, after in found:
            value = after
            if value is None:
                value, need = self._value(entity, field)
                needs += need
            changes.append(new_change(field.wire, NOT_LOADED if before is _MISSING else before, value))
        return tuple(changes), needs

    def act(self, kind: Kind, entity: MappedBase) -> None:
        """Plan a deletion or an (de)activation, after whatever else happens to the entity."""
        earlier = self._number_of(entity)
        field = entity.__mapper__.by_wire.get("inactive")
        changes = []
        if kind is not Kind.DELETE and field is not None:
            before = state.wire_value(entity, field)
            known = NOT_LOADED if before is state.MISSING else before
            changes = [Change(field.wire, known, kind is Kind.DEACTIVATE)]
        self._add(kind, entity, entity.__mapper__, tuple(changes), () if earlier is None else (earlier,))

    def _add(
        self,
        kind: Kind,
        entity: MappedBase,
        mapper: Mapper,
        changes: tuple[Change, ...],
        needs: tuple[int, ...],
        members: tuple[Member, ...] = (),
        marked: bool = False,
    ) -> None:
        number = len(self.operations) + 1
        parent = None
        if mapper.parent is not None:
            parent, need = self._value(entity, mapper.fields[mapper.parent])
            parent = None if parent is _MISSING else parent
            needs += need
        ident = None if members or kind is _CREATE else mapper.ident_of(entity)
        label = "" if members else mapper.label_of(entity)
        depends_on = tuple(dict.fromkeys(needs)) if needs else ()
        self.operations.append(
            new_operation(
                number, kind, mapper.entitytype, ident, label, changes, depends_on, parent, members, marked
            )
        )
        self.entities.append((entity,))

    def _number_of(self, entity: MappedBase) -> int | None:
        """Return the last operation so far that is about an entity; most plans never ask."""
        for number in range(self._numbered, len(self.entities)):
            self._numbers |= dict.fromkeys(map(id, self.entities[number]), number + 1)
        self._numbered = len(self.entities)
        return self._numbers.get(id(entity))

    def _value(self, entity: MappedBase, field: Field) -> tuple[Any, tuple[int, ...]]:
        """Return the wire value of a field, and the operation that has to come first for it."""
        value = state.wire_value(entity, field)
        link = state.links_of(entity).get(field.name)
        if value is None and link is not None:
            number = self._number_of(link)
            if number is None:
                raise InvalidValue(
                    f"{field.name} of {entity!r} is {link!r}, which is not going to be created: session.add()"
                    f" it first"
                )
            prefix = f"{link.__mapper__.entitytype}:" if field.slot.endswith("_ref") else ""
            return NewEntity(number, prefix), (number,)
        return value, ()


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


def _refuse_conflicts(
    updates: list[Operation], changed: list[tuple[MappedBase, ...]], deleted: Collection[MappedBase]
) -> None:
    """Refuse two objects for one thing on the server, both with something to send."""
    idents: set[Any] = {update.id for update in updates if not update.members}
    idents.update(member.id for update in updates if update.members for member in update.members)
    idents.update(entity.__mapper__.ident_of(entity) for entity in deleted)
    if len(idents) == sum(map(len, changed)) + len(deleted):
        return  # as nearly always: no id comes twice
    entities = [entity for group in changed for entity in group] + list(deleted)
    seen: dict[tuple[str, Any], MappedBase] = {}
    for entity in entities:
        mapper = entity.__mapper__
        key = (canonical_type(mapper.entitytype), mapper.ident_of(entity))
        other = seen.setdefault(key, entity)
        if other is not entity:
            raise IdentityConflict(
                f"{other!r} and {entity!r} are one thing on the server, and both were changed: change it"
                f" through one class, and session.refresh() the other",
                entity=f"{key[0]}:{key[1]}",
            )
