"""Time as waiting needs it: a clock that only goes forward, and sleep. Tests bring one that does not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from ..errors import TransportError

__all__ = ["MONOTONIC", "Clock", "end_pauses_with"]

_of_thread = threading.local()


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
        """
        Wait.

        Raises:
            TransportError: The event given to `end_pauses_with` on this thread is set; `sent` is False.
        """
        event: threading.Event | None = getattr(_of_thread, "event", None)
        if event is None:
            time.sleep(seconds)
        elif event.wait(seconds):
            raise TransportError(
                "interrupted while waiting for its turn, or to try again; nothing was sent", sent=False
            )


MONOTONIC = _Monotonic()


def end_pauses_with(event: threading.Event) -> None:
    """
    Let an event end what this thread waits for, now and later.

    Only the main thread gets Ctrl-C. Others may be in a pause of a minute, and the program waits for them.
    """
    _of_thread.event = event
