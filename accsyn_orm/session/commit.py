"""
The run of a plan: send → settle, and the four outcomes.

A refusal concerns its own operation and those that depend on it, and so does a value that cannot be sent.
Anything else ends the run, since what follows would meet the same: what was not sent stays pending, and so
does what may or may not have been applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import (
    AccsynError,
    AuthenticationFailed,
    CommitError,
    InvalidValue,
    RateLimited,
    ServerError,
    ServerFault,
    SessionClosed,
    SessionExpired,
    TransportError,
)
from .plan import Kind, NewEntity, Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wire.connection import Connection
    from ..wire.messages import Call
    from .plan import Plan

__all__ = ["CommitResult", "Outcome", "only_row", "run"]

# The server refuses these for reasons that hold for every other operation as well.
_ENDING = (AuthenticationFailed, RateLimited, SessionExpired)


@attrs.frozen
class Outcome:
    """
    What became of one operation.

    Args:
        operation: The operation.
        error: Why it was not applied, or not known to be; None for one that was.
        id: Id of the entity; for a create, the new one.
    """

    operation: Operation
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

    @property
    def complete(self) -> bool:
        """Whether everything was applied."""
        return len(self.applied) == len(self.plan)


class _Run:
    """One run of one plan."""

    def __init__(
        self,
        plan: Plan,
        connection: Connection,
        begin: Callable[[Operation], None],
        settle: Callable[[Operation, Any], str | None],
    ) -> None:
        self.plan = plan
        self.connection = connection
        self.begin = begin
        self.settle = settle
        self.applied: list[Outcome] = []
        self.rejected: list[Outcome] = []
        self.unknown: list[Outcome] = []
        self.not_sent: list[Outcome] = []
        self.ids: dict[int, str] = {}
        self.first_error: AccsynError | None = None

    def run(self) -> CommitResult:
        ended: AccsynError | None = None
        applied: set[int] = set()
        for operation in self.plan:
            missing = [number for number in operation.depends_on if number not in applied]
            if ended is not None or missing:
                self.not_sent.append(Outcome(operation, ended or _waits_for(operation, missing)))
                continue
            try:
                self.send(operation)
            except AccsynError as error:
                ended = self.failed(operation, error)
            else:
                applied.add(operation.number)
        return CommitResult(
            self.plan, tuple(self.applied), tuple(self.rejected), tuple(self.unknown), tuple(self.not_sent)
        )

    def send(self, operation: Operation) -> None:
        call = self.call(operation)
        self.begin(operation)
        result = self.connection.result(call)
        ident = self.settle(operation, result)
        if ident is not None:
            self.ids[operation.number] = ident
        self.applied.append(Outcome(operation, id=ident))

    def failed(self, operation: Operation, error: AccsynError) -> AccsynError | None:
        """Sort a failed operation; return the error where it ends the run."""
        self.first_error = self.first_error or error
        outcome = Outcome(operation, error, operation.id)
        if isinstance(error, InvalidValue):
            self.not_sent.append(outcome)
            return None
        if isinstance(error, ServerError) and not isinstance(error, ServerFault):
            self.rejected.append(outcome)
            return error if isinstance(error, _ENDING) else None
        sent = error.sent if isinstance(error, TransportError) else not isinstance(error, SessionClosed)
        (self.unknown if sent else self.not_sent).append(outcome)
        return error

    def call(self, operation: Operation) -> Call:
        dialect, ident = self.connection.dialect, operation.id or ""
        data = {change.attribute: self.value(change.after) for change in operation.changes}
        parent = self.value(operation.parent)
        if operation.kind is Kind.CREATE:
            return dialect.create(operation.entitytype, data, id=parent)
        if operation.kind is Kind.UPDATE and parent is not None:
            return dialect.update_many(operation.entitytype, parent, [{"id": ident, **data}])
        if operation.kind is Kind.UPDATE:
            return dialect.update(operation.entitytype, ident, data)
        if operation.kind is Kind.DELETE:
            return dialect.delete(operation.entitytype, ident)
        if operation.kind is Kind.DEACTIVATE:
            return dialect.deactivate(operation.entitytype, ident)
        return dialect.activate(operation.entitytype, ident)

    def value(self, value: Any) -> Any:
        """Put the id that an earlier operation brought where it is needed."""
        return f"{value.prefix}{self.ids[value.operation]}" if isinstance(value, NewEntity) else value


def only_row(result: Any) -> dict[str, Any] | None:
    """Return the one object of a result: itself, or the only item of a list."""
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    return result if isinstance(result, dict) else None


def _waits_for(operation: Operation, missing: list[int]) -> AccsynError:
    which = ", ".join(str(number) for number in missing)
    return AccsynError(
        f"needs operation {which} of the plan, which was not applied", entity=operation.entitytype
    )


def run(
    plan: Plan,
    connection: Connection,
    begin: Callable[[Operation], None],
    settle: Callable[[Operation, Any], str | None],
) -> CommitResult:
    """
    Send the operations of a plan, one after the other.

    Args:
        plan: The plan.
        connection: Where to.
        begin: Takes an operation that is about to be sent.
        settle: Takes an applied operation and the server's result into the session; returns the entity's id.

    Raises:
        CommitError: Not everything was applied. It carries the four outcomes.
    """
    this = _Run(plan, connection, begin, settle)
    result = this.run()
    if result.complete:
        return result
    first = this.first_error
    raise CommitError(
        f"{result} of {len(plan)}; the first: {first}",
        applied=result.applied,
        rejected=result.rejected,
        unknown=result.unknown,
        not_sent=result.not_sent,
    ) from first
