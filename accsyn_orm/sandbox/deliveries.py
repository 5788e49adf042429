"""
The life of deliveries, requests and streams (accsyn documentation, deliveries).

A new one is `init`. Setting `pending` submits it, from where it is `waiting` for its recipients, until it is `done` or
`aborted`. One that is created with all it needs, and without the status `init`, is submitted at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError
from .lifecycle import settled
from .mails import post
from .schema import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .context import Context
    from .store import Row

__all__ = ["DELIVERIES", "SUBMITTED", "missing", "next_status", "submit_new", "tell", "tell_submitted"]

DELIVERIES = frozenset({"delivery", "request", "stream"})
SUBMITTED = frozenset({"pending", "waiting", "running", "paused", "failed"})


def missing(context: Context, job: Row) -> list[str]:
    """List what it lacks to be submitted: a file, of which a request needs none, and a recipient."""
    lacking = []
    if job.type != "request" and not context.store.children(job.id, "task"):
        lacking.append("file")
    if not job.document.get("recipients"):
        lacking.append("recipient")
    return lacking


def next_status(context: Context, job: Row, wanted: str) -> str:
    """
    Return what becomes of it where a client sets a status.

    Raises:
        ServerError: It lacks something to be submitted, was not submitted, or has ended.
    """
    before = job.document["status"]
    if wanted in {"pending", "waiting"}:
        lacking = missing(context, job)
        if before in {"waiting", "running"} or not lacking:
            return before if before == "running" else "waiting"
        raise ServerError(
            f"The {job.type} {job.id} cannot be submitted: it needs at least one {' and one '.join(lacking)}.",
            status=400,
        )
    if wanted == "done" and before == "init":
        raise ServerError(
            f"The {job.type} {job.id} was not submitted, so it cannot be done; submit it by the status "
            f"'pending', or abort it.",
            status=400,
        )
    if before in FINISHED and wanted != before:
        raise ServerError(
            f"The {job.type} {job.id} is {before} already; only submitting it again, by the status 'pending', "
            f"brings it back.",
            status=400,
        )
    return wanted


def submit_new(context: Context, job: Row, wanted: str | None) -> Row:
    """
    Give a new one, stored as `init`, its status.

    Args:
        context: The event's surroundings.
        job: It, with its files and recipients.
        wanted: The status that the client sent, if any.
    """
    if wanted is None:
        status = "init" if missing(context, job) else "waiting"
    else:
        status = "init" if wanted == "init" else next_status(context, job, wanted)
    if status == "init":
        return job
    changed = settled(context, job.document, {**job.document, "status": status})
    stored = context.store.put(job.type, context.stamped(changed))
    tell_submitted(context, job, stored)
    return stored


def tell_submitted(context: Context, before: Row, after: Row) -> None:
    """Write down the mails to all recipients where a change submitted it."""
    if before.document["status"] not in SUBMITTED and after.document["status"] in SUBMITTED:
        tell(context, after, after.document.get("recipients") or ())


def tell(context: Context, job: Row, to: Iterable[str]) -> None:
    """Write down the mails by which recipients learn of it."""
    for address in to:
        post(context, address, job.type, job)
