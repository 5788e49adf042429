"""accsyn's own query text in `where()`: parsed, checked, composed."""

from __future__ import annotations

from typing import Any

import pytest

from accsyn_orm import (
    ExpressionSyntaxError,
    InvalidValue,
    Job,
    QueryError,
    UnknownField,
)

jobs = Job.objects


def text_of(query_set: Any) -> str:
    """Return what stands after WHERE."""
    before, _, text = query_set.query.partition(" WHERE ")
    assert before == query_set.description.mapper.entitytype
    return str(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('status!=failed AND code="Daily backup"', 'status!=failed AND code="Daily backup"'),
        ("job WHERE status<>failed", "status!=failed"),
        ("transfer WHERE status=FAILED", "status=FAILED"),
        ("id in a,b", "id IN a,b"),
        ("code = '* backup'", 'code="* backup"'),
        ("created>2026-08-01", "created>2026-08-01"),
        ("metadata.shot=0010", "metadata.shot=0010"),
        ("user.id=5b", "user.id=5b"),
        ("status contains fail", "status CONTAINS fail"),
    ],
)
def test_where_takes_accsyns_text(text: str, query: str) -> None:
    assert text_of(jobs.where(text)) == query


def test_where_composes() -> None:
    text = "status=failed OR status=paused"
    assert text_of(jobs.where(text).filter(size__gt=5)) == "(status=failed OR status=paused) AND size>5"
    assert text_of(jobs.filter(size__gt=5).where(text)) == "size>5 AND (status=failed OR status=paused)"
    assert jobs.where("").query == jobs.where("job").query == "job"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "stauts=failed",
            UnknownField,
            "no attribute 'stauts' in entities of type job; did you mean 'status'?",
        ),
        ("user.code=x", UnknownField, "no attribute 'user.code' in entities of type job"),
        ("code=x AND (size>5 OR nope=1)", UnknownField, "no attribute 'nope'"),
        ("status=abort", InvalidValue, "'abort' is not a status of a job; did you mean 'aborted'?"),
        ("status IN failed,abort", InvalidValue, "'abort' is not a status of a job"),
        ("size>big", InvalidValue, "size of a job: 'big' is not a whole number"),
        ("mirror=yes", InvalidValue, "mirror of a job: 'yes' is not true or false"),
        ("created>yesterday", InvalidValue, "'yesterday' is not a date, YYYY-MM-DDTHH:MM:SS in UTC"),
        ("user WHERE code=x", QueryError, "the statement is about 'user', and Job.objects looks for 'job'"),
        ("status=failed AND (code=x", ExpressionSyntaxError, "A '(' is never closed"),
        (
            "code=Daily backup",
            ExpressionSyntaxError,
            "Expected AND, OR or the end of the text, found 'backup'",
        ),
        ("NOT status=failed", ExpressionSyntaxError, "turn the operators round instead"),
    ],
)
def test_where_refuses_what_does_not_hold(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        jobs.where(text)
    assert message in str(caught.value)


def test_where_shows_the_place() -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        jobs.where("status=failed AND (code=x")
    assert (caught.value.line, caught.value.column) == (1, 26)
    assert str(caught.value).endswith(f"\n  status=failed AND (code=x\n  {' ' * 25}^")
