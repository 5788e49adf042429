"""Sessions that expire: one new sign-in for all, one resend of each call."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
import traceback
import weakref
from typing import Any
from urllib.parse import unquote

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.session.base import BaseSession
from accsyn_orm.session.dictionaries import DictionaryCalls
from accsyn_orm.wire.connection import Connection
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.retrying import Retrying, RetryPolicy

ROWS = [{"id": "5b0faf03304bfd4810dbd5fc"}]
READ = Call("GET", "job/find", entity="job")
CALLS = [
    READ,
    Call("PUT", "job/edit", id="1"),
    Call("POST", "job/create"),
    Call("DELETE", "job/delete", id="1"),
]


def answer(document: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps(document).encode())


class Workspace:
    """A transport that is a server: it knows which sessions and keys hold, and counts what it carries out."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.key = "canary-key"
        self.sessions: set[str] = set()
        self.lives = 0
        self.logins: list[str] = []
        self.trouble: list[Any] = []
        self.seen: list[dict[str, Any]] = []
        self.done: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.barrier: threading.Barrier | None = None

    def expire(self) -> None:
        self.sessions.clear()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        if request.url.endswith("/login"):
            return self.login(request)
        text = unquote(request.url.partition("?")[2]) if request.body is None else request.body.decode()
        document = json.loads(text)
        with self.lock:
            self.seen.append(document)
            holds = document["session"] in self.sessions
            if holds:
                self.done.append(document)
        if self.barrier is not None and not holds:
            self.barrier.wait(10)
        if holds:
            return answer({"result": ROWS})
        return answer({"message": "sign in again", "session_expired": True}, self.status)

    def login(self, request: HttpRequest) -> HttpResponse:
        time.sleep(0.02)
        with self.lock:
            self.logins.append(request.headers["Authorization"])
            trouble = self.trouble.pop(0) if self.trouble else None
            if isinstance(trouble, BaseException):
                raise trouble
            if trouble is not None:
                assert isinstance(trouble, HttpResponse)
                return trouble
            if not request.headers["Authorization"].endswith(f":{base64_of(self.key)}"):
                return answer({"message": "wrong key"}, 401)
            self.lives += 1
            name = f"canary-session-{self.lives}"
            self.sessions.add(name)
        return answer({"result": {"id": f"u{self.lives}", "role": "admin", "session_id": name}})

    def close(self) -> None:
        """Nothing is open."""


