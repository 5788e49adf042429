"""Applications, servers and what else runs accsyn (accsyn documentation, "Clients")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.fields import Mapped, integer, json, number, reference, text, timestamp
from .base import Entity

if TYPE_CHECKING:
    from .sites import Site
    from .users import User

__all__ = ["App", "Browser", "Client", "Lane", "Server", "UserServer"]

_REPORTED = "the client reports it"
_OWNER = "whoever signed it in owns it"
_TWIN = "the server derives it from the attribute beside it"


class Client(Entity, entitytype="client"):
    """
    A client of any kind: what `client:<id>` leads to.

    Clients are installed, not created by the API. One can be deleted only when it is offline; its assignments
    to volumes go with it.
    """

    code = text(create=False, update=False, reason=_REPORTED, doc="the host's name; not unique")
    status = text(
        create=False,
        choices=("online", "disabled", "offline", "disabled-offline"),
        settable=("online", "enabled", "disabled"),
        doc="online or enabled take a disabled one back into use; offline after 15 minutes of silence",
    )
    type = integer(
        create=False,
        update=False,
        reason=_REPORTED,
        doc="0 app, 1 server, 2 user server, 3 browser, 4 or 5 lane (accsyn's own sources differ)",
    )
    type_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the type, readable")
    roles = text(optional=True, doc="with commas: storage, compute, site, accsyn")
    user: Mapped[User] = reference("User", create=False, update=False, reason=_OWNER, doc="the owner")
    user_id: Mapped[str]
    user_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the owner, readable")
    site: Mapped[Site] = reference("Site", doc="where it stands")
    site_id: Mapped[str]
    site_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the site, readable")
    parent: Mapped[Client] = reference(
        "Client",
        create=False,
        update=False,
        reason=_REPORTED,
        doc="of a lane: the client it is part of",
    )
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the parent, readable")
    os = text(
        optional=True,
        create=False,
        update=False,
        reason=_REPORTED,
        doc="windows, linux, mac, raspbian or solaris",
    )
    version = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="of accsyn, such as 1.4-4_27"
    )
    username = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="the system's user that runs it"
    )
    wan_ip = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="its address, as accsyn sees it"
    )
    host_id = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="MAC addresses, with commas"
    )
    host_ident = text(
        optional=True, create=False, update=False, reason=_REPORTED, doc="the same, under its other name"
    )
    last_checkin = timestamp(optional=True, create=False, update=False, reason=_REPORTED, doc="UTC")
    benchmark = number(
        create=False, update=False, reason=_REPORTED, doc="no unit; a higher one is given more tasks"
    )
    metrics: Mapped[Any] = json(
        create=False, update=False, reason=_REPORTED, doc="load, memory in bytes and speeds of this moment"
    )


class App(Client, entitytype="app"):
    """The desktop application; not creatable, to be deleted only when offline."""


class Server(Client, entitytype="server"):
    """
    A server that an admin installed: it serves volumes and computes.

    Not creatable; to be deleted only when offline.
    """


class UserServer(Client, entitytype="userserver"):
    """
    A server that an employee or a standard user installed, for transfers that nobody attends to.

    Not creatable; to be deleted only when offline. The documentation names the kind, and nothing its uri.
    """


class Browser(Client, entitytype="browser"):
    """A web browser, for as long as it transfers files; not creatable, to be deleted only when offline."""


class Lane(Client, entitytype="lane"):
    """A part of a client that computes beside the others; its `parent`. Neither creatable nor deletable."""
