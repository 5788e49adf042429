"""Writing through a query set: create, get_or_create, update_or_create, and bulk update and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs

from ..errors import InvalidValue, QueryError, ReadOnlyField
from ..expressions.tree import EVERYTHING
from ..mapping.kinds import Reference
from ..mapping.refusals import refuse
from ..mapping.registry import class_named
from .describing import Describing
from .sorting import whole_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper
    from .query_set import QuerySet

__all__ = ["Writing"]

E = TypeVar("E")


class Writing(Describing, Generic[E]):
    """The half of a query set that writes. What it does is sent at once, and apart from the session's commit."""

    def create(self, **values: Any) -> E:
        """
        Create an entity now, with one request; pending changes of the session are not sent.

        Raises:
            InvalidValue: A value does not fit.
            ServerError: The server refuses; nothing stays pending then.
        """
        mapper, parent = self.description.mapper, self.description.parent
        refuse(mapper, "create")
        if mapper.parent is not None and parent is not None:
            values = {mapper.parent: parent, **values}
        entity = mapper.cls(**values)
        self._source().create_now(entity)
        return cast("E", entity)

    def get_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[E, bool]:
        """
        Return the entity that matches, created now where there is none, and whether it was created.

        accsyn has no transactions: two scripts that do this at the same moment can both create.

        Args:
            defaults: Further values for a new entity.
            **lookups: Field names and values, which a new entity is given as well.
        """
        return self._got_or_created(lookups, {**lookups, **(defaults or {})})

    def update_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[E, bool]:
        """
        Change the entity that matches, created now where there is none, and say whether it was created.

        Args:
            defaults: Values to set in both cases.
            **lookups: Field names and values, which a new entity is given as well.
        """
        entity, created = self._got_or_created(lookups, {**lookups, **(defaults or {})})
        if not created:
            for name, value in (defaults or {}).items():
                setattr(entity, name, value)
            self._source().update_now(cast("MappedBase", entity))
        return entity, created

    def _got_or_created(self, lookups: dict[str, Any], values: dict[str, Any]) -> tuple[E, bool]:
        spanning = [name for name in lookups if "__" in name]
        if spanning:
            raise QueryError(
                f"{spanning[0]}: only field names can be given, since a new entity would get the values"
            )
        mapper = self.description.mapper
        for name in values:
            mapper.field_named(name)
        found = cast("QuerySet[E]", self)
        try:
            return found.get(**lookups), False
        except mapper.cls.DoesNotExist:
            return self.create(**values), True

    def update(self, *, progress: bool | Callable[[Any], None] | None = None, **changes: Any) -> int:
        """
        Set fields of everything that matches, now, one request per entity; return how many match.

        The entities are collected first, so that what leaves the query by being changed is not skipped. Those that
        hold the values already are left alone.

        Args:
            progress: Is told of each outcome as it comes; True shows a bar (needs rich or tqdm).
            changes: Field → value.

        Raises:
            QueryError: The query set has no filter; say `everything()` if that is meant.
            ReadOnlyField: A field that cannot be changed.
            InvalidValue: A value that does not fit.
            CommitError: Not every change was applied; it says which were.
        """
        mapper = self.description.mapper
        wire = {}
        for name, value in changes.items():
            field = mapper.field_named(name)
            wire[field.wire] = _wire_value(field, value, mapper)
        if not wire:
            raise QueryError("update() takes the fields to set, as in update(status='aborted')")
        return self._source().update_rows(mapper, self._targets("update", *wire), wire, progress)

    def delete(self) -> int:
        """
        Delete everything that matches, now, one request per entity; return how many there were.

        Raises:
            QueryError: The query set has no filter; say `everything()` if that is meant.
            SessionError: Entities of this type cannot be deleted.
            CommitError: Not everything was deleted; it says what was.
        """
        refuse(self.description.mapper, "delete")
        return self._source().delete_rows(self.description.mapper, self._targets("delete", "code"))

    def _targets(self, verb: str, *attributes: str) -> list[dict[str, Any]]:
        """Collect the rows that a bulk write is about, whole, before anything is written."""
        description = self.description
        if description.empty:
            return []
        unbounded = (
            description.expression == EVERYTHING and description.stop is None and description.parent is None
        )
        if unbounded and not description.everything:
            name = description.mapper.cls.__name__
            raise QueryError(
                f"{verb}() without a filter is about every {description.mapper.entitytype} of the workspace; if that is"
                f" meant, say so: {name}.objects.everything().{verb}(…)"
            )
        parent = description.mapper.parent
        wires = ["id", *attributes, *([description.mapper.fields[parent].wire] if parent else [])]
        wires += [field.wire for field, _ in description.ordering]
        wanted = attrs.evolve(description, attributes=tuple(dict.fromkeys(wires)), related=())
        rows = whole_rows(wanted, self._source())
        if parent and description.parent is not None:
            for row in rows:
                row.setdefault(description.mapper.fields[parent].wire, description.parent)
        return [row for row in rows if isinstance(row.get("id"), str)]


def _reference_text(field: Field, entity: Any, mapper: Mapper) -> str:
    """Return what is sent for a reference to an entity: its id, after its type where the field may lead anywhere."""
    target = field.kind.target if isinstance(field.kind, Reference) else None
    if target is not None and not isinstance(entity, class_named(target, mapper.cls.__module__)):
        raise InvalidValue(f"{field.name} of a {mapper.entitytype} is a {target}, not {entity!r}")
    if not isinstance(entity.id, str):
        raise InvalidValue(f"{entity!r} has no id yet: commit it first")
    return entity.id if target is not None else f"{entity.__mapper__.entitytype}:{entity.id}"


def _wire_value(field: Field, value: Any, mapper: Mapper) -> Any:
    """Return a new value of a field as it is sent."""
    entitytype = mapper.entitytype
    if not field.update:
        raise ReadOnlyField(
            f"{field.name} of a {entitytype} cannot be set: {field.reason or 'accsyn takes it on create only'}",
            entity=entitytype,
        )
    if field.is_reference and hasattr(value, "__mapper__"):
        value = _reference_text(field, value, mapper)
    value = field.check(value, entitytype)
    return None if value is None else field.kind.to_wire(value)
