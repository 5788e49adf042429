"""
The run of a plan: intend → send → conclude, several operations at a time, and the four outcomes.

A refusal concerns its own operation and those that depend on it, and so does a value that cannot be sent. Anything
else ends the run, since what follows would meet the same: what was not sent stays pending, and so does what may or
may not have been applied. An update, a deletion or an (de)activation without an answer is looked up and, where the
server shows no trace of it, sent again; a creation is only looked up.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..errors import (
    AccsynError,
    AuthenticationFailed,
    BudgetExceeded,
    CommitError,
    DuplicateDetected,
    InvalidValue,
    ProtocolError,
    RateLimited,
    ServerError,
    ServerFault,
    SessionClosed,
    SessionExpired,
    TransportError,
)
from ..wire.clock import end_pauses_with
from .outcomes import CommitResult, Outcome
from .plan import Kind
from .progress import told_of_outcomes
from .settling import call_for, find_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future, ThreadPoolExecutor

    from ..wire.messages import Call
    from .outcomes import Recorder
    from .plan import Operation, Plan
    from .progress import Progress
    from .settling import Caller

__all__ = ["CommitResult", "Outcome", "new_id", "only_row", "run"]

# The server refuses these for reasons that hold for every other operation as well.
_ENDING = (AuthenticationFailed, RateLimited, SessionExpired)
# How often an operation that left no trace is sent again.
_RESENDS = 2


class _Run:
    """One run of one plan. Only `attempt` runs on other threads."""

    def __init__(
        self,
        plan: Plan,
        connection: Caller,
        recorder: Recorder,
        settle: Callable[[Operation, Any], str | None],
        done: Mapping[int, str | None],
        progress: Callable[[Outcome], None] | None,
    ) -> None:
        self.plan = plan
        self.connection = connection
        self.recorder = recorder
        self.settle = settle
        self.progress = progress
        self.outcomes: dict[int, Outcome] = {}
        self.ids: dict[int, str] = {}
        self.first_error: AccsynError | None = None
        self.ended: AccsynError | None = None
        # By number: a plan that is resumed may have gaps.
        self.kinds = {operation.number: operation.kind for operation in plan}
        for operation in plan:
            if operation.number in done:
                ident = done[operation.number]
                self.outcomes[operation.number] = Outcome(operation, id=ident)
                self.ids |= {} if ident is None else {operation.number: ident}

    # In order, one at a time

    def one_by_one(self) -> None:
        for operation in self.plan:
            if self.may_start(operation):
                self.recorder.intend(operation)
                self.finish(operation, self.guarded(operation))

    # Several at a time

    def side_by_side(self, workers: int) -> None:
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        waiting = [operation for operation in self.plan if operation.number not in self.outcomes]
        flying: dict[Future[Any], Operation] = {}
        over = threading.Event()
        pool = ThreadPoolExecutor(workers, "accsyn_orm-commit", initializer=end_pauses_with, initargs=(over,))
        try:
            while waiting or flying:
                self.start_ready(waiting, flying, pool, workers)
                if not flying:
                    continue
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    self.finish(flying.pop(future), future.result())
        finally:
            # Whatever interrupts: what is in flight is waited for and noted, what waits is not started, and nobody
            # waits for the rate limit or to try again.
            over.set()
            pool.shutdown(wait=True, cancel_futures=True)
            for future, operation in flying.items():
                if future.cancelled():
                    self.note(
                        Outcome(
                            operation, "not_sent", AccsynError("the commit was interrupted"), operation.id
                        )
                    )
                else:
                    self.finish(operation, future.result())

    def start_ready(
        self,
        waiting: list[Operation],
        flying: dict[Future[Any], Operation],
        pool: ThreadPoolExecutor,
        workers: int,
    ) -> None:
        held_back: list[Operation] = []
        unfinished = {operation.number for operation in flying.values()}
        for index, operation in enumerate(waiting):
            if len(flying) >= workers or self.waits(operation, unfinished):
                held_back.append(operation)
                unfinished.add(operation.number)
                if len(flying) >= workers or operation.kind in (Kind.DELETE, Kind.ACTIVATE, Kind.DEACTIVATE):
                    held_back += waiting[index + 1 :]
                    break
            elif self.may_start(operation):
                self.recorder.intend(operation)
                flying[pool.submit(self.guarded, operation)] = operation
                unfinished.add(operation.number)
        waiting[:] = held_back

    def waits(self, operation: Operation, unfinished: set[int]) -> bool:
        """Whether an operation has to wait: for those that it depends on, and deletions for whatever came before."""
        if not unfinished.isdisjoint(operation.depends_on):
            return True
        return operation.kind is Kind.DELETE and any(
            number < operation.number and self.kinds[number] is not Kind.DELETE for number in unfinished
        )

    # One operation

    def may_start(self, operation: Operation) -> bool:
        """Whether an operation is to be sent; where not, note that it was not."""
        if operation.number in self.outcomes:
            return False
        missing = [
            number
            for number in operation.depends_on
            if number not in self.outcomes or self.outcomes[number].state != "applied"
        ]
        if self.ended is None and not missing:
            return True
        self.note(Outcome(operation, "not_sent", self.ended or _waits_for(operation, missing), operation.id))
        return False

    def guarded(self, operation: Operation) -> Any:
        """Send an operation; return the server's result, or the error."""
        try:
            return self.attempt(operation)
        except AccsynError as error:
            return error

    def attempt(self, operation: Operation) -> Any:
        marker = self.recorder.marker(operation)
        call = call_for(operation, self.connection, self.ids, marker)
        tries = 0 if operation.kind is Kind.CREATE else _RESENDS
        resent = False
        while True:
            try:
                return self.send(operation, call)
            except AccsynError as error:
                # What was sent before may have been applied since, and be the reason of a refusal: a delete that
                # finds nothing any more.
                if not (_may_be_applied(error) or (resent and isinstance(error, ServerError))):
                    raise
                settled = find_out(operation, self.connection, self.ids, marker)
                if settled.state == "applied":
                    return settled.row if settled.row is not None else {}
                if isinstance(settled.error, DuplicateDetected):
                    raise settled.error from error
                if settled.state == "unknown" or tries == 0 or not _may_be_applied(error):
                    raise
                tries -= 1
                resent = True

    def send(self, operation: Operation, call: Call) -> Any:
        result = self.connection.result(call)
        if operation.kind is Kind.CREATE:
            new_id(operation, result)  # now, while the entity can still be looked up by its marker
        return result

    def finish(self, operation: Operation, result: Any) -> None:
        error = result if isinstance(result, AccsynError) else None
        ident = operation.id
        if error is None:
            try:
                ident = self.settle(operation, result)
            except ProtocolError as unusable:
                error = unusable
        if error is not None:
            self.failed(operation, error)
            return
        if ident is not None:
            self.ids[operation.number] = ident
        self.note(Outcome(operation, id=ident))

    def failed(self, operation: Operation, error: AccsynError) -> None:
        """Sort a failed operation, and end the run where the error would meet the others as well."""
        self.first_error = self.first_error or error
        if isinstance(error, InvalidValue):
            state, ends = "not_sent", False
        elif _may_be_applied(error) or isinstance(error, DuplicateDetected):
            state, ends = "unknown", True
        elif isinstance(error, ServerError):
            state, ends = "rejected", isinstance(error, _ENDING)
        else:
            state, ends = "not_sent", True
        if ends and self.ended is None:
            self.ended = error
        self.note(Outcome(operation, state, error, operation.id))

    def note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.operation.number] = outcome
        self.recorder.conclude(outcome)
        if self.progress is not None:
            self.progress(outcome)

    def result(self) -> CommitResult:
        def of(state: str) -> tuple[Outcome, ...]:
            found = (self.outcomes.get(operation.number) for operation in self.plan)
            return tuple(outcome for outcome in found if outcome is not None and outcome.state == state)

        return CommitResult(self.plan, of("applied"), of("rejected"), of("unknown"), of("not_sent"))


