"""What was committed and is read again by another session is what was set; and nothing is sent for nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from accsyn_orm import Entity, Job, Queue, Session, Task, User, fields
from accsyn_orm.mapping import state
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.schema import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOSTILE = [
    "", " ", "null", "json:null", "true", "0", "2026-07-01T12:00:00", "a' OR id!='", 'both " and \'', "*", "$.a",
    "\x00", "\n\r\t", "\u2028", "\x7f\x9b31m", "\ud800", "\U0001f3ac", "é", "e\u0301", "ObjectId", "__proto__",
    '{"message": "no"}', "</script>", "%s%n", "\\", "\\u0000", "ﬀ", "İ", "x" * 300,
]  # fmt: skip
TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=12)
# 64 bits: orjson, where it is installed, reads larger whole numbers as floats.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
METADATA = st.dictionaries(TEXT.filter(lambda key: key != "accsyn_orm_marker"), JSON, max_size=4)

# The examples of one test share a sandbox: each makes its own changes and reads them back.
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def values_of(cls: type[Any], settable: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Generate changes of any of the fields that may be set on this class and that the server lets anybody set."""
    # Of the statuses, those that servers of today take: ours name those of 2021 as well.
    statuses = set(types_of(cls.__mapper__.entitytype)[0].settable) & set(
        cls.__mapper__.fields["status"].settable
    )
    kinds = {
        "priority": st.integers(0, 1000),
        "name": TEXT.filter(bool),
        "metadata": METADATA,
        "status": st.sampled_from(sorted(statuses)),
    }
    choices = {}
    for name, field in cls.__mapper__.fields.items():
        if not field.update or field.wire not in settable or field.is_reference:
            continue
        strategy = kinds.get(name, TEXT)
        choices[name] = strategy | st.none() if field.optional and name != "metadata" else strategy
    return st.fixed_dictionaries({}, optional=choices)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def sessions(sandbox: Sandbox) -> Iterator[tuple[Session, Session]]:
    known = sandbox.credentials()
    arguments = (known["workspace"], known["username"], known["api_key"])
    with Session(*arguments, url=sandbox.url) as writer, Session(*arguments, url=sandbox.url) as reader:
        yield writer, reader


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 is neither true nor 1.0, and -0.0 is -0.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def written(entity: Any, changes: dict[str, Any]) -> dict[str, Any]:
    return {name: state.wire_value(entity, entity.__mapper__.fields[name]) for name in changes}


@pytest.mark.parametrize("cls", [Job, Queue, User, Task])
def test_committed_and_read_again_is_what_was_set(
    cls: type[Any], sandbox: Sandbox, sessions: tuple[Session, Session]
) -> None:
    writer, reader = sessions
    entitytype = cls.__mapper__.entitytype
    settable = set(writer.find(f"attributes WHERE entitytype={entitytype}", update=True))
    if cls is Task:
        parent = Job.objects.using(writer).filter(status="waiting")[0]
        chosen = parent.tasks[0]
    else:
        # A job that is not the first one, a queue that is not the default, a user that is not the one signed in.
        chosen = next(
            each for each in cls.objects.using(writer) if each.code not in {"john@user.com", "medium"}
        )
    # Codes are unique, and a change of role takes all access away: both have tests of their own.
    strategy = values_of(cls, settable - {"code", "role"})

    @shared
    @given(strategy)
    def holds(changes: dict[str, Any]) -> None:
        writer.rollback()
        for name, value in changes.items():
            setattr(chosen, name, value)
        before = len(sandbox.requests)
        plan = writer.plan()
        changed = {change.attribute for operation in plan for change in operation.changes}
        assert changed <= {cls.__mapper__.fields[name].wire for name in changes}
        writer.commit()
        sent = sandbox.requests[before:]
        assert len(sent) == len(plan)
        assert not writer.dirty
        assert not writer.plan()
        writer.commit()
        assert len(sandbox.requests) == before + len(sent), "a second commit sent something"
        reader.rollback()
        theirs = reader.get(cls, chosen.id)
        assert theirs is not None
        reader.refresh(theirs)
        for name, value in written(chosen, changes).items():
            assert same(value, written(theirs, changes)[name]), name
            if name != "metadata":
                assert same(value, changes[name]), name
            else:
                assert same(value, changes[name] or {})

    holds()


class Reel(Entity, entitytype="transfer"):
    """A transfer with more fields, for values that no documented field has."""

    frames = fields.integer()
    rate = fields.number()
    due = fields.timestamp(optional=True)
    locked = fields.boolean()
    grades = fields.json(shape=list[str])


# A day from the ends of the calendar, which no zone can cross. hypothesis wants its bounds naive.
EARLIEST = dt.datetime(1, 1, 2)  # noqa: DTZ001 -- see above
LATEST = dt.datetime(9999, 12, 30)  # noqa: DTZ001 -- see above


@shared
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "frames": st.integers(-(2**63), 2**63 - 1),
            "rate": st.floats(allow_nan=False, allow_infinity=False),
            "due": st.datetimes(EARLIEST, LATEST, timezones=st.timezones()) | st.none(),
            "locked": st.booleans(),
            "grades": st.lists(TEXT, max_size=3),
            "metadata": METADATA,
        },
    )
)
@example({"rate": -0.0, "due": dt.datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=dt.timezone.utc)})
def test_every_kind_of_value_survives_the_way_there_and_back(
    served: Callable[..., Any], values: dict[str, Any]
) -> None:
    stored: dict[str, Any] = {"id": "a" * 24, "metadata": {}}

    def answer(asked: Any) -> Any:
        if asked.method == "PUT":
            stored.update(asked.data)
        return [stored]

    writer, server = served(answer)
    reader, _ = served(answer)
    reel = writer.get(Reel, stored["id"])
    for name, value in values.items():
        setattr(reel, name, value)
    expected = {name: value for name, value in values.items() if not (name == "metadata" and same(value, {}))}
    writer.commit()
    puts = [asked for asked in server.asked if asked.method == "PUT"]
    assert [set(asked.data) for asked in puts] == ([set(expected)] if expected else [])
    theirs = reader.get(Reel, stored["id"])
    for name, value in values.items():
        mine, other = getattr(reel, name), getattr(theirs, name)
        if name == "due" and mine is not None:
            assert abs(mine - other) < dt.timedelta(seconds=1)
            assert other.utcoffset() == dt.timedelta(0)
        elif name == "rate":
            assert same(mine, other), "the sign of zero included"
            assert mine == other == value
        else:
            assert same(mine, other)
            assert same(mine, value)
    writer.close()
    reader.close()


@shared
@given(METADATA, METADATA, TEXT)
def test_what_is_set_and_set_back_is_never_sent(
    served: Callable[..., Any], first: Any, second: Any, text: str
) -> None:
    row = {"id": "a" * 24, "metadata": first, "description": text, "status": "waiting"}
    session, server = served(lambda asked: [row])
    job = session.get(Job, row["id"])
    job.metadata = second
    job.description = f"{text}!"
    job.status = "paused"
    assert session.dirty == [job]
    job.status = "waiting"
    job.description = text
    # As the caller would write it: keys in another order, tuples for lists.
    job.metadata = dict(reversed(list(first.items())))
    assert not session.dirty
    assert not session.plan()
    session.commit()
    assert [asked.method for asked in server.asked] == ["GET"]
    session.close()
