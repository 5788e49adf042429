"""Give the vendors a queue for each shot's plates, below the one that they share today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accsyn_orm import Job, Queue
from accsyn_orm.migrate import migration

if TYPE_CHECKING:
    from accsyn_orm import Session


@migration("move plates into a queue of their own")
def move_plates(session: Session) -> None:
    """Make the queue and move what is not finished."""
    plates = Queue(name="Plates", code="plates", parent=Queue.objects.get(code="vendors"))
    session.add(plates)
    for job in Job.objects.filter(queue="vendors", code__endswith="_plates"):
        job.queue = plates
