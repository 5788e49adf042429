"""
Faults that a sandbox commits when it is asked to: which requests they hit, and what was hit.

What each kind does stands in `fault_kinds.py` (the names and their options), `fault_answers.py` (connections
and HTTP answers) and `fault_payloads.py` (what is wrong inside an answer).
"""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ConfigurationError
from .fault_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .messages import Event

__all__ = ["Fault", "Faults", "Fired"]


@attrs.frozen(eq=False)
class Fault:
    """
    A fault that is waiting for its request.

    Args:
        kind: What goes wrong; docs/reference/sandbox-faults.md lists the kinds.
        method: HTTP method of the requests that it counts, or None for any.
        uri: Their operation, such as `job/edit`, `*/find`, `api/login` or `registry`, or None for any.
        nth: The first of them that it hits, from 1, counted from when it was added.
        times: How many it hits in a row, or None for every one from then on.
        options: What the kind needs to know.
    """

    kind: str
    method: str | None
    uri: str | None
    nth: int
    times: int | None
    options: Mapping[str, Any]

    def matches(self, event: Event) -> bool:
        """Return whether it counts a request."""
        if self.method is not None and self.method != event.method:
            return False
        return self.uri is None or fnmatchcase(event.uri.lower(), self.uri)

    def hits(self, number: int) -> bool:
        """Return whether it hits the request that it counts as that number."""
        return number >= self.nth and (self.times is None or number < self.nth + self.times)


@attrs.frozen
class Fired:
    """
    One request that a fault hit.

    Args:
        fault: The fault.
        number: Which of the requests that it counts this was, from 1.
        method: HTTP method of the request.
        uri: Its operation.
        id: The entity that it names.
        eid: The event's own id.
    """

    fault: Fault
    number: int
    method: str
    uri: str
    id: str | None
    eid: str | None


class Faults:
    """
    The faults of a sandbox. They may be added and removed while it runs, from any thread.

    `log` lists what was hit, in order.
    """

    def __init__(self) -> None:
        self.log: list[Fired] = []
        self._counts: dict[Fault, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._counts)

    def add(
        self,
        method: str | None = None,
        uri: str | None = None,
        nth: int = 1,
        kind: str = "",
        times: int | None = 1,
        **options: Any,
    ) -> Fault:
        """
        Let a request go wrong.

        Where several faults want the same request, the one that was added first has it; the others count it.

        Args:
            method: HTTP method of the requests that count, or None for any.
            uri: Their operation, such as `job/edit` or `*/find`, in any case, or None for any.
            nth: The first of them that is hit, from 1, counted from now.
            kind: What goes wrong, such as `reset_after_apply`.
            times: How many are hit in a row, or None for every one from then on.
            options: What the kind needs to know; docs/reference/sandbox-faults.md lists them.

        Raises:
            ConfigurationError: There is no such kind or option, or a number is out of range.
        """
        fault = Fault(
            kind=kind,
            method=None if method is None else method.upper(),
            uri=None if uri is None else uri.lower(),
            nth=nth,
            times=times,
            options=_options(kind, options),
        )
        if nth < 1 or (times is not None and times < 1):
            raise ConfigurationError(
                f"nth and times count from 1, and times may be None; not {nth!r}, {times!r}."
            )
        with self._lock:
            self._counts[fault] = 0
        return fault

    def remove(self, fault: Fault) -> None:
        """
        Take a fault back.

        Raises:
            ConfigurationError: It is not there.
        """
        with self._lock:
            if self._counts.pop(fault, None) is None:
                raise ConfigurationError(f"The sandbox has no such fault to remove: {fault}.")

    def clear(self) -> None:
        """Take every fault back and empty the log."""
        with self._lock:
            self._counts.clear()
            self.log.clear()

    def hit(self, event: Event) -> Fault | None:
        """Count a request; return the fault that hits it, if one does."""
        if not self._counts:
            return None
        chosen: Fault | None = None
        with self._lock:
            for fault in self._counts:
                if not fault.matches(event):
                    continue
                number = self._counts[fault] = self._counts[fault] + 1
                if chosen is None and fault.hits(number):
                    chosen = fault
                    self.log.append(Fired(fault, number, event.method, event.uri, event.id, event.eid))
        return chosen


def _options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    known = KINDS.get(kind)
    if known is None:
        raise ConfigurationError(f"There is no fault {kind!r}; there are {', '.join(sorted(KINDS))}.")
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ConfigurationError(
            f"The fault {kind!r} has no option {', '.join(map(repr, unknown))}; "
            f"it has {', '.join(sorted(known)) or 'none'}."
        )
    return {**known, **options}
