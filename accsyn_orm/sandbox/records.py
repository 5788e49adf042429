"""What the transfer engine reads of a task, and how it writes tasks, jobs and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .context import Context, now
from .copying import Copy
from .endpoints import check_access, destination_of, endpoint_of
from .lifecycle import ended
from .logbook import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from .store import Row, Store
    from .workspace import Workspace

__all__ = ["copy_of", "log_job", "put_job", "put_task"]


def copy_of(workspace: Workspace, job: Row, task: Row) -> Copy:
    """Find both ends of a task; raise a ServerError that says which of them is nowhere."""
    store, disk = workspace.store, workspace.disk
    user = store.get(job.document.get("user"))
    place = task.document.get("source")
    if user is None or not place:
        raise ServerError("The task has no source, or its job no user.", status=400)
    source = endpoint_of(store, disk, place, user)
    kind, _, identity = (job.document.get("destination") or "").partition(":")
    place = task.document.get("destination") or {"path": "", "s" if kind == "share" else kind: identity}
    mirror = bool(job.document.get("mirror") or job.document.get("mirror_paths"))
    target = destination_of(source, endpoint_of(store, disk, place, user), mirror=mirror)
    check_access(Context(store, user, disk), source, target)
    return Copy(source, target, _part(disk.root, task.id))


def _part(root: Path, identity: str) -> Path:
    return root / "parts" / identity


def put_task(store: Store, task: Row, **changes: Any) -> None:
    """Change attributes of a task as it is now."""
    _put(store, task, changes)


def put_job(store: Store, job: Row, **changes: Any) -> None:
    """Change attributes of a job as it is now."""
    _put(store, job, changes)


def _put(store: Store, row: Row, changes: dict[str, Any]) -> None:
    current = store.get(row.id) or row
    document = ended(now(), current.document, {**current.document, **changes})
    store.put(row.type, {**document, "modified": now()}, archived=current.archived)


def log_job(store: Store, job: Row | None, outcome: str) -> None:
    """Write into the log what became of a job."""
    if job is None:
        return
    name, user = str(job.document.get("name")), store.get(job.document.get("user"))
    email = "" if user is None else str(user.document["code"])
    message = f"The {job.type} {name!r} {outcome}"
    entry = Entry(
        now(), str(job.document.get("user")), email, job.type, job.id, name, f"{job.type}/run", message
    )
    store.log.add(entry)
