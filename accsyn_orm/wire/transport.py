"""Send one request, return one response: the protocol of transports, and the one over requests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ..errors import AccsynError, ConnectionLost
from .failures import cause_of, failure_of
from .messages import HttpRequest, HttpResponse, Timeouts
from .unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest

    from ..config import Proxy
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
        return DeadlineAdapter(pool_maxsize=self._pool_size, tunnel=tunnel)

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

    def _exchange(self, request: HttpRequest, timeouts: Timeouts, flight: Flight) -> HttpResponse:
        connect = flight.left(timeouts.connect)
        response = self._adapter.send(
            self._prepared(request),
            stream=True,
            timeout=(connect, timeouts.read),
            verify=self._verify,
            proxies={},
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

    def _prepared(self, request: HttpRequest) -> PreparedRequest:
        from requests import PreparedRequest
        from requests.structures import CaseInsensitiveDict

        prepared = PreparedRequest()
        prepared.method = request.method
        # Set as it is: what is encoded already must not be encoded again.
        prepared.url = request.url
        if self._proxy is not None and not self._proxy.tunnels:
            prepared.url = self._proxy.endpoint.url + request.url[len(_origin(request.url)) :]
        prepared.headers = CaseInsensitiveDict(request.headers)
        prepared.body = request.body
        if request.method != "GET":
            prepared.headers["Content-Length"] = str(len(request.body or b""))
        return prepared


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _chunks(raw: Any, headers: dict[str, str], *, packed: bool) -> Iterator[bytes]:
    size = _PACKED_CHUNK if packed else _PLAIN_CHUNK
    received = 0
    while chunk := raw.read(size, decode_content=False):
        received += len(chunk)
        yield chunk
    announced = headers.get("content-length", "")
    if announced.isdigit() and "transfer-encoding" not in headers and received < int(announced):
        raise ConnectionLost(f"the answer ended after {received} of {announced} bytes")
