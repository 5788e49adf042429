"""Bugs planted on purpose, each a transport that makes one mistake: a harness that does not see them is worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accsyn_orm.errors import ConnectionFailed, TransportError
from accsyn_orm.wire.transport import RequestsTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts
    from accsyn_orm.wire.transport import Transport

__all__ = ["SEEDED"]


class _BlindRetries(RequestsTransport):
    """Send every request again that got no answer, as the retries of many HTTP libraries do."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send a request, twice where it has to be."""
        try:
            return super().send(request, timeouts)
        except TransportError:
            return super().send(request, timeouts)


class _LostIsNotSent(RequestsTransport):
    """Take a request without an answer for one that never left."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send a request."""
        try:
            return super().send(request, timeouts)
        except TransportError as error:
            raise ConnectionFailed(error.message) from error


class _TalkativeErrors(RequestsTransport):
    """Say in an error which headers were sent."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send a request."""
        try:
            return super().send(request, timeouts)
        except TransportError as error:
            raise TransportError(f"{error.message} {request.headers}", sent=error.sent) from error


class _EveryAnswerIsFine(RequestsTransport):
    """Hand over a page of a gateway as an empty success."""

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send a request."""
        response = super().send(request, timeouts)
        if response.status not in {502, 504}:
            return response
        return type(response)(200, {}, b'{"result": true}')


SEEDED: Mapping[str, Callable[[], Transport]] = {
    "blind-retries": _BlindRetries,
    "lost-is-not-sent": _LostIsNotSent,
    "talkative-errors": _TalkativeErrors,
    "every-answer-is-fine": _EveryAnswerIsFine,
}
