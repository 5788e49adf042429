"""Requests whose answers are read later, against small servers on loopback that answer, break off, or keep silent."""

from __future__ import annotations

import contextlib
import gc
import gzip
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.wire.messages import HttpRequest, Timeouts
from tests.unit.loopback import HEADERS, SOON, Served, always, get, once, reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.wire.transport import RequestsTransport, SentAhead


def echo(server: Served, sock: socket.socket) -> None:
    """Answer each request with its own query string."""
    while request := server.read(sock):
        sock.sendall(reply(request.partition(b"?")[2].partition(b" ")[0]))


def ending(ended: threading.Event) -> Callable[[Served, socket.socket], None]:
    """Echo, and tell when the first connection has ended."""

    def script(server: Served, sock: socket.socket) -> None:
        first = server.connections == 1
        try:
            echo(server, sock)
        finally:
            if first:
                ended.set()

    return script


def announced(transport: RequestsTransport, request: HttpRequest) -> SentAhead:
    ahead = transport.announce(request, SOON)
    assert ahead is not None
    return ahead


def until(holds: Callable[[], object]) -> None:
    """Wait for what happens on a server's thread."""
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


class TestAnswers:
    def test_the_answer_is_waited_for_only_when_it_is_read(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        go = threading.Event()

        def script(server: Served, sock: socket.socket) -> None:
            while server.read(sock):
                go.wait(5)
                sock.sendall(reply(b"late", "201 Created", "X-Name: v"))

        server = serve(script)
        ahead = announced(transport, get(server.port))
        until(lambda: server.requests)
        assert not go.is_set()
        threading.Timer(0.05, go.set).start()
        response = ahead.response(SOON)
        assert response is not None
        assert (response.status, response.headers["x-name"], response.body) == (201, "v", b"late")
        assert transport.send(get(server.port), SOON).body == b"late"
        assert (server.connections, len(server.requests)) == (1, 2)
        assert server.requests[0] == server.requests[1], "what is announced goes out as everything does"

    def test_it_is_read_once(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(echo)
        ahead = announced(transport, get(server.port, "a"))
        assert ahead.response(SOON) is not None
        assert ahead.response(SOON) is None
        ahead.withdraw()
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 1, "one that was read is not given up"

    def test_others_are_answered_meanwhile(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(echo)
        early = [announced(transport, get(server.port, f"a{number}")) for number in range(3)]
        for number in range(5):
            assert transport.send(get(server.port, f"b{number}"), SOON).body == f"b{number}".encode()
        bodies = [response and response.body for response in (ahead.response(SOON) for ahead in early)]
        assert bodies == [b"a0", b"a1", b"a2"]
        assert server.connections == 4

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"nonsense\r\n\r\n",
            reply(b"cut", length=9),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncut\r\n",
            reply(gzip.compress(b"cut")[:-9], "200 OK", "Content-Encoding: gzip"),
            reply(b"other", "200 OK", "Content-Encoding: br"),
        ],
    )
    def test_one_that_breaks_off_is_none_and_the_next_has_a_connection_of_its_own(
        self, serve: Any, transport: RequestsTransport, answer: bytes
    ) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            (once(answer) if server.connections == 1 else echo)(server, sock)

        server = serve(script)
        assert announced(transport, get(server.port, "a")).response(SOON) is None
        assert transport.send(get(server.port, "a"), SOON).body == b"a"
        assert server.connections == 2

    def test_one_that_is_late_is_none_and_its_answer_goes_to_nobody(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        late = threading.Event()

        def script(server: Served, sock: socket.socket) -> None:
            if server.connections == 1:
                server.read(sock)
                late.wait(5)
                sock.sendall(reply(b"late"))
            echo(server, sock)

        server = serve(script)
        ahead = announced(transport, get(server.port, "a"))
        assert ahead.response(Timeouts(5, 0.1, 5)) is None
        late.set()
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 2

    def test_a_kept_connection_that_has_ended_is_replaced(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(once(reply(b"{}")))
        for _ in range(2):
            response = announced(transport, get(server.port)).response(SOON)
            assert response is not None
            time.sleep(0.1)
        assert server.connections == 2

    def test_what_cannot_be_sent_is_not_announced(self, transport: RequestsTransport) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert transport.announce(get(port), SOON) is None
        assert transport.announce(get(80, host="nowhere.invalid"), Timeouts(1, 1, 1)) is None

    @pytest.mark.parametrize("header", ["canary\r\nX: y", "canary €"])
    def test_what_may_not_be_sent_is_not_announced(
        self, serve: Any, transport: RequestsTransport, header: str
    ) -> None:
        server = serve(echo)
        request = HttpRequest("GET", f"http://127.0.0.1:{server.port}/", {"Authorization": header})
        assert transport.announce(request, SOON) is None
        assert server.requests == []


class TestGivingUp:
    def test_one_that_is_withdrawn_answers_nobody(self, serve: Any, transport: RequestsTransport) -> None:
        ended = threading.Event()
        server = serve(ending(ended))
        ahead = announced(transport, get(server.port, "a"))
        ahead.withdraw()
        assert ended.wait(5)
        assert ahead.response(SOON) is None
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 2

    @pytest.mark.parametrize("cycle", [False, True])
    def test_one_that_is_dropped_closes_its_connection(
        self, serve: Any, transport: RequestsTransport, cycle: bool
    ) -> None:
        ended = threading.Event()
        server = serve(ending(ended))
        ahead = announced(transport, get(server.port, "a"))
        until(lambda: server.requests)
        gc.collect()
        holder: list[Any] = [ahead]
        if cycle:
            holder.append(holder)
        gc.disable()
        try:
            del ahead, holder
            if cycle:
                assert not ended.wait(0.1)
                gc.collect()
            assert ended.wait(5)
        finally:
            gc.enable()
        assert transport.send(get(server.port, "b"), SOON).body == b"b"

    def test_one_may_be_dropped_while_the_pool_is_locked(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        # As the garbage collector may do on the thread that holds the lock.
        server = serve(echo)
        held = [announced(transport, get(server.port, "a"))]
        kept: Any = transport._adapter.pool(f"http://127.0.0.1:{server.port}").pool
        done = threading.Event()

        def drop() -> None:
            held.clear()
            done.set()

        thread = threading.Thread(target=drop)
        with kept.mutex:
            thread.start()
            assert done.wait(5)
        thread.join(5)

    def test_a_closed_transport_lets_it_be_read_and_keeps_nothing(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        ended = threading.Event()
        server = serve(ending(ended))
        ahead = announced(transport, get(server.port, "a"))
        transport.close()
        response = ahead.response(SOON)
        assert response is not None
        assert response.body == b"a"
        assert ended.wait(5)

    def test_one_that_is_being_read_is_read_to_its_end(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        go = threading.Event()

        def script(server: Served, sock: socket.socket) -> None:
            server.read(sock)
            sock.sendall(reply(b"", length=4))
            go.wait(5)
            sock.sendall(b"late")
            echo(server, sock)

        server = serve(script)
        ahead = announced(transport, get(server.port))
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(ahead.response, SOON)
            until(lambda: not ahead._unread)
            time.sleep(0.05)
            ahead.withdraw()
            go.set()
            response = reading.result(5)
        assert response is not None
        assert response.body == b"late"
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 1

    def test_reading_and_withdrawing_at_once_mixes_nothing_up(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(echo)
        for number in range(60):
            ahead = announced(transport, get(server.port, f"a{number}"))
            other = threading.Thread(target=ahead.withdraw)
            other.start()
            response = ahead.response(SOON)
            assert response is None or response.body == f"a{number}".encode()
            assert transport.send(get(server.port, f"b{number}"), SOON).body == f"b{number}".encode()
            other.join(5)

    @pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", reply(b"cut", length=9)])
    def test_ctrl_c_while_it_is_read_passes_through_and_leaves_nothing_open(
        self, serve: Any, transport: RequestsTransport, start: bytes
    ) -> None:
        ended = threading.Event()

        def script(server: Served, sock: socket.socket) -> None:
            if server.connections == 1:
                server.read(sock)
                sock.sendall(start)
                threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT)).start()
                server.read(sock)
                ended.set()
            echo(server, sock)

        main = threading.main_thread().ident or 0
        server = serve(script)
        ahead = announced(transport, get(server.port, "a"))
        # What is raised holds on to the frames, and these to what they work with.
        with pytest.raises(KeyboardInterrupt) as raised:
            ahead.response(SOON)
        assert ended.wait(5)
        del raised
        assert ahead.response(SOON) is None
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 2

    def test_ctrl_c_while_it_is_sent_leaves_nothing_open(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        ended = threading.Event()

        def script(server: Served, sock: socket.socket) -> None:
            if server.connections > 1:
                echo(server, sock)
                return
            sock.recv(1)
            signal.pthread_kill(main, signal.SIGINT)
            interrupted.wait(5)
            with contextlib.suppress(OSError):
                while sock.recv(65536):
                    pass
            ended.set()

        main, interrupted = threading.main_thread().ident or 0, threading.Event()
        server = serve(script)
        url = f"http://127.0.0.1:{server.port}/?{'x' * 30_000_000}"
        with pytest.raises(KeyboardInterrupt) as raised:
            transport.announce(HttpRequest("GET", url, HEADERS), SOON)
        interrupted.set()
        assert ended.wait(5)
        del raised
        assert transport.send(get(server.port, "b"), SOON).body == b"b"


class TestForks:
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    @pytest.mark.parametrize("child_first", [True, False])
    def test_the_answer_is_the_parents(
        self, serve: Any, transport: RequestsTransport, child_first: bool
    ) -> None:
        server = serve(echo)
        ahead = announced(transport, get(server.port, "a"))
        until(lambda: server.requests)
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            code = 1
            try:
                if not child_first:
                    time.sleep(0.2)
                nothing = ahead.response(SOON) is None
                own = transport.send(get(server.port, "child"), SOON).body == b"child"
                code = 0 if nothing and own else 2
            finally:
                os._exit(code)
        if child_first:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        response = ahead.response(SOON)
        assert response is not None
        assert response.body == b"a"
        if not child_first:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert transport.send(get(server.port, "b"), SOON).body == b"b"
        assert server.connections == 2


def test_an_answer_in_several_shapes_is_the_one_that_is_sent(
    serve: Any, transport: RequestsTransport
) -> None:
    for answer, body in [
        (reply(gzip.compress(b"[1]" * 9_999), "200 OK", "Content-Encoding: gzip"), b"[1]" * 9_999),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (reply(b"x" * 3_000_000), b"x" * 3_000_000),
        (reply(b"{}", "200 OK", "Connection: close"), b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ]:
        server = serve(always(answer))
        for _ in range(2):
            response = announced(transport, get(server.port)).response(SOON)
            assert response is not None
            assert response.body == body
            assert response == transport.send(get(server.port), SOON)
        assert len(server.requests) == 4
