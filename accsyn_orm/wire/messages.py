"""What goes over the wire, as values: calls, requests, responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..config import Secret

__all__ = ["Call", "HttpRequest", "HttpResponse", "SignedIn", "Timeouts"]


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
    """

    method: str
    uri: str
    id: str | None = None
    query: str | None = None
    data: Any = attrs.field(factory=dict)
    entity: str | None = None
    eid: str | None = None


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
class SignedIn:
    """
    What the server said on signing in.

    Args:
        session_id: The server's name for this session; every later request carries it.
        user_id: The id of the user.
        role: admin, employee, standard or support.
    """

    session_id: Secret
    user_id: str
    role: str


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
