"""The record of what goes over the wire: a line each in the library's log, payloads in a session's own."""

from __future__ import annotations

import functools
import json
import logging
from typing import TYPE_CHECKING, Any

from .redaction import STARS, escape_controls, star_secrets

if TYPE_CHECKING:
    from .messages import Call
    from .redaction import Redactor

__all__ = ["Trace"]


@functools.cache
def library_logger() -> logging.Logger:
    """Return the logger `accsyn_orm.wire`, made at the first session: importing touches no logger."""
    logging.getLogger("accsyn_orm").addHandler(logging.NullHandler())
    return logging.getLogger("accsyn_orm.wire")


class Trace:
    """
    Write down requests and answers, with secrets starred and control characters escaped.

    Args:
        own: The session's own logger, at DEBUG with payloads and at INFO without; None where it has none.
        pretty: Indent payloads.
    """

    def __init__(self, own: logging.Logger | None = None, *, pretty: bool = False) -> None:
        self._library = library_logger()
        self._own = own
        self._indent = 4 if pretty else None

    def request(self, call: Call, redactor: Redactor) -> None:
        """Note that a call is about to be sent."""
        if self._own is not None and self._own.isEnabledFor(logging.DEBUG):
            parts = {"id": call.id, "query": call.query, "data": _shown_data(call)}
            shown = {name: value for name, value in parts.items() if value is not None}
            self._own.debug("%s %s %s", call.method, call.uri, self._written(shown, redactor))

    def answer(self, call: Call, status: int, document: Any, seconds: float, redactor: Redactor) -> None:
        """Note an answer that is no error."""
        self._line(logging.INFO, "%s %s answered %s in %.3f s", call.method, call.uri, status, seconds)
        if self._own is not None and self._own.isEnabledFor(logging.DEBUG):
            self._own.debug("%s answer %s", call.uri, self._written(document, redactor))

    def failure(self, call: Call, error: Exception, seconds: float, redactor: Redactor) -> None:
        """Note that a call failed."""
        text = escape_controls(redactor.clean(str(error)))
        kind = type(error).__name__
        self._line(
            logging.INFO, "%s %s failed after %.3f s: %s: %s", call.method, call.uri, seconds, kind, text
        )

    def _line(self, level: int, text: str, *values: object) -> None:
        # An application that logs at INFO did not ask to hear of every request of a library.
        self._library.debug(text, *values)
        if self._own is not None:
            self._own.log(level, text, *values)

    def _written(self, value: Any, redactor: Redactor) -> str:
        text = redactor.clean(json.dumps(star_secrets(value), indent=self._indent, default=str))
        return escape_controls(text, keep="\n")


def _shown_data(call: Call) -> Any:
    if call.uri == "setting" and isinstance(call.data, dict) and "value" in call.data:
        return {**call.data, "value": STARS}
    return call.data
