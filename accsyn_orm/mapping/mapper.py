"""What is known of one mapped class: its entity type, its fields, and the function that fills its slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UnknownField
from . import kinds
from .hydration import Hydrator
from .setters import text_setters
from .slots import WIRE_SLOT, descriptor_of
from .state import MISSING
from .suggestions import did_you_mean

if TYPE_CHECKING:
    import weakref
    from collections.abc import Sequence

    from .base import MappedBase
    from .fields import Field
    from .hydration import Row
    from .page import Page
    from .setters import Setter

__all__ = ["MARKER", "Mapper"]

# Key in the metadata of what a commit creates, by which it can be found again when no answer came.
MARKER = "accsyn_orm_marker"

Fill = Callable[["MappedBase", Mapping[str, Any]], None]
# Of `Hydrator.hydrate`: rows, their ids, known entities by id, owner, phase, page, and what to take in place of
# another class.
Hydrate = Callable[
    [
        "Sequence[Row]",
        "list[str]",
        "dict[str, weakref.ref[MappedBase]]",
        Any,
        Any,
        "Page",
        "Callable[[Row], MappedBase | None]",
    ],
    "list[MappedBase]",
]


class Mapper:
    """
    The declaration of one class, as the other rooms read it.

    Args:
        cls: The class.
        entitytype: Its type on the wire, such as `job`.
        fields: Its fields by name, inherited ones first.
        parent: Name of the reference to the entity that it is a part of, such as `job` for a task.
    """

    def __init__(
        self, cls: type[MappedBase], entitytype: str, fields: dict[str, Field], parent: str | None
    ) -> None:
        self.cls = cls
        self.entitytype = entitytype
        self.fields = fields
        self.parent = parent
        self.by_wire: dict[str, Field] = {field.wire: field for field in fields.values()}
        self.attributes: dict[str, Field] = {field.slot: field for field in fields.values()} | fields
        # By name of field: reads its slot, past `__getattr__`; an empty one raises AttributeError.
        self.reads: dict[str, Callable[[MappedBase], Any]] = {
            field.name: descriptor_of(cls, field.slot).__get__ for field in fields.values()
        }
        self._labels = tuple(self.reads[name] for name in ("code", "name") if name in fields)
        self.setters: dict[str, Setter] = text_setters(cls, fields.values())
        self.date_attributes: frozenset[str] = frozenset(
            field.wire for field in fields.values() if isinstance(field.kind, kinds.Timestamp)
        )
        # Job-like types are archived when they finish; the others are deactivated.
        self.has_finished: bool = "finished" in fields
        self.fill: Fill = _generate_fill(cls, tuple(fields.values()))
        self.hydrate: Hydrate = Hydrator(cls, self.by_wire, self.setters).hydrate

    def __repr__(self) -> str:
        return f"<mapper of {self.cls.__name__} to {self.entitytype!r}>"

    def ident_of(self, entity: MappedBase) -> Any:
        """Return the id of an entity of this class, or MISSING; no I/O."""
        try:
            return self.reads["id"](entity)
        except AttributeError:
            return MISSING

    def label_of(self, entity: MappedBase) -> str:
        """Return what people call an entity of this class: its code, else its name; no I/O."""
        for read in self._labels:
            try:
                value = read(entity)
            except AttributeError:
                continue
            if value and isinstance(value, str):
                return value
        return ""

    def field_named(self, name: str) -> Field:
        """
        Return the field of that name; a reference may also be named by its id (`user_id`).

        Raises:
            UnknownField: There is none; the message suggests the nearest.
        """
        try:
            return self.attributes[name]
        except KeyError:
            raise self.unknown(name) from None

    def unknown(self, name: str) -> UnknownField:
        """Return the error for a field that does not exist."""
        hint = did_you_mean(name, self.fields)
        return UnknownField(f"no field {name!r} on {self.cls.__name__}{hint}", entity=self.entitytype)


def _generate_fill(cls: type[MappedBase], fields: tuple[Field, ...]) -> Fill:
    """
    Generate the function that fills an instance's slots from a row.

    A loop over fields costs three times as much; listing is what this library does most.
    """
    lines = ["def fill(entity, row):"]
    names: dict[str, Any] = {}
    for index, field in enumerate(fields):
        slot = WIRE_SLOT.format(field.name) if field.kind.mutable else field.slot
        names[f"set{index}"] = descriptor_of(cls, slot).__set__
        value = f"row[{field.wire!r}]"
        if isinstance(field.kind, kinds.Timestamp):
            names[f"convert{index}"] = field.kind.from_wire
            value = f"convert{index}({value})"
        lines += ["    try:", f"        set{index}(entity, {value})", "    except KeyError:", "        pass"]
    exec(compile("\n".join(lines), f"<fill of {cls.__name__}>", "exec"), names)  # noqa: S102 -- our own text: names of fields only, quoted
    fill: Fill = names["fill"]
    return fill
