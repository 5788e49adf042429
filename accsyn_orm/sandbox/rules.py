"""
Who may read and write what: the table of the accsyn documentation ("Data types": permissions by role).

Reads that are not allowed find nothing; writes that are not allowed are refused.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import PermissionDenied
from .catalogue import JOB_TYPES
from .context import Context
from .store import Row

__all__ = ["check_write", "reader"]

Rule = Callable[[Context, Row], bool]


def _all(_context: Context, _row: Row) -> bool:
    return True


def _none(_context: Context, _row: Row) -> bool:
    return False


def _own(context: Context, row: Row) -> bool:
    mine = {context.me.id, context.email, f"user:{context.me.id}"}
    document = row.document
    return row.id == context.me.id or bool(
        mine & {document.get("user"), document.get("creator"), document.get("entity")}
    )


def _own_and_standard(context: Context, row: Row) -> bool:
    return _own(context, row) or row.document.get("role") == "standard"


def _involved(context: Context, row: Row) -> bool:
    owner = _job_of(context, row)
    if owner is None:
        return False
    mine = f"user:{context.me.id}"
    return (
        _own(context, owner)
        or mine in {owner.document.get("source"), owner.document.get("destination")}
        or _recipient(context, owner)
    )


def _recipient(context: Context, row: Row) -> bool:
    owner = _job_of(context, row)
    recipients = () if owner is None else owner.document.get("recipients") or ()
    return context.email in recipients or context.me.id in recipients


def _job_of(context: Context, row: Row) -> Row | None:
    return context.store.get(row.document.get("job")) if row.type == "task" else row


def _not_others_home(context: Context, row: Row) -> bool:
    if row.type != "home":
        return True
    owner = context.store.get(row.document.get("user"))
    return owner is None or owner.id == context.me.id or owner.document.get("role") == "standard"


def _granted(context: Context, row: Row) -> bool:
    if row.type == "file":
        share = context.store.get(row.document.get("parent"))
        return share is not None and _granted(context, share)
    if row.type == "home" and row.document.get("user") == context.me.id:
        return True
    mine = f"user:{context.me.id}"
    return any(
        acl.document.get("entity") == mine and acl.document.get("target") == f"share:{row.id}"
        for acl in context.store.rows(["acl"])
    )


# type -> (read by employee, write by employee, read by standard, write by standard); an admin may everything.
_TABLE: dict[str, tuple[Rule, Rule, Rule, Rule]] = {
    "user": (_own_and_standard, _own_and_standard, _own, _own),
    **dict.fromkeys(("workspace", "queue", "site", "server", "engine"), (_all, _none, _none, _none)),
    **dict.fromkeys(("transfer", "compute", "task"), (_all, _all, _involved, _involved)),
    **dict.fromkeys(("delivery", "request", "stream"), (_all, _all, _recipient, _recipient)),
    **dict.fromkeys(("folder", "collection", "home", "file"), (_all, _not_others_home, _granted, _granted)),
    "volume": (_none, _none, _none, _none),
    **dict.fromkeys(("userserver", "app", "browser", "lane", "acl"), (_all, _all, _own, _own)),
}


def _rule(context: Context, kind: str, writing: bool) -> Rule:
    if context.role == "admin":
        return _all
    return _TABLE[kind][(0 if context.role == "employee" else 2) + writing]


def reader(context: Context, kinds: tuple[str, ...]) -> Callable[[Row], bool] | None:
    """Return what a user's listing of some types is narrowed to, or None where everything may be read."""
    rules = {kind: _rule(context, kind, False) for kind in kinds}
    if all(rule is _all for rule in rules.values()):
        return None
    return lambda row: rules[row.type](context, row)


def check_write(context: Context, row: Row, action: str) -> None:
    """
    Refuse a write that the user's role does not allow.

    Args:
        context: The event's surroundings.
        row: The entity as it is, or as it would be created.
        action: What is wanted, for the message.

    Raises:
        PermissionDenied: The role does not allow it.
    """
    if _rule(context, row.type, True)(context, row):
        return
    raise PermissionDenied(
        f"{context.email} is {context.role} and may not {action} this {row.type}; an admin may"
        f"{', and so may its owner' if row.type in JOB_TYPES else ''}.",
        status=403,
    )
