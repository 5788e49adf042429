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
from .places import is_placeholder, party_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .store import Document, Row

__all__ = ["add_tasks", "job_of", "retry_failed", "settle_job", "settle_new", "task_items", "with_job_paths"]

_TASK = TYPES["task"]
_PRIORITY = 500
_RESTING = frozenset({"onhold", "excluded"})
_IN_HAND = frozenset({"booting", "executing"})
_WORK = frozenset({"source", "destination", "compute"})
_ENDS = ("source", "destination")


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
        tasks: A list of objects or path strings, one object, one path string, or an object of uri to task,
            which may hold further ones in its `tasks`: their uris are `<uri>/<uri>`.

    Raises:
        ServerError: It is none of these.
    """
    if isinstance(tasks, str):
        return [{"source": tasks}]
    if isinstance(tasks, Mapping):
        if not tasks or set(tasks) & set(_TASK.attributes):
            return list(_flat(dict(tasks)))
        return [each for uri, task in tasks.items() for each in _flat({**_item(task), "uri": uri})]
    if isinstance(tasks, Sequence):
        return [each for task in tasks for each in _flat(_item(task))]
    raise ServerError(f"tasks must be a list, an object or a path, not {tasks!r}.", status=400)


def _item(task: Any) -> dict[str, Any]:
    if isinstance(task, str):
        return {"source": task}
    if isinstance(task, Mapping):
        return dict(task)
    raise ServerError(f"A task must be an object or a path, not {task!r}.", status=400)


def _flat(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a task, and those in it after it; one that only holds others is no task itself."""
    nested, uri = item.get("tasks"), item.get("uri")
    if not nested or not uri:
        yield item
        return
    own = {name: value for name, value in item.items() if name != "tasks"}
    if _WORK & set(own):
        yield own
    for index, inner in enumerate(task_items(nested)):
        yield {**inner, "uri": f"{uri}/{inner.get('uri', index)}"}


def with_job_paths(context: Context, data: Any) -> Any:
    """Return the data of a new transfer, where a path given for the job is that of every task which has none."""
    if not isinstance(data, Mapping) or not data.get("tasks"):
        return data
    paths = {end: data[end] for end in _ENDS if isinstance(data.get(end), str)}
    paths = {end: text for end, text in paths.items() if place_of(context, text).path}
    return {**data, "tasks": [{**paths, **item} for item in task_items(data["tasks"])]} if paths else data


def _files(document: Mapping[str, Any], job: Row) -> tuple[str, ...]:
    """Return what tells tasks apart: both parties and paths; a party that is left out is the job's."""
    found: list[str] = []
    for end in _ENDS:
        place = document.get(end)
        found += [str(party_of(place) or job.document.get(end)), str((place or {}).get("path", ""))]
    return tuple(found)


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
    present = {row.document["uri"]: row for row in context.store.children(job.id, "task")}
    known = {_files(row.document, job): row for row in present.values()}
    items = [checked(context, _TASK, item, creating=True) for item in task_items(data["tasks"])]
    replacing = bool(data.get("replace_duplicates"))
    stored: list[Row] = []
    for item in items:
        twin = known.get(_files(item, job))
        if twin is not None and data.get("allow_duplicates") is False and not replacing:
            raise ServerError(
                f"Job {job.id} has a task with this source and destination already ({twin.id}); "
                f"leave allow_duplicates away to retry it.",
                status=400,
            )
        if twin is not None and not replacing:
            row = _retried(context, twin)
        else:
            _make_room(context, job, [twin, present.get(item.get("uri"))], replacing=replacing)
            document = _new_task(context, job, item, present)
            row = context.store.put("task", document)
        present = {uri: each for uri, each in present.items() if twin is None or each.id != twin.id}
        present[row.document["uri"]] = known[_files(row.document, job)] = row
        stored.append(row)
    return stored


def _retried(context: Context, task: Row) -> Row:
    """Queue a task again, unless it is being copied right now."""
    if task.document["status"] in _IN_HAND:
        return task
    document = settled(context, task.document, {**task.document, "status": "queued"})
    return context.store.put("task", {**document, "modified": context.time})


def _make_room(context: Context, job: Row, twins: list[Row | None], *, replacing: bool) -> None:
    """Remove the tasks that a new one replaces; a uri that is taken by other files is refused."""
    for twin in twins:
        if twin is None or context.store.get(twin.id) is None:
            continue
        if not replacing:
            raise ServerError(
                f"Job {job.id} has a task with the uri {twin.document['uri']!r} and other files already "
                f"({twin.id}); choose another uri, or send replace_duplicates.",
                status=400,
            )
        context.store.remove(twin.id)


def _new_task(context: Context, job: Row, item: Mapping[str, Any], present: Mapping[str, Row]) -> Document:
    index = len(present)
    while str(index) in present:
        index += 1
    document: Document = {
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
    return settled(context, {}, document)


def settle_job(context: Context, job: Row, *, added: bool, retried: bool = False) -> None:
    """
    Let a job follow its tasks.

    Args:
        context: The event's surroundings.
        job: The job.
        added: Whether tasks were added: a finished or failed job then waits again. Otherwise a job whose tasks are
            all on hold or excluded is paused (measured by the published client's tests against a backend).
        retried: Whether a task was queued again: a job that is done or failed then waits again.
    """
    tasks = [row.document["status"] for row in context.store.children(job.id, "task")]
    status = job.document["status"]
    if (added and job.scope == "finished") or ((added or retried) and status in {"done", "failed"}):
        status = "waiting"
    elif not added and tasks and _RESTING.issuperset(tasks) and job.scope == "active":
        status = "paused"
    _set_status(context, job, status)


def settle_new(context: Context, job: Row) -> Row:
    """
    Let a new job follow its tasks: with nothing to do it is paused, and a placeholder is done at once.

    A placeholder has tasks of source `..:null` only, all of them excluded (documentation, job specification).
    """
    tasks = [row.document for row in context.store.children(job.id, "task")]
    if (
        job.type in {"transfer", "compute"}
        and tasks
        and _RESTING.issuperset(task["status"] for task in tasks)
    ):
        empty = all(task["status"] == "excluded" and is_placeholder(task.get("source")) for task in tasks)
        _set_status(context, job, "done" if empty else "paused")
    return context.store.get(job.id) or job


def _set_status(context: Context, job: Row, status: str) -> None:
    if status != job.document["status"]:
        changed = settled(context, job.document, {**job.document, "status": status})
        context.store.put(job.type, context.stamped(changed), archived=job.archived)


def retry_failed(context: Context, before: Row, job: Row) -> None:
    """Queue the failed tasks of a job again where a client just let it wait."""
    if job.document["status"] != "waiting" or before.document["status"] == "waiting":
        return
    for task in context.store.children(job.id, "task"):
        if task.document["status"] == "failed":
            _retried(context, task)
