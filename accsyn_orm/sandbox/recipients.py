"""
Recipients of deliveries, requests and streams (accsyn documentation, deliveries).

They are stored as e-mail addresses in the job's `recipients`, which no client reads as an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .deliveries import DELIVERIES, SUBMITTED, tell
from .invitations import user_named
from .rules import check_write, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS", "addresses"]


def addresses(context: Context, names: Iterable[Any], message: str = "") -> list[str]:
    """Return the e-mail addresses of recipients, each once; who is no user yet is invited."""
    found: dict[str, None] = {}
    for name in names:
        found[user_named(context, name, inviting=True, message=message).document["code"]] = None
    return list(found)


def _job(context: Context, identity: str | None) -> Row:
    row = context.store.get(identity)
    if row is None or row.type not in DELIVERIES:
        what = "nothing" if row is None else f"a {row.type}"
        raise ServerError(
            f"{identity!r} is {what}; recipients are those of a delivery, request or stream.", status=404
        )
    return row


def _add(context: Context, event: Event) -> bool:
    job = _job(context, event.id)
    check_write(context, job, "add recipients to")
    data = event.data if isinstance(event.data, dict) else {}
    inviting = data.get("invite", True)
    if not isinstance(inviting, bool):
        raise ServerError(f"'invite' is true or false, not {inviting!r}.", status=400)
    user = user_named(context, data.get("recipient"), inviting=inviting)
    address, known = user.document["code"], job.document.get("recipients") or []
    if address in known:
        return True
    changed = context.stamped({**job.document, "recipients": [*known, address]})
    stored = context.store.put(job.type, changed, archived=job.archived)
    if stored.document["status"] in SUBMITTED:
        tell(context, stored, [address])
    return True


def _list(context: Context, event: Event) -> list[dict[str, Any]]:
    """Answer who receives a delivery, and whether they fetched it: whether a transfer of theirs below it is done."""
    job = context.store.get(event.id)
    if job is None or job.type not in DELIVERIES:
        return []
    allowed = reader(context, (job.type,))
    if allowed is not None and not allowed(job):
        return []
    done = {
        row.document.get("user")
        for row in context.store.children(job.id, "transfer")
        if row.document.get("status") == "done"
    }
    rows = []
    for address in job.document.get("recipients") or ():
        user = context.store.resolve(["user"], address)
        identity = None if user is None else user.id
        rows.append({"user": identity, "user_hr": address, "actioned": identity in done})
    return rows


def _remove(context: Context, event: Event) -> bool:
    job = _job(context, event.id)
    check_write(context, job, "remove recipients from")
    name = event.data.get("recipient") if isinstance(event.data, dict) else None
    if not isinstance(name, str) or not name:
        raise ServerError(f"'recipient' is the id or e-mail address of one, not {name!r}.", status=400)
    user = context.store.resolve(["user"], name)
    address = name.strip().lower() if user is None else user.document["code"]
    known = job.document.get("recipients") or []
    if address not in known:
        return False
    left = [each for each in known if each != address]
    context.store.put(job.type, context.stamped({**job.document, "recipients": left}), archived=job.archived)
    return True


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("PUT", "job/recipient/add"): _add,
    ("GET", "job/recipients"): _list,
    ("DELETE", "job/recipient"): _remove,
}
