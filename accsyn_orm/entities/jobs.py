"""Jobs, transfers and their tasks (accsyn documentation, "Transfers")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, overload

from ..mapping.fields import (
    Mapped,
    absent,
    boolean,
    integer,
    json,
    number,
    reference,
    text,
    timestamp,
)
from ..queryset.collection import RelatedSet
from ..queryset.manager import Manager
from .base import Entity
from .readable import readable
from .task_set import TaskQuerySet

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from ..mapping.base import MappedBase
    from ..queryset.manager import _OwnManager
    from .deliveries import Delivery
    from .queues import Queue
    from .users import User

__all__ = ["Job", "Task", "Transfer"]

_MEASURED = "the server measures it"
_SERVER = "the server sets it"
_ONCE = "accsyn takes it only when the job is created"
_WITH_TASK = "accsyn takes it only when the task is created"
_URI = "a task is known by its uri"
_MOVED = "it is where the files are; make a new job for another place"
_TASKS: _OwnManager[TaskQuerySet] = Manager(TaskQuerySet)


class _Tasks(RelatedSet["Task"]):
    """The tasks of a job, as type checkers see them: a query set that adds several at once."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> RelatedSet[Task]: ...
        @overload
        def __get__(self, instance: MappedBase, owner: type[Any]) -> TaskQuerySet: ...
        def __get__(self, instance: MappedBase | None, owner: type[Any]) -> Any: ...


class Job(Entity, entitytype="job"):
    """
    A job of the generic type `job`, which today's servers take for a transfer.

    Source: accsyn documentation, "Transfers" (in 2021 and 2023, "Jobs"). `done` and `aborted` jobs are found among
    `finished()` ones. In 2021 a job could be `pending`, and wait for the place to download to; a server of today
    refuses to set that. Its code is its name.
    """

    code: Mapped[str] = text(update=False, reason="it is the name; set that", doc="the name")
    status: Mapped[str] = text(
        choices=("init", "waiting", "running", "paused", "failed", "aborted", "done", "pending"),
        settable=("waiting", "paused", "aborted", "done", "pending"),
        doc="init, waiting, running, paused, failed, aborted, done; pending in 2021 only",
    )
    finished: Mapped[dt.datetime | None] = timestamp(
        optional=True, create=False, update=False, reason=_SERVER, doc="UTC"
    )
    source: Mapped[Entity | None] = reference(
        None, update=False, reason=_MOVED, doc="where from: type:id, or a path on create"
    )
    source_ref: Mapped[str | None]
    source_hr: Mapped[str | None] = readable("the source")
    destination: Mapped[Entity | None] = reference(
        None, update=False, reason=_MOVED, doc="where to: type:id, or a path on create"
    )
    destination_ref: Mapped[str | None]
    destination_hr: Mapped[str | None] = readable("the destination")
    size: Mapped[int] = integer(
        create=False, update=False, reason=_MEASURED, doc="bytes; -1 while it is not known"
    )
    progress: Mapped[int] = integer(create=False, update=False, reason=_MEASURED, doc="percent, 0 to 100")
    speed: Mapped[float] = number(
        create=False, update=False, reason=_MEASURED, doc="MB/s; -1.0 where there is none"
    )
    etr: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_MEASURED, doc="time left, HH:MM:SS or empty"
    )
    uri: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason="it follows from the queue",
        doc="path of the queue",
    )
    user: Mapped[User] = reference("User", create=False, update=False, reason=_SERVER, doc="the owner")
    user_id: Mapped[str]
    user_hr: Mapped[str | None] = readable("the owner")
    queue: Mapped[Queue] = reference("Queue", doc="the queue that it waits in; its priority is the job's")
    queue_id: Mapped[str]
    queue_hr: Mapped[str | None] = readable("the queue")
    parent: Mapped[Delivery | None] = reference(
        "Delivery",
        update=False,
        reason=_ONCE,
        doc="the delivery it belongs to; some servers send the queue's id",
    )
    parent_id: Mapped[str | None]
    parent_hr: Mapped[str | None] = readable("the parent")
    settings: Mapped[dict[str, str] | None] = json(
        shape=dict[str, str], update=False, reason=_ONCE, doc="on create: name → text"
    )
    initial_recipients: Mapped[list[str] | None] = json(
        "recipients", shape=list[str], update=False, reason=_ONCE, doc="on create: e-mails to be told"
    )
    hooks: Mapped[list[dict[str, Any]] | None] = json(
        update=False, reason=_ONCE, doc="on create: list of {when, data}"
    )
    initial_tasks: Mapped[list[Any] | dict[str, Any] | None] = json(
        "tasks", update=False, reason=_ONCE, doc="on create: list of paths or objects, or an object by uri"
    )
    mirror: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="on create: mirror the paths of the source"
    )
    mirror_paths: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="on create: the same, under its other name"
    )
    append: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="on create: add to an equal job, if there is one"
    )
    repeat: Mapped[Any] = json(
        update=False, reason=_ONCE, doc="on create: when to repeat; form not documented"
    )
    allow_duplicates: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="on create: False refuses a task twice"
    )
    replace_duplicates: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="on create: put a task in the place of one like it"
    )

    tasks: _Tasks = _Tasks("Task")


