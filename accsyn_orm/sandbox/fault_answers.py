"""What each kind of fault does to a request."""

from __future__ import annotations

import asyncio
import html
import json
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from . import decoding
from .connections import Broken, ClosedAfterwards, end, raw_answer
from .fault_payloads import PAGES, ROWS, other_type

if TYPE_CHECKING:
    from .exchange import Exchange
    from .faults import Fault

__all__ = ["answer_with"]

Options = Mapping[str, Any]
Answering = Callable[["Exchange", Options], Awaitable[Response]]
_REASONS = {502: "Bad Gateway", 504: "Gateway Time-out"}
_MEGABYTE = 1 << 20


async def answer_with(fault: Fault, exchange: Exchange) -> Response:
    """Answer a request that a fault has hit."""
    exchange.fault = fault.kind
    if fault.kind in PAGES:
        event = exchange.event
        is_find = event.method == "GET" and isinstance(event.data, dict)
        return _plain(exchange, PAGES[fault.kind](event, fault.options) if is_find else event)
    if fault.kind in ROWS:
        applied = exchange.apply()
        if applied.status != 200:  # noqa: PLR2004 - OK
            return _response(applied.status, applied.content)
        # A copy: the answer may share objects with the store.
        return _response(200, ROWS[fault.kind](json.loads(applied.content), fault.options))
    return await _ANSWERS[fault.kind](exchange, fault.options)


