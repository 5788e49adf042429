"""
Which servers serve a volume: one on the main site, and one on each other site (accsyn documentation, file sharing:
assign server). Only admins change that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .references import readable
from .rules import check_write, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS", "SWITCHES", "check_servers", "edit_servers", "forget_server"]

_SERVERS = ("server", "userserver")
# What the earlier generations send with share/edit, and whether it assigns; to the main site or to another one.
SWITCHES = {
    "server": ("server", True),
    "siteserver": ("siteserver", True),
    "server_clear": ("server", False),
    "siteserver_clear": ("siteserver", False),
}


def _volume(context: Context, identity: str | None) -> Row:
    row = context.store.get(identity)
    if row is None or row.type != "volume":
        what = "nothing" if row is None else f"a {row.type}"
        raise ServerError(f"{identity!r} is {what}; servers serve volumes, name one by id.", status=404)
    check_write(context, row, "assign servers to")
    return row


def _server(context: Context, name: Any) -> Row:
    row = context.store.resolve(_SERVERS, name) if isinstance(name, str) and name else None
    if row is None:
        raise ServerError(f"There is no server {name!r}; name one by id.", status=404)
    owner = context.store.get(row.document.get("user"))
    if owner is None or owner.document.get("role") != "admin":
        raise ServerError(
            f"The server {row.document['code']!r} is not run by an admin, so it cannot serve a volume.",
            status=400,
        )
    return row


def _is_main(context: Context, server: Row) -> bool:
    site = context.store.get(server.document.get("site"))
    return site is None or bool(site.document.get("main"))


def check_servers(context: Context, server: str | None, siteservers: Any) -> list[str]:
    """
    Return the ids of the site servers of a new volume.

    Raises:
        ServerError: One of its servers is none, or stands on another site than it is to serve.
    """
    if server is not None:
        _check_site(context, _server(context, server), "server")
    found = [_server(context, each) for each in siteservers or ()]
    for each in found:
        _check_site(context, each, "siteserver")
    return list(dict.fromkeys(each.id for each in found))


def _check_site(context: Context, server: Row, kind: str) -> None:
    if _is_main(context, server) is not (kind == "server"):
        where = (
            "the main site" if kind == "siteserver" else readable(context.store, server.document.get("site"))
        )
        raise ServerError(
            f"The server {server.document['code']!r} is on {where}, so it cannot be a {kind} of the volume.",
            status=400,
        )


def _put(context: Context, volume: Row, server: str, kind: str, *, assigning: bool) -> bool:
    document = volume.document
    if kind == "server":
        now: Any = server if assigning else None
        if not assigning and document.get("server") != server:
            return False
        changes = {"server": now}
    else:
        others = [each for each in document.get("siteservers") or () if each != server]
        if not assigning and server not in (document.get("siteservers") or ()):
            return False
        changes = {"siteservers": [*others, server] if assigning else others}
    context.store.put("volume", context.stamped({**document, **changes}))
    return True


def _client(event: Event) -> Any:
    return event.data.get("client") if isinstance(event.data, dict) else None


def _assign(context: Context, event: Event) -> bool:
    volume = _volume(context, event.id)
    server = _server(context, _client(event))
    kind = "server" if _is_main(context, server) else "siteserver"
    return _put(context, volume, server.id, kind, assigning=True)


def _deassign(context: Context, event: Event) -> bool:
    volume = _volume(context, event.id)
    row = context.store.resolve(_SERVERS, str(_client(event)))
    if row is None:
        raise ServerError(f"There is no server {_client(event)!r}; name one by id.", status=404)
    gone = [_put(context, volume, row.id, kind, assigning=False) for kind in ("server", "siteserver")]
    return any(gone)


def edit_servers(context: Context, identity: str | None, data: Mapping[str, Any]) -> Row:
    """
    Assign servers to a volume and take them away, as the earlier generations ask for it.

    Args:
        context: The event's surroundings.
        identity: Id of the volume.
        data: Ids of servers by `server`, `siteserver`, `server_clear` and `siteserver_clear`, and nothing else.
    """
    volume = _volume(context, identity)
    strangers = sorted(set(data) - set(SWITCHES))
    if strangers:
        raise ServerError(
            f"Servers are assigned on their own, not together with {', '.join(strangers)}.", status=400
        )
    for name, value in data.items():
        kind, assigning = SWITCHES[name]
        server = _server(context, value)
        if assigning:
            _check_site(context, server, kind)
        volume = context.store.get(volume.id) or volume
        _put(context, volume, server.id, kind, assigning=assigning)
    return context.store.get(volume.id) or volume


def forget_server(context: Context, server: Row) -> None:
    """Take a server away from every volume."""
    for volume in context.store.rows(["volume"]):
        for kind in ("server", "siteserver"):
            _put(context, context.store.get(volume.id) or volume, server.id, kind, assigning=False)


def _list(context: Context, event: Event) -> list[dict[str, Any]]:
    volume = context.store.get(event.id)
    if volume is None or volume.type != "volume":
        return []
    allowed = reader(context, ("volume",))
    if allowed is not None and not allowed(volume):
        return []
    main = volume.document.get("server")
    ids = [*([main] if main else []), *(volume.document.get("siteservers") or ())]
    rows = [row for row in map(context.store.get, ids) if row is not None]
    return [
        {
            "id": row.id,
            "code": row.document.get("code"),
            "client": row.id,
            "client_hr": readable(context.store, row.id),
            "volume": volume.id,
            "volume_hr": readable(context.store, volume.id),
            "site": row.document.get("site"),
            "site_hr": readable(context.store, row.document.get("site")),
            "main": row.id == main,
            "status": row.document.get("status"),
        }
        for row in rows
    ]


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("PUT", "share/server"): _assign,
    ("PUT", "volume/server"): _assign,
    ("DELETE", "share/server"): _deassign,
    ("DELETE", "volume/server"): _deassign,
    **{("GET", f"{name}/servers"): _list for name in ("share", "volume", "folder", "home", "collection")},
}
