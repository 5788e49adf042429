"""
Connections that keep a total deadline, and know whether a request has begun to go out.

A read time-out alone starts anew with every byte, so a server that drips one byte a second holds a caller for
ever. Here every single receive and send gets what is left of the request's time. This module imports requests
and urllib3, and is itself imported only by a transport that is being made.
"""

from __future__ import annotations

import contextlib
import functools
import http
import http.client
import io
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .heads import host_line, is_chunked, length_of, read_headers, request_head
from .sockets import open_socket

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from .messages import Timeouts
    from .proxies import Tunnel

__all__ = ["DeadlineAdapter", "Flight", "Pool", "TimedConnection", "TimedResponse"]

# What is sent at once; the deadline is looked at in between.
_PIECE = 65_536
# Seconds. TLS comes in records of 16 kB, and to set a time-out takes longer than to copy one.
_PRECISION = 0.02
_WITHOUT_BODY = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})
# Room for status line and headers; of a long body, nearly all goes past the buffer to where it is wanted.
_BUFFER = 16_384


class Flight:
    """
    What one request has left of its time, and whether any byte of it has gone out.

    Args:
        timeouts: How long it may take.
    """

    __slots__ = ("_read", "connect", "ends", "sent")

    def __init__(self, timeouts: Timeouts) -> None:
        self.ends: float = time.monotonic() + timeouts.total
        self.connect: float = timeouts.connect
        self._read = timeouts.read
        self.sent: bool = False

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


