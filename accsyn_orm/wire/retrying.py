"""
Trying again, by what a call means and by what is known of its fate.

What only reads is repeated after any fault that may pass. What writes is repeated only where it certainly did
not arrive or was not taken: no connection, or 429. A write that may have been applied is the caller's to
settle.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

import attrs

from ..errors import (
    AccsynError,
    ProtocolError,
    ProxyError,
    RateLimited,
    ServerFault,
    TLSError,
    TransportError,
)
from .answers import is_json, retry_after
from .clock import MONOTONIC
from .messages import LOGIN_URIS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .clock import Clock
    from .messages import Call, HttpResponse

__all__ = ["Attempt", "RetryPolicy", "Retrying", "pause_before_retry", "repeatable"]

_Answer = TypeVar("_Answer")

_OK, _REDIRECT, _FAULT = 200, 300, 500


@attrs.frozen
class RetryPolicy:
    """
    How often, and how long to wait in between.

    Args:
        attempts: How often a call is tried in all.
        base: Seconds within which the second attempt begins; each further one has twice as many.
        longest: The most seconds to wait, also where the server asks for more.
    """

    attempts: int = 3
    base: float = 0.5
    longest: float = 60.0


@attrs.define
class Attempt:
    """
    One attempt at a call.

    Args:
        number: From 1.
        ends: The reading of the monotonic clock at which the call must be over, with all its attempts.
        response: What came, as soon as something did.
    """

    number: int
    ends: float
    response: HttpResponse | None = None


def repeatable(call: Call) -> bool:
    """Tell whether a call may be carried out twice: it reads, or it signs in."""
    return call.method == "GET" or call.uri in LOGIN_URIS


def pause_before_retry(
    call: Call, error: AccsynError, attempt: Attempt, policy: RetryPolicy, chance: float
) -> float | None:
    """
    Decide whether a failed call is tried again; nothing else happens here.

    Args:
        call: What was asked for.
        error: How it failed.
        attempt: The attempt that failed.
        policy: How often, and how long to wait.
        chance: From 0 to 1: where in its range the pause falls, so that clients do not come back in step.

    Returns:
        The seconds to wait first, or None where the error stands.
    """
    if attempt.number >= policy.attempts or not _may_pass(call, error, attempt.response):
        return None
    asked = None
    if isinstance(error, (RateLimited, ServerFault)) and attempt.response is not None:
        asked = retry_after(attempt.response.headers)
    if asked is not None:
        return min(asked, policy.longest)
    return chance * min(policy.base * 2.0 ** (attempt.number - 1), policy.longest)


def _may_pass(call: Call, error: AccsynError, response: HttpResponse | None) -> bool:
    if isinstance(error, RateLimited):
        return True
    if isinstance(error, (TLSError, ProxyError)):
        # Certificates and refusals of a proxy stay what they are.
        return False
    if isinstance(error, TransportError):
        return not error.sent or repeatable(call)
    if not repeatable(call):
        return False
    if isinstance(error, ServerFault):
        return (error.status or 0) >= _FAULT
    # An answer that was cut, or a page of something on the way. One that is JSON would be the same again.
    cut = response is not None and _OK <= response.status < _REDIRECT and not is_json(response)
    return isinstance(error, ProtocolError) and cut


class Retrying:
    """
    Carry out calls, and try again what may be tried again.

    Args:
        policy: How often, and how long to wait.
        clock: Measures, and waits.
        chance: Returns a number from 0 to 1.
    """

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        clock: Clock = MONOTONIC,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.policy: RetryPolicy = policy or RetryPolicy()
        self.clock = clock
        self._chance = chance

    def run(self, call: Call, once: Callable[[Attempt], _Answer], ends: float) -> _Answer:
        """
        Carry out a call.

        Args:
            call: What is asked for.
            once: Tries it once.
            ends: The reading of the monotonic clock at which the call must be over.

        Raises:
            AccsynError: Of the last attempt.
        """
        attempt = Attempt(1, ends)
        while True:
            try:
                return once(attempt)
            except AccsynError as error:
                pause = pause_before_retry(call, error, attempt, self.policy, self._chance())
                if pause is None or self.clock.monotonic() + pause >= ends:
                    raise
            # Outside of the except block, so that a later error does not carry this one along.
            self.clock.sleep(pause)
            attempt = Attempt(attempt.number + 1, ends)
