"""Check what a client wants to set: that the attribute exists, may be set, and can have that value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .places import place_of, task_place
from .queues import queue_named
from .references import target_types

if TYPE_CHECKING:
    from .catalogue import Attribute, EntityType
    from .context import Context

__all__ = ["checked"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{3})?)?")
_ROLES = ("admin", "employee", "standard")
_RANGES = {"priority": (0, 1000)}
_PYTHON: dict[str, tuple[tuple[type, ...], str]] = {
    "text": ((str,), "text"),
    "int": ((int,), "an integer"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "object": ((dict,), "an object"),
    "list": ((list,), "a list"),
    "strings": ((dict,), "an object whose values are strings"),
    "place": ((str, dict), "a path or an object"),
    "tasks": ((list, dict, str), "a list, an object or a path"),
}


def checked(context: Context, kind: EntityType, data: Any, *, creating: bool) -> dict[str, Any]:
    """
    Return the changes as they are stored: references as ids, parties as `type:id`.

    Args:
        context: The event's surroundings.
        kind: The type of the entity.
        data: What the client sent.
        creating: Whether the entity is new; the attributes that may be set differ.

    Raises:
        ServerError: The payload is no object, or an attribute may not be set, or not to that value.
    """
    if not isinstance(data, Mapping) or not data:
        raise ServerError(
            f"The data for a {kind.name} must be an object with at least one attribute, not {data!r}.",
            status=400,
        )
    settable = [each.name for each in kind.attributes.values() if (each.create if creating else each.update)]
    for name in data:
        if name not in settable:
            known = "cannot be set" if name in kind.attributes else "does not exist"
            raise ServerError(
                f"{name!r} {known} on {'a new' if creating else 'an existing'} {kind.name}; "
                f"what can be set is {', '.join(settable)}.",
                status=400,
            )
    missing = [
        each.name
        for each in kind.attributes.values()
        if creating and each.required and not data.get(each.name)
    ]
    if missing:
        raise ServerError(f"A new {kind.name} needs {' and '.join(missing)}.", status=400)
    return {
        name: _value(context, kind, kind.attributes[name], value, creating=creating)
        for name, value in data.items()
    }


def _value(
    context: Context, kind: EntityType, attribute: Attribute, value: Any, *, creating: bool = False
) -> Any:
    if attribute.kind == "status":
        first = (kind.first_status,) if creating and kind.first_status else ()
        return _chosen(kind, attribute, value, tuple(dict.fromkeys((*first, *kind.settable))))
    if attribute.kind == "role":
        return _chosen(kind, attribute, value, _ROLES)
    if value is None:
        if attribute.required:
            raise ServerError(f"{attribute.name!r} of a {kind.name} cannot be null.", status=400)
        return None
    if attribute.kind in {"reference", "party"}:
        return _reference(context, kind, attribute, value)
    if attribute.kind == "date":
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise _wrong(kind, attribute, value, "a UTC date such as 2026-11-24T06:04:05")
        return value
    _check_python(kind, attribute, value)
    return task_place(context, value) if attribute.kind == "place" else value


def _check_python(kind: EntityType, attribute: Attribute, value: Any) -> None:
    types, expected = _PYTHON[attribute.kind]
    fits = isinstance(value, types) and (attribute.kind == "bool" or not isinstance(value, bool))
    if attribute.kind == "strings" and isinstance(value, dict):
        fits = all(isinstance(each, str) for each in value.values())
    if not fits:
        raise _wrong(kind, attribute, value, expected)
    low, high = _RANGES.get(attribute.name, (0, 0))
    if high and isinstance(value, int) and not low <= value <= high:
        raise _wrong(kind, attribute, value, f"between {low} and {high}")


def _wrong(kind: EntityType, attribute: Attribute, value: Any, expected: str) -> ServerError:
    return ServerError(f"{attribute.name!r} of a {kind.name} must be {expected}, not {value!r}.", status=400)


def _chosen(kind: EntityType, attribute: Attribute, value: Any, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ServerError(
            f"{value!r} is not a {attribute.name} that can be set on a {kind.name}; "
            f"those that can be set are {', '.join(allowed)}.",
            status=400,
        )
    return value


def _reference(context: Context, kind: EntityType, attribute: Attribute, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong(kind, attribute, value, "a text")
    if attribute.kind == "party":
        return place_of(context, value).party
    if attribute.target == "queue":
        row = queue_named(context.store, value)
    else:
        row = context.store.resolve(target_types(attribute), value)
    if row is None:
        raise ServerError(
            f"There is no {attribute.target} {value!r} for {attribute.name!r} of a {kind.name}; "
            f"name one by id or code.",
            status=400,
        )
    return row.id
