"""What a query set compiles to; nothing here asks anything."""

from __future__ import annotations

from typing import Any

import pytest

from accsyn_orm import (
    InvalidValue,
    Job,
    Q,
    QueryError,
    QuerySet,
    Queue,
    Task,
    UnknownField,
    UnknownLookup,
    UnrepresentableValue,
    User,
)

IDENT = "5bfeb0381da7ee4095fa217e"


def where(query_set: QuerySet[Any]) -> str:
    return query_set.query.partition(" WHERE ")[2]


def test_the_example_of_the_documentation() -> None:
    jobs = Job.objects.filter(
        Q(user=IDENT) & Q(source__ne="hq") | Q(status__ne="failed"), code="Daily backup"
    )
    assert (
        jobs.query == f'job WHERE ((user={IDENT} AND source!=hq) OR status!=failed) AND code="Daily backup"'
    )


@pytest.mark.parametrize(
    ("query_set", "text"),
    [
        (Job.objects.all(), "job"),
        (Job.objects.filter(), "job"),
        (Job.objects.filter(Q()), "job"),
        (Task.objects.filter(status="queued"), "task WHERE status=queued"),
        (Task.objects.filter(job=IDENT), f"task WHERE job.id={IDENT}"),
        (Task.objects.filter(job__id=IDENT), f"task WHERE job.id={IDENT}"),
        (Queue.objects.filter(default=True), "queue WHERE default=true"),
        (Queue.objects.filter(priority=500), "queue WHERE priority=500"),
    ],
)
def test_whole_statements(query_set: QuerySet[Any], text: str) -> None:
    assert query_set.query == text


@pytest.mark.parametrize(
    ("query_set", "text"),
    [
        (Job.objects.filter(status="failed"), "status=failed"),
        (Job.objects.filter(status__exact="failed"), "status=failed"),
        (Job.objects.filter(status__ne="failed"), "status!=failed"),
        (Job.objects.filter(status="failed", code="a"), "status=failed AND code=a"),
        (Job.objects.filter(status="failed").filter(code="a"), "status=failed AND code=a"),
        (Job.objects.filter(status="failed").filter(status="failed"), "status=failed"),
        (Job.objects.filter(Job.status != "failed"), "status!=failed"),
        (Job.objects.filter(user__code="lisa@example.com"), "user=lisa@example.com"),
        (Job.objects.filter(user_id=IDENT), f"user={IDENT}"),
        (Job.objects.filter(pk=IDENT), f"id={IDENT}"),
        # OR, AND and what nests them
        (Job.objects.filter(Q(code="a") | Q(code="b")), "code=a OR code=b"),
        (
            Job.objects.filter(Q(code="a") | Q(code="b"), status="failed"),
            "(code=a OR code=b) AND status=failed",
        ),
        (Job.objects.filter(Q(code="a") | Q(code="b") & Q(name="c")), "code=a OR (code=b AND name=c)"),
        (Job.objects.filter((Q(code="a") | Q(code="b")) & Q(name="c")), "(code=a OR code=b) AND name=c"),
        (Job.objects.filter(Q(code="a", name="b") | Q(name="c")), "(code=a AND name=b) OR name=c"),
        (Job.objects.filter(Q(Job.code == "a", name="b")), "code=a AND name=b"),
        (Job.objects.filter((Job.code == "a") | Q(name="b")), "code=a OR name=b"),
        (Job.objects.filter(Q() | Q(code="a")), "code=a"),
        (Job.objects.filter(Q(code="a") & Q()), "code=a"),
        # Negation, which the language does not have
        (Job.objects.exclude(status="failed"), "status!=failed"),
        (Job.objects.exclude(status__ne="failed"), "status=failed"),
        (Job.objects.exclude(status="failed", code="a"), "status!=failed OR code!=a"),
        (Job.objects.exclude(status="failed").exclude(code="a"), "status!=failed AND code!=a"),
        (Job.objects.filter(~Q(status="failed")), "status!=failed"),
        (Job.objects.filter(~~Q(status="failed")), "status=failed"),
        (Job.objects.filter(~(Q(code="a") | Q(code="b"))), "code!=a AND code!=b"),
        (Job.objects.filter(~(Q(code="a") & Q(code="b"))), "code!=a OR code!=b"),
        (Job.objects.filter(~(Q(code="a") & ~Q(code="b", name="c"))), "code!=a OR (code=b AND name=c)"),
        (Job.objects.filter(~(Job.size > 5)), "size<=5"),
        (
            Job.objects.exclude(Q(code="a") | Q(name="b"), status="failed"),
            "(code!=a AND name!=b) OR status!=failed",
        ),
    ],
)
def test_expressions(query_set: QuerySet[Any], text: str) -> None:
    assert where(query_set) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("Kept Case", '"Kept Case"'),
        ("", '""'),
        ("a=1 OR id!=b", '"a=1 OR id!=b"'),
        ('say "hi"', "'say \"hi\"'"),
        ("it's", '"it\'s"'),
        ("and", '"and"'),
        ("ünïcode", None),
    ],
)
def test_nothing_of_a_value_becomes_syntax(value: str, text: str | None) -> None:
    from accsyn_orm.expressions.parser import parse
    from accsyn_orm.expressions.tree import Comparison, Operator

    compiled = where(Job.objects.filter(code=value))
    assert parse(compiled) == Comparison("code", Operator.EQ, value)
    if text is not None:
        assert compiled == f"code={text}"


