"""What a query set refuses before anything is sent: fields, lookups, values, conditions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accsyn_orm import (
    InvalidValue,
    Job,
    Q,
    QueryError,
    Queue,
    Task,
    UnknownField,
    UnknownLookup,
    UnrepresentableValue,
    User,
)

ID = "5b0faf03304bfd4810dbd5fc"

jobs = Job.objects


@pytest.mark.parametrize(
    ("keywords", "kind", "message"),
    [
        ({"stauts": "x"}, UnknownField, "no field 'stauts' on Job; did you mean 'status'?"),
        ({"user__cod": "x"}, UnknownField, "no field 'cod' on User; did you mean 'code'?"),
        ({"code__contain": "x"}, UnknownLookup, "no lookup 'contain'; did you mean 'contains'?"),
        ({"user__code__beginswith": "x"}, UnknownLookup, "no lookup 'beginswith'; did you mean 'endswith'?"),
        (
            {"code__contains__ne": "x"},
            QueryError,
            "code__contains__ne: 'code' is no reference, so only one lookup can follow it, not 'contains__ne'",
        ),
        ({"user__code__contains": "lisa"}, InvalidValue, "look the user up first and filter by user__in"),
        ({"queue__code": "night"}, InvalidValue, "look the queue up first and filter by queue__in"),
        (
            {"user__role": "admin"},
            InvalidValue,
            (
                "user__role: accsyn compares a reference by the id of what it leads to, or a user's e-mail address as a"
                " whole, and nothing documents another way; look the user up first and filter by user__in"
            ),
        ),
        (
            {"status": "abort"},
            InvalidValue,
            "'abort' is not a status that a job can have; did you mean 'aborted'?",
        ),
        ({"status__in": ["failed", "abort"]}, InvalidValue, "'abort' is not a status that a job can have"),
        ({"status": 5}, InvalidValue, "status of a job: 5 is not text"),
        ({"size": "big"}, InvalidValue, "size of a job: 'big' is not a whole number"),
        ({"size__gt": 1.5}, InvalidValue, "size of a job: 1.5 is not a whole number"),
        ({"size": True}, InvalidValue, "size of a job: True is not a whole number"),
        ({"size__in": [1, "2"]}, InvalidValue, "size of a job: '2' is not a whole number"),
        ({"speed": float("nan")}, InvalidValue, "speed of a job: nan is not a finite number"),
        ({"mirror": "yes"}, InvalidValue, "mirror of a job: 'yes' is not True or False"),
        ({"mirror": 1}, InvalidValue, "mirror of a job: 1 is not True or False"),
        (
            {"created__gt": "2026-08-01"},
            InvalidValue,
            "created of a job: '2026-08-01' is not a datetime with a time zone",
        ),
        (
            {"created__gt": dt.datetime(2026, 8, 1)},  # noqa: DTZ001 -- this is what is refused
            InvalidValue,
            "is not a datetime with a time zone; value.astimezone() takes it as local time",
        ),
        (
            {"code": None},
            InvalidValue,
            "code of a job cannot be compared with None: accsyn has no documented way to ask for an empty attribute",
        ),
        ({"user": None}, InvalidValue, "user of a job cannot be compared with None"),
        ({"id__in": [ID, None]}, InvalidValue, "id of a job cannot be compared with None"),
        ({"user": 5}, InvalidValue, "user of a job: 5 is not a User or an id"),
        ({"metadata": {"a": 1}}, UnrepresentableValue, "accsyn compares text, not objects"),
        ({"code__in": "abc"}, InvalidValue, "code__in takes a list of values, not 'abc'"),
        ({"code__in": b"abc"}, InvalidValue, "code__in takes a list of values, not b'abc'"),
        ({"code__in": 5}, InvalidValue, "code__in takes a list of values, not 5"),
        ({"code__contains": ""}, InvalidValue, "code of a job: '' is not text to look for"),
        ({"code__contains": 5}, InvalidValue, "code of a job: 5 is not text to look for"),
        ({"code__like": None}, InvalidValue, "code of a job: None is not text to look for"),
        ({"code__regex": ""}, InvalidValue, "code of a job: '' is not text to look for"),
        ({"code__startswith": ""}, InvalidValue, "code of a job: '' is not text to look for"),
        (
            {"code__startswith": "a*"},
            InvalidValue,
            (
                "code__startswith: accsyn takes the * in 'a*' for any text, and has no way to say the character itself;"
                " use __like if any text is meant"
            ),
        ),
        ({"code__endswith": "*a"}, InvalidValue, "code__endswith: accsyn takes the * in '*a' for any text"),
    ],
)
def test_what_is_refused_at_once(keywords: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        jobs.filter(**keywords)
    assert message in str(caught.value)
    with pytest.raises(kind):
        jobs.filter(~Q(**keywords) | Q(code="x"))


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"code": "a*b"}, "accsyn may read '*' as a wildcard"),
        ({"code__ne": "*"}, "accsyn may read '*' as a wildcard"),
        ({"code__contains": "*"}, "accsyn may read '*' as a wildcard"),
        ({"code__in": ["a", "b*"]}, "accsyn may read '*' as a wildcard"),
        ({"code": "a\nb"}, "is a line break or control character"),
        ({"code__regex": "\x00"}, "is a line break or control character"),
        ({"code__like": "a**"}, "write one '*'"),
        ({"code": "\"'"}, "it has both kinds of quotes"),
        ({"code": "a\\"}, "a backslash at its end"),
    ],
)
def test_what_no_query_can_hold(keywords: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnrepresentableValue) as caught:
        _ = jobs.filter(**keywords).query
    assert reason in str(caught.value)


def test_an_entity_without_an_id_cannot_be_compared() -> None:
    new = User(code="new@example.com")
    with pytest.raises(InvalidValue, match="has no id yet: commit it before it is used in a query"):
        jobs.filter(user=new)
    with pytest.raises(InvalidValue, match="has no id yet: commit it before it is used in a query"):
        jobs.filter(Job.user.in_([new]))


def test_an_entity_of_another_class_cannot_be_compared() -> None:
    with pytest.raises(InvalidValue, match="user of a job is a User, not <Queue 'high'"):
        jobs.filter(user=Queue(code="high"))
    with pytest.raises(InvalidValue, match="user of a job is a User, not <Queue 'high'"):
        jobs.exclude(user__in=[Queue(code="high")])


def test_conditions_of_another_class_are_refused() -> None:
    with pytest.raises(
        QueryError, match=r"Task\.status is not a field of Job, which is what this query looks for"
    ):
        jobs.filter(Task.status == "done")
    with pytest.raises(QueryError, match=r"Queue\.status is not a field of Job"):
        jobs.exclude(Q(code="x") | (Queue.status == "paused"))


@pytest.mark.parametrize("what", [5, None, True, {"code": "x"}, Job])
def test_what_is_no_condition_is_refused(what: Any) -> None:
    with pytest.raises(QueryError, match="is not a condition: filter takes Q"):
        jobs.filter(what)


def test_text_is_no_condition() -> None:
    with pytest.raises(QueryError, match=r"accsyn query text goes into \.where"):
        jobs.filter("status=failed")  # type: ignore[arg-type]


def test_a_condition_has_no_truth_value() -> None:
    condition = Job.status == "failed"
    for misused in (
        lambda: bool(condition),
        lambda: condition and Q(),
        lambda: condition or Q(),
        lambda: not condition,
    ):
        with pytest.raises(TypeError, match=r"combine conditions with & \| ~ instead of and, or, not"):
            misused()


@pytest.mark.parametrize("other", [5, "code=x", None, True])
def test_conditions_combine_with_nothing_else(other: Any) -> None:
    for predicate in (Job.status == "failed", Q(status="failed")):
        with pytest.raises(TypeError, match="combines with conditions and Q"):
            _ = predicate & other
        with pytest.raises(TypeError, match="combines with conditions and Q"):
            _ = predicate | other
