"""
How each generation of the protocol writes a request down. What is asked is the same for all of them.

The v3 form is measured from accsyn-python-api 3.4.0: one path for every event, the document in the query
string of GET and DELETE and in the body of POST and PUT, and the same `Authorization` on every request.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ..errors import AuthenticationFailed, ServerError
from . import decoding
from .messages import Event, SignIn

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["V3"]


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise ServerError(f"event.{name} must be a string, not {value!r}.", status=400)
    return value


class V3:
    """Generation 3.2 and later."""

    base = "/api/v3"
    event_path = f"{base}/event"
    login_path = f"{base}/api/login"
    registry_path = f"{base}/J3PKTtDvolDMBtTy6AFGA"

    @staticmethod
    def document(method: str, query_string: bytes, body: bytes) -> bytes:
        """Return the bytes of the JSON document: percent-decoded for GET and DELETE, where `+` stays `+`."""
        return unquote_to_bytes(query_string) if method in {"GET", "DELETE"} else body

    @staticmethod
    def mapping(document: bytes) -> dict[str, Any]:
        """Decode a document that must be an object."""
        decoded = decoding.loads(document)
        if not isinstance(decoded, dict):
            raise ServerError("The document must be a JSON object.", status=400)
        return decoded

    @staticmethod
    def event(method: str, document: Mapping[str, Any]) -> Event:
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
        return Event(
            method=method,
            uri=uri,
            id=_text(document, "id"),
            query=_text(document, "query"),
            data=decoding.gunzip(document["gz_data"]) if compressed else document.get("data"),
            session=_text(document, "session"),
            workspace=_text(document, "workspace"),
            ident=_text(document, "ident"),
            eid=_text(document, "eid"),
            compressed=compressed,
        )

    @staticmethod
    def sign_in(headers: Mapping[str, str]) -> SignIn:
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
        try:
            username, key = (base64.b64decode(part, validate=True).decode("utf-8") for part in parts)
        except (binascii.Error, ValueError) as error:
            raise AuthenticationFailed("Authorization is not base64 of UTF-8.", status=401) from error
        workspace = headers.get("x-accsyn-workspace", "")
        if not workspace:
            raise AuthenticationFailed("X-Accsyn-Workspace is missing: it names the workspace.", status=401)
        return SignIn(workspace=workspace, username=username, api_key=key)
