"""Any sequence of operations: an entity is dirty where, and only where, its JSON differs; and rollback restores it."""

from __future__ import annotations

import copy
import json
import operator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from accsyn_orm import Job, Session
from accsyn_orm.mapping import state

if TYPE_CHECKING:
    from collections.abc import Callable

# Few keys and values, so that sequences come back to where they were.
KEYS = st.sampled_from(["a", "b", "internal"])
LEAVES = st.sampled_from([None, True, 1, 1.0, 0, "", "1", "json:1"])
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=5
)
METADATA = st.dictionaries(KEYS, TREES, max_size=3)

shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def containers(value: Any) -> list[Any]:
    """Return a container and all containers in it, in an order that both trees share."""
    if isinstance(value, dict):
        return [value, *(found for key in sorted(value) for found in containers(value[key]))]
    if isinstance(value, list):
        return [value, *(found for item in value for found in containers(item))]
    return []


# Verb → what it does to a container, given a key or an index, and a value.
DICT_VERBS: dict[str, Callable[[dict[str, Any], str, Any], object]] = {
    "set": lambda target, key, value: target.__setitem__(key, value),
    "delete": lambda target, key, _: operator.delitem(target, key) if key in target else None,
    "pop": lambda target, key, _: target.pop(key, None),
    "update": lambda target, key, value: target.update({key: value}),
    "setdefault": lambda target, key, value: target.setdefault(key, value),
    "clear": lambda target, *_: target.clear(),
    "ior": lambda target, key, value: target.__ior__({key: value}),
}
LIST_VERBS: dict[str, Callable[[list[Any], int, Any], object]] = {
    "append": lambda target, _, value: target.append(value),
    "extend": lambda target, _, value: target.extend([value, 5]),
    "insert": lambda target, index, value: target.insert(index, value),
    "set": lambda target, index, value: index < len(target) and target.__setitem__(index, value),
    "slice": lambda target, index, value: target.__setitem__(slice(index, index + 2), [value]),
    "pop": lambda target, *_: target and target.pop(),
    "remove": lambda target, *_: target and target.remove(target[0]),
    "delete": lambda target, index, _: operator.delitem(target, index) if index < len(target) else None,
    "reverse": lambda target, *_: target.reverse(),
    "clear": lambda target, *_: target.clear(),
    "iadd": lambda target, _, value: target.__iadd__([value]),
    "imul": lambda target, *_: len(target) < 4 and target.__imul__(2),
}


def change_container(data: st.DataObject, mine: Any, model: Any) -> None:
    verbs: Any = DICT_VERBS if isinstance(model, dict) else LIST_VERBS
    verb = data.draw(st.sampled_from(list(verbs)))
    place = data.draw(KEYS if isinstance(model, dict) else st.integers(0, 3))
    value = data.draw(TREES)
    for target in (mine, model):
        verbs[verb](target, place, copy.deepcopy(value))


def change_something(data: st.DataObject, job: Job, model: dict[str, Any]) -> None:
    what = data.draw(
        st.sampled_from(["status", "description", "name", "assign", "inside", "inside", "inside"])
    )
    if what == "assign":
        value = data.draw(METADATA)
        job.metadata, model["metadata"] = value, copy.deepcopy(value)
    elif what == "inside":
        mine, theirs = containers(job.metadata), containers(model["metadata"])
        place = data.draw(st.integers(0, len(theirs) - 1))
        change_container(data, mine[place], theirs[place])
        # `[[]] * 2` is one list twice over, which JSON cannot say; the entity copies what is put in, and so it has two.
        model["metadata"] = json.loads(json.dumps(model["metadata"]))
    else:
        options: dict[str, list[Any]] = {
            "status": ["waiting", "paused", "aborted"],
            "description": [None, "", "null", "x"],
            "name": ["x", "y"],
        }
        value = data.draw(st.sampled_from(options[what]))
        setattr(job, what, value)
        model[what] = value


def opened(served: Callable[..., Any], metadata: Any) -> tuple[Session, Any, Job, dict[str, Any]]:
    row = {"id": "a" * 24, "status": "waiting", "description": None, "name": "x", "metadata": metadata}

    def answer(asked: Any) -> Any:
        if asked.method == "PUT":
            row.update(asked.data)
        return [copy.deepcopy(row)]

    session, server = served(answer)
    return session, server, session.get(Job, row["id"]), row


def held(job: Job) -> dict[str, Any]:
    return {
        name: state.wire_value(job, job.__mapper__.fields[name])
        for name in ("status", "description", "name", "metadata")
    }


def expected_changes(row: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if canonical(value) != canonical(row[name])}


@shared
@given(METADATA, st.integers(1, 8), st.data())
def test_dirty_where_and_only_where_the_json_differs_and_rollback_restores(
    served: Callable[..., Any], metadata: Any, steps: int, data: st.DataObject
) -> None:
    session, server, job, row = opened(served, metadata)
    original = held(job)
    model = copy.deepcopy(original)
    for _ in range(steps):
        change_something(data, job, model)
        assert canonical(held(job)) == canonical(model)
        changed = expected_changes(row, model)
        assert session.dirty == ([job] if changed else [])
        planned = {change.attribute: change for operation in session.plan() for change in operation.changes}
        assert set(planned) == set(changed)
        for name, change in planned.items():
            assert canonical(change.before) == canonical(original[name])
            assert canonical(change.after) == canonical(model[name])
    session.rollback()
    assert canonical(held(job)) == canonical(original)
    assert not session.dirty
    session.commit()
    assert [asked.method for asked in server.asked] == ["GET"]
    session.close()


@shared
@given(METADATA, st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data())
def test_commits_and_refreshes_between_lose_nothing(
    served: Callable[..., Any], metadata: Any, rounds: list[int], data: st.DataObject
) -> None:
    session, server, job, row = opened(served, metadata)
    model = copy.deepcopy(held(job))
    for steps in rounds:
        for _ in range(steps):
            change_something(data, job, model)
        changed = expected_changes(row, model)
        before = len(server.asked)
        if data.draw(st.booleans(), label="read again before the commit"):
            assert list(Job.objects.using(session).filter(code="x")[:1]) == [job]
            assert canonical(held(job)) == canonical(model), "a second read lost a local change"
        session.commit()
        puts = [asked.data for asked in server.asked[before:] if asked.method == "PUT"]
        assert [canonical(put) for put in puts] == ([canonical(changed)] if changed else [])
        assert not session.dirty
        assert canonical({name: row[name] for name in model}) == canonical(model)
    session.close()


@pytest.mark.parametrize("steps", [3])
@shared
@given(data=st.data())
def test_containers_that_were_held_before_a_rollback_never_change_the_entity_in_silence(
    served: Callable[..., Any], steps: int, data: st.DataObject
) -> None:
    session, _, job, _ = opened(served, {"a": {"b": [1]}, "b": []})
    old = containers(job.metadata)
    model = copy.deepcopy(held(job))
    for _ in range(steps):
        change_something(data, job, model)
    session.rollback()
    if job.metadata is not old[0]:
        for container in old:
            with pytest.raises(RuntimeError, match="out of date"):
                container.clear()
    assert not session.dirty
    session.close()
