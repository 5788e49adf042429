"""Ways from a session to a sandbox that can be spoiled: plain, TLS, SOCKS, an accsyn proxy."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import tempfile
import threading
from typing import TYPE_CHECKING

import attrs

from accsyn_orm.config import Proxy, Secret
from accsyn_orm.errors import (
    AccsynError,
    ConnectionFailed,
    DeadlineExceeded,
    ProtocolError,
    ProxyError,
    TLSError,
)
from accsyn_orm.wire.transport import RequestsTransport

from .proxy import RefusingPort
from .socks_server import SocksServer
from .tls import BAD_CERTIFICATES, Certificates, Terminator

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

__all__ = ["LINE_FAULTS", "PASSWORD", "Line", "LineFault", "Rig"]

HOST = "workspace.invalid"
USER, PASSWORD = "bob", "canary-of-the-proxy"
_DRIP = 0.3
_UNREACHABLE, _NOT_ALLOWED = 4, 2


@attrs.frozen
class LineFault:
    """
    What happens to a line.

    Args:
        line: `http`, `tls`, `socks5`, `socks4` or `accsyn`.
        kind: What goes wrong with it.
        expected: The error that every operation then meets.
    """

    line: str
    kind: str
    expected: type[AccsynError]

    def __str__(self) -> str:
        return f"{self.line}: {self.kind}"


def _faults(line: str, kinds: tuple[str, ...], expected: type[AccsynError]) -> list[LineFault]:
    return [LineFault(line, kind, expected) for kind in kinds]


LINE_FAULTS: list[LineFault] = [
    *_faults("http", ("refused", "unresolvable"), ConnectionFailed),
    *_faults("tls", ("refused", "unresolvable"), ConnectionFailed),
    *_faults("tls", BAD_CERTIFICATES, TLSError),
    *_faults("tls", ("redirect",), ProtocolError),
    *_faults("socks5", BAD_CERTIFICATES, TLSError),
    *_faults("socks5", ("down", "password", "not_allowed"), ProxyError),
    *_faults("socks5", ("unreachable",), ConnectionFailed),
    *_faults("socks5", ("drip",), DeadlineExceeded),
    *_faults("socks5", ("redirect",), ProtocolError),
    *_faults("socks4", ("other_host",), TLSError),
    *_faults("socks4", ("down", "password", "unreachable"), ProxyError),
    *_faults("socks4", ("drip",), DeadlineExceeded),
    *_faults("accsyn", ("refused", "unresolvable"), ProxyError),
]


class Rig:
    """
    The servers that the lines of one sandbox go through.

    Args:
        port: The sandbox's.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self.certificates = Certificates(HOST, "localhost")
        folder = pathlib.Path(enter(tempfile.TemporaryDirectory()))
        self.authority = self.certificates.save(folder / "ca.pem")
        self.refusing = enter(RefusingPort())
        self.second = enter(Terminator(self.port, self.certificates.context()))
        self.terminator = enter(Terminator(self.port, self.certificates.context()))
        self.socks = enter(SocksServer({HOST: self.terminator.port}, (USER, PASSWORD)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def spoil(self, kind: str) -> None:
        """Let the servers go wrong, and end the connections that there are."""
        self.terminator.received.clear()
        self.socks.asked.clear()
        self.second.connections = 0
        if kind in BAD_CERTIFICATES:
            self.terminator.context = self.certificates.context(kind)
        elif kind == "redirect":
            url = f"https://localhost:{self.second.port}/"
            head = f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nConnection: close\r\nContent-Length: 0"
            self.terminator.answer = f"{head}\r\n\r\n".encode()
        elif kind == "down":
            self.socks.go_down()
        elif kind == "password":
            self.socks.login = ("alice", "another")
        elif kind in {"unreachable", "not_allowed"}:
            self.socks.reply = _UNREACHABLE if kind == "unreachable" else _NOT_ALLOWED
        elif kind == "drip":
            self.socks.drip = _DRIP
        self.hang_up()

    def mend(self) -> None:
        """Let all of it work again."""
        self.terminator.context = self.certificates.context()
        self.terminator.answer = self.socks.reply = None
        self.socks.drip, self.socks.login = 0.0, (USER, PASSWORD)
        if not self.socks.listening:
            self.socks.go_up()
        self.hang_up()

    def hang_up(self) -> None:
        """End all connections."""
        self.terminator.hang_up()
        self.socks.hang_up()


class Line:
    """
    A transport over one line, which goes bad at a request and is mended by hand.

    Args:
        rig: The servers.
        fault: What happens.
    """

    def __init__(self, rig: Rig, fault: LineFault) -> None:
        self.rig = rig
        self.fault = fault
        self.url = {
            "http": f"http://127.0.0.1:{rig.port}",
            "tls": f"https://localhost:{rig.terminator.port}",
        }.get(fault.line, f"https://{HOST}")
        self.spoiled_sends = 0
        self._good = RequestsTransport(verify=rig.authority, proxy=self._proxy(rig.port))
        self._bad = RequestsTransport(verify=rig.authority, proxy=self._bad_proxy())
        self._lock = threading.Lock()
        self._left: int | None = None
        self._spoiled = False

    def _proxy(self, port: int, host: str = "127.0.0.1") -> Proxy | None:
        line = self.fault.line
        if line == "accsyn":
            return Proxy("accsyn", host, port)
        if not line.startswith("socks"):
            return None
        password = Secret(PASSWORD) if line == "socks5" else None
        return Proxy(line, host, self.rig.socks.port, Secret(USER), password)

    def _bad_proxy(self) -> Proxy | None:
        if self.fault.kind == "unresolvable":
            return self._proxy(self.rig.port, "nowhere.invalid")
        return self._proxy(self.rig.refusing.port)

    def spoil_at(self, nth: int) -> None:
        """Let the line go bad when so many requests have been sent, this one included."""
        self._left = nth

    def mend(self) -> None:
        """Let it work again."""
        self._spoiled, self._left = False, None
        self.rig.mend()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send a request over the line as it is."""
        with self._lock:
            if self._left is not None and not self._spoiled:
                self._left -= 1
                if not self._left:
                    self._spoiled = True
                    self.rig.spoil(self.fault.kind)
            self.spoiled_sends += self._spoiled
            spoiled = self._spoiled
        if not spoiled or self.fault.kind not in {"refused", "unresolvable"}:
            return self._good.send(request, timeouts)
        return self._bad.send(self._elsewhere(request), timeouts)

    def _elsewhere(self, request: HttpRequest) -> HttpRequest:
        if self.fault.line == "accsyn":
            return request
        host, port = "localhost", self.rig.refusing.port
        if self.fault.kind == "unresolvable":
            host, port = "nowhere.invalid", 443
        scheme, _, rest = request.url.partition("://")
        return attrs.evolve(request, url=f"{scheme}://{host}:{port}/{rest.partition('/')[2]}")

    def close(self) -> None:
        """Close the connections that are kept."""
        self._good.close()
        self._bad.close()

    def violations(self) -> list[str]:
        """Return what must not have happened while the line was bad from the first request on."""
        found = []
        if self.rig.second.connections:
            found.append("the host of a redirect was spoken to")
        if self.fault.kind == "redirect":
            return found
        if self.rig.terminator.received:
            found.append("application bytes were sent")
        if any(23 in asked.records for asked in list(self.rig.socks.asked)):
            found.append("a record of application data went through the tunnel")
        if socket.socket is not _SOCKET:
            found.append("socket.socket is another one")
        return found


_SOCKET = socket.socket
