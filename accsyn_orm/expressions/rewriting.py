"""Rewriting: trees that mean the same as other trees, or their opposite, or a part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .dialect import TODAY, QueryDialect
from .tree import EVERYTHING, NOTHING, And, Comparison, Constant, Expression, Operator, Or
from .values import as_number, is_bare, like_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

__all__ = ["conjunction", "disjunction", "negate", "normalise", "split_in"]


def negate(expression: Expression) -> Expression:
    """
    Make the expression that holds exactly where this one does not.

    The negation is pushed down to the operators (De Morgan), since the language has no NOT.
    """
    if isinstance(expression, Constant):
        return Constant(not expression.value)
    if isinstance(expression, Comparison):
        return attrs.evolve(expression, operator=expression.operator.negated)
    kind = Or if isinstance(expression, And) else And
    return kind(tuple(negate(term) for term in expression.terms))


def conjunction(*terms: Expression) -> Expression:
    """
    Join by AND: nested Ands are flattened, constants folded, repeated terms dropped, a single term unwrapped.

    Returns:
        EVERYTHING without terms; NOTHING where one of them is NOTHING, or IN without items.
    """
    return _join(And, terms)


def disjunction(*terms: Expression) -> Expression:
    """
    Join by OR: nested Ors are flattened, constants folded, repeated terms dropped, a single term unwrapped.

    Returns:
        NOTHING without terms; EVERYTHING where one of them is EVERYTHING, or NOT IN without items.
    """
    return _join(Or, terms)


def normalise(expression: Expression, dialect: QueryDialect = TODAY) -> Expression:
    """
    Bring a tree to the form in which it is written.

    Whatever can be written reads back as this form: parse(compile(t)) == normalise(t). In it

    - And and Or have two terms or more, none of its own kind, none twice, and constants stand only alone;
    - a list has two items or more, none twice, all bare; other lists, and every list where the dialect has
      no IN, are an Or of `=`, or an And of `!=`, since nothing documents quotes within a list;
    - LIKE without `*` is `=`, and NOT LIKE is `!=` or, with `*`, NOT MATCHES where the dialect has it.
    """
    if isinstance(expression, Constant):
        return expression
    if isinstance(expression, Comparison):
        return _normal_comparison(expression, dialect)
    return _join(type(expression), (normalise(term, dialect) for term in expression.terms))


def split_in(
    expression: Expression,
    max_items: int | None = None,
    *,
    fits: Callable[[Expression], bool] | None = None,
) -> list[Expression]:
    """
    Cut lists of IN, so that each part can travel in a request of its own.

    Only an IN that is the whole expression, or a direct term of the And that is, can be cut. Every row that
    the expression holds for is in exactly one part, as long as the attribute has one value: items that can
    equal the same value (`a` and `A`, `1` and `1.0`) stay together.

    Args:
        expression: What to cut.
        max_items: Most items that a list of a part may have.
        fits: Whether a part is small enough, for example by the length of its text; a part of an expression
            that fits must fit too.

    Returns:
        The parts in the order of the items; as few cuts as needed. A part that still does not fit cannot be
        cut.
    """
    whole = conjunction(expression)
    if max_items is None and fits is None:
        return [whole]

    def small(part: Expression) -> bool:
        longest = max(len(term.value) for term in _lists(part))
        return (max_items is None or longest <= max_items) and (fits is None or fits(part))

    return list(_cut(whole, small))


def _join(kind: type[And | Or], terms: Iterable[Expression]) -> Expression:
    neutral, absorbing = (EVERYTHING, NOTHING) if kind is And else (NOTHING, EVERYTHING)
    kept = dict.fromkeys(term for term in _flat(kind, terms) if term != neutral)
    if absorbing in kept:
        return absorbing
    if len(kept) <= 1:
        return next(iter(kept), neutral)
    return kind(tuple(kept))


def _flat(kind: type[And | Or], terms: Iterable[Expression]) -> Iterator[Expression]:
    for term in terms:
        if isinstance(term, kind):
            yield from _flat(kind, term.terms)
        elif isinstance(term, Comparison) and term.value == ():
            yield NOTHING if term.operator is Operator.IN else EVERYTHING
        else:
            yield term


def _normal_comparison(comparison: Comparison, dialect: QueryDialect) -> Expression:
    attribute, operator, value = comparison.attribute, comparison.operator, comparison.value
    if isinstance(value, tuple):
        return _normal_list(attribute, operator, tuple(dict.fromkeys(value)), dialect)
    if operator is Operator.LIKE and "*" not in value:
        return Comparison(attribute, Operator.EQ, value)
    if operator is Operator.NOT_LIKE and "*" not in value:
        return Comparison(attribute, Operator.NE, value)
    spelled_out = operator is Operator.NOT_LIKE and operator not in dialect.operators
    if spelled_out and Operator.NOT_MATCHES in dialect.operators:
        return Comparison(attribute, Operator.NOT_MATCHES, like_regex(value))
    return comparison


def _normal_list(
    attribute: str, operator: Operator, items: tuple[str, ...], dialect: QueryDialect
) -> Expression:
    if len(items) > 1 and operator in dialect.operators and all(map(is_bare, items)):
        return Comparison(attribute, operator, items)
    single, join = (Operator.EQ, disjunction) if operator is Operator.IN else (Operator.NE, conjunction)
    return join(*(Comparison(attribute, single, item) for item in items))


def _lists(expression: Expression) -> list[Comparison]:
    terms = expression.terms if isinstance(expression, And) else (expression,)
    return [term for term in terms if isinstance(term, Comparison) and term.operator is Operator.IN]


def _cut(part: Expression, small: Callable[[Expression], bool]) -> Iterator[Expression]:
    """Cut the longest list first, and the others where that is not enough."""
    candidates = [(term, groups) for term in _lists(part) if len(groups := _groups(term)) > 1]
    if not candidates or small(part):
        yield part
        return
    longest, groups = max(candidates, key=lambda candidate: len(candidate[1]))
    if small(_with_items(part, longest, groups[:1])):
        size = _largest(len(groups) - 1, lambda count: small(_with_items(part, longest, groups[:count])))
    else:
        # Another list is too long as well: halves keep the number of parts small.
        size = len(groups) // 2
    yield from _cut(_with_items(part, longest, groups[:size]), small)
    yield from _cut(_with_items(part, longest, groups[size:]), small)


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """Find the largest count up to `most` that fits, by bisection; 1 is known to fit."""
    low = 1
    while low < most:
        middle = (low + most + 1) // 2
        if fits(middle):
            low = middle
        else:
            most = middle - 1
    return low


def _groups(comparison: Comparison) -> list[list[str]]:
    groups: dict[Hashable, list[str]] = {}
    for item in dict.fromkeys(comparison.value):
        number = as_number(item)
        groups.setdefault(item.casefold() if number is None else number, []).append(item)
    return list(groups.values())


def _with_items(part: Expression, comparison: Comparison, groups: Sequence[Sequence[str]]) -> Expression:
    shorter = attrs.evolve(comparison, value=tuple(item for group in groups for item in group))
    if part == comparison:
        return shorter
    terms = part.terms if isinstance(part, And) else ()
    return And(tuple(shorter if term == comparison else term for term in terms))
