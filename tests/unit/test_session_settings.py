"""Settings as calls and as mappings, over a scripted server that keeps them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Queue, errors

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "614d660de50d45bb027c9bdd"
DEFAULTS = {"transfer_mode": "copy"}


class Keeper:
    """Keep the settings of each target; values that are no text are refused."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str | None], dict[str, Any]] = {}

    def __call__(self, asked: Any) -> Any:
        if asked.uri != "setting":
            return [{"id": ID, "code": "high", "name": "High"}]
        own = self.kept.setdefault((asked.data["entitytype"], asked.id), {})
        name = asked.data.get("name")
        if asked.method == "PUT":
            assert isinstance(asked.data["value"], str)
            own[name] = asked.data["value"]
            return True
        if asked.method == "DELETE":
            return own.pop(name, None) is not None
        return own if name is None else own.get(name, DEFAULTS.get(name))


@pytest.fixture
def kept() -> Keeper:
    return Keeper()


@pytest.fixture
def session(served: Any, kept: Keeper) -> Any:
    return served(kept)[0]


def test_as_a_mapping(session: Any, kept: Keeper) -> None:
    settings = session.settings["queue", ID]
    settings["compute_avoid"] = "disable"
    assert kept.kept["queue", ID] == {"compute_avoid": "disable"}
    assert settings["compute_avoid"] == "disable"
    assert settings.get("compute_avoid") == "disable"
    assert "compute_avoid" in settings
    assert list(settings) == list(settings.keys()) == ["compute_avoid"]
    assert list(settings.items()) == [("compute_avoid", "disable")]
    assert list(settings.values()) == ["disable"]
    assert len(settings) == 1
    assert dict(settings) == settings == {"compute_avoid": "disable"}
    del settings["compute_avoid"]
    assert not settings
    assert kept.kept["queue", ID] == {}


def test_what_holds_is_read_and_what_is_its_own_is_listed(session: Any) -> None:
    settings = session.settings[None]
    assert settings["transfer_mode"] == "copy"
    assert "transfer_mode" not in settings
    assert list(settings) == []
    assert settings.get("nothing") is None
    assert settings.get("nothing", "x") == "x"
    assert settings.setdefault("transfer_mode", "onewaysync") == "copy"


def test_going_through_is_one_request(served: Any, kept: Keeper) -> None:
    session, server = served(kept)
    settings = session.settings["queue", ID]
    settings.update({"a": "1", "b": "2"})
    before = len(server.asked)
    assert dict(settings.items()) == {"a": "1", "b": "2"}
    assert list(settings.values()) == ["1", "2"]
    assert len(server.asked) == before + 2


def test_what_is_not_set(session: Any) -> None:
    with pytest.raises(KeyError) as caught:
        session.settings["queue", ID]["nothing"]
    assert isinstance(caught.value, errors.SettingNotSet)
    assert isinstance(caught.value, errors.NotFound)
    assert str(caught.value) == f"queue {ID} has no setting 'nothing', nor is there a default"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("disable", "disable"),
        ("", ""),
        (50, "50"),
        (True, "true"),
        ([1, "a"], '[1, "a"]'),
        ({"a": {"b": None}}, '{"a": {"b": null}}'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "2026-01-02T03:04:05"),
    ],
)
def test_values_are_text(session: Any, kept: Keeper, value: Any, text: str) -> None:
    settings = session.settings["queue", ID]
    settings["x"] = value
    assert kept.kept["queue", ID] == {"x": text}
    assert settings["x"] == text
    assert session.set_setting("queue", "x", value, ID) is True


def test_json(session: Any) -> None:
    settings = session.settings[None]
    settings["x"] = {"a": [1]}
    assert settings.json("x") == {"a": [1]}
    settings["y"] = "{"
    with pytest.raises(errors.InvalidValue, match="'y' of the workspace"):
        settings.json("y")
    with pytest.raises(errors.SettingNotSet):
        settings.json("z")


@pytest.mark.parametrize("value", [None, object(), float("nan")])
def test_values_that_are_none(session: Any, kept: Keeper, value: Any) -> None:
    with pytest.raises(errors.InvalidValue):
        session.settings[None]["x"] = value
    assert kept.kept == {}


def test_a_value_from_the_server_that_is_no_text(session: Any, kept: Keeper) -> None:
    kept.kept["queue", ID] = {"x": 5, "y": {"a": 1}}
    settings = session.settings["queue", ID]
    assert settings["x"] == "5"
    assert dict(settings) == {"x": "5", "y": '{"a": 1}'}


def test_targets(session: Any, kept: Keeper) -> None:
    queue = session.get(Queue, ID)
    for target in (None, "workspace", "Workspace", queue, ("Queue", ID)):
        session.settings[target]["x"] = "1"
    assert set(kept.kept) == {("workspace", None), ("queue", ID)}
    assert repr(session.settings[queue]) == f"<settings of queue {ID}>"
    assert repr(session.settings[None]) == "<settings of the workspace>"


@pytest.mark.parametrize(
    "target", ["queue", ("queue",), ("queue", ""), ("queue", None), ("../x", ID), ("queue", "a/b"), 5, ID, Queue()]
)  # fmt: skip
def test_what_has_no_settings(session: Any, kept: Keeper, target: Any) -> None:
    with pytest.raises(errors.AccsynError):
        session.settings[target]
    assert kept.kept == {}


@pytest.mark.parametrize("name", ["", " ", None, 5, "a\nb"])
def test_names(session: Any, kept: Keeper, name: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: session.set_setting("queue", name, "v", ID),
        lambda: session.delete_setting("queue", name, ID),
    ]
    for call in calls:
        with pytest.raises(errors.InvalidValue, match=r"setting|code"):
            call()
    assert kept.kept == {}


def test_no_hash(session: Any) -> None:
    with pytest.raises(TypeError):
        hash(session.settings[None])


def test_an_answer_of_null_is_no_setting_at_all(served: Any) -> None:
    session, _ = served(lambda _: None)
    assert session.get_setting("x") is None
    assert session.get_settings() == {}
    with pytest.raises(errors.ProtocolError):
        session.set_setting("queue", "x", "v", ID)


def test_false_is_returned(served: Any) -> None:
    session, _ = served(lambda _: False)
    assert session.set_setting("queue", "x", "v", ID) is False
    assert session.delete_setting("queue", "x", ID) is False
