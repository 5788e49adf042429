"""
Which session `Job.objects` uses: the one of the innermost `with` block, else the only one that is open.

With several open and none named, the answer is an error and never a guess.
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from typing import TYPE_CHECKING, Any

from ..errors import AmbiguousSession, NoSession

if TYPE_CHECKING:
    from .protocols import RowSource

__all__ = ["bind", "current_session", "forget_session", "note_session", "unbind"]

_lock = threading.Lock()
# Weak: a session that its owner dropped is not open any more, whether it was closed or not.
_open: weakref.WeakSet[Any] = weakref.WeakSet()
_bound: contextvars.ContextVar[tuple[weakref.ref[Any], ...]] = contextvars.ContextVar(
    "accsyn_orm_sessions", default=()
)


def note_session(session: Any) -> None:
    """Take note of a session that was opened."""
    with _lock:
        _open.add(session)


def forget_session(session: Any) -> None:
    """Take note that a session was closed."""
    with _lock:
        _open.discard(session)


def bind(session: Any) -> None:
    """Make a session the one to use in this context, until `unbind`."""
    _bound.set((*_bound.get(), weakref.ref(session)))


def unbind(session: Any) -> None:
    """Take back the last `bind` of that session."""
    bound = list(_bound.get())
    for index in range(len(bound) - 1, -1, -1):
        if bound[index]() is session:
            del bound[index]
            break
    _bound.set(tuple(bound))


def current_session() -> RowSource:
    """
    Return the session to use where none is named.

    Raises:
        NoSession: None is open.
        AmbiguousSession: Several are, and none is bound by `with`.
    """
    for reference in reversed(_bound.get()):
        session: RowSource | None = reference()
        if session is not None:
            return session
    with _lock:
        candidates = list(_open)
    if len(candidates) == 1:
        only: RowSource = candidates[0]
        return only
    if not candidates:
        raise NoSession(
            "no session is open: make one with Session(…) and keep it in a variable, or name it with"
            " .using(session)"
        )
    names = ", ".join(sorted(repr(session) for session in candidates))
    raise AmbiguousSession(
        f"{len(candidates)} sessions are open ({names}): name one with .using(session), or use"
        f" `with session:`"
    )
