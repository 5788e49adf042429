"""accsyn's own query text, checked against a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidValue, QueryError, UnknownField
from ..expressions.parser import parse_statement
from ..expressions.tree import Comparison, Constant, Expression, Operator
from ..mapping.registry import canonical_type
from ..mapping.suggestions import did_you_mean

if TYPE_CHECKING:
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["checked_text"]

_WHOLE = {Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN}
_ORDER = {Operator.LT, Operator.LE, Operator.GT, Operator.GE}


def checked_text(mapper: Mapper, text: str) -> Expression:
    """
    Parse query text for a class.

    Raises:
        ExpressionSyntaxError: It is not accsyn query text.
        QueryError: It is a statement about another type.
        UnknownField: It names an attribute that the class does not declare.
        InvalidValue: It compares an attribute with a value that it never has.
    """
    statement = parse_statement(text)
    if statement.entitytype is not None:
        named = statement.entitytype.lower()
        if canonical_type(named) != canonical_type(mapper.entitytype):
            raise QueryError(
                f"the statement is about {named!r}, and {mapper.cls.__name__}.objects looks for {mapper.entitytype!r}"
            )
    _check(mapper, statement.expression)
    return statement.expression


def _check(mapper: Mapper, expression: Expression) -> None:
    if isinstance(expression, Comparison):
        field = _field(mapper, expression.attribute)
        values = (expression.value,) if isinstance(expression.value, str) else expression.value
        for value in values:
            _check_value(mapper, field, expression.operator, value)
    elif not isinstance(expression, Constant):
        for term in expression.terms:
            _check(mapper, term)


def _field(mapper: Mapper, attribute: str) -> Field:
    """Return the field that an attribute names: on the wire as it is, or the id of a reference (`job.id`)."""
    first, _, rest = attribute.partition(".")
    field = mapper.by_wire.get(first)
    if field is not None and (not rest or (field.is_reference and rest == "id") or field.kind.mutable):
        return field
    hint = did_you_mean(attribute, mapper.by_wire)
    raise UnknownField(f"no attribute {attribute!r} in entities of type {mapper.entitytype}{hint}")


def _check_value(mapper: Mapper, field: Field, operator: Operator, value: str) -> None:
    if operator not in _WHOLE | _ORDER:
        return
    where = f"{field.wire} of a {mapper.entitytype}"
    if operator in _WHOLE and field.choices and value.lower() not in field.choices:
        raise InvalidValue(f"{value!r} is not a {where}{did_you_mean(value, field.choices)}")
    try:
        field.kind.check_text(value)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error
