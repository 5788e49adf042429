"""Sessions of v1 that expire: renewed with an API key, once for all threads; left to the caller without one."""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Secret
from accsyn_orm.session.dictionaries import DictionaryCalls
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "5b0faf03304bfd4810dbd5fc"
ROWS = [{"id": ID}]
PASSWORD, KEY, SESSION = 'canary "pässword', "canary-api-key", "canary-session-0"


def answer(document: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps(document).encode())


class Workspace:
    """A transport that is a v1 server: keys hold until they expire, and every login makes a new one."""

    def __init__(self) -> None:
        self.keys = {SESSION}
        self.password = PASSWORD
        self.logins: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.tokens: list[str] = []
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.done: list[str] = []
        self.refusal: Any = None
        self.barrier: threading.Barrier | None = None
        self.lock = threading.Lock()

    def expire(self) -> None:
        self.keys.clear()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        kind, _, token = request.headers["Authorization"].partition(" ")
        who = json.loads(base64.b64decode(token))
        text = unquote(request.url.partition("?")[2]) if request.body is None else request.body.decode()
        document = json.loads(text)
        if request.url.endswith("/user/login/auth"):
            self.tokens.append(token)
            return self.login(kind, who, document)
        with self.lock:
            self.seen.append((who["session_key"], document))
            holds = who["session_key"] in self.keys
            if holds:
                self.done.append(document["eid"])
        if not holds and self.barrier is not None:
            self.barrier.wait(10)
        if holds:
            return answer({"result": ROWS})
        return answer({"message": f"sign in again, {token}", "session_expired": True})

    def login(self, kind: str, who: dict[str, Any], body: dict[str, Any]) -> HttpResponse:
        with self.lock:
            self.logins.append((kind, who, body))
            if self.refusal is not None:
                return answer(self.refusal)
            given = base64.b64decode(who["pwd"]).decode() if "pwd" in who else None
            fits = who.get("api_key") == KEY or given == self.password or who.get("session_key") in self.keys
            if not fits:
                return answer({"message": f"no entrance for {json.dumps(who)}"}, 401)
            key = f"canary-session-{len(self.logins)}"
            self.keys.add(key)
        return answer({"session_key": key, "clearance": "admin", "id": ID})

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def connect(workspace: Workspace) -> Iterator[Any]:
    opened: list[DictionaryCalls] = []

    def session(**arguments: Any) -> DictionaryCalls:
        opened.append(
            DictionaryCalls(
                "acmefilm", "john@user.com", url="https://a.example", transport=workspace, **arguments
            )
        )
        return opened[-1]

    yield session
    for one in opened:
        one.close()


