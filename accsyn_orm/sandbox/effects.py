"""What a write did to the entities that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .messages import Effect

if TYPE_CHECKING:
    from .messages import Event

__all__ = ["effects_of"]

_KINDS = {
    "create": "create",
    "add": "create",
    "edit": "update",
    "activate": "update",
    "deactivate": "update",
    "offline": "update",
    "delete": "delete",
    "remove": "delete",
}
# A recipient and a server are parts of the delivery and of the volume that they are added to.
_PARTS = {
    "job/recipient/add": "update",
    "job/recipient": "update",
    "share/server": "update",
    "volume/server": "update",
}


def effects_of(event: Event, result: Any) -> list[Effect]:
    """
    Return the effects of an event that was carried out.

    Args:
        event: The event.
        result: What it is answered with.

    Returns:
        One effect per entity that is answered (created or changed), or one for the id that the event names.
        What follows from the rules of the workspace, such as the home of a new user, is not among them.
        Access that was granted again is an update of the share that it is for, since it is answered with true.
    """
    uri = event.uri.lower()
    kind = None if event.method == "GET" else _PARTS.get(uri, _KINDS.get(uri.rpartition("/")[2]))
    if kind is None or result is False:
        return []
    if uri == "acl/create" and result == [True]:
        return [Effect(event.eid, uri, str(event.data["target"]).rpartition(":")[2], "update")]
    rows = result if isinstance(result, list) else []
    ids = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
    return [Effect(event.eid, uri, ident, kind) for ident in ids or [event.id or ""]]
