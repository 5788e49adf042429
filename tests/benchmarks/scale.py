"""How the cost of a listing grows with its length: per entity, it should not."""

from __future__ import annotations

import statistics
import time

from .canned import CannedServer
from .clients import ours, session_of
from .figures import Figure

__all__ = ["LARGEST", "scale"]

PAGE, ROUNDS = 500, 3
SIZES, LARGEST = (1_000, 10_000, 100_000, 200_000), 1_000_000


def scale(*, largest: bool = False) -> list[Figure]:
    """
    Measure streamed listings of growing length.

    Args:
        largest: Go up to a million.
    """
    return [_listed(total) for total in (*SIZES, *((LARGEST,) if largest else ()))]


def _listed(total: int) -> Figure:
    with CannedServer(total, PAGE) as server, session_of(server) as session:
        run = ours(session, PAGE)
        taken = []
        # The first round lets the server make its pages; a million are made on the way, every time.
        for number in range(ROUNDS + 1):
            started = time.process_time()
            if run() != total:
                raise ValueError(f"not all of {total} jobs came")
            if number:
                taken.append((time.process_time() - started) / total * 1e6)
            if total == LARGEST and number:
                break
    return Figure(f"stream {total:,} jobs, processor time for each", statistics.median(taken), "µs")