def _may_be_applied(error: AccsynError) -> bool:
    """Whether a request that failed so may have been carried out all the same."""
    if isinstance(error, TransportError):
        return error.sent
    return isinstance(error, (ServerFault, ProtocolError)) or not isinstance(
        error, (ServerError, InvalidValue, SessionClosed, BudgetExceeded, DuplicateDetected)
    )


def only_row(result: Any) -> dict[str, Any] | None:
    """Return the one object of a result: itself, or the only item of a list."""
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    return result if isinstance(result, dict) else None


def new_id(operation: Operation, result: Any) -> str:
    """
    Return the id of what was created.

    Raises:
        ProtocolError: The answer says that it worked, and not what came of it; documented for tasks.
    """
    ident = (only_row(result) or {}).get("id")
    if not isinstance(ident, str):
        raise ProtocolError(f"{operation.title}: the server answered without the new entity's id")
    return ident


def _waits_for(operation: Operation, missing: list[int]) -> AccsynError:
    which = ", ".join(str(number) for number in missing)
    return AccsynError(
        f"needs operation {which} of the plan, which was not applied", entity=operation.entitytype
    )


def run(
    plan: Plan,
    connection: Caller,
    recorder: Recorder,
    settle: Callable[[Operation, Any], str | None],
    *,
    workers: int = 8,
    done: Mapping[int, str | None] | None = None,
    progress: Progress = None,
) -> CommitResult:
    """
    Send the operations of a plan.

    Args:
        plan: The plan.
        connection: Where to.
        recorder: Is told of each operation before it is sent, and after.
        settle: Takes an applied operation and the server's result into the session; returns the entity's id. It runs
            on the calling thread.
        workers: How many requests are in flight at most; 1 sends in the order of the plan.
        done: Operations that were applied before, by number, with the id of the entity.
        progress: Is told of each outcome; True shows a bar.

    Raises:
        CommitError: Not everything was applied. It carries the four outcomes.
        ConfigurationError: A bar is asked for, and the library for it is missing; nothing was sent.
    """
    done = done or {}
    workers = min(workers, len(plan))
    with told_of_outcomes(progress, len(plan) - len(done)) as told:
        this = _Run(plan, connection, recorder, settle, done, told)
        if workers <= 1:
            this.one_by_one()
        else:
            this.side_by_side(workers)
    result = this.result()
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
