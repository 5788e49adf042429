"""What a change of status does to the rest of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema import FINISHED

if TYPE_CHECKING:
    from .context import Context
    from .store import Document

__all__ = ["ended", "settled"]

# A note of the sandbox that no client sees, and that ends with the status that it is about: why something failed.
_NOTES = ("reason",)


def settled(context: Context, before: Document, after: Document) -> Document:
    """
    Return the job or task with `finished` and `progress` that fit its new status.

    Args:
        context: The event's surroundings.
        before: The document as it was.
        after: The document with the client's changes.
    """
    if after.get("status") != before.get("status"):
        context.store.touched.add(after["id"])
    return ended(context.time, before, after)


def ended(time: str, before: Document, after: Document) -> Document:
    """Return what `settled` returns, for a change that no client asked for, at a time."""
    status = after.get("status")
    if status == before.get("status"):
        return after
    kept = {name: value for name, value in after.items() if name not in _NOTES or value != before.get(name)}
    if status not in FINISHED:
        return {**kept, "finished": None}
    progress = {"progress": 100} if status == "done" and "progress" in after else {}
    return {**kept, **progress, "finished": time}
