"""Send one request, return one response: the protocol of transports, and the one over requests."""

from __future__ import annotations

import os
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Protocol

from ..errors import AccsynError
from .failures import cause_of, failure_of
from .messages import HttpRequest, HttpResponse, Timeouts
from .unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import Proxy
    from .deadlines import DeadlineAdapter, Flight, TimedConnection, TimedResponse

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
        proxy: Through what to send; never directly where there is one. To an accsyn proxy requests go in plain
            http, whatever scheme and host they name.
    """

    def __init__(
        self,
        *,
        verify: bool | str = True,
        cap: int = UNPACKED_CAP,
        pool_size: int = POOL_SIZE,
        proxy: Proxy | None = None,
    ) -> None:
        self._verify = verify
        self._proxy = proxy
        self._cap = cap
        self._pool_size = pool_size
        self._pid = os.getpid()
        self._adapter = self._new_adapter()

    def _new_adapter(self) -> DeadlineAdapter:
        from .deadlines import DeadlineAdapter

        tunnel = None
        if self._proxy is not None and self._proxy.tunnels:
            from .proxies import Tunnel

            tunnel = Tunnel(self._proxy)
        return DeadlineAdapter(self._pool_size, verify=self._verify, tunnel=tunnel)

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
        from .deadlines import Flight

        if self._pid != os.getpid():
            # The parent's connections are the parent's: two processes on one would mix their answers.
            self._adapter, self._pid = self._new_adapter(), os.getpid()
        flight = Flight(timeouts)
        try:
            return self._exchange(request, flight)
        except AccsynError:
            raise
        except Exception as error:  # noqa: BLE001 - every error of the libraries below becomes one of ours
            failure = failure_of(
                error, _origin(request.url).partition("//")[2], timeouts, flight, self._proxy
            )
            cause = cause_of(error)
        # Outside of the except block: the library's error knows URL and headers, and is no context of ours.
        try:
            raise failure from cause
        finally:
            del failure, cause

    def close(self) -> None:
        """Close the connections that are kept."""
        if self._pid == os.getpid():
            self._adapter.close()

    def _exchange(self, request: HttpRequest, flight: Flight) -> HttpResponse:
        origin, proxy = _origin(request.url), self._proxy
        towards = origin if proxy is None or proxy.tunnels else proxy.endpoint.url
        with (
            self._adapter.lent(towards) as connection,
            _sent(request, len(origin), connection, flight) as response,
        ):
            headers = _headers_of(response)
            encoding = headers.get("content-encoding", "")
            body = unpack(_chunks(response, headers, packed=bool(encoding)), encoding, self._cap)
        return HttpResponse(response.status, headers, body)


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0]}"


def _sent(request: HttpRequest, start: int, connection: TimedConnection, flight: Flight) -> TimedResponse:
    """Send a request, whose path starts there in its URL; no frame that reads the answer knows its headers."""
    headers = dict(request.headers)
    if request.method != "GET":
        headers["Content-Length"] = str(len(request.body or b""))
    # As it is: what is encoded already must not be encoded again.
    return connection.exchange(request.method, request.url[start:] or "/", headers, request.body, flight)


def _headers_of(response: TimedResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.msg.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _chunks(response: TimedResponse, headers: dict[str, str], *, packed: bool) -> Iterator[bytes]:
    size = _PACKED_CHUNK if packed else _PLAIN_CHUNK
    received = 0
    # No more than is still to come: Python 3.10 makes room for all that is asked for.
    while chunk := response.read(size if response.length is None else min(size, response.length)):
        received += len(chunk)
        yield chunk
    announced = headers.get("content-length", "")
    if announced.isdigit() and "transfer-encoding" not in headers and received < int(announced):
        raise IncompleteRead(b"", int(announced) - received)
