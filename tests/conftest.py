"""What the tests share: sandboxes, sessions on them, and transports that go wrong on request."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

import attrs
import hypothesis
import pytest

from accsyn_orm import Session
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.seeding import Seeder
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.transport import RequestsTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accsyn_orm.sandbox.messages import RequestRecord
    from accsyn_orm.wire.transport import Transport

# A found failure prints the line that repeats it; examples are not kept between runs.
_ALWAYS = hypothesis.settings(deadline=None, print_blob=True, database=None)
hypothesis.settings.register_profile("quick", _ALWAYS, max_examples=100)
hypothesis.settings.register_profile(
    "deep",
    _ALWAYS,
    max_examples=10_000,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and children inherit it; some tests interrupt theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Opener(Protocol):
    """Opens sessions that are closed at the end of the test."""

    def __call__(self, sandbox: Sandbox, role: Any = "admin", **arguments: Any) -> Session: ...


@pytest.fixture(autouse=True)
def no_accsyn_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("ACCSYN_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def demo_sandbox() -> Iterator[Sandbox]:
    """Serve the demo workspace; the tests of one module share it."""
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def empty_sandbox() -> Iterator[Sandbox]:
    """Serve an empty workspace; the tests of one module share it."""
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture
def open_session() -> Iterator[Opener]:
    """Open any number of sessions, and close them at the end."""
    with contextlib.ExitStack() as stack:

        def opened(sandbox: Sandbox, role: Any = "admin", **arguments: Any) -> Session:
            known = sandbox.credentials(role)
            session = Session(
                **{
                    "workspace": known["workspace"],
                    "username": known["username"],
                    "api_key": known["api_key"],
                    "url": sandbox.url,
                    **arguments,
                }
            )
            stack.callback(session.close)
            return session

        yield opened


@pytest.fixture
def session(demo_sandbox: Sandbox, open_session: Opener) -> Session:
    """Sign in to the demo workspace as its administrator."""
    return open_session(demo_sandbox)


@pytest.fixture
def empty_session(empty_sandbox: Sandbox, open_session: Opener) -> Session:
    """Sign in to the empty workspace as its administrator."""
    return open_session(empty_sandbox)


@pytest.fixture(scope="session")
def asked() -> Callable[[Sandbox], contextlib.AbstractContextManager[list[RequestRecord]]]:
    """Collect what a sandbox is asked within a block; the list is filled when the block ends."""

    @contextlib.contextmanager
    def watching(sandbox: Sandbox) -> Iterator[list[RequestRecord]]:
        seen: list[RequestRecord] = []
        before = len(sandbox.requests)
        yield seen
        seen += sandbox.requests[before:]

    return watching


@pytest.fixture(scope="session")
def store_jobs() -> Callable[..., list[str]]:
    """Put jobs into a sandbox past its wire, which takes a fraction of the time; return their ids."""

    def stored(sandbox: Sandbox, count: int, **attributes: Any) -> list[str]:
        seeder = Seeder(sandbox.workspace.store, sandbox.credentials()["username"])
        first = len(sandbox.workspace.store.rows(["transfer"]))
        with sandbox.workspace.store.writing():
            return [
                seeder.put(
                    "transfer",
                    f"stored {number}",
                    **{"status": "waiting", "finished": None, "size": number, "parent": None, **attributes},
                ).id
                for number in range(first, first + count)
            ]

    return stored


@attrs.define
class Asked:
    """One request as a scripted server sees it."""

    method: str
    uri: str
    id: str | None
    query: str | None
    data: Any

    def page(self, rows: list[Any]) -> list[Any]:
        """Return the page of these rows that is asked for."""
        options = self.data or {}
        skip = options.get("skip", 0)
        return rows[skip : skip + options.get("limit", len(rows))]


def _asked(request: HttpRequest) -> Asked:
    text = unquote(urlsplit(request.url).query) if request.body is None else request.body.decode()
    document = json.loads(text) if text else {}
    if request.url.endswith("/login"):
        return Asked(request.method, "api/login", None, None, None)
    return Asked(
        request.method, document["uri"], document.get("id"), document.get("query"), document.get("data")
    )


class ScriptedServer:
    """
    A transport that is the server: it signs in anybody, and gives everything else to one function.

    Args:
        answer: Takes what is asked; returns the `result`, a whole HttpResponse, or an error to raise.
    """

    def __init__(self, answer: Callable[[Asked], Any]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        asked = _asked(request)
        if asked.uri == "api/login":
            result: Any = {"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": "s"}
        else:
            self.asked.append(asked)
            result = self.answer(asked)
        if isinstance(result, BaseException):
            raise result
        if isinstance(result, HttpResponse):
            return result
        return HttpResponse(200, {}, json.dumps({"result": result}).encode())

    def close(self) -> None:
        """Nothing is open."""


class FaultyLine:
    """
    A transport to a real server that loses, refuses or replaces the write that it is told to.

    Args:
        inner: The transport that works.

    `write`, `moment` and `fault` say what happens to which write, counted from 0 since `break_at`: an error that is
    raised or a response in its place, `before` or `after` the server sees it. From then on everything is refused
    with 403, look-ups included, until `repair`.
    """

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.asked: list[Asked] = []
        self.writes: list[Asked] = []
        self._fault: tuple[int, str, BaseException | HttpResponse] | None = None
        self._shut = False
        self._stays_open = False

    def break_at(
        self, write: int, moment: str, fault: BaseException | HttpResponse, *, stays_open: bool = False
    ) -> None:
        self._fault = (len(self.writes) + write, moment, fault)
        self._stays_open = stays_open

    def repair(self) -> None:
        self._fault, self._shut = None, False

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        asked = _asked(request)
        if asked.uri == "api/login":
            return self.inner.send(request, timeouts)
        self.asked.append(asked)
        if self._shut:
            return HttpResponse(403, {}, b'{"message": "closed for maintenance"}')
        if asked.method == "GET":
            return self.inner.send(request, timeouts)
        self.writes.append(asked)
        if self._fault is None or self._fault[0] != len(self.writes) - 1:
            return self.inner.send(request, timeouts)
        _, moment, fault = self._fault
        self._shut = not self._stays_open
        if moment == "after":
            self.inner.send(request, timeouts)
        if isinstance(fault, BaseException):
            raise fault
        return fault

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[Session, ScriptedServer]]]:
    """Open a session with a scripted server; see ScriptedServer."""
    with contextlib.ExitStack() as stack:

        def opened(answer: Callable[[Asked], Any]) -> tuple[Session, ScriptedServer]:
            server = ScriptedServer(answer)
            session = Session(
                "acmefilm", "john@user.com", "key", url="http://127.0.0.1:8181", transport=server
            )
            stack.callback(session.close)
            return session, server

        yield opened


@pytest.fixture
def faulty_line() -> Iterator[FaultyLine]:
    """Return a line to a sandbox on which faults can be set; give it to `open_session(transport=…)`."""
    line = FaultyLine(RequestsTransport())
    yield line
    line.close()
