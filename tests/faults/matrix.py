"""The matrix: which experiments there are, and how many run side by side."""

from __future__ import annotations

import contextlib
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import attrs

from .bench import OPERATIONS, VERBS, Experiment, Report
from .cases import CASES
from .line_bench import LineBench
from .lines import LINE_FAULTS
from .proxy import Rule
from .seeded import SEEDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Figures", "experiments", "run", "run_part"]

# A request of a commit is some 700 bytes, an answer 500 to 900: before, within and after the headers and the body.
_BYTES = (0, 1, 50, 200, 400, 600, 900, 1500)
_CONNECTIONS = (0, 1, 4)
# At which request of a commit a line goes bad.
_LINE_NTHS = (1, 2, 9, 20)
# The answer to a delete has no row, so these change nothing in it.
_ABOUT_IDS = {"row_without_id", "odd_id", "other_id_answered"}


@attrs.define
class Figures:
    """
    What the matrix showed.

    Args:
        cases: Experiments that ran.
        injected: Faults that really hit a request or a connection.
    """

    cases: int = 0
    injected: int = 0
    violations: int = 0
    lost: int = 0
    duplicated: int = 0
    messages: list[str] = attrs.field(factory=list)

    def add(self, experiment: Experiment, report: Report) -> None:
        """Count an experiment."""
        self.cases += 1
        self.injected += report.fired
        self.violations += len(report.violations)
        self.lost += report.lost
        self.duplicated += report.duplicated
        self.messages += [f"{experiment}: {violation}" for violation in report.violations]

    def join(self, other: Figures) -> None:
        """Count what another part of the matrix showed."""
        self.cases += other.cases
        self.injected += other.injected
        self.violations += other.violations
        self.lost += other.lost
        self.duplicated += other.duplicated
        self.messages += other.messages

    def __str__(self) -> str:
        return (
            f"cases run             {self.cases}\n"
            f"faults injected       {self.injected}\n"
            f"invariant violations  {self.violations}\n"
            f"lost updates          {self.lost}\n"
            f"duplicated creates    {self.duplicated}"
        )


def experiments(*, quick: bool = False) -> list[Experiment]:
    """Return the whole matrix, or with `quick` a part in which every fault meets every verb."""
    every = range(1, OPERATIONS + 1)
    single = [verb for verb in VERBS if verb != "mixed"]
    found: list[Experiment] = []
    for number, case in enumerate(CASES):
        for verb in single:
            if verb == "delete" and case.kind in _ABOUT_IDS:
                continue
            nths: Iterable[int] = (1 + number * 7 % OPERATIONS,) if quick else every
            found += [Experiment(verb, case, nth) for nth in nths]
    rules = [
        Rule(action, direction, byte, connection, 0.05)
        for action in ("cut", "reset", "silence", "trickle")
        for direction in ("up", "down")
        for byte in _BYTES
        for connection in _CONNECTIONS
        # Waiting for a time-out tells the same for any connection.
        if connection == 0 or action in {"cut", "reset"}
    ]
    for number, rule in enumerate(rules):
        verbs: Sequence[str] = (single[number % 3],) if quick else single
        if not quick or number % 4 == 0:
            found += [Experiment(verb, rule) for verb in verbs]
    for number, fault in enumerate(LINE_FAULTS):
        found.append(Experiment("read", fault))
        for verb in (single[number % 3],) if quick else single:
            found += [Experiment(verb, fault, nth) for nth in ((1,) if quick else _LINE_NTHS)]
    if not quick:
        found += [Experiment("mixed", case, nth) for case in CASES for nth in (1, 2, 9, 20, 21)]
    return found


def run(chosen: Iterable[Experiment], benches: int, seeded: str | None = None) -> Figures:
    """
    Run experiments, several at a time.

    Args:
        chosen: The experiments.
        benches: How many sandboxes to share them between.
        seeded: Name of a planted bug.
    """
    transport = None if seeded is None else SEEDED[seeded]
    figures, lock = Figures(), threading.Lock()
    free: queue.SimpleQueue[LineBench] = queue.SimpleQueue()

    def one(experiment: Experiment) -> None:
        bench = free.get()
        try:
            report = bench.run(experiment)
        except Exception as error:  # noqa: BLE001 - an experiment that could not be made has shown nothing
            report = Report(violations=[f"could not be made: {type(error).__name__}: {error}"])
        finally:
            free.put(bench)
        with lock:
            figures.add(experiment, report)

    with contextlib.ExitStack() as stack:
        for _ in range(benches):
            free.put(stack.enter_context(LineBench(transport)))
        with ThreadPoolExecutor(benches) as pool:
            list(pool.map(one, chosen))
    return figures


def run_part(part: int, parts: int, quick: bool, benches: int, seeded: str | None = None) -> Figures:
    """
    Run one of several parts of the matrix, in a process of its own.

    Args:
        part: Which one, from 0.
        parts: How many there are.
        quick: Whether it is a part of the quick matrix.
        benches: How many sandboxes to share the experiments between.
        seeded: Name of a planted bug.
    """
    return run(experiments(quick=quick)[part::parts], benches, seeded)
