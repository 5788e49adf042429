"""The errors that carry what this room makes, as type checkers see them; at run time those of `errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import errors

if TYPE_CHECKING:
    from .conflicts import ConflictingChange
    from .outcomes import Outcome

__all__ = ["CommitError", "Conflict"]

# The room of errors stands above this one and cannot name what is made here.
if TYPE_CHECKING:

    class CommitError(errors.CommitError):
        """A commit did not apply everything."""

        applied: tuple[Outcome, ...]
        rejected: tuple[Outcome, ...]
        unknown: tuple[Outcome, ...]
        not_sent: tuple[Outcome, ...]

    class Conflict(errors.Conflict):
        """Somebody else changed what is about to be changed; nothing was sent."""

        conflicts: tuple[ConflictingChange, ...]

else:
    CommitError = errors.CommitError
    Conflict = errors.Conflict
