"""Queues (accsyn documentation, "Queues")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mapping.fields import boolean, integer, text
from ..queryset.collection import RelatedSet
from .base import Entity

if TYPE_CHECKING:
    from .jobs import Job

__all__ = ["Queue"]


class Queue(Entity, entitytype="queue"):
    """A queue that jobs wait in; its code is made from its name where none is given."""

    status = text(
        create=False,
        choices=("waiting", "paused", "disabled"),
        settable=("waiting", "paused", "disabled"),
        doc="waiting or paused; disabled instead of paused in 2021",
    )
    priority = integer(doc="0 to 1000; High 999, Medium 500, Low 1 come with a workspace")
    default = boolean(doc="whether jobs go here that name no queue")
    compute_default = boolean(doc="whether compute jobs go here that name no queue")
    uri = text(
        optional=True, create=False, update=False, reason="the server sets it", doc="path from the root queue"
    )

    jobs: RelatedSet[Job] = RelatedSet("Job", by="queue")
