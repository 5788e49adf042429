"""Invite people to the workspace, and find the users that grants and recipients name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .documents import fresh
from .mails import post
from .rules import check_write, denied

if TYPE_CHECKING:
    from .context import Context
    from .store import Document, Row

__all__ = ["ADDRESS", "enabled", "invite", "new_user", "user_named"]

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def new_user(document: Document) -> Document:
    """
    Return a user's document with what every new user has.

    Raises:
        ServerError: The code is no e-mail address.
    """
    if not ADDRESS.fullmatch(document["code"]):
        raise ServerError(f"The code of a user is an e-mail address, not {document['code']!r}.", status=400)
    return {
        **document,
        "name": document["name"] or document["code"],
        "role": document.get("role") or "standard",
        # Until a person has signed in; the phases are those of the earlier generations.
        "phase": "activating",
        "logged_in": None,
        "queue": None,
        "inactive": False,
    }


def invite(context: Context, address: str, message: str = "") -> Row:
    """
    Make somebody a standard user of the workspace, and tell them by mail.

    Raises:
        ServerError: It is no e-mail address.
        PermissionDenied: Standard users invite nobody.
    """
    if context.role not in {"admin", "employee"}:
        raise denied(context, "invite anybody", "admins and employees do")
    document = new_user({**fresh(context, "enabled"), "code": address.strip().lower()})
    row = context.store.put("user", context.stamped(document))
    post(context, row.document["code"], "invitation", row, message)
    return row


def user_named(context: Context, name: Any, *, inviting: bool, message: str = "") -> Row:
    """
    Return a user by id or e-mail address, invited or enabled where need be.

    Args:
        context: The event's surroundings.
        name: Id or e-mail address.
        inviting: Whether somebody who is no user yet is invited.
        message: What an invitation says.

    Raises:
        ServerError: There is no such user, or it is deactivated.
        PermissionDenied: The user may invite or enable nobody.
    """
    row = context.store.resolve(["user"], name) if isinstance(name, str) and name.strip() else None
    if row is None and inviting and isinstance(name, str) and ADDRESS.fullmatch(name.strip()):
        return invite(context, name, message)
    if row is None:
        raise ServerError(
            f"There is no user {name!r}; name one by id or e-mail address, or send invite: true with an address.",
            status=404,
        )
    return enabled(context, row)


def enabled(context: Context, row: Row) -> Row:
    """
    Return a user or a share that is shared now: a disabled one is enabled (product documentation, changelog).

    Raises:
        ServerError: It is deactivated.
        PermissionDenied: The user may not enable it.
    """
    if row.document.get("inactive"):
        raise ServerError(
            f"The {row.type} {row.document['code']!r} is deactivated; activate it first.", status=400
        )
    known = {"disabled": "enabled", "disabled-offline": "offline"}
    status = known.get(str(row.document.get("status")))
    if status is None:
        return row
    check_write(context, row, "enable")
    return context.store.put(row.type, context.stamped({**row.document, "status": status}))
