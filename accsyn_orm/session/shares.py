"""What belongs to a share: the servers that serve it, and the files of a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from ..wire.names import check_entitytype
from .answering import AnsweringSession
from .base import remembers_errors
from .earlier_orders import in_earlier_orders, renamed

if TYPE_CHECKING:
    from ..wire.messages import Call

__all__ = ["ShareCalls"]

_PARENTS = ("volume", "share")
_SERVERS = ("server", "client", "siteserver")


class ShareCalls(AnsweringSession):
    """The calls about servers and files of shares."""

    @remembers_errors
    @in_earlier_orders(renamed(entitytype_child="entitytype"))
    def assign(self, entitytype_parent: str, entitytype: str, data: Mapping[str, Any]) -> bool:
        """
        Have a server serve a volume.

        Args:
            entitytype_parent: `volume`, or `share`, which stands for it.
            entitytype: `server`, or `client`, which stands for it.
            data: `{"volume": …, "server": …}` with the ids, or `share` and `client` for them. In v1 `"site": True`
                makes it a server of its site, and not the main one.

        Returns:
            True.
        """
        parent, ident, client, kind = _assignment("assign", entitytype_parent, entitytype, data)
        return self._done(self._dialect.assign(parent, ident, client, kind=kind))

    @remembers_errors
    @in_earlier_orders(renamed(entitytype_child="entitytype"))
    def deassign(self, entitytype_parent: str, entitytype: str, data: Mapping[str, Any]) -> bool:
        """Have a server serve a volume no longer; the parameters are those of `assign`. Returns True."""
        parent, ident, client, kind = _assignment("deassign", entitytype_parent, entitytype, data)
        return self._done(self._dialect.deassign(parent, ident, client, kind=kind))

    @remembers_errors
    def assignments(self, entitytype: str, entityid: str) -> list[dict[str, Any]]:
        """
        List the servers that serve a volume.

        Args:
            entitytype: `volume`, or `share`, which stands for it.
            entityid: Its id.
        """
        return self._rows(self._dialect.assignments(entitytype, entityid), "server")

    @remembers_errors
    def delete_many(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> bool:
        """
        Take files out of a collection; the files themselves stay where they are.

        Args:
            entitytype: `collection`.
            entityid: Its id.
            data: `{"files": […]}` with the ids that `find("file", …)` lists.

        Returns:
            True.
        """
        done: bool = self._settled(self._dialect.delete_many(entitytype, entityid, data))
        return done

    def _done(self, call: Call) -> bool:
        return bool(self._settled(call))


def _assignment(call: str, parent: Any, child: Any, data: Any) -> tuple[str, str, str, str]:
    """Return the type of the volume, its id, that of the server, and what the server is to it."""
    parent, child = check_entitytype(parent), check_entitytype(child)
    if parent not in _PARENTS or child not in _SERVERS:
        raise InvalidValue(
            f"{call}('{parent}', '{child}') is not possible: a 'server' serves a 'volume' (or 'client' a 'share')"
        )
    if not isinstance(data, Mapping) or not data:
        raise InvalidValue(f"the data of {call} is {data!r}: give {{'{parent}': id, '{child}': id}}")
    kind = "siteserver" if data.get("site") and not data.get("main") else child
    return parent, _id_in(data, (parent, *_PARENTS), call), _id_in(data, (child, *_SERVERS), call), kind


def _id_in(data: Mapping[str, Any], names: tuple[str, ...], call: str) -> str:
    for name in names:
        if name in data:
            # The call checks the id itself.
            ident: str = data[name]
            return ident
    raise InvalidValue(f"the data of {call} lacks '{names[0]}': give its id, as in {{'{names[0]}': id, …}}")
