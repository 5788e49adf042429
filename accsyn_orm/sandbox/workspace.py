"""The workspace itself, apart from how requests travel: sign-in, sessions, and the answers to events."""

from __future__ import annotations

import hmac
import threading
import uuid
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AuthenticationFailed, ServerError, SessionExpired
from .context import Context
from .disk import Disk
from .operations import operation_for
from .results import Flat

if TYPE_CHECKING:
    from .messages import Event, SignIn
    from .store import Row, Store

__all__ = ["Workspace"]

Answer = dict[str, Any]
_ID_LENGTH = 24


@attrs.frozen
class _Open:
    user: str
    credentials: SignIn


class Workspace:
    """
    Answer events.

    Sessions live in memory: a restarted sandbox answers `session_expired` to those of before.
    """

    def __init__(self, store: Store, disk: Disk | None = None) -> None:
        self.store = store
        self.disk = disk or Disk()
        self.lock = threading.Lock()
        self._sessions: dict[str, _Open] = {}

    @property
    def code(self) -> str:
        """Return the code of the workspace."""
        return str(self.store.rows(["workspace"])[0].document["code"])

    def registry(self, ident: Any, host: str, port: int) -> Answer:
        """Answer where a workspace is served."""
        if not isinstance(ident, str) or ident.lower() != self.code.lower():
            raise ServerError(
                f"There is no workspace {ident!r} here; this sandbox serves {self.code!r}.", status=404
            )
        return {"result": {"hostname": host, "port": port}}

    def sign_in(self, credentials: SignIn, proposed: Any) -> Answer:
        """
        Open a session.

        Args:
            credentials: Who wants in.
            proposed: Session id made by the client (generations 3.0 and 3.1), or None.

        Raises:
            AuthenticationFailed: The workspace, the user or the key is not right, or the user is out of use.
        """
        user = self._authenticated(credentials)
        session = proposed if isinstance(proposed, str) and proposed else uuid.uuid4().hex[:_ID_LENGTH]
        self._sessions[session] = _Open(user.id, credentials)
        return {"result": {"id": user.id, "role": user.document["role"], "session_id": session}}

    def end_sessions(self) -> None:
        """Forget every session, as a server does that was restarted."""
        with self.lock:
            self._sessions.clear()

    def _authenticated(self, credentials: SignIn) -> Row:
        if credentials.workspace.lower() != self.code.lower():
            raise AuthenticationFailed(f"There is no workspace {credentials.workspace!r} here.", status=401)
        user = self.store.resolve(["user"], credentials.username)
        account = None if user is None else self.store.accounts.get(user.id)
        known = "" if account is None else account.api_key
        matches = hmac.compare_digest(known.encode(), credentials.api_key.encode())
        if user is None or account is None or not matches:
            raise AuthenticationFailed(
                f"The user name {credentials.username!r} or its API key is not right for {self.code!r}.",
                status=401,
            )
        if user.document.get("inactive") or user.document.get("status") != "enabled":
            raise AuthenticationFailed(
                f"The user {credentials.username!r} is disabled or deactivated.", status=401
            )
        return user

    def answer(self, credentials: SignIn, event: Event) -> Answer:
        """
        Answer one event.

        Raises:
            AccsynError: It is refused; the error carries the HTTP status.
        """
        user = self._authenticated(credentials)
        session = self._sessions.get(event.session or "")
        if session is None or session.user != user.id:
            raise SessionExpired("The session is not known here or has ended; sign in again.", status=401)
        if event.workspace is not None and event.workspace.lower() != self.code.lower():
            raise ServerError(
                f"event.workspace is {event.workspace!r}, and the session is one of {self.code!r}.",
                status=400,
            )
        context = Context(self.store, user, self.disk)
        operation = operation_for(event)
        if event.method == "GET":
            result = operation(context, event)
        else:
            with self.store.writing():
                result = operation(context, event)
        return result.answer if isinstance(result, Flat) else {"result": result}
