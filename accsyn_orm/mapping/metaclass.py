"""
The metaclass: it turns the fields of a class body into slots, and the slots, seen through the class, into
columns.

Reading a field of an instance therefore costs what a slot costs: no Python code runs.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, cast

from ..errors import ConfigurationError
from . import kinds
from .fields import AbsentAttribute, Column, Mapped
from .mapper import Mapper
from .registry import register
from .slots import WIRE_SLOT

if TYPE_CHECKING:
    from .base import MappedBase
    from .fields import Field

__all__ = ["EntityMeta", "ReferenceAttribute"]


class ReferenceAttribute:
    """The attribute `user` beside the stored `user_id`: it answers with the entity itself."""

    __slots__ = ("field",)

    def __init__(self, field: Field) -> None:
        self.field: Field = field

    def __get__(self, instance: MappedBase | None, owner: type[Any]) -> Any:
        if instance is None:
            return Column[Any](self.field, owner)
        return instance._follow(self.field)  # noqa: SLF001 -- this attribute is a part of the entity

    def __set__(self, instance: MappedBase, value: Any) -> None:
        raise AttributeError(self.field.name)  # never reached: the entity's own __setattr__ comes first


class EntityMeta(type):
    """The type of every entity class."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        entitytype: str | None = None,
        parent: str | None = None,
    ) -> EntityMeta:
        """
        Create an entity class.

        Args:
            name: As for `type`.
            bases: As for `type`.
            namespace: As for `type`.
            entitytype: Type on the wire; inherited where it is not given. A class without one is abstract.
            parent: Name of the reference to the entity that it is a part of.
        """
        declared = {key: value.make(key) for key, value in namespace.items() if isinstance(value, Mapped)}
        for key, field in declared.items():
            _refuse_odd_name(name, key)
            del namespace[key]
            if field.is_reference:
                namespace[key] = ReferenceAttribute(field)
        own = namespace.get("__slots__", ())
        namespace["__slots__"] = dict.fromkeys(own) | _slots(declared.values())
        inherited = {
            key: field
            for base in reversed(bases)
            for key, field in getattr(base, "__declared__", {}).items()
            if not isinstance(namespace.get(key), AbsentAttribute)
        }
        namespace["__declared__"] = {**inherited, **declared}
        cls = cast("type[MappedBase]", super().__new__(mcs, name, bases, namespace))
        mapped = (base.__dict__.get("__mapper__") for base in cls.__mro__[1:])
        above: Mapper | None = next((mapper for mapper in mapped if mapper is not None), None)
        entitytype = entitytype or (above.entitytype if above else None)
        if entitytype is not None:
            parent = parent or (above.parent if above else None)
            cls.__mapper__ = Mapper(cls, entitytype.lower(), namespace["__declared__"], parent)
            register(cls.__mapper__)
            cls._declare()
        return cast("EntityMeta", cls)

    def __init__(cls, *args: Any, **_: Any) -> None:
        super().__init__(*args)

    def __getattribute__(cls, name: str) -> Any:
        value = type.__getattribute__(cls, name)
        if type(value) is types.MemberDescriptorType:
            field = _field_of_slot(cls, name)
            return value if field is None else Column[Any](field, cls)
        return value


def _field_of_slot(cls: type, name: str) -> Field | None:
    declared: dict[str, Field] = type.__getattribute__(cls, "__declared__")
    if name in declared:
        return declared[name]
    return next((field for field in declared.values() if field.slot == name), None)


def _slots(fields: Any) -> dict[str, str]:
    """Return the slots of the fields with their lines of documentation, which `help()` shows."""
    slots = {}
    for field in fields:
        slots[field.slot] = field.doc or field.kind.wanted
        if isinstance(field.kind, kinds.Json):
            slots[WIRE_SLOT.format(field.name)] = "what the server sent"
    return slots


def _refuse_odd_name(cls: str, name: str) -> None:
    if name.startswith("_") or "__" in name:
        raise ConfigurationError(
            f"{cls}.{name}: a field's name begins with a letter and has no double underscore, which parts"
            f" lookups"
        )
