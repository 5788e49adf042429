"""Every kind of fault meets every verb of a plain session: what is raised, what was applied, and what is said."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
import traceback
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from accsyn_orm import Job, Session
from accsyn_orm.errors import (
    AccsynError,
    AuthenticationFailed,
    ConnectionLost,
    DeadlineExceeded,
    InvalidValue,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    ServerError,
    ServerFault,
    SessionExpired,
    TransportError,
)
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.seeding import Seeder
from tests.faults.cases import CASES, DEADLINE, READ_TIMEOUT, Case
from tests.faults.proxy import Proxy, RefusingPort, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NUMBERS = itertools.count()
VERBS = {"find": "GET", "update": "PUT", "create": "POST", "delete": "DELETE"}
LOST: tuple[type[AccsynError], ...] = (ConnectionLost, DeadlineExceeded)

# What may be raised; a call may also come to a good end where the client could mend it.
EXPECTED: dict[str, tuple[type[AccsynError], ...]] = {
    "reset_before_apply": LOST,
    "reset_after_apply": LOST,
    "apply_late": LOST,
    "truncate": (*LOST, ProtocolError),
    "trickle": LOST,
    "slow": LOST,
    "close_keep_alive": LOST,
    "html_502": (ServerFault,),
    "html_504": (ServerFault,),
    "status_500_with_result": (ServerFault,),
    "rate_limited": (RateLimited,),
    "unavailable_503": (ServerFault,),
    "unauthorised_401": (AuthenticationFailed,),
    "forbidden_403": (PermissionDenied,),
    "session_expired": (SessionExpired,),
    "secret_echo": (ServerError,),
    "terminal_escapes": (ServerError,),
}
# These cannot come to a good end, whatever the verb.
HOPELESS = {"unauthorised_401", "forbidden_403", "redirect", "terminal_escapes"}
# The answer to a write is lost for good, and nothing but a look-up could tell.
SILENT = {"reset_before_apply", "reset_after_apply", "apply_late", "trickle", "slow"}
ROWS = {
    "row_without_id",
    "odd_id",
    "other_id_answered",
    "other_type_answered",
    "wrong_type",
    "nan",
    "duplicate_keys",
    "lone_surrogate",
    "deep_nesting",
    "not_utf8",
}


class Desk:
    """A sandbox, and sessions on it that log everything to a file."""

    def __init__(self, sandbox: Sandbox, log: Path) -> None:
        self.sandbox = sandbox
        self.log = log
        key = sandbox.credentials()["api_key"]
        user = sandbox.credentials()["username"]
        self.secrets = [
            key,
            quote(key),
            b64encode(key.encode()).decode(),
            b64encode(f"{user}:{key}".encode()).decode(),
        ]

    @contextlib.contextmanager
    def session(self, url: str | None = None) -> Iterator[Session]:
        known = self.sandbox.credentials()
        with contextlib.closing(
            Session(
                known["workspace"],
                known["username"],
                known["api_key"],
                url=url or self.sandbox.url,
                timeout=READ_TIMEOUT,
                deadline=DEADLINE,
                verbose=True,
                path_logfile=self.log,
            )
        ) as session:
            yield session

    def target(self) -> str:
        """Store a job and forget what was done so far; return its id."""
        workspace = self.sandbox.workspace
        seeder = Seeder(workspace.store, self.sandbox.credentials()["username"])
        with workspace.lock, workspace.store.writing():
            ident: str = seeder.put(
                "transfer", f"job {next(NUMBERS)}", status="waiting", finished=None, parent=None
            ).id
        self.sandbox.effects.clear()
        return ident

    def settle(self, case: Case) -> None:
        """Wait for what is applied late."""
        if case.kind in {"apply_late", "slow"}:
            time.sleep(float(case.options["delay"]) + 0.1)


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture
def desk(shared_sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Desk]:
    caplog.set_level(logging.DEBUG)
    shared_sandbox.faults.clear()
    yield Desk(shared_sandbox, tmp_path / "log")
    shared_sandbox.faults.clear()


def called(session: Session, verb: str, ident: str, name: str) -> Any:
    """Make a call; return its result or its error. There is no secret in this frame."""
    calls: dict[str, Callable[[], Any]] = {
        "find": lambda: session.find(f"Job WHERE id={ident}"),
        "update": lambda: session.update("Job", ident, {"description": name}),
        "create": lambda: session.create("Job", {"name": name}),
        "delete": lambda: session.delete_one("Job", ident),
    }
    try:
        return calls[verb]()
    except AccsynError as error:
        return error


def check_secrets(desk: Desk, error: AccsynError, records: str, session_id: str) -> None:
    shown = [
        str(error),
        repr(error),
        repr(error.args),
        repr(vars(error)),
        "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()),
        records,
        desk.log.read_text(encoding="utf-8"),
    ]
    for secret in (*desk.secrets, session_id):
        for number, text in enumerate(shown):
            assert secret not in text, f"a secret stands in place {number}"


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(
        f"{record.getMessage()} {record.args!r} {record.exc_text or ''}" for record in caplog.records
    )


def effects(desk: Desk, verb: str, ident: str, name: str) -> int:
    """Count what was carried out of a call, whatever was answered."""
    if verb == "create":
        workspace = desk.sandbox.workspace
        with workspace.lock:
            found = [row for row in workspace.store.rows(["transfer"]) if row.document["name"] == name]
        made = [effect for effect in desk.sandbox.effects if effect.kind == "create"]
        assert len(made) == len(found)
        return len(found)
    return sum(effect.kind == verb and effect.id == ident for effect in desk.sandbox.effects)


def session_id_of(desk: Desk) -> str:
    """Return the newest session id; clients are told it by the sandbox alone."""
    return next(reversed(desk.sandbox.workspace.sessions._sessions), "no session is open")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_meets_a_call(desk: Desk, caplog: pytest.LogCaptureFixture, case: Case, verb: str) -> None:
    ident, name = desk.target(), f"by fault {next(NUMBERS)}"
    with desk.session() as session:
        session_id = session_id_of(desk)
        # A redirect may be tried again, as any answer that makes no sense; it stays an error.
        times = None if case.kind in HOPELESS else 1
        desk.sandbox.faults.add(VERBS[verb], "job/*", kind=case.kind, times=times, **case.options)
        answer = called(session, verb, ident, name)
        desk.settle(case)
        assert desk.sandbox.faults.log, "the fault met nothing"
        count = effects(desk, verb, ident, name)
        assert count <= 1, "the server carried it out more than once"
        if isinstance(answer, AccsynError):
            check_error(desk, case, verb, answer, count)
            check_secrets(desk, answer, log_of(caplog), session_id)
            del answer
        else:
            check_success(desk, case, verb, ident, answer, count)


def check_error(desk: Desk, case: Case, verb: str, error: AccsynError, count: int) -> None:
    kinds = (*EXPECTED.get(case.kind, ()), *(() if case.kind in EXPECTED else (ProtocolError, InvalidValue)))
    assert isinstance(error, kinds), f"{type(error).__name__}: {error}"
    if count and isinstance(error, TransportError):
        assert error.sent, "it was sent, and applied"
    if case.kind in SILENT and isinstance(error, TransportError):
        assert error.sent, "it reached the server"
    assert error.uri, "the error does not say what was asked for"
    message = str(error)
    assert len(message) < 2_500
    if case.kind in {"html_502", "html_504"}:
        assert message.count("nginx") <= 200 // len("<p>nginx</p>")
        assert "html" in message
        assert len(message) < 400
    lines = desk.log.read_text(encoding="utf-8").splitlines()
    assert not any(line.startswith("fake line") for line in lines)
    assert not {"\x1b", "\x9b", "\x07", "\x00", "\r", "\u202e"} & set(message + "".join(lines))
    assert message == error.message


def check_success(desk: Desk, case: Case, verb: str, ident: str, answer: Any, count: int) -> None:
    assert case.kind not in HOPELESS
    if verb == "find":
        if case.kind not in ROWS:
            assert [row["id"] for row in answer] == [ident]
        return
    assert count == 1, "reported as done, and not done"
    assert case.kind not in {"html_502", "html_504", "status_500_with_result", "no_content_204", "empty_body"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", ["unauthorised_401", "forbidden_403"])
def test_a_refusal_of_the_user_is_not_tried_again(desk: Desk, kind: str, verb: str) -> None:
    ident = desk.target()
    with desk.session() as session:
        desk.sandbox.faults.add(kind=kind, times=None)
        assert isinstance(called(session, verb, ident, "refused"), EXPECTED[kind])
        assert len(desk.sandbox.faults.log) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_session_that_ends_at_once_again_is_given_up(desk: Desk, verb: str) -> None:
    ident = desk.target()
    with desk.session() as session:
        first = len(desk.sandbox.requests)
        desk.sandbox.faults.add(uri="job/*", kind="session_expired", times=None)
        assert isinstance(called(session, verb, ident, "expired"), SessionExpired)
        asked = [record.uri for record in desk.sandbox.requests[first:]]
        assert asked.count("api/login") <= 1
        assert len(asked) - asked.count("api/login") <= 2
        eids = {record.eid for record in desk.sandbox.requests[first:] if record.uri != "api/login"}
        assert len(eids) == 1, "a resend is another event"
        assert not effects(desk, verb, ident, "expired")


@pytest.mark.parametrize(
    "case",
    [
        Case("more_rows_than_limit", {"extra": 3}),
        Case("duplicate_row_across_pages", {"by": 2}),
        Case("same_page_for_ever"),
        Case("clamp_pages", {"to": 2}),
        Case("row_without_id", {"index": 1}),
        Case("odd_id", {"index": 1}),
        Case("odd_id", {"index": 1, "value": 17}),
        *[case for case in CASES if case.kind in ROWS - {"row_without_id", "odd_id"}],
    ],
    ids=str,
)
def test_pages_and_rows_of_a_query_set(
    desk: Desk, store_jobs: Callable[..., list[str]], caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    """Every row once, none lost, none half-filled; or an error that says why not."""
    size = next(NUMBERS) + 1_000_000
    ids = store_jobs(desk.sandbox, 25, size=size)
    times = None if case.kind in {"duplicate_row_across_pages", "same_page_for_ever", "clamp_pages"} else 1
    started = time.monotonic()
    with desk.session() as session:
        desk.sandbox.faults.add("GET", kind=case.kind, times=times, **case.options)
        found = listed(session, size)
    assert time.monotonic() - started < 10
    if isinstance(found, AccsynError):
        assert isinstance(found, (ProtocolError, InvalidValue)), f"{type(found).__name__}: {found}"
        assert case.kind not in {"more_rows_than_limit", "duplicate_row_across_pages", "clamp_pages"}
        return
    assert case.kind != "same_page_for_ever", "a listing that never moves on was taken for the whole"
    assert len(found) == len(set(found)), "a row came twice"
    # One row may be set aside, or stand there under the well-formed id that the server gave it.
    spoiled = case.kind in {"row_without_id", "odd_id", "other_id_answered", "other_type_answered"}
    assert len(set(ids) - set(found)) <= spoiled * (10 if case.kind == "other_type_answered" else 1)
    assert len(set(found) - set(ids)) <= spoiled
    assert all(isinstance(ident, str) and len(ident) == 24 for ident in found)


def listed(session: Session, size: int) -> list[Any] | AccsynError:
    """Walk a query set in pages; return the ids or the error."""
    jobs = Job.objects.using(session).filter(size=size)
    try:
        return [job.id for job in jobs.iterator(10, read_ahead=0)]
    except AccsynError as error:
        return error


@pytest.mark.parametrize("verb", VERBS)
def test_a_refused_connection_sends_nothing(desk: Desk, caplog: pytest.LogCaptureFixture, verb: str) -> None:
    ident, name = desk.target(), f"by refusal {next(NUMBERS)}"
    with Proxy(desk.sandbox.port) as proxy, desk.session(proxy.url) as session:
        session_id = session_id_of(desk)
        proxy.__exit__(None, None, None)
        asked = len(desk.sandbox.requests)
        error = called(session, verb, ident, name)
        assert isinstance(error, TransportError)
        assert not error.sent or verb == "find"
        assert len(desk.sandbox.requests) == asked
        assert not effects(desk, verb, ident, name)
        check_secrets(desk, error, log_of(caplog), session_id)
        del error


def test_a_port_that_refuses_from_the_beginning(desk: Desk) -> None:
    with RefusingPort() as port, pytest.raises(TransportError) as caught, desk.session(port.url):
        pass
    assert not caught.value.sent


BYTES = [("up", 0), ("up", 1), ("up", 300), ("down", 0), ("down", 1), ("down", 60), ("down", 110)]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("action", "direction", "byte"),
    [
        *[(action, *where) for action in ("cut", "reset") for where in BYTES],
        # These wait for a time-out, at every byte alike.
        *[(action, *where) for action in ("silence", "trickle") for where in (("up", 300), ("down", 60))],
    ],
)
def test_a_line_that_breaks_at_a_byte(
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
    verb: str,
    action: Any,
    direction: Any,
    byte: int,
) -> None:
    ident, name = desk.target(), f"by line {next(NUMBERS)}"
    with Proxy(desk.sandbox.port) as proxy, desk.session(proxy.url) as session:
        session_id = session_id_of(desk)
        proxy.begin(Rule(action, direction, byte, 0, 0.05))
        answer = called(session, verb, ident, name)
        assert proxy.fired
        proxy.begin()
        count = effects(desk, verb, ident, name)
        assert count <= 1
        if isinstance(answer, AccsynError):
            assert isinstance(answer, LOST), f"{type(answer).__name__}: {answer}"
            assert not count or getattr(answer, "sent", True)
            check_secrets(desk, answer, log_of(caplog), session_id)
            del answer
        elif verb == "find":
            assert [row["id"] for row in answer] == [ident]
        else:
            assert count == 1
