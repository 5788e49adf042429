"""What is tried again, how often, and after which pause."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
import time
from typing import Any
from urllib.parse import unquote

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.session.base import BaseSession
from accsyn_orm.wire.connection import Connection
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.rate import RateLimit
from accsyn_orm.wire.retrying import Attempt, Retrying, RetryPolicy, pause_before_retry
from accsyn_orm.wire.transport import RequestsTransport
from tests.unit.loopback import read_request

READ = Call("GET", "job/find")
WRITES = [Call("PUT", "job/edit", id="1"), Call("POST", "job/create"), Call("DELETE", "job/delete", id="1")]
LOGIN = Call("PUT", "api/login")
LOGGED_IN = {"result": {"id": "u1", "role": "admin", "session_id": "canary-session"}}

OK = HttpResponse(200, {}, b'{"result": [1]}')
PAGE = HttpResponse(502, {}, b"<html>bad gateway</html>")
FAULT = HttpResponse(500, {}, b'{"result": [], "message": "oh"}')
BUSY = HttpResponse(503, {}, b'{"message": "busy"}')
CUT = HttpResponse(200, {}, b'{"result": [{"id": "5b')
PORTAL = HttpResponse(200, {}, b"<html>sign in to this network</html>")
EMPTY = HttpResponse(204, {}, b"")
TOO_MANY = HttpResponse(429, {}, b'{"message": "slow down"}')
LOST = errors.ConnectionLost("broke")
LATE = errors.DeadlineExceeded("silent")
REFUSED = errors.ConnectionFailed("refused")
NOT_CONNECTED = errors.DeadlineExceeded("no connection in time", sent=False)

UNAUTHORISED = HttpResponse(401, {}, b'{"message": "who are you"}')
FORBIDDEN = HttpResponse(403, {}, b'{"message": "not you"}')
REJECTED = HttpResponse(200, {}, b'{"message": "no such queue"}')
EXPLODED = HttpResponse(200, {}, b'{"exception": "KeyError"}')
EMPTY_OBJECT = HttpResponse(200, {}, b"{}")
A_NUMBER = HttpResponse(200, {}, b"5")
REDIRECT = HttpResponse(302, {"location": "https://b.example"}, b"")
NO_TRUST = errors.TLSError("self-signed")
NO_PROXY = errors.ProxyError("the proxy wants a password")

# They certainly were not carried out, and may succeed the next time.
NOT_TAKEN = [REFUSED, NOT_CONNECTED, TOO_MANY]
# Nobody knows, so only what reads is repeated.
OPEN = [LOST, LATE, PAGE, FAULT, BUSY, CUT, PORTAL, EMPTY]
# They would be the same again.
FINAL = [UNAUTHORISED, FORBIDDEN, REJECTED, EXPLODED, EMPTY_OBJECT, A_NUMBER, REDIRECT, NO_TRUST, NO_PROXY]


class Still:
    """A clock that stands still but for those who sleep, and remembers their naps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Scripted:
    """A transport that answers from a list, then with success; signing in takes its answers from another one."""

    def __init__(self, *answers: Any, logins: Any = ()) -> None:
        self.answers = list(answers)
        self.logins = list(logins)
        self.requests: list[HttpRequest] = []
        self.timeouts: list[Timeouts] = []
        self.sign_ins = 0

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        if request.url.endswith("/login"):
            self.sign_ins += 1
            answer = (
                self.logins.pop(0) if self.logins else HttpResponse(200, {}, json.dumps(LOGGED_IN).encode())
            )
        else:
            self.requests.append(request)
            self.timeouts.append(timeouts)
            answer = self.answers.pop(0) if self.answers else OK
        if isinstance(answer, errors.AccsynError):
            answer.uri = answer.entity = None
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, HttpResponse)
        return answer

    def close(self) -> None:
        """Nothing is open."""


def connect(
    *answers: Any, deadline: float = 300, chance: float = 1.0, logins: Any = (), **options: Any
) -> tuple[Connection, Scripted, Still]:
    clock, transport = Still(), Scripted(*answers, logins=logins)
    settings = Settings(
        "acmefilm",
        "john@user.com",
        Secret("canary-key"),
        Endpoint("https", "a.example", 443),
        deadline=deadline,
    )
    retrying = Retrying(clock=clock, chance=lambda: chance)
    return Connection(settings, V3(), transport, retrying=retrying, **options), transport, clock


