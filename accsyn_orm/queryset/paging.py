"""
Paging with skip and limit, so that no row is lost and none comes twice.

Nothing documents an order, a total or a largest page. Hence: skip advances by the rows that came, never by those that
were asked for; rows are told apart by id; a short page does not end a listing. Each page after the first begins with
the last row of the page before it. If that row is not there, rows in front of it went away meanwhile (another client
deleted or changed them) and what followed has moved up: then the listing steps back until it meets a row that it
knows. A page that brings nothing beyond the known row ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["PageKey", "pages"]

PageKey = tuple[int, int]
Row = dict[str, Any]


def pages(
    fetch: Callable[[int, int], Sequence[Row]],
    *,
    size: int,
    start: int = 0,
    count: int | None = None,
    seen: set[str] | None = None,
    ahead: int = 0,
    expect: Callable[[list[PageKey]], None] | None = None,
) -> Iterator[list[Row]]:
    """
    Yield the new rows of each page.

    Args:
        fetch: Takes skip and limit, returns rows.
        size: New rows to ask for at once.
        start: Rows to skip.
        count: New rows after which to end; None for all.
        seen: Ids of rows that are not new; grows.
        ahead: Pages to announce.
        expect: Is told which pages will probably be fetched next, after each one.

    Raises:
        ProtocolError: The server answers with the same page again whatever is skipped, or the listing changes faster
            than it can be read.
    """
    paging = _Paging(size, start, count, set() if seen is None else seen)
    while not paging.ended:
        skip, limit = paging.key()
        fresh = paging.take(list(fetch(skip, limit)))
        if expect is not None:
            expect(paging.next_keys(ahead))
        if fresh:
            yield fresh


class _Paging:
    """Where a listing stands."""

    def __init__(self, size: int, start: int, count: int | None, seen: set[str]) -> None:
        self.size = size
        self.start = start
        self.left = count
        self.seen = seen
        self.ended = count == 0
        # The server's row that comes next, and whether the row before it is known, so that it can be asked for again.
        self.position = start
        self.overlap = 0
        self.back = size
        self.stale = 0
        self.before: list[Any] = []
        self.stride = 0
        self.steady = True

    def key(self) -> PageKey:
        """Return the skip and limit of the next page."""
        return self._key_at(self.position, self.left)

    def _key_at(self, position: int, left: int | None) -> PageKey:
        want = self.size if left is None else min(self.size, left)
        return position - self.overlap, want + self.overlap

    def take(self, rows: list[Row]) -> list[Row]:
        """Take in a page; return its new rows."""
        ids = [row.get("id") for row in rows]
        if self.overlap and len(ids) > 1 and ids == self.before:
            raise ProtocolError(
                f"the server answered skip={self.position - self.overlap} with the same {len(rows)} rows as before:"
                f" it does not page, so the listing cannot be completed"
            )
        if self.position > self.start and not (ids and ids[0] in self.seen):
            self._step_back(bool(rows))
            return []
        return self._advance(rows, ids)

    def _advance(self, rows: list[Row], ids: list[Any]) -> list[Row]:
        fresh = []
        for row, ident in zip(rows, ids, strict=True):
            if not isinstance(ident, str):
                fresh.append(row)
            elif ident not in self.seen and self.left != len(fresh):
                self.seen.add(ident)
                fresh.append(row)
        stride, want = len(rows) - self.overlap, self.key()[1] - self.overlap
        # A server that cuts every page to the same length can be read ahead of; one short page is probably the last.
        self.steady = stride >= want or stride == self.stride
        self.stride, self.before, self.back = stride, ids, self.size
        self.ended = len(rows) <= self.overlap
        self.position += stride
        self.overlap = 1 if ids and isinstance(ids[-1], str) and ids[-1] in self.seen else 0
        if self.left is not None:
            self.left -= len(fresh)
            self.ended = self.ended or self.left <= 0
        self._note(progress=bool(fresh) or self.ended)
        return fresh

    def _step_back(self, any_rows: bool) -> None:
        """What was known is not where it was: look for it further in front, twice as far each time."""
        self.position = max(self.start, self.position - self.back)
        self.overlap, self.before, self.steady = 0, [], False
        self.back *= 2
        self.ended = not any_rows and not self.seen
        self._note(progress=False)

    def _note(self, *, progress: bool) -> None:
        self.stale = 0 if progress else self.stale + 1
        if self.stale > 2 * (len(self.seen) // self.size + 8):
            raise ProtocolError(
                f"{self.stale} pages in a row brought nothing new: the listing changes faster than it can be read, or"
                f" the server keeps no order"
            )

    def next_keys(self, ahead: int) -> list[PageKey]:
        """Return the keys of the pages that probably come next, the certain one first."""
        if self.ended:
            return []
        keys, position, left = [], self.position, self.left
        for _ in range(ahead if self.steady else min(ahead, 1)):
            keys.append(self._key_at(position, left))
            position += max(self.stride, 1)
            if left is not None:
                left -= max(self.stride, 1)
                if left <= 0:
                    break
        return keys
