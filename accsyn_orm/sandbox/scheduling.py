"""Which transfer goes on next, and what becomes of one that has nothing left to copy."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from .queues import holder, priority_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .store import Row, Store

__all__ = ["COPIED", "IN_HAND", "READY", "first_tasks", "held_back", "outcome", "runnable"]

COPIED = ("transfer",)
IN_HAND = frozenset({"booting", "executing"})
READY = frozenset({"pending", "queued"}) | IN_HAND


def runnable(store: Store) -> list[Row]:
    """List the jobs that may be worked on: higher priority of the queue first, then the older one."""
    jobs = [row for row in store.rows(COPIED) if _may_run(store, row)]
    return sorted(jobs, key=lambda job: -priority_of(store, job.document.get("queue")))


def held_back(store: Store) -> list[Row]:
    """List the running jobs that a paused queue holds."""
    rows = (row for row in store.rows(COPIED) if row.document["status"] == "running" and _is_real(store, row))
    return [row for row in rows if holder(store, row.document.get("queue")) is not None]


def _may_run(store: Store, job: Row) -> bool:
    waiting = job.document["status"] in {"waiting", "running"}
    return waiting and _is_real(store, job) and holder(store, job.document.get("queue")) is None


def _is_real(store: Store, job: Row) -> bool:
    # The demo data's own transfers are pictures of what there may be; there is nothing to copy.
    return job.scope == "active" and (not job.document.get("sample") or job.id in store.touched)


def first_tasks(tasks: Iterable[Row], count: int) -> list[Row]:
    """Return the tasks that go first: higher priority, then the older one."""
    return heapq.nsmallest(
        count, tasks, key=lambda task: (-(task.document.get("priority") or 0), task.sequence)
    )


def outcome(statuses: Collection[str]) -> str | None:
    """
    Return what a job becomes by its tasks, or None where it has none, or some that are still to be copied.

    One failed task fails the job. One that is on hold, or nothing but excluded tasks, pauses it.
    """
    if not statuses or not READY.isdisjoint(statuses):
        return None
    if "failed" in statuses:
        return "failed"
    return "paused" if "onhold" in statuses or "done" not in statuses else "done"
