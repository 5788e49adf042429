"""Delete entities. What is deleted is gone, in every scope, with what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .catalogue import GENERIC, JOB_TYPES
from .lifecycle import settled
from .rules import check_write

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["delete", "remove_files"]


def delete(context: Context, row: Row) -> None:
    """
    Delete one entity by the rules of its type (accsyn documentation, the "delete" section of each type).

    Raises:
        ServerError: The entity cannot be deleted; the message says what would have to be done first.
        PermissionDenied: The user's role does not allow it.
    """
    check_write(context, row, "delete")
    reason = _refusal(context, row)
    if reason:
        raise ServerError(
            f"The {row.type} {row.document.get('code') or row.id!r} cannot be deleted: {reason}.", status=400
        )
    if row.type == "queue":
        _move_jobs(context, row)
    elif row.type == "user":
        _remove_user(context, row)
    elif row.type == "volume":
        for kind in ("folder", "home", "collection"):
            for share in context.store.children(row.id, kind):
                _remove_share(context, share)
    if row.type in GENERIC["share"]:
        _remove_share(context, row)
    else:
        context.store.remove(row.id)


def _refusal(context: Context, row: Row) -> str | None:
    document = row.document
    if row.type in {"workspace", "engine", "acl", "lane"}:
        return "entities of this type are not deleted through the API"
    if row.type == "task":
        return "tasks stay for audit; set the status 'excluded' instead"
    if row.type in GENERIC["client"] and document.get("status") not in {"offline", "disabled-offline"}:
        return f"it is {document.get('status')}, and only an offline one can be deleted"
    if row.type in {"queue", "volume"} and document.get("default"):
        return f"it is the default {row.type}"
    if row.type == "queue" and context.store.children(row.id, "queue"):
        return "there are queues below it"
    if row.type == "site":
        if document.get("main"):
            return "it is the main site"
        if any(
            server.document.get("site") == row.id for server in context.store.rows(["server", "userserver"])
        ):
            return "it has servers"
    return "you would delete yourself" if row.id == context.me.id else None


def _move_jobs(context: Context, queue: Row) -> None:
    default = context.only("queue", "default")
    target = default.id if default else None
    for row in context.store.rows([*sorted(JOB_TYPES), "user", *GENERIC["share"]]):
        if row.document.get("queue") == queue.id:
            changed = {**row.document, "queue": target if row.type in JOB_TYPES else None}
            context.store.put(row.type, context.stamped(changed), archived=row.archived)


def _remove_user(context: Context, user: Row) -> None:
    for home in context.store.rows(["home"]):
        if home.document.get("user") == user.id:
            _remove_share(context, home)
    for job in context.store.rows(sorted(JOB_TYPES)):
        if job.document.get("user") == user.id and job.scope == "active":
            aborted = settled(context, job.document, {**job.document, "status": "aborted"})
            context.store.put(job.type, context.stamped(aborted))
    _remove_acls(context, f"user:{user.id}")


def _remove_share(context: Context, share: Row) -> None:
    _remove_acls(context, f"share:{share.id}")
    context.store.remove(share.id)


def _remove_acls(context: Context, reference: str) -> None:
    for acl in context.store.rows(["acl"]):
        if reference in {acl.document.get("entity"), acl.document.get("target")}:
            context.store.remove(acl.id)


def remove_files(context: Context, collection: Row, data: Any) -> None:
    """Remove files of a collection, named by id."""
    check_write(context, collection, "remove files from")
    names = data.get("files") if isinstance(data, dict) else None
    files = {row.id: row for row in context.store.children(collection.id, "file")}
    if not isinstance(names, list) or not names:
        raise ServerError("The data must be an object with `files`: a list of ids.", status=400)
    for name in names:
        if name not in files:
            raise ServerError(f"The collection {collection.id} has no file {name!r}.", status=404)
    for name in dict.fromkeys(names):
        context.store.remove(name)
