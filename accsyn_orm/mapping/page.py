"""The company in which an entity was loaded, so that what one of them lacks is loaded for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import weakref
    from collections.abc import Iterable, Iterator

    from .base import MappedBase

__all__ = ["Page"]


class Page:
    """
    Entities that came in one answer, held weakly, and what was loaded for them, held as long as any of them
    lives.

    Args:
        scope: Scope of the find that brought them.
    """

    __slots__ = ("_members", "related", "scope")

    def __init__(self, scope: str) -> None:
        self.scope: str = scope
        self._members: list[weakref.ref[MappedBase]] = []
        self.related: dict[tuple[type[Any], str], MappedBase | None] = {}

    def join(self, members: Iterable[weakref.ref[MappedBase]]) -> None:
        """Take entities in."""
        self._members += members

    def __iter__(self) -> Iterator[MappedBase]:
        for member in self._members:
            entity = member()
            if entity is not None:
                yield entity
