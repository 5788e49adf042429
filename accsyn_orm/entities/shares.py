"""Volumes, folders, homes and shares of any kind (accsyn documentation, "Sharing files")."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..mapping.fields import Mapped, boolean, json, reference, text
from .assigning import Served
from .base import Entity
from .lifecycle import Deactivatable
from .readable import readable
from .sharing import Shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .clients import Server
    from .queues import Queue
    from .users import User

__all__ = ["Folder", "Home", "InVolume", "Share", "Storage", "Volume"]

_RESOLVED = "the server works it out from the paths"
_ASSIGNED = "use volume.assign(server) and volume.deassign(server)"
_LICENCE = "it follows from the licence"
_KIND = "what it is cannot change"
_ONCE = "accsyn takes it only when the share is created"
_LATER = "set it once the share exists"
_PAGES = "it is set in accsyn's own pages; nothing documents a way through the API"
_PARENT = "the volume that it lies in"
_PATH = "relative to the volume, such as projects/thefilm"


class Storage(Shared, Entity):
    """What all shares have in common; no entity type of its own."""

    status: Mapped[str] = text(
        create=False,
        choices=("enabled", "disabled", "offline", "disabled-offline"),
        settable=("enabled", "disabled"),
        doc="enabled, disabled, and where the storage cannot be reached offline or disabled-offline",
    )
    status_hr: Mapped[str | None] = readable("the status", "attribute")
    type: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_KIND,
        doc="volume, folder, home or collection (root, standard or user in 2021)",
    )
    email: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_PAGES, doc="more addresses to be notified"
    )
    queue: Mapped[Queue | None] = reference(
        "Queue", create=False, reason=_LATER, doc="where jobs go that involve it and name no queue"
    )
    queue_id: Mapped[str | None]
    queue_hr: Mapped[str | None] = readable("the queue")
    inactive: Mapped[bool] = boolean(
        create=False,
        update=False,
        reason="use session.deactivate(share) and activate",
        doc="whether deactivated",
    )


class InVolume(Storage):
    """What lies in a volume; no entity type of its own."""

    code: Mapped[str] = text(
        update=False, reason=_ONCE, doc="unique among all shares; made from the name where none is given"
    )
    parent: Mapped[Volume] = reference("Volume", update=False, reason=_ONCE, doc=_PARENT)
    parent_id: Mapped[str]
    parent_hr: Mapped[str | None] = readable("the volume")
    path: Mapped[str | None] = text(optional=True, update=False, reason=_ONCE, doc=_PATH)


class Share(Deactivatable, InVolume, entitytype="share"):
    """
    A share of any kind: what `share:<id>` leads to, and the only class for shares in 2021.

    Source: accsyn documentation, "Sharing files" (in 2021 and 2023, "Shares"). Today's servers keep the generic type
    as a second name of folder; use Volume, Folder, Home and Collection for what is known to be one. Its code is unique
    among all shares. It has the attributes of every kind, empty where they do not apply.
    """

    code: Mapped[str] = text(doc="unique among all shares; made from the name where none is given")
    type: Mapped[str | None] = text(
        optional=True,
        update=False,
        repeats=True,
        reason=_KIND,
        doc="volume, folder, home or collection; root, standard or user in 2021, given on create",
    )
    parent: Mapped[Volume | None] = reference(  # type: ignore[assignment] # of a volume there is none
        "Volume", update=False, reason=_ONCE, doc=f"{_PARENT}; none for a volume"
    )
    parent_id: Mapped[str | None]  # type: ignore[assignment] # the same
    path: Mapped[str | None] = text(
        optional=True, update=False, reason=_ONCE, doc="relative to the volume; of a volume the absolute one"
    )
    user: Mapped[User | None] = reference("User", update=False, reason=_ONCE, doc="whose home it is")
    user_id: Mapped[str | None]
    user_hr: Mapped[str | None] = readable("the user")
    paths: Mapped[dict[str, str] | None] = json(shape=dict[str, str], doc="of a volume: see Volume")
    server: Mapped[Server | None] = reference(
        "Server", update=False, reason=_ASSIGNED, doc="of a volume: see Volume"
    )
    server_id: Mapped[str | None]
    server_hr: Mapped[str | None] = readable("the server")
    siteservers: Mapped[list[str] | None] = json(
        shape=list[str], update=False, reason=_ASSIGNED, doc="of a volume: see Volume"
    )
    default: Mapped[bool] = boolean(create=False, update=False, reason=_PAGES, doc="of a volume: see Volume")
    licensed: Mapped[bool] = boolean(
        create=False, update=False, reason=_LICENCE, doc="of a volume: see Volume"
    )
    initial_files: Mapped[list[str] | None] = json(
        "files", shape=list[str], update=False, reason=_ONCE, doc="of a collection: see Collection"
    )


class Volume(Deactivatable, Served, Storage, entitytype="volume"):
    """
    A base directory that servers make available; only an admin sees or creates one.

    Source: accsyn documentation, "Sharing files", volumes. Deleting it aborts its jobs and deletes its folders, homes
    and access; no file on disk is touched. The default volume cannot be deleted. Deactivating it archives all that
    lies in it, and needs that no job is active there.
    """

    paths: Mapped[dict[str, str]] = json(
        shape=dict[str, str],
        doc="absolute path by system: windows, linux, mac, each also with _vpn; that of the server is needed",
    )
    path: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_RESOLVED, doc="absolute path on its server"
    )
    server: Mapped[Server | None] = reference(
        "Server", update=False, reason=_ASSIGNED, doc="on create: the server at the main site"
    )
    server_id: Mapped[str | None]
    server_hr: Mapped[str | None] = readable("the server")
    siteservers: Mapped[list[str] | None] = json(
        shape=list[str], update=False, reason=_ASSIGNED, doc="on create: ids of servers at other sites"
    )
    default: Mapped[bool] = boolean(
        create=False,
        update=False,
        reason=_PAGES,
        doc="whether homes and temporary deliveries are kept here; one volume is",
    )
    licensed: Mapped[bool] = boolean(create=False, update=False, reason=_LICENCE, doc="for accsyn's own use")


class Folder(Deactivatable, InVolume, entitytype="folder"):
    """
    A folder of a volume that is shared with users, by access granted to them.

    Source: accsyn documentation, "Sharing files", folders. Creating one takes an employee. Deleting it deactivates
    it; what was granted is kept in the archive.
    """


class Home(InVolume, entitytype="home"):
    """
    The folder of one user.

    Source: accsyn documentation, "Sharing files", homes. Give the user alone, or parent and path as for a folder.
    Creating it grants nothing to its user. It cannot be deactivated: it follows its user.
    """

    __refusals__: ClassVar[Mapping[str, str]] = {
        "deactivate": "a home follows its user: deactivate the user",
        "activate": "a home follows its user: activate the user",
    }

    user: Mapped[User] = reference(
        "User", update=False, reason=_ONCE, doc="whose home it is; the e-mail will do on create"
    )
    user_id: Mapped[str]
    user_hr: Mapped[str | None] = readable("the user")
    inactive: Mapped[bool] = boolean(
        create=False,
        update=False,
        reason="a home follows its user: deactivate or activate the user",
        doc="whether its user is deactivated",
    )
