"""A bench whose experiments may also spoil the line: certificates, proxies, names, redirects."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from accsyn_orm.errors import AccsynError, DeadlineExceeded, TransportError

from .bench import Bench, Experiment, Report
from .lines import PASSWORD, Line, LineFault, Rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from accsyn_orm import Session

__all__ = ["LineBench"]

_MOST_ATTEMPTS = 3


class LineBench(Bench):
    """One sandbox with every kind of line to it."""

    line: Line | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        self.rig = self._stack.enter_context(Rig(self.sandbox.port))
        self.secrets.append(PASSWORD)
        return self

    def run(self, experiment: Experiment) -> Report:
        """Carry out an experiment; one that reads lists the jobs on a line that is bad, and again when it works."""
        if experiment.verb != "read":
            return super().run(experiment)
        report = Report()
        ids = self.reset()
        with self.session(experiment) as session:
            self.inject(experiment)
            before = len(self.sandbox.requests)
            try:
                session.find("job", attributes=["id"])
                report.violations.append("a read came through a line that was bad")
            except AccsynError as error:
                self.check_secrets(error, report, "read")
                self._check_error(error, report)
            report.violations += [] if len(self.sandbox.requests) == before else ["the server was asked"]
            self.settle_down(experiment, report)
            if {row["id"] for row in session.find("job", attributes=["id"]) or ()} != set(ids):
                report.violations.append("a read on a line that works again is wrong")
        return report

    @contextlib.contextmanager
    def session(self, experiment: Experiment) -> Iterator[Session]:
        """Sign in on a line that works."""
        fault = experiment.trouble
        if not isinstance(fault, LineFault):
            with super().session(experiment) as session:
                yield session
            return
        self.rig.mend()
        self.line = Line(self.rig, fault)
        with contextlib.closing(self.line):
            try:
                yield self.open(self.line.url, self.line)
            finally:
                self.line.mend()
                self.line = None

    def inject(self, experiment: Experiment) -> None:
        """Let the line go bad."""
        if self.line is None:
            super().inject(experiment)
            return
        self.sandbox.requests.clear()
        self.line.spoil_at(experiment.nth)

    def examine(self, experiment: Experiment, report: Report, result: Any) -> None:
        """Check what only holds where the line was bad from the first request of a commit on."""
        if self.line is None or experiment.nth != 1 or not isinstance(experiment.trouble, LineFault):
            return
        if self.sandbox.requests:
            report.violations.append("the server was asked")
        outcomes = [] if result is None else [*result.rejected, *result.unknown, *result.not_sent]
        if result is not None and result.applied:
            report.violations.append("something is reported applied")
        for outcome in outcomes:
            if outcome.error is not None:
                self._check_error(outcome.error, report)
        if result is not None and experiment.trouble.kind != "redirect" and result.unknown:
            report.violations.append("what certainly was not sent is reported unknown")
        if self.line.spoiled_sends > _MOST_ATTEMPTS * len(outcomes):
            report.violations.append("it was tried more than three times")

    def settle_down(self, experiment: Experiment, report: Report) -> None:
        """Mend the line."""
        line = self.line
        if line is None:
            super().settle_down(experiment, report)
            return
        report.fired = int(line.spoiled_sends > 0)
        if experiment.nth == 1:
            report.violations += line.violations()
        line.mend()

    def _check_error(self, error: BaseException, report: Report) -> None:
        fault = None if self.line is None else self.line.fault
        if fault is None:
            return
        # On a busy machine, the deadline may come before the fault.
        if not isinstance(error, (fault.expected, DeadlineExceeded)):
            report.violations.append(f"{type(error).__name__} in place of {fault.expected.__name__}: {error}")
        if isinstance(error, TransportError) and error.sent and fault.kind != "redirect":
            report.violations.append(f"{type(error).__name__} says that it may have been sent")
