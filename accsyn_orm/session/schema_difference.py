"""How the catalogue and a workspace differ, as values: by entity type, and as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..entities.base import Entity

__all__ = ["Attribute", "SchemaDifference", "TypeDifference", "Writability"]


@attrs.frozen
class Attribute:
    """
    An attribute as a workspace tells it.

    Args:
        name: Its name on the wire.
        create: Whether it may be given on create.
        update: Whether it may be changed.
        kind: `text`, `integer`, `number`, `boolean`, `timestamp` or `json`; None where nothing tells.
    """

    name: str
    create: bool = False
    update: bool = False
    kind: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({_rights(self.create, self.update)})"


@attrs.frozen
class Writability:
    """
    An attribute that may be written here and there at different times.

    Args:
        here: As the class declares it.
        there: As the workspace tells it.
    """

    here: Attribute
    there: Attribute

    def __str__(self) -> str:
        here, there = (_rights(each.create, each.update) for each in (self.here, self.there))
        return f"{self.here.name} (here {here}; there {there})"


@attrs.frozen
class TypeDifference:
    """
    How one entity type differs.

    Args:
        entitytype: The type.
        cls: The class that is mapped to it; None where there is none.
        missing: Attributes that the workspace has and the class does not declare.
        unknown: Wire names of attributes that the class declares and the workspace does not have.
        writability: Attributes that may be written at different times.
        restricted: What the workspace does not let this role do, and an admin may; no difference.
        refused: Why the workspace did not tell the attributes; empty where it did.
    """

    entitytype: str
    cls: type[Entity] | None = None
    missing: tuple[Attribute, ...] = ()
    unknown: tuple[str, ...] = ()
    writability: tuple[Writability, ...] = ()
    restricted: tuple[str, ...] = ()
    refused: str = ""

    def __bool__(self) -> bool:
        return bool(self.cls is None or self.missing or self.unknown or self.writability)

    @property
    def lines(self) -> Iterator[str]:
        """What differs, a line each."""
        if self.cls is None:
            yield "missing here: the whole type"
        if self.missing:
            yield f"missing here: {', '.join(map(str, self.missing))}"
        if self.unknown:
            yield f"unknown there: {', '.join(self.unknown)}"
        if self.writability:
            yield f"writability differs: {', '.join(map(str, self.writability))}"
        if self.restricted:
            yield f"not for this role: {', '.join(self.restricted)}"
        if self.refused:
            yield f"not told: {self.refused}"


@attrs.frozen
class SchemaDifference:
    """
    How the catalogue and a workspace differ; true where they do.

    Args:
        workspace: Code of the workspace.
        role: Role of the user who asked; what others may do is not told.
        types: What is to be said of each entity type, where there is something.
        absent: Entity types of the catalogue that the workspace does not have.
        restricted: Entity types that this role does not see; no difference.
        compared: How many entity types were compared.
    """

    workspace: str
    role: str
    types: tuple[TypeDifference, ...] = ()
    absent: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    compared: int = 0

    def __bool__(self) -> bool:
        return bool(self.absent or any(self.types))

    def to_text(self) -> str:
        """Return it for people: a line for each thing that differs, by entity type."""
        count = sum(map(bool, self.types))
        lines = [f"{self.workspace} as {self.role}: {count} of {self.compared} entity types differ"]
        if self.absent:
            lines.append(f"unknown there: {', '.join(self.absent)}")
        if self.restricted:
            lines.append(f"not for this role: {', '.join(self.restricted)}")
        for each in self.types:
            lines.append(each.entitytype)
            lines += [f"  {line}" for line in each.lines]
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return it as JSON text: the arguments by their names, classes by theirs, and `different`."""
        document = attrs.asdict(self, value_serializer=_serialise)
        return json.dumps({"different": bool(self), **document}, indent=2)


def _serialise(_: Any, __: Any, value: Any) -> Any:
    return f"{value.__module__}.{value.__qualname__}" if isinstance(value, type) else value


def _rights(create: bool, update: bool) -> str:
    return " and ".join([*(["create"] if create else []), *(["update"] if update else [])]) or "never"
