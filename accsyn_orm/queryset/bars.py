"""A bar on standard error that shows how far something is: by rich where it is installed, else by tqdm."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["RowProgress", "bar_of", "check_library", "told_of_rows"]

RowProgress: TypeAlias = "bool | Callable[[int], object] | None"

_INSTEAD = "a function that takes a number of rows"


@contextlib.contextmanager
def told_of_rows(progress: RowProgress, what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    """
    Give a block the function that it tells how many rows more there are.

    Args:
        progress: True for a bar; a function, which is told how many there are in all; False or None for nothing.
        what: What the rows are, for the bar.
        total: How many there will be at most, where that is known: the wire has no count.

    Raises:
        ConfigurationError: It is True and neither rich nor tqdm is installed, or it is nothing of the kind.
    """
    if not progress:
        yield lambda _: None
    elif progress is True:
        with bar_of(what, total, _columns, _INSTEAD) as advance:
            yield advance
    elif callable(progress):
        yield _Counting(progress)
    else:
        raise ConfigurationError(f"progress is {progress!r}; it must be True for a bar, False, or {_INSTEAD}")


class _Counting:
    """
    Adds up what it is told.

    Args:
        told: Takes the sum.
    """

    def __init__(self, told: Callable[[int], object]) -> None:
        self._told = told
        self._count = 0

    def __call__(self, more: int) -> None:
        self._count += more
        self._told(self._count)


def check_library(instead: str) -> tuple[str, Any]:
    """
    Return the library that shows bars, by name, and its module.

    Args:
        instead: The function that may be given in place of a bar, for the message.

    Raises:
        ConfigurationError: Neither rich nor tqdm is installed.
    """
    for name, module in (("rich", "rich.progress"), ("tqdm", "tqdm")):
        with contextlib.suppress(ImportError):
            return name, importlib.import_module(module)
    raise ConfigurationError(
        "progress=True shows a bar with the library rich or tqdm, and neither is installed: pip install"
        f" 'accsyn-orm[cli]', or give {instead}"
    )


@contextlib.contextmanager
def bar_of(
    what: str, total: int | None, columns: Callable[[Any], Iterable[Any]], instead: str
) -> Iterator[Callable[..., object]]:
    """
    Show a bar for a block, and give it the function that moves the bar on: by one, or by a number.

    Args:
        what: What is counted.
        total: How many there will be, where that is known.
        columns: Takes the module `rich.progress`; returns what its bar shows. tqdm has a form of its own.
        instead: See `check_library`.

    Raises:
        ConfigurationError: As `check_library`.
    """
    library, module = check_library(instead)
    if library == "rich":
        console = importlib.import_module("rich.console").Console(stderr=True)
        with module.Progress(*columns(module), console=console) as shown:
            task = shown.add_task(what, total=total)
            yield lambda more=1: shown.advance(task, more)
    else:
        with module.tqdm(total=total, desc=what, file=sys.stderr) as shown:
            yield shown.update


def _columns(module: Any) -> tuple[Any, ...]:
    return (
        module.SpinnerColumn(),
        module.TextColumn("{task.description}"),
        module.BarColumn(),
        module.MofNCompleteColumn(),
        module.TimeElapsedColumn(),
    )
