"""Calls on other threads that can be called off, also while they wait for the rate limit or to try again."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from ..wire.clock import end_pauses_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["Task", "Threads"]


class Task:
    """
    A call on another thread.

    Args:
        future: What becomes of it.
        over: Ends its pauses when it is set.
    """

    def __init__(self, future: Future[Any], over: threading.Event) -> None:
        self._future = future
        self._over = over

    def result(self) -> Any:
        """Wait for the result and return it; Ctrl-C calls it off."""
        try:
            return self._future.result()
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Call it off: what was sent already is sent, and nothing more is waited for."""
        self._over.set()
        self._future.cancel()


class Threads:
    """
    A few threads of one process.

    Args:
        most: How many at most.
    """

    def __init__(self, most: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.process: int = os.getpid()
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="accsyn_orm")
        self._tasks: weakref.WeakSet[Task] = weakref.WeakSet()

    def submit(self, function: Callable[..., Any], *args: Any) -> Task:
        """Run a function on one of them."""
        over = threading.Event()
        task = Task(self._pool.submit(_run_until, over, function, *args), over)
        self._tasks.add(task)
        return task

    def close(self) -> None:
        """Call everything off, and wait until the threads have ended."""
        for task in list(self._tasks):
            task.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _run_until(over: threading.Event, function: Callable[..., Any], *args: Any) -> Any:
    end_pauses_with(over)
    return function(*args)
