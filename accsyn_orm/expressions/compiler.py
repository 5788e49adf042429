"""
The compiler: from the tree to text that accsyn reads, such that nothing of a value ever becomes syntax.

Nothing documents an escape. So a value is written bare where its characters are safe, else in double quotes,
else in single quotes; what none of these can hold is refused. Mixed AND and OR are always in parentheses.
"""

from __future__ import annotations

import unicodedata

from ..errors import QueryError, UnrepresentableValue, UnsupportedByDialect
from .dialect import LEGACY, TODAY, QueryDialect
from .rewriting import normalise
from .tree import And, Comparison, Constant, Expression, Operator, Or
from .values import is_bare

__all__ = ["LEGACY", "TODAY", "QueryDialect", "compile_expression"]

_REGEXES = frozenset({Operator.MATCHES, Operator.NOT_MATCHES})
_PATTERNS = frozenset({Operator.LIKE, Operator.NOT_LIKE})
_UNWRITABLE = {
    "Cc": "a line break or control character",
    "Zl": "a line break",
    "Zp": "a line break",
    "Cs": "half of a surrogate pair, which is no character",
}


def compile_expression(expression: Expression, dialect: QueryDialect = TODAY) -> str:
    """
    Write an expression.

    Args:
        expression: Any tree; it is brought to its normal form first.
        dialect: The generation of the language; TODAY, or LEGACY, which knows only `=`, `!=`, AND and OR.

    Returns:
        Text such as `((user=5bfe AND source!=hq) OR status!=failed) AND code="Daily backup"`; "" for
        EVERYTHING.

    Raises:
        UnrepresentableValue: A value cannot be written.
        UnsupportedByDialect: The dialect lacks an operator.
        QueryError: The expression holds for nothing, so there is nothing to ask.
    """
    return _write(normalise(expression, dialect), dialect)


def _write(expression: Expression, dialect: QueryDialect) -> str:
    if isinstance(expression, Comparison):
        return _write_comparison(expression, dialect)
    if isinstance(expression, Constant):
        if expression.value:
            return ""
        raise QueryError("The expression holds for nothing, so there is nothing to ask; send no request")
    word = " AND " if isinstance(expression, And) else " OR "
    return word.join(_write_term(term, dialect) for term in expression.terms)


def _write_term(term: Expression, dialect: QueryDialect) -> str:
    text = _write(term, dialect)
    return f"({text})" if isinstance(term, And | Or) else text


def _write_comparison(comparison: Comparison, dialect: QueryDialect) -> str:
    attribute, operator = comparison.attribute, comparison.operator
    if operator not in dialect.operators:
        raise UnsupportedByDialect(
            f"The dialect of {dialect.name} cannot say {attribute} {operator.value}; that of {TODAY.name} can"
        )
    if isinstance(comparison.value, tuple):
        return f"{attribute} {operator.value} {','.join(comparison.value)}"
    _check_stars(comparison, comparison.value)
    value = _write_value(attribute, comparison.value)
    if operator is Operator.LIKE:
        return f"{attribute}={value}"
    if operator.value.isupper():
        return f"{attribute} {operator.value} {value}"
    return f"{attribute}{operator.value}{value}"


def _check_stars(comparison: Comparison, value: str) -> None:
    if comparison.operator in _PATTERNS:
        if "**" in value:
            raise _unrepresentable(
                comparison.attribute, value, "what '**' means is not documented; write one '*'"
            )
    elif "*" in value and comparison.operator not in _REGEXES:
        raise _unrepresentable(
            comparison.attribute,
            value,
            f"with {comparison.operator.value}, accsyn may read '*' as a wildcard, and nothing escapes it; "
            r"use MATCHES and a regular expression with \*",
        )


def _write_value(attribute: str, value: str) -> str:
    if is_bare(value):
        return value
    for character in value:
        reason = _UNWRITABLE.get(unicodedata.category(character))
        if reason:
            raise _unrepresentable(attribute, value, f"{character!r} is {reason}, and no query can hold it")
    if value.endswith("\\"):
        raise _unrepresentable(
            attribute, value, "a backslash at its end could be read as an escape of the quote"
        )
    if '"' not in value:
        return f'"{value}"'
    if "'" not in value:
        return f"'{value}'"
    raise _unrepresentable(
        attribute,
        value,
        "it has both kinds of quotes, which cannot be escaped; use a '*' or '.' for one of them",
    )


def _unrepresentable(attribute: str, value: str, reason: str) -> UnrepresentableValue:
    return UnrepresentableValue(f"{value!r} cannot be written as a value of {attribute!r}: {reason}")
