"""TLS in front of a port of this machine, with certificates that hold and certificates that do not."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["BAD_CERTIFICATES", "Certificates", "Terminator"]

_HOST = "127.0.0.1"
BAD_CERTIFICATES = ("self_signed", "unknown_authority", "other_host", "expired")


class Certificates:
    """
    Certificates for hosts, all but the bad ones of one authority.

    Args:
        hosts: Names and addresses that the good certificate is of.
    """

    def __init__(self, *hosts: str) -> None:
        self.authority = trustme.CA()
        self._stranger = trustme.CA()
        long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
        day = timedelta(days=1)
        self._issued = {
            "good": self.authority.issue_cert(*hosts),
            "unknown_authority": self._stranger.issue_cert(*hosts),
            "other_host": self.authority.issue_cert("other.invalid"),
            "expired": self.authority.issue_cert(*hosts, not_before=long_ago, not_after=long_ago + day),
        }

    def save(self, path: Path) -> str:
        """Write the authority down for `verify=`; return the path."""
        self.authority.cert_pem.write_to_path(str(path))
        return str(path)

    def context(self, kind: str = "good") -> ssl.SSLContext:
        """Return what a server shows: `good`, or one of BAD_CERTIFICATES."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if kind != "self_signed":
            self._issued[kind].configure_cert(context)
            return context
        authority = self._stranger
        with authority.cert_pem.tempfile() as certificate, authority.private_key_pem.tempfile() as key:
            context.load_cert_chain(certificate, key)
        return context


class Terminator:
    """
    Take TLS, and pass what is in it on to a port of this machine.

    Args:
        port: The port to pass on to.
        context: What it shows; may be changed for connections to come.
        address: Where to listen; any free port of this machine where not given.

    `received` is all that clients said inside of TLS. With `answer`, it says that in place of passing on.
    """

    def __init__(self, port: int, context: ssl.SSLContext, address: tuple[str, int] = (_HOST, 0)) -> None:
        self.context = context
        self.answer: bytes | None = None
        self.received = bytearray()
        self.connections = 0
        self.shaken = 0
        self._to = port
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(address)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

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

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, client)

    def _serve(self, plain: socket.socket) -> None:
        self._open.add(plain)
        with contextlib.suppress(OSError), plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.context.wrap_socket(plain, server_side=True) as client:
                self._open.discard(plain)
                self._open.add(client)
                self.shaken += 1
                try:
                    self._talk(client)
                finally:
                    self._open.discard(client)
        self._open.discard(plain)

    def _talk(self, client: ssl.SSLSocket) -> None:
        # One thread for both directions: a TLS connection is not for two threads at once.
        with socket.create_connection((_HOST, self._to)) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                ready = [client] if client.pending() else select.select([client, server], [], [], 30)[0]
                if not ready:
                    return
                if server in ready:
                    data = server.recv(65536)
                    if not data:
                        return
                    client.sendall(data)
                if client in ready:
                    data = client.recv(65536)
                    if not data:
                        return
                    self.received += data
                    if self.answer is not None:
                        client.sendall(self.answer)
                        return
                    server.sendall(data)
