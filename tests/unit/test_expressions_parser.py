from __future__ import annotations

import concurrent.futures
import subprocess
import sys
from typing import Any

import pytest

from accsyn_orm.errors import ExpressionSyntaxError
from accsyn_orm.expressions import grammar, parser
from accsyn_orm.expressions.parser import Statement, parse, parse_statement
from accsyn_orm.expressions.tree import EVERYTHING, And, Comparison, Expression, Operator, Or


def eq(attribute: str, value: str) -> Comparison:
    return Comparison(attribute, Operator.EQ, value)


A, B, C = eq("a", "1"), eq("b", "2"), eq("c", "3")


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("code=x", Operator.EQ, "x"),
        ("code!=x", Operator.NE, "x"),
        ("code<>x", Operator.NE, "x"),
        ("code<x", Operator.LT, "x"),
        ("code>x", Operator.GT, "x"),
        ("code<=x", Operator.LE, "x"),
        ("code>=x", Operator.GE, "x"),
        ("code IN x", Operator.IN, ("x",)),
        ("code IN x,y,z", Operator.IN, ("x", "y", "z")),
        ('code IN " x , y z "', Operator.IN, ("x", "y z")),
        ("code NOT IN x,y", Operator.NOT_IN, ("x", "y")),
        ("code CONTAINS x", Operator.CONTAINS, "x"),
        ("code NOT CONTAINS x", Operator.NOT_CONTAINS, "x"),
        ('code MATCHES "^a.*[0-9]$"', Operator.MATCHES, "^a.*[0-9]$"),
        (r"code NOT MATCHES ^\D+$", Operator.NOT_MATCHES, r"^\D+$"),
        ('code="* backup"', Operator.LIKE, "* backup"),
        ("code=user:*", Operator.LIKE, "user:*"),
        ("code!=a*", Operator.NOT_LIKE, "a*"),
        ("code<>a*", Operator.NOT_LIKE, "a*"),
        ("code CONTAINS a*", Operator.CONTAINS, "a*"),
        ("code>a*", Operator.GT, "a*"),
        ("code IN a*,b", Operator.IN, ("a*", "b")),
    ],
)
def test_every_operator(text: str, operator: Operator, value: Any) -> None:
    assert parse(text) == Comparison("code", operator, value)


@pytest.mark.parametrize(
    "text",
    [
        "code not in x,y",
        "code Not In x,y",
        "code nOT \t\n iN x,y",
        'code NOT IN"x,y"',
        "code NOT IN 'x, y'",
        "\n code\r\nNOT\tIN x,y \n",
    ],
)
def test_words_in_any_case_and_with_any_blanks(text: str) -> None:
    assert parse(text) == Comparison("code", Operator.NOT_IN, ("x", "y"))


@pytest.mark.parametrize(
    "text",
    [
        "a=1",
        " a = 1 ",
        "a= 1",
        "a =1",
        "\ta\n=\r\n1\n",
        "a='1'",
        'a="1"',
        "(a=1)",
        "( ( a=1 ) )",
        "a\u00a0=\u20281",
    ],
)
def test_blanks_quotes_and_parentheses_change_nothing(text: str) -> None:
    assert parse(text) == A


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("lisa@example.com", "lisa@example.com"),
        ("share:614d660de50d45bb027c9bdd", "share:614d660de50d45bb027c9bdd"),
        ("/a/b_c-d.txt", "/a/b_c-d.txt"),
        ("0,2", "0,2"),
        ("O'Brien", "O'Brien"),
        ('5"', '5"'),
        ("a=b<c>d!e", "a=b<c>d!e"),
        ("f(x)", "f(x)"),
        ("f(g(x)y)z(w)", "f(g(x)y)z(w)"),
        ("f()", "f()"),
        ("é€", "é€"),
        ("\\", "\\"),
        ("and", "and"),
        ("NOT", "NOT"),
        ("Mixed", "Mixed"),
        ("-1", "-1"),
        ('""', ""),
        ("''", ""),
        ('"it\'s"', "it's"),
        ("'say \"x\"'", 'say "x"'),
        ('"a=1) OR (b=2"', "a=1) OR (b=2"),
        ('" two  blanks "', " two  blanks "),
        ('"a\nb"', "a\nb"),
        ('"a\\"', "a\\"),
    ],
)
def test_values(written: str, value: str) -> None:
    assert parse(f"a={written}") == eq("a", value)
    assert parse(f"(b=2 AND a={written})") == And((B, eq("a", value)))