def documents(transport: Scripted) -> list[dict[str, Any]]:
    texts = [
        unquote(one.url.partition("?")[2]) if one.body is None else one.body.decode()
        for one in transport.requests
    ]
    return [json.loads(text) for text in texts]


@pytest.mark.parametrize("fault", NOT_TAKEN + OPEN)
def test_a_read_is_tried_three_times(fault: Any) -> None:
    connection, transport, clock = connect(fault, fault)
    assert connection.result(READ) == [1]
    assert clock.naps == [0.5, 1.0]
    connection, transport, clock = connect(fault, fault, fault)
    with pytest.raises(errors.AccsynError):
        connection.result(READ)
    assert len(transport.requests) == 3
    assert connection.request_count == 4


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_a_write_is_tried_again_where_it_certainly_was_not_taken(write: Call, fault: Any) -> None:
    connection, transport, _ = connect(fault, fault)
    assert connection.result(write) == [1]
    assert len({document["eid"] for document in documents(transport)}) == 1
    connection, transport, _ = connect(fault, fault, fault)
    with pytest.raises(errors.AccsynError):
        connection.result(write)
    assert len(transport.requests) == 3


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("fault", [*OPEN, HttpResponse(503, {"retry-after": "1"}, b'{"message": "busy"}')])
def test_a_write_with_an_open_end_is_sent_once(write: Call, fault: Any) -> None:
    connection, transport, clock = connect(fault)
    with pytest.raises(errors.AccsynError):
        connection.result(write)
    assert (len(transport.requests), clock.naps) == (1, [])


@pytest.mark.parametrize("write", WRITES)
def test_a_write_ends_at_its_first_open_end(write: Call) -> None:
    connection, transport, _ = connect(REFUSED, LOST)
    with pytest.raises(errors.ConnectionLost):
        connection.result(write)
    assert len(transport.requests) == 2


@pytest.mark.parametrize("call", [READ, *WRITES])
@pytest.mark.parametrize("fault", FINAL)
def test_what_would_be_the_same_again_is_not_tried_again(call: Call, fault: Any) -> None:
    connection, transport, clock = connect(fault)
    with pytest.raises(errors.AccsynError):
        connection.result(call)
    assert (len(transport.requests), clock.naps) == (1, [])


def test_every_call_has_an_eid_of_its_own_and_a_given_one_is_kept() -> None:
    connection, transport, _ = connect()
    for call in (READ, READ, Call("GET", "job/find", eid="given")):
        connection.call(call)
    eids = [document["eid"] for document in documents(transport)]
    assert len(set(eids)) == 3
    assert eids[2] == "given"
    assert all(len(eid) == 36 for eid in eids[:2])


