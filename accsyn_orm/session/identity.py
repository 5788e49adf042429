"""The identity map: one object per class and id, for as long as anybody holds it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..mapping.base import MappedBase

__all__ = ["IdentityMap"]

_FEWEST = 1024


class IdentityMap:
    """
    The entities of one session, held weakly.

    `Job` and `Transfer` are two classes over one thing on the server, so each keeps an object of its own;
    changes through both are refused when they are planned.

    A reference without a callback costs a third of one with; those that died are swept out whenever a map has doubled.
    """

    def __init__(self) -> None:
        self._maps: dict[type[Any], dict[str, weakref.ref[MappedBase]]] = {}
        self._limits: dict[type[Any], int] = {}

    def of(self, cls: type[Any]) -> dict[str, weakref.ref[MappedBase]]:
        """Return references to the entities of one class, by id; some may have died."""
        found = self._maps.setdefault(cls, {})
        if len(found) > self._limits.setdefault(cls, _FEWEST):
            alive = {ident: link for ident, link in found.items() if link() is not None}
            found.clear()
            found.update(alive)
            self._limits[cls] = max(_FEWEST, 2 * len(found))
        return found

    def find(self, cls: type[Any], ident: str) -> MappedBase | None:
        """Return the entity with that id, if anybody holds it."""
        link = self.of(cls).get(ident)
        return None if link is None else link()

    def add(self, entity: MappedBase, ident: str) -> None:
        """Take an entity in."""
        self.of(type(entity))[ident] = weakref.ref(entity)

    def remove(self, entity: MappedBase, ident: str) -> None:
        """Let an entity go."""
        self.of(type(entity)).pop(ident, None)

    def clear(self) -> None:
        """Let all go."""
        self._maps.clear()

    def __len__(self) -> int:
        return sum(link() is not None for links in self._maps.values() for link in links.values())