def test_a_bare_value_ends_at_a_parenthesis_that_it_did_not_open() -> None:
    assert parse("(a=f(x))") == eq("a", "f(x)")
    assert parse("(a=1 OR b=2)AND c=3") == And((Or((A, B)), C))


@pytest.mark.parametrize(
    "attribute", ["job.id", "metadata.my-key.0", "and.x", "Code", "inside", "order", "nota"]
)
def test_attributes(attribute: str) -> None:
    assert parse(f"{attribute}=1") == eq(attribute, "1")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1 AND b=2", And((A, B))),
        ("a=1 and b=2 AnD c=3", And((A, B, C))),
        ("a=1 OR b=2 or c=3", Or((A, B, C))),
        ("a=1 OR b=2 AND c=3", Or((A, And((B, C))))),
        ("a=1 AND b=2 OR c=3", Or((And((A, B)), C))),
        ("(a=1 OR b=2) AND c=3", And((Or((A, B)), C))),
        ("a=1 AND (b=2 AND c=3)", And((A, And((B, C))))),
        ('a="1"AND(b=2)', And((A, B))),
        (
            '((user=5bfe AND source!=hq) OR status<>failed) AND code="Daily backup"',
            And(
                (
                    Or(
                        (
                            And((eq("user", "5bfe"), Comparison("source", Operator.NE, "hq"))),
                            Comparison("status", Operator.NE, "failed"),
                        )
                    ),
                    eq("code", "Daily backup"),
                )
            ),
        ),
    ],
)
def test_and_or_and_parentheses(text: str, tree: Expression) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_blank_text_is_everything(text: str) -> None:
    assert parse(text) == EVERYTHING
    assert parse_statement(text) == Statement(None, EVERYTHING)


@pytest.mark.parametrize(
    ("text", "entitytype", "expression"),
    [
        ("job", "job", EVERYTHING),
        (" Job\n", "job", EVERYTHING),
        ("acl WHERE target=share:1", "acl", eq("target", "share:1")),
        ("JOB where  a=1\nAND b=2", "job", And((A, B))),
        ("job WHERE(a=1)", "job", A),
        ("a=1", None, A),
        ("(a=1) OR b=2", None, Or((A, B))),
        ("where_=1", None, eq("where_", "1")),
        ("job.id=1", None, eq("job.id", "1")),
    ],
)
def test_statements(text: str, entitytype: str | None, expression: Expression) -> None:
    assert parse_statement(text) == Statement(entitytype, expression)


OPERATORS = (
    "an operator (=, !=, <>, <, >, <=, >=, IN, CONTAINS, MATCHES, or NOT before one of these three words)"
)
NO_TYPE = "; the type and WHERE are no part of an expression"
END = "the end of the text"
EMPTY = "An item of the list is empty: write the items with one comma between each two, as in id IN a,b,c"
NOT_HINT = "; NOT stands only before IN, CONTAINS and MATCHES: turn the operators round instead"
LIST_HINT = "; a value with blanks or parentheses, or a list, stands in one pair of quotes"


