"""Time as waiting needs it: a clock that only goes forward, and sleep. Tests bring one that does not wait."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["MONOTONIC", "Clock"]


class Clock(Protocol):
    """What decides when to go on. It is never the time of day, which can jump."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


class _Monotonic:
    """The machine's own monotonic clock."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)


MONOTONIC = _Monotonic()
