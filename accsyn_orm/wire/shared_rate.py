"""
One bucket for several machines behind one address, kept in a Redis through the `limits` library.

Its sliding window counter is used: 30 requests in a window of one second, the window before it weighted by
what of it still counts. In any t seconds that lets 30 + 30 t requests pass at most, where a bucket of 30 a
second with bursts of 60 takes 60 + 30 t: the 30 in between are for what arrives closer together than it left.
Windows are told by the lifetime of Redis's keys, so no machine's time of day decides (a moving window of
`limits` goes by it).
"""

from __future__ import annotations

import contextlib
import importlib
import math
import random
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError, ConnectionFailed, DeadlineExceeded
from .clock import MONOTONIC
from .forking import renew_after_fork
from .rate import LONGEST_PENALTY, RECOVERY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Secret
    from .clock import Clock

__all__ = ["SharedBucket", "checked_address", "shown_address"]

WINDOW_REQUESTS = 30
_POLL_SECONDS = 1 / WINDOW_REQUESTS
_REDIS_SECONDS = 5.0


class SharedBucket:
    """
    A limiter for all processes that name the same Redis and the same target.

    Of one process, one thread at a time asks the Redis; the others queue for their turn.

    Args:
        address: The address of the Redis, such as `redis://host:6379/0`; it may hold a password.
        target: Host and port that the requests go to.
        clock: Measures, and waits.

    Raises:
        ConfigurationError: The `limits` library is missing, or the Redis cannot be reached.
    """

    def __init__(self, address: Secret, target: str, *, clock: Clock = MONOTONIC) -> None:
        limits = _limits()
        self._shown = shown_address(address)
        self._clock = clock
        self._turn = threading.Lock()
        self._closed_key, self._slow_key = (f"accsyn_orm:{what}:{target}" for what in ("closed", "slow"))
        self._target = target
        self._storage = _storage(limits, address)
        self._limiter = limits.strategies.SlidingWindowCounterRateLimiter(self._storage)
        self._item = limits.RateLimitItemPerSecond(WINDOW_REQUESTS, 1, namespace="accsyn_orm")
        if not self._storage.check():
            raise ConfigurationError(
                f"rate_limit: no Redis answers at {self._shown}; is it running, and is the address right?"
            )
        renew_after_fork(self)

    def __repr__(self) -> str:
        return f"<SharedBucket at {self._shown} for {self._target}>"

    def acquire(self, ends: float = math.inf) -> None:
        """
        Wait until one more request may leave.

        Args:
            ends: The reading of the monotonic clock until which that may take.

        Raises:
            DeadlineExceeded: It took longer; `sent` is False.
            ConnectionFailed: The Redis does not answer; nothing was sent.
        """
        left = ends - self._clock.monotonic()
        if not self._turn.acquire(timeout=min(max(left, 0.0), threading.TIMEOUT_MAX)):
            raise self._too_late()
        try:
            while seconds := self._asked(self._wait):
                if self._clock.monotonic() + seconds > ends:
                    raise self._too_late()
                self._clock.sleep(seconds)
        finally:
            self._turn.release()

    def penalise(self, seconds: float) -> None:
        """Let nobody on any machine leave for a while, 60 seconds at most, then half as many for 30 seconds."""
        closed = max(1, int(1000 * min(max(seconds, 0.0), LONGEST_PENALTY)))

        def close() -> None:
            client: Any = self._storage.get_connection()
            if client.pttl(self._closed_key) < closed:
                client.set(self._closed_key, 1, px=closed)
            client.set(self._slow_key, 1, px=closed + int(1000 * RECOVERY_SECONDS))

        self._asked(close)

    def after_fork(self) -> None:
        """Give a forked child a lock of its own; the Redis client opens its own connections there."""
        self._turn = threading.Lock()

    def _wait(self) -> float:
        """Return 0 where a request may leave, else seconds after which to ask again."""
        closed, slow = self._storage.get_connection().mget(self._closed_key, self._slow_key)
        if not closed and self._limiter.hit(self._item, self._target, cost=2 if slow else 1):
            return 0.0
        # Uneven, so that the processes do not ask in step.
        return _POLL_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311 - no secret is made of it

    def _asked(self, ask: Callable[[], Any]) -> Any:
        kinds = self._storage.base_exceptions
        try:
            return ask()
        except kinds as error:
            kind = type(error).__name__
        # Outside of the except block: the library's error may quote the address, which may hold a password.
        raise ConnectionFailed(
            f"the rate limit at {self._shown} cannot be asked ({kind}), so nothing was sent; is that Redis running?"
        )

    def _too_late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the rate limit at {self._shown} kept this request waiting until its deadline; nothing was sent",
            sent=False,
        )


def checked_address(address: Secret) -> Secret:
    """
    Return the address of a Redis as it is.

    Raises:
        ConfigurationError: It is no such address, or the `limits` library is missing.
    """
    if not _is_redis(address):
        raise ConfigurationError(
            "rate_limit is a text, but not the address of a Redis: give 'redis://host:port/db', or 'rediss://…' for TLS"
        )
    _limits()
    return address


def _is_redis(address: Secret) -> bool:
    # A function of its own, for a traceback with locals shows nothing of what it splits.
    try:
        parts = urlsplit(address.reveal())
        return parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def shown_address(address: Secret) -> str:
    """Return the address without user and password."""
    parts = urlsplit(address.reveal())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _limits() -> Any:
    try:
        limits = importlib.import_module("limits")
        importlib.import_module("limits.strategies")
        importlib.import_module("redis")
    except ImportError:
        raise ConfigurationError(
            "a rate limit shared through Redis needs the libraries limits and redis: pip install 'accsyn-orm[shared]'"
        ) from None
    return limits


def _storage(limits: Any, address: Secret) -> Any:
    # Without a time-out, a Redis that hangs would hold every request for ever.
    options = {"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
    with contextlib.suppress(ValueError, limits.errors.ConfigurationError):
        return limits.storage.storage_from_string(address.reveal(), **options)
    # Outside of the block: the library's error has the whole address in its frames.
    raise ConfigurationError(
        f"rate_limit: {shown_address(address)} is no address that the redis library takes"
    )
