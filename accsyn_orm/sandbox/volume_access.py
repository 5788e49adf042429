"""
What an employee may do only with access to volumes, which is granted like access to any share (accsyn documentation,
file sharing: employees have no default access to a volume).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError
from .deliveries import DELIVERIES
from .places import party_of
from .rules import denied, granted, reader
from .usage import shares_of, site_of

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["check_delivering", "check_route"]


def check_delivering(context: Context, kind: str) -> None:
    """
    Refuse a delivery, request or stream of an employee who has no volume.

    Raises:
        PermissionDenied: The user has no access to any volume.
    """
    if context.role == "admin" or any(granted(context, row) for row in context.store.rows(["volume"])):
        return
    raise denied(
        context, f"create a {kind}", "it has access to no volume; an admin grants an employee access to one"
    )


def check_route(context: Context, job: Row) -> None:
    """
    Refuse a transfer from site to site (documentation, job specification: paths), and one below what is not one's own.

    Raises:
        ServerError: The delivery that it is below has ended.
        PermissionDenied: The user is no admin, and no employee with full access to the volumes that are used.
    """
    if job.type in DELIVERIES:
        return
    parent = context.store.get(job.document.get("parent"))
    if parent is not None and parent.scope != "active":
        raise ServerError(
            f"The {parent.type} {parent.id} is {parent.document['status']}; its files are transferred no more.",
            status=400,
        )
    if context.role == "admin":
        return
    if parent is not None:
        allowed = reader(context, (parent.type,))
        if allowed is not None and not allowed(parent):
            raise denied(context, f"transfer files of this {parent.type}", "it is not among its recipients")
    if not any(map(_crosses, _routes(context, job))):
        return
    volumes = [row for row in map(context.store.get, shares_of(context, job)) if row and row.type == "volume"]
    if context.role == "employee" and volumes and all(_full(context, volume) for volume in volumes):
        return
    raise denied(
        context,
        "transfer files from site to site",
        "that needs an admin, or an employee with read and write access to the whole of the volumes",
    )


def _routes(context: Context, job: Row) -> list[tuple[str | None, str | None]]:
    ends = [(job.document.get("source"), job.document.get("destination"))]
    for task in context.store.children(job.id, "task"):
        source, destination = (
            party_of(task.document.get(end)) or job.document.get(end) for end in ("source", "destination")
        )
        ends.append((source, destination))
    return [(site_of(context, source), site_of(context, destination)) for source, destination in ends]


def _crosses(route: tuple[str | None, str | None]) -> bool:
    return None not in route and route[0] != route[1]


def _full(context: Context, volume: Row) -> bool:
    return any(
        acl.document.get("read") and acl.document.get("write") and acl.document.get("path") in {None, "", "/"}
        for acl in granted(context, volume)
    )
