"""An open listing: what was fetched so far, and the way to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .collection import load_along
from .description import most_rows
from .paging import pages
from .read_ahead import ReadAhead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mapping.protocols import RowSource, Select
    from .description import Description

__all__ = ["Listing", "row_pages"]

E = TypeVar("E")


def row_pages(
    description: Description, source: RowSource, *, size: int | None = None, ahead: int = 1
) -> Iterator[tuple[Select, list[dict[str, Any]]]]:
    """
    Yield the rows of a query set page by page, each with the find that brought it.

    Args:
        description: The query set.
        source: The session.
        size: Rows per page; the session's by default.
        ahead: Pages to keep in flight while one is consumed.
    """
    selects = description.selects(source)
    alone = len(selects) == 1
    seen: set[str] = set()
    # With several finds, only this side can count what to leave out.
    leave_out, left = (0 if alone else description.start), description.count
    for select in selects:
        flight = ReadAhead(lambda skip, limit, find=select: source.fetch_rows(find, skip=skip, limit=limit), source.submit)
        bounds = [bound for bound in (most_rows(select.expression), left if alone else None) if bound is not None]
        try:
            for rows in pages(
                flight.fetch,
                size=size or source.page_size,
                start=description.start if alone else 0,
                count=min(bounds, default=None),
                seen=seen,
                ahead=ahead,
                expect=flight.expect,
            ):
                wanted = rows[leave_out:] if left is None else rows[leave_out : leave_out + left]
                leave_out = max(0, leave_out - len(rows))
                if left is not None:
                    left -= len(wanted)
                if wanted:
                    yield select, wanted
                if left == 0:
                    return
        finally:
            flight.close()


class Listing(Generic[E]):
    """
    One run through a query set, page by page.

    It may be drained by its session before a commit: what was still to come is then fetched at once, since what is
    changed may move out of what is being paged through.

    Args:
        description: The query set.
        source: The session.
        keep: Whether entities that were handed out are kept (for a result cache).
        size: Rows per page; the session's by default.
        ahead: Pages to keep in flight while one is consumed.
    """

    def __init__(
        self, description: Description, source: RowSource, *, keep: bool, size: int | None = None, ahead: int = 1
    ) -> None:
        self.entities: list[E] = []
        self.complete = False
        self._description = description
        self._keep = keep
        self._source = source
        self._pages = row_pages(description, source, size=size, ahead=ahead)
        source.watch(self)

    @classmethod
    def complete_with(cls, entities: list[E]) -> Listing[E]:
        """Return a listing that was fetched already."""
        listing = cls.__new__(cls)
        listing.entities, listing.complete, listing._keep = entities, True, True
        return listing

    def advance(self) -> bool:
        """Fetch one more page; return whether there was one."""
        if self.complete:
            return False
        page = next(self._pages, None)
        if page is None:
            self.complete = True
            return False
        admitted = self._source.admit(*page)
        if self._description.related:
            load_along(self._description, self._source, admitted)
        self.entities += cast("list[E]", admitted)
        return True

    def drain(self) -> None:
        """Fetch what is left."""
        while self.advance():
            pass

    def __iter__(self) -> Iterator[E]:
        return self._walk() if self._keep else self._hand_out()

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
