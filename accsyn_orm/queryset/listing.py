"""An open listing: rows fetched so far, and the way to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .paging import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mapping.protocols import RowSource, Select

__all__ = ["Listing"]

E = TypeVar("E")


class Listing(Generic[E]):
    """
    One run through a find, page by page.

    It may be drained by its session before a commit: the rows that were still to come are then fetched at once,
    since what is changed may move out of what is being paged through.

    Args:
        source: The session.
        select: What to find.
        size: Rows per page.
        start: Rows to skip.
        stop: Row before which to end; None for no end.
        keep: Whether entities that were handed out are kept (for a result cache).
    """

    def __init__(
        self, source: RowSource, select: Select, *, size: int, start: int, stop: int | None, keep: bool
    ) -> None:
        self.entities: list[E] = []
        self.complete = False
        self._keep = keep
        self._source = source
        self._select = select
        self._pages = pages(self._fetch, size=size, start=start, stop=stop)
        source.watch(self)

    def _fetch(self, skip: int, limit: int) -> Any:
        return self._source.fetch_rows(self._select, skip=skip, limit=limit)

    def advance(self) -> bool:
        """Fetch one more page; return whether there was one."""
        if self.complete:
            return False
        rows = next(self._pages, None)
        if rows is None:
            self.complete = True
            return False
        self.entities += cast("list[E]", self._source.admit(self._select, rows))
        return True

    def drain(self) -> None:
        """Fetch what is left."""
        while self.advance():
            pass

    def __iter__(self) -> Iterator[E]:
        if not self._keep:
            return self._hand_out()
        return self._walk()

    def _walk(self) -> Iterator[E]:
        index = 0
        while index < len(self.entities) or self.advance():
            while index < len(self.entities):
                yield self.entities[index]
                index += 1

    def _hand_out(self) -> Iterator[E]:
        while self.entities or self.advance():
            batch, self.entities = self.entities, []
            batch.reverse()
            while batch:
                yield batch.pop()
