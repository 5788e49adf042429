"""What became of operations: applied, rejected, unknown, not sent; and who is told."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from ..errors import AccsynError
    from .plan import Operation, Plan

__all__ = ["CommitResult", "Outcome", "Recorder", "TransientRecorder"]


@attrs.frozen
class Outcome:
    """
    What became of one operation.

    Args:
        operation: The operation.
        state: `applied`, `rejected`, `unknown` or `not_sent`.
        error: Why it was not applied, or is not known to be; None for one that was.
        id: Id of the entity; for a create, the new one.
    """

    operation: Operation
    state: str = "applied"
    error: AccsynError | None = None
    id: str | None = None

    def __str__(self) -> str:
        return self.operation.title if self.error is None else f"{self.operation.title}: {self.error}"


@attrs.frozen
class CommitResult:
    """
    What became of a plan. The four are disjoint, and together they are the plan.

    Args:
        plan: The plan.
        applied: Carried out.
        rejected: Refused by the server.
        unknown: May or may not have been carried out.
        not_sent: Not sent, and still pending.
    """

    plan: Plan
    applied: tuple[Outcome, ...] = ()
    rejected: tuple[Outcome, ...] = ()
    unknown: tuple[Outcome, ...] = ()
    not_sent: tuple[Outcome, ...] = ()

    def __str__(self) -> str:
        counts = [
            f"{len(outcomes)} {name}"
            for name, outcomes in (
                ("applied", self.applied),
                ("rejected", self.rejected),
                ("unknown", self.unknown),
                ("not sent", self.not_sent),
            )
            if outcomes
        ]
        return ", ".join(counts) or "nothing to do"

    def _repr_html_(self) -> str:
        """Show in a notebook what became of the plan."""
        from .plan_html import result_html

        return result_html(self)

    @property
    def complete(self) -> bool:
        """Whether everything was applied."""
        return len(self.applied) == len(self.plan)


class Recorder(Protocol):
    """Whoever is told of each step of a run, before it happens and after."""

    def marker(self, operation: Operation) -> str:
        """Return the text by which a created entity can be told; the same for the same operation at any time."""
        ...

    def intend(self, operation: Operation) -> None:
        """Note that an operation is about to be sent. What raises here keeps it from being sent."""

    def conclude(self, outcome: Outcome) -> None:
        """Note what became of an operation."""


class TransientRecorder:
    """Remembers markers for as long as it lives, and nothing else."""

    def __init__(self) -> None:
        self._markers: dict[int, str] = {}

    def marker(self, operation: Operation) -> str:
        """Return a marker of this run."""
        return self._markers.setdefault(operation.number, str(uuid.uuid4()))

    def intend(self, operation: Operation) -> None:
        """Note nothing."""

    def conclude(self, outcome: Outcome) -> None:
        """Note nothing."""
