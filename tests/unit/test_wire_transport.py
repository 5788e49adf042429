"""The transport over requests, against small servers on loopback."""

from __future__ import annotations

import contextlib
import gc
import gzip
import logging
import os
import signal
import socket
import ssl
import threading
import time
import traceback
import tracemalloc
import weakref
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from accsyn_orm.errors import (
    AccsynError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    TLSError,
    TransportError,
)
from accsyn_orm.wire.messages import HttpRequest, Timeouts
from accsyn_orm.wire.transport import RequestsTransport
from tests.unit.loopback import HEADERS, SOON, Served, always, get, once, put, reply

if TYPE_CHECKING:
    from pathlib import Path


class TestAnswers:
    def test_connections_are_kept_and_urls_stay_as_they_are(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(always(reply(b'{"result": 1}', "200 OK", "X-Name: v")))
        query = "%7B%22a%22%3A%20%22b%2Bc/d~e_f.g-h%25%5Cu00e5%22%7D"
        for _ in range(3):
            response = transport.send(get(server.port, query), SOON)
            assert (response.status, response.headers["x-name"], response.body) == (
                200,
                "v",
                b'{"result": 1}',
            )
        transport.send(put(server.port, b"{1}"), SOON)
        transport.send(HttpRequest("DELETE", f"http://127.0.0.1:{server.port}/x?y", HEADERS), SOON)
        assert server.connections == 1
        assert server.requests[0].startswith(
            f"GET /api/v3/event?{query} HTTP/1.1\r\nHost: 127.0.0.1".encode()
        )
        assert server.requests[3].endswith(b"\r\n\r\n{1}")
        assert b"Content-Length: 3\r\n" in server.requests[3]
        assert b"Content-Length: 0" in server.requests[4]

    def test_a_long_url_and_a_large_body_pass(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(always(reply(b"{}")))
        transport.send(get(server.port, "%7B" * 60_000), SOON)
        transport.send(put(server.port, b"x" * 3_000_000), SOON)
        assert len(server.requests[0]) > 180_000
        assert server.requests[1].endswith(b"x" * 3_000_000)

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", gzip.compress(b"[1]" * 100_000)),
            ("gzip", gzip.compress(b"[1]" * 50_000) + gzip.compress(b"[1]" * 50_000)),
            ("deflate", zlib.compress(b"[1]" * 100_000)),
            ("deflate", zlib.compress(b"[1]" * 100_000)[2:-4]),
            ("identity", b"[1]" * 100_000),
        ],
    )
    def test_compressed_answers(
        self, serve: Any, transport: RequestsTransport, encoding: str, body: bytes
    ) -> None:
        server = serve(always(reply(body, "200 OK", f"Content-Encoding: {encoding}")))
        assert transport.send(get(server.port), SOON).body == b"[1]" * 100_000

    def test_chunked_answers(self, serve: Any, transport: RequestsTransport) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        server = serve(always(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
        assert [transport.send(get(server.port), SOON).body for _ in range(2)] == [b"abcde"] * 2
        assert server.connections == 1

    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_answers_without_a_body(self, serve: Any, transport: RequestsTransport, status: str) -> None:
        server = serve(always(f"HTTP/1.1 {status}\r\n\r\n".encode()))
        response = transport.send(get(server.port), SOON)
        assert (response.status, response.body) == (int(status[:3]), b"")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, serve: Any, transport: RequestsTransport, status: int) -> None:
        second = serve(always(reply(b"{}")))
        first = serve(always(reply(b"", f"{status} Go", f"Location: http://127.0.0.1:{second.port}/x")))
        assert transport.send(put(first.port), SOON).status == status
        assert (second.connections, len(first.requests)) == (0, 1)

    def test_cookies_and_netrc_and_proxies_of_the_environment_are_ignored(
        self, serve: Any, transport: RequestsTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("default login a password b\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        server = serve(always(reply(b"{}", "200 OK", "Set-Cookie: a=b")))
        for _ in range(2):
            transport.send(get(server.port), SOON)
        for request in server.requests:
            assert b"Authorization: basic canary-key\r\n" in request
            assert b"ookie" not in request

    def test_connections_to_many_hosts_are_kept_and_closed(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        ended: list[int] = []

        def script(server: Served, sock: socket.socket) -> None:
            always(reply(b"{}"))(server, sock)
            ended.append(server.port)

        servers = [serve(script) for _ in range(7)]
        for server in servers * 2:
            assert transport.send(get(server.port), SOON).status == 200
        assert [server.connections for server in servers] == [1] * 7
        assert ended == []
        transport.close()
        for server in servers:
            server.close()
        assert sorted(ended) == sorted(server.port for server in servers)

    def test_a_connection_closed_while_idle_is_replaced(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(once(reply(b"{}")))
        for _ in range(3):
            assert transport.send(get(server.port), SOON).status == 200
            time.sleep(0.2)
        assert server.connections == 3


class TestFaults:
    def failure(
        self, transport: RequestsTransport, request: HttpRequest, timeouts: Timeouts = SOON
    ) -> TransportError:
        with pytest.raises(TransportError) as caught:
            transport.send(request, timeouts)
        error = caught.value
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        ) + repr((error, error.__cause__))
        assert "canary" not in shown
        assert error.__context__ is None or error.__context__ is error.__cause__
        return error

    def test_refused(self, transport: RequestsTransport) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        error = self.failure(transport, get(port, "canary-session"))
        assert type(error) is ConnectionFailed
        assert not error.sent
        assert f"127.0.0.1:{port}" in error.message
        assert isinstance(error.__cause__, ConnectionRefusedError)

    def test_a_name_that_does_not_resolve(self, transport: RequestsTransport) -> None:
        error = self.failure(transport, get(80, "canary-session", host="nowhere.invalid"))
        assert type(error) is ConnectionFailed
        assert "nowhere.invalid" in error.message

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nX-Name: v\r\n",
            b"HTTP/1.1 200 OK\r\nX-Name v\r\nContent-Length: 0\r\n\r\n",
            reply(b'{"resu', length=100),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            reply(gzip.compress(b"x" * 1000)[:-9], "200 OK", "Content-Encoding: gzip"),
            b"nonsense\r\n\r\n",
        ],
    )
    def test_an_answer_that_breaks_off(self, serve: Any, transport: RequestsTransport, answer: bytes) -> None:
        for build in (get, put):
            server = serve(once(answer))
            error = self.failure(transport, build(server.port))
            assert type(error) is ConnectionLost
            assert error.sent
            assert len(server.requests) == 1

    def test_a_reset(self, serve: Any, transport: RequestsTransport) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            server.read(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

        server = serve(script)
        error = self.failure(transport, put(server.port))
        assert type(error) is ConnectionLost
        assert error.sent
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "parts",
        [
            [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" * 5],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"] + [b"x"] * 99,
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] + [b"1\r\nx\r\n"] * 99,
        ],
    )
    def test_a_trickle_meets_the_total_deadline(
        self, serve: Any, transport: RequestsTransport, parts: Any
    ) -> None:
        server = serve(once(*parts, every=0.1))
        started = time.monotonic()
        error = self.failure(transport, get(server.port, "canary-session"), Timeouts(5, 5, 0.5))
        assert 0.4 < time.monotonic() - started < 1.5
        assert type(error) is DeadlineExceeded
        assert error.sent
        assert "0.5 seconds" in error.message

    def test_silence_meets_the_read_timeout(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(once(b"x", every=30))
        error = self.failure(transport, get(server.port), Timeouts(5, 0.2, 10))
        assert type(error) is DeadlineExceeded
        assert isinstance(error, TimeoutError)
        assert error.sent
        assert "timeout=" in error.message

    def test_a_server_that_reads_nothing_meets_the_deadline(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(lambda server, _: server.pause(30))
        error = self.failure(transport, put(server.port, b"x" * 50_000_000), Timeouts(5, 5, 0.5))
        assert type(error) is DeadlineExceeded
        assert error.sent

    def test_no_time_left_sends_nothing(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(always(reply(b"{}")))
        error = self.failure(transport, get(server.port), Timeouts(5, 5, 0))
        assert (type(error), error.sent, server.connections) == (DeadlineExceeded, False, 0)

    def test_after_a_fault_the_connection_serves_nobody_else(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            if server.connections == 1:
                server.read(sock)
                sock.sendall(reply(b"late", length=8))
                server.pause(0.4)
                sock.sendall(b"late")
                server.pause(1)
            else:
                always(reply(b"fresh"))(server, sock)

        server = serve(script)
        self.failure(transport, get(server.port), Timeouts(5, 0.1, 10))
        assert transport.send(get(server.port), SOON).body == b"fresh"
        assert server.connections == 2

    def test_a_bomb_stops_at_the_cap(self, serve: Any, transport: RequestsTransport) -> None:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()
        server = serve(always(reply(bomb, "200 OK", "Content-Encoding: gzip")))
        tracemalloc.start()
        try:
            with pytest.raises(ProtocolError, match="unpacks to more"):
                transport.send(get(server.port), SOON)
            assert tracemalloc.get_traced_memory()[1] < 50_000_000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize(
        ("encoding", "text"), [("br", "only gzip"), ("gzip", "is not"), ("deflate", "is not")]
    )
    def test_another_encoding_is_refused(
        self, serve: Any, transport: RequestsTransport, encoding: str, text: str
    ) -> None:
        server = serve(always(reply(b"hello" * 9, "200 OK", f"Content-Encoding: {encoding}")))
        with pytest.raises(ProtocolError, match=text):
            transport.send(get(server.port), SOON)


class TestTLS:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    def server(self, serve: Any, authority: trustme.CA, name: str) -> Served:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        server: Served = serve(always(reply(b"{}")), context)
        return server

    def test_a_named_authority_is_trusted(self, serve: Any, authority: trustme.CA, tmp_path: Path) -> None:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        server = self.server(serve, authority, "127.0.0.1")
        transport = RequestsTransport(verify=str(tmp_path / "ca.pem"))
        with contextlib.closing(transport):
            assert [transport.send(get(server.port, scheme="https"), SOON).status for _ in range(2)] == [
                200,
                200,
            ]
        assert server.connections == 1

    @pytest.mark.parametrize("known", [False, True])
    def test_an_unknown_authority_or_another_name(
        self, serve: Any, authority: trustme.CA, tmp_path: Path, known: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        server = self.server(serve, authority, "other.example" if known else "127.0.0.1")
        transport = RequestsTransport(verify=str(tmp_path / "ca.pem") if known else True)
        with contextlib.closing(transport), pytest.raises(TLSError, match="nothing was sent") as caught:
            transport.send(get(server.port, scheme="https"), SOON)
        assert not caught.value.sent
        assert server.requests == []

    def test_a_server_without_tls(self, serve: Any, transport: RequestsTransport) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")

        with pytest.raises(TLSError) as caught:
            transport.send(get(serve(script).port, scheme="https"), SOON)
        assert not caught.value.sent

    def test_a_server_that_never_shakes_hands(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(lambda server, _: server.pause(30))
        with pytest.raises(DeadlineExceeded, match="connect_timeout") as caught:
            transport.send(get(server.port, scheme="https"), Timeouts(0.2, 5, 10))
        assert not caught.value.sent


class TestProcess:
    def test_ctrl_c_passes_through(self, serve: Any, transport: RequestsTransport) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            if server.connections == 1:
                server.read(sock)
                server.pause(30)
            always(reply(b"{}"))(server, sock)

        server = serve(script)
        threading.Timer(0.2, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            transport.send(put(server.port), SOON)
        assert transport.send(get(server.port), SOON).body == b"{}"
        assert server.connections == 2

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_after_a_fork_the_child_has_connections_of_its_own(
        self, serve: Any, transport: RequestsTransport
    ) -> None:
        server = serve(always(reply(b"{}")))
        transport.send(get(server.port), SOON)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if transport.send(get(server.port, "child"), SOON).status == 200 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert transport.send(get(server.port), SOON).status == 200
        assert server.connections == 2
        assert len(server.requests) == 3

    def test_threads_share_the_pool(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(always(reply(b"{}")))
        errors: list[AccsynError] = []

        def work() -> None:
            try:
                for _ in range(20):
                    transport.send(get(server.port), SOON)
            except AccsynError as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert errors == []
        assert len(server.requests) == 160
        assert server.connections <= 8

    def test_an_error_goes_with_its_last_reference(self, transport: RequestsTransport) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        gc.collect()
        gc.disable()
        try:
            gone = None
            try:
                transport.send(get(port), SOON)
            except ConnectionFailed as error:
                gone = weakref.ref(error)
            assert gone is not None
            assert gone() is None
        finally:
            gc.enable()

    def test_no_log_of_the_libraries_below_shows_a_query(
        self, serve: Any, transport: RequestsTransport, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        bad = serve(once(b"HTTP/1.1 200 OK\r\nX-Name v\r\n\r\n"))
        for server in (serve(always(reply(b"{}"))), bad, serve(once(b""))):
            with contextlib.suppress(TransportError):
                transport.send(get(server.port, "canary-session"), SOON)
        assert "Starting new HTTP connection" in caplog.text
        assert "canary" not in caplog.text

    def test_the_socket_module_stays_as_it_was(self, serve: Any, transport: RequestsTransport) -> None:
        before = socket.socket
        server = serve(always(reply(b"{}")))
        transport.send(get(server.port), SOON)
        assert socket.socket is before
        assert socket.getdefaulttimeout() is None
