"""The heads of requests and responses, beside what Python's own http.client makes of the same."""

from __future__ import annotations

import http.client
import io
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from accsyn_orm.errors import ConnectionLost
from accsyn_orm.wire.heads import host_line, is_chunked, length_of, read_headers, request_head
from accsyn_orm.wire.messages import HttpRequest
from tests.unit.loopback import HEADERS, SOON, Served, always, get, once, reply

if TYPE_CHECKING:
    from accsyn_orm.wire.transport import RequestsTransport

SENT = {"Authorization": "basic a:b=", "ACCEPT-encoding": "gzip, deflate", "X-Name": "å ÿ", "User-Agent": ""}
NAMES = st.text("!#$%&'*+-.^_`|~019AZaz", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(max_codepoint=255, exclude_characters="\0\r\n\x0b\x0c\x1c\x1d\x1e\x85"), max_size=12
)


class Reference(http.client.HTTPConnection):
    """A connection of Python's own that keeps what it would send."""

    sent = b""

    def send(self, data: Any) -> None:
        self.sent += data


def reference(host: str, port: int, request: HttpRequest, usual: int = 80) -> bytes:
    """Return what http.client makes of a request, with the length that this package always says."""
    connection = Reference(host, port)
    connection.default_port = usual
    headers = dict(request.headers)
    if request.method != "GET" or request.body:
        headers["Content-Length"] = str(len(request.body or b""))
    connection.request(request.method, request.url.partition(str(port))[2], request.body, headers)
    return connection.sent


class TestRequests:
    @pytest.mark.parametrize(
        ("method", "body"),
        [
            ("GET", None),
            ("GET", b"{}"),
            ("PUT", b'{"a": 1}'),
            ("PUT", None),
            ("POST", b""),
            ("DELETE", None),
            ("DELETE", b"{}"),
        ],
    )
    def test_they_go_out_as_http_client_has_them(
        self, serve: Any, transport: RequestsTransport, method: str, body: bytes | None
    ) -> None:
        server = serve(always(reply(b"{}")))
        request = HttpRequest(method, f"http://127.0.0.1:{server.port}/a/b?%7B%22%7D~&=/", SENT, body)
        transport.send(request, SOON)
        assert server.requests == [reference("127.0.0.1", server.port, request)]

    @pytest.mark.parametrize(
        "host", ["a.example", "127.0.0.1", "::1", "fd00::2a", "bücher.example", "A.Example"]
    )
    @pytest.mark.parametrize("port", [80, 443, 8181])
    @pytest.mark.parametrize("usual", [80, 443])
    def test_the_host_is_named_as_http_client_does(self, host: str, port: int, usual: int) -> None:
        request = HttpRequest("GET", f"http://x:{port}/", {"Accept-Encoding": "gzip"})
        lines = reference(host, port, request, usual).decode().split("\r\n")
        assert host_line(host, port, usual) == lines[1]

    def test_the_zone_of_an_address_is_this_machines_own(self) -> None:
        assert host_line("fe80::1%eth0", 443, 443) == "Host: [fe80::1]"
        assert host_line("fe80::1%25eth0", 8181, 443) == "Host: [fe80::1]:8181"

    def test_over_ipv6(self, transport: RequestsTransport) -> None:
        server = Served.__new__(Served)
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
            port = listener.getsockname()[1]
            ahead = transport.announce(get(port, host="[::1]"), SOON)
            assert ahead is not None
            sock, _ = listener.accept()
            server.requests = []
            with sock:
                assert f"\r\nHost: [::1]:{port}\r\n".encode() in server.read(sock)
                ahead.withdraw()

    @pytest.mark.parametrize(
        ("method", "target", "headers"),
        [
            ("GET /x HTTP/1.1\r\nX: y\r\n\r\nGET", "/", {}),
            ("GET /x", "/", {}),
            ("", "/", {}),
            ("GET", "/a b", {}),
            ("GET", "/a\r\nX: y", {}),
            ("GET", "/å", {}),
            ("GET", "/\x7f", {}),
            ("GET", "", {}),
            ("GET", "/", {"X": "a\r\nY: b"}),
            ("GET", "/", {"X": "a\r\n b"}),
            ("GET", "/", {"X": "a\nY: b"}),
            ("GET", "/", {"X": "a\rY: b"}),
            ("GET", "/", {"X": "a\0b"}),
            ("GET", "/", {"X": "a\r\n\r\nGET / HTTP/1.1"}),
            ("GET", "/", {"X: a\r\nY": "b"}),
            ("GET", "/", {"X: a": "b"}),
            ("GET", "/", {"X y": "b"}),
            ("GET", "/", {"": "b"}),
            ("GET", "/", {"å": "b"}),
            ("GET", "/", {"X": "€"}),
        ],
    )
    def test_nothing_can_be_smuggled_in(self, method: str, target: str, headers: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"cannot stand|codec can't encode"):
            request_head(method, target, "Host: a.example", headers)

    @given(
        st.text(max_size=9), st.text(max_size=9), st.dictionaries(st.text(max_size=6), st.text(max_size=6))
    )
    def test_what_is_written_is_what_was_meant(
        self, method: str, target: str, headers: dict[str, str]
    ) -> None:
        try:
            head = request_head(method, target, "Host: a", headers)
        except ValueError:
            return
        first, host, *lines, end, nothing = head.decode("iso-8859-1").split("\r\n")
        assert (first, host, end, nothing) == (f"{method} {target} HTTP/1.1", "Host: a", "", "")
        assert first.split(" ") == [method, target, "HTTP/1.1"]
        assert dict(line.split(": ", 1) for line in lines) == headers

    @given(NAMES, st.from_regex(r"\A/[!-~]*\Z"), st.dictionaries(NAMES, VALUES, max_size=4))
    def test_what_may_stand_goes_out_as_http_client_has_it(
        self, method: str, target: str, headers: dict[str, str]
    ) -> None:
        connection = Reference("a.example", 80)
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert request_head(method, target, "Host: a.example", headers) == connection.sent


