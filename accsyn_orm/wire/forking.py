"""After a fork: locks that other threads of the parent held would stay locked in the child for ever."""

from __future__ import annotations

import functools
import os
import weakref
from typing import Protocol

__all__ = ["renew_after_fork"]


class _Forked(Protocol):
    def after_fork(self) -> None:
        """Make what must not be shared with the parent anew; runs in the only thread that the child has."""
        ...


_known: weakref.WeakSet[_Forked] = weakref.WeakSet()


def renew_after_fork(thing: _Forked) -> None:
    """Call the thing's `after_fork()` in every child that this process forks, as long as the thing lives."""
    _register()
    _known.add(thing)


@functools.cache
def _register() -> None:
    # At the first use, for importing the package leaves the process as it is. Windows knows no fork.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew_all)


def _renew_all() -> None:
    for thing in list(_known):
        thing.after_fork()
