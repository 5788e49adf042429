"""Send one request, return one response: the protocol of transports, and the one over requests."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ..errors import (
    AccsynError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    TLSError,
    TransportError,
)
from .messages import HttpRequest, HttpResponse, Timeouts
from .unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest

    from .deadlines import DeadlineAdapter, Flight

__all__ = ["RequestsTransport", "Transport"]

POOL_SIZE = 16
UNPACKED_CAP = 32 * 1024 * 1024

_PLAIN_CHUNK = 1 << 20
_PACKED_CHUNK = 1 << 16


class Transport(Protocol):
    """Sends requests. It follows no redirect, adds no credentials and repeats nothing."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """
        Send a request and read its whole response.

        Args:
            request: What to send.
            timeouts: How long that may take.

        Raises:
            TransportError: No answer was had; its `sent` says whether the server may have seen the request.
            ProtocolError: The body cannot be unpacked.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept."""
        ...


class RequestsTransport:
    """
    A transport over the requests library, with kept-alive connections.

    It reads neither netrc nor the environment, follows no redirect, keeps no cookie, verifies certificates.

    Args:
        verify: True for the authorities known to certifi, or the path of a file or directory of them.
        cap: The most bytes that a compressed answer may unpack to.
        pool_size: How many connections to one host are kept.
    """

    def __init__(
        self, *, verify: bool | str = True, cap: int = UNPACKED_CAP, pool_size: int = POOL_SIZE
    ) -> None:
        self._verify = verify
        self._cap = cap
        self._pool_size = pool_size
        self._pid = os.getpid()
        self._adapter = self._new_adapter()

    def _new_adapter(self) -> DeadlineAdapter:
        from .deadlines import DeadlineAdapter

        return DeadlineAdapter(pool_connections=4, pool_maxsize=self._pool_size, max_retries=0)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """
        Send a request and read its whole response.

        Args:
            request: What to send.
            timeouts: How long that may take.

        Raises:
            TransportError: No answer was had; its `sent` says whether the server may have seen the request.
            ProtocolError: The body cannot be unpacked.
        """
        from .deadlines import Flight, in_flight

        if self._pid != os.getpid():
            # The parent's connections are the parent's: two processes on one would mix their answers.
            self._adapter, self._pid = self._new_adapter(), os.getpid()
        flight = Flight(timeouts)
        try:
            with in_flight(flight):
                return self._exchange(request, timeouts, flight)
        except AccsynError:
            raise
        except Exception as error:  # noqa: BLE001 - every error of the libraries below becomes one of ours
            failure, cause = _failure(error, request, timeouts, flight), _cause(error)
        # Outside of the except block: the library's error knows URL and headers, and is no context of ours.
        try:
            raise failure from cause
        finally:
            del failure, cause

    def close(self) -> None:
        """Close the connections that are kept."""
        if self._pid == os.getpid():
            self._adapter.close()

    def _exchange(self, request: HttpRequest, timeouts: Timeouts, flight: Flight) -> HttpResponse:
        connect = flight.left(timeouts.connect)
        response = self._adapter.send(
            _prepared(request), stream=True, timeout=(connect, timeouts.read), verify=self._verify, proxies={}
        )
        raw: Any = response.raw
        try:
            headers = {name.lower(): value for name, value in raw.headers.items()}
            encoding = headers.get("content-encoding", "")
            body = unpack(_chunks(raw, headers, packed=bool(encoding)), encoding, self._cap)
        except BaseException:
            # A connection whose answer was not read to its end must serve nobody else.
            raw.close()
            raise
        raw.release_conn()
        return HttpResponse(raw.status, headers, body)


def _prepared(request: HttpRequest) -> PreparedRequest:
    from requests import PreparedRequest
    from requests.structures import CaseInsensitiveDict

    prepared = PreparedRequest()
    prepared.method = request.method
    # Set as it is: what is encoded already must not be encoded again.
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(request.headers)
    prepared.body = request.body
    if request.method != "GET":
        prepared.headers["Content-Length"] = str(len(request.body or b""))
    return prepared


def _chunks(raw: Any, headers: dict[str, str], *, packed: bool) -> Iterator[bytes]:
    size = _PACKED_CHUNK if packed else _PLAIN_CHUNK
    received = 0
    while chunk := raw.read(size, decode_content=False):
        received += len(chunk)
        yield chunk
    announced = headers.get("content-length", "")
    if announced.isdigit() and "transfer-encoding" not in headers and received < int(announced):
        raise ConnectionLost(f"the answer ended after {received} of {announced} bytes")


def _failure(error: Exception, request: HttpRequest, timeouts: Timeouts, flight: Flight) -> TransportError:
    where = _host(request)
    if _any_of(error, TimeoutError) or _is_timeout(error):
        return _timed_out(where, timeouts, flight)
    if flight.sent:
        return ConnectionLost(f"the connection to {where} broke before the whole answer was read")
    tls = _any_of(error, ssl.SSLError)
    if tls is not None or _is_tls(error):
        reason = getattr(tls, "verify_message", "") or getattr(tls, "reason", "") or "the handshake failed"
        return TLSError(f"TLS with {where} does not hold: {reason}; nothing was sent")
    if _any_of(error, socket.gaierror):
        return ConnectionFailed(
            f"the name of {where} cannot be resolved; is it spelled right, and is there a network?"
        )
    if _any_of(error, ConnectionRefusedError):
        return ConnectionFailed(
            f"{where} refused the connection; is the server running, and is the port right?"
        )
    reason = getattr(_cause(error), "strerror", None) or "no connection came about"
    return ConnectionFailed(f"cannot connect to {where}: {reason}")


def _timed_out(where: str, timeouts: Timeouts, flight: Flight) -> DeadlineExceeded:
    if flight.over:
        text = f"{where} did not answer within the {timeouts.total:g} seconds of a request (deadline=)"
    elif flight.sent:
        text = f"{where} was silent for {timeouts.read:g} seconds (timeout=)"
    else:
        text = f"no connection to {where} within {timeouts.connect:g} seconds (connect_timeout=)"
    return DeadlineExceeded(text, sent=flight.sent)


def _host(request: HttpRequest) -> str:
    return urlsplit(request.url).netloc


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


def _cause(error: BaseException) -> BaseException | None:
    """Find the operating system's own error, which names no URL, without its frames, which hold headers."""
    from requests.exceptions import RequestException

    for one in _related(error):
        if isinstance(one, OSError) and not isinstance(one, RequestException):
            one.__traceback__ = one.__cause__ = one.__context__ = None
            return one
    return None
