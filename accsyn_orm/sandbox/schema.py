"""
What a workspace knows about each entity type: attributes, statuses, and what may be written.

The attributes and statuses are those of the accsyn documentation (data types, transfers, deliveries, compute,
users, queues, file sharing, sites, clients). Where it is silent, docs/explanation/assumptions.md names the
choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServerError
from .catalogue import GENERIC, JOB_TYPES, TYPES, Attribute, EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "GENERIC",
    "JOB_TYPES",
    "TYPES",
    "Attribute",
    "EntityType",
    "attribute_names",
    "entity_type_names",
    "lookup",
    "scope_of",
    "types_of",
]

FINISHED = frozenset({"done", "aborted"})


def entity_type_names(role: str = "admin") -> list[str]:
    """List every name that a client may write for an entity type that its role may read, generic names included."""
    names = {*TYPES, *GENERIC}
    return sorted(name for name in names if any(each.allows(role, "r") for each in types_of(name)))


def types_of(name: str) -> tuple[EntityType, ...]:
    """
    Return the entity types that a name stands for: one, or several for a generic name such as `share`.

    Raises:
        ServerError: There is no such type.
    """
    lowered = name.lower()
    if lowered in GENERIC:
        return tuple(TYPES[each] for each in GENERIC[lowered])
    if lowered not in TYPES:
        raise ServerError(
            f"There is no entity type {name!r}; there are {', '.join(entity_type_names())}.", status=404
        )
    return (TYPES[lowered],)


def lookup(types: Iterable[EntityType], name: str) -> Attribute | None:
    """Return the attribute of that name of the first type that has it."""
    return next((each.attributes[name] for each in types if name in each.attributes), None)


def attribute_names(
    types: Iterable[EntityType], create: bool, update: bool, role: str = "admin"
) -> list[str]:
    """List the attributes that a role can read, or those that it can set on create, or on update, or on both."""
    wanted: dict[str, None] = {}
    for each in types:
        letters = "c" * create + "u" * update or "r"
        if (create and not each.creatable) or not all(each.allows(role, letter) for letter in letters):
            continue
        for attribute in each.attributes.values():
            if _fits(attribute, create, update, role):
                wanted[attribute.name] = None
    return list(wanted)


def _fits(attribute: Attribute, create: bool, update: bool, role: str) -> bool:
    if not create and not update:
        return not attribute.hidden
    changeable = attribute.update and (role == "admin" or not attribute.admin)
    return (attribute.create or not create) and (changeable or not update)


def scope_of(entity_type: EntityType, document: Mapping[str, object], archived: bool) -> str:
    """Return the scope an entity is found in: active, finished, inactive or archived."""
    if archived:
        return "archived"
    if document.get("inactive"):
        return "inactive"
    if entity_type.name in JOB_TYPES and document.get("status") in FINISHED:
        return "finished"
    return "active"
