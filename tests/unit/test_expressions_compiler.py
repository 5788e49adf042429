from __future__ import annotations

import pytest

from accsyn_orm.errors import QueryError, UnrepresentableValue, UnsupportedByDialect
from accsyn_orm.expressions.compiler import LEGACY, TODAY, QueryDialect, compile_expression
from accsyn_orm.expressions.parser import parse
from accsyn_orm.expressions.tree import (
    EVERYTHING,
    NOTHING,
    And,
    Comparison,
    Constant,
    Expression,
    Operator,
    Or,
)

Value = str | tuple[str, ...]


def text_of(operator: Operator, value: Value, dialect: QueryDialect = TODAY) -> str:
    return compile_expression(Comparison("code", operator, value), dialect)


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        (Operator.EQ, "x", "code=x"),
        (Operator.NE, "x", "code!=x"),
        (Operator.LT, "x", "code<x"),
        (Operator.GT, "x", "code>x"),
        (Operator.LE, "x", "code<=x"),
        (Operator.GE, "x y", 'code>="x y"'),
        (Operator.CONTAINS, "x", "code CONTAINS x"),
        (Operator.NOT_CONTAINS, "x y", 'code NOT CONTAINS "x y"'),
        (Operator.MATCHES, "^a.*$", 'code MATCHES "^a.*$"'),
        (Operator.NOT_MATCHES, r'\D"\S**', "code NOT MATCHES '\\D\"\\S**'"),
        (Operator.MATCHES, "plain", "code MATCHES plain"),
        (Operator.IN, ("a", "b", "c"), "code IN a,b,c"),
        (Operator.IN, ("a", "b", "a"), "code IN a,b"),
        (Operator.NOT_IN, ("a", "b"), "code NOT IN a,b"),
        (Operator.IN, ("a",), "code=a"),
        (Operator.IN, ("a b",), 'code="a b"'),
        (Operator.NOT_IN, ("a",), "code!=a"),
        (Operator.IN, ("a", "b c"), 'code=a OR code="b c"'),
        (Operator.IN, ("a", "b,c"), 'code=a OR code="b,c"'),
        (Operator.IN, ("a", "and"), 'code=a OR code="and"'),
        (Operator.IN, ("a", ""), 'code=a OR code=""'),
        (Operator.NOT_IN, ("a", "b c"), 'code!=a AND code!="b c"'),
        (Operator.LIKE, "* backup", 'code="* backup"'),
        (Operator.LIKE, "user:*", 'code="user:*"'),
        (Operator.LIKE, "*", 'code="*"'),
        (Operator.LIKE, 'a"*', "code='a\"*'"),
        (Operator.LIKE, "plain", "code=plain"),
        (Operator.NOT_LIKE, "plain", "code!=plain"),
        (Operator.NOT_LIKE, "a*b", 'code NOT MATCHES "^a(.|\\n)*b$"'),
        (Operator.NOT_LIKE, "*.mov", 'code NOT MATCHES "^(.|\\n)*\\.mov$"'),
        (Operator.NOT_LIKE, r"(a)[b]{c}|^$+?\*", r'code NOT MATCHES "^\(a\)\[b\]\{c\}\|\^\$\+\?\\(.|\n)*$"'),
    ],
)
def test_every_operator_today(operator: Operator, value: Value, text: str) -> None:
    assert text_of(operator, value) == text


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        (Operator.EQ, "x y", 'code="x y"'),
        (Operator.NE, "x", "code!=x"),
        (Operator.IN, ("a", "b"), "code=a OR code=b"),
        (Operator.NOT_IN, ("a", "b"), "code!=a AND code!=b"),
        (Operator.IN, ("a",), "code=a"),
        (Operator.LIKE, "plain", "code=plain"),
        (Operator.NOT_LIKE, "plain", "code!=plain"),
    ],
)
def test_every_operator_of_2021(operator: Operator, value: Value, text: str) -> None:
    assert text_of(operator, value, LEGACY) == text


