"""Applications, servers and what else runs accsyn (accsyn documentation, "Clients")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..mapping.fields import Mapped, integer, json, number, reference, text, timestamp
from ..mapping.mapper import MARKER
from .base import Entity
from .readable import readable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from .sites import Site
    from .users import User

__all__ = ["App", "Browser", "Client", "Lane", "Server", "UserServer"]

_REPORTED = "the client reports it"
_OWNER = "whoever signed it in owns it"
_INSTALLED = "clients are installed, not created by the API"
_SET_UP = "it is set up in accsyn's own pages; nothing documents a way through the API"


def _reported(doc: str) -> Mapped[str | None]:
    """Declare text that a client tells about itself and that many of them share."""
    return text(optional=True, create=False, update=False, repeats=True, reason=_REPORTED, doc=doc)


class Client(Entity, entitytype="client"):
    """
    A client of any kind: what `client:<id>` leads to.

    Source: accsyn documentation, "Clients". Clients are installed, not created by the API. One can be deleted only
    when it is offline; its assignments to volumes go with it.
    """

    __refusals__: ClassVar[Mapping[str, str]] = {"create": _INSTALLED}

    code: Mapped[str] = text(create=False, update=False, reason=_REPORTED, doc="the host's name; not unique")
    name: Mapped[str] = text(create=False, update=False, reason=_REPORTED, doc="the readable name")
    description: Mapped[str | None] = text(optional=True, create=False, reason=_INSTALLED, doc="free text")
    metadata: Mapped[dict[str, Any]] = json(
        hidden=[MARKER], create=False, reason=_INSTALLED, doc="an object of the user's own"
    )
    status: Mapped[str] = text(
        create=False,
        choices=("online", "disabled", "offline", "disabled-offline"),
        settable=("online", "enabled", "disabled"),
        doc="online or enabled take a disabled one back into use; offline after 15 minutes of silence",
    )
    type: Mapped[int] = integer(
        create=False,
        update=False,
        reason=_REPORTED,
        doc="0 app, 1 server, 2 user server, 3 browser, 4 or 5 lane (accsyn's own sources differ)",
    )
    type_hr: Mapped[str | None] = readable("the type", "attribute")
    roles: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_SET_UP,
        doc="with commas: storage, compute, site, accsyn",
    )
    user: Mapped[User] = reference("User", create=False, update=False, reason=_OWNER, doc="the owner")
    user_id: Mapped[str]
    user_hr: Mapped[str | None] = readable("the owner")
    site: Mapped[Site | None] = reference(
        "Site", create=False, update=False, reason=_SET_UP, doc="where it stands"
    )
    site_id: Mapped[str | None]
    site_hr: Mapped[str | None] = readable("the site")
    parent: Mapped[Client | None] = reference(
        "Client", create=False, update=False, reason=_REPORTED, doc="of a lane: the client it is part of"
    )
    parent_id: Mapped[str | None]
    parent_hr: Mapped[str | None] = readable("the parent")
    os: Mapped[str | None] = _reported("windows, linux, mac, raspbian or solaris")
    version: Mapped[str | None] = _reported("of accsyn, such as 1.4-4_27")
    username: Mapped[str | None] = _reported("the system's user that runs it")
    wan_ip: Mapped[str | None] = _reported("its address, as accsyn sees it")
    host_id: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="MAC addresses, with commas"
    )
    host_ident: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="the same, under its other name"
    )
    last_checkin: Mapped[dt.datetime | None] = timestamp(
        optional=True, create=False, update=False, reason=_REPORTED, doc="UTC"
    )
    benchmark: Mapped[float] = number(
        create=False, update=False, reason=_REPORTED, doc="no unit; a higher one is given more tasks"
    )
    metrics: Mapped[dict[str, Any] | None] = json(
        create=False, update=False, reason=_REPORTED, doc="load, memory in bytes and speeds of this moment"
    )


class App(Client, entitytype="app"):
    """
    The desktop application; not creatable, to be deleted only when offline.

    Source: accsyn documentation, "Clients".
    """


class Server(Client, entitytype="server"):
    """
    A server that an admin installed: it serves volumes and computes.

    Source: accsyn documentation, "Clients". Not creatable; to be deleted only when offline.
    """


class UserServer(Client, entitytype="userserver"):
    """
    A server that an employee or a standard user installed, for transfers that nobody attends to.

    Source: accsyn documentation, "Clients", which names the kind and nothing its uri. Not creatable; to be deleted
    only when offline.
    """


class Browser(Client, entitytype="browser"):
    """
    A web browser, for as long as it transfers files; not creatable, to be deleted only when offline.

    Source: accsyn documentation, "Clients".
    """


class Lane(Client, entitytype="lane"):
    """
    A part of a client that computes beside the others; its `parent`. Neither creatable nor deletable.

    Source: accsyn documentation, "Clients".
    """

    __refusals__: ClassVar[Mapping[str, str]] = {
        "create": "lanes come with the client that they are a part of",
        "delete": "lanes go with the client that they are a part of",
    }
