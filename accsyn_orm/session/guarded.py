"""Pages read ahead on other threads, and the limits that a caller sets on I/O: budgets, no implicit loads."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import BudgetExceeded, ImplicitIO, SessionError
from .loading import LoadingCalls
from .threads import Threads

if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable, Iterator

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.protocols import Pending, Select
    from ..wire.dialects import V3
    from ..wire.messages import Call
    from .threads import Task

__all__ = ["Budget", "Counted", "GuardedCalls"]

_THREADS = 8
_SPENDING = threading.Lock()


@attrs.define
class Budget:
    """
    How many requests a block may make.

    Args:
        max_requests: The most.
        used: How many were made.
    """

    max_requests: int
    used: int = 0


class Counted:
    """
    A session's connection, as commits use it: what goes through counts towards the session's budgets.

    Args:
        session: The session.
    """

    def __init__(self, session: GuardedCalls) -> None:
        self._session = session

    @property
    def dialect(self) -> V3:
        """The generation of the protocol that is spoken."""
        return self._session._connection.dialect  # noqa: SLF001 -- a part of the session

    def result(self, call: Call) -> Any:
        """Send a call and return the result in its answer."""
        return self._session._result(call)  # noqa: SLF001 -- a part of the session


class GuardedCalls(LoadingCalls):
    """The part of a session that watches over its own I/O."""

    max_url_bytes: int = 8000
    _threads: Threads | None = None
    _listings: weakref.WeakSet[Any]
    _budgets: tuple[Budget, ...] = ()
    _implicit_io_refused: int = 0
    _only_reads: str = ""

    # Pages

    def submit(self, function: Callable[..., Any], *args: Any) -> Task:
        """Run a function on one of this session's threads."""
        self._check_open()
        if self._threads is None or self._threads.process != os.getpid():  # a forked child has none of them
            self._threads = Threads(_THREADS)
        return self._threads.submit(function, *args)

    def announce_rows(self, select: Select, *, skip: int, limit: int | None) -> Pending | None:
        """Ask for one page and do not wait for it, unless a budget counts what is asked."""
        return None if self._budgets else super().announce_rows(select, skip=skip, limit=limit)

    def _closing(self) -> None:
        if self._threads is not None and self._threads.process == os.getpid():
            self._threads.close()

    def fits(self, select: Select) -> bool:
        """Whether a find fits into a URL of `max_url_bytes`, which proxies and servers commonly limit; no I/O."""
        return len(self._page_url(self._find(select, skip=10**9, limit=10**9))) <= self.max_url_bytes

    def _page_url(self, call: Call) -> str:
        connection = self._connection
        request = connection.dialect.request(
            call, connection.endpoint, connection.settings, connection.signed_in
        )
        return request.url

    def describe(self, select: Select, *, skip: int = 0, limit: int | None = None) -> str:
        """Return the request of one page in a line: method, uri, query, payload."""
        call = self._find(select, skip=skip, limit=limit)
        query = f" query={call.query}" if call.query else ""
        return f"{call.method} {call.uri}{query} data={call.data}"

    # Limits on I/O

    @contextlib.contextmanager
    def budget(self, max_requests: int) -> Iterator[Budget]:
        """
        Let a block make so many requests, and no more.

        Args:
            max_requests: The most requests.

        Raises:
            BudgetExceeded: One more was about to be made; it was not.
        """
        if isinstance(max_requests, bool) or not isinstance(max_requests, int) or max_requests < 0:
            raise SessionError(f"max_requests is {max_requests!r}; it must be a whole number, 0 or more")
        budget = Budget(max_requests)
        self._budgets = (*self._budgets, budget)
        try:
            yield budget
        finally:
            self._budgets = tuple(other for other in self._budgets if other is not budget)

    @contextlib.contextmanager
    def no_implicit_io(self) -> Iterator[None]:
        """Within a block, make an error of each load that reading an attribute would cause."""
        self._implicit_io_refused += 1
        try:
            yield
        finally:
            self._implicit_io_refused -= 1

    @contextlib.contextmanager
    def only_reads(self, reason: str) -> Iterator[None]:
        """
        Within a block, refuse every request that would change something.

        Args:
            reason: Why, for whoever tries.

        Raises:
            BudgetExceeded: Something was about to be changed; it was not.
        """
        before, self._only_reads = self._only_reads, reason
        try:
            yield
        finally:
            self._only_reads = before

    def _sent(self, call: Call) -> dict[str, Any]:
        self._spend(call)
        return super()._sent(call)

    def _spend(self, call: Call) -> None:
        if self._only_reads and call.method != "GET":
            raise BudgetExceeded(
                f"{call.uri} is refused here, where only reads are sent: {self._only_reads}",
                uri=call.uri,
                entity=call.entity,
            )
        # Pages that are read ahead spend on other threads.
        with _SPENDING:
            for budget in self._budgets:
                if budget.used >= budget.max_requests:
                    raise BudgetExceeded(
                        f"{call.uri} would be request number {budget.used + 1} of a block that may make"
                        f" {budget.max_requests}",
                        uri=call.uri,
                        entity=call.entity,
                    )
            for budget in self._budgets:
                budget.used += 1

    def load_missing(self, entity: MappedBase, field: Field) -> None:
        """Load a field that was not in the answer, unless implicit I/O is refused."""
        self._refuse_implicit_io(entity, field)
        super().load_missing(entity, field)

    def follow(self, entity: MappedBase, field: Field) -> MappedBase | None:
        """Return the entity that a reference leads to; where it has to be loaded, unless implicit I/O is refused."""
        held = self.held(entity, field)
        if held is not None:
            return held
        self._refuse_implicit_io(entity, field)
        return super().follow(entity, field)

    def _refuse_implicit_io(self, entity: MappedBase, field: Field) -> None:
        if self._implicit_io_refused:
            raise ImplicitIO(
                f"{field.name} of {entity!r} is not loaded, and implicit requests are refused here: ask for it with"
                f" only() or select_related(), or load it before",
                entity=entity.__mapper__.entitytype,
            )
