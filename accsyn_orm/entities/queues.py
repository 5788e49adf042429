"""Queues (accsyn documentation, "Queues")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mapping.fields import Mapped, boolean, integer, reference, text
from ..queryset.collection import RelatedSet
from .base import Entity
from .readable import readable

if TYPE_CHECKING:
    from .jobs import Job

__all__ = ["Queue"]

_ONCE = "nothing documents a change of it once the queue exists"


class Queue(Entity, entitytype="queue"):
    """
    A queue that jobs wait in; its code is made from its name where none is given.

    Source: accsyn documentation, "Queues". Deleting one moves its jobs to the default queue, which cannot be deleted.
    Statuses are waiting and paused today, and were waiting and disabled in 2021; a server refuses the other one.
    """

    code: Mapped[str] = text(update=False, reason=_ONCE, doc="unique; made from the name where none is given")
    status: Mapped[str] = text(
        create=False,
        choices=("waiting", "paused", "disabled"),
        settable=("waiting", "paused", "disabled"),
        doc="waiting or paused; disabled instead of paused in 2021",
    )
    parent: Mapped[Queue | None] = reference(
        "Queue", doc="the queue it stands below, as its uri shows; none at the root"
    )
    parent_id: Mapped[str | None]
    parent_hr: Mapped[str | None] = readable("the parent")
    priority: Mapped[int] = integer(doc="0 to 1000; High 999, Medium 500, Low 1 come with a workspace")
    default: Mapped[bool] = boolean(update=False, reason=_ONCE, doc="whether jobs go here that name no queue")
    compute_default: Mapped[bool] = boolean(
        update=False, reason=_ONCE, doc="whether compute jobs go here that name no queue"
    )
    uri: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason="the server sets it",
        doc="path from the root queue",
    )

    jobs: RelatedSet[Job] = RelatedSet("Job", by="queue")
