"""Calls that were sent ahead of their time, and whose answers are still to be read."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from .messages import Call, HttpResponse, Timeouts
    from .sign_in import Arrival
    from .transport import SentAhead

__all__ = ["Announced", "Announcements"]


@attrs.frozen(eq=False)
class Announced:
    """
    A call that was sent ahead of its time; it is given up with the last reference to this.

    Args:
        call: What to ask, in order to read the answer.
        arrival: In which session it was sent.
        ahead: The way to the answer.
    """

    call: Call
    arrival: Arrival
    ahead: SentAhead


class Announcements:
    """What one connection has announced, by eid, as long as anybody wants it. Any thread may use it."""

    def __init__(self) -> None:
        self._known: weakref.WeakValueDictionary[str | None, Announced] = weakref.WeakValueDictionary()

    def add(self, announced: Announced) -> None:
        """Know one more."""
        self._known[announced.call.eid] = announced

    def response(self, call: Call, arrival: Arrival, timeouts: Timeouts) -> HttpResponse | None:
        """
        Return the answer to a call that was announced, once.

        Args:
            call: The call.
            arrival: The session in which it is to be sent now.
            timeouts: How long reading the answer may take.

        Returns:
            None where there is none: then the call is to be sent.
        """
        announced = self._known.pop(call.eid, None)
        if announced is None:
            return None
        if announced.arrival is not arrival:
            # Signed in anew since, perhaps as another user, who sees other rows.
            announced.ahead.withdraw()
        return announced.ahead.response(timeouts)

    def withdraw(self) -> None:
        """Give up all of them."""
        # `values()` would not bear that another thread adds one meanwhile.
        for reference in self._known.valuerefs():
            announced = reference()
            if announced is not None:
                announced.ahead.withdraw()
