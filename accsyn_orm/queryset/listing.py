"""An open listing: what was fetched so far, and the way to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..mapping.page import Page
from .collection import load_along
from .description import most_rows
from .paging import pages
from .read_ahead import ReadAhead
from .seen_ids import SeenIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..mapping.base import MappedBase
    from ..mapping.protocols import Pending, RowSource, Select
    from .description import Description

__all__ = ["Listing", "first_page", "row_pages"]

E = TypeVar("E")
Rows = list[dict[str, Any]]

# Seconds; see `ReadAhead`.
_WORTH_WAITING = 0.002
# So many rows are let go as soon as their entities are made: then the garbage collector, which counts what comes and
# what goes, has no reason to run, and no page stands in memory twice.
_AT_ONCE = 100


def row_pages(
    description: Description, source: RowSource, *, size: int | None = None, ahead: int = 1
) -> Iterator[tuple[Select, Rows]]:
    """
    Return an iterator over the rows of a query set, page by page, each with the find that brought it.

    After an error it can be advanced again: it goes on where it was.

    Args:
        description: The query set.
        source: The session.
        size: Rows per page; the session's by default.
        ahead: Pages to keep in flight while one is consumed.
    """
    return _RowPages(description, source, size or source.page_size, ahead)


class _RowPages:
    """The pages of one find after the other."""

    def __init__(self, description: Description, source: RowSource, size: int, ahead: int) -> None:
        self._source, self._size, self._ahead = source, size, ahead
        self._selects = description.selects(source)
        self._alone = len(self._selects) == 1
        self._start = description.start
        # With several finds, only this side can count what to leave out.
        self._leave_out, self._left = (0 if self._alone else description.start), description.count
        self._seen = SeenIds()
        self._pages: Iterator[Rows] = iter(())
        self._flight: ReadAhead | None = None
        self._select: Select | None = None

    def __iter__(self) -> Iterator[tuple[Select, Rows]]:
        return self

    def __next__(self) -> tuple[Select, Rows]:
        while self._left != 0:
            rows = next(self._pages, None)
            if rows is not None and self._select is not None:
                wanted = self._wanted(rows)
                if wanted:
                    return self._select, wanted
            elif self._selects:
                self._open(self._selects.pop(0))
            else:
                break
        if self._flight is not None:
            self._flight.close()
        raise StopIteration

    def _open(self, select: Select) -> None:
        # Not by way of `self`: a listing that is dropped must let go of what it asked for ahead at once.
        self._select, source = select, self._source

        def fetch(skip: int, limit: int) -> Rows:
            return source.fetch_rows(select, skip=skip, limit=limit)

        def announce(skip: int, limit: int) -> Pending | None:
            return source.announce_rows(select, skip=skip, limit=limit)

        self._flight = ReadAhead(fetch, source.submit, _WORTH_WAITING, announce)
        bounds = (most_rows(select.expression), self._left if self._alone else None)
        self._pages = pages(
            self._flight.fetch,
            size=self._size,
            start=self._start if self._alone else 0,
            count=min((bound for bound in bounds if bound is not None), default=None),
            seen=self._seen,
            ahead=self._ahead,
            expect=self._flight.expect,
        )

    def _wanted(self, rows: Rows) -> Rows:
        """Return what of a page lies within the slice."""
        stop = None if self._left is None else self._leave_out + self._left
        wanted = rows[self._leave_out : stop]
        self._leave_out = max(0, self._leave_out - len(rows))
        if self._left is not None:
            self._left -= len(wanted)
        if self._left == 0 and self._flight is not None:
            self._flight.close()
        return wanted


def first_page(description: Description, source: RowSource, limit: int) -> list[MappedBase]:
    """
    Return the first entities of a query set, with one request for each find.

    A short answer is taken for all there is: to ask again whether nothing follows would double the cost of `get`.
    """
    found: dict[int, MappedBase] = {}
    for select in description.selects(source):
        if len(found) < limit:
            rows = source.fetch_rows(select, limit=min(limit, most_rows(select.expression) or limit))
            found |= {id(entity): entity for entity in source.admit(select, rows)}
    return list(found.values())[:limit]


class _Page:
    """
    A page that is being taken in.

    Args:
        select: The find that brought it.
        rows: Its rows.
        company: What its entities are told of each other by.
    """

    __slots__ = ("_state", "company", "select")

    def __init__(self, select: Select, rows: Rows, company: Page) -> None:
        self.select = select
        self.company = company
        self._state: tuple[Rows, list[MappedBase]] = (rows, [])

    @property
    def rows(self) -> Rows:
        """The rows that are still to be taken in."""
        return self._state[0]

    @property
    def admitted(self) -> list[MappedBase]:
        """What came of the others."""
        return self._state[1]

    def take(self, admitted: list[MappedBase]) -> None:
        """Let the next rows go, for what came of them."""
        # In one step, so that after Ctrl-C nothing is lost and nothing comes twice.
        self._state = (self._state[0][_AT_ONCE:], self._state[1] + admitted)


class Listing(Generic[E]):
    """
    One run through a query set, page by page.

    It may be drained by its session before a commit: what was still to come is then fetched at once, since what is
    changed may move out of what is being paged through. After an error, it goes on where it was.

    Args:
        description: The query set.
        source: The session.
        keep: Whether what was handed out is kept (for a result cache).
        size: Rows per page; the session's by default.
        ahead: Pages to keep in flight while one is consumed.
        turn: Turns rows into what is listed; into entities by default.
    """

    def __init__(
        self,
        description: Description,
        source: RowSource,
        *,
        keep: bool,
        size: int | None = None,
        ahead: int = 1,
        turn: Callable[[Rows], list[E]] | None = None,
    ) -> None:
        self.entities: list[E] = []
        self.complete: bool = False
        self._description = description
        self._keep = keep
        self._source = source
        self._turn = turn
        self._pages = row_pages(description, source, size=size, ahead=ahead)
        self._page: _Page | None = None
        source.watch(self)

    @classmethod
    def complete_with(cls, entities: list[E]) -> Listing[E]:
        """Return a listing that was fetched already."""
        listing = cls.__new__(cls)
        listing.entities, listing.complete = entities, True
        listing._keep = True  # noqa: SLF001 -- its own instance
        return listing

    def advance(self) -> bool:
        """Fetch one more page; return whether there was one."""
        if self.complete:
            return False
        if self._page is None:
            self._page = self._next_page()
            if self._page is None:
                self.complete = True
                return False
        # Only now is the page let go: loading along may fail, and be tried again.
        self.entities += self._turned(self._page)
        self._page = None
        return True

    def _next_page(self) -> _Page | None:
        brought = next(self._pages, None)
        return None if brought is None else _Page(*brought, Page(brought[0].scope, kept=self._keep))

    def _turned(self, page: _Page) -> list[E]:
        if self._turn is not None:
            return self._turn(page.rows)
        while page.rows:
            page.take(self._source.admit(page.select, page.rows[:_AT_ONCE], page.company))
        if self._description.related:
            load_along(self._description, self._source, page.admitted)
        return cast("list[E]", page.admitted)

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
