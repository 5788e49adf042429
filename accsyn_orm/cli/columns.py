"""The columns of a listing: a field, what is inside of one, or a field of what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import UnknownField
from ..mapping import kinds, state
from ..mapping.registry import class_named
from ..mapping.suggestions import did_you_mean

if TYPE_CHECKING:
    from ..entities.base import Entity
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["Column", "column_of", "columns_of", "is_id", "usual_columns"]

_USUAL = ("id", "code", "name", "uri", "role", "status", "progress", "size", "created")


def is_id(name: str) -> bool:
    """Whether a column of that name holds ids, which are good for nothing where they are cut."""
    return name.rpartition(".")[2] == "id" or name.endswith("_id")


@attrs.frozen
class Column:
    """
    One column.

    Args:
        name: As it was asked for.
        field: The field of the entity.
        keys: The way on from there through JSON, key by key.
        beyond: The field of the entity that a reference leads to.
    """

    name: str
    field: Field
    keys: tuple[str, ...] = ()
    beyond: Field | None = None

    def value(self, entity: Entity) -> Any:
        """Return what an entity has there; None where there is nothing."""
        if self.beyond is not None:
            reached = getattr(entity, self.field.name)
            return None if reached is None else _held(reached, self.beyond)
        value = _held(entity, self.field)
        for key in self.keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def column_of(mapper: Mapper, name: str) -> Column:
    """
    Return the column of a name: `status`, `user_id`, `metadata.shot`, `user.code`.

    Raises:
        UnknownField: There is no such field.
    """
    first, _, rest = name.partition(".")
    field = mapper.attributes.get(first) or mapper.by_wire.get(first)
    if field is None:
        raise mapper.unknown(first)
    if not rest:
        return Column(name, field)
    if field.kind.mutable:
        return Column(name, field, keys=tuple(rest.split(".")))
    if isinstance(field.kind, kinds.Reference) and field.kind.target is not None and first == field.name:
        target: Mapper = class_named(field.kind.target, mapper.cls.__module__).__mapper__
        return Column(name, field, beyond=target.field_named(rest))
    raise UnknownField(
        f"{name!r} leads nowhere: {first} of a {mapper.entitytype} is no object, and leads to no entity",
        entity=mapper.entitytype,
    )


def columns_of(mapper: Mapper, names: str) -> list[Column]:
    """
    Return the columns that a list with commas names.

    Raises:
        UnknownField: There is no such field, or the list is empty.
    """
    wanted = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    if not wanted:
        raise UnknownField(f"no column is named{did_you_mean('', mapper.fields)}", entity=mapper.entitytype)
    return [column_of(mapper, name) for name in wanted]


def usual_columns(mapper: Mapper) -> list[Column]:
    """Return the few columns by which people know an entity."""
    names = [name for name in _USUAL if name in mapper.fields]
    if "name" in names:
        # The code of a job is its name, and its uri that of its queue.
        left_out = {"code", "uri"} if mapper.has_finished else {"uri"}
        names = [name for name in names if name not in left_out]
    return [column_of(mapper, name) for name in names]


def _held(entity: Any, field: Field) -> Any:
    """Return what a field holds, without asking the server: what it did not send is nothing."""
    value = state.peek(entity, field)
    return None if value is state.MISSING else value
