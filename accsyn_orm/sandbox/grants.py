"""
Access to shares: one entry of type `acl` for each user and share, with what may be done from which path on.

Granting again changes the entry (accsyn documentation, file sharing: granting access). An entry is out of use as long
as its user or its share is (users and file sharing: deactivate).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ServerError
from .context import new_id
from .disk import parts_of
from .rules import check_write, denied, granted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .store import Row

__all__ = [
    "Rights",
    "check_granting",
    "give_volumes",
    "put_grant",
    "remove_grants",
    "rights_of",
    "settle_grants",
]


@attrs.frozen
class Rights:
    """What is granted: reading, writing, or both, from a path of the share downwards."""

    read: bool = True
    write: bool = True
    path: str = "/"


def rights_of(data: Mapping[str, Any]) -> Rights:
    """
    Read what is granted.

    Raises:
        ServerError: It is neither reading nor writing, or the path is none.
    """
    read, write, path = (data.get(name) for name in ("read", "write", "path"))
    for name, value in (("read", read), ("write", write)):
        if value is not None and not isinstance(value, bool):
            raise ServerError(f"{name!r} of a grant is true or false, not {value!r}.", status=400)
    if not (read or write):
        raise ServerError(
            "A grant needs `read` or `write`, or both; to take access away, revoke it.", status=400
        )
    if path is not None and not isinstance(path, str):
        raise ServerError(f"The path of a grant is a text, not {path!r}.", status=400)
    parts_of(path or "/")
    return Rights(bool(read), bool(write), path or "/")


def check_granting(context: Context, share: Row, rights: Rights) -> None:
    """
    Refuse to hand on what one may not write, or more of it than one has.

    Raises:
        PermissionDenied: The user may not.
    """
    check_write(context, share, "grant access to")
    own = share.type == "home" and share.document.get("user") == context.me.id
    if context.role == "standard" and not own:
        held = [acl.document for acl in granted(context, share)]
        if rights.read and not any(acl.get("read") for acl in held):
            raise denied(context, f"grant access to this {share.type}", "it may not read it")


def put_grant(context: Context, user: Row, share: Row, rights: Rights) -> tuple[Row, bool]:
    """
    Let a user use a share; what the user has there already is changed.

    Returns:
        The entry, and whether it is new.
    """
    known = _grant(context, user, share)
    document = {
        "id": new_id(),
        "entity": f"user:{user.id}",
        "target": f"share:{share.id}",
        "acknowledged": False,
        "status": "enabled",
        "token": None,
        "description": None,
        "creator": context.email,
        "created": context.time,
        **({} if known is None else known.document),
        **attrs.asdict(rights),
        "role": user.document["role"],
        "modified": context.time,
    }
    return context.store.put("acl", document), known is None


def _grant(context: Context, user: Row, share: Row) -> Row | None:
    wanted = (f"user:{user.id}", f"share:{share.id}")
    return next(
        (
            acl
            for acl in context.store.rows(["acl"])
            if (acl.document.get("entity"), acl.document.get("target")) == wanted
        ),
        None,
    )


def remove_grants(context: Context, reference: str) -> None:
    """Take away what a user may use, or all access to a share; named as `user:<id>` or `share:<id>`."""
    for acl in context.store.rows(["acl"]):
        if reference in {acl.document.get("entity"), acl.document.get("target")}:
            context.store.remove(acl.id)


def settle_grants(context: Context) -> None:
    """Let every entry follow its user and its share, in use and out of use."""
    for acl in context.store.rows(["acl"]):
        ends = [
            context.store.get(str(acl.document.get(end)).rpartition(":")[2]) for end in ("entity", "target")
        ]
        inactive = any(end is None or bool(end.document.get("inactive")) for end in ends)
        if inactive is not bool(acl.document.get("inactive")):
            context.store.put("acl", {**acl.document, "inactive": inactive})


def give_volumes(context: Context, user: Row, data: Mapping[str, Any]) -> None:
    """
    Grant a new user the volumes that its creation names (documentation, users: create).

    Args:
        context: The event's surroundings.
        user: The user.
        data: Payload with `give_all_volumes_access`, `give_default_volume_access` and `volumes`, a list of ids.

    Raises:
        ServerError: There is no such volume.
        PermissionDenied: Only admins give access to volumes.
    """
    volumes = [row for row in context.store.rows(["volume"]) if row.scope == "active"]
    wanted: dict[str, Row] = {}
    if data.get("give_all_volumes_access"):
        wanted.update((row.id, row) for row in volumes)
    if data.get("give_default_volume_access"):
        wanted.update((row.id, row) for row in volumes if row.document.get("default"))
    for name in data.get("volumes") or ():
        row = context.store.resolve(["volume"], name) if isinstance(name, str) else None
        if row is None or row.scope != "active":
            raise ServerError(f"There is no volume {name!r} to give access to; name one by id.", status=400)
        wanted[row.id] = row
    for row in wanted.values():
        check_granting(context, row, Rights())
        put_grant(context, user, row, Rights())
