"""Jobs, transfers and their tasks (accsyn documentation, "Transfers")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.fields import Mapped, boolean, integer, json, number, reference, text, timestamp
from ..queryset.collection import RelatedSet
from .base import Entity

if TYPE_CHECKING:
    from .deliveries import Delivery
    from .queues import Queue
    from .users import User

__all__ = ["Job", "Task", "Transfer"]

_MEASURED = "the server measures it"
_TWIN = "the server derives it from the reference beside it"
_SERVER = "the server sets it"
_ONCE = "accsyn takes it only when the job is created"
_URI = "a task is known by its uri"
_MOVED = "it is where the files are; make a new job for another place"


class Job(Entity, entitytype="job"):
    """
    A job of the generic type `job`, which today's servers take for a transfer.

    `done` and `aborted` jobs are found among `finished()` ones.
    """

    status = text(
        choices=("init", "waiting", "running", "paused", "failed", "aborted", "done", "pending"),
        settable=("waiting", "paused", "aborted", "done", "pending"),
        doc="init, waiting, running, paused, failed, aborted, done; pending in 2021 only",
    )
    finished = timestamp(optional=True, create=False, update=False, reason=_SERVER, doc="UTC")
    source: Mapped[Any] = reference(
        None, update=False, reason=_MOVED, doc="where from: type:id, or a path on create"
    )
    source_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the source, readable")
    destination: Mapped[Any] = reference(
        None, update=False, reason=_MOVED, doc="where to: type:id, or a path on create"
    )
    destination_hr = text(
        optional=True, create=False, update=False, reason=_TWIN, doc="the destination, readable"
    )
    size = integer(create=False, update=False, reason=_MEASURED, doc="bytes; -1 while it is not known")
    progress = integer(create=False, update=False, reason=_MEASURED, doc="percent, 0 to 100")
    speed = number(create=False, update=False, reason=_MEASURED, doc="MB/s; -1.0 where there is none")
    etr = text(
        optional=True, create=False, update=False, reason=_MEASURED, doc="time left, HH:MM:SS or empty"
    )
    uri = text(
        optional=True, create=False, update=False, reason="it follows from the queue", doc="path of the queue"
    )
    user: Mapped[User] = reference("User", create=False, update=False, reason=_SERVER, doc="the owner")
    user_id: Mapped[str]
    user_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the owner, readable")
    queue: Mapped[Queue] = reference("Queue", doc="the queue that it waits in")
    queue_id: Mapped[str]
    queue_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the queue, readable")
    parent: Mapped[Delivery] = reference(
        "Delivery",
        update=False,
        reason=_ONCE,
        doc="the delivery it belongs to; some servers send the queue's id",
    )
    parent_id: Mapped[str]
    parent_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the parent, readable")
    priority = integer(create=False, update=False, reason="the queue decides", doc="0 to 1000")
    settings = json(shape=dict[str, str], update=False, reason=_ONCE, doc="on create: name → text")
    recipients = json(shape=list[str], update=False, reason=_ONCE, doc="on create: e-mails to be told")
    hooks = json(update=False, reason=_ONCE, doc="on create: list of {when, data}")
    initial_tasks: Mapped[Any] = json(
        "tasks", update=False, reason=_ONCE, doc="on create: list of paths or objects, or an object by uri"
    )
    mirror = boolean(update=False, reason=_ONCE, doc="on create: mirror the paths of the source")
    mirror_paths = boolean(update=False, reason=_ONCE, doc="on create: the same, under its other name")
    append = boolean(update=False, reason=_ONCE, doc="on create: add to an equal job, if there is one")
    repeat: Mapped[Any] = json(
        update=False, reason=_ONCE, doc="on create: when to repeat; form not documented"
    )

    tasks = RelatedSet["Task"]("Task")


class Transfer(Job, entitytype="transfer"):
    """A transfer of files: what today's servers call a job of type 1."""


class Task(Entity, entitytype="task", parent="job"):
    """
    One file or folder of a job (accsyn documentation, "Transfers", tasks).

    Tasks cannot be deleted; exclude them: `task.status = "excluded"`. Of one that exists, only status,
    priority and metadata can be changed.
    """

    code = text(create=False, update=False, reason=_URI, doc="tasks have none: see uri")
    name = text(create=False, update=False, reason=_URI, doc="tasks have none: see uri")
    description = text(
        optional=True, update=False, reason="accsyn takes it only when the task is created", doc="free text"
    )
    uri = text(create=True, update=False, reason=_SERVER, doc="its number within the job")
    job: Mapped[Job] = reference(
        "Job", update=False, reason="a task stays in its job", doc="the job it is part of"
    )
    job_id: Mapped[str]
    job_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="the job, readable")
    status = text(
        choices=("pending", "queued", "booting", "executing", "failed", "onhold", "excluded", "done"),
        settable=("queued", "failed", "onhold", "excluded", "done"),
        doc="pending, queued, booting, executing, failed, onhold, excluded, done",
    )
    finished = timestamp(optional=True, create=False, update=False, reason=_SERVER, doc="UTC")
    priority = integer(doc="1 is the lowest, 1000 the highest; 500 by default")
    size = integer(create=False, update=False, reason=_MEASURED, doc="bytes")
    time = integer(create=False, update=False, reason=_MEASURED, doc="time taken; the unit is not documented")
    source = json(update=False, reason=_MOVED, doc="a path on create, an object afterwards")
    destination = json(update=False, reason=_MOVED, doc="a path on create, an object afterwards")