def read(*lines: bytes) -> dict[str, str]:
    return read_headers(io.BufferedReader(io.BytesIO(b"".join(line + b"\r\n" for line in lines) + b"\r\n")))


class TestResponses:
    @pytest.mark.parametrize(
        ("lines", "named"),
        [
            ([], {}),
            ([b"Content-Length: 5", b"X-NAME:v"], {"content-length": "5", "x-name": "v"}),
            ([b"A: \t v \t "], {"a": "v"}),
            ([b"A:"], {"a": ""}),
            ([b"A: b: c"], {"a": "b: c"}),
            ([b"A: 1", b"b: 2", b"a: 3"], {"a": "1, 3", "b": "2"}),
            ([b"A: 1", b" 2", b"\t3", b"B: 4"], {"a": "1 2 3", "b": "4"}),
            ([b"A: \xe5\xff"], {"a": "\xe5\xff"}),
        ],
    )
    def test_headers(self, lines: list[bytes], named: dict[str, str]) -> None:
        assert read(*lines) == named

    def test_lines_that_end_with_a_line_feed_alone(self) -> None:
        assert read_headers(io.BytesIO(b"A: 1\nB: 2\n\nrest")) == {"a": "1", "b": "2"}

    @pytest.mark.parametrize(
        "lines",
        [
            [b"A"],
            [b": v"],
            [b"A : v"],
            [b" A: v"],
            [b" ", b"A: v"],
            [b"A b: v"],
            [b"\xe5: v"],
            [b"A: v\rContent-Length: 3"],
            [b"A: v\0"],
            [b"A: v\r"],
            [b"A: 1", b" 2\r3"],
            [b"A: " + b"x" * 65_536],
            [b"A%d: v" % number for number in range(101)],
        ],
    )
    def test_headers_that_are_malformed_or_too_many(self, lines: list[bytes]) -> None:
        with pytest.raises(http.client.HTTPException):
            read(*lines)

    def test_as_many_and_as_long_as_they_may_be(self) -> None:
        assert len(read(*(b"A%d: v" % number for number in range(100)))) == 100
        assert len(read(b"A: " + b"x" * 65_000)["a"]) == 65_000

    @given(st.lists(st.tuples(NAMES, VALUES.map(lambda value: value.strip(" \t"))), max_size=9))
    def test_they_are_read_as_http_client_reads_them(self, headers: list[tuple[str, str]]) -> None:
        text = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("iso-8859-1") + b"\r\n"
        expected: dict[str, str] = {}
        for name, value in http.client.parse_headers(io.BufferedReader(io.BytesIO(text))).items():
            key = name.lower()
            expected[key] = f"{expected[key]}, {value}" if key in expected else value
        assert read_headers(io.BytesIO(text)) == expected

    @pytest.mark.parametrize(
        ("value", "length"), [(None, None), ("0", 0), ("17", 17), ("007", 7), ("5, 5", 5), ("5,5 ,5", 5)]
    )
    def test_lengths(self, value: str | None, length: int | None) -> None:
        assert length_of({} if value is None else {"content-length": value}) == length

    @pytest.mark.parametrize(
        "value", ["", "-1", "+5", "5 6", "5, 6", "0x5", "5.0", "1_0", "²", "5, ", "5;", "many", "9" * 5000]
    )
    def test_lengths_that_are_none(self, value: str) -> None:
        with pytest.raises((http.client.HTTPException, ValueError)):
            length_of({"content-length": value})

    @pytest.mark.parametrize(
        ("value", "chunked"),
        [
            (None, False),
            ("chunked", True),
            ("CHUNKED", True),
            ("chunked, chunked", True),
            ("identity", False),
        ],
    )
    def test_chunks(self, value: str | None, chunked: bool) -> None:
        assert is_chunked({} if value is None else {"transfer-encoding": value}) is chunked

    @pytest.mark.parametrize("value", ["", "gzip", "gzip, chunked", "chunkedd", "chunked;x"])
    def test_transfers_that_show_no_end(self, value: str) -> None:
        with pytest.raises(http.client.HTTPException):
            is_chunked({"transfer-encoding": value})


