"""
What generation 1 is answered, where that differs from today.

The clients of that generation read `role` as admin, employee or client, and know queues as jobs of the type 2 that wait
or are disabled (accsyn documentation of 2023, users and queues).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .catalogue import TYPES
from .earlier_events import JOB_NUMBERS
from .references import rendered
from .schema import types_of

if TYPE_CHECKING:
    from .messages import Event
    from .store import Document, Store

__all__ = ["answered", "changed_access", "clearance_of"]

_ROLES = {"standard": "client", "support": "cloudadmin"}
_NUMBERS = {name: number for number, name in JOB_NUMBERS.items()}
_ROWS = frozenset({"find", "create", "edit"})
# Types of their own since 3.2.
_LATER = frozenset({"transfer", "compute", "delivery", "request", "stream", "file", "engine"})


def clearance_of(role: str) -> str:
    """Return what a role was called."""
    return _ROLES.get(role, role)


def answered(store: Store, event: Event, result: Any) -> Any:
    """
    Return a result as the clients of generation 1 expect it.

    Args:
        store: The entities.
        event: What was asked, as generation 3.2 asks for it.
        result: What that generation is answered.
    """
    if event.uri == "entitytypes":
        return sorted(
            {"organization" if name == "workspace" else name for name in result if name not in _LATER}
        )
    name, _, verb = event.uri.rpartition("/")
    if verb not in _ROWS or not isinstance(result, list):
        return result
    chosen = event.data.get("attributes") if verb == "find" and isinstance(event.data, dict) else None
    return [_row(store, name, row, chosen) if isinstance(row, dict) else row for row in result]


def changed_access(store: Store, event: Event, result: Any) -> Any:
    """Return the access that was changed: a grant that changes one is answered with true today."""
    row = store.get(event.id) if event.uri == "acl/create" and result == [True] else None
    return result if row is None else [rendered(store, TYPES["acl"], row, None)]


def _row(store: Store, name: str, row: Document, chosen: list[str] | None) -> Document:
    stored = store.get(row.get("id"))
    kind = stored.type if stored is not None else types_of(name)[0].name
    shaped = dict(row)
    if kind in {"user", "acl"} and "role" in shaped:
        shaped["role"] = clearance_of(shaped["role"])
    if kind == "queue" and shaped.get("status") == "paused":
        shaped["status"] = "disabled"
    if kind in _NUMBERS and (chosen is None or "type" in chosen):
        shaped["type"] = _NUMBERS[kind]
    for end in ("", "_hr"):
        if kind == "acl" and f"entity{end}" in shaped:
            shaped[f"ident{end}"] = shaped[f"entity{end}"]
    return shaped
