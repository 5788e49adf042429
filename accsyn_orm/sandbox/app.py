"""The workspace over HTTP: routes, limits, faults, answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import attrs
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import AccsynError, ServerError
from . import decoding
from .exchange import Answer, Exchange, Host
from .fault_answers import answer_with
from .generations import FAMILIES, document_of
from .messages import Event

if TYPE_CHECKING:
    from .generations import V3
    from .workspace import Workspace

__all__ = ["build_app"]

BODY_CAP = decoding.PAYLOAD_CAP
_METHODS = ["GET", "POST", "PUT", "DELETE"]

Endpoint = Callable[[Request], Awaitable[Response]]


@attrs.frozen
class _Operation:
    """
    What is served under a path.

    Args:
        uri: What it is called in the record where its document says nothing else.
        read: Reads the event out of a request and its document.
        run: Carries an event out.
    """

    uri: str
    read: Callable[[Request, Answer], Event]
    run: Callable[[Workspace, Request, Event], Answer]


def build_app(host: Host) -> Starlette:
    """Build the application that serves a sandbox, to clients of every generation."""
    routes = [route for family in FAMILIES for route in _routes(host, family)]
    unknown = _Operation("", lambda request, _document: Event(request.method, request.url.path), _unknown)
    return Starlette(routes=[*routes, Route("/{path:path}", _endpoint(host, unknown), methods=_METHODS)])


def _routes(host: Host, family: V3) -> list[Route]:
    registry = _Operation(
        "registry",
        lambda request, document: Event(request.method, "registry", data=document),
        partial(_registry, host, family),
    )
    login = _Operation(family.login_uri, partial(_read_login, family), partial(_login, family))
    event = _Operation(
        "event", lambda request, document: family.event(request.method, document), partial(_event, family)
    )
    return [
        Route(family.registry_path, _endpoint(host, registry), methods=[family.registry_method]),
        Route(family.login_path, _endpoint(host, login), methods=["PUT"]),
        Route(family.event_path, _endpoint(host, event), methods=_METHODS),
    ]


def _registry(host: Host, family: V3, workspace: Workspace, request: Request, event: Event) -> Answer:
    code = workspace.registered(event.data.get(family.registry_ident))
    # By the name that it was reached by: a certificate is made out to that, and a proxy resolves it.
    return family.located(code, request.url.hostname or "127.0.0.1", host.port)


def _read_login(family: V3, request: Request, document: Answer) -> Event:
    credentials = family.credentials(request.headers)
    return Event(
        "PUT",
        family.login_uri,
        data={},
        workspace=credentials.workspace,
        ident=credentials.username,
        session=family.proposed(document),
    )


def _login(family: V3, workspace: Workspace, request: Request, event: Event) -> Answer:
    credentials = family.credentials(request.headers)
    return workspace.sign_in(credentials, family.spoken(event.session), event.session)


def _event(family: V3, workspace: Workspace, request: Request, event: Event) -> Answer:
    return workspace.answer(family.credentials(request.headers), event, family)


def _unknown(_workspace: Workspace, request: Request, _event: Event) -> NoReturn:
    paths = " or ".join(family.event_path for family in FAMILIES)
    raise ServerError(
        f"There is nothing at {request.method} {request.url.path}; events go to {paths}.", status=404
    )


def _endpoint(host: Host, operation: _Operation) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body, whole = await _body(request)
        if host.latency > 0:
            await asyncio.sleep(host.latency)
        exchange = _exchange(host, operation, request, body, whole)
        wait = 0.0 if host.bucket is None else host.bucket.take()
        if wait:
            return _too_many(exchange, wait)
        fault = host.faults.hit(exchange.event)
        if fault is not None:
            return await answer_with(fault, exchange)
        # No await from here on: events are answered one after the other.
        applied = exchange.apply()
        return Response(applied.content, status_code=applied.status, media_type="application/json")

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


def _exchange(host: Host, operation: _Operation, request: Request, body: bytes, whole: bool) -> Exchange:
    """Read a request; where it cannot be read, running it raises the reason."""
    query_string: bytes = request.scope["query_string"]
    event = Event(request.method, operation.uri or request.url.path)
    workspace = host.workspace
    size = 0
    refusal: Exception | None = None
    try:
        _check_size(whole)
        size = len(query_string) if request.method in {"GET", "DELETE"} else len(body)
        event = operation.read(request, document_of(request.method, query_string, body))
    except AccsynError as error:
        refusal = error
    run = partial(operation.run, workspace, request) if refusal is None else partial(_raise, refusal)
    return Exchange(host, workspace, request, event, size, run)


def _raise(refusal: Exception, _event: Event) -> NoReturn:
    raise refusal


def _check_size(whole: bool) -> None:
    if not whole:
        raise ServerError(f"The body is incomplete, or larger than {BODY_CAP} bytes.", status=413)


def _too_many(exchange: Exchange, wait: float) -> Response:
    exchange.refuse(429)
    message = f"More requests than the sandbox's rate_limit allows; try again in {wait:.3f} s."
    return Response(
        decoding.encode({"message": message}),
        status_code=429,
        media_type="application/json",
        headers={"Retry-After": str(math.ceil(wait))},
    )
