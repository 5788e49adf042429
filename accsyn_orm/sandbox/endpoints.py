"""
Where the two ends of a task are: below a folder that plays a volume, or below one that plays a user's machine.

A site other than the main one has folders of its own, `volumes/<volume>@<site>`, so that copying from site to
site copies something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import PermissionDenied, ServerError
from .context import Context
from .disk import below, parts_of
from .file_access import FileAccess
from .locating import Contents, Location, locate
from .places import is_absolute

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .disk import Disk
    from .store import Row, Store

__all__ = ["Endpoint", "check_access", "destination_of", "endpoint_of"]

_DRIVE = re.compile(r"([A-Za-z]):")
_ON_THE_WORKSPACE = re.compile(r"(volume|share|folder|workarea|home|collection)=|~([\\/]|$)", re.IGNORECASE)
_MACHINES = frozenset({"user", "app", "userserver", "browser"})


@attrs.frozen
class Endpoint:
    """
    One end of a task.

    Args:
        folder: What plays the volume or the machine.
        share: The parts of the share below it, which the path may not leave.
        parts: The parts of the path below the share.
        into: Whether the path ends in a separator, or is that of a whole share: what is copied goes into it.
        bare: Whether no path was given, only a party: the path of the source is mirrored.
        location: Where it is on a volume; None on a machine, which is its user's own.
    """

    folder: Path
    share: tuple[str, ...]
    parts: tuple[str, ...]
    into: bool = False
    bare: bool = False
    location: Location | None = None

    def path(self) -> Path:
        """
        Return the path on the disk.

        Raises:
            PermissionDenied: A symbolic link leads out of the share.
        """
        return below(below(self.folder, self.share), self.parts)

    def relative(self) -> tuple[str, ...]:
        """Return the parts below the volume or the machine, which mirroring keeps."""
        return (*self.share, *self.parts)


def endpoint_of(store: Store, disk: Disk, place: Mapping[str, Any], user: Row) -> Endpoint:
    """
    Find one end of a task.

    Args:
        store: The entities.
        disk: The folders.
        place: Source or destination as it is stored.
        user: Whose job it is.

    Raises:
        ServerError: The path is none, or what it names does not exist.
    """
    path = str(place.get("path") or "")
    party = store.get(place.get("client") or place.get("user"))
    if party is not None and party.type in _MACHINES:
        owner = party if party.type == "user" else store.get(party.document.get("user"))
        if owner is None:
            raise ServerError(f"The client {party.id} belongs to nobody, so {path!r} is nowhere.", status=404)
        if not _ON_THE_WORKSPACE.match(path):
            return _on_machine(disk, owner, path)
        user = owner
    return _on_site(Context(store, user, disk), place, party, path)


def _on_machine(disk: Disk, owner: Row, path: str) -> Endpoint:
    parts = parts_of(_DRIVE.sub(r"\1", path, count=1) if is_absolute(path) else path)
    into = path.endswith(("/", "\\"))
    return Endpoint(disk.machine(owner.document["code"]), (), parts, into, not path)


def _on_site(context: Context, place: Mapping[str, Any], client: Row | None, path: str) -> Endpoint:
    share = context.store.get(place.get("s") or place.get("v"))
    bare = not path and share is None
    if share is not None:
        path = f"share={share.id}/{path}"
    location = locate(context, path or "volume=(default)")
    if isinstance(location, Contents):
        raise ServerError(f"{path!r} is a {location.owner.type}; name one of its files.", status=400)
    code = location.volume.document["code"]
    site = context.store.get(place.get("site") or (client.document.get("site") if client else None))
    if site is not None and site.type == "site" and not site.document.get("main"):
        code = f"{code}@{site.document['code']}"
    share_parts, parts = location.parts[: location.root], location.parts[location.root :]
    into = location.into or not parts
    return Endpoint(context.disk.volume(code), share_parts, parts, into, bare, location)


def check_access(context: Context, source: Endpoint, target: Endpoint) -> None:
    """
    Refuse what the user of a job may not read or write on the volumes.

    Raises:
        PermissionDenied: It may not.
    """
    access = FileAccess(context)
    if source.location is not None and not access.readable(source.location):
        raise PermissionDenied(f"{context.email} may not read {source.location.text!r}.", status=403)
    if target.location is not None:
        access.check_write(attrs.evolve(target.location, parts=target.relative()))


def destination_of(source: Endpoint, destination: Endpoint, *, mirror: bool) -> Endpoint:
    """
    Return where the source goes: with a name of its own where the destination names none.

    Args:
        source: What is copied.
        destination: As the client named it.
        mirror: Whether the path of the source is to be made below the destination.

    Raises:
        ServerError: There is no name for what is copied.
    """
    if destination.bare or mirror:
        parts = (*destination.parts, *source.relative())
    elif destination.into and source.relative():
        parts = (*destination.parts, source.relative()[-1])
    else:
        parts = destination.parts
    if not parts:
        raise ServerError(
            "What is copied has no name at the destination; name a folder below it instead.", status=400
        )
    return attrs.evolve(destination, parts=parts, into=False, bare=False)
