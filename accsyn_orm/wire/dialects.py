"""
The generations of the protocol: `V3`, today's, is the one of the clients 3.2 and later.

A generation is a class, and what differs between two of them is a method that one of them overrides; nothing else in
the package asks which one it speaks. The calls stand in mixin classes by subject, the requests here.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import socket
import sys
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..config import Secret
from ..errors import UnsupportedByDialect
from . import codec
from .access_calls import AccessCalls
from .answers import document_of, result_of
from .entity_calls import EntityCalls
from .file_calls import FileCalls
from .messages import HttpRequest, Opening, SignedIn
from .service_calls import ServiceCalls
from .setting_calls import SettingCalls
from .share_calls import ShareCalls
from .small_answers import DiscoveredHost, LoginResult, structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Endpoint, Settings
    from .messages import Call, HttpResponse

__all__ = ["DISCOVERABLE", "JSON_BODY", "REGISTRY", "V3", "base64_of"]

# The parent of every workspace host (accsyn documentation, "Settings": https://<workspace code>.accsyn.com).
DISCOVERABLE = "accsyn.com"
REGISTRY = f"https://master.{DISCOVERABLE}:443"

JSON_BODY: dict[str, str] = {"Content-Type": "application/json"}

_IN_QUERY_STRING = frozenset({"GET", "DELETE"})


class V3(EntityCalls, AccessCalls, ShareCalls, FileCalls, SettingCalls, ServiceCalls):
    """
    Build the calls and requests of the protocol that the published client 3.2 and later speaks.

    The attributes are those in which a generation may differ by a name alone.
    """

    name = "v3"
    base = "/api/v3"
    registry = REGISTRY
    login_uri = "api/login"
    host_path = "$.result.hostname"
    owner_key = "workspace"
    device_header = "X-Accsyn-Device"
    # The query language, by the year of its documentation; `accsyn_orm.expressions` has it as data.
    query_language = "2026"

    def __init__(self) -> None:
        # Read at run time, since an import statement would point from this room to all the others.
        version = importlib.import_module(__name__.partition(".")[0]).__version__
        self.hostname: str = socket.gethostname()
        self._agent = f"accsyn_orm/{version}"
        self._device = f"accsyn_orm v{version} @ {sys.platform} {_header_text(self.hostname)}({os.name})"

    # Finding the host

    def discovery_request(self, workspace: str) -> HttpRequest:
        """Ask accsyn which host serves a workspace; this carries no credentials."""
        query = codec.quote_document(codec.dumps({"ident": workspace}))
        url = f"{self.registry}{self.base}/J3PKTtDvolDMBtTy6AFGA?{query}"
        return HttpRequest("GET", url, self._common_headers())

    def discovered(self, document: dict[str, Any], call: Call) -> DiscoveredHost:
        """
        Read the answer to it.

        Raises:
            ProtocolError: It names no host.
        """
        return structure(result_of(document, call), DiscoveredHost, call)

    # Signing in

    def opening(self, expired: SignedIn | None = None) -> Opening:  # noqa: ARG002 - v1 needs it
        """
        Return what to bring along to a sign-in.

        Args:
            expired: The session that it renews.
        """
        return Opening()

    def login_request(self, endpoint: Endpoint, settings: Settings, opening: Opening) -> HttpRequest:
        """Sign in."""
        body = codec.dumps(self._login_body(opening)).encode("ascii")
        headers = {**self._common_headers(), **self._credentials(settings), **JSON_BODY}
        return HttpRequest("PUT", f"{endpoint.url}{self.base}/{self.login_uri}", headers, body)

    def signed_in(
        self,
        document: dict[str, Any],
        call: Call,
        opening: Opening,  # noqa: ARG002 - the generations before v3.2 need it
    ) -> SignedIn:
        """
        Read the answer to a sign-in.

        Raises:
            ProtocolError: Something is missing in it.
        """
        result = structure(result_of(document, call), LoginResult, call)
        return SignedIn(Secret(result.session_id), result.id, result.role)

    def session_key(self, username: str, lifetime: int | None = None) -> Call:  # noqa: ARG002 - for v1
        """
        Refuse: session keys are v1's.

        Raises:
            UnsupportedByDialect: Always, but in v1.
        """
        raise UnsupportedByDialect(
            f"{self.name} makes no session keys: an API key takes their place; protocol='v1' makes them"
        )

    def secrets_of(self, settings: Settings, signed_in: SignedIn | None = None) -> tuple[Secret, ...]:
        """Return what must be starred wherever a server repeats it."""
        known = (settings.api_key, settings.pwd, settings.session_key)
        made = () if signed_in is None else (signed_in.session_id, signed_in.session_key)
        return tuple(secret for secret in (*known, *made) if secret is not None)

    def _login_body(self, opening: Opening) -> dict[str, Any]:  # noqa: ARG002 - see above
        return {}

    def _credentials(self, settings: Settings) -> dict[str, str]:
        """Return the headers that sign in."""
        # Not the Basic of RFC 7617: two parts, each base64 (measured from accsyn-python-api 3.4.0).
        return {
            "Authorization": f"basic {base64_of(settings.username)}:{base64_of(settings.api_key.reveal())}",
            "X-Accsyn-Workspace": settings.workspace,
        }

    def _authorization(
        self,
        settings: Settings,
        signed_in: SignedIn,  # noqa: ARG002 - v1 needs it
    ) -> dict[str, str]:
        """Return the headers that every later request carries."""
        return self._credentials(settings)

    # Requests

    def request(self, call: Call, endpoint: Endpoint, settings: Settings, signed_in: SignedIn) -> HttpRequest:
        """
        Put a call into its envelope.

        GET and DELETE carry the whole document as their query string, POST and PUT as their body.

        Raises:
            InvalidValue: The payload holds something that cannot be sent.
        """
        url = f"{endpoint.url}{self.base}/event"
        document = self._document(call, settings, signed_in)
        headers = {**self._common_headers(), **self._authorization(settings, signed_in)}
        if call.method in _IN_QUERY_STRING:
            return HttpRequest(call.method, f"{url}?{codec.quote_document(document)}", headers)
        return HttpRequest(call.method, url, {**headers, **JSON_BODY}, document.encode("ascii"))

    def read(self, response: HttpResponse, call: Call, clean: Callable[[str], str] = str) -> dict[str, Any]:
        """Read the document of an answer; see `accsyn_orm.wire.answers.document_of`."""
        return document_of(response, call, clean)

    def _document(self, call: Call, settings: Settings, signed_in: SignedIn) -> str:
        data = codec.encode_value(call.data)
        document: dict[str, Any] = {
            "audience": "api",
            self.owner_key: settings.workspace,
            "eid": call.eid or str(uuid.uuid4()),
            "session": signed_in.session_id.reveal(),
            "uri": call.uri,
            "ident": settings.username,
            "created": self._now(),
            "hostname": self.hostname,
        }
        if codec.payload_size(data) > codec.PACKING_THRESHOLD:
            document["gz_data"] = codec.compress(data)
        else:
            document["data"] = data
        if call.query:
            document["query"] = call.query
        if call.id:
            document["id"] = call.id
        return json.dumps(document)

    def _now(self) -> str:
        return codec.encode_datetime(datetime.now(timezone.utc))

    def _common_headers(self) -> dict[str, str]:
        return {
            "User-Agent": self._agent,
            "Accept-Encoding": "gzip, deflate",
            "Accept": "application/json",
            "Connection": "keep-alive",
            self.device_header: self._device,
        }


def base64_of(text: str) -> str:
    """Return the base64 of a text in UTF-8."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _header_text(text: str) -> str:
    return "".join(character if " " <= character <= "~" else "?" for character in text)