WAYS: dict[str, dict[str, Any]] = {
    "api key": {"api_key": KEY, "protocol": "v1"},
    "password": {"pwd": PASSWORD},
    "session key": {"session_key": SESSION},
}
USES = {
    "read": lambda s: s.find("job"),
    "update": lambda s: s.update("job", ID, {"status": "aborted"}),
    "create": lambda s: s.create("job", {"code": "x"}),
    "delete": lambda s: s.delete_one("job", ID),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in(workspace: Workspace, connect: Any, way: str) -> None:
    session = connect(**WAYS[way])
    assert session.find("job") == ROWS
    assert (session.user_id, session.role) == (ID, "admin")
    (_, _, login), (key, event) = workspace.logins[0], workspace.seen[0]
    assert key == "canary-session-1"
    assert event["session"] == login["session"]
    assert session._connection.session_key == Secret(key)
    assert "session_key_reuse" not in login


@pytest.mark.parametrize("use", USES)
def test_an_api_key_renews_and_the_same_event_goes_out_again(
    workspace: Workspace, connect: Any, use: str
) -> None:
    session = connect(api_key=KEY, protocol="v1")
    workspace.expire()
    USES[use](session)
    (_, _, first), (_, _, second) = workspace.logins
    assert second == {"session": second["session"], "session_key_reuse": "canary-session-1"}
    assert first["session"] == second["session"]
    (old, one), (new, other) = workspace.seen
    assert (old, new) == ("canary-session-1", "canary-session-2")
    assert one["eid"] == other["eid"]
    assert (one["session"], other["session"]) == (first["session"], second["session"])
    assert workspace.done == [one["eid"]]


def test_a_login_whose_answer_is_lost_is_tried_again(workspace: Workspace, connect: Any) -> None:
    login = workspace.login

    class Lossy(Workspace):
        def login(self, kind: str, who: dict[str, Any], body: dict[str, Any]) -> HttpResponse:
            found = login(kind, who, body)
            if len(workspace.logins) == 2:
                raise errors.ConnectionLost("broke")
            return found

    session = connect(api_key=KEY, protocol="v1")
    lossy = Lossy()
    lossy.keys = workspace.keys
    session._connection._transport = lossy
    workspace.expire()
    assert session.find("job") == ROWS
    assert [login[2].get("session_key_reuse") for login in workspace.logins] == [
        None,
        "canary-session-1",
        "canary-session-1",
    ]


def test_threads_that_meet_the_expiry_together_sign_in_once(workspace: Workspace, connect: Any) -> None:
    session = connect(api_key=KEY, protocol="v1")
    workspace.expire()
    workspace.barrier = threading.Barrier(16)
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda: results.append(session.update("job", ID, {"a": 1})))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [ROWS[0]] * 16
    assert len(workspace.logins) == 2
    assert len(workspace.done) == len(set(workspace.done)) == 16


def test_a_second_expiry_of_one_call_stops(workspace: Workspace, connect: Any) -> None:
    session = connect(api_key=KEY, protocol="v1")
    login = workspace.login

    class Forgetful(Workspace):
        def login(self, kind: str, who: dict[str, Any], body: dict[str, Any]) -> HttpResponse:
            found = login(kind, who, body)
            workspace.expire()
            return found

    forgetful = Forgetful()
    forgetful.keys = workspace.keys
    session._connection._transport = forgetful
    workspace.expire()
    with pytest.raises(errors.SessionExpired):
        session.find("job")
    assert (len(workspace.logins), len(forgetful.seen)) == (2, 2)


@pytest.mark.parametrize("way", ["password", "session key"])
def test_without_an_api_key_the_expiry_is_the_caller_s(workspace: Workspace, connect: Any, way: str) -> None:
    session = connect(**WAYS[way])
    workspace.expire()
    with pytest.raises(errors.SessionExpired):
        session.update("job", ID, {"a": 1})
    assert (len(workspace.logins), len(workspace.seen), workspace.done) == (1, 1, [])
    session.renew(pwd=PASSWORD)
    assert session.update("job", ID, {"a": 1}) == ROWS[0]
    kind, who, body = workspace.logins[1]
    assert (kind, sorted(who), sorted(body)) == ("ASCredentials", ["domain", "pwd", "username"], ["session"])


def test_renewing_with_another_session_key_or_an_api_key(workspace: Workspace, connect: Any) -> None:
    session = connect(pwd=PASSWORD)
    workspace.expire()
    workspace.keys.add("canary-fresh")
    session.renew(session_key="canary-fresh")
    assert session.find("job") == ROWS
    session.renew(api_key=Secret(KEY))
    workspace.expire()
    assert session.find("job") == ROWS, "an API key renews by itself from now on"


def test_a_renewal_that_fails_leaves_all_as_it_was(workspace: Workspace, connect: Any) -> None:
    session = connect(pwd=PASSWORD)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        session.renew(pwd="canary-wrong")
    assert "canary" not in shown(caught.value)
    assert session.find("job") == ROWS


