"""A TCP proxy on loopback that cuts, holds up and resets at byte and connection indexes, and a port that refuses."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Proxy", "RefusingPort", "Rule"]

Direction = Literal["up", "down"]
Action = Literal["cut", "reset", "delay", "trickle", "silence"]

_HOST = "127.0.0.1"
_CHUNK = 65_536
_POLL = 0.1
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@attrs.frozen
class Rule:
    """
    What happens on a connection.

    Args:
        action: `cut` closes both sides, `reset` resets both (RST), `delay` waits once for `seconds`, `trickle`
            sends single bytes `seconds` apart from there on, `silence` passes nothing more on and keeps the
            connection open.
        direction: `up` from the client to the server, `down` back.
        byte: How many bytes in that direction pass unharmed.
        connection: Which connection, from 0 in the order of arrival; None for each.
    """

    action: Action
    direction: Direction = "down"
    byte: int = 0
    connection: int | None = None
    seconds: float = 1.0


class Proxy:
    """
    Pass bytes between clients and one port of this machine.

    Args:
        port: The port to pass on to.
        rules: What goes wrong; the list may be changed for connections to come.

    `connections` counts the connections so far, `passed` the bytes that went through in each direction, `fired`
    how often a rule came to act.
    """

    def __init__(self, port: int, *rules: Rule) -> None:
        self.rules = list(rules)
        self.connections = 0
        self.fired = 0
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}
        self._to = port
        self.stopping = threading.Event()
        self.pairs: set[_Pair] = set()
        self._listener = socket.create_server((_HOST, 0))
        self._listener.settimeout(_POLL)
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{_HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def begin(self, *rules: Rule) -> None:
        """End the connections that there are, and count from 0 again under other rules."""
        self.rules[:] = rules
        for pair in list(self.pairs):
            pair.end()
        self.connections = self.fired = 0
        self.passed = {"up": 0, "down": 0}

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type] # a method
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                continue
            number = self.connections
            self.connections += 1
            try:
                server = socket.create_connection((_HOST, self._to))
            except OSError:
                client.close()
                continue
            pair = _Pair(self, client, server, number)
            self.pairs.add(pair)
            self._start(pair.run)


class _Pair:
    """Two connections, one to each side, that end together."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, number: int) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.rules = [rule for rule in proxy.rules if rule.connection in {None, number}]
        self.over = threading.Event()

    def run(self) -> None:
        for each in (self.client, self.server):
            each.settimeout(_POLL)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        down = threading.Thread(target=self.pump, args=("down", self.server, self.client), daemon=True)
        down.start()
        self.pump("up", self.client, self.server)
        down.join()
        self.proxy.pairs.discard(self)
        self.client.close()
        self.server.close()

    def pump(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        rules = sorted(
            (rule for rule in self.rules if rule.direction == direction), key=lambda rule: rule.byte
        )
        try:
            while not self.over.is_set() and not self.proxy.stopping.is_set():
                if rules and passed >= rules[0].byte:
                    rule = rules.pop(0)
                    passed += self.act(rule, direction, source, sink)
                    continue
                most = min(_CHUNK, rules[0].byte - passed) if rules else _CHUNK
                data = self.received(source, most)
                if data == b"":
                    break
                if data:
                    # Counted first: whoever has the last byte may look at the figure at once.
                    passed += len(data)
                    self.proxy.passed[direction] += len(data)
                    sink.sendall(data)
        except OSError:
            pass  # One side is gone, and with it the pair.
        finally:
            self.end()

    @staticmethod
    def received(source: socket.socket, most: int) -> bytes | None:
        """Return what came; nothing when the side has closed, None when it says nothing at the moment."""
        try:
            return source.recv(most)
        except TimeoutError:
            return None

    def act(self, rule: Rule, direction: Direction, source: socket.socket, sink: socket.socket) -> int:
        self.proxy.fired += 1
        if rule.action == "delay":
            self.over.wait(rule.seconds)
        elif rule.action == "trickle":
            return self.trickle(rule, direction, source, sink)
        elif rule.action == "silence":
            while not self.over.wait(_POLL) and not self.proxy.stopping.is_set():
                pass
        else:
            if rule.action == "reset":
                for each in (self.client, self.server):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self.over.set()
        return 0

    def trickle(self, rule: Rule, direction: Direction, source: socket.socket, sink: socket.socket) -> int:
        count = 0
        while not self.over.wait(rule.seconds) and not self.proxy.stopping.is_set():
            data = self.received(source, 1)
            if data == b"":
                self.over.set()
            elif data:
                sink.sendall(data)
                count += 1
                self.proxy.passed[direction] += 1
        return count

    def end(self) -> None:
        self.over.set()
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                # A reset must not be preceded by a polite end.
                if not each.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
                    each.shutdown(socket.SHUT_RDWR)


class RefusingPort:
    """A port of this machine that is taken, and refuses every connection."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((_HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{_HOST}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
