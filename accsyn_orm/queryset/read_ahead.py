"""Fetching pages before they are asked for: on other threads, or where the server is near, by asking early."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING, Any

from ..errors import AccsynError, BudgetExceeded

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
        worth: The seconds of waiting for a page from which on other threads fetch the next ones. Where a server is
            nearer than that, to hand pages over between threads costs more than it spares.
        announce: Takes skip and limit, asks for a page and does not wait for it; None where it cannot. This is what a
            server that is near is read ahead by: it works while this side does.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Sequence[dict[str, Any]]],
        submit: Callable[..., Pending],
        worth: float = 0.0,
        announce: Callable[[int, int], Pending | None] | None = None,
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._worth = worth
        self._announce = announce
        self._waited = math.inf
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
        return self._measured(skip, limit)

    def _measured(self, skip: int, limit: int) -> Sequence[dict[str, Any]]:
        """Fetch a page, and note how long that was waiting and no work of this thread's."""
        started, worked = time.perf_counter(), time.thread_time()
        rows = self._fetch(skip, limit)
        waited = time.perf_counter() - started - (time.thread_time() - worked)
        # The least of all: a busy machine makes some pages late, and none early.
        self._waited = min(self._waited, waited)
        return rows

    def expect(self, keys: list[PageKey]) -> None:
        """Have these pages in flight where it is worth it; of others, what was sent is sent, and its answer dropped."""
        for key in list(self._flying):
            if key not in keys:
                self._flying.pop(key).cancel()
        if self._waited >= self._worth:
            for key in keys:
                if key not in self._flying:
                    self._flying[key] = self._submit(self._measured, *key)
        elif self._announce is not None and keys and not self._flying:
            # The page at hand is not lost for one that cannot be asked for; that is told when its turn comes.
            with contextlib.suppress(AccsynError):
                announced = self._announce(*keys[0])
                if announced is not None:
                    self._flying[keys[0]] = announced

    def close(self) -> None:
        """Expect nothing more."""
        self.expect([])
