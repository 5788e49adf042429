"""The company in which an entity was loaded, so that what one of them lacks is loaded for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import weakref
    from collections.abc import Iterator

    from .base import MappedBase

__all__ = ["Page"]


class Page:
    """
    Entities that came in one answer, held weakly, and what was loaded for them, held as long as any of them
    lives.

    Args:
        scope: Scope of the find that brought them.
        kept: Whether they will probably be kept: then it is worth while to keep texts that they share once. Those of a
            stream are let go before the next ones come.
    """

    __slots__ = ("_ids", "_known", "kept", "related", "scope")

    def __init__(self, scope: str, *, kept: bool = True) -> None:
        self.scope: str = scope
        self.kept: bool = kept
        self._ids: list[str] = []
        self._known: dict[str, weakref.ref[MappedBase]] = {}
        self.related: dict[tuple[type[Any], str], MappedBase | None] = {}

    def join(self, ids: list[str], known: dict[str, weakref.ref[MappedBase]]) -> None:
        """
        Take entities of one class in.

        Args:
            ids: Their ids.
            known: The entities of this class that are held, by id.
        """
        self._ids += ids
        self._known = known

    def __iter__(self) -> Iterator[MappedBase]:
        for ident in self._ids:
            member = self._known.get(ident)
            entity = None if member is None else member()
            if entity is not None:
                yield entity
