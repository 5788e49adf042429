"""What is wrong with query text, and where, word for word."""

from __future__ import annotations

import pytest

from accsyn_orm.errors import ExpressionSyntaxError, UnrepresentableValue
from accsyn_orm.session.outcomes import CommitResult, Outcome
from accsyn_orm.session.plan import Kind, Operation, Plan
from accsyn_orm.session.statements import Statement, attributes_of, literal, parse_statement

ATTRIBUTES = "attributes are asked for with 'attributes WHERE entitytype=job', and with nothing else"


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("job WHERE a='b", "this quote is not closed", 1, 13),
        ('job\nWHERE\n  a="b', "this quote is not closed", 3, 5),
        ("job\nWHERE a=b AND c='", "this quote is not closed", 2, 17),
        ("job where", "nothing stands after WHERE", 1, 10),
        ("job status=failed", "after the entity type comes WHERE and an expression, or nothing", 1, 4),
    ],
)
def test_where_it_is_wrong(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_statement(text)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.text == (text if "quote" in message else " ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("Job", Statement("job")),
        ("  job \n", Statement("job")),
        ("job WHERE a = 'B  c'\n AND\td=1", Statement("job", "a = 'B  c' AND d=1")),
        ("job where(a=1)", Statement("job", "(a=1)")),
        ("job WHERE a='x\ty'", Statement("job", "a='x\ty'")),
    ],
)
def test_what_is_right(text: str, statement: Statement) -> None:
    assert parse_statement(text) == statement


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_no_query_at_all(text: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_statement(text)
    assert caught.value.message.startswith(f"{text!r} is no query: write 'job', or 'job WHERE status=failed'")


@pytest.mark.parametrize("piece", ["'a\nb'", '"a\x7fb"'])
def test_control_characters_in_quotes(piece: str) -> None:
    with pytest.raises(UnrepresentableValue) as caught:
        parse_statement(f"job WHERE a={piece}")
    assert caught.value.message == (
        f"{piece!r} holds a line break or another control character: a quoted value is one line"
    )


def test_control_characters_outside() -> None:
    with pytest.raises(UnrepresentableValue) as caught:
        parse_statement("job WHERE a=b\x00c")
    assert caught.value.message == "'a=b\\x00c' holds a control character, which no query can"


@pytest.mark.parametrize("expression", ["entitytype=job", "ENTITYTYPE = 'job'", 'entitytype="job"'])
def test_attributes(expression: str) -> None:
    assert attributes_of(expression) == "job"


@pytest.mark.parametrize("expression", [None, "", "entitytype=job AND a=1", "entitytype='job", "type=job"])
def test_attributes_of_nothing(expression: str | None) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        attributes_of(expression)
    assert caught.value.message.startswith(ATTRIBUTES)
    assert caught.value.text == (expression or "")


@pytest.mark.parametrize(
    ("value", "written"),
    [("a-b@c.d:/_1", "a-b@c.d:/_1"), ("a b", '"a b"'), ('a"b', "'a\"b'"), ("a'b", '"a\'b"'), ("", '""')],
)
def test_literals(value: str, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize("value", ["a\nb", "a*", "a\"b'c"])
def test_what_cannot_be_written(value: str) -> None:
    with pytest.raises(UnrepresentableValue) as caught:
        literal(value)
    assert caught.value.message == (
        f"{value!r} cannot stand in a query: it holds a control character, '*', or both kinds of quotes"
    )


class TestResults:
    ONE, TWO = (Operation(number, Kind.DELETE, "job", f"{number}") for number in (1, 2))

    def test_an_outcome_in_a_line(self) -> None:
        assert str(Outcome(self.ONE)) == "delete job 1"
        error = UnrepresentableValue("because")
        assert str(Outcome(self.ONE, "not_sent", error)) == "delete job 1: because"

    def test_a_result_in_a_line(self) -> None:
        one, two = Outcome(self.ONE), Outcome(self.TWO)
        plan = Plan("w", (self.ONE, self.TWO))
        assert str(CommitResult(plan)) == "nothing to do"
        assert str(CommitResult(plan, (one,), (two,))) == "1 applied, 1 rejected"
        assert str(CommitResult(plan, (), (), (one,), (two,))) == "1 unknown, 1 not sent"
        assert CommitResult(plan, (one, two)).complete
        assert not CommitResult(plan, (one,)).complete
