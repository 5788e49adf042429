"""Small servers on loopback that do as they are told, right or wrong, and requests to them."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING

from accsyn_orm.wire.messages import HttpRequest, Timeouts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

SOON = Timeouts(connect=5, read=5, total=10)
HEADERS = {"Authorization": "basic canary-key", "Accept-Encoding": "gzip, deflate"}


def read_request(sock: socket.socket) -> bytes:
    """Read one request; nothing where the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    while len(body) < int(length[1] if length else 0):
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


class Served:
    """A server that gives every connection to a script, and keeps the requests that came."""

    def __init__(
        self, script: Callable[[Served, socket.socket], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            talk = self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
            with talk:
                self._script(self, talk)

    def read(self, sock: socket.socket) -> bytes:
        """Read one request, and keep it; nothing where the other side has closed."""
        request = read_request(sock)
        if request:
            self.requests.append(request)
        return request

    def pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise ConnectionAbortedError

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


def reply(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(answer: bytes) -> Callable[[Served, socket.socket], None]:
    def script(server: Served, sock: socket.socket) -> None:
        while server.read(sock):
            sock.sendall(answer)

    return script


def once(*parts: bytes, every: float = 0.0) -> Callable[[Served, socket.socket], None]:
    """Read a request, answer in parts with a pause before each, and close."""

    def script(server: Served, sock: socket.socket) -> None:
        server.read(sock)
        for part in parts:
            server.pause(every)
            sock.sendall(part)

    return script


def get(port: int, query: str = "%7B%7D", scheme: str = "http", host: str = "127.0.0.1") -> HttpRequest:
    return HttpRequest("GET", f"{scheme}://{host}:{port}/api/v3/event?{query}", HEADERS)


def put(port: int, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("PUT", f"http://127.0.0.1:{port}/api/v3/event", HEADERS, body)
