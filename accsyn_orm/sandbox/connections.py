"""
Connections that can be broken.

HTTP servers keep their promises: they send as many bytes as they announced and close politely. Here a request
is handed the connection that it came on, so that an answer can be written to it byte by byte, or not at all.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["BreakableProtocol", "Broken", "ClosedAfterwards", "end", "raw_answer"]

_STATE = "accsyn_connection"
# l_onoff 1, l_linger 0: closing then sends RST instead of FIN (socket(7)).
_LINGER_NOT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class BreakableProtocol(H11Protocol):
    """uvicorn's own protocol over h11, which hands itself to the application in the scope's state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state: dict[str, Any] = {**self.app_state, _STATE: self}
        self.deaf = False

    def data_received(self, data: bytes) -> None:
        """Take bytes in, or close the connection over them where that was asked for."""
        if self.deaf:
            self.transport.close()
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection that the client ended."""
        super().connection_lost(exc)
        # asyncio of Python 3.10 warns of a TLS transport that only the other side has closed.
        self.transport.close()


def connection_of(scope: Scope) -> BreakableProtocol:
    """Return the connection that a request came on."""
    connection: BreakableProtocol = scope["state"][_STATE]
    return connection


async def end(scope: Scope, receive: Receive, *, reset: bool = False) -> None:
    """
    End the connection that a request came on, and wait until it is gone.

    Args:
        scope: The request's scope.
        receive: Receives its messages.
        reset: Whether it is reset (RST) instead of closed (FIN).
    """
    transport = connection_of(scope).transport
    if reset:
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
    else:
        transport.close()
    # Until the connection is gone, the server would answer 500 in place of the missing answer.
    while (await receive())["type"] != "http.disconnect":
        pass


def raw_answer(status: str, content: bytes, *, length: int | None = None) -> bytes:
    """
    Return an answer as the bytes that travel.

    Args:
        status: Code and reason, such as `200 OK`.
        content: The body.
        length: What Content-Length says, where it does not tell the truth.
    """
    announced = len(content) if length is None else length
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n"
        f"Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + content


class Broken(Response):
    """
    An answer that is written to the connection as it is, after which the connection ends.

    Args:
        raw: The bytes.
        reset: Whether the connection is reset (RST) instead of closed (FIN).
        interval: Seconds between two bytes; 0 for all of them at once.
    """

    def __init__(self, raw: bytes = b"", *, reset: bool = False, interval: float = 0.0) -> None:
        super().__init__()
        self._raw = raw
        self._reset = reset
        self._interval = interval

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Write the bytes and end the connection."""
        transport = connection_of(scope).transport
        if self._interval > 0:
            for index in range(len(self._raw)):
                if transport.is_closing():
                    break
                transport.write(self._raw[index : index + 1])
                await asyncio.sleep(self._interval)
        elif self._raw:
            transport.write(self._raw)
        await end(scope, receive, reset=self._reset)


class ClosedAfterwards(Response):
    """
    A right answer on a connection that says it is kept, and is not.

    Args:
        content: The body.
        status_code: HTTP status.
        deaf: Close only when the next request arrives, over its first byte.
    """

    def __init__(self, content: bytes, status_code: int, *, deaf: bool) -> None:
        super().__init__(content, status_code=status_code, media_type="application/json")
        self._deaf = deaf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then close or stop listening."""
        connection = connection_of(scope)
        # Before the answer is out, since the next request may be there directly after it.
        connection.deaf = self._deaf
        await super().__call__(scope, receive, send)
        if not self._deaf:
            connection.transport.close()
