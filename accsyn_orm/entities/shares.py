"""Volumes, folders, homes and collections (accsyn documentation, "Sharing files")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.fields import Mapped, boolean, json, reference, text
from .base import Entity

if TYPE_CHECKING:
    from .clients import Server
    from .queues import Queue
    from .users import User

__all__ = ["Collection", "File", "Folder", "Home", "Share", "Volume"]

_TWIN = "the server derives it from the attribute beside it"
_RESOLVED = "the server works it out from the paths"
_ASSIGNED = "servers are assigned to a volume and de-assigned, not set"
_LICENCE = "it follows from the licence"
_KIND = "what it is cannot change"
_PARENT = "the volume that it lies in"
_PARENT_HR = "the volume, readable"
_PATH = "relative to the volume, such as projects/thefilm"


class _Storage(Entity):
    """What all shares have in common; no entity type of its own."""

    status = text(
        create=False,
        choices=("enabled", "disabled", "offline", "disabled-offline"),
        settable=("enabled", "disabled"),
        doc="enabled, disabled, and where the storage cannot be reached offline or disabled-offline",
    )
    status_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the status, readable")
    type = text(
        optional=True,
        update=False,
        reason=_KIND,
        doc="volume, folder, home or collection (root, standard or user in 2021, given on create)",
    )
    email = text(optional=True, doc="more addresses to be notified")
    queue: Mapped[Queue] = reference("Queue", doc="where jobs go that involve it and name no queue")
    queue_id: Mapped[str]
    queue_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the queue, readable")
    inactive = boolean(
        create=False,
        update=False,
        reason="use session.deactivate(share) and activate",
        doc="whether deactivated",
    )


class Share(_Storage, entitytype="share"):
    """
    A share of any kind: what `share:<id>` leads to, and the only class for shares in 2021.

    Today's servers keep the generic type as a second name of folder; use Volume, Folder, Home and Collection
    for what is known to be one. Its code is unique among all shares. It has the attributes of every kind,
    empty where they do not apply.
    """

    parent: Mapped[Volume] = reference("Volume", doc=f"{_PARENT}; none for a volume")
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc=_PARENT_HR)
    path = text(optional=True, doc="relative to the volume; of a volume the absolute one")
    user: Mapped[User] = reference("User", doc="whose home it is")
    user_id: Mapped[str]
    user_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the user, readable")
    paths: Mapped[Any] = json(shape=dict[str, str], doc="of a volume: see Volume")
    server: Mapped[Server] = reference(
        "Server", update=False, reason=_ASSIGNED, doc="of a volume: see Volume"
    )
    server_id: Mapped[str]
    server_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the server, readable")
    siteservers: Mapped[Any] = json(
        shape=list[str], update=False, reason=_ASSIGNED, doc="of a volume: see Volume"
    )
    default = boolean(doc="of a volume: see Volume")
    licensed = boolean(create=False, update=False, reason=_LICENCE, doc="of a volume: see Volume")


class Volume(_Storage, entitytype="volume"):
    """
    A base directory that servers make available; only an admin sees or creates one.

    Deleting it aborts its jobs and deletes its folders, homes and access; no file on disk is touched. The
    default volume cannot be deleted. Deactivating it archives all that lies in it.
    """

    paths: Mapped[Any] = json(
        shape=dict[str, str],
        doc="absolute path by system: windows, linux, mac, each also with _vpn; that of the server is needed",
    )
    path = text(
        optional=True, create=False, update=False, reason=_RESOLVED, doc="absolute path on its server"
    )
    server: Mapped[Server] = reference(
        "Server", update=False, reason=_ASSIGNED, doc="on create: the server at the main site"
    )
    server_id: Mapped[str]
    server_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the server, readable")
    siteservers: Mapped[Any] = json(
        shape=list[str], update=False, reason=_ASSIGNED, doc="on create: ids of servers at other sites"
    )
    default = boolean(doc="whether homes and temporary deliveries are kept here; one volume is")
    licensed = boolean(create=False, update=False, reason=_LICENCE, doc="for accsyn's own use")


class Folder(_Storage, entitytype="folder"):
    """
    A folder of a volume that is shared with users, by access granted to them.

    Creating one takes an employee. Deleting it deactivates it; what was granted is kept in the archive.
    """

    parent: Mapped[Volume] = reference("Volume", doc=_PARENT)
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc=_PARENT_HR)
    path = text(optional=True, doc=_PATH)


class Home(_Storage, entitytype="home"):
    """
    The folder of one user.

    Give the user alone, or parent and path as for a folder. Creating it grants nothing to its user. It cannot
    be deactivated.
    """

    parent: Mapped[Volume] = reference("Volume", doc=_PARENT)
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc=_PARENT_HR)
    path = text(optional=True, doc=_PATH)
    user: Mapped[User] = reference("User", doc="whose home it is; the e-mail will do on create")
    user_id: Mapped[str]
    user_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the user, readable")
    inactive = boolean(
        create=False,
        update=False,
        reason="a home follows its user: deactivate or activate the user",
        doc="whether its user is deactivated",
    )


class Collection(_Storage, entitytype="collection"):
    """
    Files and folders of several shares, shared as one virtual folder.

    Its files are given on create; afterwards they are `File` entities, which are added and removed.
    """

    parent: Mapped[Volume] = reference("Volume", doc=_PARENT)
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc=_PARENT_HR)
    path = text(optional=True, doc=_PATH)
    files: Mapped[Any] = json(
        shape=list[str],
        update=False,
        reason="add File entities to the collection, or delete them from it",
        doc="on create: accsyn paths, such as volume=assets/templates; never absolute ones",
    )


class File(Entity, entitytype="file", parent="collection"):
    """
    An item of a collection: a file or a folder; its id is a uuid.

    A part of its collection, and found within it: `File.objects.within(collection)`. Files are added to a
    collection and removed from it; no change of one is documented, and no other attribute: what a server
    sends is readable.
    """

    id = text(create=False, update=False, reason="the server sets it", doc="a uuid")
    collection: Mapped[Collection] = reference(
        "Collection", "parent", update=False, reason="a file stays in its collection", doc="the collection"
    )
    collection_id: Mapped[str]
    collection_hr = text(
        "parent_hr", optional=True, create=False, update=False, reason=_TWIN, doc="the collection, readable"
    )
    files: Mapped[Any] = json(
        shape=list[str],
        update=False,
        reason="accsyn takes it only when a file is added",
        doc="on create: accsyn paths, such as share=thefilm/ref/mp_ref.tif",
    )
