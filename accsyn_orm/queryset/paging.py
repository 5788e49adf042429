"""
Paging with skip and limit, so that no row is lost and none comes twice.

Nothing documents an order, a total or a largest page. Hence: an empty page ends a listing and a short one does not;
skip advances by the rows that came; rows are told apart by id; a server that gives the same page again is noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["pages"]


def pages(
    fetch: Callable[[int, int], Sequence[dict[str, Any]]],
    *,
    size: int,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[list[dict[str, Any]]]:
    """
    Yield the new rows of each page.

    Args:
        fetch: Takes skip and limit, returns rows.
        size: Rows to ask for at once.
        start: Rows to skip.
        stop: Row before which to end, counted like `start`; None for no end.

    Raises:
        ProtocolError: The server answers with the same page again, whatever is skipped.
    """
    seen: set[str] = set()
    skip = start
    before: list[Any] = []
    while stop is None or skip < stop:
        limit = size if stop is None else min(size, stop - skip)
        rows = fetch(skip, limit)
        if not rows:
            return
        ids = [row.get("id") for row in rows]
        if ids == before:
            raise ProtocolError(
                f"the server answered skip={skip} with the same {len(rows)} rows as before: it does not page, so the"
                f" listing cannot be completed"
            )
        before = ids
        wanted = rows if stop is None else rows[: stop - skip]
        skip += len(rows)
        fresh = [row for row in wanted if row.get("id") not in seen]
        seen.update(row["id"] for row in fresh if isinstance(row.get("id"), str))
        yield fresh
