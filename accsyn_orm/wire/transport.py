"""Send one request, return one response: the protocol of transports, and the one over requests."""

from __future__ import annotations

import contextlib
import os
import weakref
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Protocol

from ..errors import AccsynError
from .failures import cause_of, failure_of
from .messages import HttpRequest, HttpResponse, Timeouts
from .unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import Proxy
    from .deadlines import DeadlineAdapter, Flight, Pool, TimedConnection, TimedResponse

__all__ = ["RequestsTransport", "SentAhead", "Transport"]

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

        self._renew_after_fork()
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

    def announce(self, request: HttpRequest, timeouts: Timeouts) -> SentAhead | None:
        """
        Send a request whose answer is wanted later, and do not wait for it.

        Args:
            request: What to send; it must be safe to send it twice.
            timeouts: How long sending it may take.

        Returns:
            The way to its answer; None where it could not be sent, for whatever reason.
        """
        self._renew_after_fork()
        with contextlib.suppress(Exception):
            ahead = SentAhead(self._pool(request), self._cap)
            ahead.send(request, timeouts)
            return ahead
        return None

    def close(self) -> None:
        """Close the connections that are kept."""
        if self._pid == os.getpid():
            self._adapter.close()

    def _renew_after_fork(self) -> None:
        if self._pid != os.getpid():
            # The parent's connections are the parent's: two processes on one would mix their answers.
            self._adapter, self._pid = self._new_adapter(), os.getpid()

    def _pool(self, request: HttpRequest) -> Pool:
        proxy = self._proxy
        towards = _origin(request.url) if proxy is None or proxy.tunnels else proxy.endpoint.url
        return self._adapter.pool(towards)

    def _exchange(self, request: HttpRequest, flight: Flight) -> HttpResponse:
        with self._pool(request).lent() as connection:
            _start(request, connection, flight)
            return _answer(request.method, connection, flight, self._cap)


class SentAhead:
    """
    A request that is sent, and whose answer is read later.

    Args:
        pool: What lends the connection.
        cap: The most bytes that a compressed answer may unpack to.
    """

    def __init__(self, pool: Pool, cap: int) -> None:
        self._pool = pool
        self._cap = cap
        self._pid = os.getpid()
        self._method = ""
        # Who takes it out may read the answer or give it up; no two threads do.
        self._unread = [pool.take()]
        # Closes the connection with the last reference to this at the latest, and before what it closes is collected:
        # or the next request on it would be answered with what this one asked for. It gives nothing back to the pool,
        # since the garbage collector may run while this very thread holds the lock of the pool.
        self._give_up = weakref.finalize(self, self._unread[0].close)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> None:
        """
        Send the request.

        Args:
            request: What to send.
            timeouts: How long that may take.
        """
        from .deadlines import Flight

        self._method = request.method
        try:
            _start(request, self._unread[0], Flight(timeouts))
        except BaseException:
            # Not only with the last reference: the frames of the error are some.
            self.withdraw()
            raise

    def response(self, timeouts: Timeouts) -> HttpResponse | None:
        """
        Read the answer, once.

        Args:
            timeouts: How long that may take.

        Returns:
            None where there is none, for whatever reason: then the request is to be sent again.
        """
        from .deadlines import Flight

        if self._pid != os.getpid():
            # The parent reads it.
            self.withdraw()
        connection = self._taken()
        if connection is None:
            return None
        try:
            with contextlib.suppress(Exception):
                response = _answer(self._method, connection, Flight(timeouts), self._cap)
                self._give_up.detach()
                self._pool.give_back(connection)
                return response
            return None
        finally:
            self._give_up()

    def withdraw(self) -> None:
        """Give up the answer, unless it is being read or was read."""
        if self._taken() is not None:
            self._give_up()

    def _taken(self) -> TimedConnection | None:
        try:
            return self._unread.pop()
        except IndexError:
            return None


def _origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0]}"


def _start(request: HttpRequest, connection: TimedConnection, flight: Flight) -> None:
    """Send a request; no frame that reads the answer knows its headers."""
    headers = dict(request.headers)
    if request.method != "GET" or request.body:
        headers["Content-Length"] = str(len(request.body or b""))
    target = request.url[len(_origin(request.url)) :] or "/"
    # As it is: what is encoded already must not be encoded again.
    connection.start(request.method, target, headers, request.body, flight)


def _answer(method: str, connection: TimedConnection, flight: Flight, cap: int) -> HttpResponse:
    """Read the whole answer to the request that was sent on a connection."""
    with connection.answer(method, flight) as response:
        headers = response.named
        encoding = headers.get("content-encoding", "")
        body = unpack(_chunks(response, packed=bool(encoding)), encoding, cap)
        if response.will_close:
            connection.close()
    return HttpResponse(response.status, headers, body)


def _chunks(response: TimedResponse, *, packed: bool) -> Iterator[bytes]:
    size = _PACKED_CHUNK if packed else _PLAIN_CHUNK
    # No more than is still to come: Python 3.10 makes room for all that is asked for.
    while chunk := response.read(size if response.length is None else min(size, response.length)):
        yield chunk
    if response.length:
        raise IncompleteRead(b"", response.length)
