"""What a class body makes: slots, columns, the registry of classes, documentation."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import types
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    ConfigurationError,
    Entity,
    Job,
    NotFound,
    QueryError,
    Queue,
    Task,
    Transfer,
    User,
    fields,
)
from accsyn_orm.mapping import registry
from accsyn_orm.mapping.fields import Column
from accsyn_orm.mapping.predicates import Condition

if TYPE_CHECKING:
    from collections.abc import Callable


class Shot(Job):
    """A class of a user's own: a job with one more field, under another name on the wire."""

    shot = fields.text("shot_code", optional=True, doc="the shot")
    delivered = fields.timestamp("delivery_date", optional=True)


class Plate(Shot, entitytype="Plate"):
    """A class of a type of its own; types are compared in lower case."""


def test_a_subclass_inherits_the_type_and_the_fields() -> None:
    assert Shot.__mapper__.entitytype == "job"
    assert list(Shot.__mapper__.fields)[: len(Job.__mapper__.fields)] == list(Job.__mapper__.fields)
    assert list(Shot.__mapper__.fields)[-2:] == ["shot", "delivered"]
    assert "shot" not in Job.__mapper__.fields
    assert Plate.__mapper__.entitytype == "plate"
    assert Task.__mapper__.parent == "job"
    assert Job.__mapper__.parent is None


def test_fields_travel_by_their_wire_names(served: Callable[..., Any]) -> None:
    row = {"id": "614d660de50d45bb027c9bdd", "shot_code": "SH010", "delivery_date": "2026-07-01T12:00:00"}
    session, server = served(lambda asked: [row])
    shot = session.get(Shot, row["id"])
    assert shot.shot == "SH010"
    assert shot.delivered == dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone.utc)
    shot.shot = "SH020"
    shot.delivered = dt.datetime(2026, 7, 2, tzinfo=dt.timezone.utc)
    assert Shot.objects.filter(shot="SH010").query == "job WHERE shot_code=SH010"
    session.commit()
    assert server.asked[-1].data == {"shot_code": "SH020", "delivery_date": "2026-07-02T00:00:00"}


def test_instances_are_slots_and_nothing_else() -> None:
    job = Shot(code="x")
    assert not hasattr(job, "__dict__")
    assert not hasattr(Job(), "__dict__")


def test_fields_of_the_class_are_columns() -> None:
    assert isinstance(Job.status, Column)
    assert isinstance(Job.user, Column)
    assert isinstance(Job.user_id, Column)
    assert repr(Shot.status) == "<column Shot.status>"
    condition = Job.size > 10**9
    assert isinstance(condition, Condition)
    assert (condition.field.name, condition.lookup, condition.value) == ("size", "gt", 10**9)
    made = [Job.code == "a", Job.code != "a", Job.size < 1, Job.size <= 1, Job.size >= 1, Job.code.in_(["a"])]
    assert [each.lookup for each in made] == ["exact", "ne", "lt", "lte", "gte", "in"]
    texts = [
        Job.code.contains("a"),
        Job.code.startswith("a"),
        Job.code.endswith("a"),
        Job.code.like("*"),
        Job.code.regex("a"),
    ]
    assert [each.lookup for each in texts] == ["contains", "startswith", "endswith", "like", "regex"]
    assert len({Job.status, Job.status}) == 2, "columns can be kept in sets"


def test_a_condition_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"combine conditions with & \| ~"):
        bool(Job.status == "failed")
    with pytest.raises(TypeError):
        _ = Job.status == "failed" and Job.code == "x"
    with pytest.raises(TypeError):
        _ = (Job.status == "failed") & "x"  # type: ignore[operator] # pyright: ignore[reportOperatorIssue] # the mistake


def test_a_condition_of_another_class_is_refused() -> None:
    with pytest.raises(QueryError, match=r"User\.role is not a field of Job"):
        Job.objects.filter(User.role == "admin")
    with pytest.raises(QueryError, match=r"Shot\.shot is not a field of Job"):
        Job.objects.filter(Shot.shot == "x")
    assert Shot.objects.filter(Job.status != "failed").query == "job WHERE status!=failed"


def test_objects_belongs_to_the_class() -> None:
    assert Job.objects is not Job.objects, "each use begins afresh"
    assert Job.objects.all().query == "job"
    with pytest.raises(AttributeError, match=r"use Job\.objects"):
        _ = Job().objects


def test_each_class_has_errors_of_its_own() -> None:
    assert issubclass(Job.DoesNotExist, NotFound)
    assert not issubclass(Job.DoesNotExist, User.DoesNotExist)
    assert issubclass(Shot.DoesNotExist, Job.DoesNotExist)
    assert issubclass(Shot.MultipleObjectsReturned, Job.MultipleObjectsReturned)
    assert issubclass(Job.DoesNotExist, LookupError)


def test_the_registry_leads_to_the_first_class_of_a_type() -> None:
    assert [registry.mapper_of_type(name).cls for name in ("job", "JOB", "user")] == [Job, Job, User]  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess] # mapped
    assert registry.mapper_of_type("unheard") is None
    assert registry.class_named("Queue") is Queue
    with pytest.raises(ConfigurationError, match=r"no entity class is named 'Nobody'; known are .*Job"):
        registry.class_named("Nobody")
    assert registry.canonical_type("job") == registry.canonical_type(Transfer.__mapper__.entitytype)
    assert registry.date_attributes("Job") == {"created", "modified", "finished"}
    assert "delivery_date" in registry.date_attributes("plate")
    assert registry.date_attributes("unheard") == {"created", "modified", "finished"}
    assert len({mapper.entitytype for mapper in registry.mappers()}) == len(registry.mappers())


@pytest.mark.parametrize("name", ["_hidden", "two__parts"])
def test_a_field_whose_name_lookups_could_not_read_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="double underscore"):
        types.new_class(
            "Odd", (Entity,), {"entitytype": "odd"}, lambda body: body.update({name: fields.text()})
        )


def test_help_shows_the_line_about_each_field() -> None:
    assert Shot.__dict__["__slots__"]["shot"] == "the shot"
    assert Job.__dict__["__slots__"]["size"] == "bytes; -1 while it is not known"


def test_an_entity_can_neither_be_pickled_nor_copied() -> None:
    job = Job(code="x")
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="belongs to its session"):
            attempt(job)
