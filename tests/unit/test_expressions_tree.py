from __future__ import annotations

from typing import Any

import attrs
import pytest

from accsyn_orm.errors import QueryError
from accsyn_orm.expressions.tree import (
    EVERYTHING,
    KEYWORDS,
    MAX_DEPTH,
    NOTHING,
    And,
    Comparison,
    Constant,
    Expression,
    Operator,
    Or,
)

A = Comparison("a", Operator.EQ, "1")


def test_operators_have_the_words_of_the_language() -> None:
    assert [operator.value for operator in Operator] == [
        "=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN", "CONTAINS", "NOT CONTAINS", "MATCHES", "NOT MATCHES",
        "LIKE", "NOT LIKE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Operator.EQ, Operator.NE),
        (Operator.LT, Operator.GE),
        (Operator.GT, Operator.LE),
        (Operator.IN, Operator.NOT_IN),
        (Operator.CONTAINS, Operator.NOT_CONTAINS),
        (Operator.MATCHES, Operator.NOT_MATCHES),
        (Operator.LIKE, Operator.NOT_LIKE),
    ],
)
def test_each_operator_has_an_opposite(one: Operator, other: Operator) -> None:
    assert one.negated is other
    assert other.negated is one


@pytest.mark.parametrize(
    "name", ["a", "_a", "A9", "job.id", "metadata.my-key", "metadata.0", "and.x", "order", "a-b"]
)
def test_names_that_can_be(name: str) -> None:
    assert Comparison(name, Operator.EQ, "").attribute == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1a",
        "-a",
        "a b",
        "a.",
        ".a",
        "a..b",
        "a=b",
        "a\n",
        "ä",
        "\u017ftatus",
        "a.-b",
        "a(",
        'a"',
        None,
        5,
        *sorted(KEYWORDS),
        "wHere",
    ],
)
def test_names_that_cannot_be(name: Any) -> None:
    with pytest.raises(QueryError) as caught:
        Comparison(name, Operator.EQ, "x")
    assert caught.value.message == (
        f"{name!r} cannot be the name of an attribute: names are made of ASCII letters, digits, '_' and '-', begin with "
        "a letter or '_', are joined by '.', and are none of AND, CONTAINS, IN, MATCHES, NOT, OR, WHERE"
    )


@pytest.mark.parametrize("operator", [Operator.IN, Operator.NOT_IN])
@pytest.mark.parametrize("value", ["a", ["a"], ("a", 1), (None,), None])
def test_lists_take_tuples_of_text(operator: Operator, value: Any) -> None:
    with pytest.raises(QueryError) as caught:
        Comparison("id", operator, value)
    assert (
        caught.value.message == f"The value of 'id' {operator.value} must be a tuple of str; it is {value!r}"
    )


@pytest.mark.parametrize("operator", sorted(set(Operator) - {Operator.IN, Operator.NOT_IN}, key=str))
@pytest.mark.parametrize("value", [("a",), (), 1, None, True])
def test_other_operators_take_text(operator: Operator, value: Any) -> None:
    with pytest.raises(QueryError) as caught:
        Comparison("id", operator, value)
    assert caught.value.message == f"The value of 'id' {operator.value} must be a str; it is {value!r}"


def test_a_list_may_be_empty() -> None:
    assert Comparison("id", Operator.IN, ()).value == ()


def test_an_operator_is_an_operator() -> None:
    operator: Any = "="
    with pytest.raises(QueryError) as caught:
        Comparison("id", operator, "x")
    assert caught.value.message == "The operator of 'id' is '='; it must be an Operator"


@pytest.mark.parametrize("kind", [And, Or])
def test_terms_are_a_tuple_of_expressions(kind: type[And | Or]) -> None:
    terms: Any = [A]
    with pytest.raises(QueryError) as caught:
        kind(terms)
    assert caught.value.message == f"The terms of {kind.__name__} are of type list; they must be a tuple"
    terms = (A, "a=1")
    with pytest.raises(QueryError) as caught:
        kind(terms)
    assert caught.value.message == f"A term of {kind.__name__} is of type str; it must be an expression"


def test_constants_are_terms() -> None:
    assert And((EVERYTHING, NOTHING)).terms == (Constant(value=True), Constant(value=False))


def test_nodes_are_frozen_values() -> None:
    assert And((A,)) == And((Comparison("a", Operator.EQ, "1"),))
    one, other = (kind((A,)) for kind in (And, Or))
    assert one != other
    assert len({Or((A,)), Or((A,))}) == 1
    assert repr(And((EVERYTHING,))) == "And(terms=(Constant(value=True),))"
    for node in (A, And((A,)), EVERYTHING):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            node.value = "2"  # type: ignore[union-attr,misc]


def test_depth_is_limited() -> None:
    assert MAX_DEPTH == 100
    expression: Expression = A
    for _ in range(MAX_DEPTH // 2):
        expression = And((A, Or((expression, A))))
    assert isinstance(expression, And)
    assert expression.depth == MAX_DEPTH
    with pytest.raises(QueryError) as caught:
        Or((A, expression, A))
    assert (
        caught.value.message == "The expression nests AND and OR more than 100 levels deep; write it flatter"
    )


def test_depth_is_that_of_the_deepest_term() -> None:
    assert And(()).depth == 1
    assert And((A, NOTHING)).depth == 1
    assert Or((And((Or((A,)),)), And((A,)))).depth == 3