class TestPauses:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ({"retry-after": "7"}, 7),
            ({"retry-after": "0"}, 0),
            ({"retry-after": "3600"}, 60),
            ({"retry-after": "Tue, 24 Nov 2026 08:00:09 GMT", "date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 9),
            ({"retry-after": "Tue, 24 Nov 2026 07:00:00 GMT", "date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 0),
            ({"retry-after": "soon"}, 0.5),
            ({"retry-after": "-5"}, 0.5),
            ({"retry-after": "nan"}, 0.5),
            ({"retry-after": "inf"}, 0.5),
            ({"retry-after": ""}, 0.5),
            ({}, 0.5),
        ],
    )
    @pytest.mark.parametrize("status", [429, 503])
    def test_what_the_server_asks_for(self, status: int, header: dict[str, str], expected: float) -> None:
        connection, _, clock = connect(HttpResponse(status, header, b'{"message": "slow down"}'))
        assert connection.result(READ) == [1]
        assert clock.naps == [expected]

    def test_nobody_waits_longer_than_the_deadline_allows(self) -> None:
        asks = HttpResponse(429, {"retry-after": "30"}, b'{"message": "slow down"}')
        connection, transport, clock = connect(asks, deadline=20)
        with pytest.raises(errors.RateLimited) as caught:
            connection.result(READ)
        assert caught.value.retry_after == 30
        assert (len(transport.requests), clock.naps) == (1, [])

    def test_each_attempt_gets_what_is_left_of_the_deadline(self) -> None:
        asks = HttpResponse(429, {"retry-after": "30"}, b'{"message": "slow down"}')
        connection, transport, _ = connect(asks, asks, asks, deadline=70)
        with pytest.raises(errors.RateLimited):
            connection.result(READ)
        assert [timeouts.total for timeouts in transport.timeouts] == [70, 40, 10]
        assert {timeouts.connect for timeouts in transport.timeouts} == {10}

    @pytest.mark.parametrize("chance", [0.0, 0.25, 1.0])
    def test_the_jitter_is_full(self, chance: float) -> None:
        pauses = [
            pause_before_retry(READ, LOST, Attempt(number, math.inf), RetryPolicy(9, 1, 60), chance)
            for number in range(1, 10)
        ]
        assert pauses == [*(chance * seconds for seconds in (1, 2, 4, 8, 16, 32, 60, 60)), None]

    def test_left_alone_the_jitter_is_random(self) -> None:
        clock = Still()
        retrying = Retrying(RetryPolicy(40, 1, 1), clock)

        def fail(attempt: Attempt) -> None:
            raise LOST

        with pytest.raises(errors.ConnectionLost):
            retrying.run(READ, fail, math.inf)
        assert len(set(clock.naps)) == 39
        assert 0 <= min(clock.naps) < 0.3
        assert 0.7 < max(clock.naps) <= 1


class TestSigningIn:
    @pytest.mark.parametrize("fault", NOT_TAKEN + OPEN)
    def test_it_is_tried_three_times(self, fault: Any) -> None:
        connection, transport, clock = connect(logins=[fault, fault])
        assert connection.sign_in().user_id == "u1"
        assert (transport.sign_ins, len(clock.naps)) == (3, 2)
        connection, transport, _ = connect(logins=[fault] * 3)
        with pytest.raises(errors.AccsynError) as caught:
            connection.sign_in()
        assert transport.sign_ins == 3
        assert caught.value.uri == "api/login"

    @pytest.mark.parametrize("fault", [UNAUTHORISED, FORBIDDEN, REJECTED, NO_TRUST])
    def test_a_refusal_is_final(self, fault: Any) -> None:
        connection, transport, _ = connect(logins=[fault])
        with pytest.raises(errors.AccsynError):
            connection.sign_in()
        assert transport.sign_ins == 1


@pytest.mark.parametrize("moment", [0, 1])
def test_ctrl_c_passes_through(moment: int) -> None:
    connection, transport, _ = connect(*([LOST] * moment), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        connection.result(READ)
    assert len(transport.requests) == moment + 1
    assert connection.result(READ) == [1]


def test_an_error_after_retries_carries_no_other_one_along() -> None:
    first, last = errors.ConnectionLost("first"), errors.ConnectionLost("last")
    connection, _, _ = connect(first, first, last)
    with pytest.raises(errors.ConnectionLost, match="last") as caught:
        connection.result(READ)
    assert caught.value.__context__ is None


class TestRateLimit:
    def limited(self, *answers: Any, host: str, logins: Any = ()) -> tuple[Connection, Scripted]:
        settings = Settings(
            "acmefilm", "john@user.com", Secret("canary-key"), Endpoint("https", host, 443), deadline=5
        )
        transport = Scripted(*answers, logins=logins)
        limit = RateLimit(200, 200, asked_for=True)
        once = Retrying(RetryPolicy(attempts=1))
        return Connection(settings, V3(), transport, rate_limit=limit, retrying=once), transport

    def test_a_429_stops_all_who_go_to_the_same_host(self) -> None:
        asks = HttpResponse(429, {"retry-after": "0.3"}, b'{"message": "slow down"}')
        one, _ = self.limited(asks, host="limited-1.example")
        other, _ = self.limited(host="limited-1.example")
        third, _ = self.limited(host="limited-2.example")
        for connection in (one, other, third):
            connection.sign_in()
        with pytest.raises(errors.RateLimited):
            one.call(READ)
        started = time.monotonic()
        third.call(READ)
        assert time.monotonic() - started < 0.2
        other.call(WRITES[0])
        assert time.monotonic() - started >= 0.25

    def test_signing_in_counts_and_is_penalised(self) -> None:
        one, _ = self.limited(host="limited-3.example", logins=[TOO_MANY])
        other, _ = self.limited(host="limited-3.example")
        with pytest.raises(errors.RateLimited):
            one.sign_in()
        started = time.monotonic()
        other.sign_in()
        assert 0.9 <= time.monotonic() - started < 3, "a second where the server names no time"

    def test_a_wait_beyond_the_deadline_sends_nothing(self) -> None:
        asks = HttpResponse(429, {"retry-after": "40"}, b'{"message": "slow down"}')
        one, _ = self.limited(asks, host="limited-4.example")
        with pytest.raises(errors.RateLimited):
            one.call(READ)
        other, sent = self.limited(host="limited-4.example")
        with pytest.raises(errors.DeadlineExceeded, match="nothing was sent") as caught:
            other.sign_in()
        assert not caught.value.sent
        assert sent.sign_ins == 0
        assert other.request_count == 0

    def test_discovery_counts_towards_its_own_host(self) -> None:
        found = HttpResponse(200, {}, b'{"result": {"hostname": "limited-5.accsyn.com", "port": 443}}')
        settings = Settings("acmefilm", "john@user.com", Secret("canary-key"))
        connection = Connection(settings, V3(), Scripted(found), rate_limit=RateLimit())
        connection.sign_in()
        assert list(connection._limiters) == [
            "https://master.accsyn.com:443",
            "https://limited-5.accsyn.com:443",
        ]
        assert all(connection._limiters.values())

    @pytest.mark.parametrize(
        ("setting", "url", "limited"),
        [
            (None, "https://limited-6.example", True),
            (None, "http://127.0.0.1:9", False),
            (True, "http://127.0.0.1:9", True),
            (False, "https://limited-6.example", False),
            (25, "http://127.0.0.1:9", True),
        ],
    )
    def test_the_setting_of_a_session(self, setting: Any, url: str, limited: bool) -> None:
        session = BaseSession(
            "acmefilm", "john@user.com", "key", url=url, rate_limit=setting, transport=Scripted()
        )
        assert any(session._connection._limiters.values()) is limited


class Flaky:
    """A server on loopback whose connections follow a script: how each answers one request after the other."""

    def __init__(self, *connections: str) -> None:
        self.script = list(connections)
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with sock, contextlib.suppress(OSError):
                self._talk(sock, self.script.pop(0) if self.script else "ok")

    def _talk(self, sock: socket.socket, how: str) -> None:
        while request := read_request(sock):
            if b"/login" in request:
                sock.sendall(self._reply(json.dumps(LOGGED_IN).encode()))
                continue
            self.requests.append(request)
            if how == "ok":
                sock.sendall(self._reply(b'{"result": [1]}'))
                continue
            sock.sendall({"cut": self._reply(b'{"result": [1]}')[:-4], "drop": b""}[how])
            return

    def _reply(self, body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)
        assert not self._thread.is_alive(), "the transport has left a connection open"


@pytest.mark.parametrize(("call", "times"), [(READ, 3), *((write, 1) for write in WRITES)])
@pytest.mark.parametrize("how", ["cut", "drop"])
def test_over_a_real_socket(how: str, call: Call, times: int) -> None:
    server = Flaky(how, how, "ok")
    transport = RequestsTransport()
    try:
        settings = Settings(
            "acmefilm", "john@user.com", Secret("canary-key"), Endpoint("http", "127.0.0.1", server.port)
        )
        connection = Connection(settings, V3(), transport, retrying=Retrying(RetryPolicy(base=0.01)))
        if times == 1:
            with pytest.raises(errors.ConnectionLost):
                connection.result(call)
        else:
            assert connection.result(call) == [1]
        assert len(server.requests) == times
    finally:
        transport.close()
        server.close()
