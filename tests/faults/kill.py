"""
kill -9 at every step of a journalled run, then resume; and at steps of the resume and of the undo as well.

A sandbox runs in a process of its own. Each case forks a child from this one, which has everything imported; the child
runs a plan with a journal and is killed with SIGKILL: before and after each intent is noted, before a request is sent,
while it is on its way, when its answer has come, before and after its outcome is noted, or at any moment by a timer. The
run is then resumed here, and what the server has is compared with what the plan says.

    python -m tests.faults.kill --points 1200
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs

from accsyn_orm import Session
from accsyn_orm.errors import CommitError, JournalError
from accsyn_orm.migrate import resume, undo
from accsyn_orm.migrate.resuming import finish
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.wire.transport import RequestsTransport

from .kill_plan import Workspace, expected_after, expected_before, plan_of, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accsyn_orm.session.plan import Operation, Plan
    from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

__all__ = ["Figures", "main", "run"]

# Longer than a run of the plan takes, so that a timer hits any moment of it.
_LONGEST = 0.06
_MANY_POINTS = 400
_CHANCE = random.Random(1)  # noqa: S311 - moments to die at, and no secrets


@attrs.define
class Figures:
    """What came out: how many kills there were, and what was wrong after the resume."""

    kills: int = 0
    kills_of_resume: int = 0
    kills_of_undo: int = 0
    cases: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: list[str] = attrs.Factory(list)

    def __str__(self) -> str:
        return (
            f"kill -9 points: {self.kills} of runs, {self.kills_of_resume} of resumes, {self.kills_of_undo} of undos;"
            f" {self.cases} cases; lost {self.lost}, duplicated {self.duplicated}, otherwise wrong {len(self.wrong)}"
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.lost or self.duplicated or self.wrong)


class _Clock:
    """Counts the steps of this process, and ends it with SIGKILL at one of them."""

    def __init__(self) -> None:
        self.at = 0
        self._count = 0
        self._lock = threading.Lock()

    def set(self, at: int) -> None:
        self.at, self._count = at, 0

    def tick(self, meanwhile: Callable[[], object] | None = None) -> None:
        with self._lock:
            self._count += 1
            if self._count != self.at:
                return
            if meanwhile is not None:
                threading.Thread(target=meanwhile, daemon=True).start()
                time.sleep(_CHANCE.random() * 0.004)
            os.kill(os.getpid(), signal.SIGKILL)


_CLOCK = _Clock()


class _Journal(Journal):
    """A journal with steps around what it notes."""

    def intend(self, operation: Operation) -> None:
        _CLOCK.tick()
        super().intend(operation)
        _CLOCK.tick()

    def conclude(self, outcome: Outcome) -> None:
        _CLOCK.tick()
        super().conclude(outcome)
        _CLOCK.tick()


class _Transport(RequestsTransport):
    """A transport with steps around what it sends."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        if request.url.endswith("/login"):
            return super().send(request, timeouts)
        _CLOCK.tick()
        _CLOCK.tick(lambda: super(_Transport, self).send(request, timeouts))
        response = super().send(request, timeouts)
        _CLOCK.tick()
        return response


class _Forgetful(Session):
    """The seeded bug: takes whatever got no answer for not sent, without looking."""

    def settle(self, operation: Operation, marker: str, ids: Mapping[int, str] | None = None) -> Outcome:
        return Outcome(operation, "not_sent")


