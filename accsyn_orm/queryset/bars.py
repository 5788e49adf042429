"""A bar on standard error that shows how far a listing is: by rich where it is installed, else by tqdm."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RowProgress", "told_of_rows"]

RowProgress: TypeAlias = "bool | Callable[[int], object] | None"


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
        library, module = _library()
        with (_rich_bar if library == "rich" else _tqdm_bar)(module, what, total) as advance:
            yield advance
    elif callable(progress):
        yield _Counting(progress)
    else:
        raise ConfigurationError(
            f"progress is {progress!r}; it must be True for a bar, False, or a function that takes a number of rows"
        )


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


def _library() -> tuple[str, Any]:
    for name, module in (("rich", "rich.progress"), ("tqdm", "tqdm")):
        with contextlib.suppress(ImportError):
            return name, importlib.import_module(module)
    raise ConfigurationError(
        "progress=True shows a bar with the library rich or tqdm, and neither is installed: pip install"
        " 'accsyn-orm[cli]', or give a function that takes a number of rows"
    )


@contextlib.contextmanager
def _rich_bar(module: Any, what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    console = importlib.import_module("rich.console").Console(stderr=True)
    columns = (
        module.SpinnerColumn(),
        module.TextColumn("{task.description}"),
        module.BarColumn(),
        module.MofNCompleteColumn(),
        module.TimeElapsedColumn(),
    )
    with module.Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


@contextlib.contextmanager
def _tqdm_bar(module: Any, what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    with module.tqdm(total=total, desc=what, file=sys.stderr) as bar:
        yield bar.update
