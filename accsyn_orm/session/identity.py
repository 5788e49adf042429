"""The identity map: one object per class and id, for as long as anybody holds it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..mapping.base import MappedBase

__all__ = ["IdentityMap"]


class IdentityMap:
    """
    The entities of one session, held weakly.

    `Job` and `Transfer` are two classes over one thing on the server, so each keeps an object of its own;
    changes through both are refused when they are planned.
    """

    def __init__(self) -> None:
        self._maps: dict[type[Any], weakref.WeakValueDictionary[str, MappedBase]] = {}

    def of(self, cls: type[Any]) -> weakref.WeakValueDictionary[str, MappedBase]:
        """Return the entities of one class by id."""
        found = self._maps.get(cls)
        if found is None:
            found = self._maps[cls] = weakref.WeakValueDictionary()
        return found

    def find(self, cls: type[Any], ident: str) -> MappedBase | None:
        """Return the entity with that id, if anybody holds it."""
        return self.of(cls).get(ident)

    def add(self, entity: MappedBase, ident: str) -> None:
        """Take an entity in."""
        self.of(type(entity))[ident] = entity

    def remove(self, entity: MappedBase, ident: str) -> None:
        """Let an entity go."""
        self.of(type(entity)).pop(ident, None)

    def clear(self) -> None:
        """Let all go."""
        self._maps.clear()

    def __len__(self) -> int:
        return sum(len(entities) for entities in self._maps.values())
