"""Connecting to a host within a deadline, the look-up of its name included."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.wire.sockets import addresses_of, open_socket

if TYPE_CHECKING:
    from collections.abc import Callable

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]


def seconds(count: float) -> Callable[[], float]:
    ends = time.monotonic() + count

    def left() -> float:
        if time.monotonic() >= ends:
            raise TimeoutError("none are left")
        return ends - time.monotonic()

    return left


class TestLookingUp:
    def test_a_name_is_looked_up_in_a_thread_that_is_no_burden(self) -> None:
        threads = []

        def look_up(*asked: Any) -> list[Any]:
            threads.append(threading.current_thread())
            assert asked == ("films.example", 80, 0, socket.SOCK_STREAM)
            return FOUND

        assert addresses_of("films.example", 80, seconds(5), look_up) == FOUND
        assert threads[0] is not threading.current_thread()
        assert threads[0].daemon

    def test_a_look_up_that_takes_too_long_is_left_behind(self) -> None:
        released = threading.Event()

        def look_up(*_: Any) -> list[Any]:
            released.wait(30)
            return FOUND

        started = time.monotonic()
        with pytest.raises(TimeoutError):
            addresses_of("films.example", 80, seconds(0.2), look_up)
        assert 0.15 < time.monotonic() - started < 2
        released.set()

    def test_its_error_is_that_of_the_system(self) -> None:
        def look_up(*_: Any) -> list[Any]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        with pytest.raises(socket.gaierror, match="not known"):
            addresses_of("films.example", 80, seconds(5), look_up)

    def test_what_cannot_be_a_name_is_one_that_does_not_resolve(self) -> None:
        with pytest.raises(socket.gaierror):
            addresses_of("x" * 64 + ".example", 80, seconds(5))

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "10.0.0.1"])
    def test_an_address_needs_no_thread(self, host: str) -> None:
        threads = []

        def look_up(*_: Any) -> list[Any]:
            threads.append(threading.current_thread())
            return FOUND

        addresses_of(host, 80, seconds(5), look_up)
        assert threads == [threading.current_thread()]


class TestConnecting:
    def test_it_connects_with_what_is_left_and_the_options(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
            with contextlib.closing(open_socket("127.0.0.1", port, seconds(5), options)) as sock:
                assert sock.getpeername() == ("127.0.0.1", port)
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert 4 < (sock.gettimeout() or 0) <= 5

    def test_a_host_that_refuses_by_one_address_is_tried_by_the_next(self) -> None:
        # Where the name has an IPv6 address, nobody listens there.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            open_socket("localhost", listener.getsockname()[1], seconds(5)).close()

    def test_the_error_is_that_of_the_last_address(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            open_socket("127.0.0.1", port, seconds(5))
        with pytest.raises(TimeoutError):
            open_socket("127.0.0.1", port, seconds(0))
