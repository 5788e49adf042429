"""The workspace itself, apart from how requests travel: sign-in, sessions, and the operations by uri."""

from __future__ import annotations

import hmac
import threading
import uuid
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AuthenticationFailed, ServerError, SessionExpired
from . import changing, creation, deletion
from .catalogue import TYPES
from .context import Context
from .finding import find
from .references import rendered
from .schema import attribute_names, entity_type_names, types_of

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = threading.Lock()
        self._sessions: dict[str, _Open] = {}
        self._operations: dict[tuple[str, str], Callable[[Context, str, Event], Any]] = {
            ("GET", "find"): find,
            ("POST", "create"): self._create,
            ("PUT", "edit"): self._edit,
            ("DELETE", "delete"): self._delete,
            ("DELETE", "deactivate"): self._deactivate,
            ("POST", "activate"): self._activate,
        }

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
        context = Context(self.store, user)
        uri = event.uri.lower()
        if event.method == "GET" and uri == "entitytypes":
            return {"result": entity_type_names()}
        if event.method == "GET" and uri == "attributes":
            return {"result": self._attributes(event)}
        name, _, verb = uri.partition("/")
        return {"result": self._run(context, name, verb, event)}

    def _run(self, context: Context, name: str, verb: str, event: Event) -> Any:
        special = {
            ("POST", "file/add"): self._add_files,
            ("DELETE", "collection/file/remove"): self._remove_files,
        }.get((event.method, f"{name}/{verb}"))
        operation = special or self._operations.get((event.method, verb))
        known = name in entity_type_names()
        if operation is None or not known or (name == "acl" and verb != "find"):
            reason = "" if known else f": there is no entity type {name!r}"
            raise ServerError(
                f"This sandbox knows no operation {event.method} {event.uri!r}{reason}.", status=404
            )
        if event.method == "GET":
            return operation(context, name, event)
        with self.store.writing():
            return operation(context, name, event)

    @staticmethod
    def _attributes(event: Event) -> list[str]:
        data = event.data if isinstance(event.data, dict) else {}
        name = data.get("entitytype")
        if not isinstance(name, str):
            raise ServerError("attributes needs `entitytype` in the data.", status=400)
        return attribute_names(types_of(name), bool(data.get("create")), bool(data.get("update")))

    def _rendered(self, rows: list[Row]) -> list[Answer]:
        return [rendered(self.store, TYPES[row.type], row, None) for row in rows]

    def _create(self, context: Context, name: str, event: Event) -> Any:
        if name == "task":
            return self._rendered(creation.create_tasks(context, event.id, event.data))
        # A new `job` is a transfer, a new `share` a folder; of the clients none can be created.
        kind = TYPES["folder"] if name == "share" else types_of(name)[0]
        return self._rendered([creation.create(context, kind, event.data)])

    def _edit(self, context: Context, name: str, event: Event) -> Any:
        if name == "task" and isinstance(event.data, list):
            return self._rendered(changing.edit_tasks(context, event.id, event.data))
        row = changing.require(context, types_of(name), event.id)
        if name == "task":
            item = event.data if isinstance(event.data, dict) else {}
            return self._rendered(changing.edit_tasks(context, row.document["job"], [{**item, "id": row.id}]))
        return self._rendered([changing.edit(context, row, event.data)])

    @staticmethod
    def _delete(context: Context, name: str, event: Event) -> bool:
        deletion.delete(context, changing.require(context, types_of(name), event.id))
        return True

    @staticmethod
    def _deactivate(context: Context, name: str, event: Event) -> bool:
        changing.deactivate(context, changing.require(context, types_of(name), event.id))
        return True

    @staticmethod
    def _activate(context: Context, name: str, event: Event) -> bool:
        identity = event.id
        if not identity and event.query:
            found = context.store.resolve([each.name for each in types_of(name)], event.query)
            identity = event.query if found is None else found.id
        changing.activate(context, changing.require(context, types_of(name), identity))
        return True

    def _add_files(self, context: Context, _name: str, event: Event) -> Any:
        return self._rendered(creation.add_files(context, self.store.get(event.id), event.data))

    @staticmethod
    def _remove_files(context: Context, _name: str, event: Event) -> bool:
        deletion.remove_files(
            context, changing.require(context, (TYPES["collection"],), event.id), event.data
        )
        return True
