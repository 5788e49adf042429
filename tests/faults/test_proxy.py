"""The proxy passes bytes on, and does what its rules say at the byte that they name."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.proxy import Proxy, RefusingPort, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo:
    """Sends back what it is sent."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.received = b""
        self.errors: list[str] = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while data := connection.recv(1024):
                        self.received += data
                        connection.sendall(data)
                except OSError as error:
                    self.errors.append(type(error).__name__)

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def through(proxy: Proxy, text: bytes, timeout: float = 5) -> bytes:
    """Send bytes; return what comes back until the end, or until there was as much."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout) as sock:
        sock.sendall(text)
        found = b""
        while len(found) < len(text):
            data = sock.recv(1024)
            if not data:
                break
            found += data
        return found


def test_without_rules_bytes_pass(echo: Echo) -> None:
    with Proxy(echo.port) as proxy:
        text = b"hello" * 100_000
        assert through(proxy, text) == text
        assert (proxy.connections, proxy.fired, proxy.passed) == (1, 0, {"up": len(text), "down": len(text)})


@pytest.mark.parametrize("byte", [0, 1, 5])
def test_cut(echo: Echo, byte: int) -> None:
    with Proxy(echo.port, Rule("cut", "down", byte)) as proxy:
        assert through(proxy, b"hello world") == b"hello world"[:byte]
        assert proxy.fired == 1
        proxy.begin(Rule("cut", "up", byte))
        echo.received = b""
        assert b"hello world"[:byte].startswith(through(proxy, b"hello world"))
        limit = time.monotonic() + 5
        while len(echo.received) < byte and time.monotonic() < limit:
            time.sleep(0.01)
        assert echo.received == b"hello world"[:byte]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_reset(echo: Echo, direction: Any) -> None:
    with Proxy(echo.port, Rule("reset", direction, 3)) as proxy:
        with pytest.raises(ConnectionResetError):
            through(proxy, b"hello world")
        limit = time.monotonic() + 5
        while not echo.errors and time.monotonic() < limit:
            time.sleep(0.01)
        assert echo.errors == ["ConnectionResetError"]


def test_delay_trickle_and_silence(echo: Echo) -> None:
    with Proxy(echo.port, Rule("delay", "down", 2, seconds=0.2)) as proxy:
        started = time.monotonic()
        assert through(proxy, b"hello") == b"hello"
        assert time.monotonic() - started >= 0.2
        proxy.begin(Rule("trickle", "down", 2, seconds=0.05))
        started = time.monotonic()
        assert through(proxy, b"hello") == b"hello"
        assert time.monotonic() - started >= 0.15
        proxy.begin(Rule("silence", "down", 2))
        with pytest.raises(TimeoutError):
            through(proxy, b"hello", timeout=0.3)


def test_a_rule_of_one_connection(echo: Echo) -> None:
    with Proxy(echo.port, Rule("cut", "down", 1, connection=1)) as proxy:
        assert [through(proxy, b"hello") for _ in range(3)] == [b"hello", b"h", b"hello"]


def test_a_port_that_refuses() -> None:
    with RefusingPort() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port.port))
