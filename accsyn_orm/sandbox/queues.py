"""
Queues: what a name stands for, which one a job without a queue goes to, and which ones hold their jobs.

The standard queues and the order of priorities are those of the accsyn documentation (manage: jobs; queues).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .context import Context
    from .store import Document, Row, Store

__all__ = [
    "above",
    "check_queue",
    "default_queue",
    "holder",
    "keep_flags_single",
    "priority_of",
    "queue_named",
]

_FLAGS = ("default", "compute_default")
_MEDIUM = 500


def above(store: Store, identity: str | None) -> Iterator[Row]:
    """Walk from a queue up to the outermost one that it stands in, each queue once."""
    seen: set[str] = set()
    row = store.get(identity)
    while row is not None and row.type == "queue" and row.id not in seen:
        yield row
        seen.add(row.id)
        row = store.get(row.document.get("parent"))


def queue_named(store: Store, text: str) -> Row | None:
    """Return the queue that a text names: by id, code or name, or by its uri such as `medium/nightly`."""
    found = store.resolve(["queue"], text)
    if found is not None or "/" not in text:
        return found
    wanted = text.strip("/").lower()
    for row in store.rows(["queue"]):
        codes = [str(each.document.get("code")).lower() for each in above(store, row.id)]
        if "/".join(reversed(codes)) == wanted:
            return row
    return None


def default_queue(context: Context, kind: str) -> str | None:
    """Return the id of the queue for a new job that names none; compute jobs may have one of their own."""
    own = context.only("queue", "compute_default") if kind == "compute" else None
    found = own or context.only("queue", "default")
    return None if found is None else found.id


def holder(store: Store, identity: str | None) -> Row | None:
    """Return the paused queue that holds the jobs of a queue: itself or one that it stands in."""
    return next((row for row in above(store, identity) if row.document.get("status") == "paused"), None)


def priority_of(store: Store, identity: str | None) -> int:
    """Return the priority of a queue, 0 to 1000; jobs of the higher one go first."""
    row = store.get(identity)
    priority = None if row is None else row.document.get("priority")
    return _MEDIUM if priority is None else int(priority)


def check_queue(context: Context, row: Row, changes: Document) -> None:
    """
    Refuse a queue below itself.

    Raises:
        ServerError: The new parent stands below the queue, or is the queue.
    """
    if any(each.id == row.id for each in above(context.store, changes.get("parent"))):
        raise ServerError(f"The queue {row.document['code']!r} cannot stand below itself.", status=400)


def keep_flags_single(context: Context, row: Row) -> None:
    """Take a flag from every other queue where this one has it."""
    for other in context.store.rows(["queue"]):
        lost = {flag: False for flag in _FLAGS if row.document.get(flag) and other.document.get(flag)}
        if other.id != row.id and lost:
            context.store.put("queue", context.stamped({**other.document, **lost}))
