"""Signing in, as a pure flow: it yields requests, receives responses, and returns where it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..config import HIGHEST_PORT, Endpoint, Secret, is_host_name
from ..errors import AuthenticationFailed, ProtocolError, RateLimited, ServerError, ServerFault
from .answers import document_of, result_of
from .messages import Call, HttpRequest, HttpResponse, SignedIn
from .redaction import escape_controls
from .small_answers import DiscoveredHost, LoginResult, structure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..config import Settings
    from .dialects import V3

__all__ = ["Arrival", "sign_in"]

# The parent of every workspace host (accsyn documentation, "Settings": https://<workspace code>.accsyn.com).
DISCOVERABLE = "accsyn.com"


@attrs.frozen(eq=False)
class Arrival:
    """
    Where a session arrived.

    Args:
        endpoint: The host of the workspace.
        signed_in: What the server said on signing in.
        settings: As whom.
    """

    endpoint: Endpoint
    signed_in: SignedIn
    settings: Settings


def sign_in(
    settings: Settings, dialect: V3, clean: Callable[[str], str] = str
) -> Generator[HttpRequest, HttpResponse, Arrival]:
    """
    Find the host of the workspace where the settings name none, and sign in there.

    Args:
        settings: Where to, and as whom.
        dialect: Builds the requests.
        clean: Takes secrets out of a text of the server before it becomes part of a message.

    Raises:
        AuthenticationFailed: The server refuses the sign-in.
        ServerError: The server answers with another error.
        ProtocolError: An answer is not of the protocol, or names a host that accsyn does not own.
    """
    endpoint = settings.endpoint
    if endpoint is None:
        call = Call("GET", "discovery", entity=f"workspace:{settings.workspace}")
        response = yield dialect.discovery_request(settings.workspace)
        endpoint = _discovered(response, call, settings, clean)
    call = Call("PUT", "api/login", entity=f"user:{settings.username}")
    response = yield dialect.login_request(endpoint, settings)
    return Arrival(endpoint, _signed_in(response, call, clean), settings)


def _discovered(
    response: HttpResponse, call: Call, settings: Settings, clean: Callable[[str], str]
) -> Endpoint:
    found = structure(result_of(document_of(response, call, clean), call), DiscoveredHost, call)
    host = found.hostname.lower().rstrip(".")
    if not is_host_name(host) or not (host == DISCOVERABLE or host.endswith(f".{DISCOVERABLE}")):
        shown = escape_controls(clean(found.hostname))[:100]
        raise ProtocolError(
            f"discovery named the host {shown!r} @ $.result.hostname, which is not under {DISCOVERABLE}; "
            "if it is right, name it by hostname=…",
            uri=call.uri,
            entity=call.entity,
        )
    port = found.port if settings.port is None else settings.port
    if port is None or not 1 <= port <= HIGHEST_PORT:
        raise ProtocolError(
            f"discovery named the port {port} @ $.result.port: from 1 to {HIGHEST_PORT} is needed",
            uri=call.uri,
            entity=call.entity,
        )
    return Endpoint("https", host, port)


def _signed_in(response: HttpResponse, call: Call, clean: Callable[[str], str]) -> SignedIn:
    try:
        document = document_of(response, call, clean)
    except (AuthenticationFailed, RateLimited, ServerFault):
        raise
    except ServerError as error:
        # Whatever else the server says here, it says that this user does not get in.
        refusal = AuthenticationFailed(error.message, status=error.status, uri=call.uri, entity=call.entity)
        raise refusal from None
    result = structure(result_of(document, call), LoginResult, call)
    return SignedIn(Secret(result.session_id), result.id, result.role)
