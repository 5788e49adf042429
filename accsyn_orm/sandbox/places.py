"""
Path notation: `<party>:<path>`, where the party is a site, a user, a client or the workspace (documentation,
job specification). A party that is left out is the main site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ServerError
from .references import PARTIES, prefix_of

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["Place", "place_of", "reference_to", "task_place"]

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@attrs.frozen
class Place:
    """Where a path is: the party as `type:id`, and the path there."""

    party: str | None
    path: str


def reference_to(row: Row) -> str:
    """Return the `type:id` reference to an entity."""
    return f"{prefix_of(row.type)}:{row.id}"


def place_of(context: Context, text: str) -> Place:
    """
    Read a path of a job or a task.

    Raises:
        ServerError: The party is an e-mail address that no user has.
    """
    main = context.only("site", "main")
    home = None if main is None else reference_to(main)
    whole = _party(context, text)
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


def _party(context: Context, text: str) -> Row | None:
    kind, equals, code = text.partition("=")
    if equals and kind in {"site", "user", "client"}:
        text = code
    email, at, host = text.partition("@")
    domain = host.partition("@")[0]
    return context.store.resolve(PARTIES, f"{email}{at}{domain}") if text else None


def task_place(context: Context, value: Any) -> dict[str, Any] | None:
    """Return a task's source or destination as it is stored: an object with its path and its party."""
    if value is None or isinstance(value, dict):
        return value
    place = place_of(context, value)
    kind, _, identity = (place.party or "").partition(":")
    return {
        "path": place.path,
        "client": None,
        "user": None,
        "site": None,
        **({kind: identity} if kind else {}),
    }
