"""Change entities, take them out of use and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import PermissionDenied, ServerError
from .catalogue import JOB_TYPES, TYPES, EntityType
from .checking import checked
from .lifecycle import check_submission, settled
from .rules import check_write
from .tasks import job_of, settle_job

if TYPE_CHECKING:
    from .context import Context
    from .store import Document, Row

__all__ = ["activate", "deactivate", "edit", "edit_tasks", "require"]


def require(context: Context, types: tuple[EntityType, ...], identity: str | None) -> Row:
    """
    Return the entity that a write names.

    Raises:
        ServerError: No id was given, or there is no entity of these types with it.
    """
    name = " or ".join(each.name for each in types)
    if not identity:
        raise ServerError(f"event.id is missing: it names the {name}.", status=400)
    row = context.store.get(identity)
    if row is None or row.type not in {each.name for each in types}:
        raise ServerError(f"There is no {name} with the id {identity!r}.", status=404)
    return row


def edit(context: Context, row: Row, data: Any) -> Row:
    """
    Change attributes of one entity.

    Raises:
        ServerError: An attribute cannot be changed, or not to that value.
        PermissionDenied: The user's role does not allow it.
    """
    check_write(context, row, "change")
    kind = TYPES[row.type]
    changes = checked(context, kind, data, creating=False)
    if "role" in changes and context.role != "admin":
        raise PermissionDenied(f"{context.email} is {context.role}; only an admin changes roles.", status=403)
    check_submission(context, row, changes.get("status"))
    _check_change(context, row, changes)
    document = {**row.document, **changes}
    if row.type in JOB_TYPES:
        document = settled(context, row.document, {**document, "code": document["name"]})
    return context.store.put(row.type, context.stamped(document), archived=row.archived)


def _check_change(context: Context, row: Row, changes: Document) -> None:
    code = changes.get("code")
    if code is not None and any(
        other.id != row.id and other.document["code"].lower() == code.lower()
        for other in context.store.rows([row.type])
    ):
        raise ServerError(
            f"There is a {row.type} with the code {code!r} already; codes of this type are unique, "
            f"choose another.",
            status=400,
        )
    if "name" in changes and row.type in JOB_TYPES and not changes["name"]:
        raise ServerError(f"The name of a {row.type} cannot be empty.", status=400)
    if row.type == "queue" and changes.get("parent"):
        above = context.store.get(changes["parent"])
        while above is not None:
            if above.id == row.id:
                raise ServerError(
                    f"The queue {row.document['code']!r} cannot stand below itself.", status=400
                )
            above = context.store.get(above.document.get("parent"))
    if row.type in {"app", "server", "userserver", "browser", "lane"}:
        _check_client_status(row, changes)


def _check_client_status(row: Row, changes: Document) -> None:
    status, before = changes.get("status"), row.document["status"]
    if status == "enabled":
        changes["status"] = status = {"disabled": "online", "disabled-offline": "offline"}.get(before, before)
    elif status == "disabled" and before == "offline":
        changes["status"] = "disabled-offline"
    if status == "online" and before not in {"disabled", "online"}:
        raise ServerError(
            f"The {row.type} {row.id} is {before}; only a disabled one can be set online.", status=400
        )


def edit_tasks(context: Context, identity: str | None, items: Any) -> list[Row]:
    """
    Change several tasks of one job, all of them or, when one is refused, none.

    Args:
        context: The event's surroundings.
        identity: Id of the job.
        items: Objects, each with the `id` or the `uri` of a task and its changes.
    """
    job = job_of(context, identity)
    check_write(context, job, "change tasks of")
    if not isinstance(items, list) or not items:
        raise ServerError(f"Several tasks are changed by a list of objects, not {items!r}.", status=400)
    tasks = context.store.children(job.id, "task")
    stored = []
    for item in items:
        changes = dict(item) if isinstance(item, dict) else {}
        identifier, uri = changes.pop("id", None), changes.pop("uri", None)
        task = next(
            (row for row in tasks if (row.id == identifier if identifier else row.document["uri"] == uri)),
            None,
        )
        if task is None:
            raise ServerError(
                f"Job {job.id} has no task {identifier or uri!r}; name one by id or uri.", status=404
            )
        stored.append(edit_task(context, task, changes))
    settle_job(context, job, added=False)
    return stored


def edit_task(context: Context, task: Row, data: Any) -> Row:
    """Change one task, without looking at what that does to its job."""
    changes = checked(context, TYPES["task"], data, creating=False)
    current = context.store.get(task.id) or task
    document = settled(context, current.document, {**current.document, **changes})
    return context.store.put("task", {**document, "modified": context.time})


def deactivate(context: Context, row: Row) -> None:
    """
    Take a user or a share out of use; a user's home and a volume's folders go with it.

    Raises:
        ServerError: The type has no such state, or an active job involves the user (documentation, users).
    """
    check_write(context, row, "deactivate")
    if not TYPES[row.type].deactivatable:
        raise ServerError(
            f"A {row.type} cannot be deactivated; users, volumes, folders and collections can.", status=400
        )
    if row.type == "user":
        mine = {row.id, f"user:{row.id}"}
        for job in context.store.rows(sorted(JOB_TYPES)):
            ends = {job.document.get("user"), job.document.get("source"), job.document.get("destination")}
            if job.scope == "active" and mine & ends:
                raise ServerError(
                    f"The user {row.document['code']!r} is involved in the active job {job.id}; "
                    f"abort it first.",
                    status=400,
                )
    _switch(context, row, inactive=True)


def activate(context: Context, row: Row) -> None:
    """Bring a user or a share back, with what went with it."""
    check_write(context, row, "activate")
    if not TYPES[row.type].deactivatable:
        raise ServerError(
            f"A {row.type} cannot be activated; users, volumes, folders and collections can.", status=400
        )
    _switch(context, row, inactive=False)


def _switch(context: Context, row: Row, *, inactive: bool) -> None:
    followers: list[Row] = []
    if row.type == "volume":
        followers = [
            each for kind in ("folder", "home", "collection") for each in context.store.children(row.id, kind)
        ]
    elif row.type == "user":
        followers = [each for each in context.store.rows(["home"]) if each.document.get("user") == row.id]
    for each in (row, *followers):
        context.store.put(each.type, context.stamped({**each.document, "inactive": inactive}))
