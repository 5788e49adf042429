"""Listings of a server that is near: the next page is asked for before the one at hand is handed out."""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from accsyn_orm import Job, Session, SessionClosed
from accsyn_orm.errors import BudgetExceeded
from accsyn_orm.queryset import listing
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Timeouts
from accsyn_orm.wire.transport import RequestsTransport
from tests.unit.loopback import Served, reply

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

PAGE = 3
FIND = Call("GET", "job/find", query="status=waiting", data={"skip": 0, "limit": 2})
EXPIRED = json.dumps({"message": "sign in again", "session_expired": True}).encode()


class Workspace:
    """
    The script of a server with a number of jobs.

    `faults` says what comes in place of the answer to which find, counted from 0: bytes, after which the connection
    is closed, or an event that is waited for in front of the answer.
    """

    def __init__(self, total: int = 8) -> None:
        self.rows = [{"id": f"{number:024x}", "code": f"job {number}"} for number in range(total)]
        self.faults: dict[int, bytes | threading.Event] = {}
        self.finds: list[tuple[int, int]] = []
        self.sessions: list[str] = []
        self.logins = 0
        self.ended = 0
        self._lock = threading.Lock()

    @property
    def requests(self) -> int:
        """How many came: those of signing in, and finds."""
        return self.logins + len(self.finds)

    def __call__(self, server: Served, sock: socket.socket) -> None:
        try:
            while request := server.read(sock):
                answer, whole = self._answer(request)
                sock.sendall(answer)
                if not whole:
                    return
        finally:
            self.ended += 1

    def _answer(self, request: bytes) -> tuple[bytes, bool]:
        if b"/login" in request.partition(b"\r\n")[0]:
            self.logins += 1
            session = {"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": f"s{self.logins}"}
            return reply(json.dumps({"result": session}).encode()), True
        text = request.partition(b"?")[2].partition(b" ")[0].decode()
        document = json.loads(unquote(text))
        data = document["data"]
        skip, limit = data.get("skip", 0), data["limit"]
        with self._lock:
            fault = self.faults.get(len(self.finds))
            self.finds.append((skip, limit))
            self.sessions.append(document["session"])
        if isinstance(fault, bytes):
            return fault, False
        if fault is not None:
            fault.wait(5)
        return reply(json.dumps({"result": self.rows[skip : skip + limit]}).encode()), True


