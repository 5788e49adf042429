"""What is asked of a workspace besides entities: reports, metrics, publishing, integrations, one's own key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import PermissionDenied, ServerError
from .finding import find
from .publishing import prepublished
from .results import Flat
from .setting_names import API_KEYS
from .settings import setting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .messages import Event
    from .store import Document

__all__ = ["OPERATIONS"]

_MEASURED = frozenset({"speed", "progress", "size", "benchmark", "priority", "time"})
_REPORTED = ("status", "progress", "size", "user_hr", "source_hr", "destination_hr", "created", "finished")


def _name(event: Event) -> str:
    return event.uri.lower().partition("/")[0]


def _report(context: Context, event: Event) -> Flat:
    """Answer what a query finds, as a text for people: a line for each entity, and one for each of its tasks."""
    name = _name(event)
    rows = find(context, name, attrs.evolve(event, data={}))
    lines = [f"{len(rows)} {name} at {context.time} UTC, for {context.email}"]
    for row in rows:
        said = ", ".join(f"{each}: {row[each]}" for each in _REPORTED if row.get(each) not in {None, ""})
        lines.append(f"{row.get('code') or row['id']} ({row['id']}) {said}".rstrip())
        lines.extend(
            f"  task {task.document['uri']}: {task.document['status']}"
            for task in context.store.children(row["id"], "task")
        )
    return Flat({"report": "\n".join(lines)})


def _metrics(context: Context, event: Event) -> list[Document]:
    """
    Answer the figures of what a query finds, as they are now.

    `time` is accepted; there are no figures of the past.
    """
    data = event.data if isinstance(event.data, dict) else {}
    unknown = sorted(set(data) - {"attributes", "time"})
    names = data.get("attributes")
    if unknown or not (
        names is None or (isinstance(names, list) and all(isinstance(each, str) for each in names))
    ):
        raise ServerError(f"metrics takes attributes, a list of names, and time; not {data!r}.", status=400)
    rows = find(context, _name(event), attrs.evolve(event, data={}))
    return [
        {"id": row["id"], "code": row.get("code"), "time": context.time, "metrics": _figures(row, names)}
        for row in rows
    ]


def _figures(row: Document, names: list[str] | None) -> dict[str, Any]:
    measured = row.get("metrics")
    figures: dict[str, Any] = {
        **{name: row[name] for name in sorted(_MEASURED) if row.get(name) is not None},
        **(measured if isinstance(measured, dict) else {}),
    }
    if names is None:
        return figures
    return {name: figures.get(name) for name in names}


def _api_key(context: Context, _event: Event) -> Flat:
    """Answer the caller's own API key, where the workspace's setting lets it."""
    account = context.store.accounts.get(context.me.id)
    if account is None or setting(context, None, API_KEYS) != "true":
        raise PermissionDenied(
            f"API keys cannot be asked for here; an admin allows it by the workspace's setting {API_KEYS!r}: 'true'.",
            status=403,
        )
    return Flat({"api_key": account.api_key})


def _integration(context: Context, event: Event) -> dict[str, Any]:
    """Answer an operation of an integration with what was asked: the sandbox has none to pass it on to."""
    data = event.data if isinstance(event.data, dict) else {}
    operation = data.get("operation")
    if context.role == "standard":
        raise PermissionDenied(f"{context.email} is standard and may not use integrations.", status=403)
    if not isinstance(operation, str) or not operation:
        raise ServerError(f"The operation of an integration is a name, not {operation!r}.", status=400)
    return {"integration": event.uri.split("/")[2], "operation": operation, "data": data.get("data")}


def _prepublish(_context: Context, event: Event) -> dict[str, Any]:
    return prepublished(event.data)


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("GET", "*/report"): _report,
    ("GET", "*/metrics"): _metrics,
    ("GET", "user/api_key"): _api_key,
    **{
        ("PUT", f"{owner}/{rest}"): operation
        for owner in ("workspace", "organization")
        for rest, operation in (("publish/preprocess", _prepublish), ("integration/*/utility", _integration))
    },
}
