"""Waiting for one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm import (
    ConnectionLost,
    DetachedEntity,
    File,
    InvalidValue,
    Job,
    NotFound,
    Q,
    QueryError,
    Queue,
    Session,
    SessionError,
    Task,
    UnknownField,
    WaitEnded,
    WaitError,
    WaitTimeout,
)
from accsyn_orm.expressions.evaluator import evaluate
from accsyn_orm.expressions.parser import parse
from accsyn_orm.wire.retrying import Retrying, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

ID = "5b0faf03304bfd4810dbd501"


@attrs.define
class Clock:
    """A clock that does not wait; each sleep is followed by the next step of a story."""

    now: float = 0.0
    story: list[Callable[[], object]] = attrs.field(factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.story:
            self.story.pop(0)()


@attrs.define
class Server:
    """One entity, in one scope or none."""

    row: dict[str, Any] = attrs.field(
        factory=lambda: {"id": ID, "code": "plates", "status": "running", "progress": 10}
    )
    scope: str | None = "active"
    fault: BaseException | None = None
    unasked: tuple[str, ...] | None = None
    finds: list[str] = attrs.field(factory=list)
    before_each: Callable[[], object] = lambda: None

    def __call__(self, asked: Any) -> Any:
        data = asked.data or {}
        self.before_each()
        scope = next((name for name in ("finished", "inactive") if data.get(name)), "active")
        self.finds.append(scope)
        if self.fault is not None:
            return self.fault
        names = data.get("attributes") or self.unasked
        row = {name: value for name, value in self.row.items() if names is None or name in names}
        found = scope == self.scope and (asked.query is None or evaluate(parse(asked.query), self.row))
        return asked.page([row] if found else [])

    def becomes(self, scope: str | None = "active", **values: Any) -> Callable[[], object]:
        def change() -> None:
            self.scope, self.row = scope, {**self.row, **values}

        return change


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


@pytest.fixture
def job(session: Session, server: Server) -> Job:
    found = Job.objects.using(session).get(id=ID)
    server.finds.clear()
    return found


def test_it_returns_the_entity_as_soon_as_it_is_so_far(job: Job, server: Server, clock: Clock) -> None:
    clock.story = [server.becomes(progress=70), server.becomes("finished", progress=100, status="done")]
    assert job.wait_for(status="done", interval=0.5) is job
    assert (job.status, job.progress, clock.now) == ("done", 100, 1.0)
    assert server.finds == ["active", "active", "active", "finished"]
    assert job.wait_for(status="done", timeout=0) is job
    assert clock.now == 1.0


@pytest.mark.parametrize(
    ("conditions", "lookups"),
    [
        ((), {"status": ["paused", "waiting"]}),
        ((), {"status__in": ("paused",)}),
        ((), {"status__ne": "running"}),
        ((), {"progress__gte": 50, "status": {"paused"}}),
        ((Job.progress >= 50,), {}),
        ((Q(status="done") | Q(progress=50),), {}),
        ((lambda job: job.progress == 50,), {}),
        ((lambda job: job.status != "running", Job.progress > 20), {"code__startswith": "pla"}),
    ],
)
def test_what_can_be_waited_for(
    conditions: Any, lookups: Any, job: Job, server: Server, clock: Clock
) -> None:
    clock.story = [lambda: None, server.becomes(status="paused", progress=50)]
    job.wait_for(*conditions, interval=0.1, timeout=10, **lookups)
    assert clock.now == pytest.approx(0.2)


def test_time_that_is_up_says_what_was_seen(job: Job, clock: Clock) -> None:
    with pytest.raises(WaitTimeout) as caught:
        job.wait_for(status="done", progress__gt=10, timeout=3, interval=2)
    assert str(caught.value) == (
        "status=done AND progress>10 did not come within 3 seconds for <Job 5b0faf03304bfd4810dbd501 'plates'"
        " running>; last seen: status 'running', progress 10"
    )
    assert caught.value.seen == {"status": "running", "progress": 10}
    assert caught.value.entity == f"job:{ID}"
    assert isinstance(caught.value, (TimeoutError, WaitError))
    assert clock.now == 3


@pytest.mark.parametrize("status", ["failed", "aborted"])
def test_it_stops_where_it_can_come_no_more(status: str, job: Job, server: Server, clock: Clock) -> None:
    clock.story = [server.becomes("finished" if status == "aborted" else "active", status=status)]
    with pytest.raises(WaitEnded) as caught:
        job.wait_for(status="done", interval=0.5)
    assert str(caught.value) == (
        f"<Job 5b0faf03304bfd4810dbd501 'plates' {status}> is {status}, and status=done cannot come by itself any more;"
        f" last seen: status '{status}'. give_up_on=() waits all the same"
    )
    assert caught.value.seen == {"status": status}


def test_when_it_stops_can_be_said(job: Job, server: Server, clock: Clock) -> None:
    clock.story = [server.becomes(status="failed"), server.becomes(status="done")]
    assert job.wait_for(status="done", interval=0.5, give_up_on=()).status == "done"
    clock.story = [server.becomes(status="paused")]
    server.row["status"] = "running"
    with pytest.raises(WaitEnded, match="is paused"):
        job.wait_for(status="done", interval=0.5, give_up_on=["paused"])


def test_local_changes_stay_and_are_not_waited_for(job: Job, session: Session, clock: Clock) -> None:
    job.status = "paused"
    with pytest.raises(WaitTimeout) as caught:
        job.wait_for(status="paused", timeout=1)
    assert caught.value.seen == {"status": "running"}
    assert job.status == "paused"
    assert session.dirty == [job]


def test_what_is_not_answered_unasked_is_asked_for(job: Job, server: Server) -> None:
    server.unasked = ("id", "code")
    assert job.wait_for(progress=10, timeout=0).progress == 10
    server.row.pop("progress")
    with pytest.raises(WaitTimeout) as caught:
        job.wait_for(progress=10, timeout=0)
    assert caught.value.seen == {"progress": None, "status": None}


def test_one_that_comes_back_while_it_is_looked_for_is_found(job: Job, server: Server) -> None:
    server.scope = "finished"

    def back() -> None:
        if server.finds == ["active"]:
            server.scope = "active"

    server.before_each = back
    job.wait_for(status="running", timeout=0)
    assert server.finds == ["active", "finished", "active"]


def test_one_that_is_gone_is_not_waited_for(job: Job, server: Server, clock: Clock) -> None:
    clock.story = [server.becomes(None)]
    with pytest.raises(Job.DoesNotExist, match="does not exist any more") as caught:
        job.wait_for(status="done", interval=0.5)
    assert isinstance(caught.value, NotFound)


def test_faults_that_may_pass_are_borne(job: Job, server: Server, clock: Clock) -> None:
    server.fault = ConnectionLost("gone")
    clock.story = [lambda: None, lambda: setattr(server, "fault", None)]
    job.wait_for(status="running", interval=0.5, timeout=10)
    assert clock.now == 1.0
    server.fault = ConnectionLost("gone again")
    with pytest.raises(WaitTimeout, match="no look succeeded; the last look failed: gone again") as caught:
        job.wait_for(status="running", timeout=1)
    assert isinstance(caught.value.__cause__, ConnectionLost)
    assert caught.value.seen == {}
    with pytest.raises(ConnectionLost):
        job.wait_for(status="running", patience=0)


def test_what_makes_no_sense_is_refused_before_anything_is_asked(job: Job, server: Server) -> None:
    for wrong, error, why in (
        ({}, QueryError, "takes what to wait for"),
        ({"status": []}, QueryError, "takes what to wait for"),
        ({"status": "don"}, InvalidValue, "did you mean 'done'"),
        ({"stat": "done"}, UnknownField, "did you mean 'status'"),
        ({"user__code": "lisa@example.com"}, QueryError, "the entity's own fields"),
        ({"status": "done", "give_up_on": "failed"}, QueryError, r"as in \('failed',\)"),
        ({"status": "done", "give_up_on": ["fialed"]}, InvalidValue, "did you mean 'failed'"),
        ({"status": "done", "interval": -1}, QueryError, "interval is -1"),
    ):
        arguments: dict[str, Any] = wrong
        with pytest.raises(error, match=why):
            job.wait_for(**arguments)
    assert server.finds == []


def test_what_has_no_status_has_none_to_give_up_on(session: Session) -> None:
    file = File.objects.using(session).within("5b0faf03304bfd4810dbd502").get(id=ID)
    with pytest.raises(QueryError, match="a file has no status"):
        file.wait_for(size=5, give_up_on=["done"])


def test_only_what_exists_can_be_waited_for(session: Session) -> None:
    new = Job(name="new")
    with pytest.raises(DetachedEntity):
        new.wait_for(status="done")
    session.add(new)
    with pytest.raises(SessionError, match="does not exist on the server"):
        new.wait_for(status="done")


def test_what_has_no_end_is_waited_for_as_long_as_it_takes(session: Session, server: Server) -> None:
    server.row = {"id": ID, "code": "high", "status": "waiting"}
    queue = Queue.objects.using(session).get(id=ID)
    with pytest.raises(WaitTimeout):
        queue.wait_for(status="paused", timeout=1)
    assert server.finds[-1] == "active"


def test_a_task_is_waited_for_within_its_job(demo_sandbox: Sandbox, open_session: Any) -> None:
    session = open_session(demo_sandbox)
    with session.bound():
        task = next(task for job in Job.objects.filter(status="waiting") for task in job.tasks)
        task.status = "onhold"
        session.commit()
        same = task.wait_for(status="onhold", job_id=task.job_id, timeout=5)
    assert isinstance(same, Task)
    assert same is task