@pytest.mark.parametrize("value", ["both \" and '", "line\nbreak", "a*b", "\x00", "\u2028"])
def test_what_cannot_be_written_is_refused_before_anything_is_sent(value: str) -> None:
    with pytest.raises(UnrepresentableValue):
        _ = Job.objects.filter(code=value).query


def test_fields_lookups_and_values_are_checked_against_the_declaration() -> None:
    with pytest.raises(UnknownField, match=r"no field 'stauts' on Job; did you mean 'status'\?"):
        Job.objects.filter(stauts="failed")
    with pytest.raises(UnknownLookup, match="no lookup 'nee'"):
        Job.objects.filter(status__nee="failed")
    with pytest.raises(
        InvalidValue, match=r"'fialed' is not a status that a job can have; did you mean 'failed'\?"
    ):
        Job.objects.exclude(status="fialed")
    with pytest.raises(InvalidValue, match="size of a job: 'big' is not a whole number"):
        Job.objects.filter(size="big")
    with pytest.raises(InvalidValue, match="cannot be compared with None"):
        Job.objects.filter(code=None)
    with pytest.raises(InvalidValue, match="has no id yet"):
        Job.objects.filter(queue=Queue(name="new"))
    with pytest.raises(QueryError, match=r"accsyn query text goes into \.where"):
        Job.objects.filter("status=failed")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # the mistake
    with pytest.raises(QueryError, match="is no reference"):
        Job.objects.filter(code__name__ne="x")


def test_a_query_of_an_entity_uses_its_id(served: Any) -> None:
    session, _ = served(lambda asked: [{"id": IDENT, "code": "lisa@example.com"}])
    lisa = session.get(User, IDENT)
    assert where(Job.objects.filter(user=lisa)) == f"user={IDENT}"
    assert where(Job.objects.exclude(user=lisa)) == f"user!={IDENT}"


def test_every_method_returns_a_new_query_set_and_leaves_the_old_one_alone() -> None:
    session: Any = object()
    jobs = Job.objects.filter(status="failed")
    others = [
        jobs.all(), jobs.filter(code="a"), jobs.exclude(code="a"), jobs.only("code"), jobs.finished(), jobs.archived(),
        jobs.inactive(), jobs.within(IDENT), jobs.using(session), jobs[:5], jobs[5:], jobs.none(),
    ]  # fmt: skip
    assert all(other is not jobs for other in others)
    assert len({id(other) for other in others}) == len(others)
    assert jobs.query == "job WHERE status=failed"
    assert repr(jobs) == "<QuerySet job WHERE status=failed (not fetched)>"


def test_nothing_to_ask(served: Any) -> None:
    _, server = served(lambda asked: [])
    for empty in (
        Job.objects.none(),
        Job.objects.filter(id__in=[]),
        Job.objects.all()[5:5],
        Job.objects.none().filter(code="a"),
    ):
        assert list(empty) == []
        assert (len(empty), bool(empty), empty.count(), empty.exists(), empty.first()) == (
            0,
            False,
            0,
            False,
            None,
        )
        assert "no request is made" in empty.query
        with pytest.raises(Job.DoesNotExist):
            empty.get()
    assert not server.asked


def test_q_reads_as_it_was_written() -> None:
    assert repr(Q(code="a", status__ne="failed")) == "Q(code='a', status__ne='failed')"
    assert not Q()
    assert Q(code="a")
    with pytest.raises(TypeError):
        _ = Q(code="a") & "b"  # type: ignore[operator] # pyright: ignore[reportOperatorIssue] # the mistake