class _TimedReader(io.RawIOBase):
    """Give each receive what is left of the time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, flight: Flight) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._flight = flight
        self._due = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        now = time.monotonic()
        if now >= self._due:
            self._sock.settimeout(self._flight.left())
            self._due = now + _PRECISION
        received: int = self._sock.recv_into(buffer)
        return received

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


class TimedResponse(http.client.HTTPResponse):
    """Read status line, headers and body through a timed reader."""

    # Of http.client, which declares most of them nowhere.
    status: int
    reason: str
    headers: Any
    msg: Any
    chunked: bool
    chunk_left: int | None
    will_close: bool

    def __init__(self, flight: Flight, sock: Any, method: str) -> None:
        super().__init__(_Files(sock, flight), method=method)  # type: ignore[arg-type] # all that it asks for
        # By lower-case name; several of one name are joined, as HTTP has it.
        self.named: dict[str, str] = {}

    def begin(self: Any) -> None:
        """
        Read status line and headers; refuse malformed ones.

        What http.client does, but for its parser of mails, which takes as long for the headers as orjson for 30 rows.
        """
        version, status, reason = self._read_status()
        while status < http.HTTPStatus.OK and status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            # Other answers may come in front of the one that counts; taken for it, they would leave it to the next
            # request.
            read_headers(self.fp)
            version, status, reason = self._read_status()
        if not version.startswith(("HTTP/0.9", "HTTP/1.")):
            raise http.client.UnknownProtocol(version)
        self.status, self.reason = status, reason.strip()
        self.version = 10 if version in {"HTTP/0.9", "HTTP/1.0"} else 11
        self.named = named = read_headers(self.fp)
        self.headers = self.msg = named  # of which it only asks `get`
        self.chunked = is_chunked(named)
        self.chunk_left = None
        self.length = None if self.chunked else length_of(named)
        if status < http.HTTPStatus.OK or status in _WITHOUT_BODY:
            self.length = 0
        # Without a length, the end of the connection is the end of the body. What follows 101 is not HTTP.
        unbounded = not (self.chunked or self.length is not None)
        self.will_close = self._check_close() or unbounded or status < http.HTTPStatus.OK


class _Files:
    """A socket, as far as http.client asks it for a file to read from."""

    __slots__ = ("_flight", "_sock")

    def __init__(self, sock: Any, flight: Flight) -> None:
        self._sock = sock
        self._flight = flight

    def makefile(self, mode: str) -> _WholeLines:
        raw = self._sock.makefile(mode, buffering=0)
        return _WholeLines(_TimedReader(raw, self._sock, self._flight), _BUFFER)


class TimedConnection:
    """
    What both kinds of connection do: keep the deadline, and go through a tunnel where there is one.

    Of http.client and urllib3 it uses connecting and closing, and reading bodies. A request goes out in one piece:
    urllib3 would take the URL to pieces and wrap the answer, which costs as much as decoding a hundred rows, and it
    would log the URL.
    """

    sock: Any
    timeout: Any
    close: Any

    def __init__(self, *args: Any, _socks_options: dict[str, Tunnel] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = _socks_options["tunnel"].open if _socks_options else open_socket
        self._host_line: str | None = None

    def start(
        self: Any, method: str, target: str, headers: Mapping[str, str], body: bytes | None, flight: Flight
    ) -> None:
        """
        Send a request.

        Args:
            method: GET, POST, PUT or DELETE.
            target: Path and query string, percent-encoded; it goes out as it is.
            headers: Header names and values, all that are to be sent but Host.
            body: The body, or None.
            flight: What the request has left of its time.
        """
        self.flight = flight
        if self._host_line is None:
            self._host_line = host_line(self.host, self.port, self.default_port)
        self.send(request_head(method, target, self._host_line, headers) + (body or b""))

    def answer(self: Any, method: str, flight: Flight) -> TimedResponse:
        """Read status line and headers of the response to a request of that method; the body is still to be read."""
        response = TimedResponse(flight, self.sock, method)
        try:
            response.begin()
        except BaseException:
            # It holds on to the socket.
            response.close()
            raise
        return response

    def send(self: Any, data: Any) -> None:
        """Send bytes within the deadline."""
        flight: Flight = self.flight
        if self.sock is None:
            self.timeout = flight.left(flight.connect)
            self.connect()
        sock: Any = self.sock
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            sock.settimeout(flight.left())
            # From here on the server may have seen the request.
            flight.sent = True
            sock.sendall(view[start : start + _PIECE])

    def _new_conn(self: Any) -> socket.socket:
        left = functools.partial(self.flight.left, self.timeout)
        sock: socket.socket = self._open(self._dns_host, self.port, left, self.socket_options)
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock


class _TimedHTTPConnection(TimedConnection, HTTPConnection):
    """A plain connection that keeps the deadline."""


class _TimedHTTPSConnection(TimedConnection, HTTPSConnection):
    """A TLS connection that keeps the deadline."""


class _Lending:
    """What both kinds of pool do: lend a connection."""

    def take(self: Any) -> TimedConnection:
        """Take a connection out, which is to be given back or closed."""
        connection: TimedConnection = self._get_conn()
        return connection

    def give_back(self: Any, connection: TimedConnection) -> None:
        """Put a connection in whose answer was read."""
        self._put_conn(connection)

    @contextlib.contextmanager
    def lent(self) -> Iterator[TimedConnection]:
        """Lend a connection for a block; one whose block fails serves nobody else."""
        connection = self.take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        finally:
            self.give_back(connection)


class _HTTPPool(_Lending, HTTPConnectionPool):
    # urllib3 declares a protocol here that its own connections do not meet to the letter.
    ConnectionCls: Any = _TimedHTTPConnection


class _HTTPSPool(_Lending, HTTPSConnectionPool):
    ConnectionCls: Any = _TimedHTTPSConnection


Pool: TypeAlias = "_HTTPPool | _HTTPSPool"


class DeadlineAdapter(HTTPAdapter):
    """
    The adapter of requests, over pools of these connections.

    Args:
        pool_maxsize: How many connections to one host are kept.
        verify: True for the authorities known to certifi, or the path of a file or directory of them.
        tunnel: Opens all of its connections; None connects directly.
    """

    def __init__(self, pool_maxsize: int, *, verify: bool | str, tunnel: Tunnel | None = None) -> None:
        self._tunnel = tunnel
        self._verify = verify
        self._by_origin: dict[str, Pool] = {}
        super().__init__(pool_connections=4, pool_maxsize=pool_maxsize, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        # urllib3 has room for this in the keys of its pools, and hands it on to the connections.
        if self._tunnel is not None:
            kwargs["_socks_options"] = {"tunnel": self._tunnel}
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def pool(self, origin: str) -> Pool:
        """
        Return what lends connections.

        Args:
            origin: Scheme, host and port, as in a URL.
        """
        pool = self._by_origin.get(origin)
        # A pool that was closed, by `close` or by some versions of the manager where there are many, lends nothing.
        if pool is None or pool.pool is None:
            pool = self.poolmanager.connection_from_url(origin)
            cast("Any", self).cert_verify(pool, origin, self._verify, None)
            self._by_origin[origin] = pool
        return pool

    def close(self) -> None:
        """Close the pools now; urllib3 leaves them until nothing refers to them, such as an error's frames."""
        for pool in list(self._by_origin.values()):
            pool.close()
        super().close()
