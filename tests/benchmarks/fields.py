"""Reading and setting a field of an entity that is held, and planning what was changed."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from accsyn_orm import Job

from .canned import CannedServer
from .clients import session_of
from .figures import Bar, Figure, nanoseconds

if TYPE_CHECKING:
    from accsyn_orm import Session

__all__ = ["fields"]

TOTAL, CHANGED, ROUNDS, STEPS = 20_000, 1_000, 15, 100_000


def fields() -> list[Figure]:
    """Measure with so many entities in the identity map."""
    with CannedServer(TOTAL) as server, session_of(server) as session:
        jobs = list(Job.objects.using(session))
        planned = [_plan(session, jobs) for _ in range(ROUNDS)]
        plan, first = (statistics.median(each[place] for each in planned) for place in (0, 1))
        idle = nanoseconds(lambda count: _plan_again(session, count), 1_000)
        empty = nanoseconds(_nothing, STEPS)
        reading = nanoseconds(lambda count: _read(jobs[0], count), STEPS) - empty
        jobs[0].description = "the first change"
        setting = nanoseconds(lambda count: _set(jobs[0], count), STEPS) - empty
        session.rollback()
    return [
        Figure("read a field", reading, "ns", Bar("≤", 15)),
        Figure("set a field again", setting, "ns", Bar("≤", 120)),
        Figure("set a field for the first time", first, "ns", Bar("≤", 600)),
        Figure(f"plan {CHANGED:,} changed of {TOTAL:,} loaded", plan, "ms", Bar("≤", 2)),
        Figure(f"plan with nothing changed of {TOTAL:,} loaded", idle / 1e3, "µs", Bar("≤", 50)),
    ]


def _plan(session: Session, jobs: list[Job]) -> tuple[float, float]:
    """Return the milliseconds of a plan, and the nanoseconds of each first change in it."""
    changed = jobs[:: TOTAL // CHANGED]
    started = time.perf_counter_ns()
    for job in changed:
        job.description = "changed"
    first = (time.perf_counter_ns() - started) / len(changed)
    started = time.perf_counter_ns()
    session.plan()
    taken = (time.perf_counter_ns() - started) / 1e6
    session.rollback()
    return taken, first


def _plan_again(session: Session, count: int) -> None:
    for _ in range(count):
        session.plan()


def _nothing(count: int) -> None:
    for _ in range(count):
        pass


def _read(job: Job, count: int) -> None:
    for _ in range(count):
        job.status  # noqa: B018 -- reading it is the point


def _set(job: Job, count: int) -> None:
    for _ in range(count):
        job.description = "the next"
