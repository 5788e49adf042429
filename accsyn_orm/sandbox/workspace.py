"""The workspace itself, apart from how requests travel: sign-in, sessions, and the answers to events."""

from __future__ import annotations

import hmac
import threading
from typing import TYPE_CHECKING, Any

from ..errors import AuthenticationFailed, ServerError, SessionExpired
from .context import Context
from .disk import Disk
from .operations import operation_for
from .results import Flat
from .sessions import Sessions

if TYPE_CHECKING:
    from .generations import V3
    from .messages import Event, SignIn
    from .sessions import Session
    from .store import Row, Store

__all__ = ["Workspace"]

Answer = dict[str, Any]


class Workspace:
    """
    Answer events.

    Sessions live in memory: a restarted sandbox answers `session_expired` to those of before.
    """

    def __init__(self, store: Store, disk: Disk | None = None) -> None:
        self.store = store
        self.disk: Disk = disk or Disk()
        self.lock: threading.Lock = threading.Lock()
        self.sessions: Sessions = Sessions()

    @property
    def code(self) -> str:
        """Return the code of the workspace."""
        return str(self.store.rows(["workspace"])[0].document["code"])

    def registered(self, ident: Any) -> str:
        """Return the code of the workspace that a client looks for, or raise a ServerError where it is another."""
        if not isinstance(ident, str) or ident.lower() != self.code.lower():
            raise ServerError(
                f"There is no workspace {ident!r} here; this sandbox serves {self.code!r}.", status=404
            )
        return self.code

    def sign_in(self, credentials: SignIn, generation: V3, proposed: str | None) -> Answer:
        """
        Open a session.

        Args:
            credentials: Who wants in.
            generation: What the client speaks.
            proposed: Session id made by the client, or None.

        Raises:
            AuthenticationFailed: The workspace, the user or what proves it is not right, or the user is out of use.
        """
        user = self._user(credentials)
        if not self._proven(user, credentials):
            raise _not_right(credentials)
        session = self.sessions.open(user.id, credentials, generation, proposed)
        return generation.signed_in(user, session)

    def end_sessions(self) -> None:
        """Forget every session, as a server does that was restarted."""
        with self.lock:
            self.sessions.end()

    def _user(self, credentials: SignIn) -> Row:
        if credentials.workspace.lower() != self.code.lower():
            raise AuthenticationFailed(f"There is no workspace {credentials.workspace!r} here.", status=401)
        user = self.store.resolve(["user"], credentials.username)
        if user is None:
            raise _not_right(credentials)
        return user

    def _proven(self, user: Row, credentials: SignIn) -> bool:
        """
        Return whether a user is who it says it is.

        Raises:
            AuthenticationFailed: It is, and is out of use.
        """
        if credentials.kind == "session_key":
            matches = self.sessions.accepts(user.id, credentials.secret)
        else:
            account = self.store.accounts.get(user.id)
            known = getattr(account, credentials.kind, "")
            secret = credentials.secret.encode("utf-8", "surrogatepass")
            matches = bool(known) and hmac.compare_digest(known.encode(), secret)
        if matches and (user.document.get("inactive") or user.document.get("status") != "enabled"):
            raise AuthenticationFailed(
                f"The user {credentials.username!r} is disabled or deactivated.", status=401
            )
        return matches

    def _session(self, user: Row, credentials: SignIn, event: Event, family: V3) -> Session:
        if family.keyed and credentials.kind != "session_key":
            raise AuthenticationFailed(
                "Events are signed with ASSession and the session key that the sign-in answered.", status=401
            )
        proven = self._proven(user, credentials)
        if not proven and not family.keyed:
            raise _not_right(credentials)
        key = credentials.secret if family.keyed else None
        session = self.sessions.find(event.session, user.id, key) if proven else None
        if session is None:
            raise SessionExpired("The session is not known here or has ended; sign in again.", status=401)
        return session

    def answer(self, credentials: SignIn, event: Event, family: V3) -> Answer:
        """
        Answer one event.

        Args:
            credentials: Who asks.
            event: What is asked.
            family: The generation whose paths it came on; which one it speaks is known to its session.

        Raises:
            AccsynError: It is refused; the error carries the HTTP status.
        """
        user = self._user(credentials)
        session = self._session(user, credentials, event, family)
        if event.workspace is not None and event.workspace.lower() != self.code.lower():
            raise ServerError(
                f"event.workspace is {event.workspace!r}, and the session is one of {self.code!r}.",
                status=400,
            )
        context = Context(self.store, user, self.disk)
        own = session.generation.operations.get((event.method, event.uri.lower()))
        result = (
            self._carried_out(context, event, session.generation)
            if own is None
            else own(self.sessions, context, event)
        )
        return result.answer if isinstance(result, Flat) else {"result": result}

    def _carried_out(self, context: Context, event: Event, generation: V3) -> Any:
        event = generation.today(self.store, event)
        operation = operation_for(event)
        if event.method == "GET":
            result = operation(context, event)
        else:
            with self.store.writing():
                result = operation(context, event)
        return generation.answered(self.store, event, result)


def _not_right(credentials: SignIn) -> AuthenticationFailed:
    what = {"pwd": "password", "session_key": "session key"}.get(credentials.kind, "API key")
    return AuthenticationFailed(
        f"The user name {credentials.username!r} or its {what} is not right for {credentials.workspace!r}.",
        status=401,
    )