class TestAnswers:
    """Whole answers, over a socket: each is read twice, and says whether its connection is kept."""

    @pytest.mark.parametrize(
        ("head", "body", "kept"),
        [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2", b"{}", True),
            ("HTTP/1.1 200\r\nContent-Length: 2", b"{}", True),
            ("HTTP/1.1 200 \r\ncontent-LENGTH:2", b"{}", True),
            ("HTTP/1.1 200 OK\nContent-Length: 2", b"{}", True),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2", b"{}", True),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2", b"{}", True),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: CLOSE", b"{}", False),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x\r\nConnection: close", b"{}", False),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2", b"{}", False),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive", b"{}", True),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n", True),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9",
                b"2\r\n{}\r\n0\r\n\r\n",
                True,
            ),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2", b"{}", True),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2",
                b"{}",
                True,
            ),
            ("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2", b"{}", True),
        ],
    )
    def test_it_is_read(
        self, serve: Any, transport: RequestsTransport, head: str, body: bytes, kept: bool
    ) -> None:
        server = serve(always(head.encode() + b"\r\n\r\n" + body))
        for _ in range(2):
            response = transport.send(get(server.port), SOON)
            assert (response.status, response.body) == (200, b"{}")
        assert server.connections == (1 if kept else 2)

    @pytest.mark.parametrize("version", ["1.1", "1.0"])
    def test_without_a_length_it_ends_with_the_connection(
        self, serve: Any, transport: RequestsTransport, version: str
    ) -> None:
        server = serve(once(f"HTTP/{version} 200 OK\r\n\r\n".encode(), b"{}", every=0.05))
        assert [transport.send(get(server.port), SOON).body for _ in range(2)] == [b"{}"] * 2
        assert server.connections == 2

    @pytest.mark.parametrize("status", ["204 None", "304 Same"])
    @pytest.mark.parametrize("length", ["", "Content-Length: 9\r\n"])
    def test_without_a_body_whatever_its_length(
        self, serve: Any, transport: RequestsTransport, status: str, length: str
    ) -> None:
        server = serve(always(f"HTTP/1.1 {status}\r\n{length}\r\n".encode()))
        for _ in range(2):
            response = transport.send(get(server.port), SOON)
            assert (response.status, response.body) == (int(status[:3]), b"")
        assert server.connections == 1

    def test_other_protocols_are_not_spoken(self, serve: Any, transport: RequestsTransport) -> None:
        server = serve(always(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"))
        for _ in range(2):
            assert transport.send(get(server.port), SOON).status == 101
        assert server.connections == 2, "what follows would be no answer"

    @pytest.mark.parametrize(
        "head",
        [
            "HTTP/2 200 OK\r\nContent-Length: 2",
            "HTTP/1.1 two OK\r\nContent-Length: 2",
            "HTTP/1.1 99 OK\r\nContent-Length: 2",
            "FTP/1.1 200 OK\r\nContent-Length: 2",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3",
            "HTTP/1.1 200 OK\r\nContent-Length: -2",
            "HTTP/1.1 200 OK\r\nContent-Length: +2",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
            "HTTP/1.1 200 OK\r\nContent-Length : 2",
            "HTTP/1.1 200 OK\r\n Content-Length: 2",
            "HTTP/1.1 200 OK\r\nX: a\rContent-Length: 2",
            "HTTP/1.1 100 Continue\r\nX\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2",
            "HTTP/1.1 200 OK\r\nX: " + "x" * 70_000,
            "HTTP/1.1 200 " + "x" * 70_000,
        ],
    )
    def test_it_is_refused_and_its_connection_serves_nobody_else(
        self, serve: Any, transport: RequestsTransport, head: str
    ) -> None:
        def script(server: Served, sock: socket.socket) -> None:
            bad = head.encode() + b"\r\n\r\n{}"
            always(bad if server.connections == 1 else reply(b"good"))(server, sock)

        server = serve(script)
        with pytest.raises(ConnectionLost):
            transport.send(HttpRequest("PUT", f"http://127.0.0.1:{server.port}/x", HEADERS, b"{}"), SOON)
        assert transport.send(get(server.port), SOON).body == b"good"
        assert server.connections == 2
