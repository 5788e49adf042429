"""What the tests of the wire share: servers on loopback, and a transport to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accsyn_orm.wire.transport import RequestsTransport
from tests.unit.loopback import Served

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    servers: list[Served] = []

    def start(script: Callable[[Served, socket.socket], None], tls: ssl.SSLContext | None = None) -> Served:
        servers.append(Served(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    transport = RequestsTransport()
    yield transport
    transport.close()
