"""The shapes that a create may take (measured from accsyn-python-api 3.4.0), none of which reads a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue

__all__ = ["JOB_TYPES", "create_payload", "object_payload", "task_changes"]

JOB_TYPES = frozenset({"transfer", "compute", "delivery", "request", "stream", "job"})


def create_payload(
    entitytype: str,
    data: Any,
    *,
    allow_duplicates: bool | None = None,
    replace_duplicates: bool | None = None,
) -> dict[str, Any]:
    """
    Shape the payload of a create as a new dictionary; what was given is not changed.

    Args:
        entitytype: In lower case.
        data: An object, a list of tasks, or either of them as JSON text. A text is never taken for a path.
        allow_duplicates: For jobs and tasks: let a task stand twice.
        replace_duplicates: For jobs and tasks: put a task in the place of one that stands already.

    Raises:
        InvalidValue: It is none of these, or empty.
    """
    given = _from_text(data) if isinstance(data, str) else data
    if isinstance(given, (list, tuple)):
        payload: dict[str, Any] = {"tasks": list(given)}
    elif isinstance(given, Mapping):
        payload = dict(given)
    else:
        raise InvalidValue(
            f"data for create('{entitytype}') is {_kind(given)}: give a dictionary, a list, or JSON text"
        )
    if not given:
        raise InvalidValue(f"data for create('{entitytype}') is empty: give the attributes of what to create")
    if entitytype == "task" and "tasks" not in payload:
        payload = {"tasks": payload}
    if entitytype == "task" or entitytype in JOB_TYPES:
        flags = {"allow_duplicates": allow_duplicates, "replace_duplicates": replace_duplicates}
        payload.update((name, flag) for name, flag in flags.items() if flag is not None)
    return payload


def object_payload(data: Any, what: str) -> dict[str, Any]:
    """
    Return a copy of a non-empty dictionary.

    Raises:
        InvalidValue: It is none.
    """
    if not isinstance(data, Mapping) or not data:
        raise InvalidValue(f"data for {what} is {_kind(data)}: give a dictionary of the attributes to change")
    return dict(data)


def task_changes(changes: Any) -> list[dict[str, Any]]:
    """
    Return a copy of a list of task changes, each naming its task by id or uri.

    Raises:
        InvalidValue: It is no such list.
    """
    if not isinstance(changes, (list, tuple)) or not changes:
        raise InvalidValue(
            f"data for update_many is {_kind(changes)}: give a list such as [{{'id': …, 'status': …}}]"
        )
    for index, change in enumerate(changes):
        if not isinstance(change, Mapping) or not ("id" in change or "uri" in change):
            raise InvalidValue(
                f"update_many @ $[{index}]: every item is a dictionary with the 'id' or 'uri' of its task"
            )
    return [dict(change) for change in changes]


def _from_text(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, (dict, list)):
        raise InvalidValue(
            "data given as text must be a JSON object or list; a path is not opened: pass what the file says"
        )
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    return (
        f"an empty {type(value).__name__}"
        if hasattr(value, "__len__") and not len(value)
        else f"a {type(value).__name__}"
    )
