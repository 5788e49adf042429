"""The three that are held side by side: this package, the published client, and requests with a JSON decoder."""

from __future__ import annotations

import json
import logging
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from accsyn_orm import Job, Session
from accsyn_orm.wire import codec

if TYPE_CHECKING:
    from collections.abc import Callable

    from .canned import CannedServer

__all__ = ["CREDENTIALS", "floor", "ours", "published", "published_client", "session_of"]

CREDENTIALS = ("acmefilm", "john@user.com", "key")


def session_of(server: CannedServer) -> Session:
    """Open a session with a canned server."""
    return Session(*CREDENTIALS, url=server.url, verify=server.verify)


def ours(session: Session, page: int, read_ahead: int = 1) -> Callable[[], int]:
    """Return a listing of all jobs as entities."""
    return lambda: sum(1 for _ in Job.objects.using(session).iterator(chunk_size=page, read_ahead=read_ahead))


def published_client(server: CannedServer) -> Any:
    """Open the published client's session with a canned server."""
    warnings.simplefilter("ignore")
    import accsyn_api.session

    logging.disable(logging.WARNING)
    # Through an accsyn proxy it speaks plain http, and TLS without.
    tls = server.url.startswith("https")
    where: dict[str, Any] = {"port": server.port} if tls else {"proxy": f"accsyn:127.0.0.1:{server.port}"}
    return accsyn_api.session.Session(*CREDENTIALS, hostname="127.0.0.1", **where)


def published(server: CannedServer, total: int, page: int) -> Callable[[], int]:
    """Return a listing of all jobs by the published client, as dictionaries."""
    client = published_client(server)
    return lambda: sum(
        len(client.find("job", skip=skip or None, limit=page) or ()) for skip in range(0, total, page)
    )


def floor(server: CannedServer, total: int, page: int) -> Callable[[], int]:
    """Return a listing by requests, kept alive, and the JSON decoder that this package uses, as dictionaries."""
    http = requests.Session()

    def listing() -> int:
        found = 0
        for skip in range(0, total, page):
            document = json.dumps({"data": {"skip": skip, "limit": page}})
            url = f"{server.url}/api/v3/event?{quote(document)}"
            answer: Any = codec.loads(http.get(url, verify=server.verify).content)
            found += len(answer["result"])
        return found

    return listing
