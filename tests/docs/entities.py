"""
Write docs/reference/entities.md: a table for each entity class, from what the classes declare.

    python -m tests.docs.entities
"""

from __future__ import annotations

import inspect
import pathlib
from typing import TYPE_CHECKING, Any

from accsyn_orm import entities
from accsyn_orm.entities import Entity
from accsyn_orm.mapping import kinds
from accsyn_orm.mapping.fields import AbsentAttribute
from accsyn_orm.queryset.collection import RelatedSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm.mapping.fields import Field

__all__ = ["PAGE", "page"]

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference" / "entities.md"

_INTRODUCTION = """\
# Entities

Every entity type of accsyn and its attributes, as the classes declare them. `create` and `update` say when an attribute
may be set; where it never may be, the error says why. Where the name on the wire differs, it stands in parentheses.
An attribute that a server sends and the class does not declare is readable all the same; `accsyn-orm schema diff` tells
which those are in your workspace, and `accsyn-orm schema generate` writes classes for them.

This page is written by `python -m tests.docs.entities`.
"""

_ORDER = (
    ("Jobs", ("Job", "Transfer", "Compute", "Delivery", "Request", "Stream", "Task", "Engine")),
    ("Shares", ("Share", "Volume", "Folder", "Home", "Collection", "File", "Access")),
    ("Users, queues, sites", ("User", "Queue", "Site", "Workspace")),
    ("Clients", ("Client", "App", "Server", "UserServer", "Browser", "Lane")),
)
_TYPES = {
    kinds.Text: "text",
    kinds.Integer: "integer",
    kinds.Number: "number",
    kinds.Boolean: "boolean",
    kinds.Timestamp: "time",
    kinds.Json: "JSON",
}


def page() -> str:
    """Return the text of the page."""
    parts = [_INTRODUCTION]
    for title, names in _ORDER:
        parts.append(f"## {title}\n")
        parts += ["\n".join(_section(getattr(entities, name))) for name in names]
    return "\n".join(parts)


def _section(cls: Any) -> Iterator[str]:
    mapper = cls.__mapper__
    yield f"### {cls.__name__} (`{mapper.entitytype}`)\n"
    yield f"{inspect.getdoc(cls)}\n"
    above: Any = next(base for base in cls.__mro__[1:] if issubclass(base, Entity))
    inherits = hasattr(above, "__mapper__")
    shown = [
        field
        for field in mapper.fields.values()
        if not inherits or above.__declared__.get(field.name) is not field
    ]
    if inherits:
        yield f"It has the attributes of [{above.__name__}](#{above.__name__.lower()}-{_anchor(above)}){_but(shown)}\n"
    if shown:
        yield "| attribute | type | create | update | |"
        yield "|---|---|---|---|---|"
        yield from map(_row, shown)
        yield ""
    for text in (_absent(cls), _collections(cls), _methods(cls), _refusals(cls)):
        if text:
            yield f"{text}\n"


def _anchor(cls: Any) -> str:
    return str(cls.__mapper__.entitytype)


def _but(shown: list[Field]) -> str:
    return ", and these:" if shown else "."


def _row(field: Field) -> str:
    name = f"`{field.name}`" if field.wire == field.name else f"`{field.name}` (`{field.wire}`)"
    create, update = ("yes" if allowed else "" for allowed in (field.create, field.update))
    about = field.doc.replace("|", "\\|")
    return f"| {name} | {_type(field)} | {create} | {update} | {about} |"


def _type(field: Field) -> str:
    if isinstance(field.kind, kinds.Reference):
        return f"reference to {field.kind.target}" if field.kind.target else "reference, type:id"
    return _TYPES[type(field.kind)] + (
        " or None" if field.optional and _TYPES[type(field.kind)] != "JSON" else ""
    )


def _absent(cls: Any) -> str:
    names = [f"`{name}`" for name, value in vars(cls).items() if isinstance(value, AbsentAttribute)]
    return f"Not there: {', '.join(names)}." if names else ""


def _collections(cls: Any) -> str:
    names = [f"`{name}`" for name, value in vars(cls).items() if isinstance(value, RelatedSet)]
    return f"Query sets: {', '.join(names)}." if names else ""


def _methods(cls: Any) -> str:
    """Return the methods that a class has beside those of every entity, with their first lines."""
    lines = []
    for name in sorted(set(dir(cls)) - set(dir(Entity))):
        method = inspect.getattr_static(cls, name)
        if inspect.isfunction(method) and not name.startswith("_"):
            first = (inspect.getdoc(method) or "").splitlines()[0]
            lines.append(f"- `{name}{_signature(method)}`: {first}")
    return "\n".join(lines)


def _signature(method: Any) -> str:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    shown = [str(each.replace(annotation=inspect.Parameter.empty)) for each in parameters]
    first = next((index for index, each in enumerate(parameters) if each.kind is each.KEYWORD_ONLY), None)
    if first is not None:
        shown.insert(first, "*")
    return f"({', '.join(shown)})"


def _refusals(cls: Any) -> str:
    lines = [f"- cannot be {verb}d: {reason}" for verb, reason in cls.__refusals__.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
