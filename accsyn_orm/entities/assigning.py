"""What volumes alone have: the servers that serve them (accsyn documentation, "Sharing files", volumes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.protocols import Select
from ..wire.codec import encode_value
from .clients import Client, Server
from .parties import party_of, stored_id

if TYPE_CHECKING:
    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Caller

__all__ = ["Served"]


class Served:
    """
    A volume that servers serve; only admins assign them.

    These calls go out at once and are no part of a commit. As explicit calls they are allowed within
    `session.no_implicit_io()`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        __mapper__: Mapper

        def _session(self) -> Any: ...

    def assign(self, server: Client | str, *, site: bool = False) -> bool:
        """
        Have a server serve this volume; sent at once.

        Args:
            server: The server, or its id.
            site: In 2021: as a server of its site, and not as the main one. Today's servers know that by themselves.

        Returns:
            True.
        """
        session: Caller = self._session()
        return session.assign("volume", "server", self._pair(server, site=site))

    def deassign(self, server: Client | str, *, site: bool = False) -> bool:
        """Have a server serve this volume no longer; sent at once. The parameters are those of `assign`."""
        session: Caller = self._session()
        return session.deassign("volume", "server", self._pair(server, site=site))

    def assignments(self) -> list[Server]:
        """Return the servers that serve this volume, asked of the server each time."""
        session: Caller = self._session()
        rows = [encode_value(row) for row in session.assignments("volume", stored_id(self))]
        whole = [row for row in rows if not isinstance(row.get("client"), str)]
        # Nothing documents the rows: they are servers, or they name one.
        named = [row["client"] for row in rows if isinstance(row.get("client"), str)]
        found = [
            entity for entity in session.admit(Select(Server.__mapper__), whole) if isinstance(entity, Server)
        ]
        if named:
            found += Server.objects.using(session).filter(id__in=named)
        return found

    def _pair(self, server: Client | str, *, site: bool) -> dict[str, Any]:
        pair = {"volume": stored_id(self), "server": party_of(server, "client")}
        return {**pair, "site": True} if site else pair
