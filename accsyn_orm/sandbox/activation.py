"""
Take users and shares out of use and back, with what belongs to them (accsyn documentation, users and file sharing:
deactivate, re-activate).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError
from .catalogue import GENERIC, TYPES
from .grants import settle_grants
from .rules import check_write
from .usage import jobs_of_user, jobs_on_shares

if TYPE_CHECKING:
    from .context import Context
    from .store import Document, Row

__all__ = ["activate", "deactivate", "shares_below", "users_of"]

_BELOW = ("folder", "home", "collection")


def deactivate(context: Context, row: Row) -> None:
    """
    Take a user or a share out of use; a user's home, a volume's folders and all their grants go with it.

    Raises:
        ServerError: The type has no such state, or an active job uses it.
        PermissionDenied: The user's role does not allow it.
    """
    check_write(context, row, "deactivate")
    _check_type(row, "deactivated")
    jobs = users_of(context, row)
    if jobs:
        raise ServerError(
            f"The {row.type} {row.document['code']!r} is involved in the active {jobs[0].type} {jobs[0].id}"
            f"{f' and {len(jobs) - 1} more' if jobs[1:] else ''}; abort it first.",
            status=400,
        )
    context.store.put(row.type, context.stamped({**row.document, "inactive": True}))
    for each in _followers(context, row):
        if not each.document.get("inactive"):
            gone = {**each.document, "inactive": True, "went_with": row.id}
            context.store.put(each.type, context.stamped(gone))
    settle_grants(context)


def activate(context: Context, row: Row) -> None:
    """
    Bring a user or a share back, with what went with it.

    Raises:
        ServerError: The type has no such state, or the volume of the share is out of use.
        PermissionDenied: The user's role does not allow it.
    """
    check_write(context, row, "activate")
    _check_type(row, "activated")
    volume = context.store.get(row.document.get("parent"))
    if volume is not None and volume.document.get("inactive"):
        raise ServerError(
            f"The {row.type} {row.document['code']!r} is on the volume {volume.document['code']!r}, which is "
            f"deactivated; activate that first.",
            status=400,
        )
    context.store.put(row.type, context.stamped(_with_owner(row, None)))
    for each in _followers(context, row):
        if each.document.get("went_with") == row.id:
            _bring_back(context, each)
    settle_grants(context)


def _bring_back(context: Context, share: Row) -> None:
    """Bring a share back, unless the other one that it belongs to is out of use: its volume, or its user."""
    owners = (share.document.get("parent"), share.document.get("user"))
    away = [
        row.id for row in map(context.store.get, owners) if row is not None and row.document.get("inactive")
    ]
    context.store.put(share.type, context.stamped(_with_owner(share, away[0] if away else None)))


def _with_owner(row: Row, away: str | None) -> Document:
    """Return a document that is out of use as long as an owner is; without one nothing is left of that."""
    kept = {name: value for name, value in row.document.items() if name != "went_with"}
    return {**kept, "inactive": away is not None, **({"went_with": away} if away else {})}


def _check_type(row: Row, state: str) -> None:
    if not TYPES[row.type].deactivatable:
        reason = "; deactivate its user instead" if row.type == "home" else ""
        raise ServerError(
            f"A {row.type} cannot be {state}{reason}; users, volumes, folders and collections can.",
            status=400,
        )


def users_of(context: Context, row: Row) -> list[Row]:
    """List the active jobs that use a user or a share, or a share below it."""
    if row.type == "user":
        return jobs_of_user(context, row)
    if row.type in GENERIC["share"]:
        return jobs_on_shares(context, {row.id, *(share.id for share in shares_below(context, row))})
    return []


def shares_below(context: Context, row: Row) -> list[Row]:
    """List the folders, homes and collections of a volume."""
    return [each for kind in _BELOW for each in context.store.children(row.id, kind)]


def _followers(context: Context, row: Row) -> list[Row]:
    if row.type == "user":
        return [home for home in context.store.rows(["home"]) if home.document.get("user") == row.id]
    return shares_below(context, row)
