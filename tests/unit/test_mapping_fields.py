"""Fields: what may be set, to what, and how the refusal reads."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from accsyn_orm import Entity, InvalidValue, Job, Queue, ReadOnlyField, Task, UnknownField, User, fields
from accsyn_orm.mapping import kinds

UTC = dt.timezone.utc


class Reel(Entity, entitytype="reel"):
    """A class with a field of every kind."""

    frames = fields.integer("frame_count")
    rate = fields.number()
    locked = fields.boolean()
    due = fields.timestamp()
    note = fields.text(optional=True)
    grades = fields.json(shape=list[str])
    owner: Any = fields.reference("User")
    place: Any = fields.reference(None)


@pytest.mark.parametrize(
    ("field", "value", "wire"),
    [
        ("frames", 24, 24),
        ("frames", 10**30, 10**30),
        ("rate", 23.976, 23.976),
        ("rate", 24, 24),
        ("rate", 10**400, 10**400),
        ("locked", False, False),
        (
            "due",
            dt.datetime(2026, 7, 1, 14, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            "2026-07-01T12:00:00",
        ),
        ("due", dt.datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=UTC), "2026-07-01T12:00:00"),
        ("due", dt.date(2026, 7, 1), "2026-07-01T00:00:00"),
        ("note", None, None),
        ("note", "", ""),
        ("grades", ["a"], ["a"]),
        ("owner", "5b0faf03304bfd4810dbd5fc", "5b0faf03304bfd4810dbd5fc"),
        ("place", "site:5b0faf03304bfd4810dbd5fc", "site:5b0faf03304bfd4810dbd5fc"),
    ],
)
def test_what_fits_a_field_is_taken(field: str, value: Any, wire: Any) -> None:
    from accsyn_orm.mapping import state

    reel = Reel(**{field: value})
    assert state.wire_value(reel, Reel.__mapper__.fields[field]) == wire


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("code", 5, "code of a reel: 5 is not text"),
        ("code", None, "code of a reel cannot be None"),
        ("frames", True, "frames of a reel: True is not a whole number"),
        ("frames", 1.0, "frames of a reel: 1.0 is not a whole number"),
        ("rate", "24", "rate of a reel: '24' is not a finite number"),
        ("rate", math.nan, "rate of a reel: nan is not a finite number"),
        ("rate", math.inf, "rate of a reel: inf is not a finite number"),
        ("rate", True, "rate of a reel: True is not a finite number"),
        ("locked", 1, "locked of a reel: 1 is not True or False"),
        ("due", "2026-07-01", "due of a reel: '2026-07-01' is not a datetime with a time zone"),
        ("due", dt.datetime(2026, 7, 1), "value.astimezone() takes it as local time"),  # noqa: DTZ001 -- what is refused
        ("due", dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1))), "1 to 9999"),
        ("grades", ["a", 5], "expected str @ $[1]"),
        ("metadata", {"a": {1, object()}}, "at $.a"),
        ("owner", 5, "owner of a reel: 5 is not a User or an id"),
        ("place", 5, "place of a reel: 5 is not an entity or an id"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would_be_right(field: str, value: Any, wanted: str) -> None:
    reel = Reel()
    with pytest.raises(InvalidValue) as caught:
        setattr(reel, field, value)
    assert wanted in str(caught.value)
    assert getattr(reel, field) is None, "a refused value left a trace"


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidValue) as caught:
        Reel(frames="x" * 10_000)
    assert len(str(caught.value)) < 200


def test_an_enumerated_status_is_checked_and_the_nearest_is_suggested() -> None:
    job = Job()
    with pytest.raises(InvalidValue) as caught:
        job.status = "abort"
    assert str(caught.value) == "'abort' is not a status that can be set on a job; did you mean 'aborted'?"
    with pytest.raises(InvalidValue, match=r"there are aborted, done, paused, pending, waiting"):
        job.status = "xyz"


@pytest.mark.parametrize("status", ["init", "running", "failed"])
def test_a_status_that_exists_but_only_the_server_sets_is_refused(status: str) -> None:
    with pytest.raises(InvalidValue, match="that can be set on a job"):
        Job(status=status)


@pytest.mark.parametrize(
    ("cls", "statuses"),
    [
        (Job, {"waiting", "paused", "aborted", "done", "pending"}),
        (Task, {"queued", "failed", "onhold", "excluded", "done"}),
    ],
)
def test_the_documented_statuses_can_be_set(cls: type[Any], statuses: set[str]) -> None:
    assert set(cls.__mapper__.fields["status"].settable) == statuses
    for status in statuses:
        assert cls(status=status).status == status


@pytest.mark.parametrize(
    ("entity", "field", "value", "reason"),
    [
        (Job, "id", "x", "id of a job cannot be set: the server sets it"),
        (Job, "size", 5, "size of a job cannot be set: the server measures it"),
        (Job, "user_hr", "x", "derives it from the reference beside it"),
        (Job, "user", "x", "user of a job cannot be set: the server sets it"),
        (User, "logged_in", None, "the server notes it"),
        (User, "inactive", True, "use session.deactivate(user) and activate"),
        (Queue, "uri", "x", "uri of a queue cannot be set: the server sets it"),
        (Queue, "status", "paused", "takes it only once the entity exists"),
    ],
)
def test_a_field_that_cannot_be_written_refuses_and_says_why(
    entity: type[Any], field: str, value: Any, reason: str
) -> None:
    with pytest.raises(ReadOnlyField) as caught:
        setattr(entity(), field, value)
    assert reason in str(caught.value)
    assert isinstance(caught.value, AttributeError)


def test_an_unknown_field_is_refused_with_a_suggestion() -> None:
    job = Job()
    with pytest.raises(UnknownField, match=r"^no field 'stauts' on Job; did you mean 'status'\?$"):
        job.stauts = "aborted"  # pyright: ignore[reportAttributeAccessIssue] # the mistake
    with pytest.raises(UnknownField, match="no field 'stauts' on Job"):
        Job(stauts="aborted")
    with pytest.raises(UnknownField, match="no field 'stauts' on Job"):
        _ = job.stauts  # pyright: ignore[reportAttributeAccessIssue] # the mistake
    assert not hasattr(job, "stauts")


def test_a_field_cannot_be_deleted() -> None:
    job = Job(code="x")
    with pytest.raises(AttributeError, match="set it to None"):
        del job.code
    assert job.code == "x"


def test_a_field_of_a_new_entity_that_was_not_set_is_none() -> None:
    assert Job().code is None
    assert Job().metadata is None
    assert Job().queue is None


def test_reading_never_fails_whatever_the_server_sends() -> None:
    stamp = kinds.Timestamp()
    assert stamp.from_wire("2026-07-01T12:00:00") == dt.datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert stamp.from_wire("2026-07-01T12:00:00.250") == dt.datetime(
        2026, 7, 1, 12, 0, 0, 250_000, tzinfo=UTC
    )
    odd: Any
    for odd in ("soon", "", 7, None, [], "2026-13-45T12:00:00"):
        assert stamp.from_wire(odd) == odd


def test_a_reference_takes_an_entity_of_its_class_alone() -> None:
    with pytest.raises(InvalidValue, match="queue of a job is a Queue, not <User"):
        Job(queue=User(code="lisa@example.com"))
    queue = Queue(name="night")
    assert Job(queue=queue).queue is queue
    assert Job(queue=queue).queue_id is None


def test_the_text_form_for_queries() -> None:
    assert kinds.Boolean().to_text(value=True) == "true"
    assert kinds.Integer().to_text(5) == "5"
    assert kinds.Timestamp().to_text(dt.datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T00:00:00"
    with pytest.raises(ValueError, match="compares text, not objects"):
        kinds.Json().to_text({})
