"""
The events of the generations before 3.2, said as 3.2 says them (measured from accsyn-python-api 2.2.1 and 1.4.1).

Queues and transfers were both jobs there, told apart by a number; tasks, sites and the workspace went by other uris;
the parent of a task travelled as the query; what is deactivated today was taken offline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import ServerError
from . import earlier_queries
from .catalogue import JOB_TYPES

if TYPE_CHECKING:
    from .messages import Event
    from .store import Store

__all__ = ["JOB_NUMBERS", "VALUES", "today"]

# Numbers of the types of jobs (measured from accsyn-python-api 3.4.0).
JOB_NUMBERS: Mapping[int, str] = {
    1: "transfer",
    2: "queue",
    3: "compute",
    7: "delivery",
    8: "request",
    10: "stream",
}
_PREFIXES = (
    ("organization/site/", "site/"),
    ("organization/", "workspace/"),
    ("domain/", "workspace/"),
    ("job/task/", "task/"),
)
_LONE = {"organization": "workspace", "domain": "workspace"}
# Values that have another name today, by type and attribute: what was `client` or `user` is `standard`, a queue that
# was disabled is paused. A job that waited for where to download to is paused: there is no such status any more.
VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "user": {"role": {"client": "standard", "user": "standard"}},
    "acl": {"role": {"client": "standard", "user": "standard"}},
    "queue": {"status": {"disabled": "paused"}},
    "transfer": {"status": {"pending": "paused"}},
}

_Step = Callable[["Store", "Event"], "Event"]


def today(store: Store, event: Event) -> Event:
    """
    Return an event as generation 3.2 asks for it; one of 3.2 remains what it is.

    Args:
        store: The entities: of what kind a job is, the event may leave to its id.
        event: The event.
    """
    event = attrs.evolve(event, uri=_renamed(event.uri.lower()))
    for step in _STEPS:
        event = step(store, event)
    return event


def _renamed(uri: str) -> str:
    for old, new in _PREFIXES:
        if uri.startswith(old):
            uri = new + uri.removeprefix(old)
            break
    name, slash, verb = uri.rpartition("/")
    return f"{name}{slash}{'deactivate' if verb == 'offline' else verb}"


def _verb(event: Event) -> tuple[str, str]:
    name, _, verb = event.uri.partition("/")
    return name, verb


def _data(event: Event) -> dict[str, Any]:
    return dict(event.data) if isinstance(event.data, dict) else {}


def _of_its_kind(store: Store, event: Event) -> Event:
    """Name a job by its kind: by the number in its data, or by what its id is of."""
    name, verb = _verb(event)
    if name != "job" or "/" in verb:
        return event
    data = _data(event)
    number = data.pop("type", None)
    if number is not None:
        kind = JOB_NUMBERS.get(number) if type(number) is int else None
        if kind is None:
            raise ServerError(
                f"A job of the type {number!r} is unknown; 1 is a transfer and 2 a queue.", status=400
            )
        return attrs.evolve(event, uri=f"{kind}/{verb}", data=data)
    # A report and figures say no number: the query names the job by its id.
    named = (event.id,) if event.id else earlier_queries.ids_of(event.query)
    row = store.get(named[0]) if len(named) == 1 else None
    if row is not None and row.type in {*JOB_TYPES, "queue"}:
        return attrs.evolve(event, uri=f"{row.type}/{verb}")
    return event


def _within(_store: Store, event: Event) -> Event:
    """Name the parent of a new task by the id instead of the query."""
    if event.uri != "task/create" or event.id:
        return event
    return attrs.evolve(event, id=event.query, query=None)


def _by_query(_store: Store, event: Event) -> Event:
    """Say `inactive` for `offline`, and ask by the names of today."""
    name, verb = _verb(event)
    if verb not in {"find", "report", "metrics"} or event.method != "GET":
        return event
    data = {"inactive" if key == "offline" else key: value for key, value in _data(event).items()}
    kind = "transfer" if name == "job" else name
    attributes = {"ident": "entity"} if name == "acl" else {}
    query = earlier_queries.renamed(event.query, attributes, VALUES.get(kind, {}))
    return attrs.evolve(event, data=data or event.data, query=query)


def _about_settings(_store: Store, event: Event) -> Event:
    """Say whose setting is meant by `entitytype` and the id instead of `scope` and `ident`."""
    if event.uri != "setting" or not isinstance(event.data, dict):
        return event
    data = _data(event)
    ident = data.pop("ident", None)
    if "scope" in data:
        scope = data.pop("scope")
        data["entitytype"] = _LONE.get(scope, scope) if isinstance(scope, str) else scope
    return attrs.evolve(event, data=data, id=event.id or (ident if isinstance(ident, str) else None))


def _about_access(store: Store, event: Event) -> Event:
    """Say `entity` for `ident`; a change of an access control list is today a grant to the same user."""
    if event.uri not in {"acl/create", "acl/edit"} or not isinstance(event.data, dict):
        return event
    data = _data(event)
    if "ident" in data:
        data.setdefault("entity", data.pop("ident"))
    if event.uri == "acl/create":
        return attrs.evolve(event, data=data)
    row = store.get(event.id)
    if row is None or row.type != "acl":
        raise ServerError(f"There is no acl with the id {event.id!r}.", status=404)
    kept = {name: row.document.get(name) for name in ("entity", "target", "read", "write", "path")}
    changes = {**{name: value for name, value in kept.items() if value is not None}, **data}
    return attrs.evolve(event, method="POST", uri="acl/create", data={"notify": False, **changes})


def _about_attributes(_store: Store, event: Event) -> Event:
    """Ask for the attributes of a type by its name of today."""
    data = _data(event)
    named = data.get("entitytype")
    if event.uri != "attributes" or not isinstance(named, str):
        return event
    return attrs.evolve(event, data={**data, "entitytype": _LONE.get(named.lower(), named)})


def _with_values(_store: Store, event: Event) -> Event:
    """Write values by the names of today."""
    name, verb = _verb(event)
    values = VALUES.get("transfer" if name == "job" else name, {})
    if verb not in {"create", "edit"} or not isinstance(event.data, dict):
        return event
    renamed = {
        key: values.get(key, {}).get(value, value) if isinstance(value, str) else value
        for key, value in event.data.items()
    }
    return attrs.evolve(event, data=renamed)


_STEPS: tuple[_Step, ...] = (
    _of_its_kind,
    _within,
    _by_query,
    _about_settings,
    _about_access,
    _about_attributes,
    _with_values,
)
