"""A bar on standard error that shows how far a commit is: by rich where it is installed, else by tqdm."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .outcomes import Outcome

__all__ = ["Progress", "check_progress", "told_of_outcomes"]

Progress: TypeAlias = "bool | Callable[[Outcome], None] | None"


def check_progress(progress: Progress) -> None:
    """
    Refuse a bar that cannot be shown, before anything else happens.

    Raises:
        ConfigurationError: It is True, and neither rich nor tqdm is installed; or it is nothing of the kind.
    """
    if progress is True:
        _library()
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
        library, module = _library()
        with (_rich_bar if library == "rich" else _tqdm_bar)(module, total) as advance:

            def told(_: Outcome) -> None:
                advance()

            yield told
    else:
        yield progress or None


def _library() -> tuple[str, Any]:
    for name, module in (("rich", "rich.progress"), ("tqdm", "tqdm")):
        with contextlib.suppress(ImportError):
            return name, importlib.import_module(module)
    raise ConfigurationError(
        "progress=True shows a bar with the library rich or tqdm, and neither is installed: pip install"
        " 'accsyn-orm[cli]', or give a function that takes each outcome"
    )


@contextlib.contextmanager
def _rich_bar(module: Any, total: int) -> Iterator[Callable[[], object]]:
    console = importlib.import_module("rich.console").Console(stderr=True)
    columns = (*module.Progress.get_default_columns(), module.MofNCompleteColumn())
    with module.Progress(*columns, console=console) as bar:
        task = bar.add_task("commit", total=total)
        yield lambda: bar.advance(task)


@contextlib.contextmanager
def _tqdm_bar(module: Any, total: int) -> Iterator[Callable[[], object]]:
    with module.tqdm(total=total, desc="commit", file=sys.stderr) as bar:
        yield bar.update
