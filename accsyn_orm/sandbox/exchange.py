"""One request from its reading to its answer: carried out under the lock, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ..errors import AccsynError, SessionExpired
from . import decoding
from .effects import effects_of
from .messages import Effect, Event, RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from .faults import Faults
    from .limiting import TokenBucket
    from .workspace import Workspace

__all__ = ["Answer", "Applied", "Exchange", "Host", "answered"]

Answer = dict[str, Any]


class Host(Protocol):
    """What the application needs to know of the sandbox that it runs in."""

    latency: float
    port: int
    requests: list[RequestRecord]
    effects: list[Effect]
    faults: Faults
    bucket: TokenBucket | None

    @property
    def workspace(self) -> Workspace:
        """The workspace that is served."""
        ...


@attrs.frozen
class Applied:
    """What a request that was carried out is answered with."""

    status: int
    answer: Answer

    @property
    def content(self) -> bytes:
        """The answer as it travels."""
        return decoding.encode(self.answer)


@attrs.define(eq=False)
class Exchange:
    """
    One request that is being answered.

    Args:
        host: The sandbox.
        workspace: The workspace that is served, also to a request that outlives the sandbox.
        request: The request.
        event: What is asked.
        size: Bytes of its document.
        run: Carries an event out, or raises an error with the status of the answer.
        fault: Kind of the fault that was fired on it.
    """

    host: Host
    workspace: Workspace
    request: Request
    event: Event
    size: int
    run: Callable[[Event], Answer]
    fault: str | None = None

    def apply(self, event: Event | None = None) -> Applied:
        """
        Carry the request out, all of it or nothing, and write it down.

        Args:
            event: What to carry out in its place; what is written down is the request as it came.
        """
        with self.workspace.lock:
            status, answer = answered(self.run, event or self.event)
            self.host.requests.append(self._record(status))
            if status == 200:  # noqa: PLR2004 - OK
                self.host.effects.extend(effects_of(self.event, answer.get("result")))
        return Applied(status, answer)

    def refuse(self, status: int) -> None:
        """Write the request down as one that was not carried out; status 0 where nothing is answered."""
        self.host.requests.append(self._record(status))

    def _record(self, status: int) -> RequestRecord:
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
            fault=self.fault,
        )


def answered(run: Callable[[Event], Answer], event: Event) -> tuple[int, Answer]:
    """Return status and document of the answer to an event."""
    try:
        return 200, run(event)
    except SessionExpired as error:
        return error.status or 401, {"message": error.message, "session_expired": True}
    except AccsynError as error:
        return error.status or 400, {"message": error.message}
    except Exception as error:  # noqa: BLE001 - whatever fails inside is answered as the protocol says it
        return 500, {"exception": f"{type(error).__name__}: {error}"}
