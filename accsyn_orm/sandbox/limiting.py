"""The limit on how many requests a second are answered: a token bucket."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TokenBucket"]


class TokenBucket:
    """
    A bucket that holds `burst` tokens and gains `rate` of them a second; each request takes one.

    Args:
        rate: Tokens per second.
        burst: The most tokens that it holds; it begins full.
        clock: Returns seconds that never run backwards.

    Raises:
        ConfigurationError: One of them is no positive number, or `burst` is below 1.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        if not (math.isfinite(rate) and math.isfinite(burst) and rate > 0 and burst >= 1):
            raise ConfigurationError(
                f"rate_limit is (requests per second, burst), such as (30, 60), not ({rate!r}, {burst!r})."
            )
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a token; return 0.0 where there was one, else the seconds until there is."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            if self._tokens < 1:
                return (1 - self._tokens) / self.rate
            self._tokens -= 1
            return 0.0
