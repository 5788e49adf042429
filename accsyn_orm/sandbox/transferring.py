"""
The transfer engine: it copies what transfers name, between the folders that play volumes and machines.

It works in steps. A step reads and writes entities under the workspace's lock, twice and briefly, and copies
between the two without holding it. Whatever a client changes is seen at the next step.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from ..errors import ConfigurationError
from .ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ledger import Held
    from .workspace import Workspace

__all__ = ["Transfers"]

_IDLE = 0.01
_MOST_STEPS = 1_000_000
# Many small files of a folder are copied in one step, and no more than this, so that a pause is seen soon.
_FILES_A_STEP = 64
_CHUNKS_A_SECOND = 20


class _Host(Protocol):
    """What the engine needs to know of the sandbox that it runs in."""

    @property
    def workspace(self) -> Workspace:
        """The workspace that is served."""
        ...


class Transfers:
    """
    Run the transfers of a sandbox: in a thread between `start` and `stop`, or by hand with `step`.

    Args:
        host: The sandbox.
        clock: Seconds, rising; what speed is measured by where `speed_limit` is None.

    `speed_limit` is in bytes per second for all transfers together, None for no limit; with one, the speed and
    the time left that a job shows follow from it alone. `concurrency` is how many tasks are copied at a time,
    `chunk_size` how many bytes of each in one step. All three may be changed while it runs.
    """

    def __init__(self, host: _Host, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed_limit: float | None = None
        self.concurrency = 2
        self.chunk_size = 1 << 20
        self._host = host
        self._clock = clock
        self._ledger = Ledger()
        self._stepping = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._owed = 0.0

    def __repr__(self) -> str:
        return f"<Transfers {'running' if self.running else 'stopped'}>"

    @property
    def running(self) -> bool:
        """Whether a thread works on the transfers."""
        return self._thread is not None

    def start(self) -> None:
        """Work on the transfers in a thread, until `stop`."""
        if self._thread is not None:
            raise ConfigurationError("The transfers run already; stop() them first.")
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="accsyn-sandbox-transfers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """
        Stop working on the transfers.

        What was copied of a file is thrown away; its task is queued again, and its job waits.
        """
        thread, self._thread = self._thread, None
        self._stopped.set()
        if thread is not None:
            thread.join()
        with self._stepping:
            ledger, self._ledger = self._ledger, Ledger()
            if not ledger.empty:
                workspace = self._host.workspace
                with workspace.lock:
                    ledger.put_back(workspace.store)

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = self._clock()
            busy = self.step()
            rest = self._owed - (self._clock() - began) if busy else _IDLE
            if rest > 0:
                self._stopped.wait(rest)

    def run_until_idle(self, steps: int = _MOST_STEPS) -> None:
        """
        Step until there is nothing to do, without waiting for a speed limit.

        Args:
            steps: How many steps to take at most.

        Raises:
            ConfigurationError: There is still something to do after them.
        """
        for _ in range(steps):
            if not self.step():
                return
        raise ConfigurationError(f"The transfers are not idle after {steps} steps; allow for more.")

    def step(self) -> bool:
        """
        Go on a little: give tasks to copy out, copy a chunk of each, and write down what became of it.

        Returns:
            Whether there is more to do.
        """
        with self._stepping:
            workspace = self._host.workspace
            with workspace.lock:
                self._ledger.plan(workspace, self.concurrency)
            began = self._clock()
            moved = sum(self._push(held) for held in self._ledger.active())
            self._ledger.survey()
            self._owed = moved / self.speed_limit if self.speed_limit else 0.0
            self._ledger.pass_time(self._owed if self.speed_limit else self._clock() - began)
            with workspace.lock:
                return self._ledger.report(workspace.store)

    def reason(self, identity: str) -> str | None:
        """Return why a task or a job failed, or None where it did not."""
        row = self._host.workspace.store.get(identity)
        return None if row is None else row.document.get("reason")

    def _push(self, held: Held) -> int:
        """Copy on with one task; the first time, only look what there is to copy."""
        size = self.chunk_size
        if self.speed_limit:
            size = max(1, min(size, int(self.speed_limit / _CHUNKS_A_SECOND)))
        return held.push(size, _FILES_A_STEP)
