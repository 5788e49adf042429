"""
Which jobs use a user, a share or a site. As long as they are active, what they use cannot be taken out of use (accsyn
documentation: deactivating users and shares, deleting sites).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import AccsynError
from .catalogue import GENERIC, JOB_TYPES
from .context import Context
from .lifecycle import settled
from .locating import Location, locate
from .places import is_placeholder
from .rules import involves

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from .store import Row

__all__ = ["abort", "jobs_of_user", "jobs_on_shares", "jobs_on_site", "shares_of", "site_of"]

_SHARES = GENERIC["share"]
_ON_A_MACHINE = frozenset({"user", "app", "userserver", "browser"})
_NAMED = re.compile(r"(volume|share|folder|workarea|home|collection)=([^/\\:]*)", re.IGNORECASE)


def jobs_of_user(context: Context, user: Row, *, receiving: bool = True) -> list[Row]:
    """
    List the active jobs that involve a user.

    Args:
        context: The event's surroundings.
        user: The user.
        receiving: Whether those count that the user is one of the recipients of, and nothing else.
    """

    def involved(job: Row) -> bool:
        received = user.document["code"] in (job.document.get("recipients") or ())
        return involves(context, user, job) and (
            receiving or not received or job.document.get("user") == user.id
        )

    return _active(context, involved)


def jobs_on_shares(context: Context, shares: Collection[str]) -> list[Row]:
    """List the active jobs that read or write one of some shares, by their ids."""
    return _active(context, lambda job: not shares_of(context, job).isdisjoint(shares))


def jobs_on_site(context: Context, site: Row) -> list[Row]:
    """List the active jobs that come from a site or go to it."""

    def there(job: Row) -> bool:
        if f"site:{site.id}" in {job.document.get("source"), job.document.get("destination")}:
            return True
        return any(place.get("site") == site.id for place in _places(context, job))

    return _active(context, there)


def _active(context: Context, wanted: Callable[[Row], bool]) -> list[Row]:
    return [job for job in context.store.rows(sorted(JOB_TYPES)) if job.scope == "active" and wanted(job)]


def abort(context: Context, jobs: Iterable[Row]) -> None:
    """Abort jobs, since what they use is deleted."""
    for job in jobs:
        aborted = settled(context, job.document, {**job.document, "status": "aborted"})
        context.store.put(job.type, context.stamped(aborted))


def shares_of(context: Context, job: Row) -> set[str]:
    """Return the ids of the shares that a job reads or writes, their volumes included."""
    owner = context.store.get(job.document.get("user"))
    around = context if owner is None else Context(context.store, owner, context.disk)
    found: set[str] = set()
    for end in ("source", "destination"):
        kind, _, identity = (job.document.get(end) or "").partition(":")
        if kind == "share":
            found |= _with_volume(context, identity)
    for place in _places(context, job):
        found |= _shares_of_place(around, place)
    return found


def _places(context: Context, job: Row) -> list[dict[str, Any]]:
    tasks = context.store.children(job.id, "task")
    places = [task.document.get(end) for task in tasks for end in ("source", "destination")]
    places += [{"path": job.document[name]} for name in ("input", "output") if job.document.get(name)]
    return [place for place in places if place and not is_placeholder(place)]


def _shares_of_place(context: Context, place: dict[str, Any]) -> set[str]:
    named = {str(place[key]) for key in ("s", "v") if place.get(key)}
    path = str(place.get("path") or "")
    notation = _NAMED.match(path)
    party = context.store.get(place.get("client") or place.get("user"))
    if not named and party is not None and party.type in _ON_A_MACHINE and not notation and path[:1] != "~":
        return set()
    if not named and notation is not None:
        share = _share_named(context, notation[1].lower(), notation[2])
        named = {share.id} if share is not None else set()
    if not named:
        try:
            location = locate(context, path or "volume=(default)")
        except AccsynError:
            return set()
        named = {location.volume.id} if isinstance(location, Location) else {location.owner.id}
    return {each for identity in named for each in _with_volume(context, identity)}


def _share_named(context: Context, kind: str, code: str) -> Row | None:
    if code == "(default)":
        return context.only("volume", "default")
    owner = context.store.resolve(["user"], code) if kind == "home" else None
    for home in context.store.rows(["home"]) if owner is not None else ():
        if owner is not None and home.document.get("user") == owner.id:
            return home
    kinds = {"share": _SHARES, "workarea": ("folder",)}.get(kind, (kind,))
    return context.store.resolve(kinds, code) if code else None


def _with_volume(context: Context, identity: str) -> set[str]:
    share = context.store.get(identity)
    parent = None if share is None else share.document.get("parent")
    return {identity, *([parent] if parent else [])}


def site_of(context: Context, reference: str | None) -> str | None:
    """Return the id of the site that a party `type:id` is on; None where it is a machine of somebody's own."""
    row = context.store.get((reference or "").rpartition(":")[2])
    if row is not None and row.type == "site":
        return row.id
    if row is not None and row.type in _ON_A_MACHINE:
        return None
    main = context.only("site", "main")
    own = None if row is None else row.document.get("site")
    return own or (None if main is None else main.id)
