"""
Paging with skip and limit, so that no row is lost and none comes twice.

Nothing documents an order, a total or a largest page. Hence: skip advances by the rows that came, never by those that
were asked for; rows are told apart by id; a short page does not end a listing. Each page after the first begins with
the last row of the page before it. If that row is not there, rows in front of it went away meanwhile (another client
deleted or changed them) and what followed has moved up: then the next page begins further in front, until it begins
with a row that is known. A page that brings nothing behind the known row ends the listing.

As long as the server keeps an order, all rows of it, as far as it was read, are behind a known row and in front of
another, whenever the pages were answered: pages may be asked for ahead, and answered in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError
from .seen_ids import SeenIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["PageKey", "pages"]

PageKey = tuple[int, int]
Row = dict[str, Any]

# A known row and the one behind it: fewer would not show whether anything follows.
_SMALLEST = 2
_PATIENCE = 8


def pages(
    fetch: Callable[[int, int], Sequence[Row]],
    *,
    size: int,
    start: int = 0,
    count: int | None = None,
    seen: SeenIds | None = None,
    ahead: int = 0,
    expect: Callable[[list[PageKey]], None] | None = None,
) -> Iterator[list[Row]]:
    """
    Return an iterator over the new rows of each page.

    What `fetch` raises comes through, and the iterator can be advanced again afterwards: it asks for that page again.

    Args:
        fetch: Takes skip and limit, returns rows.
        size: New rows to ask for at once; 2 at least are asked for.
        start: Rows to skip.
        count: New rows after which to end; None for all.
        seen: Ids of rows that are not new; grows.
        ahead: Pages to announce.
        expect: Is told which pages will probably be fetched next, after each one.

    Raises:
        ProtocolError: The server answers with the same page again whatever is skipped, or the listing changes faster
            than it can be read.
    """
    return _Pages(
        fetch, max(size, _SMALLEST), start, count, SeenIds() if seen is None else seen, ahead, expect
    )


class _Pages:
    """
    Where a listing stands.

    `position` is the server's row that comes next, and `overlap` how many in front of it are asked for again; 0 where
    the page is taken as it comes, unchecked. `tail` is the distance from the last row that has an id to `position`.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Sequence[Row]],
        size: int,
        start: int,
        count: int | None,
        seen: SeenIds,
        ahead: int,
        expect: Callable[[list[PageKey]], None] | None,
    ) -> None:
        self._fetch, self._size, self._start, self._left = fetch, size, start, count
        self._seen, self._ahead, self._expect = seen, ahead, expect
        # What was met in this listing, apart from `seen`: a row that another listing brought is no landmark in this.
        self._met = SeenIds() if seen else seen
        self._nameless: set[str] = set()
        # Taken in, and not handed out yet.
        self._fresh: list[Row] = []
        self._position = self._reached = start
        self._overlap = self._tail = 0
        self._ended = count == 0
        # The page before, by its ids where all rows have one: the rows themselves would fill the caches twice.
        self._before: list[Any] = []
        self._longest = self._cut = self._stale = self._stride = 0
        self._steady = False

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        while self._fresh or not self._ended:
            if not self._fresh:
                skip, limit = self._key(self._position, self._left)
                self._fresh = self._take(skip, limit, list(self._fetch(skip, limit)))
                if self._expect is not None:
                    # Ctrl-C in here loses nothing: what is fresh is handed out when the iterator is advanced again.
                    self._expect(self._next_keys())
            fresh, self._fresh = self._fresh, []
            if fresh:
                return fresh
        raise StopIteration

    def _key(self, position: int, left: int | None) -> PageKey:
        skip = max(self._start, position - self._overlap)
        want = self._size if left is None else min(self._size, left)
        return skip, want + min(self._size, position - skip)

    def _take(self, skip: int, limit: int, rows: list[Row]) -> list[Row]:
        """Take in a page; return its new rows."""
        ids = _ids_of(rows)
        if self._overlap and skip > self._start and not (ids and ids[0] in self._met):
            self._overlap = max(self._longest, 2 * self._overlap)
            self._note(skip, rows, ids, progress=False)
            return []
        fresh = self._new(skip, rows, ids)
        if self._met is not self._seen:
            self._met.update(filter(None, ids))
        if self._left is not None:
            self._left -= len(fresh)
        self._ended = self._left == 0 or self._is_end(skip, limit, rows, ids, fresh)
        self._note(skip, rows, ids, progress=bool(fresh) or self._ended)
        if not self._ended:
            self._move(skip, limit, rows, ids)
        return fresh

    def _new(self, skip: int, rows: list[Row], ids: list[str | None]) -> list[Row]:
        """Return the rows that were not seen yet."""
        behind = 0
        while behind < len(ids) and ids[behind] in self._seen:
            behind += 1
        stop = len(ids) if self._left is None else min(len(ids), behind + self._left)
        rest = set(filter(None, ids[behind:stop]))
        if len(rest) == stop - behind and self._seen.add_new(rest):
            # As nearly every page: some known rows, then new ones.
            return rows[behind:stop]
        return self._new_one_by_one(skip, rows, ids)

    def _new_one_by_one(self, skip: int, rows: list[Row], ids: list[str | None]) -> list[Row]:
        fresh: list[Row] = []
        for place, (row, ident) in enumerate(zip(rows, ids, strict=True), skip):
            if self._left == len(fresh):
                break
            if ident is None:
                # Told apart by place alone, so one that may be a row of before is compared as a whole.
                text = repr(row)
                known = text in self._nameless and (place < self._reached or rows == self._before)
                self._nameless.add(text)
            else:
                known = ident in self._seen
                self._seen.add(ident)
            if not known:
                fresh.append(row)
        return fresh

    def _is_end(
        self, skip: int, limit: int, rows: list[Row], ids: list[str | None], fresh: list[Row]
    ) -> bool:
        """Whether nothing follows this page."""
        if not rows:
            return True
        if not self._overlap and skip > self._start:
            if not fresh and len(rows) > 1 and _page_of(rows, ids) == self._before:
                raise self._repeats(skip, rows)
            return not fresh
        # Where no page was longer, known rows alone may be all that the server answers at once, though others follow.
        return len(rows) <= self._tail and len(rows) < min(limit, self._longest)

    def _move(self, skip: int, limit: int, rows: list[Row], ids: list[str | None]) -> None:
        """Go on behind this page."""
        full = len(rows) >= limit
        # A server that cuts all pages to one length can be read ahead of; a short page is probably the last one.
        self._steady = full or 1 < len(rows) == self._cut
        self._cut = 0 if full else len(rows)
        self._longest = max(self._longest, len(rows))
        self._stride = max(1, len(rows) - (self._position - skip))
        stuck = bool(self._overlap) and len(rows) <= self._tail
        self._position = skip + len(rows)
        self._reached = max(self._reached, self._position)
        self._tail = next((place for place, ident in enumerate(reversed(ids), 1) if ident), 0)
        lone = not self._overlap and skip == self._start and len(rows) == 1 < limit
        # After rows went away, more may: a wider overlap finds a known row again without another request.
        wide = min(self._overlap // 2, len(rows) // 2)
        landmark = next((place for place in range(wide, 0, -1) if ids[-place]), self._tail)
        self._overlap = 0 if stuck or lone else landmark

    def _note(self, skip: int, rows: list[Row], ids: list[str | None], *, progress: bool) -> None:
        """Count the pages in a row that brought nothing: a listing may be read again, but not for ever."""
        page = _page_of(rows, ids)
        repeated = bool(rows) and page == self._before
        self._before = page
        self._stale = 0 if progress else self._stale + 1
        if self._stale > 2 * (len(self._met) // max(1, self._longest // 2) + _PATIENCE):
            if repeated:
                raise self._repeats(skip, rows)
            raise ProtocolError(
                f"{self._stale} pages in a row brought nothing new: the listing changes faster than it can be read, or"
                f" the server keeps no order"
            )

    @staticmethod
    def _repeats(skip: int, rows: list[Row]) -> ProtocolError:
        return ProtocolError(
            f"the server answered skip={skip} with the same {len(rows)} rows as before: it does not page, so the"
            f" listing cannot be completed"
        )

    def _next_keys(self) -> list[PageKey]:
        """Return the keys of the pages that probably come next, the certain one first."""
        if self._ended:
            return []
        keys, position, left = [], self._position, self._left
        for _ in range(self._ahead if self._steady and self._overlap == 1 else min(self._ahead, 1)):
            keys.append(self._key(position, left))
            position += self._stride
            if left is not None:
                left -= self._stride
                if left <= 0:
                    break
        return keys


def _ids_of(rows: list[Row]) -> list[str | None]:
    """Return the ids of rows; None where a row has none that is a text."""
    try:
        ids = [row["id"] for row in rows]
        "".join(ids)  # which takes texts alone
    except (KeyError, TypeError):
        found = (row.get("id") for row in rows)
        ids = [ident if isinstance(ident, str) else None for ident in found]
    return [ident or None for ident in ids] if "" in ids else ids


def _page_of(rows: list[Row], ids: list[str | None]) -> list[Any]:
    """Return what a page is known again by."""
    return rows if None in ids else ids
