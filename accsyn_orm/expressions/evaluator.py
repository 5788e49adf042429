"""
The evaluator: what an expression means, over dictionaries in memory.

The rules, where the accsyn documentation ("Using the API", queries) gives them and where it is silent:

- comparisons know no case (documented);
- two numbers compare as numbers, everything else as text; booleans are `true` and `false`; a date and time
  is the text that travels: UTC, whole seconds, no suffix;
- an attribute that is missing, None or a mapping equals nothing, is smaller and larger than nothing,
  contains and matches nothing; the negated operators, `>=` and `<=` among them, hold for it;
- a list is asked item by item: the operator holds where it holds for one item, its negation where for none;
- `*` of LIKE stands for any characters, also none; MATCHES searches anywhere in the value.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from ..errors import QueryError
from .tree import And, Comparison, Constant, Expression, Operator
from .values import as_number, like_regex

__all__ = ["evaluate"]


@attrs.frozen
class _Scalar:
    """One value of a row, as text and, where it is one, as a number."""

    text: str
    number: decimal.Decimal | None = None


_Test: TypeAlias = Callable[[_Scalar], bool]


def evaluate(expression: Expression, row: Mapping[str, object]) -> bool:
    """
    Say whether an expression holds for a row.

    Args:
        expression: Any tree.
        row: Attributes by name; a dotted attribute is looked up as it is written, then by walking into
        mappings.

    Raises:
        QueryError: A regular expression of MATCHES is invalid.
    """
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Comparison):
        return _compare(expression, row)
    if isinstance(expression, And):
        return all(evaluate(term, row) for term in expression.terms)
    return any(evaluate(term, row) for term in expression.terms)


def _compare(comparison: Comparison, row: Mapping[str, object]) -> bool:
    negated = comparison.operator not in _TESTS
    operator = comparison.operator.negated if negated else comparison.operator
    test = _TESTS[operator](comparison)
    found = any(test(scalar) for scalar in _scalars(_lookup(row, comparison.attribute)))
    return found is not negated


def _lookup(row: Mapping[str, object], name: str) -> object:
    if name in row:
        return row[name]
    folded = name.casefold()
    for key, value in row.items():
        if key.casefold() == folded:
            return value
    head, dot, rest = name.partition(".")
    inner = _lookup(row, head) if dot else None
    return _lookup(inner, rest) if isinstance(inner, Mapping) else None


def _scalars(value: object) -> list[_Scalar]:
    values = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    return [_scalar(item) for item in values if item is not None and not isinstance(item, Mapping)]


def _scalar(value: object) -> _Scalar:
    if isinstance(value, enum.Enum):
        return _scalar(value.value)
    if isinstance(value, bool):
        return _Scalar("true" if value else "false")
    if isinstance(value, int):
        # By way of a decimal: Python refuses to write very long integers as text.
        return _Scalar(f"{decimal.Decimal(value):f}", decimal.Decimal(value))
    if isinstance(value, float | decimal.Decimal):
        return _Scalar(str(value), as_number(str(value)))
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.timezone.utc) if value.tzinfo else value
        return _Scalar(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    if isinstance(value, dt.date):
        return _Scalar(value.strftime("%Y-%m-%dT00:00:00"))
    return _Scalar(str(value))


def _text(comparison: Comparison) -> str:
    # Only lists have another value than a text, and they are tested item by item.
    return str(comparison.value)


def _equal_to(value: str) -> _Test:
    number, folded = as_number(value), value.casefold()

    def test(scalar: _Scalar) -> bool:
        if number is not None and scalar.number is not None:
            return scalar.number == number
        return scalar.text.casefold() == folded

    return test


def _equal(comparison: Comparison) -> _Test:
    return _equal_to(_text(comparison))


def _less(comparison: Comparison) -> _Test:
    number, folded = as_number(_text(comparison)), _text(comparison).casefold()

    def test(scalar: _Scalar) -> bool:
        if number is not None and scalar.number is not None:
            return scalar.number < number
        return scalar.text.casefold() < folded

    return test


def _greater(comparison: Comparison) -> _Test:
    less, equal = _less(comparison), _equal(comparison)
    return lambda scalar: not less(scalar) and not equal(scalar)


def _among(comparison: Comparison) -> _Test:
    tests = [_equal_to(item) for item in comparison.value]
    return lambda scalar: any(test(scalar) for test in tests)


def _contains(comparison: Comparison) -> _Test:
    folded = _text(comparison).casefold()
    return lambda scalar: folded in scalar.text.casefold()


def _like(comparison: Comparison) -> _Test:
    if "*" not in _text(comparison):
        return _equal(comparison)
    return _search(comparison.attribute, like_regex(_text(comparison)))


def _matches(comparison: Comparison) -> _Test:
    return _search(comparison.attribute, _text(comparison))


def _search(attribute: str, pattern: str) -> _Test:
    try:
        regex = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise QueryError(
            f"{pattern!r}, asked of {attribute!r}, is not a regular expression that Python reads: {error}"
        ) from error
    return lambda scalar: regex.search(scalar.text) is not None


_TESTS: dict[Operator, Callable[[Comparison], _Test]] = {
    Operator.EQ: _equal,
    Operator.LT: _less,
    Operator.GT: _greater,
    Operator.IN: _among,
    Operator.CONTAINS: _contains,
    Operator.LIKE: _like,
    Operator.MATCHES: _matches,
}
