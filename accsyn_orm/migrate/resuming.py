"""Resuming: skip what was applied, find out what is open, send the rest; then the steps that were not begun."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import attrs

from ..errors import JournalError
from ..session.journal import Journal
from ..session.outcomes import CommitResult, Outcome
from ..session.plan import Plan
from ..session.raised import CommitError
from .runner import Run, Runner
from .script import Migration
from .steps import Origin, check_script, journal_paths, script_of, undo_path

if TYPE_CHECKING:
    import os

    from ..session import Session
    from ..session.progress import Progress
    from .runner import Agree

__all__ = ["finish", "resume", "settle_open"]


def resume(
    session: Session,
    path: str | os.PathLike[str],
    *,
    agree: Agree | None = None,
    workers: int = 8,
    progress: Progress = None,
) -> list[Run]:
    """
    Go on with a run that was interrupted, or that was not wholly applied.

    What was applied is not sent again. What may have been is looked up. Everything else is sent, what was rejected
    included; and steps of the script that were not begun are run.

    Args:
        session: An open session without pending changes, signed in to the workspace of the journal.
        path: The journal of the first step.
        agree: Is shown the plan of each step that was not begun, unless the first run was not to ask either. Where it
            is needed and not given, such steps are refused.
        workers: How many requests are in flight at most.
        progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

    Returns:
        What became of each step.

    Raises:
        JournalError: It is in use, torn, of another workspace, its script was changed, or it is being undone.
        CommitError: Not everything was applied.
    """
    runs = []
    with contextlib.ExitStack() as held:
        paths = journal_paths(path)
        journals = [held.enter_context(Journal.open(each, workspace=session.workspace)) for each in paths]
        origin = Origin.from_notes(journals[-1].notes)
        for each in journals:
            if undo_path(each.path).exists():
                raise JournalError(
                    f"the journal {each.path} is being undone: go on with that, with migrate undo"
                )
        check_script(origin, journals[0].path)
        for each in journals:
            title = Origin.from_notes(each.notes).title
            runs.append(Run(Migration(title, _nothing), each.plan, finish(session, each, workers, progress)))
        if origin.step < origin.steps:
            runs += _rest(session, path, origin, agree, workers, progress)
    return runs


def _rest(
    session: Session,
    path: str | os.PathLike[str],
    origin: Origin,
    agree: Agree | None,
    workers: int,
    progress: Progress,
) -> list[Run]:
    """Run the steps that no journal was begun for."""
    script = script_of(origin)
    if script is None or len(script) != origin.steps:
        raise JournalError(
            f"steps {origin.step + 1} to {origin.steps} of the run of {path} were never begun, and it was made by no"
            f" script that could be run again: run them with a journal of their own"
        )
    if not origin.asks:
        agree = _accept
    agree = agree or _refuse
    return Runner(session, script.migrations, script, agree, path, workers, origin.asks, progress).run(
        origin.step + 1
    )


def _nothing(_: Session) -> None:
    """Do nothing: the plan of a step that was begun stands in its journal."""


def _accept(_: Migration, __: Plan) -> bool:
    return True


def _refuse(migration: Migration, plan: Plan) -> bool:
    raise JournalError(
        f"the step {migration.title!r} was not begun, and its plan ({plan.summary}) has to be agreed to: give agree="
    )


def settle_open(session: Session, journal: Journal) -> None:
    """Find out what became of the operations that may or may not have been applied, and note it."""
    entries = journal.states()
    ids = {number: entry.id for number, entry in entries.items() if entry.state == "applied" and entry.id}
    for operation in journal.plan:
        entry = entries[operation.number]
        if not entry.open:
            continue
        outcome = session.settle(operation, entry.marker, ids)
        journal.conclude(outcome)
        if outcome.state == "applied" and outcome.id:
            ids[operation.number] = outcome.id


def finish(session: Session, journal: Journal, workers: int = 8, progress: Progress = None) -> CommitResult:
    """
    Bring the plan of a journal to its end.

    Args:
        session: An open session.
        journal: An open journal.
        workers: How many requests are in flight at most.
        progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

    Raises:
        CommitError: Not everything was applied.
    """
    settle_open(session, journal)
    entries = journal.states()
    done = {number: entry.id for number, entry in entries.items() if entry.state == "applied"}
    held_back = _held_back(journal.plan, {number for number, entry in entries.items() if entry.open})
    if len(done) == len(journal.plan):
        return _whole(journal, done, CommitResult(journal.plan), {})
    rest = Plan(journal.workspace, tuple(each for each in journal.plan if each.number not in held_back))
    error: CommitError | None = None
    try:
        result = session.execute(rest, recorder=journal, workers=workers, done=done, progress=progress)
    except CommitError as raised:
        error = raised
        result = CommitResult(rest, raised.applied, raised.rejected, raised.unknown, raised.not_sent)
    whole = _whole(journal, done, result, held_back)
    if whole.complete:
        return whole
    raise CommitError(
        f"{whole} of {len(whole.plan)}"
        + (f"; the first: {error.__cause__}" if error and error.__cause__ else ""),
        applied=whole.applied,
        rejected=whole.rejected,
        unknown=whole.unknown,
        not_sent=whole.not_sent,
    ) from (error and error.__cause__)


def _held_back(plan: Plan, unknown: set[int]) -> dict[int, str]:
    """Return what must not be sent while some operations are unknown: these, and what depends on them."""
    states = dict.fromkeys(unknown, "unknown")
    for operation in plan:
        if operation.number not in states and any(number in states for number in operation.depends_on):
            states[operation.number] = "not_sent"
    return states


def _whole(
    journal: Journal, done: dict[int, str | None], result: CommitResult, held_back: dict[int, str]
) -> CommitResult:
    """Return the outcomes of the whole plan: those from before, those of this time, and those held back."""
    sorted_out: dict[str, list[Outcome]] = {"applied": [], "rejected": [], "unknown": [], "not_sent": []}
    now = {
        outcome.operation.number: outcome
        for outcomes in (result.applied, result.rejected, result.unknown, result.not_sent)
        for outcome in outcomes
    }
    entries = journal.states()
    for operation in journal.plan:
        number = operation.number
        if number in done:
            outcome = Outcome(operation, "applied", None, done[number])
        elif number in held_back:
            outcome = Outcome(
                operation, held_back[number], _reason(entries[number].message, held_back[number])
            )
        else:
            outcome = attrs.evolve(now[number], operation=operation)
        sorted_out[outcome.state].append(outcome)
    return CommitResult(journal.plan, **{name: tuple(outcomes) for name, outcomes in sorted_out.items()})


def _reason(message: str, state: str) -> JournalError:
    if state == "not_sent":
        return JournalError("needs an operation of which it is not known whether it was applied")
    return JournalError(message or "it is not known whether it was applied, and the server does not tell")
