"""The workspace over HTTP: routes, answers, and the record of what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import AccsynError, ServerError, SessionExpired
from . import decoding
from .generations import V3
from .messages import Event, RequestRecord

if TYPE_CHECKING:
    from .workspace import Workspace

__all__ = ["Host", "build_app"]

BODY_CAP = decoding.PAYLOAD_CAP
_METHODS = ["GET", "POST", "PUT", "DELETE"]

Answer = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class Host(Protocol):
    """What the application needs to know of the sandbox that it runs in."""

    latency: float
    port: int
    requests: list[RequestRecord]

    @property
    def workspace(self) -> Workspace:
        """The workspace that is served."""
        ...


class _Asked:
    """What is known of a request so far, for its record."""

    def __init__(self, method: str, uri: str) -> None:
        self.event = Event(method, uri)
        self.size = 0

    def record(self, status: int) -> RequestRecord:
        event = self.event
        return RequestRecord(
            method=event.method,
            uri=event.uri,
            id=event.id,
            query=event.query,
            data=event.data,
            status=status,
            workspace=event.workspace,
            ident=event.ident,
            size=self.size,
            compressed=event.compressed,
            eid=event.eid,
        )


Handler = Callable[[Request, _Asked, Answer], Answer]


def build_app(host: Host) -> Starlette:
    """Build the application that serves a sandbox."""

    def registry(_request: Request, asked: _Asked, document: Answer) -> Answer:
        asked.event = Event("GET", "registry", data=document)
        return host.workspace.registry(document.get("ident"), "127.0.0.1", host.port)

    def login(request: Request, asked: _Asked, document: Answer) -> Answer:
        credentials = V3.sign_in(request.headers)
        asked.event = Event(
            "PUT", "api/login", data={}, workspace=credentials.workspace, ident=credentials.username
        )
        return host.workspace.sign_in(credentials, document.get("session_id"))

    def event(request: Request, asked: _Asked, document: Answer) -> Answer:
        asked.event = V3.event(request.method, document)
        return host.workspace.answer(V3.sign_in(request.headers), asked.event)

    def unknown(request: Request, _asked: _Asked, _document: Answer) -> Answer:
        raise ServerError(
            f"There is nothing at {request.method} {request.url.path}; events go to {V3.event_path}.",
            status=404,
        )

    return Starlette(
        routes=[
            Route(V3.registry_path, _endpoint(host, "registry", registry), methods=["GET"]),
            Route(V3.login_path, _endpoint(host, "api/login", login), methods=["PUT"]),
            Route(V3.event_path, _endpoint(host, "event", event), methods=_METHODS),
            Route("/{path:path}", _endpoint(host, "", unknown), methods=_METHODS),
        ]
    )


def _endpoint(host: Host, uri: str, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        asked = _Asked(request.method, uri or request.url.path)
        body, whole = await _body(request)
        if host.latency > 0:
            await asyncio.sleep(host.latency)
        # One lock, and no await below it: events are answered one after the other.
        with host.workspace.lock:
            status, answer = _answered(request, asked, body, whole, handler)
            content = decoding.encode(answer)
            host.requests.append(asked.record(status))
        return Response(content, status_code=status, media_type="application/json")

    return endpoint


async def _body(request: Request) -> tuple[bytes, bool]:
    """Return the body, and whether it was read as a whole: it may be no larger than BODY_CAP."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size <= BODY_CAP:
                parts.append(part)
    except ClientDisconnect:
        return b"", False
    return b"".join(parts), size <= BODY_CAP


def _check_size(whole: bool) -> None:
    if not whole:
        raise ServerError(f"The body is incomplete, or larger than {BODY_CAP} bytes.", status=413)


def _answered(
    request: Request,
    asked: _Asked,
    body: bytes,
    whole: bool,
    handler: Handler,
) -> tuple[int, Answer]:
    try:
        _check_size(whole)
        query_string: bytes = request.scope["query_string"]
        asked.size = len(query_string) if request.method in {"GET", "DELETE"} else len(body)
        document = V3.document(request.method, query_string, body)
        return 200, handler(request, asked, V3.mapping(document) if document else {})
    except SessionExpired as error:
        return error.status or 401, {"message": error.message, "session_expired": True}
    except AccsynError as error:
        return error.status or 400, {"message": error.message}
    except Exception as error:  # noqa: BLE001 - whatever fails inside is answered as the protocol says it
        return 500, {"exception": f"{type(error).__name__}: {error}"}