def _in_child(action: Callable[[], None], kill_after: float | None = None) -> bool:
    """Run something in a child; return whether it was killed."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        except (CommitError, JournalError) as error:
            sys.stderr.write(f"child: {error}\n")
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    if os.WEXITSTATUS(status):
        raise RuntimeError("a child failed instead of being killed; it says why above")
    return False


@attrs.define
class _Harness:
    """Runs cases against one sandbox."""

    workspace: Workspace
    folder: pathlib.Path
    look_up: bool = True
    figures: Figures = attrs.Factory(Figures)

    def session(self, *, steps: bool) -> Session:
        cls = Session if self.look_up else _Forgetful
        known = self.workspace.credentials
        return cls(
            known["workspace"],
            known["username"],
            known["api_key"],
            url=known["url"],
            transport=_Transport() if steps else None,
        )

    def case(self, at: int, workers: int) -> bool:
        """
        Run one case; return whether the run was killed.

        Args:
            at: The step at which to kill it; 0 for a moment that a timer chooses.
            workers: Of the run.
        """
        number = self.figures.cases
        tag = f"k{number:05d}"
        plan = plan_of(self.workspace.code, tag, self.workspace.seed(tag))
        path = self.folder / tag

        def first() -> None:
            _CLOCK.set(at)
            with self.session(steps=True) as session, _Journal.create(path, plan) as journal:
                session.execute(plan, recorder=journal, workers=workers)

        def second() -> None:
            _CLOCK.set(_CHANCE.randint(1, 30))
            with self.session(steps=True) as session, _Journal.open(path) as journal:
                finish(session, journal, workers)

        killed = _in_child(first, _CHANCE.random() * _LONGEST if at == 0 else None)
        self.figures.kills += killed
        if killed and number % 4 == 0 and self.begun(path):
            try:
                self.figures.kills_of_resume += _in_child(second)
            except RuntimeError as error:
                self.figures.wrong.append(f"{tag}: {error}")
        try:
            self.resume(number, tag, path, plan)
        except CommitError as error:
            self.figures.wrong.append(f"{tag}: {error}")
        self.workspace.drop(tag)
        self.figures.cases += 1
        return killed

    def resume(self, number: int, tag: str, path: pathlib.Path, plan: Plan) -> None:
        with self.session(steps=False) as session:
            if self.begun(path):
                resume(session, path)
            else:
                self.check_untouched(tag)
                with Journal.create(path, plan) as journal:
                    finish(session, journal)
            self.check(tag, expected_after(tag), "after the resume")
            if number % 3 == 0:
                self.undo(session, tag, path)

    def begun(self, path: pathlib.Path) -> bool:
        """Whether there is a journal; one that was cut off while it was made is taken away."""
        try:
            Journal.read(path)
        except JournalError:
            for name in self.folder.glob(f"{path.name}*"):
                name.unlink()
            return False
        return True

    def undo(self, session: Session, tag: str, path: pathlib.Path) -> None:
        def third() -> None:
            _CLOCK.set(_CHANCE.randint(1, 45))
            with self.session(steps=True) as other:
                undo(other, path)

        self.figures.kills_of_undo += _in_child(third)
        undo(session, path)
        self.check(tag, expected_before(tag), "after the undo")

    def check_untouched(self, tag: str) -> None:
        if any(name.startswith(f"{tag}-new") for name in self.workspace.names(tag)):
            self.figures.wrong.append(f"{tag}: something was sent before there was a journal")

    def check(self, tag: str, expected: dict[str, dict[str, Any] | None], when: str) -> None:
        documents = self.workspace.documents(tag)
        for name, wanted in expected.items():
            found = [document for document in documents if document["name"] == name]
            if len(found) > 1:
                self.figures.duplicated += len(found) - 1
            elif not found and wanted is not None:
                self.figures.lost += 1
            elif found and wanted is None:
                self.figures.wrong.append(f"{when}: {name} is still there")
            elif found and wanted is not None:
                self.compare(found[0], wanted, when)

    def compare(self, document: dict[str, Any], wanted: dict[str, Any], when: str) -> None:
        for attribute, value in wanted.items():
            if document.get(attribute) != value:
                self.figures.wrong.append(
                    f"{when}: {document['name']}.{attribute} is {document.get(attribute)!r}, not {value!r}"
                )


def run(points: int, *, look_up: bool = True, seed: int = 1) -> Figures:
    """
    Kill runs until there were enough kills.

    Args:
        points: How many kills of runs.
        look_up: Whether the resume may look open operations up; False is a bug that this has to catch.
        seed: Of the random moments.
    """
    _CHANCE.seed(seed)
    # Forked before this process has a thread.
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            harness = _Harness(Workspace(ours), pathlib.Path(folder), look_up)
            for workers in _rounds():
                if not _round(harness, points, workers):
                    return harness.figures
    finally:
        with contextlib.suppress(OSError):
            ours.send(("stop",))
        server.join(10)
    return harness.figures


def _rounds() -> Any:
    while True:
        yield from (1, 4, 8)


def _round(harness: _Harness, points: int, workers: int) -> bool:
    """Kill at one step after the other, with a timer in between, until a run gets through; return whether to go on."""
    for at in range(1, _MANY_POINTS):
        if harness.figures.kills >= points:
            return False
        if at % 5 == 0:
            harness.case(0, workers)
        if not harness.case(at, workers):
            return True
    raise RuntimeError(f"a run has more than {_MANY_POINTS} steps")


def main() -> int:
    """Run the harness, print the figures, and return 0 where nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description=__doc__)
    parser.add_argument("--points", type=int, default=1200, help="how many kills (default: 1200)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments (default: 1)")
    parser.add_argument(
        "--no-look-up", action="store_true", help="seed the bug that the harness has to catch"
    )
    options = parser.parse_args()
    began = time.monotonic()
    figures = run(options.points, look_up=not options.no_look_up, seed=options.seed)
    lines = [f"{figures} ({time.monotonic() - began:.0f} s)", *(f"  {wrong}" for wrong in figures.wrong[:10])]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if figures.clean else 1


if __name__ == "__main__":
    sys.exit(main())
