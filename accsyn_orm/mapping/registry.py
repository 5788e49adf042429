"""The classes that are mapped, by entity type and by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from .mapper import Mapper

__all__ = ["canonical_type", "class_named", "date_attributes", "mapper_of_type", "mappers", "register"]

# Every entity may have these, whatever its type (accsyn documentation, "Datatypes").
_COMMON_DATES = frozenset({"created", "modified", "finished"})

# Two names for one thing on today's servers (accsyn-python-api release notes): what is loaded as both is one
# entity.
_ALIASES = {"job": "transfer", "share": "folder"}

_by_name: dict[str, Mapper] = {}
_by_type: dict[str, Mapper] = {}


def register(mapper: Mapper) -> None:
    """Take in a class; the first one of a type, or of a name, is the one that others are led to."""
    _by_name.setdefault(mapper.cls.__name__, mapper)
    _by_type.setdefault(mapper.entitytype, mapper)


def mappers() -> list[Mapper]:
    """Return the mapper of each entity type, in the order of registration."""
    return list(_by_type.values())


def class_named(name: str, module: str | None = None) -> type[Any]:
    """
    Return the mapped class of that name.

    Args:
        name: Name of the class.
        module: Module of the class that refers to it; a mapped class of that name there goes before the
            catalogue's.

    Raises:
        ConfigurationError: No such class is mapped (its module may not be imported yet).
    """
    neighbour = getattr(sys.modules.get(module or ""), name, None)
    if isinstance(neighbour, type) and hasattr(neighbour, "__mapper__"):
        return neighbour
    try:
        return _by_name[name].cls
    except KeyError:
        known = ", ".join(sorted(_by_name))
        raise ConfigurationError(f"no entity class is named {name!r}; known are {known}") from None


def mapper_of_type(entitytype: str) -> Mapper | None:
    """Return the mapper of an entity type, in any case; None where no class is mapped to it."""
    return _by_type.get(entitytype.lower())


def date_attributes(entitytype: str) -> frozenset[str]:
    """Return the wire names of the dates in entities of that type; those common to all, if it is unknown."""
    mapper = mapper_of_type(entitytype)
    return _COMMON_DATES if mapper is None else mapper.date_attributes | _COMMON_DATES


def canonical_type(entitytype: str) -> str:
    """Return the type under which the server keeps entities: `transfer` for `job`, `folder` for `share`."""
    return _ALIASES.get(entitytype, entitytype)