@pytest.mark.parametrize(
    "operator",
    [
        Operator.LT,
        Operator.GT,
        Operator.LE,
        Operator.GE,
        Operator.CONTAINS,
        Operator.NOT_CONTAINS,
        Operator.MATCHES,
        Operator.NOT_MATCHES,
        Operator.LIKE,
        Operator.NOT_LIKE,
    ],
)
def test_2021_names_the_generation_that_can_say_the_rest(operator: Operator) -> None:
    with pytest.raises(UnsupportedByDialect) as caught:
        text_of(operator, "a*", LEGACY)
    assert caught.value.message == f"The dialect of 2021 cannot say code {operator.value}; that of 2026 can"


def test_the_dialects() -> None:
    assert (TODAY.name, TODAY.operators) == ("2026", frozenset(Operator) - {Operator.NOT_LIKE})
    assert (LEGACY.name, LEGACY.operators) == ("2021", frozenset({Operator.EQ, Operator.NE}))


def test_a_dialect_of_ones_own() -> None:
    dialect = QueryDialect(
        "own", frozenset({Operator.NOT_LIKE, Operator.NOT_MATCHES, Operator.IN, Operator.NE})
    )
    assert text_of(Operator.NOT_LIKE, "a*", dialect) == 'code NOT LIKE "a*"'
    assert text_of(Operator.IN, ("a", "b"), dialect) == "code IN a,b"
    assert text_of(Operator.NOT_IN, ("a", "b"), dialect) == "code!=a AND code!=b"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("abcXYZ0189", "abcXYZ0189"),
        ("lisa@example.com", "lisa@example.com"),
        ("share:1/a_b-c", "share:1/a_b-c"),
        ("Mixed", "Mixed"),
        ("", '""'),
        (" ", '" "'),
        (" a  b ", '" a  b "'),
        ("a,b", '"a,b"'),
        ("a=b", '"a=b"'),
        ("a)", '"a)"'),
        ("(a", '"(a"'),
        ("é", '"é"'),
        ("\u0661", '"\u0661"'),
        ("a\u00a0b", '"a\u00a0b"'),
        ("\U0001f3ac", '"\U0001f3ac"'),
        ("it's", '"it\'s"'),
        ('5"', "'5\"'"),
        ('" OR code!="', "'\" OR code!=\"'"),
        ("' OR code!='", "\"' OR code!='\""),
        ("a\\b", '"a\\b"'),
        ("\\'", '"\\\'"'),
        *((word, f'"{word}"') for word in ("AND", "or", "Not", "IN", "contains", "MATCHES", "where")),
        ("android", "android"),
    ],
)
def test_values_are_bare_or_quoted(value: str, written: str) -> None:
    assert text_of(Operator.EQ, value) == f"code={written}"
    assert parse(f"code={written}") == Comparison("code", Operator.EQ, value)


def unrepresentable(operator: Operator, value: Value) -> str:
    with pytest.raises(UnrepresentableValue) as caught:
        text_of(operator, value)
    return caught.value.message


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\nb", "'\\n' is a line break or control character, and no query can hold it"),
        ("a\rb", "'\\r' is a line break or control character, and no query can hold it"),
        ("a\tb", "'\\t' is a line break or control character, and no query can hold it"),
        ("\x00", "'\\x00' is a line break or control character, and no query can hold it"),
        ("\x7f", "'\\x7f' is a line break or control character, and no query can hold it"),
        ("a\x85b", "'\\x85' is a line break or control character, and no query can hold it"),
        ("a\u2028b", "'\\u2028' is a line break, and no query can hold it"),
        ("a\u2029b", "'\\u2029' is a line break, and no query can hold it"),
        ("a\ud800b", "'\\ud800' is half of a surrogate pair, which is no character, and no query can hold it"),
        ("a\\", "a backslash at its end could be read as an escape of the quote"),
        ('"a\\', "a backslash at its end could be read as an escape of the quote"),
        ("\"a'", "it has both kinds of quotes, which cannot be escaped; use a '*' or '.' for one of them"),
    ],
)  # fmt: skip
def test_values_that_no_query_can_hold(value: str, reason: str) -> None:
    for operator in (
        Operator.EQ,
        Operator.NE,
        Operator.LT,
        Operator.CONTAINS,
        Operator.MATCHES,
        Operator.LIKE,
    ):
        assert (
            unrepresentable(operator, value) == f"{value!r} cannot be written as a value of 'code': {reason}"
        )
    for item in ((value, "b"), (value,)):
        assert (
            unrepresentable(Operator.IN, item)
            == f"{value!r} cannot be written as a value of 'code': {reason}"
        )


