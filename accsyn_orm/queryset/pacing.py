"""When to look again: politely towards the rate limit, and through what may pass."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, TypeVar

from ..errors import (
    AccsynError,
    ProxyError,
    QueryError,
    RateLimited,
    ServerFault,
    SessionExpired,
    TLSError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..mapping.protocols import Observed

__all__ = ["PATIENCE", "Pace"]

T = TypeVar("T")

PATIENCE = 60.0
# Without an interval: seconds at first, how much longer after each look that brought nothing new, and at most.
_SHORTEST, _GROWTH, _LONGEST = 2.0, 1.5, 30.0
# Of what the rate limit lets through, a watch takes a quarter at most; the rest is for those who work.
_SHARE = 0.25
# How long a watch that was closed on another thread may go on waiting.
_SLICE = 0.5


class Pace:
    """
    The rhythm of looking again and again.

    With an interval, looks are that far apart. Without one they are 2 seconds apart at first, half as long again after
    each look that brought nothing new, up to 30 seconds, and 2 again after one that did. In both cases they take a
    quarter of the rate limit at most: a look of 15 requests is followed by 2 seconds of rest at 30 requests a second.

    Args:
        interval: Seconds between the end of one look and the next; None as above.
        timeout: Seconds after the first look at which the last one is made; None for no end.
        patience: Seconds for which looks may fail in ways that may pass, such as a lost connection.

    Raises:
        QueryError: One of them is not what it must be.
    """

    def __init__(self, interval: float | None, timeout: float | None, patience: float) -> None:
        if interval is not None and not (_is_number(interval) and interval > 0):
            raise QueryError(f"interval is {interval!r}; it must be seconds, more than 0")
        for name, value in (("timeout", timeout), ("patience", patience)):
            if value is not None and not (_is_number(value) and value >= 0):
                raise QueryError(f"{name} is {value!r}; it must be seconds, 0 or more")
        self.timeout = timeout
        self.failure: AccsynError | None = None
        self._interval, self._patience = interval, patience
        self._growing = _SHORTEST
        self._ends: float | None = None
        self._failing_since: float | None = None
        self._requests = 0

    def attempt(self, source: Observed, look: Callable[[], T]) -> T | None:
        """
        Look; return None where that failed in a way that may pass, which `failure` then says.

        Raises:
            AccsynError: It failed otherwise, or has been failing for as long as patience goes.
        """
        if self._ends is None:
            timeout = math.inf if self.timeout is None else self.timeout
            self._ends = source.clock.monotonic() + timeout
        before = source.request_count
        try:
            seen = look()
        except AccsynError as error:
            self._bear(error, source.clock.monotonic())
            return None
        finally:
            self._requests = source.request_count - before
        self.failure = self._failing_since = None
        return seen

    def _bear(self, error: AccsynError, now: float) -> None:
        since = now if self._failing_since is None else self._failing_since
        if not _may_pass(error) or now - since >= self._patience:
            # Whoever looks on after the error has all the patience again.
            self.failure = self._failing_since = None
            raise error
        self.failure, self._failing_since = error, since
        logging.getLogger("accsyn_orm.queryset").warning("a look failed and will be made again: %s", error)

    def pause(self, source: Observed, *, changed: bool, stopped: Callable[[], bool] = lambda: False) -> bool:
        """
        Wait until the next look; return whether there is one.

        Args:
            source: The session.
            changed: Whether the last look brought anything new.
            stopped: Says whether to stop waiting, as another thread wants.
        """
        clock = source.clock
        now, ends = clock.monotonic(), math.inf if self._ends is None else self._ends
        due = min(now + self._rest(source, changed=changed), ends)
        if now >= ends:
            return False
        while now < due and not stopped() and not source.closed:
            clock.sleep(min(due - now, _SLICE))
            now = clock.monotonic()
        return not stopped()

    def _rest(self, source: Observed, *, changed: bool) -> float:
        """Return the seconds until the next look."""
        if self._interval is None:
            self._growing = _SHORTEST if changed else self._growing
            wanted, self._growing = self._growing, min(_LONGEST, self._growing * _GROWTH)
        else:
            wanted = self._interval
        return max(wanted, self._requests / (_SHARE * source.request_rate))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _may_pass(error: AccsynError) -> bool:
    """Whether a look that failed so may succeed later; reads were tried again before they fail."""
    if isinstance(error, SessionExpired):
        # It could not be renewed since no answer came.
        return isinstance(error.__cause__, (TransportError, RateLimited, ServerFault))
    if isinstance(error, (TLSError, ProxyError)):
        return False
    return isinstance(error, (TransportError, RateLimited, ServerFault))
