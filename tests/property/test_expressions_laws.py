"""The laws of the query language, over generated trees and hostile values."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import event, given, strategies as st

from accsyn_orm.errors import ExpressionSyntaxError, QueryError, UnrepresentableValue, UnsupportedByDialect
from accsyn_orm.expressions.compiler import LEGACY, TODAY, QueryDialect, compile_expression
from accsyn_orm.expressions.evaluator import evaluate
from accsyn_orm.expressions.parser import parse, parse_statement
from accsyn_orm.expressions.rewriting import conjunction, disjunction, negate, normalise, split_in
from accsyn_orm.expressions.tree import And, Comparison, Constant, Expression, Operator, Or

LISTS = {Operator.IN, Operator.NOT_IN}
REGEXES = {Operator.MATCHES, Operator.NOT_MATCHES}

QUOTES_AND_BLANKS = [
    '"',
    "'",
    "\\",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\x00",
    "\x85",
    "\u2028",
    "\u2029",
    "\ud800",
]
SYMBOLS = ["*", "**", ",", "(", ")", "=", "!=", "<>", "<", ">", ".", "@", ":", "/", "-", "_"]
WORDS = [
    "and",
    "or",
    "not",
    "in",
    "IN",
    "NOT IN",
    "contains",
    "matches",
    "where",
    "WHERE",
    "job WHERE ",
    " AND ",
    " OR ",
]
ATTACKS = ['" OR a!="', "' OR a!='", ") OR (a="]
LETTERS = ["a", "A", "b", "1", "1.0", "10", "é", "ß", "\u00a0", "\u200b", "\U0001f3ac"]
PIECES = st.sampled_from([*QUOTES_AND_BLANKS, *SYMBOLS, *WORDS, *ATTACKS, *LETTERS])
HOSTILE = st.lists(PIECES, max_size=5).map("".join) | st.text(max_size=6)
PLAIN = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "ab",
        "a b",
        "AB",
        "",
        "1",
        "1.0",
        "2",
        "10",
        "true",
        "a*",
        "*b",
        "*",
        "a\nb",
        "2026-01-01T00:00:00",
    ]
)
PATTERNS = st.sampled_from(["a", "^a", "b$", "^a.*b$", "[0-9]+", "", "a|b", r"\D", "^$"])
NAMES = st.sampled_from(["a", "b", "job.id", "and.x", "c-d"])
DIALECTS = st.sampled_from([TODAY, LEGACY])


def comparisons(
    values: st.SearchStrategy[str], patterns: st.SearchStrategy[str]
) -> st.SearchStrategy[Expression]:
    def build(operator: Operator) -> st.SearchStrategy[Expression]:
        if operator in LISTS:
            return st.builds(Comparison, NAMES, st.just(operator), st.lists(values, max_size=4).map(tuple))
        return st.builds(Comparison, NAMES, st.just(operator), patterns if operator in REGEXES else values)

    return st.sampled_from(Operator).flatmap(build)


def trees(leaves: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    constants: st.SearchStrategy[Expression] = st.builds(Constant, st.booleans())

    def grow(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        terms = st.lists(children, max_size=4).map(tuple)
        return st.builds(And, terms) | st.builds(Or, terms)

    return st.recursive(leaves | leaves | leaves | constants, grow, max_leaves=12)


HOSTILE_TREES = trees(comparisons(HOSTILE, HOSTILE))
TREES = trees(comparisons(PLAIN, PATTERNS))

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 11)
    | st.floats()
    | PLAIN
    | st.text(max_size=3)
    | st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 1, 1))  # noqa: DTZ001 - hypothesis wants naive bounds
    | st.dictionaries(st.just("id"), PLAIN)
)
ROWS = st.dictionaries(NAMES | st.just("job"), SCALARS | st.lists(SCALARS, max_size=3), max_size=5)
FLAT_ROWS = st.dictionaries(NAMES | st.just("job"), SCALARS, max_size=5)


def leaves_of(expression: Expression) -> list[Comparison]:
    if isinstance(expression, Comparison):
        return [expression]
    if isinstance(expression, Constant):
        return []
    return [leaf for term in expression.terms for leaf in leaves_of(term)]


def unwritable(leaf: Comparison, dialect: QueryDialect) -> bool:
    """Say independently of the compiler whether a comparison in normal form has no text."""
    if isinstance(leaf.value, tuple):
        return False
    starred = "*" in leaf.value and leaf.operator not in REGEXES | {Operator.LIKE}
    doubled = "**" in leaf.value and leaf.operator is Operator.LIKE
    quotes = '"' in leaf.value and "'" in leaf.value
    control = any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in leaf.value)
    return (
        starred
        or doubled
        or quotes
        or control
        or leaf.value.endswith("\\")
        or leaf.operator not in dialect.operators
    )


@given(HOSTILE_TREES, DIALECTS)
def test_what_is_written_reads_back_and_the_rest_is_refused(tree: Expression, dialect: QueryDialect) -> None:
    normal = normalise(tree, dialect)
    try:
        text = compile_expression(tree, dialect)
    except (UnrepresentableValue, UnsupportedByDialect) as error:
        event(type(error).__name__)
        assert any(unwritable(leaf, dialect) for leaf in leaves_of(normal))
        return
    except QueryError:
        event("nothing")
        assert normal == Constant(value=False)
        return
    event("written")
    assert not any(unwritable(leaf, dialect) for leaf in leaves_of(normal))
    assert parse(text) == normal
    assert parse_statement(f"job WHERE {text}" if text else "job").expression == normal
    assert "\n" not in text
    text.encode()


@given(HOSTILE, st.sampled_from(Operator))
def test_nothing_of_a_value_becomes_syntax(value: str, operator: Operator) -> None:
    guard = Comparison("guard", Operator.EQ, "1")
    try:
        text = compile_expression(
            And((Comparison("a", operator, (value, "z") if operator in LISTS else value), guard))
        )
    except UnrepresentableValue:
        return
    read = parse(text)
    assert isinstance(read, And)
    assert read.terms[-1] == guard
    assert {leaf.attribute for leaf in leaves_of(read)} == {"a", "guard"}


@given(HOSTILE_TREES, DIALECTS)
def test_a_normal_form_is_its_own(tree: Expression, dialect: QueryDialect) -> None:
    normal = normalise(tree, dialect)
    assert normalise(normal, dialect) == normal


@given(TREES, ROWS)
def test_a_negation_holds_exactly_where_the_expression_does_not(
    tree: Expression, row: dict[str, object]
) -> None:
    assert evaluate(negate(tree), row) is not evaluate(tree, row)
    assert negate(negate(tree)) == tree


@given(TREES, ROWS, DIALECTS)
def test_a_normal_form_means_the_same(
    tree: Expression, row: dict[str, object], dialect: QueryDialect
) -> None:
    assert evaluate(normalise(tree, dialect), row) is evaluate(tree, row)


@given(TREES, ROWS, DIALECTS)
def test_text_means_the_same(tree: Expression, row: dict[str, object], dialect: QueryDialect) -> None:
    try:
        text = compile_expression(tree, dialect)
    except QueryError:
        return
    assert evaluate(parse(text), row) is evaluate(tree, row)


@given(st.lists(TREES, max_size=4), ROWS)
def test_joining_means_all_and_any(terms: list[Expression], row: dict[str, object]) -> None:
    answers = [evaluate(term, row) for term in terms]
    assert evaluate(conjunction(*terms), row) is all(answers)
    assert evaluate(disjunction(*terms), row) is any(answers)


ITEMS = st.lists(PLAIN | st.text("ab1.", max_size=3), max_size=12).map(tuple)
LONG = st.builds(Comparison, NAMES, st.just(Operator.IN), ITEMS)


@given(
    LONG | st.lists(LONG | TREES, max_size=3).map(lambda terms: And(tuple(terms))),
    FLAT_ROWS,
    st.integers(1, 4),
    st.booleans(),
)
def test_parts_are_disjoint_and_together_the_whole(
    tree: Expression, row: dict[str, object], size: int, by_length: bool
) -> None:
    def fits(part: Expression) -> bool:
        return len(repr(part)) <= 100 * size

    parts = split_in(tree, fits=fits) if by_length else split_in(tree, size)
    event("one part" if len(parts) == 1 else "many parts")
    assert sum(evaluate(part, row) for part in parts) == evaluate(tree, row)


@given(st.lists(st.integers(0, 9999).map(str), min_size=1, max_size=60, unique=True), st.integers(1, 20))
def test_parts_are_as_few_as_can_be(items: list[str], size: int) -> None:
    parts = split_in(Comparison("id", Operator.IN, tuple(items)), size)
    assert len(parts) == -(-len(items) // size)
    assert [item for part in parts for leaf in leaves_of(part) for item in leaf.value] == items


OPERATORS = ["=", "!=", "<>", "<", ">=", " IN ", " NOT IN ", " not in ", " CONTAINS ", " NOT\nMATCHES "]
RIGHT = st.sampled_from(["x", "x,y", '"x y"', "'x,y'", "f(x)", "*", "x,", '"', "(", ""])
LIKELY = st.tuples(NAMES | st.just("job WHERE a"), st.sampled_from(OPERATORS), RIGHT).map("".join)
TOKENS = st.sampled_from(
    [*OPERATORS, "a", "job.id", "NOT", "AND", "or", "WHERE", "(", ")", '"', "'", "x,y", "*", " ", "\n"]
)
TEXTS = (
    st.text(max_size=20)
    | st.lists(TOKENS, max_size=12).map("".join)
    | st.lists(LIKELY | st.sampled_from([" AND ", " or ", "(", ")"]), max_size=9).map("".join)
    | st.lists(LIKELY, min_size=1, max_size=4).map(" AND ".join)
    | st.lists(LIKELY, min_size=1, max_size=4).map(") OR (".join).map("({})".format)
)


@given(TEXTS)
def test_any_text_is_an_expression_or_a_syntax_error(text: str) -> None:
    outcome: Expression | ExpressionSyntaxError
    try:
        outcome = parse(text)
    except ExpressionSyntaxError as error:
        outcome = error
    event(type(outcome).__name__)
    if isinstance(outcome, ExpressionSyntaxError):
        assert 1 <= outcome.line <= text.count("\n") + 1
        assert 1 <= outcome.column <= len(text.split("\n")[outcome.line - 1]) + 1
    else:
        assert isinstance(outcome, Comparison | And | Or | Constant)
        assert parse_statement(text).expression == outcome


@given(TEXTS)
def test_any_text_is_a_statement_or_a_syntax_error(text: str) -> None:
    try:
        statement = parse_statement(text)
    except ExpressionSyntaxError:
        with pytest.raises(ExpressionSyntaxError):
            parse(text)
    else:
        assert statement.entitytype is None or statement.entitytype == statement.entitytype.lower()
