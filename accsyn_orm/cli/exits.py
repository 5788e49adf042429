"""How the command ends: its exit codes, and what it says where something goes wrong."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, ParamSpec

import typer

from ..errors import AccsynError, CommitError, InvalidValue, QueryError, ReadOnlyField, UnknownField
from .terminal import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = [
    "CLOSED",
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "UNKNOWN",
    "USAGE",
    "complain",
    "exits",
    "handling",
    "misuse",
    "terminable",
]

DONE, FAILED, USAGE, UNKNOWN = 0, 1, 2, 3
# 128 and the number of the signal, as shells have it: SIGINT, SIGPIPE.
INTERRUPTED, CLOSED = 130, 141

_P = ParamSpec("_P")


def complain(message: str) -> None:
    """Write a message to standard error; what a server sent in it cannot steer the terminal."""
    print(f"accsyn-orm: {escaped(message, keep=_LINES)}", file=sys.stderr)


_LINES = "\n"


def exits(action: Callable[_P, int]) -> Callable[_P, None]:
    """Return a verb that ends the command with the exit code that the action returns, or that its error stands for."""

    @functools.wraps(action)
    def verb(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            code = action(*args, **kwargs)
            sys.stdout.flush()
        except CommitError as error:
            _report(error)
            code = UNKNOWN if error.unknown else FAILED
        except AccsynError as error:
            complain(str(error))
            code = FAILED
        except (KeyboardInterrupt, typer.Abort):
            code = INTERRUPTED
        except BrokenPipeError:
            _discard_output()
            code = CLOSED
        raise typer.Exit(code)

    return verb


@contextlib.contextmanager
def misuse() -> Iterator[None]:
    """End the command with the code of wrong usage where a query, a name or a value of its arguments does not hold."""
    try:
        yield
    except (QueryError, UnknownField, InvalidValue, ReadOnlyField) as error:
        complain(str(error))
        raise typer.Exit(USAGE) from None


def terminable() -> contextlib.AbstractContextManager[None]:
    """Take SIGTERM for Ctrl-C, so that what a block opened is closed on either."""
    return handling("SIGTERM", signal.default_int_handler)


@contextlib.contextmanager
def handling(name: str, handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """
    Handle a signal during a block, where there is such a signal, and on the thread that may.

    Args:
        name: Such as `SIGTERM`.
        handler: What is called on it.
    """
    number = getattr(signal, name, None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def _report(error: CommitError) -> None:
    complain(str(error))
    for name in ("rejected", "unknown", "not_sent"):
        for outcome in getattr(error, name):
            print(f"  {name.replace('_', ' ')}: {escaped(str(outcome), keep=_LINES)}", file=sys.stderr)


def _discard_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at its end fails no more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
