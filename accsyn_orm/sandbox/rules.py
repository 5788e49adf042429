"""
Who may read and write what: the table of the accsyn documentation ("Data types": permissions by role).

Reads that are not allowed find nothing; writes that are not allowed are refused. Standard users, who are no members of
the workspace, are told no more than that; others are told the cause.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import PermissionDenied
from .catalogue import GENERIC
from .context import Context
from .places import party_of
from .store import Row

__all__ = ["check_write", "denied", "granted", "involves", "may_write", "reader"]

Rule = Callable[[Context, Row], bool]

_ROOT = frozenset({None, "", "/"})


def _all(_context: Context, _row: Row) -> bool:
    return True


def _none(_context: Context, _row: Row) -> bool:
    return False


def _me(context: Context, row: Row) -> bool:
    return row.id == context.me.id


def _me_and_standard(context: Context, row: Row) -> bool:
    return _me(context, row) or row.document.get("role") == "standard"


def _ours_and_standard(context: Context, row: Row) -> bool:
    """Return whether a client or a grant is one's own, or that of a standard user."""
    reference = row.document.get("entity" if row.type == "acl" else "user") or ""
    owner = context.store.get(reference.rpartition(":")[2])
    return owner is not None and _me_and_standard(context, owner)


def involves(context: Context, user: Row, job: Row) -> bool:
    """Return whether a user takes part in a job: it is the user's, comes from it, goes to it, or is received by it."""
    document = job.document
    if user.id == document.get("user") or user.document["code"] == document.get("creator"):
        return True
    tasks = context.store.children(job.id, "task")
    places = [task.document.get(end) for task in tasks for end in ("source", "destination")]
    parties = {document.get("source"), document.get("destination"), *map(party_of, places)}
    mine = {f"user:{user.id}"}
    mine.update(
        f"client:{row.id}"
        for row in context.store.rows(GENERIC["client"])
        if row.document.get("user") == user.id
    )
    return not mine.isdisjoint(parties) or _receives(user, job)


def _receives(user: Row, job: Row) -> bool:
    recipients = job.document.get("recipients") or ()
    return user.document["code"] in recipients or user.id in recipients


def _involved(context: Context, row: Row) -> bool:
    job = _job_of(context, row)
    return job is not None and involves(context, context.me, job)


def _recipient(context: Context, row: Row) -> bool:
    return _receives(context.me, row)


def _job_of(context: Context, row: Row) -> Row | None:
    return context.store.get(row.document.get("job")) if row.type == "task" else row


def _not_others_home(context: Context, row: Row) -> bool:
    if row.type != "home":
        return True
    owner = context.store.get(row.document.get("user"))
    return owner is None or _me_and_standard(context, owner)


def granted(context: Context, share: Row) -> list[Row]:
    """Return the user's own grants on a share that are in force."""
    mine, target = f"user:{context.me.id}", f"share:{share.id}"
    return [
        acl
        for acl in context.store.rows(["acl"])
        if acl.document.get("entity") == mine
        and acl.document.get("target") == target
        and acl.scope == "active"
        and acl.document.get("status") != "disabled"
    ]


def _shared(context: Context, row: Row) -> bool:
    share = _share_of(context, row)
    return share is not None and (_own_home(context, share) or bool(granted(context, share)))


def _shared_whole(context: Context, row: Row) -> bool:
    """Return whether a share is one's own home, or may be written from its root on."""
    share = _share_of(context, row)
    return share is not None and (
        _own_home(context, share)
        or any(
            acl.document.get("write") and acl.document.get("path") in _ROOT for acl in granted(context, share)
        )
    )


def _share_of(context: Context, row: Row) -> Row | None:
    return context.store.get(row.document.get("parent")) if row.type == "file" else row


def _own_home(context: Context, share: Row) -> bool:
    return share.type == "home" and share.document.get("user") == context.me.id


# type -> (read by employee, write by employee, read by standard, write by standard); an admin may everything.
_TABLE: dict[str, tuple[Rule, Rule, Rule, Rule]] = {
    "user": (_me_and_standard, _me_and_standard, _me, _me),
    **dict.fromkeys(("workspace", "queue", "site", "server", "engine"), (_all, _none, _none, _none)),
    **dict.fromkeys(("transfer", "compute", "task"), (_all, _all, _involved, _involved)),
    **dict.fromkeys(("delivery", "request", "stream"), (_all, _all, _recipient, _recipient)),
    **dict.fromkeys(
        ("folder", "collection", "home", "file"), (_all, _not_others_home, _shared, _shared_whole)
    ),
    "volume": (_none, _none, _none, _none),
    **dict.fromkeys(
        ("userserver", "app", "browser", "lane", "acl"), (_all, _all, _ours_and_standard, _ours_and_standard)
    ),
}
_CAUSES: dict[Rule, str] = {
    _none: "only an admin may",
    _me_and_standard: "an employee may only for itself and for standard users",
    _not_others_home: "homes of admins and of other employees are theirs",
}


def _rule(context: Context, kind: str, writing: bool) -> Rule:
    # Nothing says what the role `support` may; it looks at everything and changes nothing.
    if context.role == "admin" or (context.role == "support" and not writing):
        return _all
    if context.role == "support":
        return _none
    return _TABLE[kind][(0 if context.role == "employee" else 2) + writing]


def reader(context: Context, kinds: tuple[str, ...]) -> Callable[[Row], bool] | None:
    """Return what a user's listing of some types is narrowed to, or None where everything may be read."""
    rules = {kind: _rule(context, kind, False) for kind in kinds}
    if all(rule is _all for rule in rules.values()):
        return None
    return lambda row: rules[row.type](context, row)


def may_write(context: Context, row: Row) -> bool:
    """Return whether the user's role allows writing an entity."""
    return _rule(context, row.type, True)(context, row)


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
    rule = _rule(context, row.type, True)
    if not rule(context, row):
        raise denied(context, f"{action} this {row.type}", _CAUSES.get(rule, "only an admin may"))


def denied(context: Context, action: str, cause: str) -> PermissionDenied:
    """
    Return the error for a write that is not allowed: sparse for a standard user, with its cause for others.

    Args:
        context: The event's surroundings.
        action: What is not allowed, such as `change this queue`.
        cause: Why.
    """
    if context.role not in {"admin", "employee", "support"}:
        return PermissionDenied(f"Permission denied: you may not {action}.", status=403)
    return PermissionDenied(
        f"Permission denied: {context.email} is {context.role} and may not {action}: {cause}.", status=403
    )