@pytest.mark.parametrize(
    "operator",
    [
        Operator.EQ,
        Operator.NE,
        Operator.LT,
        Operator.GT,
        Operator.LE,
        Operator.GE,
        Operator.CONTAINS,
        Operator.NOT_CONTAINS,
    ],
)
def test_a_literal_star_is_refused(operator: Operator) -> None:
    assert unrepresentable(operator, "a*") == (
        f"'a*' cannot be written as a value of 'code': with {operator.value}, accsyn may read '*' as a wildcard, and "
        r"nothing escapes it; use MATCHES and a regular expression with \*"
    )


def test_a_literal_star_in_a_list_is_refused() -> None:
    assert "with =, accsyn may read '*'" in unrepresentable(Operator.IN, ("a*", "b"))
    assert "with !=, accsyn may read '*'" in unrepresentable(Operator.NOT_IN, ("b", "*"))


def test_doubled_stars_are_refused_in_patterns() -> None:
    assert unrepresentable(Operator.LIKE, "a**") == (
        "'a**' cannot be written as a value of 'code': what '**' means is not documented; write one '*'"
    )
    own = QueryDialect("own", frozenset({Operator.NOT_LIKE}))
    with pytest.raises(UnrepresentableValue, match="write one"):
        text_of(Operator.NOT_LIKE, "**", own)


A, B, C, D = (Comparison(name, Operator.EQ, "1") for name in "abcd")


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (And((A, B)), "a=1 AND b=1"),
        (Or((A, B, C)), "a=1 OR b=1 OR c=1"),
        (And((A, Or((B, C)))), "a=1 AND (b=1 OR c=1)"),
        (Or((And((A, B)), C)), "(a=1 AND b=1) OR c=1"),
        (And((A, And((B, C)))), "a=1 AND b=1 AND c=1"),
        (And((Or((A, And((B, Or((C, D)))))), D)), "(a=1 OR (b=1 AND (c=1 OR d=1))) AND d=1"),
        (And((A, Comparison("id", Operator.IN, ("x", "y z")))), 'a=1 AND (id=x OR id="y z")'),
        (Or((A, Comparison("id", Operator.NOT_IN, ("x", "y z")))), 'a=1 OR (id!=x AND id!="y z")'),
        (And((A, Comparison("id", Operator.NOT_IN, ("x", "y z")))), 'a=1 AND id!=x AND id!="y z"'),
        (And((A, A)), "a=1"),
        (And((A, EVERYTHING)), "a=1"),
        (Or((A, NOTHING)), "a=1"),
        (EVERYTHING, ""),
        (And(()), ""),
        (Or((A, EVERYTHING)), ""),
        (Comparison("id", Operator.NOT_IN, ()), ""),
    ],
)
def test_and_or_and_parentheses(tree: Expression, text: str) -> None:
    assert compile_expression(tree) == text


def test_the_documented_example() -> None:
    text = '((user=5bfe AND source!=hq) OR status!=failed) AND code="Daily backup"'
    assert compile_expression(parse(text.replace("status!=", "status<>"))) == text
    assert compile_expression(parse(text), LEGACY) == text


@pytest.mark.parametrize(
    "tree",
    [
        NOTHING,
        Or(()),
        And((A, NOTHING)),
        Comparison("id", Operator.IN, ()),
        And((A, Comparison("id", Operator.IN, ()))),
    ],
)
def test_nothing_is_not_asked(tree: Expression) -> None:
    with pytest.raises(QueryError) as caught:
        compile_expression(tree)
    assert (
        caught.value.message
        == "The expression holds for nothing, so there is nothing to ask; send no request"
    )


def test_constants_do_not_reach_the_text() -> None:
    assert compile_expression(And((A, Or((B, Constant(value=False)))))) == "a=1 AND b=1"
