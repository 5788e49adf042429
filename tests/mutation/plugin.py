"""
What makes thousands of runs of the same tests quick; a plugin of pytest.

Sandboxes stop at once instead of at uvicorn's next tick, a fifth of a second later; what is imported late is imported
before mutmut forks; and the tests of one file run together, so that they share their sandbox.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket

    import pytest

_IMPORTED_LATE = (
    "accsyn_orm.migrate",
    "accsyn_orm.sandbox.app",
    "accsyn_orm.sandbox.connections",
    "accsyn_orm.wire.deadlines",
    "orjson",
    "uvicorn.loops.asyncio",
)
_TICK = 0.002

for _name in _IMPORTED_LATE:
    importlib.import_module(_name)


class _Prompt(uvicorn.Server):
    """A server that ends when it is told to."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(_TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(_TICK)


uvicorn.Server = _Prompt  # type: ignore[misc]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what needs no sandbox first, then side by side what shares one; mutmut names the tests in any order."""
    items.sort(key=lambda item: ("sandbox" in " ".join(getattr(item, "fixturenames", ())), item.path.name))
