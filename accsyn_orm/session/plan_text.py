"""A plan for people: a diff per operation, and what of it cannot be undone."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from ..mapping.state import unlike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plan import Change, Operation

__all__ = ["is_coloured", "operation_text", "shown", "split_changes", "warning"]

_COLOURS = {"create": "32", "update": "33", "delete": "31", "activate": "32", "deactivate": "31"}

# What goes out into the world with a request (accsyn documentation, "Users", "Deliveries", "Transfers").
_WARNINGS = {
    ("create", "user"): "creating a user sends an invitation mail, which cannot be taken back",
    ("create", "job"): "creating a job starts a transfer; files that it copies stay where they are copied to",
    (
        "create",
        "transfer",
    ): "creating a transfer starts it; files that it copies stay where they are copied to",
    (
        "create",
        "delivery",
    ): "a delivery that is submitted sends mails to its recipients, which cannot be taken back",
    (
        "create",
        "request",
    ): "a request that is submitted sends mails to its recipients, which cannot be taken back",
}


def warning(kind: str, entitytype: str) -> str:
    """Return what of an operation cannot be undone; empty where all of it can."""
    if kind == "delete":
        return f"deleting a {entitytype} cannot be undone: a new one would have another id and no history"
    return _WARNINGS.get((kind, entitytype), "")


def is_coloured() -> bool:
    """Whether standard output is a terminal that shows colours (https://no-color.org)."""
    environment = os.environ
    plain = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
    return not plain and sys.stdout is not None and sys.stdout.isatty()


def operation_text(operation: Operation, *, colour: bool = False) -> str:
    """
    Return an operation as lines: its title, then attribute by attribute what becomes of it.

    Args:
        operation: The operation.
        colour: Whether to colour it for a terminal.
    """
    paint = _painted if colour else _plain
    title = paint(operation.title, _COLOURS[operation.kind.value])
    lines = [f"{operation.number:>5}. {title}"]
    blank = operation.kind.value == "create"
    if operation.marked:
        marker = ("metadata.accsyn_orm_marker", None, _Symbol("(a marker, to find it by if no answer comes)"))
        lines += _lines([*split_changes(operation.changes), marker], blank, paint)
    else:
        lines += _lines(split_changes(operation.changes), blank, paint)
    for member in operation.members:
        lines.append(
            f"       {operation.entitytype} {member.id} {json.dumps(member.label) if member.label else ''}".rstrip()
        )
        lines += _lines(split_changes(member.changes), blank, paint)
    return "\n".join(lines)


def split_changes(changes: tuple[Change, ...]) -> list[tuple[str, Any, Any]]:
    """Return attribute, before and after of all that differs, inside objects too."""
    return [part for change in changes for part in _parts(change.attribute, change.before, change.after)]


def _lines(parts: list[tuple[str, Any, Any]], blank: bool, paint: Any) -> Iterator[str]:
    width = max((len(attribute) for attribute, _, _ in parts), default=0)
    for attribute, before, after in parts:
        left = "" if blank else f"{paint(shown(before), '31')} "
        yield f"         {attribute:<{width}}  {left}→ {paint(shown(after), '32')}"


def _parts(attribute: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs inside objects, key by key; people look for the difference, not for the whole."""
    if not (isinstance(before, dict) and isinstance(after, dict)) or not before or not after:
        yield attribute, before, after
        return
    for key in dict.fromkeys([*before, *after]):
        if key not in before:
            yield f"{attribute}.{key}", _Symbol("(absent)"), after[key]
        elif key not in after:
            yield f"{attribute}.{key}", before[key], _Symbol("(absent)")
        elif unlike(before[key], after[key]):
            yield from _parts(f"{attribute}.{key}", before[key], after[key])


class _Symbol:
    """Words that stand for a value, and are not quoted like one."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __str__(self) -> str:
        return self._words


def shown(value: Any) -> str:
    """Return a value for a terminal: JSON, and everything that could steer one escaped."""
    if value is None or isinstance(value, (str, int, float, bool, list, dict)):
        text = json.dumps(value, ensure_ascii=False)
        return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return str(value)


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, _: str) -> str:
    return text
