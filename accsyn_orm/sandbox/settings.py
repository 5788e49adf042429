"""
Settings of the workspace and of what is in it, with inheritance (accsyn documentation, settings).

A value is always a string. One that an entity does not have is that of what stands above it: for a job its queues, for
a folder its volume, for everything the workspace. They are stored with the entity and go when it goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import PermissionDenied, ServerError
from .catalogue import GENERIC, JOB_TYPES
from .references import prefix_of
from .rules import check_write, reader
from .schema import types_of
from .setting_names import CHOICES, DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS", "setting"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
# `scope` and `ident` are what the clients of the first generation write for `entitytype` and the id.
_KNOWN = frozenset(
    {
        *("entitytype", "scope", "ident", "name", "value", "integration", "data"),
        *("recursive", "upstream", "omit_defaults", "share"),
    }
)
_ALIASES = {"organization": "workspace", "domain": "workspace", "root_share": "volume"}


def setting(context: Context, row: Row | None, name: str) -> str | None:
    """
    Return the value that holds for an entity: its own, an inherited one, or the default; None where there is none.

    Args:
        context: The event's surroundings.
        row: The entity; None for the workspace.
        name: Name of the setting; one of an integration is `<integration>:<name>`.
    """
    for each in _chain(context, row or _workspace(context)):
        if name in _own(each):
            return _own(each)[name]
    return DEFAULTS.get(name)


def _workspace(context: Context) -> Row:
    return context.store.rows(["workspace"])[0]


def _own(row: Row) -> dict[str, str]:
    stored = row.document.get("settings")
    return stored if isinstance(stored, dict) else {}


def _chain(context: Context, row: Row) -> Iterator[Row]:
    """Walk from an entity upwards: a job's queue, a task's job, what is the parent, and last the workspace."""
    seen: set[str] = set()
    current: Row | None = row
    while current is not None and current.id not in seen:
        seen.add(current.id)
        yield current
        name = "job" if current.type == "task" else "queue" if current.type in JOB_TYPES else "parent"
        current = context.store.get(current.document.get(name))
    workspace = _workspace(context)
    if workspace.id not in seen:
        yield workspace


def _data(event: Event) -> dict[str, Any]:
    data = event.data if isinstance(event.data, dict) else {}
    unknown = sorted(set(data) - _KNOWN)
    if unknown:
        raise ServerError(f"A setting has no {', '.join(map(repr, unknown))}.", status=400)
    return data


def _target(context: Context, event: Event, data: Mapping[str, Any]) -> Row:
    """Return the entity that is meant: by type and id; without an id the workspace."""
    named = data.get("entitytype") or data.get("scope") or "workspace"
    if not isinstance(named, str):
        raise ServerError(f"entitytype must be a text, not {named!r}.", status=400)
    name = _ALIASES.get(named.lower(), named.lower())
    identity = event.id or data.get("ident")
    if name == "workspace":
        return _workspace(context)
    kinds = [each.name for each in types_of(name)]
    if name == "job":
        # A queue is named by its own type, or as the job that it was in the first generation.
        kinds = [*sorted(JOB_TYPES), "queue"]
    row = context.store.resolve(kinds, identity) if isinstance(identity, str) and identity else None
    if row is None:
        raise ServerError(
            f"There is no {name} {identity!r} to have settings; name one by id or code.", status=404
        )
    return row


def _name_of(data: Mapping[str, Any]) -> str:
    name, integration = data.get("name"), data.get("integration")
    for each in (name, *(() if integration is None else (integration,))):
        if not isinstance(each, str) or not _NAME.fullmatch(each):
            raise ServerError(
                f"The name of a setting is a word such as 'transfer_speedlimit', not {each!r}.", status=400
            )
    return f"{integration}:{name}" if integration else str(name)


def _check_read(context: Context, row: Row) -> None:
    allowed = reader(context, (row.type,))
    if allowed is not None and not allowed(row):
        raise PermissionDenied(
            f"{context.email} is {context.role} and may not read the settings of this {row.type}.", status=403
        )


def _get(context: Context, event: Event) -> Any:
    data = _data(event)
    row = _target(context, event, data)
    _check_read(context, row)
    if data.get("name") is not None:
        return setting(context, row, _name_of(data))
    return _several(context, row, data)


def _several(context: Context, row: Row, data: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row]
    share = data.get("share")
    if share is not None:
        found = context.store.resolve(GENERIC["share"], share) if isinstance(share, str) else None
        if found is None:
            raise ServerError(f"There is no share {share!r}; name one by id or code.", status=404)
        _check_read(context, found)
        rows.append(found)
    values = _values(context, rows, data)
    if not data.get("recursive"):
        return values
    below = {
        f"{prefix_of(each.type)}:{each.id}": _plain(each) for each in _below(context, row) if _plain(each)
    }
    return {f"{prefix_of(row.type)}:{row.id}": values, **below}


def _plain(row: Row) -> dict[str, str]:
    """Return the settings that belong to no integration."""
    return {name: value for name, value in _own(row).items() if ":" not in name}


def _values(context: Context, rows: list[Row], data: Mapping[str, Any]) -> dict[str, str]:
    values = {} if data.get("omit_defaults", True) else dict(DEFAULTS)
    for row in reversed(rows):
        chain = list(_chain(context, row)) if data.get("upstream") else [row]
        for each in reversed(chain):
            values.update(_plain(each))
    return dict(sorted(values.items()))


def _below(context: Context, row: Row) -> Iterator[Row]:
    kinds = ["queue", *sorted(JOB_TYPES), *GENERIC["share"], "user", "site", *GENERIC["client"]]
    readable = reader(context, tuple(kinds))
    for each in context.store.rows(kinds):
        under = each.id != row.id and row.id in {above.id for above in _chain(context, each)}
        if under and (readable is None or readable(each)):
            yield each


def _set(context: Context, event: Event) -> bool:
    data = _data(event)
    row, name, value = _target(context, event, data), _name_of(data), data.get("value")
    check_write(context, row, "change the settings of")
    if not isinstance(value, str):
        raise ServerError(
            f"The value of the setting {name!r} must be a string, not {value!r}; write numbers, dates and objects as "
            f"text.",
            status=400,
        )
    choices = CHOICES.get(name, ())
    if choices and value not in choices:
        raise ServerError(f"The setting {name!r} is one of {', '.join(choices)}, not {value!r}.", status=400)
    _store(context, row, {**_own(row), name: value})
    return True


def _delete(context: Context, event: Event) -> bool:
    data = _data(event)
    row, name = _target(context, event, data), _name_of(data)
    check_write(context, row, "change the settings of")
    if name not in _own(row):
        raise ServerError(
            f"The {row.type} {row.document.get('code') or row.id!r} has no setting {name!r} of its own; it has "
            f"{', '.join(sorted(_own(row))) or 'none'}.",
            status=404,
        )
    _store(context, row, {each: value for each, value in _own(row).items() if each != name})
    return True


def _store(context: Context, row: Row, values: dict[str, str]) -> None:
    # A setting is no attribute: `modified` stays, so that nobody's copy of the entity is out of date.
    context.store.put(row.type, {**row.document, "settings": values}, archived=row.archived)


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("GET", "setting"): _get,
    ("PUT", "setting"): _set,
    ("DELETE", "setting"): _delete,
}
