from __future__ import annotations

import decimal

import pytest

from accsyn_orm.expressions.compiler import LEGACY, TODAY, QueryDialect, compile_expression
from accsyn_orm.expressions.parser import parse
from accsyn_orm.expressions.rewriting import conjunction, disjunction, negate, normalise, split_in
from accsyn_orm.expressions.tree import EVERYTHING, NOTHING, And, Comparison, Expression, Operator, Or
from accsyn_orm.expressions.values import as_number, is_bare, like_regex

A, B, C, D = (Comparison(name, Operator.EQ, "1") for name in "abcd")
NO_IDS = Comparison("id", Operator.IN, ())
NOT_NO_IDS = Comparison("id", Operator.NOT_IN, ())


def ids(*items: str, attribute: str = "id") -> Comparison:
    return Comparison(attribute, Operator.IN, items)


def test_negation_is_pushed_down() -> None:
    tree = And((A, Or((Comparison("n", Operator.LT, "5"), NOTHING)), ids("x", "y")))
    assert negate(tree) == Or(
        (
            Comparison("a", Operator.NE, "1"),
            And((Comparison("n", Operator.GE, "5"), EVERYTHING)),
            Comparison("id", Operator.NOT_IN, ("x", "y")),
        )
    )
    assert negate(negate(tree)) == tree


@pytest.mark.parametrize(
    ("terms", "joined"),
    [
        ((), EVERYTHING),
        ((A,), A),
        ((A, B), And((A, B))),
        ((B, A, B), And((B, A))),
        ((A, A), A),
        ((And((A, And((B, C)))), D), And((A, B, C, D))),
        ((Or((A, B)), C), And((Or((A, B)), C))),
        ((EVERYTHING, A), A),
        ((EVERYTHING, EVERYTHING), EVERYTHING),
        ((A, NOTHING, B), NOTHING),
        ((A, NO_IDS), NOTHING),
        ((A, NOT_NO_IDS), A),
        ((And(()), A), A),
        ((And((A, NOTHING)),), NOTHING),
    ],
)
def test_conjunction(terms: tuple[Expression, ...], joined: Expression) -> None:
    assert conjunction(*terms) == joined


@pytest.mark.parametrize(
    ("terms", "joined"),
    [
        ((), NOTHING),
        ((A,), A),
        ((A, B), Or((A, B))),
        ((B, A, B), Or((B, A))),
        ((Or((A, Or((B, C)))), D), Or((A, B, C, D))),
        ((And((A, B)), C), Or((And((A, B)), C))),
        ((NOTHING, A), A),
        ((A, EVERYTHING, B), EVERYTHING),
        ((A, NO_IDS), A),
        ((A, NOT_NO_IDS), EVERYTHING),
    ],
)
def test_disjunction(terms: tuple[Expression, ...], joined: Expression) -> None:
    assert disjunction(*terms) == joined


@pytest.mark.parametrize(
    ("tree", "today", "legacy"),
    [
        (EVERYTHING, EVERYTHING, EVERYTHING),
        (NO_IDS, NOTHING, NOTHING),
        (NOT_NO_IDS, EVERYTHING, EVERYTHING),
        (ids("x"), Comparison("id", Operator.EQ, "x"), Comparison("id", Operator.EQ, "x")),
        (ids("x", "y", "x"), ids("x", "y"), parse("id=x OR id=y")),
        (ids("x", "y z"), parse('id=x OR id="y z"'), parse('id=x OR id="y z"')),
        (negate(ids("x", "y")), negate(ids("x", "y")), parse("id!=x AND id!=y")),
        (negate(ids("x", "")), parse('id!=x AND id!=""'), parse('id!=x AND id!=""')),
        (Comparison("c", Operator.LIKE, "x"), parse("c=x"), parse("c=x")),
        (Comparison("c", Operator.NOT_LIKE, "x"), parse("c!=x"), parse("c!=x")),
        (parse("c=x*"), parse("c=x*"), parse("c=x*")),
        (parse("c!=x*"), Comparison("c", Operator.NOT_MATCHES, r"^x(.|\n)*$"), parse("c!=x*")),
        (Comparison("c", Operator.MATCHES, "x*"), parse("c MATCHES x*"), parse("c MATCHES x*")),
        (
            Or((And((A, And((B,)))), Or((C, NOTHING)))),
            parse("(a=1 AND b=1) OR c=1"),
            parse("(a=1 AND b=1) OR c=1"),
        ),
        (
            And((Or((A, ids("x", "y z"))), EVERYTHING)),
            parse('a=1 OR id=x OR id="y z"'),
            parse('a=1 OR id=x OR id="y z"'),
        ),
        (And((A, Or((NOT_NO_IDS, B)))), A, A),
    ],
)
def test_normal_forms(tree: Expression, today: Expression, legacy: Expression) -> None:
    assert normalise(tree) == normalise(tree, TODAY) == today
    assert normalise(tree, LEGACY) == legacy
    assert normalise(today) == today
    assert normalise(legacy, LEGACY) == legacy


def test_not_like_is_kept_where_the_dialect_has_it() -> None:
    tree = Comparison("c", Operator.NOT_LIKE, "x*")
    assert normalise(tree, QueryDialect("own", frozenset(Operator))) == tree


