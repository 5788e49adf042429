"""Several requests at a time: their order, their number, and what an interrupt leaves behind."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue, Session, Share
from accsyn_orm.errors import ConnectionLost, InvalidValue, SessionError, TransportError
from accsyn_orm.mapping.mapper import MARKER
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.plan import Change, Kind, Operation, Plan
from accsyn_orm.session.threads import Threads
from accsyn_orm.wire.clock import MONOTONIC
from accsyn_orm.wire.messages import HttpResponse

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from accsyn_orm.session.outcomes import Outcome

PATIENCE = HttpResponse(429, {"retry-after": "50"}, b'{"message": "later"}')
IDENTS = [f"{number:024}" for number in range(1, 9)]


class Writing:
    """
    A server that has jobs.

    Args:
        until: How many writes have to be under way before the first is answered; None where the gate is opened
            from outside.
    """

    def __init__(self, until: int | None = 1) -> None:
        self.order: list[tuple[str, str]] = []
        self.most = self._now = 0
        self._lock = threading.Lock()
        self.gate = threading.Event()
        self.busy: set[str] = set()
        self._until = until

    def __call__(self, asked: Any) -> Any:
        if asked.method == "GET":
            return [{"id": asked.id, "status": "waiting", "inactive": False, "name": f"q{asked.id[-1]}"}]
        with self._lock:
            self.order.append((asked.uri.partition("/")[2], asked.id or asked.query))
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now == self._until:
                self.gate.set()
        self.gate.wait(10)
        with self._lock:
            self._now -= 1
        return PATIENCE if asked.id in self.busy else [{"id": asked.id or asked.query}]


def jobs(session: Session, count: int) -> list[Job]:
    found = [job for ident in IDENTS[:count] if (job := session.get(Job, ident)) is not None]
    for job in found:
        job.status = "paused"
    return found


class TestInFlight:
    @pytest.mark.parametrize("workers", [1, 3, 20])
    def test_no_more_than_the_workers_and_no_fewer(self, served: Callable[..., Any], workers: int) -> None:
        server = Writing(until=min(workers, 8))
        session, _ = served(server)
        jobs(session, 8)
        assert session.commit(workers=workers).complete
        assert server.most == min(workers, 8)
        assert server.gate.is_set()

    def test_a_deletion_comes_after_all_that_stands_before_it(self, served: Callable[..., Any]) -> None:
        server = Writing()
        session, _ = served(server)
        jobs(session, 4)
        for ident in IDENTS[4:7]:
            session.delete(session.get(Queue, ident))
        session.commit(workers=3)
        assert [kind for kind, _ in server.order] == ["edit"] * 4 + ["delete"] * 3

    def test_what_depends_waits_and_the_rest_does_not(self, served: Callable[..., Any]) -> None:
        server = Writing()
        session, _ = served(server)
        share = session.get(Share, IDENTS[0])
        share.description = "x"
        session.deactivate(share)
        other = session.get(Share, IDENTS[1])
        session.deactivate(other)
        session.commit(workers=4)
        kinds = [kind for kind, ident in server.order if ident == IDENTS[0]]
        assert kinds == ["edit", "deactivate"]

    def test_two_threads_do_not_commit_one_session(self, served: Callable[..., Any]) -> None:
        server = Writing(until=None)
        session, _ = served(server)
        jobs(session, 2)
        first = threading.Thread(target=session.commit)
        first.start()
        try:
            limit = time.monotonic() + 10
            while not server.order and time.monotonic() < limit:
                time.sleep(0.001)
            for attempt in (session.commit, lambda: session.execute(session.plan())):
                with pytest.raises(SessionError) as caught:
                    attempt()
                assert caught.value.message == (
                    "another thread is committing this session: give each thread a session of its own"
                )
        finally:
            server.gate.set()
            first.join(10)
        assert not session.dirty
        assert len(server.order) == 2
        session.commit()

    def test_a_value_that_cannot_be_sent_does_not_hinder_the_others(self, served: Callable[..., Any]) -> None:
        session, _ = served(Writing())
        found = jobs(session, 2)
        operations = (
            Operation(1, Kind.UPDATE, "job", IDENTS[0], changes=(Change("metadata", None, {"a": object()}),)),
            Operation(2, Kind.UPDATE, "job", IDENTS[1], changes=(Change("status", None, "paused"),)),
        )
        for workers in (1, 2):
            with pytest.raises(CommitError) as caught:
                session.execute(Plan(session.workspace, operations), workers=workers)
            (outcome,) = caught.value.not_sent
            assert isinstance(outcome.error, InvalidValue)
            assert outcome.id == IDENTS[0]
            assert len(caught.value.applied) == 1
        assert len(found) == 2


class TestInterrupts:
    def test_what_is_in_flight_is_noted_what_pauses_is_not_sent_what_waits_stays(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        server = Writing()
        server.busy = {IDENTS[1]}
        session, _ = served(server)
        found = jobs(session, 4)
        told: list[Outcome] = []

        def interrupt(outcome: Outcome) -> None:
            told.append(outcome)
            while (IDENTS[1] not in {ident for _, ident in server.order}) and len(told) == 1:
                time.sleep(0.001)
            if len(told) == 1:
                time.sleep(0.1)  # the refused one pauses by now
                raise KeyboardInterrupt

        path = tmp_path / "a.journal"
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            session.commit(workers=2, journal=path, progress=interrupt)
        assert time.monotonic() - started < 10
        states = {number: entry.state for number, entry in Journal.read(path).states().items()}
        assert states == {1: "applied", 2: "not_sent", 3: "pending", 4: "pending"}
        assert "interrupted while waiting" in Journal.read(path).states()[2].message
        assert session.dirty == found[1:]
        server.busy.clear()
        assert len(session.commit().applied) == 3

    def test_what_was_handed_over_and_not_begun_is_said_to_be_not_sent(self) -> None:
        threads = Threads(1)
        gate = threading.Event()
        running = threads.submit(gate.wait, 10)
        queued = threads.submit(int, "5")
        threading.Timer(0.05, gate.set).start()
        threads.close()
        assert running.result() is True, "what runs is waited for"
        with pytest.raises(CancelledError):
            queued.result()


class TestThreads:
    def test_results_and_errors(self) -> None:
        threads = Threads(2)
        assert threads.submit(int, "5").result() == 5
        with pytest.raises(ValueError, match="invalid literal"):
            threads.submit(int, "five").result()
        threads.close()

    def test_closing_and_cancelling_end_pauses(self) -> None:
        threads = Threads(4)
        tasks = [threads.submit(MONOTONIC.sleep, 50.0) for _ in range(2)]
        time.sleep(0.05)
        started = time.monotonic()
        tasks[0].cancel()
        threads.close()
        assert time.monotonic() - started < 10
        for task in tasks:
            with pytest.raises(TransportError, match="interrupted"):
                task.result()

    def test_one_task_that_is_called_off_does_not_end_the_pauses_of_the_next(self) -> None:
        threads = Threads(1)
        first = threads.submit(MONOTONIC.sleep, 50.0)
        time.sleep(0.02)
        first.cancel()
        second = threads.submit(MONOTONIC.sleep, 0.05)
        assert second.result() is None
        threads.close()

    def test_they_are_few_and_named(self) -> None:
        threads = Threads(3)
        begun: list[str] = []
        gate = threading.Event()

        def wait() -> None:
            begun.append(threading.current_thread().name)
            gate.wait(10)

        tasks = [threads.submit(wait) for _ in range(5)]
        limit = time.monotonic() + 10
        while len(begun) < 3 and time.monotonic() < limit:
            time.sleep(0.001)
        time.sleep(0.05)
        assert sorted(begun) == ["accsyn_orm_0", "accsyn_orm_1", "accsyn_orm_2"]
        gate.set()
        for task in tasks:
            task.result()
        threads.close()
        assert len(begun) == 5
        assert not [each for each in threading.enumerate() if each.name.startswith("accsyn_orm_")]


class TestMarkers:
    def test_the_journal_has_the_marker_that_was_sent_and_the_id_that_came(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        sent: list[Any] = []

        def answer(asked: Any) -> Any:
            sent.append(asked.data)
            return [{"id": IDENTS[len(sent)]}]

        session, _ = served(answer)
        session.add_all([Queue(name="one"), Queue(name="two")])
        path = tmp_path / "a.journal"
        session.commit(workers=1, journal=path)
        entries = Journal.read(path).states()
        assert [data["metadata"][MARKER] for data in sent] == [entries[1].marker, entries[2].marker]
        assert entries[1].marker != entries[2].marker
        assert [(each.state, each.id, each.attempts, each.message) for each in entries.values()] == [
            ("applied", IDENTS[1], 1, ""),
            ("applied", IDENTS[2], 1, ""),
        ]

    def test_a_creation_that_is_sent_again_keeps_its_marker(self, served: Callable[..., Any]) -> None:
        sent: list[Any] = []

        def answer(asked: Any) -> Any:
            if asked.method == "GET":
                return []
            sent.append(asked)
            return ConnectionLost("gone") if len(sent) == 1 else [{"id": IDENTS[0]}]

        session, _ = served(answer)
        queue, job = Queue(name="one"), Job(name="two")
        job.queue = queue
        session.add_all([queue, job])
        with pytest.raises(CommitError) as caught:
            session.commit()
        assert [outcome.operation.title for outcome in caught.value.not_sent] == ["create job 'two'"]
        assert session.commit().complete
        first, again, last = (asked.data["metadata"][MARKER] for asked in sent)
        assert first == again != last
        assert sent[2].data["queue"] == IDENTS[0]
