"""
Path notation: `<party>:<path>`, where the party is a site, a user, a client or the workspace (documentation,
job specification). A party that is left out is the main site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import PermissionDenied, ServerError
from .references import PARTIES, prefix_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .store import Row

__all__ = ["Place", "is_absolute", "is_placeholder", "party_of", "place_of", "reference_to", "task_place"]

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# Where each kind of party stands in the object that plays a task's source or destination.
_KEYS = {"user": "user", "client": "client", "site": "site", "share": "s"}
_ON_A_MACHINE = frozenset({"user", "app", "userserver", "browser"})


@attrs.frozen
class Place:
    """Where a path is: the party as `type:id`, and the path there."""

    party: str | None
    path: str


def reference_to(row: Row) -> str:
    """Return the `type:id` reference to an entity."""
    return f"{prefix_of(row.type)}:{row.id}"


def is_absolute(path: str) -> bool:
    r"""Say whether a path is one of an operating system: `/x`, `\\host\x`, `C:\x`."""
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None


def place_of(context: Context, text: str) -> Place:
    """
    Read a path of a job or a task.

    Raises:
        ServerError: The party is an e-mail address that no user has.
    """
    main = context.only("site", "main")
    home = None if main is None else reference_to(main)
    whole = _party(context, text, whole=True) if text else None
    if whole is not None:
        return Place(reference_to(whole), "")
    party, colon, path = text.partition(":")
    if not colon or _DRIVE.match(text):
        return Place(home, text)
    row = _party(context, party)
    if row is not None:
        return Place(reference_to(row), path)
    if "@" in party:
        raise ServerError(
            f"There is no user {party!r} for the path {text!r}; invite the user first.", status=400
        )
    return Place(home, text)


def _party(context: Context, text: str, *, whole: bool = False) -> Row | None:
    """
    Return what a text names as a party.

    Args:
        context: The event's surroundings.
        text: What stands before the colon.
        whole: Whether there is nothing behind it. Clients and shares are then named by id only, since their codes
            would take the names of folders away.
    """
    kind, equals, code = text.partition("=")
    if equals and kind in {"site", "user", "client"}:
        return context.store.resolve([each for each in PARTIES if prefix_of(each) == kind], code)
    email, at, host = text.partition("@")
    if ":" not in text:
        text = f"{email}{at}{host.partition('@')[0]}"
    if not whole:
        return context.store.resolve(PARTIES, text) if text else None
    named = context.store.get(text.rpartition(":")[2]) or context.store.resolve(PARTIES[:3], text)
    return named if named is not None and named.type in PARTIES else None


def task_place(context: Context, value: Any) -> dict[str, Any] | None:
    """
    Return a task's source or destination as it is stored: an object with its path and its party.

    Args:
        context: The event's surroundings.
        value: A path, or an object with `path` and perhaps `user`, `site`, `client`, `v` (volume) or `s`
            (share), each an id or a code.

    Raises:
        ServerError: The object has no path, or names something that there is not.
        PermissionDenied: It is an absolute path on the machine of somebody else.
    """
    if value is None:
        return None
    named: Mapping[str, Any] = {"path": value} if isinstance(value, str) else value
    path = named.get("path")
    if not isinstance(path, str):
        raise ServerError(f"A source or destination needs a `path` that is a text, not {path!r}.", status=400)
    given = {key: _id_of(context, key, named[key]) for key in (*_KEYS.values(), "v") if named.get(key)}
    place = Place(None, path) if given else place_of(context, path)
    kind, _, identity = (place.party or "").partition(":")
    if kind == "workspace":
        main = context.only("site", "main")
        kind, identity = ("", "") if main is None else ("site", main.id)
    stored = {
        **named,
        "client": None,
        "user": None,
        "site": None,
        **given,
        **({_KEYS[kind]: identity} if kind in _KEYS else {}),
        "path": place.path,
    }
    _check_owner(context, stored)
    return stored


def _id_of(context: Context, key: str, value: Any) -> str:
    kinds = [kind for kind in PARTIES if _KEYS.get(prefix_of(kind)) == key]
    row = context.store.resolve(kinds or ["volume"], value) if isinstance(value, str) else None
    if row is None:
        raise ServerError(f"There is nothing {value!r} for {key!r} of a source or destination.", status=400)
    return row.id


def _check_owner(context: Context, place: Mapping[str, Any]) -> None:
    """Refuse absolute paths on machines of others (documentation, job specification: paths)."""
    if not is_absolute(place["path"]):
        return
    row = context.store.get(place.get("client") or place.get("user"))
    owner = row if row is None or row.type == "user" else context.store.get(row.document.get("user"))
    if row is not None and row.type in _ON_A_MACHINE and owner is not None and owner.id != context.me.id:
        raise PermissionDenied(
            f"{place['path']!r} is an absolute path on a machine of {owner.document['code']!r}; only that "
            f"user may name one. Leave the path out, or name one of a share.",
            status=403,
        )


def party_of(place: Mapping[str, Any] | None) -> str | None:
    """Return the `type:id` of the party that a stored place names."""
    found = place or {}
    return next((f"{kind}:{found[key]}" for kind, key in _KEYS.items() if found.get(key)), None)


def is_placeholder(place: Any) -> bool:
    """Say whether a stored place is `..:null`, which stands for no file (documentation, job specification)."""
    return isinstance(place, dict) and place.get("path") == "null"
