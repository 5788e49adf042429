"""Undoing: settle what is open, invert what was applied, and send that with a journal of its own."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import attrs

from ..session.journal import Journal
from ..session.progress import check_progress
from .inverse import Kept, invert
from .resuming import finish, settle_open
from .steps import Origin, journal_paths, undo_path

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from ..session import Session
    from ..session.outcomes import CommitResult
    from ..session.plan import Plan
    from ..session.progress import Progress

__all__ = ["Undone", "undo"]


@attrs.frozen
class Undone:
    """
    What became of taking back one step.

    Args:
        title: Title of the step.
        plan: What takes it back.
        kept: What is left as it is, and why.
        result: What was sent; None where it was not agreed to.
    """

    title: str
    plan: Plan
    kept: tuple[Kept, ...] = ()
    result: CommitResult | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left of the step."""
        return self.result is not None and self.result.complete and not self.kept


def undo(
    session: Session,
    path: str | os.PathLike[str],
    *,
    agree: Callable[[Undone], bool] | None = None,
    workers: int = 8,
    progress: Progress = None,
) -> list[Undone]:
    """
    Take back what a run applied, the last step first; an interrupted undo is gone on with.

    Updates are set back to what was there before, what was created is deleted, what was deactivated is activated and
    the other way round; each only where the server still has what was written. Deletions cannot be undone.

    Args:
        session: An open session without pending changes, signed in to the workspace of the journal.
        path: The journal of the first step.
        agree: Is shown what would be sent for a step, and what would be left, and says whether to go on.
        workers: How many requests are in flight at most.
        progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

    Returns:
        What became of each step; an undo that was interrupted keeps its plan, and what it left.

    Raises:
        JournalError: The journal is in use, torn, or of another workspace.
        CommitError: Not everything was taken back; the same call goes on with the rest.
    """
    check_progress(progress)
    undone = []
    with contextlib.ExitStack() as held:
        paths = journal_paths(path)
        journals = [held.enter_context(Journal.open(each, workspace=session.workspace)) for each in paths]
        for journal in reversed(journals):
            step = _undo_step(session, journal, agree, workers, progress)
            undone.append(step)
            if step.result is None:
                break
    return undone


def _undo_step(
    session: Session,
    journal: Journal,
    agree: Callable[[Undone], bool] | None,
    workers: int,
    progress: Progress,
) -> Undone:
    title = Origin.from_notes(journal.notes).title
    path = undo_path(journal.path)
    if path.exists():
        with Journal.open(path, workspace=session.workspace) as begun:
            kept = tuple(Kept(*each) for each in json.loads(begun.notes.get("kept", "[]")))
            return Undone(title, begun.plan, kept, finish(session, begun, workers, progress))
    settle_open(session, journal)
    plan, kept = invert(session, journal)
    proposed = Undone(title, plan, kept)
    if agree is not None and not agree(proposed):
        return proposed
    notes = {"kept": json.dumps([[each.title, each.reason] for each in kept])}
    with Journal.create(path, plan, notes=notes) as fresh:
        return attrs.evolve(proposed, result=finish(session, fresh, workers, progress))
