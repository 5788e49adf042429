"""
How texts are set, which is what scripts set most: by a table that each entity refers to.

At first the table of a stored entity says of each field how it is changed for the first time: what it held is kept, and
the session told. Then the entity gets another table, by which that field is only stored, so that to set it again is one
look-up. `state.track` gives the first table back wherever changes are forgotten; what is not stored has an empty one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import kinds, state
from .slots import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .base import MappedBase
    from .fields import Field

    Setter = Callable[[MappedBase, Any], None]

__all__ = ["text_setters"]


def text_setters(cls: type[MappedBase], fields: Iterable[Field]) -> dict[str, Setter]:
    """Return the first table of a class: name → what sets a field that takes every text, for values that are texts."""
    first: dict[str, Setter] = {}
    for field in fields:
        if isinstance(field.kind, kinds.Text) and field.update and not field.settable:
            first[field.name] = _first_change(cls, field, first)
    return first


def _first_change(cls: type[MappedBase], field: Field, first: dict[str, Setter]) -> Setter:
    name, slot = field.name, descriptor_of(cls, field.slot)
    read, store = slot.__get__, slot.__set__
    keep, use = descriptor_of(cls, "_original").__set__, descriptor_of(cls, "_setters").__set__
    # Most entities have no second change, so most can share their table.
    alone: dict[str, Setter] = {}

    def change(entity: MappedBase, value: str) -> None:
        try:
            before = read(entity)
        except AttributeError:
            before = state.MISSING
        original = entity._original  # noqa: SLF001 -- entities keep their bookkeeping in slots
        if original is None:
            owner = entity._owner  # noqa: SLF001 -- see above
            session = None if owner is None else owner()
            # It may refuse, so it comes first: an entity with an original is one that it holds on to.
            (state.owner_of(entity) if session is None else session).note_change(entity)
            keep(entity, {name: before})
            if not alone:
                alone.update({**first, name: store})
            use(entity, alone)
        else:
            original.setdefault(name, before)
            use(entity, {**entity._setters, name: store})  # noqa: SLF001 -- see above
        store(entity, value)

    return change
