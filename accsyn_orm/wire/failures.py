"""What the errors of the libraries below mean: one of ours, which shows neither URL nor headers."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

from ..errors import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProxyError,
    TLSError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import Proxy
    from .deadlines import Flight
    from .messages import Timeouts

__all__ = ["TunnelError", "cause_of", "failure_of"]


class TunnelError(Exception):
    """
    No connection came about through a proxy.

    Args:
        message: What went wrong; without a password.
        kind: The error of ours that it becomes.
    """

    def __init__(self, message: str, kind: type[ConnectionFailed] = ProxyError) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


def failure_of(
    error: Exception, target: str, timeouts: Timeouts, flight: Flight, proxy: Proxy | None = None
) -> TransportError:
    """
    Return the error that a failed request becomes.

    Args:
        error: What was raised.
        target: Host and port of the request.
        timeouts: How long it might take.
        flight: What is known of it.
        proxy: Through what it went.
    """
    where, kind = target, ConnectionFailed
    if proxy is not None:
        where = f"{target} through the {proxy}" if proxy.tunnels else f"the {proxy}"
        kind = ConnectionFailed if proxy.tunnels else ProxyError
    if _any_of(error, TimeoutError) or _is_timeout(error):
        return _timed_out(where, timeouts, flight)
    if flight.sent:
        return ConnectionLost(f"the connection to {where} broke before the whole answer was read")
    tunnel = _any_of(error, TunnelError)
    if isinstance(tunnel, TunnelError):
        return tunnel.kind(f"{tunnel.message}; nothing was sent")
    tls = _any_of(error, ssl.SSLError)
    if tls is not None or _is_tls(error):
        reason = getattr(tls, "verify_message", "") or getattr(tls, "reason", "") or "the handshake failed"
        return TLSError(f"TLS with {where} does not hold: {reason}; nothing was sent")
    if _any_of(error, socket.gaierror):
        return kind(f"the name of {where} cannot be resolved; is it spelled right, and is there a network?")
    if _any_of(error, ConnectionRefusedError):
        return kind(f"{where} refused the connection; is the server running, and is the port right?")
    reason = getattr(cause_of(error), "strerror", None) or "no connection came about"
    return kind(f"cannot connect to {where}: {reason}")


def cause_of(error: BaseException) -> BaseException | None:
    """Find the operating system's own error, which names no URL, without its frames, which hold headers."""
    from requests.exceptions import RequestException

    for one in _related(error):
        if isinstance(one, OSError) and not isinstance(one, RequestException):
            one.__traceback__ = one.__cause__ = one.__context__ = None
            return one
    return None


def _timed_out(where: str, timeouts: Timeouts, flight: Flight) -> DeadlineExceeded:
    if flight.over:
        text = f"{where} did not answer within the {timeouts.total:g} seconds of a request (deadline=)"
    elif flight.sent:
        text = f"{where} was silent for {timeouts.read:g} seconds (timeout=)"
    else:
        text = f"no connection to {where} within {timeouts.connect:g} seconds (connect_timeout=)"
    return DeadlineExceeded(text, sent=flight.sent)


def _related(error: BaseException) -> Iterator[BaseException]:
    """Walk an error and all it wraps: the libraries use causes, contexts, reasons and arguments."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _any_of(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    return next((one for one in _related(error) if isinstance(one, kind)), None)


def _is_timeout(error: BaseException) -> bool:
    from requests.exceptions import Timeout
    from urllib3.exceptions import NewConnectionError, TimeoutError as PoolTimeout

    kinds = (Timeout, PoolTimeout)
    # In urllib3 a refused connection counts among the time-outs.
    return any(isinstance(one, kinds) and not isinstance(one, NewConnectionError) for one in _related(error))


def _is_tls(error: BaseException) -> bool:
    from requests.exceptions import SSLError as RequestsSSLError
    from urllib3.exceptions import SSLError as PoolSSLError

    return any(isinstance(one, (RequestsSSLError, PoolSSLError)) for one in _related(error))
