"""The life of a session."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
import subprocess
import sys
import traceback
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import errors
from accsyn_orm.session.base import BaseSession
from accsyn_orm.session.dictionaries import DictionaryCalls
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = {"result": {"id": "u1", "role": "employee", "session_id": "canary-session"}}
REFUSED = {"message": "wrong key"}


class Scripted:
    """A transport that answers every sign-in with one document, and everything else with another."""

    def __init__(self, login: Any = LOGIN, answer: Any = None) -> None:
        self.login = login
        self.answer = answer or {"result": []}
        self.closed = 0

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        document = self.login if request.url.endswith("/login") else self.answer
        return HttpResponse(200, {}, json.dumps(document).encode())

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "WORKSPACE",
        "DOMAIN",
        "ORG",
        "API_USER",
        "API_KEY",
        "SESSION_KEY",
        "PROXY",
        "URL",
        "CREDENTIALS_PATH",
    ):
        monkeypatch.delenv(f"ACCSYN_{name}", raising=False)


def session(transport: Scripted | None = None, kind: type[Any] = DictionaryCalls, **arguments: Any) -> Any:
    given = {
        "workspace": "acmefilm",
        "username": "john@user.com",
        "api_key": "canary-key",
        "url": "https://a.example",
    }
    return kind(**{**given, **arguments}, transport=transport or Scripted())


def test_what_it_is() -> None:
    one = session(timeout=7, connect_timeout=3)
    assert (one.workspace, one.username, one.user_id, one.role) == (
        "acmefilm",
        "john@user.com",
        "u1",
        "employee",
    )
    assert (one.url, one.request_count, one.closed) == ("https://a.example:443", 1, False)
    assert (one.timeout, one.connect_timeout) == (7, 3)
    assert repr(one) == "<DictionaryCalls of john@user.com at acmefilm>"


def test_the_first_parameters_are_those_of_the_published_client() -> None:
    one = BaseSession("acmefilm", "john@user.com", "canary-key", "a.example", 8443, transport=Scripted())
    assert one.url == "https://a.example:8443"


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DOMAIN": "acmefilm",
        "API_USER": "x@y.com",
        "API_KEY": "kkkk",
        "URL": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(f"ACCSYN_{name}", value)
    one = BaseSession(api_key="", transport=Scripted())
    assert (one.workspace, one.username, one.url) == ("acmefilm", "x@y.com", "http://127.0.0.1:1")
    monkeypatch.setenv("ACCSYN_PROXY", "socks:h:1")
    with pytest.raises(errors.ConfigurationError, match="proxy"):
        BaseSession(transport=Scripted())


def test_closing() -> None:
    transport = Scripted()
    one = session(transport)
    with one as same:
        assert same is one
    one.close()
    assert one.closed
    assert transport.closed == 0, "a transport that was handed in is the caller's"
    for use in (
        lambda: one.find("job"),
        one.__enter__,
        lambda: one.delete_one("job", "x"),
        lambda: one._call(None),
    ):
        with pytest.raises(errors.SessionClosed):
            use()
    assert "closed" in repr(one)


def test_hooks_run_in_their_place() -> None:
    seen: list[tuple[str, bool]] = []

    class Hooked(BaseSession):
        def _opened(self) -> None:
            seen.append((self.role, self.closed))

        def _closing(self) -> None:
            seen.append(("closing", self.closed))

    session(kind=Hooked).close()
    assert seen == [("employee", False), ("closing", False)]


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_it_is_neither_pickled_nor_copied(use: Any) -> None:
    with pytest.raises(TypeError):
        use(session())


def test_a_dropped_session_goes_at_once_and_quietly(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        one = session(Scripted(answer=REFUSED), verbose=True, path_logfile=tmp_path / "log")
        with pytest.raises(errors.ServerError):
            one.find("job")
        gone = weakref.ref(one)
        handler = weakref.ref(one._connection._trace._own.handlers[0])
        del one
        assert gone() is None
        assert handler() is None or handler().stream is None  # type: ignore[union-attr]
    finally:
        gc.enable()


def test_a_refused_sign_in_leaves_nothing_open_and_shows_no_key(tmp_path: Path) -> None:
    with pytest.raises(errors.AuthenticationFailed) as caught:
        session(Scripted(login=REFUSED), verbose=True, path_logfile=tmp_path / "log")
    own = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in own.stack if "/accsyn_orm/" in frame.filename]
    assert len(frames) > 3
    assert "canary" not in str([frame.locals for frame in frames])


def test_no_secret_in_what_can_be_seen_of_it() -> None:
    one = session()
    shown = repr(one) + repr(vars(one)) + repr(vars(one._connection)) + repr(one._settings)
    assert "canary" not in shown
    assert "Y2FuYXJ5" not in shown


class TestLogs:
    def test_verbose_writes_to_standard_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        one = session(verbose=True)
        one.find("job")
        one.close()
        shown = capsys.readouterr()
        assert "GET job/find" in shown.err
        assert shown.out == ""

    def test_a_file_takes_it_all_and_each_session_has_its_own(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first, second = (session(verbose=True, path_logfile=tmp_path / name) for name in ("one", "two"))
        first.find("queue")
        second.find("job")
        first.close()
        second.find("user")
        second.close()
        one, two = ((tmp_path / name).read_text() for name in ("one", "two"))
        assert "queue/find" in one
        assert "job/find" not in one
        assert "user/find" in two
        assert "canary" not in one + two
        shown = capsys.readouterr()
        assert shown.out + shown.err == ""

    def test_a_file_alone_gets_a_line_each(self, tmp_path: Path) -> None:
        with session(path_logfile=str(tmp_path / "log")) as one:
            one.find("job")
        text = (tmp_path / "log").read_text()
        assert "job/find answered 200" in text
        assert "data" not in text

    def test_the_process_s_logging_stays_as_it_was(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        root = (list(logging.root.handlers), logging.root.level)
        names = set(logging.root.manager.loggerDict)
        with session(verbose=True, path_logfile=tmp_path / "log") as one:
            one.find("job")
        assert (list(logging.root.handlers), logging.root.level) == root
        assert set(logging.root.manager.loggerDict) - names <= {"accsyn_orm", "accsyn_orm.wire"}
        assert caplog.records == []

    def test_a_file_that_cannot_be_opened(self, tmp_path: Path) -> None:
        with pytest.raises(errors.ConfigurationError, match="path_logfile"):
            session(path_logfile=tmp_path / "none" / "log")


def test_importing_brings_no_library_and_touches_no_logger() -> None:
    code = (
        "import logging, sys; before = set(logging.root.manager.loggerDict); import accsyn_orm.session.dictionaries;"
        "print([m for m in ('requests', 'urllib3', 'cattrs', 'orjson', 'lark', 'socks') if m in sys.modules],"
        "set(logging.root.manager.loggerDict) - before, logging.root.handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert done.stdout.split() == ["[]", "set()", "[]"]


@pytest.mark.parametrize("name", ["pwd", "session_key"])
def test_sign_ins_that_v3_does_not_have_are_refused_there(name: str) -> None:
    arguments: dict[str, Any] = {name: "canary-pass", "protocol": "v3"}
    with pytest.raises(errors.ConfigurationError, match="v1") as caught:
        session(**arguments)
    assert "canary" not in str(caught.value)
