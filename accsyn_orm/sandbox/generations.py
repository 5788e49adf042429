"""
How each generation of the protocol writes a request down, and what it wants to be answered.

Two of them share the paths of `/api/v3`: a client of 3.0 or 3.1 brings a session id of its own along when it signs
in, one of 3.2 or later is given one. So it is the sign-in that tells them apart, and its session that remembers. All of
them send one document per request, in the query string of GET and DELETE and in the body of POST and PUT (measured from
accsyn-python-api 3.4.0 and 2.2.1).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_to_bytes

from ..errors import AuthenticationFailed, ServerError
from . import decoding, earlier_answers, earlier_events
from .messages import Event, SignIn
from .sessions import generated_session_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .sessions import Session, Sessions
    from .store import Row, Store

    Operation = Callable[[Sessions, Context, Event], Any]

__all__ = ["FAMILIES", "V1", "V3", "V31", "document_of"]

Answer = dict[str, Any]


def document_of(method: str, query_string: bytes, body: bytes) -> Answer:
    """
    Return the JSON document of a request: percent-decoded for GET and DELETE, where `+` stays `+`.

    Raises:
        ServerError: It is no JSON object.
    """
    text = unquote_to_bytes(query_string) if method in {"GET", "DELETE"} else body
    decoded = decoding.loads(text) if text else {}
    if not isinstance(decoded, dict):
        raise ServerError("The document must be a JSON object.", status=400)
    return decoded


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise ServerError(f"event.{name} must be a string, not {value!r}.", status=400)
    return value


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AuthenticationFailed("Authorization is not base64.", status=401) from error


def _as_text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AuthenticationFailed("Authorization is not base64 of UTF-8.", status=401) from error


class V3:
    """Generation 3.2 and later."""

    base = "/api/v3"
    event_path: str = f"{base}/event"
    login_path: str = f"{base}/api/login"
    login_uri = "api/login"
    registry_path: str = f"{base}/J3PKTtDvolDMBtTy6AFGA"
    registry_method = "GET"
    registry_ident = "ident"
    # Whether a session key signs the events.
    keyed = False
    # What the envelope names the workspace by; 3.0 said `domain`.
    owners: ClassVar[tuple[str, ...]] = ("workspace", "domain")
    # What only this generation can ask for, and is about sessions.
    operations: ClassVar[Mapping[tuple[str, str], Operation]] = {}

    # Requests

    def event(self, method: str, document: Mapping[str, Any]) -> Event:
        """
        Read the event envelope.

        Raises:
            ServerError: The audience is not `api`, the uri is missing, or a field has the wrong type.
        """
        if document.get("audience") != "api":
            raise ServerError(f"event.audience must be 'api', not {document.get('audience')!r}.", status=400)
        uri = _text(document, "uri")
        if not uri:
            raise ServerError("event.uri is missing: it names the operation.", status=400)
        compressed = "gz_data" in document
        owner = next((name for name in self.owners if name in document), self.owners[0])
        return Event(
            method=method,
            uri=uri,
            id=_text(document, "id"),
            query=_text(document, "query"),
            data=decoding.gunzip(document["gz_data"]) if compressed else document.get("data"),
            session=_text(document, "session"),
            workspace=_text(document, owner),
            ident=_text(document, "ident"),
            eid=_text(document, "eid"),
            compressed=compressed,
        )

    def credentials(self, headers: Mapping[str, str]) -> SignIn:
        """
        Read the credentials that every request carries: `basic base64(user):base64(key)` and the workspace
        header.

        Raises:
            AuthenticationFailed: A header is missing or malformed.
        """
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = rest.split(":")
        if scheme.lower() != "basic" or len(parts) != 2:  # noqa: PLR2004 - a user name and a key
            raise AuthenticationFailed(
                "Authorization must be 'basic <base64 of the user name>:<base64 of the API key>'.", status=401
            )
        username, key = (_as_text(_unpacked(part)) for part in parts)
        workspace = headers.get("x-accsyn-workspace", "")
        if not workspace:
            raise AuthenticationFailed("X-Accsyn-Workspace is missing: it names the workspace.", status=401)
        return SignIn(workspace, username, key)

    def proposed(self, document: Mapping[str, Any]) -> str | None:
        """Return the session id that a client brings along to its sign-in; clients of 3.2 and later bring none."""
        proposed = document.get("session_id")
        return proposed if isinstance(proposed, str) and proposed else None

    def spoken(self, proposed: str | None) -> V3:
        """Return the generation of a client by what it proposed."""
        return self if proposed is None else V31()

    # Answers

    def located(self, workspace: str, host: str, port: int) -> Answer:  # noqa: ARG002 - of v1
        """Answer where a workspace is served."""
        return {"result": {"hostname": host, "port": port}}

    def signed_in(self, user: Row, session: Session) -> Answer:
        """Answer a sign-in."""
        return {"result": {"id": user.id, "role": user.document["role"], "session_id": session.id}}

    # Operations

    def today(self, store: Store, event: Event) -> Event:  # noqa: ARG002 - of the earlier ones
        """Return an event as generation 3.2 asks for it."""
        return event

    def answered(self, store: Store, event: Event, result: Any) -> Any:  # noqa: ARG002 - of the earlier ones
        """
        Return a result as this generation expects it.

        Args:
            store: The entities.
            event: What was asked, as generation 3.2 asks for it.
            result: What that generation is answered.
        """
        return result


class V31(V3):
    """Generations 3.0 and 3.1: the paths and the sign-in of today with operations of their own."""

    def today(self, store: Store, event: Event) -> Event:
        """Return an event as generation 3.2 asks for it."""
        return earlier_events.today(store, event)

    def answered(self, store: Store, event: Event, result: Any) -> Any:
        """Return a result as these generations expect it: access that was changed is answered."""
        return earlier_answers.changed_access(store, event, result)


class V1(V31):
    """Generation 1: the clients 1.x and 2.x."""

    base = "/api/v1.0"
    event_path: str = f"{base}/event"
    login_path: str = f"{base}/user/login/auth"
    login_uri = "user/login/auth"
    registry_path: str = f"{base}/registry/organization/domain"
    registry_method = "PUT"
    registry_ident = "organization"
    keyed = True
    owners: ClassVar[tuple[str, ...]] = ("domain",)
    operations: ClassVar[Mapping[tuple[str, str], Operation]] = {
        ("POST", "user/generate_session_key"): generated_session_key
    }

    def credentials(self, headers: Mapping[str, str]) -> SignIn:
        """
        Read `ASCredentials` or `ASSession` with base64 of a document of `domain`, `username` and what proves it.

        The clients put that document together as text, so that a quote in a value makes another document: it is
        read strictly.

        Raises:
            AuthenticationFailed: The header is missing or malformed.
        """
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        kinds = {"ascredentials": ("api_key", "pwd"), "assession": ("session_key",)}.get(scheme.lower())
        if kinds is None:
            raise AuthenticationFailed(
                "Authorization must be 'ASCredentials <base64 of a document>' or 'ASSession <base64 of a document>'.",
                status=401,
            )
        try:
            document = decoding.loads(_unpacked(rest))
        except ServerError as error:
            raise AuthenticationFailed(
                f"The document of Authorization: {error.message}", status=401
            ) from error
        kind = next((each for each in kinds if isinstance(document, dict) and each in document), "")
        names = ("domain", "username", kind)
        if (
            not kind
            or set(document) != set(names)
            or not all(isinstance(document[name], str) for name in names)
        ):
            raise AuthenticationFailed(
                f"The document of {scheme} holds texts for domain, username and {' or '.join(kinds)}, nothing else.",
                status=401,
            )
        secret = document[kind] if kind != "pwd" else _as_text(_unpacked(document[kind]))
        return SignIn(document["domain"], document["username"], secret, kind)

    def proposed(self, document: Mapping[str, Any]) -> str:
        """
        Return the session id that a client brings along to its sign-in.

        Raises:
            ServerError: There is none.
        """
        proposed = document.get("session")
        if not isinstance(proposed, str) or not proposed:
            raise ServerError(
                "The body of a sign-in needs `session`, an id that the client makes.", status=400
            )
        return proposed

    def spoken(self, proposed: str | None) -> V3:  # noqa: ARG002 - of v3
        """Return the generation of a client by what it proposed."""
        return self

    def located(self, workspace: str, host: str, port: int) -> Answer:  # noqa: ARG002 - of v3
        """Answer where a workspace is served: at `<domain>.accsyn.com`."""
        return {"domain": workspace}

    def signed_in(self, user: Row, session: Session) -> Answer:
        """Answer a sign-in, flat."""
        clearance = earlier_answers.clearance_of(user.document["role"])
        return {"session_key": session.key, "clearance": clearance, "id": user.id}

    def answered(self, store: Store, event: Event, result: Any) -> Any:
        """Return a result as the clients of this generation expect it."""
        return earlier_answers.answered(store, event, super().answered(store, event, result))


# By their paths.
FAMILIES = (V3(), V1())
