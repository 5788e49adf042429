"""Watches: what comes, changes and goes, against a server whose rows the test moves about."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm import (
    ConnectionLost,
    Event,
    Job,
    QueryError,
    Queue,
    ServerError,
    Session,
    SessionClosed,
    SessionExpired,
    TLSError,
    Watch,
)
from accsyn_orm.expressions.evaluator import evaluate
from accsyn_orm.expressions.parser import parse
from accsyn_orm.wire.messages import HttpResponse
from accsyn_orm.wire.retrying import Retrying, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "5b0faf03304bfd4810dbd50{}"


@attrs.define
class Clock:
    """A clock that does not wait; at each sleep the test may do something."""

    now: float = 0.0
    slept: list[float] = attrs.field(factory=list)
    then: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.then()


@attrs.define
class Server:
    """Jobs in scopes, which a scripted server answers finds from."""

    scopes: dict[str, dict[str, dict[str, Any]]] = attrs.field(
        factory=lambda: {"active": {}, "finished": {}, "inactive": {}}
    )
    finds: list[tuple[str, str | None]] = attrs.field(factory=list)
    refused: set[str] = attrs.field(factory=set)
    fault: BaseException | None = None

    def __call__(self, asked: Any) -> Any:
        data = asked.data or {}
        scope = next((name for name in ("finished", "inactive", "archived") if data.get(name)), "active")
        self.finds.append((scope, asked.query))
        if self.fault is not None:
            return self.fault
        if scope in self.refused:
            return HttpResponse(400, {}, b'{"message": "not here"}')
        names = data.get("attributes")
        rows = [
            {name: value for name, value in row.items() if names is None or name in names}
            for row in self.scopes.get(scope, {}).values()
            if asked.query is None or evaluate(parse(asked.query), row)
        ]
        return asked.page(rows)

    def put(self, number: int, **values: Any) -> dict[str, Any]:
        ident = ID.format(number)
        row = {"id": ident, "code": f"job {number}", "name": f"job {number}", "status": "running", **values}
        self.scopes["active"][ident] = row
        return row

    def move(self, number: int, to: str, **values: Any) -> None:
        ident = ID.format(number)
        row = next(rows.pop(ident) for rows in self.scopes.values() if ident in rows)
        self.scopes[to][ident] = {**row, **values}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def session(served: Any, server: Server) -> Session:
    opened: Session = served(server)[0]
    opened.clock = Clock()
    opened._connection._retrying = Retrying(RetryPolicy(attempts=1))
    return opened


@pytest.fixture
def clock(session: Session) -> Clock:
    assert isinstance(session.clock, Clock)
    return session.clock


def told(events: list[Event[Any]]) -> list[str]:
    return [
        f"{event.kind} {event.entity.code}{' left' if event.left else ''} {event.scope}"
        + "".join(f" {change}" for change in event.changes)
        for event in events
    ]


def test_it_tells_what_comes_changes_and_goes(session: Session, server: Server) -> None:
    server.put(1)
    server.put(2, progress=10)
    watch = Job.objects.watch()
    assert watch.look() == []
    server.put(3)
    server.put(2, progress=60)
    del server.scopes["active"][ID.format(1)]
    assert told(watch.look()) == [
        "changed job 2 active progress 10 → 60",
        "added job 3 active",
        "removed job 1 left None",
    ]
    assert watch.look() == []
    assert [job.code for job in watch.entities] == ["job 2", "job 3"]


def test_what_is_there_at_first_is_told_where_that_is_asked_for(session: Session, server: Server) -> None:
    server.put(1)
    assert told(Job.objects.watch(initial=True).look()) == ["added job 1 active"]


def test_a_job_that_finishes_is_changed_and_not_removed(session: Session, server: Server) -> None:
    server.put(1)
    watch = Job.objects.filter(status="running").watch()
    watch.look()
    server.move(1, "finished", status="done", finished="2026-05-10T12:00:00")
    (event,) = watch.look()
    assert told([event]) == [
        "changed job 1 left finished status 'running' → 'done' finished None → 2026-05-10 12:00:00 UTC"
    ]
    change = event.change("finished")
    assert change is not None
    assert change.after == dt.datetime(2026, 5, 10, 12, tzinfo=dt.timezone.utc)
    assert event.change("name") is None
    assert event.entity.status == "done"
    assert str(event).startswith("changed <Job 5b0faf03304bfd4810dbd501 'job 1' done> (finished), status ")
    assert watch.look() == []


def test_what_does_not_match_any_more_is_removed_with_what_changed(session: Session, server: Server) -> None:
    server.put(1)
    watch = Job.objects.filter(status="running").watch()
    watch.look()
    server.put(1, status="paused")
    assert told(watch.look()) == ["removed job 1 left active status 'running' → 'paused'"]
    server.put(1, status="running")
    assert told(watch.look()) == ["added job 1 active"]


def test_a_row_that_a_listing_missed_is_not_removed(session: Session, server: Server) -> None:
    server.put(1)
    watch = Job.objects.filter(status="running").any_scope().watch()
    watch.look()
    find = server.__call__
    moved: list[bool] = []

    def moving(asked: Any) -> Any:
        answer = find(asked)
        if not moved and server.finds[-1][0] == "active":
            moved.append(True)
            server.scopes["active"][ID.format(1)] = server.scopes["finished"].pop(ID.format(1))
        return answer

    server.move(1, "finished")
    session._connection._transport.answer = moving  # type: ignore[attr-defined] # the scripted server
    assert watch.look() == []
    assert moved
    assert [job.code for job in watch.entities] == ["job 1"]


def test_a_move_within_the_scopes_that_are_watched_is_a_change(session: Session, server: Server) -> None:
    server.put(1)
    watch = Job.objects.any_scope().watch()
    watch.look()
    server.move(1, "finished", status="done")
    assert told(watch.look()) == ["changed job 1 finished status 'running' → 'done'"]


def test_a_finished_job_that_comes_back_leaves_for_the_active_ones(session: Session, server: Server) -> None:
    server.put(1)
    server.move(1, "finished", status="aborted")
    watch = Job.objects.finished().watch()
    watch.look()
    server.move(1, "active", status="waiting")
    assert told(watch.look()) == ["changed job 1 left active status 'aborted' → 'waiting'"]


def test_a_scope_that_the_server_refuses_has_nothing(session: Session, server: Server) -> None:
    server.put(1)
    server.refused.add("inactive")
    watch = Queue.objects.watch()
    watch.look()
    server.scopes["active"].clear()
    assert [event.kind for event in watch.look()] == ["removed"]
    assert server.finds[-1][0] == "inactive"


@pytest.mark.parametrize(("scope", "status"), [("active", 400), ("finished", 401)])
def test_what_says_nothing_about_a_scope_is_raised(
    scope: str, status: int, session: Session, server: Server
) -> None:
    server.put(1)
    watch = Job.objects.filter(status="running").watch()
    watch.look()
    server.put(1, status="paused")
    look = server.__call__
    transport: Any = session._connection._transport

    def answer(asked: Any) -> Any:
        found = look(asked)
        which, query = server.finds[-1]
        by_id_alone = query is not None and "id" in query and "status" not in query
        return HttpResponse(status, {}, b'{"message": "no"}') if which == scope and by_id_alone else found

    if scope == "finished":
        server.scopes["active"].clear()
    transport.answer = answer
    with pytest.raises(ServerError, match="no"):
        watch.look()
    transport.answer = server
    assert [event.kind for event in watch.look()] == ["removed"]


def test_a_session_that_cannot_be_renewed_for_now_is_borne(
    session: Session, server: Server, clock: Clock
) -> None:
    server.fault = SessionExpired("expired")
    server.fault.__cause__ = ConnectionLost("gone")

    def repaired() -> None:
        server.fault = None

    clock.then = repaired
    server.put(1)
    watch = Job.objects.watch(initial=True)
    assert told([next(watch)]) == ["added job 1 active"]
    clock.then = lambda: None
    server.fault = SessionExpired("expired for good")
    with pytest.raises(SessionExpired):
        next(watch)


def test_only_the_fields_that_are_asked_for_are_compared(session: Session, server: Server) -> None:
    server.put(1, progress=1, speed=1.0)
    watch = Job.objects.only("code", "progress").watch()
    watch.look()
    server.put(1, progress=1, speed=9.0)
    assert watch.look() == []
    server.put(1, progress=2, speed=9.0)
    assert told(watch.look()) == ["changed job 1 active progress 1 → 2"]
    assert server.finds[-1] == ("active", None)


def test_local_changes_stay(session: Session, server: Server) -> None:
    server.put(1, description="old")
    job = Job.objects.get(code="job 1")
    job.description = "mine"
    watch = Job.objects.watch()
    watch.look()
    server.put(1, description="theirs", status="paused")
    (event,) = watch.look()
    assert event.entity is job
    assert (job.description, job.status) == ("mine", "paused")
    assert told([event]) == ["changed job 1 active description 'old' → 'theirs' status 'running' → 'paused'"]
    (operation,) = session.plan()
    assert [(change.before, change.after) for change in operation.changes] == [("theirs", "mine")]


def test_what_an_event_carries_is_the_callers_own(session: Session, server: Server) -> None:
    server.put(1, metadata={"shot": ["0010"]})
    watch = Job.objects.watch()
    watch.look()
    server.put(1, metadata={"shot": ["0010", "0020"], "accsyn_orm_marker": "x"})
    (event,) = watch.look()
    change = event.change("metadata")
    assert change is not None
    assert (change.before, change.after) == ({"shot": ["0010"]}, {"shot": ["0010", "0020"]})
    change.after["shot"].clear()
    assert event.entity.metadata == {"shot": ["0010", "0020"]}
    server.put(1, metadata={"shot": ["0010", "0020"], "accsyn_orm_marker": "y"})
    assert watch.look() == []


def test_a_sorted_slice_is_watched_in_its_order(session: Session, server: Server) -> None:
    for number, size in ((1, 30), (2, 10), (3, 20)):
        server.put(number, size=size)
    watch = Job.objects.only("code").order_by("size")[:2].watch(initial=True)
    assert told(watch.look()) == ["added job 2 active", "added job 3 active"]
    server.put(1, size=1)
    assert told(watch.look()) == ["added job 1 active", "removed job 3 left active"]


def test_the_iteration_waits_and_ends(session: Session, server: Server, clock: Clock) -> None:
    server.put(1)
    arrivals = iter([2, None, 3])

    def arrive() -> None:
        number = next(arrivals, None)
        if number is not None:
            server.put(number)

    clock.then = arrive
    watch = Job.objects.watch(interval=0.4, timeout=2)
    assert told(list(watch)) == ["added job 2 active", "added job 3 active"]
    assert sum(clock.slept) == pytest.approx(2)
    assert list(watch) == []


def test_without_an_interval_looks_grow_rarer_until_something_happens(
    session: Session, server: Server, clock: Clock
) -> None:
    looks: list[float] = []
    server.put(1)

    def at_a_hundred() -> None:
        if server.finds:
            looks.append(clock.now - clock.slept[-1])
            server.finds.clear()
        if clock.now >= 100:
            server.put(2)

    clock.then = at_a_hundred
    assert told(list(Job.objects.watch(timeout=150))) == ["added job 2 active"]
    pauses = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert pauses[:6] == pytest.approx([2, 3, 4.5, 6.75, 10.125, 15.1875])
    assert max(pauses) == 30
    assert pauses[pauses.index(2, 1) :][:3] == pytest.approx([2, 3, 4.5])


def test_it_leaves_most_of_the_rate_limit_to_others(served: Any, server: Server) -> None:
    for number in range(10):
        server.put(number)
    transport = served(server)[1]
    url = "http://127.0.0.1:8182"
    with Session(
        "acmefilm", "john@user.com", "key", url=url, transport=transport, rate_limit=(100, 1000)
    ) as one:
        clock = one.clock = Clock()
        one.page_size = 2
        watch = Job.objects.watch(interval=0.001, timeout=1)
        watch.look()
        cost, before = len(server.finds), one.request_count
        assert list(watch) == []
        assert clock.now == pytest.approx(1)
        # A quarter of 97 requests a second, and the looks at the beginning and the end.
        assert 20 <= one.request_count - before <= 25 + 2 * cost


def test_faults_that_may_pass_are_borne_for_a_while(
    session: Session, server: Server, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(1)
    server.fault = ConnectionLost("gone")

    def repaired() -> None:
        if clock.now >= 3:
            server.fault = None

    clock.then = repaired
    watch = Job.objects.watch(interval=1, timeout=10, initial=True)
    assert told([next(watch)]) == ["added job 1 active"]
    assert caplog.text.count("a look failed and will be made again: gone") == 3
    server.fault = ConnectionLost("gone again")
    clock.then = lambda: None
    with pytest.raises(ConnectionLost, match="gone again"):
        next(watch)
    assert clock.now == 10


def test_patience_ends_and_the_watch_goes_on_where_it_was(
    session: Session, server: Server, clock: Clock
) -> None:
    server.put(1)
    watch = Job.objects.watch(interval=1, patience=5)
    watch.look()
    server.fault = ConnectionLost("gone")
    with pytest.raises(ConnectionLost):
        next(watch)
    assert clock.now == 5
    server.fault = None
    server.put(2)
    assert told([next(watch)]) == ["added job 2 active"]
    server.fault = TLSError("an old certificate")
    with pytest.raises(TLSError):
        next(watch)


def test_closing_ends_it(session: Session, server: Server, clock: Clock) -> None:
    server.put(1)
    with Job.objects.watch(interval=60) as watch:
        clock.then = watch.close
        assert list(watch) == []
    assert clock.slept == [0.5]
    assert repr(watch) == "<Watch of job (closed)>"
    assert repr(Job.objects.watch()) == "<Watch of job (not begun)>"


def test_a_closed_session_ends_it_with_an_error(session: Session, server: Server, clock: Clock) -> None:
    watch: Watch[Job] = Job.objects.using(session).watch(interval=60)
    clock.then = session.close
    with pytest.raises(SessionClosed):
        next(watch)
    assert clock.slept == [0.5]


@pytest.mark.parametrize(
    "arguments",
    [
        {"interval": 0},
        {"interval": True},
        {"interval": float("nan")},
        {"timeout": -1},
        {"timeout": "10"},
        {"patience": -1},
    ],
)
def test_what_makes_no_sense_is_refused(session: Session, arguments: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match=f"{next(iter(arguments))} is"):
        Job.objects.watch(**arguments)


def test_nothing_cannot_be_watched(session: Session) -> None:
    with pytest.raises(QueryError, match="can match nothing"):
        Job.objects.none().watch()


def test_an_interrupt_gets_through_at_once(served: Any, server: Server) -> None:
    opened: Session = served(server)[0]
    watch = Job.objects.using(opened).watch(interval=60)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        next(watch)
    assert time.monotonic() - began < 5
    server.put(1)
    assert told(watch.look()) == ["added job 1 active"]
