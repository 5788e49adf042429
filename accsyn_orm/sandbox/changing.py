"""Change entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .catalogue import JOB_TYPES, TYPES, EntityType
from .checking import checked
from .deliveries import DELIVERIES, next_status, tell_submitted
from .grants import remove_grants
from .lifecycle import settled
from .queues import check_queue
from .rules import check_write, denied
from .tasks import job_of, retry_failed, settle_job

if TYPE_CHECKING:
    from .context import Context
    from .store import Document, Row

__all__ = ["edit", "edit_tasks", "require"]


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
        raise denied(context, "change roles", "only an admin changes roles")
    if row.type in DELIVERIES and "status" in changes:
        changes["status"] = next_status(context, row, changes["status"])
    _check_change(context, row, changes)
    document = {**row.document, **changes}
    if row.type in JOB_TYPES:
        document = settled(context, row.document, {**document, "code": document["name"]})
    stored = context.store.put(row.type, context.stamped(document), archived=row.archived)
    if row.type in JOB_TYPES:
        retry_failed(context, row, stored)
    if row.type in DELIVERIES:
        tell_submitted(context, row, stored)
    if changes.get("role", row.document.get("role")) != row.document.get("role"):
        # Documented with users: all access has to be granted again.
        remove_grants(context, f"user:{row.id}")
    return stored


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
    if row.type == "queue":
        check_queue(context, row, changes)
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
    before = {row.id: row.document["status"] for row in tasks}
    retried = any(row.document["status"] == "queued" != before[row.id] for row in stored)
    settle_job(context, job, added=False, retried=retried)
    return stored


def edit_task(context: Context, task: Row, data: Any) -> Row:
    """Change one task, without looking at what that does to its job."""
    changes = checked(context, TYPES["task"], data, creating=False)
    current = context.store.get(task.id) or task
    document = settled(context, current.document, {**current.document, **changes})
    return context.store.put("task", {**document, "modified": context.time})
