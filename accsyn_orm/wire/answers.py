"""From an HTTP response to a document or a result, or to the error that it stands for."""

from __future__ import annotations

import email.utils
import json
import math
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..errors import (
    AuthenticationFailed,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    ServerError,
    ServerFault,
    SessionExpired,
)
from . import codec
from .redaction import escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .messages import Call, HttpResponse

__all__ = ["document_of", "is_json", "result_of", "retry_after"]

# No more than this of a page that is not of the protocol, and of what a server says about an inner failure.
SNIPPET = 200
LONGEST_MESSAGE = 2_000
_SEARCHED = 16_384

_OK, _REDIRECT, _BAD, _FAULT = 200, 300, 400, 500
_OBJECT_ID = re.compile(r"ObjectId:([0-9a-z]{24})\Z")


def document_of(response: HttpResponse, call: Call, clean: Callable[[str], str] = str) -> dict[str, Any]:
    """
    Read the document of an answer.

    Args:
        response: What came.
        call: What was asked for; errors name it.
        clean: Takes secrets out of a text of the server before it becomes part of a message.

    Raises:
        ServerError: The answer is an error, by its status or by its document.
        ProtocolError: The answer is a redirect, no JSON, or no JSON object with something in it.
    """
    status = response.status
    if _REDIRECT <= status < _BAD:
        raise _protocol_error(f"{_redirect(response, clean)}; redirects are not followed", response, call)
    try:
        document = codec.loads(response.body)
    except ProtocolError as error:
        reason = error.message
        document = None
    else:
        reason = ""
    if reason:
        raise _unreadable(reason, response, call, clean)
    if isinstance(document, dict):
        failure = _error_in(document, response, call, clean)
        if failure is not None:
            # A traceback that shows locals shows this frame, and a server may repeat secrets.
            del document
            try:
                raise failure
            finally:
                del failure  # or the frame and the error would keep each other, and all that they hold, alive
    if status >= _BAD:
        raise _server_error(f"the server answered HTTP {status} without saying why", response, call)
    if not _OK <= status < _REDIRECT:
        raise _protocol_error(
            f"the answer has the HTTP status {status}, which the protocol does not know", response, call
        )
    if not isinstance(document, dict) or not document:
        raise _protocol_error(f"the answer is {_kind(document)}, not an object with a result", response, call)
    # A server that writes ids so does it in every row: to search a long page to its end costs as much as to page.
    return _without_object_ids(document) if response.body.find(b"ObjectId:", 0, _SEARCHED) >= 0 else document


def result_of(document: Mapping[str, Any], call: Call) -> Any:
    """
    Return the result of an answer.

    Raises:
        ProtocolError: The document has none.
    """
    try:
        return document["result"]
    except KeyError:
        names = ", ".join(repr(escape_controls(str(name)))[:40] for name in list(document)[:5])
        raise ProtocolError(
            f"the answer to {call.uri} has no 'result' @ $.result, only {names}",
            uri=call.uri,
            entity=call.entity,
        ) from None


def is_json(response: HttpResponse) -> bool:
    """Tell whether the body of a response can be read at all, whatever it says."""
    try:
        codec.loads(response.body)
    except ProtocolError:
        return False
    return True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """
    Return the seconds that an answer asks to wait, where it says so in a way that can be read.

    A date is taken against the server's own clock (its `Date` header) where it gives one, since this
    machine's may be wrong.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        then = _http_date(text)
        if then is None:
            return None
        now = _http_date(headers.get("date", "")) or datetime.now(timezone.utc)
        return max(0.0, (then - now).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _error_in(
    document: Mapping[str, Any], response: HttpResponse, call: Call, clean: Callable[[str], str]
) -> ServerError | None:
    if document.get("exception") is not None:
        text = _text(document["exception"])
        shown = escape_controls(clean(text))[:SNIPPET]
        message = f"{call.uri} failed inside the server: {shown or 'it does not say why'}"
        return ServerFault(message, status=response.status, uri=call.uri, entity=call.entity)
    said = _text(document.get("message_hr")) or _text(document.get("message"))
    # A null or empty message beside a result is no error; alone, it is one without words.
    wordless = "result" not in document and ("message" in document or "exception" in document)
    expired = document.get("session_expired") is True
    if said or wordless or expired:
        text = escape_controls(clean(said), keep="\n\t")[:LONGEST_MESSAGE]
        message = text or f"the server refused {call.uri} and does not say why"
        return _server_error(message, response, call, expired=expired)
    return None


def _server_error(message: str, response: HttpResponse, call: Call, *, expired: bool = False) -> ServerError:
    status = response.status
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        seconds = retry_after(response.headers)
        return RateLimited(message, retry_after=seconds, status=status, uri=call.uri, entity=call.entity)
    kinds: dict[int, type[ServerError]] = {401: AuthenticationFailed, 403: PermissionDenied}
    kind = SessionExpired if expired else kinds.get(status, ServerFault if status >= _FAULT else ServerError)
    return kind(message, status=status, uri=call.uri, entity=call.entity)


def _unreadable(
    reason: str, response: HttpResponse, call: Call, clean: Callable[[str], str]
) -> ServerError | ProtocolError:
    page = clean(response.body.decode("utf-8", "replace"))
    shown = f"it begins {escape_controls(page[:SNIPPET])!r}" if page.strip() else "it is empty"
    if response.status >= _BAD:
        return _server_error(
            f"the server answered HTTP {response.status}, and not in JSON: {shown}", response, call
        )
    return _protocol_error(f"{reason}: {shown}", response, call)


def _protocol_error(message: str, response: HttpResponse, call: Call) -> ProtocolError:
    return ProtocolError(f"{call.uri}: {message}", status=response.status, uri=call.uri, entity=call.entity)


def _redirect(response: HttpResponse, clean: Callable[[str], str]) -> str:
    target = clean(response.headers.get("location", "")).partition("?")[0]
    where = f" to {escape_controls(target[:SNIPPET])!r}" if target else ""
    return f"the answer is a redirect{where} (HTTP {response.status})"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return f"an {'empty ' if not value else ''}{'object' if isinstance(value, dict) else 'array'}"
    return f"a {type(value).__name__}"


def _without_object_ids(value: Any) -> Any:
    """Take the prefix `ObjectId:` off ids; a text that only contains it is left alone."""
    if isinstance(value, dict):
        return {key: _without_object_ids(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_object_ids(item) for item in value]
    match = _OBJECT_ID.match(value) if isinstance(value, str) else None
    return match[1] if match else value