def test_cutting_by_the_number_of_items() -> None:
    assert split_in(ids("a", "b", "c", "d", "e"), 2) == [ids("a", "b"), ids("c", "d"), ids("e")]
    assert split_in(ids("a", "b", "c"), 3) == [ids("a", "b", "c")]
    assert split_in(ids("a", "b"), max_items=1) == [ids("a"), ids("b")]
    assert split_in(ids("a", "b", "a", "b", "c"), 2) == [ids("a", "b"), ids("c")]
    assert split_in(And((A, ids("a", "b", "c"), B)), 2) == [And((A, ids("a", "b"), B)), And((A, ids("c"), B))]
    assert split_in(And((A, And((ids("a", "b"),)))), 1) == [And((A, ids("a"))), And((A, ids("b")))]


def test_what_cannot_be_cut_stays_whole() -> None:
    for tree in (
        A,
        EVERYTHING,
        Or((A, ids("a", "b"))),
        negate(ids("a", "b")),
        And((A, Or((B, ids("a", "b"))))),
    ):
        assert split_in(tree, 1) == [tree]
    assert split_in(ids("a", "b")) == [ids("a", "b")]
    assert split_in(NO_IDS, 1) == [NOTHING]
    assert split_in(ids("a", "b"), fits=lambda _: True) == [ids("a", "b")]


def test_items_that_can_equal_one_value_stay_together() -> None:
    assert split_in(ids("a", "b", "A", "1", "c", "1.0", "1e0", "B"), 1) == [
        ids("a", "A"),
        ids("b", "B"),
        ids("1", "1.0", "1e0"),
        ids("c"),
    ]


def test_two_lists_are_cut_both() -> None:
    tree = And((ids("a", "b", "c"), ids("1", "2", attribute="n")))
    parts = split_in(tree, 1)
    assert parts == [And((ids(a), ids(n, attribute="n"))) for a in "abc" for n in "12"]
    parts = split_in(And((ids("a", "b"), ids("1", "2", "3", "4", attribute="n"))), 2)
    assert parts == [
        And((ids("a", "b"), ids("1", "2", attribute="n"))),
        And((ids("a", "b"), ids("3", "4", attribute="n"))),
    ]


QUARTERS = [(0, 4, 0, 4), (0, 4, 4, 8), (4, 8, 0, 4), (4, 8, 4, 8)]


def test_two_long_lists_are_halved() -> None:
    one, two = (ids(*(f"{name}{i}" for i in range(8)), attribute=name) for name in "ab")
    parts = split_in(And((one, two)), 4)
    assert [
        And((ids(*one.value[a:b], attribute="a"), ids(*two.value[c:d], attribute="b")))
        for a, b, c, d in QUARTERS
    ] == parts


def test_cutting_by_length() -> None:
    tree = And((A, ids(*(f"{number:024x}" for number in range(3000)))))
    parts = split_in(tree, fits=lambda part: len(compile_expression(part)) <= 1000)
    lengths = [len(compile_expression(part)) for part in parts]
    assert max(lengths) <= 1000
    # 24 characters and a comma each: 39 items and `a=1 AND id IN ` make 988 characters.
    assert len(parts) == 77
    assert set(lengths[:-1]) == {988}


def test_cutting_by_length_and_number() -> None:
    tree = ids("aaaa", "b", "c", "d", "e")
    parts = split_in(tree, 3, fits=lambda part: len(compile_expression(part)) <= 12)
    assert parts == [ids("aaaa", "b"), ids("c", "d", "e")]
    assert split_in(tree, 4, fits=lambda part: False) == [ids(item) for item in ("aaaa", "b", "c", "d", "e")]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", "1"), ("-1.50", "-1.5"), ("+2", "2"), ("1e3", "1000"), ("1E-2", "0.01"), ("0.5", "0.5")],
)
def test_numbers(text: str, number: str) -> None:
    assert as_number(text) == decimal.Decimal(number)


def test_numbers_are_not_rounded() -> None:
    assert as_number("1" + "0" * 4999 + "1") == 10**5000 + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "nan",
        "inf",
        "0x10",
        "1.",
        ".5",
        "1_0",
        "\u0661",
        "1e",
        "--1",
        "1e99999999999999999999",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert as_number(text) is None


def test_bare_values() -> None:
    assert is_bare("aZ0@.:/-_")
    for value in ("", "a b", "a\n", "ä", "and", "WHERE", "a,b", "*", "\u0661"):
        assert not is_bare(value)


def test_patterns_as_regular_expressions() -> None:
    assert like_regex("*") == r"^(.|\n)*$"
    assert like_regex("a b*c/d*") == r"^a b(.|\n)*c/d(.|\n)*$"
    assert like_regex(r".^$+?{}[]|()\-") == r"^\.\^\$\+\?\{\}\[\]\|\(\)\\-$"


def test_terms_are_brought_to_the_form_of_the_same_dialect() -> None:
    nested = And((A, Or((B, ids("x", "y")))))
    assert normalise(nested, LEGACY) == And(
        (A, Or((B, Comparison("id", Operator.EQ, "x"), Comparison("id", Operator.EQ, "y"))))
    )
