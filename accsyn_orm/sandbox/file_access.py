"""
Which paths of the volumes a user may read and write.

An admin may use every path. An employee may use every folder, and every home but those of other employees and admins.
Beyond that a user has what was granted: the shares of its grants (entities of type `acl`), each from the grant's
`path` downwards, and its own home. On the way from the root of a share down to what was granted, a user sees what
leads there and nothing else (accsyn documentation, data types and file sharing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..errors import PermissionDenied, ServerError
from .disk import parts_of
from .locating import Contents, Location, root_of
from .rules import check_write, reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .context import Context
    from .store import Row

__all__ = ["FileAccess"]

Parts = tuple[str, ...]


@attrs.frozen
class _Grant:
    """What may be done from a path of a volume downwards; the path is in a share whose own folder is `root`."""

    volume: str
    root: Parts
    path: Parts
    read: bool
    write: bool


def _starts(parts: Parts, start: Parts) -> bool:
    return parts[: len(start)] == start


class FileAccess:
    """What one user may do with files, as it is at the time of one event."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._everything = context.role == "admin"
        self._grants = () if self._everything else tuple(_grants(context))

    def readable(self, location: Location, parts: Parts | None = None) -> bool:
        """Return whether a path, or another one on the same volume, and all below it may be read."""
        wanted = location.parts if parts is None else parts
        return (
            self._everything
            or location.within is not None
            or any(
                grant.read and grant.volume == location.volume.id and _starts(wanted, grant.path)
                for grant in self._grants
            )
        )

    def visible(self, location: Location, parts: Parts) -> bool:
        """Return whether a path can be seen: it may be read, or it leads to something that may be."""
        return self.readable(location, parts) or any(
            grant.read
            and grant.volume == location.volume.id
            and _starts(grant.path, parts)
            and _starts(parts, grant.root)
            for grant in self._grants
        )

    def check_visible(self, place: Location | Contents) -> None:
        """
        Refuse to look at a path.

        Raises:
            PermissionDenied: Nothing at it may be read.
        """
        owner = place.owner if isinstance(place, Contents) else place.within
        if owner is not None:
            allowed = reader(self._context, (owner.type,))
            seen = allowed is None or allowed(owner)
        else:
            seen = isinstance(place, Location) and self.visible(place, place.parts)
        if not seen:
            raise self._denied(place.text, "read")

    def check_whole(self, place: Location | Contents) -> None:
        """
        Refuse to hand a path on to others, by a collection, unless all that is below it may be read.

        Raises:
            PermissionDenied: Some of it may not be read.
        """
        if not isinstance(place, Location) or not self.readable(place):
            raise self._denied(place.text, "share")

    def check_write(self, place: Location | Contents) -> Location:
        """
        Return the location, where it may be made, changed or taken away.

        Raises:
            PermissionDenied: It is not strictly below something that the user may write.
            ServerError: It is the list of a collection or of a delivery.
        """
        if isinstance(place, Contents) or place.within is not None:
            raise ServerError(
                f"{place.text!r} is in a list of files that lie elsewhere, which is only for reading; "
                f"name the share that the file is on.",
                status=400,
            )
        inside = place.parts[:-1]
        if self._everything or any(
            grant.write
            and grant.volume == place.volume.id
            and bool(place.parts)
            and _starts(inside, grant.path)
            for grant in self._grants
        ):
            return place
        raise self._denied(place.text, "write")

    def _denied(self, text: str, right: str) -> PermissionDenied:
        context = self._context
        # Who is no member of the workspace is not told how it is laid out.
        cause = (
            "" if context.role == "standard" else f", being {context.role} without such a grant on the share"
        )
        return PermissionDenied(
            f"Permission denied: {context.email} may not {right} {text!r}{cause}. Ask for access to it.",
            status=403,
        )


def _grants(context: Context) -> Iterator[_Grant]:
    store = context.store
    for share in store.rows(["folder", "home"]):
        own = share.type == "home" and share.document.get("user") == context.me.id
        if own or context.role == "employee":
            yield from _grant(context, share, "", True, own or _may_write(context, share))
    for acl in store.rows(["acl"]):
        document = acl.document
        target = store.get(str(document.get("target") or "").rpartition(":")[2])
        ours = document.get("entity") == f"user:{context.me.id}" and target is not None
        if (
            ours
            and target is not None
            and not document.get("inactive")
            and document.get("status") != "disabled"
        ):
            path = document.get("path") or ""
            yield from _grant(context, target, path, bool(document.get("read")), bool(document.get("write")))


def _may_write(context: Context, share: Row) -> bool:
    try:
        check_write(context, share, "write files in")
    except PermissionDenied:
        return False
    return True


def _grant(context: Context, share: Row, path: str, read: bool, write: bool) -> Iterator[_Grant]:
    root = root_of(context, share)
    try:
        below = parts_of(path)
    except ServerError:
        # A path that climbs grants nothing.
        return
    if root is not None and not share.document.get("inactive"):
        volume, parts = root
        yield _Grant(volume.id, parts, (*parts, *below), read, write)
