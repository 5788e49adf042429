"""Calls over a scripted transport."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from typing import Any
from urllib.parse import unquote

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.wire.connection import Connection
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.trace import Trace

LOGIN = {"result": {"id": "u1", "role": "admin", "session_id": "canary-session"}}
SETTINGS = Settings(
    "acmefilm", "john@user.com", Secret("canary-key"), Endpoint("https", "a.example", 443), read_timeout=7
)
FIND = V3().find("job")


class Scripted:
    """A transport that answers from a list, and signs everybody in."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []
        self.timeouts: list[Timeouts] = []
        self.closed = 0

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        self.requests.append(request)
        self.timeouts.append(timeouts)
        if request.url.endswith("/login"):
            time.sleep(0.01)
            return HttpResponse(200, {}, json.dumps(LOGIN).encode())
        answer = self.answers.pop(0) if self.answers else {"result": []}
        if isinstance(answer, Exception):
            raise answer
        return (
            answer if isinstance(answer, HttpResponse) else HttpResponse(200, {}, json.dumps(answer).encode())
        )

    def close(self) -> None:
        self.closed += 1


def connect(*answers: Any, **options: Any) -> tuple[Connection, Scripted]:
    transport = Scripted(*answers)
    return Connection(SETTINGS, V3(), transport, **options), transport


def test_a_call_is_signed_in_for_once_and_answered() -> None:
    connection, transport = connect({"result": [1]}, {"report": "x"})
    signed_in = connection.sign_in()
    assert (signed_in.user_id, signed_in.role, connection.request_count) == ("u1", "admin", 1)
    assert connection.result(FIND) == [1]
    assert connection.call(FIND) == {"report": "x"}
    assert (connection.request_count, len(transport.requests)) == (3, 3)
    document = json.loads(unquote(transport.requests[1].url.partition("?")[2]))
    assert (document["session"], document["uri"]) == ("canary-session", "job/find")
    assert transport.timeouts[0] == Timeouts(10, 7, 300)
    assert (connection.username, connection.endpoint.host) == ("john@user.com", "a.example")


def test_many_threads_sign_in_once() -> None:
    connection, transport = connect()
    threads = [threading.Thread(target=connection.result, args=(FIND,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sum(request.url.endswith("/login") for request in transport.requests) == 1
    assert connection.request_count == 9


def test_errors_say_what_they_are_about() -> None:
    lost = errors.ConnectionLost("broke")
    connection, _ = connect(lost, {"message": "no"}, {"answer": 1})
    for kind in (errors.ConnectionLost, errors.ServerError, errors.ProtocolError):
        with pytest.raises(kind) as caught:
            connection.result(Call("PUT", "job/edit", entity="job:1"))
        assert (caught.value.uri, caught.value.entity) == ("job/edit", "job:1")
    with pytest.raises(errors.InvalidValue) as invalid:
        connection.call(Call("PUT", "job/edit", data={"x": object()}, entity="job:1"))
    assert (invalid.value.uri, connection.request_count) == ("job/edit", 4)


@pytest.mark.parametrize("owns", [True, False])
def test_closing(owns: bool) -> None:
    connection, transport = connect(owns_transport=owns)
    connection.sign_in()
    connection.close()
    assert (connection.closed, transport.closed) == (True, int(owns))
    for use in (connection.sign_in, lambda: connection.call(FIND), lambda: connection.signed_in):
        with pytest.raises(errors.SessionClosed):
            use()
    assert connection.request_count == 1


def test_no_secret_in_a_traceback_with_locals() -> None:
    page = HttpResponse(502, {}, b"<html>/event?%22canary-session%22 canary-key</html>")
    connection, _ = connect(
        page, {"message": "canary-session and canary-key"}, errors.ConnectionLost("broke")
    )
    for _ in range(3):
        with pytest.raises(errors.AccsynError) as caught:
            connection.call(Call("PUT", "job/edit"))
        own = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        frames = [
            frame for frame in own.stack if "accsyn_orm/" in frame.filename and "tests/" not in frame.filename
        ]
        assert frames
        assert "canary" not in str(caught.value) + repr(vars(caught.value))
        assert not any(
            "canary" in str(frame.locals)
            for frame in frames
            if frame.name in {"call", "run", "_exchange", "_send"}
        )


class TestTrace:
    def lines(self, level: int, pretty: bool, *answers: Any, call: Call = FIND) -> str:
        lines: list[str] = []
        log = logging.Logger("own", level)  # noqa: LOG001 - one that the process does not know
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
        log.addHandler(handler)
        connection, _ = connect(*answers, trace=Trace(log, pretty=pretty))
        try:
            connection.call(call)
        except errors.AccsynError:
            lines.append("raised")
        return "\n".join(lines)

    def test_payloads_with_secrets_starred(self) -> None:
        call = Call("PUT", "user/edit", data={"pwd": "canary-1", "name": "n", "note": "my canary-key"})
        text = self.lines(
            logging.DEBUG, False, {"result": [{"api_key": "canary-2", "x": "canary-session\x1b"}]}, call=call
        )
        assert 'PUT user/edit {"data": {"pwd": "***", "name": "n", "note": "my ***"}}' in text
        assert '{"result": [{"api_key": "***", "x": "***\\u001b"}]}' in text
        assert "canary" not in text

    def test_a_setting_s_value_is_starred(self) -> None:
        call = Call("PUT", "setting", data={"name": "proxy_server", "value": "canary-3"})
        assert "canary" not in self.lines(logging.DEBUG, False, {"result": True}, call=call)

    def test_pretty(self) -> None:
        assert '\n    "data": {}\n' in self.lines(logging.DEBUG, True)

    def test_a_line_each_without_payloads(self) -> None:
        text = self.lines(logging.INFO, False, {"message": "no\x1b[2J"})
        assert "api/login answered 200" in text
        assert "GET job/find failed" in text
        assert "ServerError: no\\x1b[2J" in text
        assert "data" not in text

    def test_the_library_logs_a_line_at_debug_and_nothing_above(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        connection, _ = connect()
        with caplog.at_level(logging.INFO):
            connection.call(FIND)
        assert caplog.records == []
        with caplog.at_level(logging.DEBUG):
            connection.call(FIND)
        assert [record.name for record in caplog.records] == ["accsyn_orm.wire"]