def base64_of(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


def connect(workspace: Workspace, key: str = "canary-key", attempts: int = 3) -> Connection:
    settings = Settings(
        "acmefilm", "john@user.com", Secret(key), Endpoint("https", "a.example", 443), deadline=20
    )
    return Connection(settings, V3(), workspace, retrying=Retrying(RetryPolicy(attempts, base=0.01)))


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("call", CALLS)
def test_an_expired_session_is_renewed_and_the_call_sent_again_under_the_same_eid(
    call: Call, status: int
) -> None:
    workspace = Workspace(status)
    connection = connect(workspace)
    connection.sign_in()
    workspace.expire()
    assert connection.result(call) == ROWS
    assert len(workspace.logins) == 2
    first, second = workspace.seen
    assert first["eid"] == second["eid"]
    assert (first["session"], second["session"]) == ("canary-session-1", "canary-session-2")
    assert len(workspace.done) == 1
    assert connection.request_count == 4
    assert connection.signed_in.user_id == "u2"


def test_threads_that_meet_the_expiry_together_sign_in_once() -> None:
    workspace = Workspace()
    connection = connect(workspace)
    connection.sign_in()
    workspace.expire()
    workspace.barrier = threading.Barrier(8)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(connection.result(CALLS[1]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [ROWS] * 8
    assert len(workspace.logins) == 2
    assert len(workspace.seen) == 16
    assert len(workspace.done) == len({document["eid"] for document in workspace.seen}) == 8


def test_who_learns_of_it_late_uses_the_session_that_another_thread_got() -> None:
    workspace = Workspace()
    connection = connect(workspace)
    connection.sign_in()
    workspace.expire()
    old = connection._arrived()
    connection.call(READ)
    error = errors.SessionExpired("late")
    assert connection._renewed(old, error, time.monotonic() + 5) is connection._arrived()
    assert len(workspace.logins) == 2


@pytest.mark.parametrize("call", CALLS)
def test_a_second_expiry_of_one_call_stops(call: Call) -> None:
    workspace = Workspace()
    connection = connect(workspace)
    connection.sign_in()
    send = workspace.send

    class Forgetful:
        def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
            if not request.url.endswith("/login"):
                workspace.expire()
            return send(request, timeouts)

        def close(self) -> None:
            """Nothing is open."""

    connection = Connection(connection.settings, V3(), Forgetful())
    with pytest.raises(errors.SessionExpired, match="sign in again") as caught:
        connection.call(call)
    assert len(workspace.seen) == 2
    assert len(workspace.logins) == 3
    assert caught.value.__context__ is None
    assert workspace.done == []


class TestWhatCannotBeRenewed:
    def test_without_anything_to_renew_with_it_raises_at_once(self) -> None:
        workspace = Workspace()
        workspace.key = ""
        connection = connect(workspace, key="")
        assert not connection.settings.renewable
        connection.sign_in()
        workspace.expire()
        with pytest.raises(errors.SessionExpired):
            connection.call(READ)
        assert (len(workspace.logins), len(workspace.seen)) == (1, 1)

    def test_a_key_that_is_refused_is_tried_once_however_many_call(self) -> None:
        workspace = Workspace()
        connection = connect(workspace)
        connection.sign_in()
        workspace.expire()
        workspace.key = "another"
        workspace.barrier = threading.Barrier(6)
        caught = failures_of(connection, 6)
        assert [type(error) for error in caught] == [errors.AuthenticationFailed] * 6
        assert {error.message for error in caught} == {"wrong key"}
        assert len(workspace.logins) == 2
        workspace.barrier = None
        assert [type(error) for error in failures_of(connection, 1)] == [errors.AuthenticationFailed]
        assert len(workspace.logins) == 2, "and not for later calls either"

    def test_a_fault_on_signing_in_again_leaves_no_doubt_about_the_call(self) -> None:
        workspace = Workspace()
        connection = connect(workspace)
        connection.sign_in()
        workspace.expire()
        lost = errors.ConnectionLost("broke")
        workspace.trouble = [lost] * 3
        workspace.barrier = threading.Barrier(4)
        caught = failures_of(connection, 4)
        assert [type(error) for error in caught] == [errors.SessionExpired] * 4
        assert {error.message for error in caught} == {"sign in again (signing in again failed: broke)"}
        assert sum(error.__cause__ is lost for error in caught) == 1
        assert len(workspace.logins) == 4, "who waited for another's attempt does not make one"
        workspace.barrier = None
        assert connection.result(READ) == ROWS, "a later call tries anew"

    def test_a_passing_fault_on_signing_in_again_is_overcome(self) -> None:
        workspace = Workspace()
        connection = connect(workspace)
        connection.sign_in()
        workspace.expire()
        workspace.trouble = [errors.ConnectionLost("broke"), answer({"message": "busy"}, 503)]
        assert connection.result(CALLS[1]) == ROWS
        assert len(workspace.logins) == 4

    def test_it_ends_with_the_deadline_of_the_call(self) -> None:
        workspace = Workspace()
        connection = connect(workspace)
        connection.sign_in()
        workspace.expire()
        arrival = connection._arrived()
        with connection._lock:
            found: list[BaseException] = []

            def renew() -> None:
                try:
                    connection._renewed(
                        arrival, errors.SessionExpired("sign in again"), time.monotonic() + 0.2
                    )
                except errors.SessionExpired as error:
                    found.append(error)

            thread = threading.Thread(target=renew)
            thread.start()
            thread.join(5)
        assert len(found) == 1
        assert len(workspace.logins) == 1

    def test_ctrl_c_passes_through_and_the_next_call_goes_on(self) -> None:
        workspace = Workspace()
        connection = connect(workspace)
        connection.sign_in()
        workspace.expire()
        workspace.trouble = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt):
            connection.call(READ)
        assert connection.result(READ) == ROWS


def failures_of(connection: Connection, count: int) -> list[errors.AccsynError]:
    caught: list[errors.AccsynError] = []

    def use() -> None:
        try:
            connection.call(CALLS[1])
        except errors.AccsynError as error:
            caught.append(error)

    threads = [threading.Thread(target=use) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return caught


def open_session(workspace: Workspace, kind: type[Any] = DictionaryCalls) -> Any:
    return kind("acmefilm", "john@user.com", "canary-key", url="https://a.example", transport=workspace)


class TestNewCredentials:
    def test_the_session_goes_on_with_another_key(self) -> None:
        workspace = Workspace()
        session = open_session(workspace)
        workspace.expire()
        workspace.key = "canary-other"
        for _ in range(2):
            with pytest.raises(errors.AuthenticationFailed):
                session.find("job")
        assert len(workspace.logins) == 2
        session.renew(api_key="canary-other")
        assert session.find("job") == ROWS
        workspace.expire()
        assert session.find("job") == ROWS
        assert len(workspace.logins) == 4

    def test_the_session_goes_on_as_another_user(self) -> None:
        workspace = Workspace()
        session = open_session(workspace)
        session.renew(username="lisa@user.com")
        assert (session.username, session.user_id) == ("lisa@user.com", "u2")
        session.find("job")
        assert workspace.done[-1]["ident"] == "lisa@user.com"

    def test_without_arguments_it_signs_in_anew(self) -> None:
        workspace = Workspace()
        session = open_session(workspace, BaseSession)
        session.renew()
        assert (session.username, session.user_id) == ("john@user.com", "u2")

    def test_where_it_fails_all_stays_as_it_was(self) -> None:
        workspace = Workspace()
        session = open_session(workspace)
        with pytest.raises(errors.AuthenticationFailed) as caught:
            session.renew(username="lisa@user.com", api_key="canary-wrong")
        assert (session.username, session.user_id) == ("john@user.com", "u1")
        workspace.expire()
        assert session.find("job") == ROWS, "the refusal of another key does not hold for this one"
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        ours = [frame for frame in shown.stack if "/accsyn_orm/" in frame.filename]
        assert len(ours) > 3
        assert "canary" not in str([frame.locals for frame in ours]) + str(caught.value)

    @pytest.mark.parametrize("arguments", [{"username": " x"}, {"username": "a\nb"}, {"api_key": "canary\n"}])
    def test_malformed_ones_are_refused_before_anything_is_sent(self, arguments: Any) -> None:
        workspace = Workspace()
        session = open_session(workspace)
        with pytest.raises(errors.ConfigurationError) as caught:
            session.renew(**arguments)
        assert "canary" not in str(caught.value)
        assert len(workspace.logins) == 1

    def test_a_closed_session_is_not_renewed(self) -> None:
        workspace = Workspace()
        session = open_session(workspace)
        session.close()
        with pytest.raises(errors.SessionClosed):
            session.renew(api_key="canary-other")
        assert len(workspace.logins) == 1


def test_old_and_new_secrets_are_starred() -> None:
    workspace = Workspace()
    session = open_session(workspace)
    workspace.key = "canary-other"
    session.renew(api_key="canary-other")
    connection = session._connection
    text = "canary-key-1 canary-other canary-session-1 canary-session-2"
    assert connection._redactor.clean(text.replace("key-1", "key")).count("***") >= 3
    assert "canary-session" not in connection._redactor.clean(text)
    assert "canary" not in repr(vars(connection)) + repr(vars(session))


def test_a_session_that_could_not_be_renewed_goes_with_its_last_reference() -> None:
    workspace = Workspace()
    session = open_session(workspace)
    workspace.expire()
    workspace.key = "another"
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(errors.AuthenticationFailed):
            session.find("job")
        gone = weakref.ref(session._connection)
        del session
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_hang_on_a_lock_of_the_parent() -> None:
    workspace = Workspace()
    connection = connect(workspace)
    connection.sign_in()
    workspace.expire()
    with connection._counting:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if connection.result(READ) == ROWS else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