class Plain:
    """A transport that cannot announce."""

    def __init__(self) -> None:
        self._inner = RequestsTransport()

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        return self._inner.send(request, timeouts)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count every server as near, however busy this machine is."""
    monkeypatch.setattr(listing, "_WORTH_WAITING", math.inf)


@pytest.fixture
def opened(serve: Any) -> Iterator[Callable[..., Session]]:
    """Open sessions with a workspace."""
    sessions: list[Session] = []

    def start(workspace: Workspace, **options: Any) -> Session:
        url = f"http://127.0.0.1:{serve(workspace).port}"
        sessions.append(Session("acmefilm", "john@user.com", "key", url=url, **options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


def codes(session: Session, **options: Any) -> list[Any]:
    return [job.code for job in Job.objects.using(session).iterator(PAGE, **options)]


def expected(workspace: Workspace) -> list[str]:
    return [row["code"] for row in workspace.rows]


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


def test_a_page_is_asked_for_before_the_one_in_front_of_it_is_handed_out(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace)
    jobs = Job.objects.using(session).iterator(PAGE)
    for page in (1, 2):
        for _ in range(PAGE):
            next(jobs)
        until(lambda page=page: len(workspace.finds) == page + 1)  # type: ignore[misc]
        assert session.request_count == workspace.requests, "what is under way is counted, once"


def test_with_no_page_ahead_each_is_asked_for_when_it_is_needed(opened: Any) -> None:
    workspace = Workspace()
    jobs = Job.objects.using(opened(workspace)).iterator(PAGE, read_ahead=0)
    for page in (1, 2):
        for _ in range(PAGE):
            next(jobs)
        time.sleep(0.05)
        assert len(workspace.finds) == page
    assert len(list(jobs)) == 2


@pytest.mark.parametrize("total", [0, 1, 2, 3, 4, 6, 7, 20])
def test_a_whole_listing_costs_what_it_costs_without(opened: Any, total: int) -> None:
    finds = []
    transports = (None, Plain())
    for transport in transports:
        workspace = Workspace(total)
        session = opened(workspace, transport=transport)
        assert codes(session) == expected(workspace)
        assert session.request_count == workspace.requests
        finds.append(workspace.finds)
    transports[1].close()
    assert finds[0] == finds[1]


def test_an_abandoned_listing_costs_one_page_more_at_most(opened: Any) -> None:
    workspace = Workspace(20)
    session = opened(workspace)
    jobs = Job.objects.using(session).iterator(PAGE)
    for _ in range(PAGE + 1):
        next(jobs)
    until(lambda: len(workspace.finds) == 3)
    gc.disable()
    try:
        del jobs
        until(lambda: workspace.ended == 1)
    finally:
        gc.enable()
    assert codes(session) == expected(workspace), "nothing of it answers what comes later"
    assert workspace.logins == 1


@pytest.mark.parametrize(
    "fault",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"nonsense\r\n\r\n",
        reply(b'{"result": []', length=99),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{",
    ],
)
@pytest.mark.parametrize("which", [1, 2])
def test_one_that_fails_is_asked_again_and_nobody_notices(opened: Any, fault: bytes, which: int) -> None:
    workspace = Workspace()
    workspace.faults[which] = fault
    session = opened(workspace)
    assert codes(session) == expected(workspace)
    assert len(workspace.finds) == 5
    assert session.request_count == workspace.requests


def test_one_that_is_late_is_asked_again(opened: Any) -> None:
    workspace = Workspace()
    workspace.faults[1] = answered = threading.Event()
    session = opened(workspace, timeout=0.2)
    assert codes(session) == expected(workspace)
    assert len(workspace.finds) == 5
    answered.set()
    assert codes(session) == expected(workspace)


def test_an_error_of_the_server_counts_as_ever(opened: Any) -> None:
    workspace = Workspace()
    workspace.faults[1] = reply(b'{"message": "later"}', "503 Busy", "Retry-After: 0", "Connection: close")
    session = opened(workspace)
    assert codes(session) == expected(workspace)
    assert session.request_count == workspace.requests == 6


def test_an_expired_session_is_renewed_and_the_page_asked_for_again(opened: Any) -> None:
    workspace = Workspace()
    workspace.faults[1] = reply(EXPIRED, "200 OK", "Connection: close")
    session = opened(workspace)
    assert codes(session) == expected(workspace)
    assert (workspace.logins, len(workspace.finds)) == (2, 5)
    assert workspace.sessions == ["s1", "s1", "s2", "s2", "s2"]
    assert session.request_count == workspace.requests


def test_after_a_sign_in_by_another_name_what_was_asked_before_is_not_read(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace)
    jobs = Job.objects.using(session).iterator(PAGE)
    next(jobs)
    until(lambda: len(workspace.finds) == 2)
    session.renew(username="jane@user.com", api_key="other")
    assert [job.code for job in jobs] == expected(workspace)[1:]
    assert workspace.sessions == ["s1", "s1", "s2", "s2", "s2"]
    assert workspace.finds[1] == workspace.finds[2]
    assert session.request_count == workspace.requests


def test_closing_the_session_gives_it_up(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace)
    jobs = Job.objects.using(session).iterator(PAGE)
    next(jobs)
    until(lambda: len(workspace.finds) == 2)
    session.close()
    until(lambda: workspace.ended == 1)
    with pytest.raises(SessionClosed):
        list(jobs)
    assert len(workspace.finds) == 2


def test_a_budget_pays_for_each_page_when_it_is_read(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace)
    with session.budget(2) as budget, pytest.raises(BudgetExceeded):
        codes(session)
    assert (budget.used, len(workspace.finds)) == (2, 2)
    jobs = Job.objects.using(session).iterator(PAGE)
    next(jobs)
    until(lambda: len(workspace.finds) == 4)
    with session.budget(1) as budget, pytest.raises(BudgetExceeded):
        list(jobs)
    assert (budget.used, len(workspace.finds)) == (1, 4), (
        "what was asked for before is paid for where it is read"
    )


def test_with_a_rate_limit_nothing_is_announced(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace, rate_limit=1000)
    jobs = Job.objects.using(session).iterator(PAGE)
    next(jobs)
    time.sleep(0.05)
    assert len(workspace.finds) == 1
    assert session._connection.announce(FIND) is None
    assert len(list(jobs)) == 7


class TestConnections:
    def test_nothing_is_announced_before_the_sign_in_nor_after_the_end(self, opened: Any) -> None:
        workspace = Workspace()
        connection = opened(workspace)._connection
        signed_in, connection._arrival = connection._arrival, None
        assert connection.announce(FIND) is None
        connection._arrival = signed_in
        assert connection.announce(FIND) is not None
        connection.close()
        assert connection.announce(FIND) is None
        assert connection.request_count == workspace.logins + 1

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_no_write_is_announced(self, opened: Any, method: str) -> None:
        workspace = Workspace()
        connection = opened(workspace)._connection
        assert connection.announce(Call(method, "job/edit", id="1", data={})) is None
        assert connection.request_count == workspace.requests

    def test_a_transport_that_cannot_announce_is_not_asked_to(self, opened: Any) -> None:
        plain = Plain()
        assert opened(Workspace(), transport=plain)._connection.announce(FIND) is None
        plain.close()

    def test_each_is_answered_with_its_own(self, opened: Any) -> None:
        workspace = Workspace()
        connection = opened(workspace)._connection
        finds = [Call("GET", "job/find", data={"skip": skip, "limit": 1}) for skip in range(5)]
        early = [connection.announce(find) for find in finds]
        assert connection.result(finds[0]) == workspace.rows[:1]
        for number in (3, 1, 4, 0, 2):
            assert connection.result(early[number].call) == [workspace.rows[number]]
        assert len(workspace.finds) == connection.request_count - 1 == 6
        assert connection.result(early[0].call) == workspace.rows[:1]
        assert len(workspace.finds) == 7, "once it is read, it is sent"

    def test_closing_while_others_announce(self, opened: Any) -> None:
        workspace = Workspace()
        connection = opened(workspace)._connection
        kept: list[Any] = []

        def work() -> None:
            while announced := connection.announce(FIND):
                kept.append(announced)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(kept) > 8)
        connection.close()
        for thread in threads:
            thread.join(5)
        until(lambda: workspace.ended >= len(kept))
        assert all(announced.ahead.response(Timeouts(1, 1, 1)) is None for announced in kept)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_asks_itself_and_leaves_the_answer_to_its_parent(opened: Any) -> None:
    workspace = Workspace()
    session = opened(workspace)
    jobs = Job.objects.using(session).iterator(PAGE)
    next(jobs)
    until(lambda: len(workspace.finds) == 2)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        code = 1
        try:
            code = 0 if [job.code for job in jobs] == expected(workspace)[1:] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [job.code for job in jobs] == expected(workspace)[1:]
    # The child asks again for what its parent had under way.
    assert len(workspace.finds) == 4 + 3
    assert session.request_count == 1 + 4
