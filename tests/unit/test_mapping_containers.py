"""Dictionaries and lists in JSON fields: like the built-in ones, but their entity hears of every change."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import InvalidValue
from accsyn_orm.mapping.containers import TrackedDict, TrackedList, plain, tracked

if TYPE_CHECKING:
    from collections.abc import Callable

TREE: dict[str, Any] = {"a": 1, "list": [3, 1, 2], "deep": {"er": [{"x": None}]}}

CHANGES: list[Callable[[Any], Any]] = [
    lambda d: d.__setitem__("a", 2),
    lambda d: d.__delitem__("a"),
    lambda d: d.__ior__({"b": 1}),
    lambda d: d.clear(),
    lambda d: d.pop("a"),
    lambda d: d.pop("none", "default"),
    lambda d: d.popitem(),
    lambda d: d.setdefault("b", []),
    lambda d: d.setdefault("b"),
    lambda d: d.setdefault("list", []).append(4),
    lambda d: d.update({"b": 1}, c=2),
    lambda d: d.update([("b", 1)]),
    lambda d: d["list"].__setitem__(0, 9),
    lambda d: d["list"].__setitem__(slice(0, 2), [7, {"y": 1}]),
    lambda d: d["list"].__delitem__(0),
    lambda d: d["list"].__delitem__(slice(None)),
    lambda d: d["list"].__iadd__([4]),
    lambda d: d["list"].__imul__(2),
    lambda d: d["list"].append(4),
    lambda d: d["list"].extend(item for item in (4, 5)),
    lambda d: d["list"].insert(1, {"y": []}),
    lambda d: d["list"].pop(),
    lambda d: d["list"].pop(0),
    lambda d: d["list"].remove(3),
    lambda d: d["list"].clear(),
    lambda d: d["list"].reverse(),
    lambda d: d["list"].sort(reverse=True),
    lambda d: d["deep"]["er"][0].__setitem__("x", "new"),
    lambda d: d["deep"]["er"].append([]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_does_what_it_does_to_a_built_in_one_and_is_heard_of_before(
    change: Callable[[Any], Any],
) -> None:
    heard: list[Any] = []
    expected = copy.deepcopy(TREE)
    value = tracked(TREE, lambda: heard.append(plain(value)))
    outcome, wanted = change(value), change(expected)
    assert value == expected
    assert outcome == wanted
    assert heard, "the change was not noticed"
    assert heard[0] == TREE, "it was noticed too late to keep the original"


def test_what_was_put_in_is_tracked_as_well() -> None:
    heard: list[int] = []
    value = tracked({}, lambda: heard.append(1))
    value["new"] = {"list": []}
    value["new"]["list"].append({})
    value["new"]["list"][0]["x"] = 1
    assert value == {"new": {"list": [{"x": 1}]}}
    assert len(heard) == 3


def test_reading_is_not_a_change() -> None:
    heard: list[int] = []
    value = tracked(TREE, lambda: heard.append(1))
    _ = value["a"], value.get("z"), list(value), dict(value), value | {"b": 1}, value == TREE, "a" in value
    _ = value["list"] + [1], value["list"] * 2, value["list"][:], sorted(value["list"]), value["list"].copy()
    assert json.loads(json.dumps(value)) == TREE
    assert not heard


def test_the_callers_own_object_stays_apart() -> None:
    mine = {"list": [1]}
    value = tracked({}, lambda: None)
    value["a"] = mine
    mine["list"].append(2)
    value["a"]["list"].append(3)
    assert (mine, value) == ({"list": [1, 2]}, {"a": {"list": [1, 3]}})


def test_copies_are_plain_and_free() -> None:
    heard: list[int] = []
    value = tracked(TREE, lambda: heard.append(1))
    for duplicate in (copy.deepcopy(value), pickle.loads(pickle.dumps(value)), plain(value)):  # noqa: S301 -- our own
        assert duplicate == TREE
        assert type(duplicate) is dict
        assert type(duplicate["list"]) is list
        assert type(duplicate["deep"]["er"][0]) is dict
        duplicate["deep"]["er"][0]["x"] = 5
    shallow = copy.copy(value["list"])
    shallow.append(1)
    assert type(shallow) is list
    assert type(copy.copy(value)) is dict
    assert not heard
    assert value == TREE


@pytest.mark.parametrize(
    "attempt",
    [
        lambda d: d.__setitem__("x", object()),
        lambda d: d.__setitem__("x", {"y": float("nan")}),
        lambda d: d.__setitem__(5, "x"),
        lambda d: d.update({None: 1}),
        lambda d: d.setdefault("x", b"bytes"),
        lambda d: d["list"].append(object()),
        lambda d: d["list"].extend([1, object()]),
        lambda d: d["list"].insert(0, object()),
        lambda d: d["list"].__setitem__(0, object()),
        lambda d: d["list"].__setitem__(slice(None), [1, float("inf")]),
        lambda d: d["list"].__iadd__([object()]),
    ],
)
def test_what_json_cannot_say_is_refused_at_once_and_changes_nothing(attempt: Callable[[Any], Any]) -> None:
    heard: list[int] = []
    value = tracked(TREE, lambda: heard.append(1))
    with pytest.raises(InvalidValue):
        attempt(value)
    assert value == TREE
    assert not heard


def test_what_is_put_in_takes_its_wire_form() -> None:
    value = tracked({}, lambda: None)
    value["when"] = dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone.utc)
    value["many"] = (1, 2)
    assert value == {"when": "2026-07-01T12:00:00", "many": [1, 2]}
    assert isinstance(value, TrackedDict)
    assert isinstance(value["many"], TrackedList)
