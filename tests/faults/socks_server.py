"""
A SOCKS4a and SOCKS5 server on loopback, which notes what it is asked for and can go wrong.

It looks up no name: it knows those that it is given, as a proxy in a studio's network knows names of its own.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Asked", "SocksServer"]

_HOST = "127.0.0.1"
_GRANTED, _HOST_UNREACHABLE = 0, 4
_NO_SIGN_IN, _PASSWORD, _NOTHING_FITS = 0, 2, 0xFF
_GRANTED_4, _REJECTED_4 = 0x5A, 0x5B
_KINDS = {1: 4, 4: 16}


@attrs.define
class Asked:
    """
    One connection through the server.

    Args:
        version: 4 or 5.
        host: What it was to connect to: a name, or an address in text.
        named: Whether that was sent as a name.
        port: The port.
        up: The bytes that the client sent through the tunnel.
    """

    version: int
    host: str
    named: bool
    port: int
    up: bytearray = attrs.field(factory=bytearray, repr=False)

    @property
    def records(self) -> list[int]:
        """The content types of the TLS records that the client sent."""
        found, at = [], 0
        while at + 5 <= len(self.up):
            found.append(self.up[at])
            at += 5 + int.from_bytes(self.up[at + 3 : at + 5], "big")
        return found


class SocksServer:
    """
    Serve SOCKS.

    Args:
        hosts: The ports of this machine that stand for the hosts; others are unreachable.
        login: User and password that it wants; with SOCKS4 the user alone.

    `asked` lists the connections that were asked for, `logins` those that tried to sign in. `reply` is what it
    answers in place of connecting, `drip` the seconds between two bytes of its answers.
    """

    def __init__(self, hosts: Mapping[str, int], login: tuple[str, str] | None = None) -> None:
        self.hosts = dict(hosts)
        self.login = login
        self.asked: list[Asked] = []
        self.logins: list[tuple[str, str]] = []
        self.connections = 0
        self.reply: int | None = None
        self.drip = 0.0
        self.port = 0
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.go_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.go_down()
        for thread in self._threads:
            thread.join(5)

    @property
    def listening(self) -> bool:
        """Whether it takes connections."""
        return self._listener is not None

    def go_up(self) -> None:
        """Listen, on the same port as before where there was one."""
        self._listener = socket.create_server((_HOST, self.port))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def go_down(self) -> None:
        """End all connections and refuse further ones."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.hang_up()

    def hang_up(self) -> None:
        """End all connections."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type] # a method
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        try:
            with client, contextlib.suppress(OSError, EOFError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                reader = _Reader(client)
                version = reader.byte()
                asked = self._hello_5(client, reader) if version == 5 else self._hello_4(client, reader)
                if asked is not None:
                    self._connect(client, asked)
        finally:
            self._open.discard(client)

    def _answer(self, client: socket.socket, data: bytes) -> None:
        if not self.drip:
            client.sendall(data)
            return
        for byte in data:
            if self._stopping.wait(self.drip):
                return
            client.sendall(bytes([byte]))

    def _hello_5(self, client: socket.socket, reader: _Reader) -> Asked | None:
        methods = reader.exactly(reader.byte())
        wanted = _PASSWORD if self.login else _NO_SIGN_IN
        if wanted not in methods:
            self._answer(client, bytes([5, _NOTHING_FITS]))
            return None
        self._answer(client, bytes([5, wanted]))
        if self.login:
            reader.byte()
            given = (
                reader.exactly(reader.byte()).decode(),
                reader.exactly(reader.byte()).decode(),
            )
            self.logins.append(given)
            self._answer(client, bytes([1, given != self.login]))
            if given != self.login:
                return None
        _, _, _, kind = reader.exactly(4)
        if kind in _KINDS:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, reader.exactly(_KINDS[kind]))
        else:
            host = reader.exactly(reader.byte()).decode()
        return Asked(5, host, kind not in _KINDS, int.from_bytes(reader.exactly(2), "big"))

    def _hello_4(self, client: socket.socket, reader: _Reader) -> Asked | None:
        _, port, address = struct.unpack(">BH4s", reader.exactly(7))
        user = reader.until_zero().decode()
        named = address[:3] == b"\0\0\0" and address[3] != 0
        host = reader.until_zero().decode() if named else socket.inet_ntoa(address)
        if self.login:
            self.logins.append((user, ""))
            if user != self.login[0]:
                self._answer(client, struct.pack(">BBH4s", 0, _REJECTED_4, 0, bytes(4)))
                return None
        return Asked(4, host, named, port)

    def _connect(self, client: socket.socket, asked: Asked) -> None:
        self.asked.append(asked)
        code = self.reply
        server = None
        if code is None:
            try:
                server = socket.create_connection((_HOST, self.hosts[asked.host]))
            except (KeyError, OSError):
                code = _HOST_UNREACHABLE
        # The client may be gone by now; what was opened is closed all the same.
        with contextlib.nullcontext() if server is None else server:
            if asked.version == 5:
                self._answer(client, bytes([5, code or _GRANTED, 0, 1]) + bytes(6))
            else:
                self._answer(
                    client, struct.pack(">BBH4s", 0, _REJECTED_4 if code else _GRANTED_4, 0, bytes(4))
                )
            if server is None:
                return
            self._open.add(server)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(self._pump, server, client, None)
            self._pump(client, server, asked.up)
        self._open.discard(server)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, seen: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if seen is not None:
                    seen += data
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Reader:
    """Read what a client says before the tunnel begins, and not one byte more."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._sock.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def byte(self) -> int:
        return self.exactly(1)[0]

    def until_zero(self) -> bytes:
        data = b""
        while (one := self.exactly(1)) != b"\0":
            data += one
        return data
