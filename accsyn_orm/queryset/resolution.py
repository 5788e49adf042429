"""From what a user wrote (Q, conditions, keywords) to an expression, checked against the declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, QueryError
from ..expressions.rewriting import conjunction, disjunction, negate
from ..mapping.kinds import Reference
from ..mapping.predicates import AllOf, AnyOf, Condition, Not, Predicate
from ..mapping.registry import class_named
from .lookups import lookup_named, lookup_names
from .q import Q

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..expressions.tree import Expression
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["resolve"]

# Lookups that compare a value as a whole; those alone are documented for what a reference is resolved to.
_WHOLE = frozenset({"exact", "ne", "in"})


def resolve(mapper: Mapper, conditions: tuple[Any, ...], lookups: Mapping[str, Any]) -> Expression:
    """
    Return the expression that all of these make together.

    Raises:
        UnknownField: A field that the class does not declare.
        UnknownLookup: A lookup that does not exist.
        InvalidValue: A value of the wrong type, or one that the field never has.
        QueryError: A condition of another class, or something that is no condition.
    """
    terms = [_predicate(mapper, condition) for condition in conditions]
    terms += [_keyword(mapper, name, value) for name, value in lookups.items()]
    return conjunction(*terms)


def _predicate(mapper: Mapper, predicate: Any) -> Expression:
    if isinstance(predicate, Condition):
        return _condition(mapper, predicate)
    if isinstance(predicate, Q):
        return resolve(mapper, predicate.conditions, predicate.lookups)
    if isinstance(predicate, AllOf):
        return conjunction(*(_predicate(mapper, part) for part in predicate.parts))
    if isinstance(predicate, AnyOf):
        return disjunction(*(_predicate(mapper, part) for part in predicate.parts))
    if isinstance(predicate, Not):
        return negate(_predicate(mapper, predicate.part))
    what = f"{predicate!r} is not a condition"
    if isinstance(predicate, Predicate) or not isinstance(predicate, str):
        raise QueryError(
            f"{what}: filter takes Q(…), {mapper.cls.__name__}.field comparisons and keyword lookups"
        )
    raise QueryError(f"{what}: accsyn query text goes into .where(…)")


def _condition(mapper: Mapper, condition: Condition) -> Expression:
    if mapper.fields.get(condition.field.name) is not condition.field:
        raise QueryError(
            f"{condition.owner.__name__}.{condition.field.name} is not a field of {mapper.cls.__name__}, which is"
            f" what this query looks for"
        )
    field, lookup = condition.field, lookup_named(condition.lookup)
    attribute = _attribute(mapper, field, [field.wire], field.name)
    return lookup.expression(attribute, field, condition.value, mapper.entitytype)


def _keyword(mapper: Mapper, keyword: str, value: Any) -> Expression:
    """Read `user__code__contains`: fields as far as they lead, then at most one lookup."""
    names = keyword.split("__")
    field = mapper.field_named("id" if names[0] == "pk" else names[0])
    path, rest, at = [field.wire], names[1:], field
    while rest and at.is_reference:
        target = _target(at, mapper.cls.__module__)
        if target is None or (rest[0] in lookup_names() and rest[0] not in target.attributes):
            break
        at = target.field_named(rest.pop(0))
        path.append(at.wire)
    if len(rest) > 1:
        raise QueryError(
            f"{keyword}: {at.name!r} is no reference, so only one lookup can follow it, not {'__'.join(rest)!r}"
        )
    lookup = lookup_named(rest[0] if rest else "exact")
    attribute = _attribute(mapper, field, path, keyword)
    if path[1:] == ["code"] and lookup.name not in _WHOLE:
        raise _unsaid(field, keyword)
    return lookup.expression(attribute, at, value, mapper.entitytype)


def _target(field: Field, module: str) -> Mapper | None:
    if not isinstance(field.kind, Reference) or field.kind.target is None:
        return None
    mapper: Mapper = class_named(field.kind.target, module).__mapper__
    return mapper


def _attribute(mapper: Mapper, field: Field, path: list[str], keyword: str) -> str:
    """
    Return the attribute's name on the wire.

    A reference is compared by id, and one to a user by the e-mail address as well (accsyn documentation, "Using the
    API"); a part is found by its parent's id (`job.id`). Nothing else that spans a reference is documented.
    """
    if len(path) == 1:
        if field.name == mapper.parent:
            return f"{field.wire}.id"
        return path[0]
    if path[1:] == ["id"]:
        return f"{field.wire}.id" if field.name == mapper.parent else field.wire
    if path[1:] == ["code"] and isinstance(field.kind, Reference) and field.kind.target == "User":
        return field.wire
    raise _unsaid(field, keyword)


def _unsaid(field: Field, keyword: str) -> InvalidValue:
    return InvalidValue(
        f"{keyword}: accsyn compares a reference by the id of what it leads to, or a user's e-mail address as a whole,"
        f" and nothing documents another way; look the {field.name} up first and filter by {field.name}__in"
    )
