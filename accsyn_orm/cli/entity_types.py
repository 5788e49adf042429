"""The entity types that a command line names, and the entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..entities.base import Entity
from ..errors import NotFound, QueryError
from ..expressions.parser import parse_statement
from ..mapping import state
from ..mapping.registry import mapper_of_type, mappers
from ..mapping.suggestions import did_you_mean

if TYPE_CHECKING:
    from ..queryset.query_set import QuerySet
    from ..session import Session

__all__ = ["attributes_of", "class_of", "complete_type", "entity_of", "query_set_of"]


def attributes_of(entity: Entity) -> dict[str, Any]:
    """Return what the server sent of an entity, by name of field; what the class does not declare comes last."""
    held = {name: state.peek(entity, field) for name, field in entity.__mapper__.fields.items()}
    declared = {name: value for name, value in held.items() if value is not state.MISSING}
    return declared | (entity._unknown or {})  # noqa: SLF001 -- read only, and nothing else says all of it


def class_of(entitytype: str) -> type[Entity]:
    """
    Return the class of an entity type, in any case.

    Raises:
        QueryError: There is no such type.
    """
    mapper = mapper_of_type(entitytype)
    if mapper is None or not issubclass(mapper.cls, Entity):
        raise QueryError(f"no entity type {entitytype!r}{did_you_mean(entitytype.lower(), _types())}")
    return mapper.cls


def complete_type(incomplete: str) -> list[str]:
    """Return the entity types that begin so, for the shell."""
    return [name for name in _types() if name.startswith(incomplete.lower())]


def query_set_of(statement: str) -> QuerySet[Entity]:
    """
    Return the query set of a statement, such as `job WHERE status=failed` or `job`; no I/O.

    Raises:
        QueryError: It is no such statement, or asks for what there is not.
    """
    named = parse_statement(statement).entitytype
    if named is None:
        raise QueryError(
            f"{statement!r} does not say of which type: write it as in 'job WHERE status=failed'"
        )
    return class_of(named).objects.where(statement)


def entity_of(session: Session, cls: type[Entity], ident: str, parent: str | None = None) -> Entity:
    """
    Return an entity by its id, in whatever scope it is.

    Args:
        session: An open session.
        cls: Its class.
        ident: Its id.
        parent: Id of the entity that it is a part of, which tasks and files are found by.

    Raises:
        NotFound: There is none.
    """
    if parent is not None:
        return cls.objects.using(session).within(parent).get(id=ident)
    found = session.get(cls, ident)
    if found is None:
        kind = cls.__mapper__.entitytype
        raise NotFound(
            f"no {kind} has the id {ident!r}, or it is not visible to {session.username}", entity=kind
        )
    return found


def _types() -> list[str]:
    return [mapper.entitytype for mapper in mappers()]