def _response(status: int, content: bytes, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(content, status_code=status, media_type="application/json", headers=named)


def _plain(exchange: Exchange, event: Any = None) -> Response:
    applied = exchange.apply(event)
    return _response(applied.status, applied.content)


def _settle(exchange: Exchange, options: Options, status: int) -> bytes:
    """Carry the request out where the options say so; return what a right answer would hold."""
    if options["apply"]:
        return exchange.apply().content
    exchange.refuse(status)
    return decoding.encode({"result": None})


def _refused(exchange: Exchange, options: Options, status: int, message: str, **more: Any) -> Response:
    if options.get("apply"):
        exchange.apply()
    else:
        exchange.refuse(status)
    return _response(status, decoding.encode({"message": message, **more}))


# The connection


async def _reset_before_apply(exchange: Exchange, _options: Options) -> Response:
    exchange.refuse(0)
    return Broken(reset=True)


async def _reset_after_apply(exchange: Exchange, _options: Options) -> Response:
    exchange.apply()
    return Broken(reset=True)


async def _apply_late(exchange: Exchange, options: Options) -> Response:
    if options["close"]:
        await end(exchange.request.scope, exchange.request.receive)
    await asyncio.sleep(options["delay"])
    exchange.apply()
    return Broken()


async def _truncate(exchange: Exchange, options: Options) -> Response:
    content = _settle(exchange, options, 0)
    part = content[: int(len(content) * options["keep"])]
    return Broken(raw_answer("200 OK", part, length=len(content) if options["cut"] != "json" else None))


async def _trickle(exchange: Exchange, options: Options) -> Response:
    return Broken(raw_answer("200 OK", _settle(exchange, options, 200)), interval=options["interval"])


async def _slow(exchange: Exchange, options: Options) -> Response:
    if options["apply"]:
        applied = exchange.apply()
        await asyncio.sleep(options["delay"])
    else:
        await asyncio.sleep(options["delay"])
        applied = exchange.apply()
    return _response(applied.status, applied.content)


async def _close_keep_alive(exchange: Exchange, options: Options) -> Response:
    applied = exchange.apply()
    return ClosedAfterwards(applied.content, applied.status, deaf=options["when"] == "next")


# The answer


def _page(status: int) -> Answering:
    async def page(exchange: Exchange, options: Options) -> Response:
        _settle(exchange, options, status)
        reason = _REASONS[status]
        text = f"<html><head><title>{status} {reason}</title></head><body><h1>{status} {reason}</h1>"
        filling = "<p>nginx</p>" * max(0, (options["size"] - len(text)) // 12)
        return Response(f"{text}{filling}</body></html>", status_code=status, media_type="text/html")

    return page


async def _status_500(exchange: Exchange, options: Options) -> Response:
    return _response(500, _settle(exchange, options, 500))


def _busy(status: int, message: str) -> Answering:
    async def busy(exchange: Exchange, options: Options) -> Response:
        response = _refused(exchange, options, status, message)
        if options["retry_after"] is not None:
            response.headers["Retry-After"] = str(options["retry_after"])
        return response

    return busy


def _refusal(status: int, message: str) -> Answering:
    async def refusal(exchange: Exchange, options: Options) -> Response:
        return _refused(exchange, options, status, message)

    return refusal


async def _session_expired(exchange: Exchange, options: Options) -> Response:
    if options["end"]:
        exchange.workspace.end_sessions()
    message = "The session has ended; sign in again."
    return _refused(exchange, options, options["status"], message, session_expired=True)


async def _no_content(exchange: Exchange, options: Options) -> Response:
    _settle(exchange, options, 204)
    return Response(status_code=204)


async def _empty_body(exchange: Exchange, options: Options) -> Response:
    _settle(exchange, options, 200)
    return _response(200, b"")


async def _not_object(exchange: Exchange, options: Options) -> Response:
    _settle(exchange, options, 200)
    return _response(200, json.dumps(options["value"]).encode("ascii"))


async def _redirect(exchange: Exchange, options: Options) -> Response:
    _settle(exchange, options, options["status"])
    return Response(status_code=options["status"], headers={"Location": options["location"]})


async def _zip_bomb(exchange: Exchange, options: Options) -> Response:
    _settle(exchange, options, 200)
    headers = {"Content-Encoding": "gzip"}
    return StreamingResponse(_bomb(options["size"]), media_type="application/json", headers=headers)


async def _bomb(size: int) -> AsyncIterator[bytes]:
    """Yield the gzip of a JSON document with a text of about `size` characters, a megabyte at a time."""
    begin, block, end = b'{"result":"', b"a" * _MEGABYTE, b'"}'
    count = max(1, size // _MEGABYTE)
    packed = _deflated(block)
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + _deflated(begin)
    crc = zlib.crc32(begin)
    for _ in range(count):
        yield packed
        crc = zlib.crc32(block, crc)
        await asyncio.sleep(0)
    crc = zlib.crc32(end, crc)
    length = (len(begin) + count * _MEGABYTE + len(end)) & 0xFFFFFFFF
    yield _deflated(end) + b"\x03\x00" + struct.pack("<II", crc, length)


def _deflated(text: bytes) -> bytes:
    # A full flush ends on a byte and refers to nothing before: the same piece can be sent again and again.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


async def _secret_echo(exchange: Exchange, options: Options) -> Response:
    request = exchange.request
    said = {"headers": dict(request.headers), "url": str(request.url), "session": exchange.event.session}
    return _refused(exchange, options, options["status"], f"I do not like this request: {json.dumps(said)}")


async def _terminal_escapes(exchange: Exchange, options: Options) -> Response:
    message = (
        "no\x1b[2J\x1b]0;title\x07\x9b31m \r\nfake line of a log\x00 " + html.unescape("&#x202e;") + "txt"
    )
    return _refused(exchange, options, options["status"], message)


# The rows


async def _other_type(exchange: Exchange, options: Options) -> Response:
    applied = exchange.apply()
    if applied.status != 200:  # noqa: PLR2004 - OK
        return _response(applied.status, applied.content)
    return _response(200, decoding.encode({"result": other_type(exchange, options)}))


_ANSWERS: Mapping[str, Answering] = {
    "reset_before_apply": _reset_before_apply,
    "reset_after_apply": _reset_after_apply,
    "apply_late": _apply_late,
    "truncate": _truncate,
    "trickle": _trickle,
    "slow": _slow,
    "close_keep_alive": _close_keep_alive,
    "html_502": _page(502),
    "html_504": _page(504),
    "status_500_with_result": _status_500,
    "rate_limited": _busy(429, "Too many requests from this address; slow down."),
    "unavailable_503": _busy(503, "The service is not available at the moment."),
    "unauthorised_401": _refusal(401, "The credentials are not accepted."),
    "forbidden_403": _refusal(403, "This user may not do that."),
    "session_expired": _session_expired,
    "no_content_204": _no_content,
    "empty_body": _empty_body,
    "not_object": _not_object,
    "redirect": _redirect,
    "zip_bomb": _zip_bomb,
    "secret_echo": _secret_echo,
    "terminal_escapes": _terminal_escapes,
    "other_type_answered": _other_type,
}
