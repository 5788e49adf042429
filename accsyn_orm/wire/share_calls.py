"""The calls about shares: the servers that serve them, and the files of a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidValue
from .messages import Call
from .names import check_entitytype, check_id
from .payloads import object_payload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["ShareCalls"]

_SERVED = frozenset({"volume", "share"})
# What a server is to a volume; today's servers make no difference.
_KINDS = frozenset({"server", "client", "siteserver"})


class ShareCalls:
    """Build the calls about what belongs to a share (measured from accsyn-python-api 3.4.0)."""

    def assign(self, entitytype: str, entityid: str, client: str, *, kind: str = "server") -> Call:
        """
        Have a server serve a volume.

        Args:
            entitytype: `volume`, or `share`, which stands for it.
            entityid: Its id.
            client: The id of the server.
            kind: What the server is to the volume: `server` (also `client`), or `siteserver`.
        """
        entitytype, entityid = _served(entitytype, kind), check_id(entityid)
        data = {"client": check_id(client, "server id")}
        return Call("PUT", "share/server", id=entityid, data=data, entity=f"{entitytype}:{entityid}")

    def deassign(self, entitytype: str, entityid: str, client: str, *, kind: str = "server") -> Call:
        """Have a server serve a volume no longer. The parameters are those of `assign`."""
        entitytype, entityid = _served(entitytype, kind), check_id(entityid)
        data = {"client": check_id(client, "server id")}
        return Call(
            "DELETE", f"{entitytype}/server", id=entityid, data=data, entity=f"{entitytype}:{entityid}"
        )

    def assignments(self, entitytype: str, entityid: str) -> Call:
        """List the servers that serve a volume."""
        entitytype, entityid = _served(entitytype), check_id(entityid)
        return Call("GET", f"{entitytype}/servers", id=entityid, entity=f"{entitytype}:{entityid}")

    def delete_many(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> Call:
        """
        Take files out of a collection; the files themselves stay where they are.

        Args:
            entitytype: `collection`.
            entityid: Its id.
            data: `{"files": […]}` with the ids that `find("file", …)` lists.
        """
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        if entitytype != "collection":
            raise InvalidValue(
                f"delete_many('{entitytype}') is not possible: only files of a collection can be taken out together"
            )
        payload = object_payload(data, "delete_many('collection')")
        files = payload.get("files")
        if not isinstance(files, (list, tuple)) or not files:
            raise InvalidValue(
                f"delete_many('collection') got the files {files!r}: give {{'files': [id, …]}} with at least one"
            )
        payload["files"] = [check_id(each, "file id") for each in files]
        return Call(
            "DELETE", "collection/file/remove", id=entityid, data=payload, entity=f"collection:{entityid}"
        )


def _served(entitytype: str, kind: str = "server") -> str:
    entitytype = check_entitytype(entitytype)
    if kind not in _KINDS:
        raise InvalidValue(f"a '{kind}' cannot be assigned to a volume: a 'server' or 'siteserver' can")
    if entitytype not in _SERVED:
        raise InvalidValue(
            f"no server serves a '{entitytype}': only a volume is served (or 'share', its other name)"
        )
    return entitytype
