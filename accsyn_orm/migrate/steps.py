"""
The journals of a run: one per step, side by side.

The first step's journal has the name that was given, the others a number after it: `PATH`, `PATH.2`, `PATH.3`. A
step's plan depends on what the steps before it did, so a journal can only be made once they are through. What undoes a
step has a journal of its own, `PATH.undo`, `PATH.2.undo`.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import attrs

from ..errors import JournalError
from ..session.journal import Journal
from .script import Script, digest_of, load_script

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from .script import Migration

__all__ = ["Origin", "check_script", "journal_paths", "refuse_existing", "step_path", "undo_path"]


@attrs.frozen
class Origin:
    """
    What a journal remembers of the run that made it.

    Args:
        title: Title of the step.
        step: Its number, from 1.
        steps: How many steps there are.
        script: Path of the script; empty where the steps came from no file.
        digest: SHA-256 of the script.
        asks: Whether each plan is to be agreed to.
    """

    title: str = ""
    step: int = 1
    steps: int = 1
    script: str = ""
    digest: str = ""
    asks: bool = True

    @classmethod
    def of(cls, migration: Migration, step: int, steps: int, script: Script | None, *, asks: bool) -> Origin:
        """Return what is to be remembered of a step."""
        return cls(
            migration.title, step, steps, script.path if script else "", script.digest if script else "", asks
        )

    @classmethod
    def from_notes(cls, notes: Mapping[str, str]) -> Origin:
        """Return what stands in the notes of a journal; those of a plain commit have none."""
        if "step" not in notes:
            return cls()
        return cls(
            notes["title"],
            int(notes["step"]),
            int(notes["steps"]),
            notes["script"],
            notes["digest"],
            notes["asks"] == "yes",
        )

    @property
    def notes(self) -> dict[str, str]:
        """The same as the notes of a journal."""
        return {
            "title": self.title,
            "step": str(self.step),
            "steps": str(self.steps),
            "script": self.script,
            "digest": self.digest,
            "asks": "yes" if self.asks else "no",
        }


def step_path(path: str | os.PathLike[str], step: int) -> pathlib.Path:
    """Return where the journal of a step is, given that of the first."""
    first = pathlib.Path(path)
    return first if step == 1 else first.with_name(f"{first.name}.{step}")


def undo_path(path: pathlib.Path) -> pathlib.Path:
    """Return where the journal of what undoes a step is."""
    return path.with_name(f"{path.name}.undo")


def refuse_existing(path: str | os.PathLike[str], steps: int) -> None:
    """
    Refuse to begin where a journal of some earlier run is.

    Raises:
        JournalError: One of the names that the run may need is taken.
    """
    for step in range(1, steps + 1):
        for name in (step_path(path, step), undo_path(step_path(path, step))):
            if name.exists():
                raise JournalError(f"the journal {name} exists already: resume it, or name another file")


def journal_paths(path: str | os.PathLike[str]) -> list[pathlib.Path]:
    """
    Return the journals of a run that exist, in the order of the steps.

    Raises:
        JournalError: The first is missing, torn, or no journal.
    """
    with Journal.read(path) as first:
        steps = Origin.from_notes(first.notes).steps
    paths = [pathlib.Path(path)]
    for step in range(2, steps + 1):
        if not step_path(path, step).exists():
            break
        paths.append(step_path(path, step))
    return paths


def check_script(origin: Origin, journal: pathlib.Path) -> None:
    """
    Refuse to go on with a script that is no longer what it was.

    Raises:
        JournalError: It was changed since the journal began.
        ConfigurationError: It cannot be read, and steps of it are still to come.
    """
    if not origin.script:
        return
    path = pathlib.Path(origin.script)
    if not path.exists() and origin.step == origin.steps:
        return
    if digest_of(path) != origin.digest:
        raise JournalError(
            f"the script {path} was changed since the journal {journal} began: put it back as it was, or undo what was"
            f" done and run the new one with a journal of its own"
        )


def script_of(origin: Origin) -> Script | None:
    """Return the script that made a journal, where it came from a file."""
    return load_script(origin.script) if origin.script else None
