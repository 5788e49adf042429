"""
From the rows of the server to an entity's slots: filled whole, merged with local changes, settled after a
commit.

Nothing here does I/O.
"""

# ruff: noqa: SLF001 -- an entity keeps its bookkeeping in slots of its own; with `state`, this keeps the books

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import state
from .slots import WIRE_SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .base import MappedBase
    from .fields import Field

__all__ = ["adopt", "fill", "fill_created", "forget_changes", "merge", "settle_empty"]

_set = object.__setattr__


def fill(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """Fill an instance with a row, whole; attributes that the class does not declare are kept beside."""
    mapper = entity.__mapper__
    mapper.fill(entity, row)
    if not row.keys() <= mapper.by_wire.keys():
        known = mapper.by_wire
        _set(entity, "_unknown", (entity._unknown or {}) | {key: row[key] for key in row if key not in known})


def merge(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """
    Take over a newer row: unchanged fields are refreshed, local changes stay.

    What the server has now becomes the "before" of a changed field.
    """
    original = entity._original
    if not original:
        _forget_unpacked(entity, row)
        fill(entity, row)
        return
    mapper = entity.__mapper__
    held = {mapper.fields[name].wire for name in original}
    for name in original:
        field = mapper.fields[name]
        if field.wire in row:
            original[name] = field.kind.from_wire(row[field.wire])
            if field.kind.mutable:
                _set(entity, WIRE_SLOT.format(name), row[field.wire])
    rest = {key: value for key, value in row.items() if key not in held}
    _forget_unpacked(entity, rest)
    fill(entity, rest)


def _forget_unpacked(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """
    Empty what a newer row makes out of date: JSON that was unpacked, and references that were followed.

    JSON that is the same as before stays: somebody may hold it, and go on changing it.
    """
    for field in entity.__mapper__.fields.values():
        if field.wire in row:
            if field.kind.mutable:
                if state.unlike(state.peek(entity, field), field.kind.from_wire(row[field.wire])):
                    state.clear(entity, field.slot)
            elif field.name in state.links_of(entity):
                links = {name: held for name, held in state.links_of(entity).items() if name != field.name}
                _set(entity, "_links", links or None)


def fill_created(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """Take over what the server made of a new entity; what it does not mention stays as it was set."""
    for field in entity.__mapper__.fields.values():
        if field.kind.mutable and field.wire not in row:
            value = state.wire_value(entity, field)
            if value is not state.MISSING:
                _set(entity, WIRE_SLOT.format(field.name), value)
    _forget_unpacked(entity, row)
    fill(entity, row)
    state.track(entity, None)


def forget_changes(entity: MappedBase, sent: Mapping[str, Any]) -> None:
    """
    Make what was sent the new original (after the server applied it).

    Args:
        entity: The entity.
        sent: Name of field → wire value that was sent. What was changed again meanwhile stays changed.
    """
    original = entity._original
    if original is None:
        return
    for name, value in sent.items():
        field = entity.__mapper__.fields[name]
        if field.kind.mutable:
            _set(entity, WIRE_SLOT.format(name), value)
            original[name] = value
        else:
            original[name] = field.kind.from_wire(value)
    remaining = {field.name: original[field.name] for field, _, _ in state.differences(entity)}
    state.track(entity, remaining)


def adopt(entity: MappedBase, values: Mapping[str, Any]) -> None:
    """
    Take over values in place of local changes (after a merge was sent).

    Args:
        entity: The entity.
        values: Wire name → wire value.
    """
    by_wire = entity.__mapper__.by_wire
    names = {by_wire[wire].name for wire in values}
    original = {name: held for name, held in (entity._original or {}).items() if name not in names}
    state.track(entity, original)
    merge(entity, values)


def settle_empty(entity: MappedBase, field: Field) -> None:
    """Note that the server has nothing for a field, so that it is not asked again."""
    _set(entity, WIRE_SLOT.format(field.name) if field.kind.mutable else field.slot, None)
