from __future__ import annotations

import datetime as dt
import decimal
import enum
import time
from typing import Any

import pytest

from accsyn_orm.errors import QueryError
from accsyn_orm.expressions.evaluator import evaluate
from accsyn_orm.expressions.parser import parse
from accsyn_orm.expressions.rewriting import negate
from accsyn_orm.expressions.tree import EVERYTHING, NOTHING, And, Comparison, Operator, Or


class Status(enum.Enum):
    DONE = "done"


CEST = dt.timezone(dt.timedelta(hours=2))

ROW: dict[str, Any] = {
    "code": "Daily Backup",
    "status": Status.DONE,
    "size": 1500,
    "progress": 0.1,
    "ratio": decimal.Decimal("1.50"),
    "digits": "10",
    "nan": float("nan"),
    "default": True,
    "hidden": False,
    "created": dt.datetime(2026, 3, 1, 14, 5, 6, 789, tzinfo=CEST),
    "modified": dt.datetime(2026, 3, 1, 14, 5, 6),  # noqa: DTZ001 - the first generation sends no zone
    "day": dt.date(2026, 3, 1),
    "roles": ["Admin", "employee", 7, None, {"x": 1}],
    "tags": ("a", "b"),
    "none": None,
    "empty": [],
    "blank": "",
    "lines": "one\ntwo",
    "job": {"id": "5bfe", "user": {"code": "lisa"}, "key.x": "deep"},
    "job.key": "literal",
    "Mixed": "case",
    "word": "straße",
}


@pytest.mark.parametrize(
    "text",
    [
        'code="Daily backup"',
        "code!=Daily",
        "status=DONE",
        "size=1500",
        "size=1500.0",
        "size=1.5e3",
        "size>999",
        "size<1500.5",
        "size>=1500",
        "size<=1500",
        "size!=1501",
        "size>-1",
        # text, because one side is no number: 1500 comes before abc
        "size<abc",
        "digits<9",
        "digits=10",
        'code>="daily backup" AND code<="daily backup"',
        "digits!=10.0",
        "progress=0.1",
        "progress<0.11",
        "ratio=1.5",
        "nan=nan",
        "nan>5",
        "default=true",
        "default=TRUE",
        "default!=1",
        "hidden=False",
        "created=2026-03-01T12:05:06",
        "created>2026-03-01",
        "created<2026-03-01T12:05:07",
        "modified=2026-03-01T14:05:06",
        "day=2026-03-01T00:00:00",
        "code>daily",
        "code<E",
        "code CONTAINS LY",
        "size CONTAINS 50",
        "code=D*",
        'code="*BACKUP"',
        'code="d*ly*up"',
        "code!=*daily",
        'code!="daily"',
        'code MATCHES "LY\\s"',
        "code MATCHES ^daily",
        "code NOT MATCHES ^backup",
        "lines=one*",
        "lines=*two",
        'lines MATCHES "one.two" OR lines MATCHES "e$" OR lines=*n*e*',
        'blank=""',
        "blank=*",
        "blank!=x",
        "status IN x,Done",
        "code NOT IN x,daily",
        "roles=admin",
        "roles IN x,EMPLOYEE",
        "roles=7.0",
        "roles CONTAINS ploy",
        "roles!=x",
        "roles NOT CONTAINS xyz",
        "roles MATCHES ^emp",
        "roles=emp*",
        "tags=b",
        "job.id=5BFE",
        "job.user.code=lisa",
        "job.key=literal",
        "job.key.x=deep",
        "mixed=case",
        "JOB.ID=5bfe",
        "word=STRASSE",
        "word CONTAINS SS",
    ],
)
def test_what_holds(text: str) -> None:
    assert evaluate(parse(text), ROW)
    assert not evaluate(negate(parse(text)), ROW)


@pytest.mark.parametrize(
    "attribute", ["none", "missing", "job", "empty", "job.missing", "code.id", "missing.id", "job.user.x.y"]
)
def test_what_is_missing_equals_nothing(attribute: str) -> None:
    for positive in ('=""', "=None", "=*", "<x", ">x", " IN a,b", ' CONTAINS ""', " MATCHES .*"):
        tree = parse(attribute + positive)
        assert not evaluate(tree, ROW)
        assert evaluate(negate(tree), ROW)
    assert evaluate(parse(f"{attribute}>=5 AND {attribute}<=5"), ROW)


def test_lists_without_items() -> None:
    assert not evaluate(Comparison("code", Operator.IN, ()), ROW)
    assert evaluate(Comparison("code", Operator.NOT_IN, ()), ROW)


def test_an_equality_reads_a_star_as_it_is() -> None:
    row = {"code": "a*"}
    assert evaluate(Comparison("code", Operator.EQ, "A*"), row)
    assert not evaluate(Comparison("code", Operator.EQ, "*"), row)
    assert evaluate(Comparison("code", Operator.IN, ("x", "A*")), row)


def test_a_pattern_without_star_is_an_equality() -> None:
    assert evaluate(Comparison("size", Operator.LIKE, "1.5e3"), ROW)
    assert not evaluate(Comparison("code", Operator.LIKE, "daily"), ROW)


def test_a_pattern_takes_its_other_characters_as_they_are() -> None:
    assert evaluate(Comparison("f", Operator.LIKE, "a.b*"), {"f": "a.bc"})
    assert not evaluate(Comparison("f", Operator.LIKE, "a.b*"), {"f": "axbc"})


def test_very_long_integers() -> None:
    row = {"n": 10**5000}
    assert evaluate(Comparison("n", Operator.EQ, "1" + "0" * 5000), row)
    assert evaluate(Comparison("n", Operator.CONTAINS, "10000"), row)
    assert evaluate(Comparison("n", Operator.LT, "1" + "0" * 5001), row)


def test_and_or_and_constants() -> None:
    yes, no = parse("size=1500"), parse("size=1")
    assert evaluate(And((yes, EVERYTHING)), ROW)
    assert not evaluate(And((yes, no)), ROW)
    assert evaluate(Or((no, yes)), ROW)
    assert not evaluate(Or((no, NOTHING)), ROW)
    assert evaluate(And(()), ROW)
    assert not evaluate(Or(()), ROW)


def test_keys_as_written_go_before_keys_of_another_case() -> None:
    row = {"CODE": "upper", "code": "lower"}
    assert evaluate(parse("code=lower"), row)
    assert evaluate(parse("CODE=upper"), row)


@pytest.mark.parametrize("pattern", ["(", "[a", "*a", "a{99999999999999999999}"])
@pytest.mark.parametrize("attribute", ["code", "missing"])
@pytest.mark.parametrize("operator", [Operator.MATCHES, Operator.NOT_MATCHES])
def test_an_invalid_regular_expression(pattern: str, attribute: str, operator: Operator) -> None:
    with pytest.raises(QueryError) as caught:
        evaluate(Comparison(attribute, operator, pattern), ROW)
    start = f"{pattern!r}, asked of {attribute!r}, is not a regular expression that Python reads: "
    assert caught.value.message.startswith(start)
    assert caught.value.message == f"{start}{caught.value.__cause__}"


def test_dates_are_compared_in_utc_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        for name, moment in (("created", "2026-03-01T12:05:06"), ("modified", "2026-03-01T14:05:06")):
            assert evaluate(Comparison(name, Operator.EQ, moment), ROW)
    finally:
        monkeypatch.undo()
        time.tzset()
