"""
The operations by method and uri.

A uri is written in lower case; a first `*` stands for the name of an entity type, a later one for any name. Each module
that serves operations lists its own in `OPERATIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ServerError
from . import access, entities, filesystem, logs, services, settings
from .context import Context
from .messages import Event
from .schema import entity_type_names

__all__ = ["Operation", "operation_for"]

Operation = Callable[[Context, Event], Any]

_NAMED = re.compile(r"^(\w+/integration/)[^/]+(/utility)$")

_TABLES: tuple[Mapping[tuple[str, str], Operation], ...] = (
    entities.OPERATIONS,
    access.OPERATIONS,
    filesystem.OPERATIONS,
    services.OPERATIONS,
    settings.OPERATIONS,
    logs.OPERATIONS,
)
_OPERATIONS: dict[tuple[str, str], Operation] = {
    key: operation for table in _TABLES for key, operation in table.items()
}


def operation_for(event: Event) -> Operation:
    """
    Return what carries an event out, and writes into the log what it did.

    Raises:
        ServerError: There is no such operation, or no such entity type.
    """
    operation = _known(event)
    return operation if event.method == "GET" else logs.logged(operation)


def _known(event: Event) -> Operation:
    uri = event.uri.lower()
    exact = _OPERATIONS.get((event.method, uri)) or _OPERATIONS.get((event.method, _NAMED.sub(r"\1*\2", uri)))
    if exact is not None:
        return exact
    name, slash, rest = uri.partition("/")
    known = name in entity_type_names()
    operation = _OPERATIONS.get((event.method, f"*{slash}{rest}")) if known else None
    if operation is None:
        reason = "" if known else f": there is no entity type {name!r}"
        raise ServerError(
            f"This sandbox knows no operation {event.method} {event.uri!r}{reason}.", status=404
        )
    return operation