class Transfer(Job, entitytype="transfer"):
    """
    A transfer of files: what today's servers call a job of type 1.

    Source: accsyn documentation, "Transfers".
    """


class Task(Entity, entitytype="task", parent="job"):
    """
    One file or folder of a job.

    Source: accsyn documentation, "Transfers", tasks; for what is given on create, the job specification. Tasks cannot
    be deleted; exclude them: `task.status = "excluded"`. Of one that exists, only status, priority and metadata can be
    changed. A job whose tasks are all excluded or on hold becomes paused.
    """

    __refusals__: ClassVar[Mapping[str, str]] = {
        "delete": 'accsyn keeps tasks for its audit trail; exclude it instead: task.status = "excluded"',
    }
    objects = _TASKS

    code: Mapped[str] = absent(_URI)
    name: Mapped[str] = absent(_URI)
    creator: Mapped[str | None] = absent("who created a task is not kept; see its job")
    creator_hr: Mapped[str | None] = absent("who created a task is not kept; see its job")
    modifier: Mapped[str | None] = absent("who changed a task is not kept; see its job")
    modifier_hr: Mapped[str | None] = absent("who changed a task is not kept; see its job")
    description: Mapped[str | None] = text(optional=True, update=False, reason=_WITH_TASK, doc="free text")
    uri: Mapped[str] = text(
        update=False, reason=_SERVER, doc="its number within the job, or the name given on create"
    )
    job: Mapped[Job] = reference(
        "Job",
        update=False,
        reason="a task stays in its job",
        doc="the job it is part of, of whatever kind: a transfer, a delivery, …",
    )
    job_id: Mapped[str]
    job_hr: Mapped[str | None] = readable("the job")
    status: Mapped[str] = text(
        choices=("pending", "queued", "booting", "executing", "failed", "onhold", "excluded", "done"),
        settable=("queued", "failed", "onhold", "excluded", "done"),
        doc="pending, queued, booting, executing, failed, onhold, excluded, done",
    )
    finished: Mapped[dt.datetime | None] = timestamp(
        optional=True, create=False, update=False, reason=_SERVER, doc="UTC"
    )
    priority: Mapped[int] = integer(doc="1 is the lowest, 1000 the highest; 500 by default")
    size: Mapped[int] = integer(create=False, update=False, reason=_MEASURED, doc="bytes")
    time: Mapped[int] = integer(
        create=False, update=False, reason=_MEASURED, doc="time taken; the unit is not documented"
    )
    source: Mapped[Any] = json(update=False, reason=_MOVED, doc="a path on create, an object afterwards")
    destination: Mapped[Any] = json(update=False, reason=_MOVED, doc="a path on create, an object afterwards")
    compute: Mapped[dict[str, Any] | None] = json(
        update=False, reason=_WITH_TASK, doc="on create, of a compute job: {parameters: {…}}"
    )
    deps: Mapped[list[str] | None] = json(
        shape=list[str], update=False, reason=_WITH_TASK, doc="on create: uris of the tasks that come first"
    )
    settings: Mapped[dict[str, str] | None] = json(
        shape=dict[str, str], update=False, reason=_WITH_TASK, doc="on create: name → text"
    )
    initial_tasks: Mapped[dict[str, Any] | None] = json(
        "tasks", update=False, reason=_WITH_TASK, doc="on create: tasks below this one, an object by uri"
    )
