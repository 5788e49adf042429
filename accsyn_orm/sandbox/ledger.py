"""
The transfer engine's book: which tasks it has in hand, and what it reads and writes of their jobs.

`plan`, `report` and `put_back` are called under the workspace's lock and touch no file; `survey`, `Held.push` and
`pass_time` are called without it and touch no entity.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AccsynError
from .copying import items_of
from .figures import QUIET, Meter, figures
from .queues import holder
from .records import copy_of, log_job, put_job, put_task
from .scheduling import IN_HAND, READY, first_tasks, held_back, outcome, runnable

if TYPE_CHECKING:
    from .copying import Copy
    from .store import Row, Store
    from .workspace import Workspace

__all__ = ["Held", "Ledger"]

_SURVEYED_A_STEP = 50
_SHOWN_EVERY = 0.2
_MILLISECONDS = 1000


@attrs.define
class Held:
    """
    A task in hand.

    Args:
        job: Id of its job.
        copy: What copies it; None where it cannot be said what to copy.
        began: When it was first given out, in seconds of the engine.
        active: Whether it is worked on; otherwise it rests, with what was copied so far.
        error: Why it failed.
    """

    job: str
    copy: Copy | None
    began: float
    active: bool = True
    stage: str = "booting"
    error: str | None = None
    moved: int = 0

    def push(self, size: int, files: int) -> int:
        """Copy up to `size` bytes of up to `files` files, or at first find out what there is; return the bytes."""
        self.moved = 0
        if self.copy is None or self.error is not None:
            return 0
        try:
            if not self.copy.prepared:
                self.copy.prepare()
            elif self.stage == "executing":
                for _ in range(files):
                    if self.moved >= size or self.copy.done:
                        break
                    self.moved += self.copy.advance(size - self.moved)
        except (AccsynError, OSError) as error:
            self.error = _reason(error)
        return self.moved

    def discard(self) -> None:
        """Throw the part of a file away."""
        if self.copy is not None:
            self.copy.discard()


def _reason(error: AccsynError | OSError) -> str:
    if isinstance(error, AccsynError):
        return error.message
    # The name alone: where the sandbox keeps its folders says nothing to a client.
    name = Path(str(error.filename)).name if error.filename else "a file"
    return f"{name!r}: {error.strerror or error}."


class Ledger:
    """What the engine has in hand."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self._meters: dict[str, Meter] = {}
        self._to_survey: deque[str] = deque()
        self._surveys: dict[str, Copy] = {}
        self._sizes: dict[str, int] = {}
        self._time = 0.0
        self._version: int | None = None
        self._replan = True

    @property
    def empty(self) -> bool:
        """Whether no task is in hand and no job is worked on."""
        return not self.held and not self._meters

    def active(self) -> list[Held]:
        """List the tasks that are worked on."""
        return [held for held in self.held.values() if held.active]

    def pass_time(self, seconds: float) -> None:
        """Let the engine's time go on: what speed is measured by."""
        self._time += seconds

    # Under the lock, before copying

    def plan(self, workspace: Workspace, concurrency: int) -> None:
        """Let go of what a client stopped, give out tasks, and end the jobs that have none left."""
        store = workspace.store
        if self._replan or store.version != self._version:
            self._replan = False
            with store.writing():
                for identity in list(self.held):
                    self._review(store, identity)
                for job in (*held_back(store), *self._stopped(store)):
                    self._quiet(store, job)
                for job in runnable(store):
                    self._work_on(workspace, job, concurrency)
            self._version = store.version
        self._locate_surveys(workspace)

    def _review(self, store: Store, identity: str) -> None:
        held = self.held[identity]
        job, task = store.get(held.job), store.get(identity)
        if job is None or task is None or not _wanted(job, task):
            del self.held[identity]
            held.discard()
        elif _resting(store, job, task):
            held.active = False
        else:
            if held.active and task.document["status"] not in IN_HAND:
                put_task(store, task, status=held.stage)
            return
        if task is not None and task.document["status"] in IN_HAND:
            put_task(store, task, status="queued")
        if job is not None:
            self._quiet(store, job)

    def _stopped(self, store: Store) -> list[Row]:
        """List the jobs that were worked on and that a client has stopped since."""
        jobs = filter(None, map(store.get, self._meters))
        return [job for job in jobs if job.document["status"] != "running"]

    def _quiet(self, store: Store, job: Row) -> None:
        """Take speed and time left away from a job that nothing is copied of any more."""
        if any(held.active and held.job == job.id for held in self.held.values()):
            return
        self._meters.pop(job.id, None)
        job = store.get(job.id) or job
        if job.document["status"] == "running":
            put_job(store, job, status="waiting", **QUIET)
        elif job.document.get("speed") != QUIET["speed"] or job.document.get("etr"):
            put_job(store, job, **QUIET)

    def _work_on(self, workspace: Workspace, job: Row, concurrency: int) -> None:
        store = workspace.store
        tasks = store.children(job.id, "task")
        in_hand = {identity for identity, held in self.held.items() if held.active and held.job == job.id}
        idle = [task for task in tasks if task.document["status"] in READY and task.id not in in_hand]
        if not idle and not in_hand:
            self._finish(store, job, tasks)
            return
        slots = concurrency - len(self.active())
        if slots <= 0 or not idle:
            return
        if job.document["status"] != "running":
            put_job(store, job, status="running", **QUIET)
            self._to_survey.extend(task.id for task in idle)
        self._meters.setdefault(job.id, Meter(self._time))
        for task in first_tasks(idle, slots):
            self._give_out(workspace, job, task)

    def _give_out(self, workspace: Workspace, job: Row, task: Row) -> None:
        held = self.held.get(task.id)
        if held is None:
            held = Held(job.id, None, self._time)
            try:
                held.copy = copy_of(workspace, job, task)
            except (AccsynError, OSError) as error:
                held.error = _reason(error)
            self.held[task.id] = held
        held.active, held.stage = True, "booting"
        put_task(workspace.store, task, status="booting")

    def _finish(self, store: Store, job: Row, tasks: list[Row]) -> None:
        status = outcome([task.document["status"] for task in tasks])
        if status is None:
            return
        failed = next((task for task in tasks if task.document["status"] == "failed"), None)
        shown = {**figures(tasks, {}, -1.0), **QUIET}
        if status == "done":
            shown["progress"] = 100
        reason = None if failed is None else failed.document.get("reason")
        put_job(store, job, status=status, **shown, **({"reason": reason} if reason else {}))
        log_job(store, job, f"is {status}.")
        self._meters.pop(job.id, None)

    def _locate_surveys(self, workspace: Workspace) -> None:
        """Find out where the next files to measure are."""
        self._surveys = {}
        while self._to_survey and len(self._surveys) < _SURVEYED_A_STEP:
            task = workspace.store.get(self._to_survey.popleft())
            job = None if task is None else workspace.store.get(task.document["job"])
            if task is None or job is None:
                continue
            try:
                self._surveys[task.id] = copy_of(workspace, job, task)
            except (AccsynError, OSError):
                continue  # the task fails with this reason when its turn comes

    # Without the lock

    def survey(self) -> None:
        """Measure files of jobs that have just begun, so that their size is known before they are copied."""
        self._sizes = {}
        for identity, copy in self._surveys.items():
            try:
                items = items_of(copy.source, copy.target)
            except (AccsynError, OSError):
                continue  # the task fails with this reason when its turn comes
            self._sizes[identity] = sum(item.size for item in items if item.size > 0)

    # Under the lock, after copying

    def report(self, store: Store) -> bool:
        """
        Write down what was copied.

        Returns:
            Whether there is more to do.
        """
        untouched = store.version == self._version
        changed = self._report_sizes(store)
        for identity, held in list(self.held.items()):
            if held.active and self._report_task(store, identity, held):
                changed.add(held.job)
        for job in {held.job for held in self.active()} | changed:
            self._report_job(store, job, force=job in changed)
        if untouched:
            self._version = store.version
        return bool(self.active() or self._to_survey or self._replan or not untouched)

    def _report_sizes(self, store: Store) -> set[str]:
        if not self._sizes:
            return set()
        changed = set()
        with store.writing():
            for identity, size in self._sizes.items():
                task = store.get(identity)
                if task is not None and task.document["size"] != size:
                    store.put("task", {**task.document, "size": size})
                    changed.add(task.document["job"])
        return changed

    def _report_task(self, store: Store, identity: str, held: Held) -> bool:
        """Write a task's new state down where it has one; leave it where a client set another one meanwhile."""
        self._meters.setdefault(held.job, Meter(self._time)).moved += held.moved
        copy, task = held.copy, store.get(identity)
        ours = task is not None and task.document["status"] in IN_HAND
        if task is None or not ours:
            return False
        changes: dict[str, Any] = {}
        if held.error is not None or copy is None:
            changes = {"status": "failed", "reason": held.error}
        elif copy.done:
            spent = round((self._time - held.began) * _MILLISECONDS)
            changes = {"status": "done", "size": copy.copied, "time": spent}
        elif held.stage == "booting" and copy.prepared:
            held.stage = "executing"
            changes = {"status": "executing", "size": copy.size}
        if not changes:
            return False
        with store.writing():
            put_task(store, task, **changes)
            if held.error is not None:
                log_job(store, store.get(held.job), f"failed in task {task.document['uri']!r}: {held.error}")
        if changes["status"] != "executing":
            del self.held[identity]
            held.discard()
            self._replan = True
        return True

    def _report_job(self, store: Store, identity: str, *, force: bool) -> None:
        job, meter = store.get(identity), self._meters.get(identity)
        if job is None or meter is None or job.document["status"] != "running":
            return
        copied = {
            key: held.copy.copied for key, held in self.held.items() if held.copy and held.job == identity
        }
        shown = figures(store.children(identity, "task"), copied, meter.speed(self._time))
        same_progress = all(shown[name] == job.document.get(name) for name in ("size", "progress"))
        if force or not same_progress or self._time - meter.shown >= _SHOWN_EVERY:
            meter.shown = self._time
            with store.writing():
                store.put(job.type, {**job.document, **shown})

    def put_back(self, store: Store) -> None:
        """Let go of everything: tasks are queued again, jobs wait."""
        with store.writing():
            jobs = {*self._meters, *(held.job for held in self.held.values())}
            for identity, held in self.held.items():
                held.discard()
                task = store.get(identity)
                if task is not None and task.document["status"] in IN_HAND:
                    put_task(store, task, status="queued")
            self.held.clear()
            for job in filter(None, map(store.get, jobs)):
                self._quiet(store, job)


def _wanted(job: Row, task: Row) -> bool:
    """Whether a task in hand is to be copied to its end, now or later."""
    alive = job.document["status"] in {"waiting", "running", "paused"}
    return alive and task.document["status"] in READY | {"onhold"}


def _resting(store: Store, job: Row, task: Row) -> bool:
    return (
        job.document["status"] == "paused"
        or task.document["status"] == "onhold"
        or holder(store, job.document.get("queue")) is not None
    )
