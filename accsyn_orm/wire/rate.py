"""
Staying below the server's limit: one token bucket per process and target address.

accsyn documents 30 requests a second, with bursts of 60, per address, and answers 429 above (accsyn
documentation, "Changelog").
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import urlsplit

import attrs

from ..config import Secret, is_loopback
from ..errors import ConfigurationError, DeadlineExceeded
from .clock import MONOTONIC
from .forking import renew_after_fork

if TYPE_CHECKING:
    from .clock import Clock

__all__ = ["LONGEST_PENALTY", "Bucket", "Limiter", "RateLimit", "RateLimitSetting", "rate_limit_of"]

RATE = 30.0
BURST = 60
LONGEST_PENALTY = 60.0
# How long the rate stays halved after a 429; a further one within that time halves it again, so often at most.
RECOVERY_SECONDS = 30.0
_MOST_HALVINGS = 3
_ONE_EVENT_SECONDS = 1.0
# Held back, since requests do not arrive in the rhythm in which they leave: the first ones of a burst still
# shake hands while the later ones are there. A sixth of 60 is a third of a second at 30 a second.
_SHARE_OF_RATE, _SHARE_OF_BURST = 0.97, 5 / 6

RateLimitSetting: TypeAlias = "bool | float | tuple[float, float] | str | Secret | None"


class Limiter(Protocol):
    """Decides when the next request may leave."""

    def acquire(self, ends: float = math.inf) -> None:
        """
        Wait until one more request may leave.

        Args:
            ends: The reading of the monotonic clock until which that may take.

        Raises:
            DeadlineExceeded: It would take longer; `sent` is False.
        """
        ...

    def penalise(self, seconds: float) -> None:
        """Let nobody leave for so many seconds, 60 at most: the server answered 429."""
        ...


class Bucket:
    """
    A token bucket for all threads of a process.

    Whoever comes first leaves first, by reserving the next token and sleeping until it is due. Nothing is
    held while sleeping, so a thread that is interrupted costs the others a token and nothing more.

    Args:
        rate: Requests a second.
        burst: Requests that may leave at once after a pause, from 1.
        clock: Measures, and waits.
    """

    def __init__(self, rate: float = RATE, burst: float = BURST, *, clock: Clock = MONOTONIC) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._full_rate, self._burst = float(rate), float(burst)
        self._halvings = 0
        self._recovers_at = -math.inf
        # The tokens that there are at `_stamp`; below zero they are reserved by threads that sleep.
        self._tokens = self._burst
        self._stamp = clock.monotonic()
        self._penalties = 0
        self._spared_until = -math.inf
        renew_after_fork(self)

    def __repr__(self) -> str:
        return f"<Bucket of {self.rate:g} requests/s, bursts of {self._burst:g}>"

    @property
    def rate(self) -> float:
        """Requests a second, as things are: less than it was made with for a while after a 429."""
        return self._full_rate * 0.5**self._halvings

    @property
    def burst(self) -> float:
        """Requests that may leave at once after a pause."""
        return self._burst

    def configure(self, rate: float, burst: float) -> None:
        """Set another rate and burst, for all who use the bucket."""
        with self._lock:
            self._fill(self._clock.monotonic())
            self._keep_order(rate / self._full_rate)
            self._full_rate, self._burst = float(rate), float(burst)
            self._tokens = min(self._tokens, self._burst)

    def acquire(self, ends: float = math.inf) -> None:
        """
        Wait until one more request may leave.

        Args:
            ends: The reading of the monotonic clock until which that may take.

        Raises:
            DeadlineExceeded: It would take longer; `sent` is False.
        """
        while True:
            with self._lock:
                now = self._clock.monotonic()
                due = self._reserve(now, ends)
                penalties = self._penalties
            while due > now:
                self._clock.sleep(due - now)
                now = self._clock.monotonic()
            # A penalty that came in the meantime has made all reservations void.
            if penalties == self._penalties:
                return

    def _reserve(self, now: float, ends: float) -> float:
        self._fill(now)
        due = self._stamp + max(0.0, 1 - self._tokens) / self.rate
        if due > ends:
            raise DeadlineExceeded(
                f"the rate limit keeps this request waiting for {due - now:.1f} seconds, which is longer than "
                "its deadline; nothing was sent",
                sent=False,
            )
        self._tokens -= 1
        return due

    def _fill(self, now: float) -> None:
        if now > self._stamp:
            self._tokens = min(self._burst, self._tokens + (now - self._stamp) * self.rate)
            self._stamp = now
        while self._halvings and now >= self._recovers_at:
            self._halvings -= 1
            self._recovers_at += RECOVERY_SECONDS
            self._keep_order(2)

    def _keep_order(self, ratio: float) -> None:
        # Threads sleep until moments that the rate of before gave them; nobody is to come in between.
        self._tokens = self._tokens * ratio if self._tokens < 0 else self._tokens

    def penalise(self, seconds: float) -> None:
        """
        Let nobody leave for a while, and after that half as many as before; the server answered 429.

        The rate doubles again after every 30 seconds without another 429, up to what it was.

        Args:
            seconds: How long; 60 at most.
        """
        with self._lock:
            now = self._clock.monotonic()
            self._fill(now)
            opens = now + min(max(seconds, 0.0), LONGEST_PENALTY)
            # Several requests that were under way together are refused together: that is one event.
            if now >= self._spared_until:
                self._halvings = min(self._halvings + 1, _MOST_HALVINGS)
            self._spared_until = opens + _ONE_EVENT_SECONDS
            opens = max(self._stamp, opens)
            # At most one token when it opens, so no burst. What was reserved did not leave, and is void.
            self._tokens = min(1.0, max(0.0, self._tokens) + (opens - self._stamp) * self.rate)
            self._stamp = opens
            self._recovers_at = opens + RECOVERY_SECONDS
            self._penalties += 1

    def after_fork(self) -> None:
        """Give a forked child a lock of its own, and nothing to begin with: the parent spends the burst."""
        self._lock = threading.Lock()
        self._tokens = 0.0


@attrs.frozen
class RateLimit:
    """
    What the server allows.

    Args:
        rate: Requests a second.
        burst: Requests at once after a pause.
        asked_for: Whether the caller named it, so that it holds towards this machine as well.
        shared: The address of a Redis that keeps the bucket for several machines.
    """

    rate: float = RATE
    burst: float = BURST
    asked_for: bool = False
    shared: Secret | None = None

    def towards(self, url: str) -> Limiter | None:
        """
        Return this process's one bucket for the target of a URL; None where there is no limit to keep.

        The bucket holds back 3 % of the rate and a sixth of the burst. Where the process has one for the target
        already, it is set to this limit if that was asked for, and stays as it is otherwise.

        Raises:
            ConfigurationError: The shared bucket cannot be had.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not self.asked_for and is_loopback(host):
            return None
        return _registry.limiter(self, f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}")

    @property
    def held(self) -> tuple[float, float]:
        """The rate and burst that are kept: a little less than what the server allows."""
        return self.rate * _SHARE_OF_RATE, max(1.0, float(math.floor(self.burst * _SHARE_OF_BURST)))


