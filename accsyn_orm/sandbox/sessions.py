"""The sessions of a workspace, and the session keys that sign in to generation 1."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING

import attrs

from ..errors import PermissionDenied, ServerError
from .results import Flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import Context
    from .generations import V3
    from .messages import Event, SignIn

__all__ = ["Session", "Sessions", "generated_session_key"]

_ID_LENGTH = 24
# Seconds: a session that a password opened ends within ten hours (accsyn documentation, "Using the accsyn Python API"),
# a session key typically within an hour (documentation, miscellaneous).
_PASSWORD_LIFETIME = 36_000
_KEY_LIFETIME = 3_600


@attrs.frozen
class Session:
    """
    One session.

    Args:
        id: What its events name.
        user: Id of the user.
        generation: What it speaks.
        key: What signs its events in generation 1; None in the others.
    """

    id: str
    user: str
    generation: V3
    key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class _Key:
    user: str
    ends: float | None
    generated: bool


class Sessions:
    """
    Open sessions, in memory.

    Args:
        clock: Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._keys: dict[str, _Key] = {}

    def open(self, user: str, credentials: SignIn, generation: V3, proposed: str | None) -> Session:
        """
        Open a session.

        Args:
            user: Id of the user.
            credentials: What it signed in with, which were found to be right.
            generation: What it speaks.
            proposed: Id made by the client, or None.

        Raises:
            ServerError: The proposed id is that of a session of another user.
        """
        known = self._sessions.get(proposed or "")
        if known is not None and known.user != user:
            raise ServerError("The proposed session id is taken; make a random one.", status=400)
        key = self._key_for(user, credentials) if generation.keyed else None
        session = Session(proposed or uuid.uuid4().hex[:_ID_LENGTH], user, generation, key)
        self._sessions[session.id] = session
        return session

    def _key_for(self, user: str, credentials: SignIn) -> str:
        if credentials.kind == "session_key":
            return credentials.secret
        return self._new_key(user, _PASSWORD_LIFETIME if credentials.kind == "pwd" else None, generated=False)

    def _new_key(self, user: str, lifetime: float | None, *, generated: bool) -> str:
        key = secrets.token_hex(_ID_LENGTH // 2)
        self._keys[key] = _Key(user, None if lifetime is None else self._clock() + lifetime, generated)
        return key

    def generate_key(self, user: str, lifetime: float | None) -> str:
        """Return a new session key that signs a user in for some seconds, by default for an hour."""
        return self._new_key(user, _KEY_LIFETIME if lifetime is None else lifetime, generated=True)

    def accepts(self, user: str, key: str) -> bool:
        """Return whether a session key is one of a user and has not ended."""
        known = self._keys.get(key)
        if known is not None and known.ends is not None and known.ends <= self._clock():
            del self._keys[key]
            return False
        return known is not None and known.user == user

    def find(self, ident: str | None, user: str, key: str | None) -> Session | None:
        """
        Return an open session.

        Args:
            ident: Its id.
            user: Id of the user who must have opened it.
            key: The session key that must be its own; None in the generations that have none.
        """
        session = self._sessions.get(ident or "")
        return session if session is not None and (session.user, session.key) == (user, key) else None

    def end(self) -> None:
        """Forget every session, as a server does that was restarted; keys that were asked for still sign in."""
        self._sessions.clear()
        self._keys = {key: known for key, known in self._keys.items() if known.generated}


def generated_session_key(sessions: Sessions, context: Context, event: Event) -> Flat:
    """
    Answer a new session key of the caller.

    Raises:
        ServerError: The lifetime is no number of seconds.
        PermissionDenied: The key would be another user's.
    """
    data = event.data if isinstance(event.data, dict) else {}
    lifetime = data.get("lifetime")
    if lifetime is not None and (type(lifetime) is not int or lifetime <= 0):
        raise ServerError(f"lifetime is a number of seconds, not {lifetime!r}.", status=400)
    if (event.query or "").strip().lower() != context.email.lower():
        raise PermissionDenied(f"{context.email} may make session keys of its own only.", status=403)
    return Flat({"session_key": sessions.generate_key(context.me.id, lifetime)})
