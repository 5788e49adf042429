"""
Connections that keep a total deadline, and know whether a request has begun to go out.

A read time-out alone starts anew with every byte, so a server that drips one byte a second holds a caller for
ever. Here every single receive and send gets what is left of the request's time. This module imports requests
and urllib3, and is itself imported only by a transport that is being made.
"""

from __future__ import annotations

import functools
import http.client
import io
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.models import Response
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .sockets import open_socket

if TYPE_CHECKING:
    import socket

    from requests import PreparedRequest
    from typing_extensions import Self

    from .messages import Timeouts
    from .proxies import Tunnel

__all__ = ["DeadlineAdapter", "Flight", "in_flight"]

_BUFFER = 65_536
_current = threading.local()


class Flight:
    """
    What one request has left of its time, and whether any byte of it has gone out.

    Args:
        timeouts: How long it may take.
    """

    __slots__ = ("_read", "ends", "sent")

    def __init__(self, timeouts: Timeouts) -> None:
        self.ends = time.monotonic() + timeouts.total
        self._read = timeouts.read
        self.sent = False

    @property
    def over(self) -> bool:
        """Whether the total deadline has passed."""
        return time.monotonic() >= self.ends

    def left(self, most: float | None = None) -> float:
        """
        Return the seconds that the next step may take.

        Raises:
            TimeoutError: None are left.
        """
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the total deadline has passed")
        return min(seconds, self._read if most is None else most)


class in_flight:  # noqa: N801 - a context manager, used as a verb
    """Make a flight the one of this thread for a block."""

    __slots__ = ("_flight",)

    def __init__(self, flight: Flight) -> None:
        self._flight = flight

    def __enter__(self) -> None:
        _current.flight = self._flight

    def __exit__(self, *_: object) -> None:
        _current.flight = None


def _flight() -> Flight:
    flight: Flight | None = getattr(_current, "flight", None)
    if flight is None:
        raise RuntimeError("a connection of this transport was used outside of a request")
    return flight


class _TimedReader(io.RawIOBase):
    """Give each receive what is left of the time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, flight: Flight) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._flight = flight

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._flight.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _WholeLines(io.BufferedReader):
    """Refuse a line that the end of the connection cut off; http.client takes it for the last one."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            raise http.client.RemoteDisconnected("the connection ended within the headers")
        return line


class _TimedResponse(http.client.HTTPResponse):
    """Read status line, headers and body through a timed reader."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = _WholeLines(_TimedReader(self.fp.detach(), sock, _flight()), _BUFFER)

    def begin(self) -> None:
        """Read status line and headers; refuse malformed ones, which urllib3 would log with the URL."""
        super().begin()
        if self.msg.defects or self.msg.get_payload():
            raise http.client.HTTPException("the headers are malformed")


class _Masked(str):
    """A request target that prints without its query string, which holds the session id: urllib3 logs it."""

    __slots__ = ("whole",)

    whole: str

    def __new__(cls, target: str) -> Self:
        masked = super().__new__(cls, target.partition("?")[0])
        masked.whole = target
        return masked


class _Timed:
    """What both kinds of connection do: keep the deadline, and go through a tunnel where there is one."""

    response_class: Any = _TimedResponse

    def __init__(self, *args: Any, _socks_options: dict[str, Tunnel] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = _socks_options["tunnel"].open if _socks_options else open_socket

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        super().request(method, _whole(url), *args, **kwargs)  # type: ignore[misc] # of the other base

    def send(self, data: Any) -> None:
        """Send bytes within the deadline."""
        _send(self, data)

    def _new_conn(self: Any) -> socket.socket:
        left = functools.partial(_flight().left, self.timeout)
        sock: socket.socket = self._open(self._dns_host, self.port, left, self.socket_options)
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock


class _TimedHTTPConnection(_Timed, HTTPConnection):
    """A plain connection that keeps the deadline."""


class _TimedHTTPSConnection(_Timed, HTTPSConnection):
    """A TLS connection that keeps the deadline."""


def _whole(url: str) -> str:
    return url.whole if isinstance(url, _Masked) else url


def _send(connection: Any, data: Any) -> None:
    flight = _flight()
    if connection.sock is None:
        connection.connect()
    sock: Any = connection.sock
    view = memoryview(data)
    for start in range(0, len(view), _BUFFER):
        sock.settimeout(flight.left())
        # From here on the server may have seen the request.
        flight.sent = True
        sock.sendall(view[start : start + _BUFFER])


class _HTTPPool(HTTPConnectionPool):
    # urllib3 declares a protocol here that its own connections do not meet to the letter.
    ConnectionCls: Any = _TimedHTTPConnection

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super()._make_request(conn, method, _Masked(url), *args, **kwargs)


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _TimedHTTPSConnection

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super()._make_request(conn, method, _Masked(url), *args, **kwargs)


class DeadlineAdapter(HTTPAdapter):
    """
    The adapter of requests, over pools of these connections.

    Args:
        pool_maxsize: How many connections to one host are kept.
        tunnel: Opens all of its connections; None connects directly.
    """

    def __init__(self, pool_maxsize: int, tunnel: Tunnel | None = None) -> None:
        self._tunnel = tunnel
        super().__init__(pool_connections=4, pool_maxsize=pool_maxsize, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        # urllib3 has room for this in the keys of its pools, and hands it on to the connections.
        if self._tunnel is not None:
            kwargs["_socks_options"] = {"tunnel": self._tunnel}
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def close(self) -> None:
        """Close the pools now; urllib3 leaves them until nothing refers to them, such as an error's frames."""
        pools = self.poolmanager.pools
        for pool in filter(None, map(pools.get, list(pools.keys()))):
            pool.close()
        super().close()

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Hand over the raw response; cookies, history and guessed encodings are no part of the protocol."""
        response = Response()
        response.status_code = resp.status
        response.raw = resp
        response.request = req
        return response
