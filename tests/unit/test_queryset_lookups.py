"""Lookups, in both forms: the exact text that they compile to, and lookups of users' own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    Entity,
    InvalidValue,
    Job,
    Lookup,
    Q,
    Task,
    Transfer,
    User,
    fields,
    register_lookup,
)
from accsyn_orm.expressions.tree import Comparison, Expression, Operator
from accsyn_orm.queryset import lookups

if TYPE_CHECKING:
    from accsyn_orm import Session

UTC = dt.timezone.utc
ID = "5b0faf03304bfd4810dbd5fc"

jobs = Job.objects


class Clip(Entity, entitytype="clip"):
    """A class whose names differ on the wire, with a field that has the name of a lookup."""

    title = fields.text("clip_title")
    frames = fields.integer("frame_count")
    owner: Any = fields.reference("User", "owner_user")
    regex = fields.text()


def stored(session: Session, cls: type[Any]) -> Any:
    """Return an entity that has an id."""
    return cls.objects.using(session)[0]


def text_of(query_set: Any) -> str:
    """Return what stands after WHERE."""
    before, _, text = query_set.query.partition(" WHERE ")
    assert before == query_set.description.mapper.entitytype
    return str(text)


LOOKUPS: list[tuple[dict[str, Any], Any, str, str]] = [
    ({"status": "failed"}, Job.status == "failed", "status=failed", "status!=failed"),
    ({"status__exact": "failed"}, Job.status == "failed", "status=failed", "status!=failed"),
    ({"status__ne": "failed"}, Job.status != "failed", "status!=failed", "status=failed"),
    ({"size__lt": 5}, Job.size < 5, "size<5", "size>=5"),
    ({"size__lte": 5}, Job.size <= 5, "size<=5", "size>5"),
    ({"size__gt": 5}, Job.size > 5, "size>5", "size<=5"),
    ({"size__gte": 5}, Job.size >= 5, "size>=5", "size<5"),
    ({"code__in": ["a", "b"]}, Job.code.in_(["a", "b"]), "code IN a,b", "code NOT IN a,b"),
    ({"code__in": ["a"]}, Job.code.in_(["a"]), "code=a", "code!=a"),
    ({"code__in": ["a", "a"]}, Job.code.in_(["a", "a"]), "code=a", "code!=a"),
    (
        {"code__in": ("a", "b c")},
        Job.code.in_(("a", "b c")),
        'code=a OR code="b c"',
        'code!=a AND code!="b c"',
    ),
    ({"size__in": {7}}, Job.size.in_({7}), "size=7", "size!=7"),
    ({"code__contains": "a b"}, Job.code.contains("a b"), 'code CONTAINS "a b"', 'code NOT CONTAINS "a b"'),
    (
        {"code__startswith": "a.b"},
        Job.code.startswith("a.b"),
        'code="a.b*"',
        r'code NOT MATCHES "^a\.b(.|\n)*$"',
    ),
    ({"code__endswith": "a"}, Job.code.endswith("a"), 'code="*a"', r'code NOT MATCHES "^(.|\n)*a$"'),
    ({"code__like": "a*b"}, Job.code.like("a*b"), 'code="a*b"', r'code NOT MATCHES "^a(.|\n)*b$"'),
    ({"code__like": "a"}, Job.code.like("a"), "code=a", "code!=a"),
    ({"code__regex": r"\D+$"}, Job.code.regex(r"\D+$"), r'code MATCHES "\D+$"', r'code NOT MATCHES "\D+$"'),
]


@pytest.mark.parametrize(("keywords", "condition", "text", "negated"), LOOKUPS)
def test_every_lookup_in_both_forms(
    keywords: dict[str, Any], condition: Any, text: str, negated: str
) -> None:
    assert text_of(jobs.filter(**keywords)) == text
    assert text_of(jobs.filter(condition)) == text
    assert text_of(jobs.filter(Q(condition))) == text
    assert text_of(jobs.exclude(**keywords)) == negated
    assert text_of(jobs.filter(~Q(**keywords))) == negated
    assert text_of(jobs.filter(~condition)) == negated
    assert text_of(jobs.exclude(~condition)) == text


def test_the_table_above_has_every_lookup() -> None:
    named = {name.partition("__")[2] or "exact" for keywords, *_ in LOOKUPS for name in keywords}
    assert named == set(lookups.lookup_names())


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"mirror": True}, "mirror=true"),
        ({"mirror__ne": False}, "mirror!=false"),
        ({"speed__gt": 1.5}, "speed>1.5"),
        ({"speed__gt": 1}, "speed>1"),
        ({"size": -1}, "size=-1"),
        ({"size": 10**30}, f"size={10**30}"),
        ({"created": dt.date(2026, 8, 1)}, "created=2026-08-01T00:00:00"),
        ({"created__gte": dt.datetime(2026, 8, 1, 12, tzinfo=UTC)}, "created>=2026-08-01T12:00:00"),
        (
            {"created": dt.datetime(2026, 8, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=-5)))},
            "created=2026-08-01T17:00:00",
        ),
        ({"user": ID}, f"user={ID}"),
        ({"user_id": ID}, f"user={ID}"),
        ({"user": "lisa@example.com"}, "user=lisa@example.com"),
        ({"source": f"site:{ID}"}, f"source=site:{ID}"),
        ({"source__ne": "hq"}, "source!=hq"),
        ({"source_ref": "hq"}, "source=hq"),
        ({"pk": ID}, f"id={ID}"),
        ({"pk__in": [ID, "b"]}, f"id IN {ID},b"),
        ({"metadata__contains": "shot"}, "metadata CONTAINS shot"),
        # A part of a known value is no known value.
        ({"status__contains": "fail"}, "status CONTAINS fail"),
        ({"status__startswith": "fail"}, 'status="fail*"'),
        ({"status__like": "*ed"}, 'status="*ed"'),
        ({"code": ""}, 'code=""'),
        ({"code": "AND"}, 'code="AND"'),
        ({"code": "a) OR (b=c"}, 'code="a) OR (b=c"'),
        ({"code": 'say "x"'}, "code='say \"x\"'"),
        ({"code": "it's"}, 'code="it\'s"'),
        ({"code": "Größe"}, 'code="Größe"'),
        ({"code": "MiXed"}, "code=MiXed"),
    ],
)
def test_values_as_text(keywords: dict[str, Any], text: str) -> None:
    assert text_of(jobs.filter(**keywords)) == text


def test_an_entity_stands_for_its_id(session: Session) -> None:
    lisa, job = User.objects.using(session).get(code="lisa@example.com"), stored(session, Job)
    assert text_of(jobs.filter(user=lisa)) == f"user={lisa.id}"
    assert text_of(jobs.filter(Job.user == lisa)) == f"user={lisa.id}"
    assert text_of(jobs.filter(Job.user.in_([lisa, ID]))) == f"user IN {lisa.id},{ID}"
    assert text_of(Task.objects.filter(job=job)) == f"job.id={job.id}"
    transfer = stored(session, Transfer)
    assert text_of(Task.objects.filter(Task.job == transfer)) == f"job.id={transfer.id}"


def test_several_conditions_hold_together() -> None:
    assert (
        text_of(jobs.filter(Job.size > 5, status="failed", code="x")) == "size>5 AND status=failed AND code=x"
    )
    assert text_of(jobs.filter(status="failed").filter(size__gt=5)) == "status=failed AND size>5"
    assert text_of(jobs.exclude(status="failed", size__gt=5)) == "status!=failed OR size<=5"
    assert text_of(jobs.exclude(status="failed").exclude(size__gt=5)) == "status!=failed AND size<=5"
    assert text_of(jobs.filter(status="failed").filter(status="failed")) == "status=failed"


def test_and_and_or_are_mixed_with_parentheses() -> None:
    nested = Q(user="5bfe") & Q(source__ne="hq") | Q(status__ne="failed")
    assert (
        text_of(jobs.filter(nested, code="Daily backup"))
        == '((user=5bfe AND source!=hq) OR status!=failed) AND code="Daily backup"'
    )
    assert text_of(jobs.exclude(nested)) == "(user!=5bfe OR source=hq) AND status=failed"
    assert text_of(jobs.filter((Job.size > 5) | Q(code="x"), status="failed")) == (
        "(size>5 OR code=x) AND status=failed"
    )
    assert text_of(jobs.filter(Q(code="x") | (Job.size > 5))) == "code=x OR size>5"
    assert text_of(jobs.filter(Q(Job.size > 5, code="x") | Q(code="y"))) == "(size>5 AND code=x) OR code=y"


def test_an_empty_q_changes_nothing() -> None:
    assert jobs.filter(Q()).query == "job"
    assert text_of(jobs.filter(Q() | Q(code="x"))) == "code=x"
    assert text_of(jobs.filter(Q(code="x") | Q())) == "code=x"
    for combined in (
        Q() & (Job.code == "x"),
        Q() | (Job.code == "x"),
        (Job.code == "x") | Q(),
        (Job.code == "x") & Q(),
    ):
        assert text_of(jobs.filter(combined)) == "code=x"
    assert text_of(jobs.filter((Job.code == "x") & (Job.size > 5) | Q())) == "code=x AND size>5"


def test_a_list_of_nothing_matches_nothing() -> None:
    assert jobs.filter(id__in=[]).query == "(nothing: no request is made)"
    assert jobs.filter(Job.id.in_([]), code="x").query == "(nothing: no request is made)"
    assert text_of(jobs.filter(Q(id__in=[]) | Q(code="x"))) == "code=x"
    assert jobs.exclude(id__in=[]).query == "job"


@pytest.mark.parametrize(
    ("query_set", "text"),
    [
        (lambda: jobs.filter(user__code="lisa@example.com"), "user=lisa@example.com"),
        (lambda: jobs.filter(user__code__ne="lisa@example.com"), "user!=lisa@example.com"),
        (lambda: jobs.filter(user__code__in=["a@b.se", "c@d.se"]), "user IN a@b.se,c@d.se"),
        (lambda: jobs.filter(user__id=ID), f"user={ID}"),
        (lambda: jobs.filter(user__id__in=[ID, "b"]), f"user IN {ID},b"),
        (lambda: jobs.exclude(user__id__in=[ID, "b"]), f"user NOT IN {ID},b"),
        (lambda: Task.objects.filter(job__id=ID), f"job.id={ID}"),
        (lambda: Task.objects.filter(job__id__in=[ID, "b"]), f"job.id IN {ID},b"),
        (lambda: Task.objects.filter(job=ID), f"job.id={ID}"),
        (lambda: Task.objects.filter(Task.job == ID), f"job.id={ID}"),
        (lambda: Clip.objects.filter(owner__code="x"), "owner_user=x"),
        (lambda: Clip.objects.filter(title="x", frames__gt=1), "clip_title=x AND frame_count>1"),
        (lambda: Clip.objects.filter(Clip.title == "x"), "clip_title=x"),
        (lambda: Clip.objects.filter(regex__regex="x", regex="y"), "regex MATCHES x AND regex=y"),
        (lambda: Transfer.objects.filter(Job.status == "failed"), "status=failed"),
        (lambda: jobs.filter(Transfer.status == "failed"), "status=failed"),
    ],
)
def test_spanning_and_names_on_the_wire(query_set: Any, text: str) -> None:
    assert text_of(query_set()) == text


def test_users_register_their_own_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_lookups", dict(lookups._lookups))

    @register_lookup
    class Version(Lookup):
        name = "version"

        def expression(self, attribute: str, field: Any, value: Any, entitytype: str) -> Expression:
            return Comparison(attribute, Operator.LIKE, f"*_v{self.operand(field, value, entitytype)}")

    @register_lookup
    class Unfinished(Lookup):
        name = "unfinished"

    assert text_of(jobs.filter(code__version="12")) == 'code="*_v12"'
    assert text_of(jobs.exclude(code__version="12")) == r'code NOT MATCHES "^(.|\n)*_v12$"'
    with pytest.raises(InvalidValue, match="code of a job: 12 is not text"):
        jobs.filter(code__version=12)
    with pytest.raises(
        TypeError, match=r"'unfinished' does not say what it compiles to: override expression\(\)"
    ):
        jobs.filter(code__unfinished="x")
    assert isinstance(Version(), Lookup)