class _Registry:
    """The buckets of this process, by target and, where it is shared, by where it is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._local: dict[str, Bucket] = {}
        self._shared: dict[tuple[str, str], Limiter] = {}

    def limiter(self, limit: RateLimit, target: str) -> Limiter:
        with self._lock:
            return self._local_one(limit, target) if limit.shared is None else self._shared_one(limit, target)

    def _local_one(self, limit: RateLimit, target: str) -> Bucket:
        bucket = self._local.get(target)
        if bucket is None:
            renew_after_fork(self)
            bucket = self._local[target] = Bucket(*limit.held)
        elif limit.asked_for:
            bucket.configure(*limit.held)
        return bucket

    def _shared_one(self, limit: RateLimit, target: str) -> Limiter:
        from .shared_rate import SharedBucket, shown_address

        renew_after_fork(self)
        address = limit.shared or Secret("")
        key = (target, shown_address(address))
        if key not in self._shared:
            self._shared[key] = SharedBucket(address, target)
        return self._shared[key]

    def after_fork(self) -> None:
        self._lock = threading.Lock()


_registry = _Registry()


def rate_limit_of(setting: RateLimitSetting) -> RateLimit | None:
    """
    Read the `rate_limit` of a session.

    Args:
        setting: None for accsyn's own limit, which is off towards this machine, and True to have it there too;
            False or 0 for none; requests a second, with bursts of twice as many; `(rate, burst)`; or the
            address of a Redis, such as `redis://host:6379/0`, for a bucket shared between machines.

    Raises:
        ConfigurationError: It is none of these, or the Redis cannot be used.
    """
    if setting is None or setting is True:
        return RateLimit(asked_for=setting is True)
    if isinstance(setting, (str, Secret)):
        setting = Secret(setting)
        from .shared_rate import checked_address

        return RateLimit(asked_for=True, shared=checked_address(setting))
    if setting == 0:
        return None
    if not isinstance(setting, (int, float, tuple)):
        raise _no_rate_limit(setting)
    pair = setting if isinstance(setting, tuple) else (setting, max(1.0, 2 * setting))
    if len(pair) == len(("rate", "burst")) and all(_is_positive(number) for number in pair) and pair[1] >= 1:
        return RateLimit(float(pair[0]), float(pair[1]), asked_for=True)
    raise _no_rate_limit(setting)


def _no_rate_limit(setting: object) -> ConfigurationError:
    return ConfigurationError(
        f"rate_limit={setting!r} does not hold: None, False, requests a second, (requests a second, burst from 1), "
        "or the address of a Redis such as 'redis://host:6379/0'"
    )


def _is_positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf
