"""
Evaluate an expression: compile its tree once per request into a closure over a stored document.

Written apart from `accsyn_orm.expressions.evaluator`, so that the two check each other. Every comparison
ignores case (accsyn documentation, "Using the API"). A value that is not there equals nothing, is in nothing,
and is neither smaller nor greater than anything; the negated operators, among them `>=` and `<=`, hold
for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from ..expressions.tree import And, Comparison, Constant, Expression, Operator, Or
from .references import names_of, target_types, value_of
from .schema import TYPES, lookup
from .store import Document, Store

if TYPE_CHECKING:
    from .catalogue import Attribute, EntityType

__all__ = ["Predicate", "compile_expression"]

Predicate = Callable[[Document], bool]
Test = Callable[[Any], bool]

_ORDERINGS: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LT: lambda one, other: one < other,
    Operator.GT: lambda one, other: one > other,
}
# Each of these holds exactly where the other does not, so that a query and its negation divide the entities.
_POSITIVE = {
    Operator.NE: Operator.EQ,
    Operator.GE: Operator.LT,
    Operator.LE: Operator.GT,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_MATCHES: Operator.MATCHES,
    Operator.NOT_LIKE: Operator.LIKE,
}
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
# What a task's or a file's parent may be called: `job.id`, `transfer.id`, `delivery.id` (documentation,
# deliveries).
_PARENTS = {
    "task": ("job", ("job", "transfer", "compute", "delivery", "request", "stream", "parent")),
    "file": ("parent", ("collection", "share", "parent")),
}


def compile_expression(expression: Expression, types: Sequence[EntityType], store: Store) -> Predicate:
    """
    Compile an expression for documents of some types.

    Raises:
        ServerError: An attribute that the types do not have, a value that the attribute cannot have, or a
            regular expression that is none.
    """
    if isinstance(expression, Constant):
        value = expression.value
        return lambda _document: value
    if isinstance(expression, Comparison):
        return _comparison(expression, types, store)
    terms = tuple(compile_expression(term, types, store) for term in expression.terms)
    return _every(terms) if isinstance(expression, And) else _some(expression, terms)


def _every(terms: tuple[Predicate, ...]) -> Predicate:
    def every(document: Document) -> bool:
        for term in terms:  # noqa: SIM110 - a generator for each document would double the time of a listing
            if not term(document):
                return False
        return True

    return every


def _some(_expression: Or, terms: tuple[Predicate, ...]) -> Predicate:
    def some(document: Document) -> bool:
        for term in terms:  # noqa: SIM110 - as above
            if term(document):
                return True
        return False

    return some


def _comparison(comparison: Comparison, types: Sequence[EntityType], store: Store) -> Predicate:
    head, _, rest = comparison.attribute.lower().partition(".")
    attribute = _attribute(head, types)
    if attribute.kind in {"reference", "party"}:
        return _reference(attribute, rest, comparison, store)
    test = _test(attribute, comparison, rest)
    if rest:
        if attribute.kind not in {"object", "place"}:
            raise ServerError(
                f"{attribute.name!r} of {types[0].name} is no reference and no object, so "
                f"{comparison.attribute!r} is nothing; write {attribute.name!r}.",
                status=400,
            )
        path = rest.split(".")
        name = attribute.name
        return lambda document: test(_walk(document.get(name), path))
    if attribute.kind in {"readable", "path"}:
        value = value_of(store, attribute)
        return lambda document: test(value(document))
    return _plain(attribute.name, test)


def _plain(name: str, test: Test) -> Predicate:
    return lambda document: test(document.get(name))


def _attribute(name: str, types: Sequence[EntityType]) -> Attribute:
    parent, aliases = _PARENTS.get(types[0].name, ("", ()))
    attribute = lookup(types, parent if name in aliases else name)
    if attribute is None or attribute.hidden:
        raise ServerError(
            f"There is no attribute {name!r} on {types[0].name} to query; there are "
            f"{', '.join(each.name for each in types[0].attributes.values() if not each.hidden)}.",
            status=400,
        )
    return attribute


def _walk(value: Any, path: Iterable[str]) -> Any:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = next((inner for key, inner in value.items() if key.lower() == step), None)
    return value


def _reference(attribute: Attribute, rest: str, comparison: Comparison, store: Store) -> Predicate:
    name = attribute.name
    kinds = target_types(attribute)
    if rest == "id":
        test = _test(attribute, comparison, "")
        return lambda document: test((document.get(name) or "").rpartition(":")[2] or None)
    operator = _POSITIVE.get(comparison.operator, comparison.operator)
    negated = operator is not comparison.operator
    positive = Comparison(rest or "id", operator, comparison.value)
    found: set[str] = set()
    if rest:
        types = [TYPES[kind] for kind in kinds]
        holds = compile_expression(positive, types, store)
        for row in store.rows(kinds):
            if holds(row.document):
                found.update(names_of(row))
    else:
        test = _test(attribute, positive, "")
        if operator in {Operator.EQ, Operator.IN}:
            # What is referred to may be gone; its id still finds what refers to it.
            found.update(each.casefold() for each in _tuple(comparison.value))
        for row in store.rows(kinds):
            names = names_of(row)
            if any(map(test, names)):
                found.update(names)
                if row.type == "workspace" and attribute.kind == "party":
                    found.update(f"site:{site.id}" for site in store.rows(["site"]))

    def points(document: Document) -> bool:
        value = document.get(name)
        return (value is not None and value.casefold() in found) is not negated

    return points


def _tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _test(attribute: Attribute, comparison: Comparison, rest: str) -> Test:
    operator = _POSITIVE.get(comparison.operator, comparison.operator)
    kind = "any" if rest or attribute.kind in {"object", "place"} else attribute.kind
    test = _positive_test(attribute, kind, operator, comparison.value)
    if operator is comparison.operator:
        return test
    return lambda value: not test(value)


def _positive_test(
    attribute: Attribute, kind: str, operator: Operator, wanted: str | tuple[str, ...]
) -> Test:
    if isinstance(wanted, tuple):
        tests = [_positive_test(attribute, kind, Operator.EQ, item) for item in wanted]
        if kind in {"bool", "int", "float", "any", "list"}:
            return lambda value: any(test(value) for test in tests)
        texts = frozenset(item.casefold() for item in wanted)
        return lambda value: value is not None and value.casefold() in texts
    if operator in _ORDERINGS:
        return _ordering(attribute, kind, _ORDERINGS[operator], wanted)
    if operator is Operator.EQ:
        return _equality(attribute, kind, wanted)
    return _textual(_text_test(attribute, operator, wanted))


def _ordering(attribute: Attribute, kind: str, compare: Callable[[Any, Any], bool], wanted: str) -> Test:
    if kind == "bool":
        raise ServerError(f"{attribute.name!r} is true or false; it has no order.", status=400)
    number = _number(wanted)
    if kind in {"int", "float"}:
        if number is None:
            raise ServerError(
                f"{attribute.name!r} is a number, so {wanted!r} cannot be compared with it.", status=400
            )
        return lambda value: value is not None and compare(value, number)
    text = wanted.casefold()

    def ordered(value: Any) -> bool:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number is not None and compare(value, number)
        return isinstance(value, str) and compare(value.casefold(), text)

    return ordered


def _equality(attribute: Attribute, kind: str, wanted: str) -> Test:
    text = wanted.casefold()
    number = _number(wanted)
    if kind == "bool":
        if text not in _TRUTH:
            raise ServerError(f"{attribute.name!r} is true or false, not {wanted!r}.", status=400)
        truth = _TRUTH[text]
        return lambda value: value is not None and bool(value) is truth
    if kind in {"int", "float"}:
        return lambda value: value is not None and value == number
    if kind in {"any", "list"}:
        return lambda value: any(_same(each, text, number) for each in _elements(value))
    return lambda value: value is not None and value.casefold() == text


def _same(value: Any, text: str, number: float | None) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number is not None and value == number
    return _text_of(value) == text


def _text_test(attribute: Attribute, operator: Operator, wanted: str) -> Callable[[str], bool]:
    text = wanted.casefold()
    if operator is Operator.CONTAINS:
        return lambda value: text in value.casefold()
    if operator is Operator.LIKE:
        pattern = ".*".join(map(re.escape, wanted.split("*")))
        like = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        return lambda value: like.fullmatch(value) is not None
    try:
        expression = re.compile(wanted, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ServerError(
            f"{wanted!r} is no regular expression for {attribute.name!r}: {error}.", status=400
        ) from error
    return lambda value: expression.search(value) is not None


def _textual(test: Callable[[str], bool]) -> Test:
    def textual(value: Any) -> bool:
        if type(value) is str:
            return test(value)
        return any(test(_text_of(each)) for each in _elements(value))

    return textual


def _elements(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if each is not None and not isinstance(each, dict)]


def _text_of(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else json.dumps(value)


def _number(text: str) -> float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
