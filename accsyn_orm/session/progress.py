"""How far a commit is: told to a function, or shown by a bar."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigurationError
from ..queryset.bars import bar_of, check_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .outcomes import Outcome

__all__ = ["Progress", "check_progress", "told_of_outcomes"]

Progress: TypeAlias = "bool | Callable[[Outcome], None] | None"

_INSTEAD = "a function that takes each outcome"


def check_progress(progress: Progress) -> None:
    """
    Refuse a bar that cannot be shown, before anything else happens.

    Raises:
        ConfigurationError: It is True, and neither rich nor tqdm is installed; or it is nothing of the kind.
    """
    if progress is True:
        check_library(_INSTEAD)
    elif progress and not callable(progress):
        raise ConfigurationError(
            f"progress is {progress!r}; it must be True for a bar, False, or a function that takes an outcome"
        )


@contextlib.contextmanager
def told_of_outcomes(progress: Progress, total: int) -> Iterator[Callable[[Outcome], None] | None]:
    """
    Give a block what it has to tell of each outcome: the caller's own function, that of a bar, or None.

    Args:
        progress: True for a bar, a function, or False or None.
        total: How many outcomes there will be.

    Raises:
        ConfigurationError: As `check_progress`.
    """
    check_progress(progress)
    if progress is True:
        with bar_of("commit", total, _columns, _INSTEAD) as advance:

            def told(_: Outcome) -> None:
                advance()

            yield told
    else:
        yield progress or None


def _columns(module: Any) -> tuple[Any, ...]:
    return (*module.Progress.get_default_columns(), module.MofNCompleteColumn())