@pytest.mark.parametrize("name", ["pwd", "session_key"])
def test_a_session_of_today_is_not_renewed_with_either(name: str) -> None:
    class Today(Workspace):
        def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
            return answer({"result": {"id": ID, "role": "admin", "session_id": "s-0123"}})

    with DictionaryCalls("acmefilm", "j@u", KEY, url="https://a.example", transport=Today()) as session:
        with pytest.raises(errors.ConfigurationError, match="takes the v1 protocol"):
            session.renew(**{name: "canary"})
        with pytest.raises(errors.UnsupportedByDialect, match="v3 has no session key"):
            _ = session._connection.session_key


def test_a_login_that_answers_session_expired_ends_there(workspace: Workspace, connect: Any) -> None:
    workspace.refusal = {"message": "sign in again", "session_expired": True}
    with pytest.raises(errors.AuthenticationFailed, match="sign in again"):
        connect(session_key=SESSION)
    assert len(workspace.logins) == 1


def test_a_renewal_that_answers_session_expired_ends_there(workspace: Workspace, connect: Any) -> None:
    session = connect(api_key=KEY, protocol="v1")
    workspace.expire()
    workspace.refusal = {"message": "sign in again", "session_expired": True}
    for _ in range(3):
        with pytest.raises(errors.AuthenticationFailed, match="sign in again") as caught:
            session.find("job")
        assert caught.value.uri == "user/login/auth"
    assert len(workspace.logins) == 2
    workspace.refusal = None
    session.renew()
    assert session.find("job") == ROWS
    assert set(workspace.logins[-1][2]) == {"session"}


def shown(error: BaseException) -> str:
    """Return what a handler may print of an error: its texts, and the locals of the frames of the package."""
    lines = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [
        frame
        for one in (lines, lines.__cause__, lines.__context__)
        if one is not None
        for frame in one.stack
        if "accsyn_orm/" in frame.filename
    ]
    return repr(error) + "".join(f"{frame.locals}" for frame in frames)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_shows_a_secret(
    workspace: Workspace, connect: Any, way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "log"
    session = connect(**WAYS[way], verbose=True, path_logfile=path)
    session.find("job")
    workspace.expire()
    mine = {"api key": KEY, "password": PASSWORD, "session key": SESSION}[way]
    known = [mine, "canary-session-1"]
    repeated = [*known, *(base64.b64encode(one.encode()).decode() for one in known), workspace.tokens[0]]
    workspace.refusal = {"message": " ".join(repeated)}
    with pytest.raises(errors.ServerError) as caught:
        session.find("job")
    with pytest.raises(errors.AuthenticationFailed) as refused:
        session.renew(**{name: value for name, value in WAYS[way].items() if name != "protocol"})
    text = path.read_text() + caplog.text + repr(session) + caught.value.message + refused.value.message
    for secret in repeated:
        assert secret not in text
    assert "eyJkb21haW4i" not in text, "the beginning of the document that signs in"
    assert "canary" not in shown(caught.value) + shown(refused.value)


def test_a_call_goes_on_to_the_next_scope_until_something_is_found(
    workspace: Workspace, connect: Any
) -> None:
    session = connect(pwd=PASSWORD)
    asked: list[dict[str, Any]] = []

    class Finished(Workspace):
        def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
            document = json.loads(unquote(request.url.partition("?")[2]))
            asked.append(document)
            return answer({"result": ROWS if "finished" in document["data"] else []})

    session._connection._transport = Finished()
    assert session.get_entity("job", ID) == ROWS[0]
    assert [one["data"] for one in asked] == [{"type": 1}, {"type": 1, "finished": True}]
    assert len({one["eid"] for one in asked}) == 2
    assert session._connection.call(Call("GET", "job/find")) == {"result": []}


def test_the_log_tells_the_operation(workspace: Workspace, connect: Any) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("accsyn_orm.wire")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        connect(pwd=PASSWORD)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert "user/login/auth" in stream.getvalue()
    assert "canary" not in stream.getvalue()
