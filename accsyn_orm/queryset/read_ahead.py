"""Fetching pages before they are asked for, on other threads."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ..errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..mapping.protocols import Pending
    from .paging import PageKey

__all__ = ["ReadAhead"]


class ReadAhead:
    """
    Pages in flight.

    Args:
        fetch: Takes skip and limit, returns rows; called on other threads as well.
        submit: Runs a function with its arguments on another thread.
    """

    def __init__(
        self, fetch: Callable[[int, int], Sequence[dict[str, Any]]], submit: Callable[..., Pending]
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._flying: dict[PageKey, Pending] = {}

    def fetch(self, skip: int, limit: int) -> Sequence[dict[str, Any]]:
        """Return a page: the one in flight, else a new one. What went wrong in flight is raised here."""
        future = self._flying.pop((skip, limit), None)
        if future is not None:
            from concurrent.futures import CancelledError

            # A budget that was spent then may be over by now, and a closed session says better that it is.
            with contextlib.suppress(BudgetExceeded, CancelledError):
                rows: Sequence[dict[str, Any]] = future.result()
                return rows
        return self._fetch(skip, limit)

    def expect(self, keys: list[PageKey]) -> None:
        """Have these pages in flight, and no others; what was sent already is sent, and its answer dropped."""
        for key in list(self._flying):
            if key not in keys:
                self._flying.pop(key).cancel()
        for key in keys:
            if key not in self._flying:
                self._flying[key] = self._submit(self._fetch, *key)

    def close(self) -> None:
        """Expect nothing more."""
        self.expect([])
