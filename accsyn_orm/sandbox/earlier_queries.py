"""Expressions whose attributes and values go by other names today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from ..errors import QueryError, ServerError
from ..expressions.parser import parse_statement
from ..expressions.tree import And, Comparison, Operator, Or

if TYPE_CHECKING:
    from ..expressions.parser import Statement
    from ..expressions.tree import Expression

__all__ = ["ids_of", "renamed"]

# The grammar writes them as `=` and `!=` with `*` in the value.
_SYMBOLS = {Operator.LIKE: "=", Operator.NOT_LIKE: "!="}
Values = Mapping[str, Mapping[str, str]]


def renamed(query: str | None, attributes: Mapping[str, str], values: Values) -> str | None:
    """
    Return a query by the names of today.

    Args:
        query: An expression, or a statement with the type in front.
        attributes: The names of attributes today, by what they were.
        values: What values are called today, by attribute as it is called today, and by what they were.

    Raises:
        ServerError: The query cannot be read.
    """
    if query is None or not query.strip() or not (attributes or values):
        return query
    statement = _parsed(query)
    changed = _changed(statement.expression, attributes, values)
    if changed == statement.expression:
        return query
    text = _text(changed)
    return text if statement.entitytype is None else f"{statement.entitytype} WHERE {text}"


def ids_of(query: str | None) -> tuple[str, ...]:
    """
    Return the id that a query asks for, where it is of the form `id=<id>`; otherwise nothing.

    Raises:
        ServerError: The query cannot be read.
    """
    expression = None if query is None or not query.strip() else _parsed(query).expression
    if not isinstance(expression, Comparison) or expression.attribute.lower() != "id":
        return ()
    value = expression.value
    return (value,) if expression.operator is Operator.EQ and isinstance(value, str) else ()


def _parsed(query: str) -> Statement:
    try:
        return parse_statement(query)
    except QueryError as error:
        raise ServerError(f"The query cannot be read: {error}", status=400) from error


def _changed(node: Expression, attributes: Mapping[str, str], values: Values) -> Expression:
    if isinstance(node, And | Or):
        return type(node)(tuple(_changed(term, attributes, values) for term in node.terms))
    if not isinstance(node, Comparison):
        return node
    attribute = attributes.get(node.attribute.lower(), node.attribute)
    names = values.get(attribute.lower(), {})
    value = (
        names.get(node.value.lower(), node.value)
        if isinstance(node.value, str)
        else tuple(names.get(item.lower(), item) for item in node.value)
    )
    return attrs.evolve(node, attribute=attribute, value=value)


def _text(node: Expression) -> str:
    if isinstance(node, And | Or):
        word = " AND " if isinstance(node, And) else " OR "
        return f"({word.join(map(_text, node.terms))})"
    if not isinstance(node, Comparison):
        raise ServerError(f"The query holds {node!r}, which cannot be written down.", status=400)
    value = node.value if isinstance(node.value, str) else ",".join(node.value)
    # There are no escapes: a value holds one kind of quote at most.
    quote = "'" if '"' in value else '"'
    return f"{node.attribute} {_SYMBOLS.get(node.operator, node.operator.value)} {quote}{value}{quote}"
