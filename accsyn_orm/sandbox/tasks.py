"""
Tasks of a job: the shapes in which a client may write them, duplicates, and what they do to their job.

A task with the source and destination of one that is there is retried, or replaced with `replace_duplicates`,
or refused with `allow_duplicates: false` (documentation, transfers: create tasks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .catalogue import JOB_TYPES, TYPES
from .checking import checked
from .context import Context, new_uuid
from .lifecycle import settled

if TYPE_CHECKING:
    from .store import Document, Row

__all__ = ["add_tasks", "job_of", "settle_job", "task_items"]

_TASK = TYPES["task"]
_PRIORITY = 500
_RESTING = frozenset({"onhold", "excluded"})


def job_of(context: Context, identity: str | None) -> Row:
    """Return the job that tasks belong to, or raise a ServerError where there is none of that id."""
    row = context.store.get(identity)
    if row is None or row.type not in JOB_TYPES:
        raise ServerError(f"There is no job {identity!r} for tasks; name the id of one.", status=404)
    return row


def task_items(tasks: Any) -> list[dict[str, Any]]:
    """
    Return tasks as a list of objects.

    Args:
        tasks: A list of objects or path strings, one object, one path string, or an object of uri to task.

    Raises:
        ServerError: It is none of these.
    """
    if isinstance(tasks, str):
        return [{"source": tasks}]
    if isinstance(tasks, Mapping):
        if not tasks or set(tasks) & set(_TASK.attributes):
            return [dict(tasks)]
        return [{**_item(task), "uri": uri} for uri, task in tasks.items()]
    if isinstance(tasks, Sequence):
        return [_item(task) for task in tasks]
    raise ServerError(f"tasks must be a list, an object or a path, not {tasks!r}.", status=400)


def _item(task: Any) -> dict[str, Any]:
    if isinstance(task, str):
        return {"source": task}
    if isinstance(task, Mapping):
        return dict(task)
    raise ServerError(f"A task must be an object or a path, not {task!r}.", status=400)


def _same_files(document: Mapping[str, Any]) -> tuple[str, str]:
    return repr(document.get("source")), repr(document.get("destination"))


def add_tasks(context: Context, job: Row, data: Mapping[str, Any]) -> list[Row]:
    """
    Add tasks to a job, which brings a finished job back to life.

    Args:
        context: The event's surroundings.
        job: The job.
        data: Payload with `tasks`, and perhaps `allow_duplicates` and `replace_duplicates`.

    Returns:
        The tasks, new and retried.
    """
    known = {_same_files(row.document): row for row in context.store.children(job.id, "task")}
    items = [checked(context, _TASK, item, creating=True) for item in task_items(data["tasks"])]
    stored: list[Row] = []
    for item in items:
        twin = known.get(_same_files(item))
        if twin is not None and data.get("allow_duplicates") is False and not data.get("replace_duplicates"):
            raise ServerError(
                f"Job {job.id} has a task with this source and destination already ({twin.id}); "
                f"leave allow_duplicates away to retry it.",
                status=400,
            )
        if twin is not None and not data.get("replace_duplicates"):
            document = {**twin.document, "status": "queued", "finished": None, "modified": context.time}
        else:
            document = _new_task(context, job, item, len(known))
            if twin is not None:
                context.store.remove(twin.id)
        row = context.store.put("task", document)
        known[_same_files(document)] = row
        stored.append(row)
    return stored


def _new_task(context: Context, job: Row, item: Mapping[str, Any], index: int) -> Document:
    return {
        "id": new_uuid(),
        "uri": str(index),
        "job": job.id,
        "status": _TASK.first_status,
        "created": context.time,
        "modified": context.time,
        "finished": None,
        "priority": _PRIORITY,
        "size": -1,
        "time": 0,
        "metadata": {},
        **{name: value for name, value in item.items() if value is not None},
    }


def settle_job(context: Context, job: Row, *, added: bool) -> None:
    """
    Let a job follow its tasks.

    Args:
        context: The event's surroundings.
        job: The job.
        added: Whether tasks were added: a finished job then waits again. Otherwise a job whose tasks are all
            on hold or excluded is paused (measured by the published client's tests against a backend).
    """
    tasks = [row.document["status"] for row in context.store.children(job.id, "task")]
    status = job.document["status"]
    if added and job.scope == "finished":
        status = "waiting"
    elif not added and tasks and _RESTING.issuperset(tasks) and job.scope == "active":
        status = "paused"
    if status != job.document["status"]:
        changed = settled(context, job.document, {**job.document, "status": status})
        context.store.put(job.type, context.stamped(changed))
