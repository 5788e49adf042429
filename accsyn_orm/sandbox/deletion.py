"""Delete entities. What is deleted is gone, in every scope, with what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .activation import shares_below, users_of
from .assignments import forget_server
from .catalogue import GENERIC, JOB_TYPES
from .deliveries import DELIVERIES
from .grants import remove_grants
from .rules import check_write
from .usage import abort, jobs_of_user, jobs_on_site

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["delete", "remove_files"]

_SERVERS = ("server", "userserver")
_FIXED = frozenset({"workspace", "engine", "lane"})


def delete(context: Context, row: Row, *, force: bool = False) -> None:
    """
    Delete one entity by the rules of its type (accsyn documentation, the "delete" section of each type).

    Args:
        context: The event's surroundings.
        row: The entity.
        force: Whether to delete it although active jobs use it, which are aborted, or servers stand on it, which go to
            the main site.

    Raises:
        ServerError: The entity cannot be deleted; the message says what would have to be done first.
        PermissionDenied: The user's role does not allow it.
    """
    check_write(context, row, "delete")
    reason = _never(context, row) or (None if force else _not_yet(context, row))
    if reason:
        raise ServerError(
            f"The {row.type} {row.document.get('code') or row.id!r} cannot be deleted: {reason}.", status=400
        )
    if row.type in GENERIC["share"]:
        _remove_shares(context, row)
        return
    if row.type == "queue":
        _move_jobs(context, row)
    elif row.type == "user":
        _remove_user(context, row)
    elif row.type == "site":
        _leave_site(context, row)
    elif row.type in GENERIC["client"]:
        _remove_client(context, row)
    context.store.remove(row.id)


def _never(context: Context, row: Row) -> str | None:
    """Return why an entity is not deleted, forced or not."""
    document = row.document
    if row.type in _FIXED:
        return "entities of this type are not deleted through the API"
    if row.type in GENERIC["client"] and document.get("status") not in {"offline", "disabled-offline"}:
        return f"it is {document.get('status')}, and only an offline one can be deleted"
    if row.type in {"queue", "volume"} and document.get("default"):
        return f"it is the default {row.type}"
    if row.type == "queue":
        if len(context.store.rows(["queue"])) == 1:
            return "it is the last queue"
        if context.store.children(row.id, "queue"):
            return "there are queues below it"
    if row.type == "site" and document.get("main"):
        return "it is the main site"
    return "you would delete yourself" if row.id == context.me.id else None


def _not_yet(context: Context, row: Row) -> str | None:
    """Return what has to be done before an entity is deleted, unless it is forced."""
    if row.type in DELIVERIES and row.scope == "active" and row.document["status"] != "init":
        return "it was submitted; abort it first"
    if row.type == "site":
        if _servers_on(context, row):
            return "it has servers; move them to another site first"
        jobs = jobs_on_site(context, row)
        return f"the active {jobs[0].type} {jobs[0].id} involves it; abort it first" if jobs else None
    # The jobs of a volume are aborted with it; those of the other shares have to be ended, as on a deactivation.
    jobs = users_of(context, row) if row.type in {"folder", "home", "collection"} else []
    return f"the active {jobs[0].type} {jobs[0].id} uses it; abort it first" if jobs else None


def _servers_on(context: Context, site: Row) -> list[Row]:
    return [server for server in context.store.rows(_SERVERS) if server.document.get("site") == site.id]


def _move_jobs(context: Context, queue: Row) -> None:
    default = context.only("queue", "default")
    target = default.id if default else None
    for row in context.store.rows([*sorted(JOB_TYPES), "user", *GENERIC["share"]]):
        if row.document.get("queue") == queue.id:
            changed = {**row.document, "queue": target if row.type in JOB_TYPES else None}
            context.store.put(row.type, context.stamped(changed), archived=row.archived)


def _leave_site(context: Context, site: Row) -> None:
    abort(context, jobs_on_site(context, site))
    main = context.only("site", "main")
    for server in _servers_on(context, site):
        moved = {**server.document, "site": main.id if main else None}
        context.store.put(server.type, context.stamped(moved))


def _remove_client(context: Context, client: Row) -> None:
    forget_server(context, client)
    for lane in context.store.children(client.id, "lane"):
        context.store.remove(lane.id)


def _remove_user(context: Context, user: Row) -> None:
    # The account by which the person signs in stays: it belongs to accsyn, not to the workspace.
    abort(context, jobs_of_user(context, user, receiving=False))
    for home in context.store.rows(["home"]):
        if home.document.get("user") == user.id:
            _remove_shares(context, home)
    remove_grants(context, f"user:{user.id}")


def _remove_shares(context: Context, row: Row) -> None:
    """Remove a share and those below it with their grants; files on disk stay."""
    abort(context, users_of(context, row))
    for share in (*shares_below(context, row), row):
        remove_grants(context, f"share:{share.id}")
        context.store.remove(share.id)


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