def value_hint(character: str) -> str:
    return f"Expected a value, found {character!r}; a value that begins with {character!r} stands in quotes, and a list has no parentheses"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a", 1, 2, f"Expected {OPERATORS}, found {END}"),
        ("a  \n", 1, 2, f"Expected {OPERATORS}, found {END}"),
        ("a ~ b", 1, 3, f"Expected {OPERATORS}, found '~'"),
        ("a NOT x", 1, 3, f"Expected {OPERATORS}, found 'NOT'"),
        ("a NOT INx", 1, 3, f"Expected {OPERATORS}, found 'NOT'"),
        ("a INx y", 1, 3, f"Expected {OPERATORS}, found 'INx'"),
        ("a CONTAIN\u017f x", 1, 3, f"Expected {OPERATORS}, found 'CONTAIN\u017f'"),
        ("a LIKE x*", 1, 3, f"Expected {OPERATORS}, found 'LIKE'"),
        ("job WHERE a=1", 1, 5, f"Expected {OPERATORS}, found 'WHERE'{NO_TYPE}"),
        ("job where a=1", 1, 5, f"Expected {OPERATORS}, found 'where'{NO_TYPE}"),
        ("a=", 1, 3, f"Expected a value, found {END}"),
        ("a=  ", 1, 3, f"Expected a value, found {END}"),
        ("\na=", 2, 3, f"Expected a value, found {END}"),
        ("a==b", 1, 3, value_hint("=")),
        ("a<=>b", 1, 4, value_hint(">")),
        ("a!=!b", 1, 4, value_hint("!")),
        ("(a=)", 1, 4, value_hint(")")),
        ("a IN (1,2)", 1, 6, value_hint("(")),
        ('a="x', 1, 3, 'The quote " that opens here is never closed'),
        ("b=1 AND\n  a='x", 2, 5, "The quote ' that opens here is never closed"),
        ("a=1)", 1, 4, "This ')' closes nothing: expected AND, OR or the end of the text"),
        ("(a=1", 1, 5, "A '(' is never closed: expected AND, OR or ')'"),
        ("(a=1 \n", 1, 5, "A '(' is never closed: expected AND, OR or ')'"),
        ("a=1 b=2", 1, 5, f"Expected AND, OR or {END}, found 'b'"),
        ("a=1 ANDb=2", 1, 5, f"Expected AND, OR or {END}, found 'ANDb'"),
        ("a=1 " + "x" * 60, 1, 5, f"Expected AND, OR or {END}, found '{'x' * 40}'"),
        ('a="b","c"', 1, 6, f"Expected AND, OR or {END}, found ','{LIST_HINT}"),
        ("a=f(x", 1, 4, f"Expected AND, OR or {END}, found '('{LIST_HINT}"),
        ("a=f(g(h(x)))", 1, 4, f"Expected AND, OR or {END}, found '('{LIST_HINT}"),
        ("AND a=1", 1, 1, "Expected an attribute or '(', found 'AND'"),
        ("a=1\n AND\t", 2, 5, f"Expected an attribute or '(', found {END}"),
        ("a=1\nAND\n b=2 OR 5=5", 3, 9, "Expected an attribute or '(', found '5'"),
        ("NOT a=1", 1, 1, f"Expected an attribute or '(', found 'NOT'{NOT_HINT}"),
        ("a=1 and not b=1", 1, 9, f"Expected an attribute or '(', found 'not'{NOT_HINT}"),
        ("()", 1, 2, "Expected an attribute or '(', found ')'"),
        ("\u017ftatus=1", 1, 1, "Expected an attribute or '(', found '\u017ftatus'"),
        ("a IN 1,", 1, 6, EMPTY),
        ("a IN ,1", 1, 6, EMPTY),
        ("a IN 1,,2", 1, 6, EMPTY),
        ('b=1 OR\na NOT IN ""', 2, 10, EMPTY),
    ],
)
def test_errors_show_the_place_and_what_was_expected(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse(text)
    error = caught.value
    shown = text.split("\n")[line - 1]
    assert error.message == f"{message} (line {line}, column {column})\n  {shown}\n  {' ' * (column - 1)}^"
    assert (error.text, error.line, error.column) == (text, line, column)
    assert error.__cause__ is not None


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("job x=1", 5, f"Expected {OPERATORS}, found 'x'; or WHERE after a type"),
        ("job WHERE", 10, f"Expected an attribute or '(', found {END}"),
        ("WHERE a=1", 1, "Expected an attribute or '(', found 'WHERE'"),
        ("job WHERE a", 12, f"Expected {OPERATORS}, found {END}"),
        ("job WHERE task WHERE a=1", 16, f"Expected {OPERATORS}, found 'WHERE'{NO_TYPE}"),
        (" job.x WHERE a=1", 2, "A type of entity has no '.' in its name"),
    ],
)
def test_errors_of_statements(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_statement(text)
    assert caught.value.message.startswith(f"{message} (line 1, column {column})\n")
    assert (caught.value.text, caught.value.line, caught.value.column) == (text, 1, column)


def test_parentheses_may_be_as_deep_as_they_like() -> None:
    assert parse("(" * 5000 + "a=1" + ")" * 5000) == A
    for text in ("(" * 5000, "(" * 5000 + "a=1" + ")" * 4999, ")" * 5000, "a=" + "f(" * 5000):
        with pytest.raises(ExpressionSyntaxError):
            parse(text)


def test_and_within_or_may_not() -> None:
    text = "(a=1 AND (b=2 OR " * 2500 + "c=3" + "))" * 2500
    for read in (parse, parse_statement):
        with pytest.raises(ExpressionSyntaxError) as caught:
            read(text)
        assert caught.value.message.startswith(
            "The expression nests AND and OR more than 100 levels deep; write it flatter (line 1, column 1)"
        )


def test_long_texts_are_read_and_not_kept() -> None:
    ids = tuple(f"{number:024x}" for number in range(3000))
    assert parse(f"id IN {','.join(ids)}") == Comparison("id", Operator.IN, ids)
    long_text, short_text = f"a={'x' * 1999}", f"a={'x' * 1998}"
    assert parse(long_text) is not parse(long_text)
    assert parse(short_text) is parse(short_text)
    assert parse_statement(long_text) is not parse_statement(long_text)
    assert parse_statement(short_text) is parse_statement(short_text)


def test_errors_are_not_kept() -> None:
    caught = []
    for _ in range(2):
        with pytest.raises(ExpressionSyntaxError) as info:
            parse("a=1 AND")
        caught.append(info.value)
    assert caught[0] is not caught[1]


def test_threads_share_one_parser() -> None:
    texts = [f"a={number} AND (b=2 OR c IN x,y)" for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(parse, texts))
    assert trees == [And((eq("a", str(number)), parse("b=2 OR c IN x,y"))) for number in range(200)]
    assert parser._built() is parser._built()


def test_importing_the_room_does_not_import_lark() -> None:
    modules = "tree, values, dialect, rewriting, compiler, evaluator, parser"
    code = f"import sys; from accsyn_orm.expressions import {modules}; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own words


def test_the_grammar_stands_in_its_module() -> None:
    assert "disjunction" in grammar.GRAMMAR
    assert grammar.EmptyItemError(7).offset == 7


def test_a_parser_that_is_built_anew_reads_the_same() -> None:
    built: Any = grammar.build_parser()
    assert built.parse("a=1 AND (b=2 OR c IN x,y)", start="expression") == And((A, parse("b=2 OR c IN x,y")))
    assert built.parse("job WHERE a=1", start="statement") == ("job", A)
    assert built.parse("a=and", start="expression") == eq("a", "and")


def test_an_error_points_at_the_type_and_not_at_the_same_text_further_on() -> None:
    with pytest.raises(ExpressionSyntaxError) as raised:
        parse_statement("job.x WHERE code=job.x")
    assert (raised.value.line, raised.value.column) == (1, 1)
