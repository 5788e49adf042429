"""How far a run is: read from its journals, without a session."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from ..session import journal_file
from ..session.journal import Journal
from .steps import Origin, journal_paths, undo_path

if TYPE_CHECKING:
    import os
    import pathlib

    from ..session.journal import Entry

__all__ = ["Status", "StepStatus", "status"]


@attrs.frozen
class StepStatus:
    """
    How far one step is.

    Args:
        path: Its journal.
        title: Its title; empty for a plain commit.
        plan: Its plan in a line.
        counts: How many operations are in which state.
        trouble: `(operation, entry)` of each that was rejected, or may or may not have been applied.
        undo: How many operations of its undo are in which state; None where none was begun.
    """

    path: pathlib.Path
    title: str
    plan: str
    counts: dict[str, int]
    trouble: tuple[tuple[str, Entry], ...]
    undo: dict[str, int] | None = None

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.title or 'a commit'}", f"  {self.plan}", f"  {_counted(self.counts)}"]
        for title, entry in self.trouble:
            lines.append(f"  {entry.state}: {title}{': ' if entry.message else ''}{entry.message}")
        if self.undo is not None:
            lines.append(f"  undo: {_counted(self.undo)}")
        return "\n".join(lines)


@attrs.frozen
class Status:
    """
    How far a run is.

    Args:
        workspace: Code of the workspace.
        steps: The steps that were begun.
        planned: How many steps there are.
        running: Whether some process works on it right now.
    """

    workspace: str
    steps: tuple[StepStatus, ...]
    planned: int
    running: bool

    @property
    def complete(self) -> bool:
        """Whether every operation of every step was applied."""
        return len(self.steps) == self.planned and not any(
            set(each.counts) - {"applied"} for each in self.steps
        )

    @property
    def unknown(self) -> int:
        """How many operations may or may not have been applied."""
        return sum(each.counts.get(name, 0) for each in self.steps for name in ("intended", "unknown"))

    def __str__(self) -> str:
        left = self.planned - len(self.steps)
        lines = [f"workspace {self.workspace}", *(str(each) for each in self.steps)]
        lines += [f"{left} of {self.planned} steps were not begun"] if left else []
        lines += ["a process works on it right now"] if self.running else []
        return "\n".join(lines)


def status(path: str | os.PathLike[str]) -> Status:
    """
    Return how far a run is; no I/O but reading its journals, which may be in use.

    Args:
        path: The journal of the first step.

    Raises:
        JournalError: It is missing, torn, or no journal.
    """
    paths = journal_paths(path)
    steps = tuple(_step(each) for each in paths)
    with Journal.read(paths[0]) as first:
        running = any(journal_file.is_in_use(each) for each in paths)
        return Status(first.workspace, steps, Origin.from_notes(first.notes).steps, running)


def _step(path: pathlib.Path) -> StepStatus:
    undo = undo_path(path)
    journal = Journal.read(path)
    titles = {operation.number: operation.title for operation in journal.plan}
    entries = journal.states().values()
    trouble = tuple((titles[each.number], each) for each in entries if each.open or each.state == "rejected")
    return StepStatus(
        path,
        Origin.from_notes(journal.notes).title,
        journal.plan.summary,
        _counts(journal),
        trouble,
        _counts(Journal.read(undo)) if undo.exists() else None,
    )


def _counts(journal: Journal) -> dict[str, int]:
    return dict(Counter(entry.state for entry in journal.states().values()))


def _counted(counts: dict[str, int]) -> str:
    return (
        ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items()) or "nothing to do"
    )
