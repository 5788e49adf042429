"""What a transfer shows of itself while it runs: size, progress, speed and the time that is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .store import Row

__all__ = ["QUIET", "Meter", "clock_text", "figures"]

QUIET: Mapping[str, Any] = {"speed": -1.0, "etr": ""}
_MEGABYTE = 1_000_000
_LAST_BEFORE_DONE = 99


@attrs.define
class Meter:
    """How fast a job is copied: bytes since a moment, in seconds of the engine."""

    since: float
    moved: int = 0
    shown: float = -1.0

    def speed(self, now: float) -> float:
        """Return bytes per second; -1.0 where it cannot be said yet."""
        return self.moved / (now - self.since) if self.moved and now > self.since else -1.0


def clock_text(seconds: float) -> str:
    """Return a time as `HH:MM:SS`, rounded up."""
    whole = math.ceil(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def figures(tasks: Iterable[Row], copied: Mapping[str, int], speed: float) -> dict[str, Any]:
    """
    Return `size`, `progress`, `speed` and `etr` of a job.

    Args:
        tasks: Its tasks.
        copied: Bytes copied of the tasks that are not done, by id.
        speed: Bytes per second, or -1.0.
    """
    total = moved = 0
    sized = False
    for task in tasks:
        status, size = task.document["status"], task.document["size"]
        if size < 0 or status == "excluded":
            continue
        sized = True
        total += size
        if status == "done":
            moved += size
        elif task.id in copied:
            moved += min(copied[task.id], size)
    progress = 100 * moved // total if total else 0
    return {
        "size": total if sized else -1,
        "progress": min(progress, _LAST_BEFORE_DONE),
        "speed": round(speed / _MEGABYTE, 3) if speed > 0 else -1.0,
        "etr": clock_text((total - moved) / speed) if speed > 0 else "",
    }
