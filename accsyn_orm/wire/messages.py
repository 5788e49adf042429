"""What goes over the wire, as values: calls, requests, responses."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs

from ..config import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOGIN_URIS", "Call", "HttpRequest", "HttpResponse", "Opening", "SignedIn", "Timeouts"]

# What a sign-in goes by in errors and logs: v1, and all later generations.
LOGIN_URIS = frozenset({"user/login/auth", "api/login"})


def _length(value: bytes | str | None) -> str:
    return "none" if value is None else f"<{len(value)} long>"


def _without_query(url: str) -> str:
    path, mark, _ = url.partition("?")
    return repr(path + ("?…" if mark else ""))


@attrs.frozen
class Call:
    """
    One operation of the accsyn protocol, before it is put into an envelope.

    Args:
        method: GET, POST, PUT or DELETE.
        uri: What to do, such as `job/edit`.
        id: The entity that it acts on, or the parent of what is created.
        query: An expression, or the bare code that `activate` takes.
        data: The payload: an object, a list, or None.
        entity: What it is about, as `type:id` or `type`; for errors only, never sent.
        eid: Identifies the event; a resend carries the same. A new one where not given.
        otherwise: What a session asks next where the result is an empty list.
    """

    method: str
    uri: str
    id: str | None = None
    query: str | None = None
    data: Any = attrs.field(factory=dict)
    entity: str | None = None
    eid: str | None = None
    otherwise: Call | None = None


@attrs.frozen
class HttpRequest:
    """
    One HTTP request, complete. Its repr shows neither query string, headers nor body, which hold secrets.

    Args:
        method: GET, POST, PUT or DELETE.
        url: The whole URL, percent-encoded; it goes out byte for byte.
        headers: Header names and values, in the order in which they are sent.
        body: ASCII JSON, or None.
    """

    method: str
    url: str = attrs.field(repr=_without_query)
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes | None = attrs.field(default=None, repr=_length)


@attrs.frozen
class HttpResponse:
    """
    One HTTP response, read to its end and unpacked.

    Args:
        status: The HTTP status code.
        headers: Header names in lower case, and their values.
        body: The bytes of the body.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=_length)


@attrs.frozen(eq=False)
class Opening:
    """
    What the client brings along when it signs in; today's generation takes nothing of it.

    Args:
        session_id: The client's name for the session: a random uuid.
        expired_key: The key of the expired session that this one takes the place of.
    """

    session_id: Secret = attrs.field(factory=lambda: Secret(str(uuid.uuid4())))
    expired_key: Secret | None = None


@attrs.frozen(eq=False)
class SignedIn:
    """
    What the server said on signing in.

    Args:
        session_id: The name of this session, which every later request carries; the server's, but for the
            generations before v3.2, where it is the client's.
        user_id: The id of the user.
        role: admin, employee, standard or support; in v1 the clearance: cloudadmin, admin, employee, client
            or none.
        session_key: The key that later requests are signed with; v1 only.
    """

    session_id: Secret
    user_id: str
    role: str
    session_key: Secret | None = None


@attrs.frozen
class Timeouts:
    """
    How long one request may take, in seconds.

    Args:
        connect: Until a connection stands.
        read: Between two bytes.
        total: From the first byte sent to the last one read.
    """

    connect: float
    read: float
    total: float
