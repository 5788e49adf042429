"""Signing in, as a pure flow: it yields requests, receives responses, and returns where it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..config import HIGHEST_PORT, Endpoint, is_host_name
from ..errors import (
    AuthenticationFailed,
    ProtocolError,
    RateLimited,
    ServerError,
    ServerFault,
    SessionExpired,
)
from .dialects import DISCOVERABLE
from .messages import Call, HttpRequest, HttpResponse, SignedIn
from .redaction import escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..config import Settings
    from .dialects import V3

__all__ = ["Arrival", "Refusal", "sign_in"]


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


@attrs.frozen
class Refusal:
    """
    Why the session could not be renewed, without the error itself, which holds on to its frames.

    Args:
        message: What was said.
        status: HTTP status of the answer.
        uri: What a sign-in goes by.
        final: Whether trying again is in vain until there are other credentials.
    """

    message: str
    status: int | None
    uri: str
    final: bool

    def as_error(self, expiry: SessionExpired) -> ServerError:
        """Make the error of a call that met the expiry."""
        if self.final:
            return AuthenticationFailed(self.message, status=self.status, uri=self.uri, entity=expiry.entity)
        message = f"{expiry.message} (signing in again failed: {self.message})"
        return SessionExpired(message, status=expiry.status, uri=expiry.uri, entity=expiry.entity)


def sign_in(
    settings: Settings,
    dialect: V3,
    clean: Callable[[str], str] = str,
    *,
    expired: SignedIn | None = None,
) -> Generator[HttpRequest, HttpResponse, Arrival]:
    """
    Find the host of the workspace where the settings name none, and sign in there.

    Args:
        settings: Where to, and as whom.
        dialect: Builds the requests.
        clean: Takes secrets out of a text of the server before it becomes part of a message.
        expired: The session that this sign-in renews.

    Raises:
        AuthenticationFailed: The server refuses the sign-in; also where it says that a session expired, since
            signing in is all that could be done about it.
        ServerError: The server answers with another error.
        ProtocolError: An answer is not of the protocol, or names a host that accsyn does not own.
    """
    endpoint = settings.endpoint
    if endpoint is None:
        call = Call("GET", "discovery", entity=f"workspace:{settings.workspace}")
        response = yield dialect.discovery_request(settings.workspace)
        endpoint = _discovered(dialect, dialect.read(response, call, clean), call, settings, clean)
    call = Call("PUT", dialect.login_uri, entity=f"user:{settings.username}")
    opening = dialect.opening(expired)
    response = yield dialect.login_request(endpoint, settings, opening)
    return Arrival(
        endpoint, dialect.signed_in(_let_in(dialect, response, call, clean), call, opening), settings
    )


def _discovered(
    dialect: V3, document: dict[str, Any], call: Call, settings: Settings, clean: Callable[[str], str]
) -> Endpoint:
    found = dialect.discovered(document, call)
    host = found.hostname.lower().rstrip(".")
    # An accsyn proxy is sent everything, whatever host is named: it knows its backend.
    settled = settings.proxy is not None and not settings.proxy.tunnels
    ours = settled or host == DISCOVERABLE or host.endswith(f".{DISCOVERABLE}")
    if not is_host_name(host) or not ours:
        shown = escape_controls(clean(found.hostname))[:100]
        raise ProtocolError(
            f"discovery named the host {shown!r} @ {dialect.host_path}, which is not under {DISCOVERABLE}; "
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


def _let_in(dialect: V3, response: HttpResponse, call: Call, clean: Callable[[str], str]) -> dict[str, Any]:
    try:
        return dialect.read(response, call, clean)
    except (AuthenticationFailed, RateLimited, ServerFault):
        raise
    except ServerError as error:
        # Whatever else the server says here, it says that this user does not get in.
        refusal = AuthenticationFailed(error.message, status=error.status, uri=call.uri, entity=call.entity)
        raise refusal from None
