"""What the sandbox is asked: the event of the protocol, and the record that is kept of it."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["Effect", "Event", "RequestRecord", "SignIn"]


@attrs.frozen
class Event:
    """
    One event of the protocol, of whichever generation.

    Args:
        method: HTTP method, upper case.
        uri: What is asked for, lower case, such as `transfer/find`.
        data: The payload, decompressed.
        compressed: Whether the payload travelled as `gz_data`.
    """

    method: str
    uri: str
    id: str | None = None
    query: str | None = None
    data: Any = None
    session: str | None = None
    workspace: str | None = None
    ident: str | None = None
    eid: str | None = None
    compressed: bool = False


@attrs.frozen
class SignIn:
    """
    Who a request says it is.

    Args:
        workspace: The workspace code.
        username: The user's e-mail address.
        secret: What proves it.
        kind: What that is: `api_key`, `pwd` or `session_key`.
    """

    workspace: str
    username: str
    secret: str = attrs.field(repr=False)
    kind: str = "api_key"


@attrs.frozen
class RequestRecord:
    """
    One request that was asked of the sandbox, in the order of answering. It holds no key and no session id.

    Args:
        method: HTTP method.
        uri: Operation as it was written, such as `transfer/find`; `api/login` and `registry` for those calls.
        id: The entity that the event names.
        query: The expression.
        data: The payload, decompressed.
        status: HTTP status of the answer; of one that did not arrive as it was meant, the status that was
            meant; 0 where none was.
        workspace: Workspace code that the event names.
        ident: User name that the event names.
        size: Bytes of the document as it travelled, in the query string or in the body.
        compressed: Whether the payload travelled as `gz_data`.
        eid: The event's own id.
        fault: Kind of the fault that was fired on it.
    """

    method: str
    uri: str
    id: str | None
    query: str | None
    data: Any
    status: int
    workspace: str | None
    ident: str | None
    size: int
    compressed: bool = False
    eid: str | None = None
    fault: str | None = None


@attrs.frozen
class Effect:
    """
    One write that was carried out, whatever became of its answer.

    Args:
        eid: Id of the event that asked for it.
        uri: Its operation, lower case.
        id: The entity that was written.
        kind: `create`, `update` or `delete`.
    """

    eid: str | None
    uri: str
    id: str
    kind: str
