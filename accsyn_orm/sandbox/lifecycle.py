"""What a change of status does to the rest of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError
from .schema import FINISHED

if TYPE_CHECKING:
    from .context import Context
    from .store import Document, Row

__all__ = ["check_submission", "settled"]


def settled(context: Context, before: Document, after: Document) -> Document:
    """
    Return the job or task with `finished` and `progress` that fit its new status.

    Args:
        context: The event's surroundings.
        before: The document as it was.
        after: The document with the client's changes.
    """
    status = after.get("status")
    if status == before.get("status"):
        return after
    if status not in FINISHED:
        return {**after, "finished": None}
    progress = {"progress": 100} if status == "done" and "progress" in after else {}
    return {**after, **progress, "finished": context.time}


def check_submission(context: Context, row: Row, status: str | None) -> None:
    """
    Refuse to submit a delivery that has no file or no recipient (documentation, deliveries).

    Raises:
        ServerError: Something is missing.
    """
    if status != "pending" or row.type not in {"delivery", "request", "stream"}:
        return
    files = row.type == "request" or context.store.children(row.id, "task")
    if not files or not row.document.get("recipients"):
        raise ServerError(
            f"The {row.type} {row.id} cannot be submitted: it needs at least one file and one recipient.",
            status=400,
        )
