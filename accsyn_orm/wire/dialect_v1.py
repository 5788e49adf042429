"""The generations before v3.2: v1, with its own way to sign in, and v3.0 and v3.1, which share its calls."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..config import Secret
from . import codec
from .answers import result_of
from .dialects import DISCOVERABLE, JSON_BODY, base64_of
from .earlier_services import EarlierServices
from .messages import Call, HttpRequest, Opening, SignedIn
from .names import check_code, check_count
from .small_answers import DiscoveredDomain, DiscoveredHost, KeyedLogin, ShortLogin, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..config import Settings
    from .messages import HttpResponse

__all__ = ["V1", "V30", "V31", "credentials_document"]

_OLD_DATE = re.compile(r"\{USD::date\}(\d{4})(\d{2})(\d{2})[ +](\d{2}:\d{2}:\d{2})\Z", re.ASCII)


class V1(EarlierServices):
    """
    Speak the protocol of the clients 1.x and 2.x (measured from accsyn-python-api 2.2.1).

    It signs in by API key, session key or password, in this order of precedence, and signs later requests with
    the session key that the server answers. Times from a server are UTC, as in the other generations.
    """

    name = "v1"
    base = "/api/v1.0"
    registry = "https://registry.accsyn.com:443"
    login_uri = "user/login/auth"
    host_path = "$.domain"
    owner_key = "domain"
    device_header = "ASDevice"
    workspace_uri = "organization"
    file_uri = "organization/file"
    client_kinds: Mapping[str, str] = {"app": "type=0", "daemon": "type!=0"}
    site_uri = "organization/site"

    # Finding the host

    def discovery_request(self, workspace: str) -> HttpRequest:
        """Ask accsyn for the first label of the host of a workspace; this carries no credentials."""
        body = codec.dumps({"organization": workspace}).encode("ascii")
        headers = {**self._common_headers(), **JSON_BODY}
        return HttpRequest("PUT", f"{self.registry}{self.base}/registry/organization/domain", headers, body)

    def discovered(self, document: dict[str, Any], call: Call) -> DiscoveredHost:
        """Read the answer to it."""
        found = structure(document, DiscoveredDomain, call, "$")
        return DiscoveredHost(f"{found.domain}.{DISCOVERABLE}", 443)

    # Signing in

    def opening(self, expired: SignedIn | None = None) -> Opening:
        """Return what to bring along to a sign-in: on renewal the name of the session, and the key that expired."""
        return Opening() if expired is None else Opening(expired.session_id, expired.session_key)

    def signed_in(self, document: dict[str, Any], call: Call, opening: Opening) -> SignedIn:
        """Read the answer to a sign-in; the clearance, kept as the server says it, is the role."""
        answer = structure(document, KeyedLogin, call, "$")
        key = Secret(answer.session_key)
        return SignedIn(opening.session_id, answer.id, answer.clearance or "none", key)

    def session_key(self, username: str, lifetime: int | None = None) -> Call:
        """
        Make a session key that signs in later, in place of an API key or password.

        The answer is flat: `{"session_key": …}`.

        Args:
            username: Whose.
            lifetime: Seconds; None for what the server takes.
        """
        if lifetime is not None:
            lifetime = check_count("lifetime", lifetime, 1)
        ident = check_code(username)
        data = {"lifetime": lifetime}
        return Call("POST", "user/generate_session_key", query=ident, data=data, entity=f"user:{ident}")

    def secrets_of(self, settings: Settings, signed_in: SignedIn | None = None) -> tuple[Secret, ...]:
        """Return what must be starred wherever a server repeats it: the whole header, too."""
        headers = [self._credentials(settings)]
        if signed_in is not None:
            headers.append(self._authorization(settings, signed_in))
        tokens = (Secret(header["Authorization"].partition(" ")[2]) for header in headers)
        return (*super().secrets_of(settings, signed_in), *tokens)

    def _login_body(self, opening: Opening) -> dict[str, Any]:
        body = {"session": opening.session_id.reveal()}
        if opening.expired_key is not None:
            body["session_key_reuse"] = opening.expired_key.reveal()
        return body

    def _credentials(self, settings: Settings) -> dict[str, str]:
        if settings.api_key.reveal():
            kind, name, value = "ASCredentials", "api_key", settings.api_key.reveal()
        elif settings.session_key is not None:
            kind, name, value = "ASSession", "session_key", settings.session_key.reveal()
        else:
            password = "" if settings.pwd is None else settings.pwd.reveal()
            kind, name, value = "ASCredentials", "pwd", base64_of(password)
        return _authorization(kind, settings, name, value)

    def _authorization(self, settings: Settings, signed_in: SignedIn) -> dict[str, str]:
        key = signed_in.session_key
        return _authorization("ASSession", settings, "session_key", "" if key is None else key.reveal())

    # Requests

    def read(self, response: HttpResponse, call: Call, clean: Callable[[str], str] = str) -> dict[str, Any]:
        """Read the document of an answer; dates in the deprecated form `{USD::date}…` become today's."""
        document = super().read(response, call, clean)
        if b"{USD::date}" not in response.body:
            return document
        dated: dict[str, Any] = _with_dates(document)
        return dated


class V31(EarlierServices):
    """Speak the protocol of the client 3.1: the base and sign-in of today, with a session name of the client's."""

    name = "v3.1"

    def signed_in(self, document: dict[str, Any], call: Call, opening: Opening) -> SignedIn:
        """Read the answer to a sign-in; it need not name the session."""
        result = structure(result_of(document, call), ShortLogin, call)
        return SignedIn(opening.session_id, result.id, result.role)

    def _login_body(self, opening: Opening) -> dict[str, Any]:
        return {"session_id": opening.session_id.reveal()}


class V30(V31):
    """Speak the protocol of the client 3.0: as 3.1, with `domain` in the envelope."""

    name = "v3.0"
    owner_key = "domain"


def credentials_document(settings: Settings, name: str, value: str) -> str:
    """Return who signs in as JSON without blanks, in base64."""
    document = {"domain": settings.workspace, "username": settings.username, name: value}
    return base64_of(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _authorization(kind: str, settings: Settings, name: str, value: str) -> dict[str, str]:
    return {"Authorization": f"{kind} {credentials_document(settings, name, value)}"}


def _with_dates(value: Any) -> Any:
    """Copy a JSON value with the values of keys that are dates of the deprecated form in that of today."""
    if isinstance(value, dict):
        return {key: _with_date(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_dates(item) for item in value]
    return value


def _with_date(value: Any) -> Any:
    match = _OLD_DATE.match(value) if isinstance(value, str) else None
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4]}" if match else _with_dates(value)
