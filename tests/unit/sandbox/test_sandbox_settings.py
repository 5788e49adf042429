"""Settings over the wire: values, inheritance, who may write them, and that they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Settings:
    """A workspace with a queue below a queue, a job in it, and a folder on the volume."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.above = client.create("queue", name="Above")
        self.queue = client.create("queue", name="Below", parent=self.above["id"])
        self.job = client.create(
            "transfer", name="Job", queue=self.queue["id"], settings={"from_create": "1"}
        )
        self.volume = client.find("volume")[0]
        self.folder = client.create("folder", name="Folder")
        self.ids = {
            "workspace": None,
            "above": self.above["id"],
            "queue": self.queue["id"],
            "job": self.job["id"],
            "volume": self.volume["id"],
            "folder": self.folder["id"],
        }

    def fields(self, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
        kind = "queue" if where == "above" else where
        identity = self.ids[where]
        return {"entitytype": kind}, {} if identity is None else {"id": identity}

    def set(self, where: str, name: str, value: Any) -> Any:
        data, fields = self.fields(where)
        return self.client.result("PUT", "setting", {**data, "name": name, "value": value}, **fields)

    def get(self, where: str, name: str, **more: Any) -> Any:
        data, fields = self.fields(where)
        return self.client.result("GET", "setting", {**data, "name": name, "data": None, **more}, **fields)

    def all(self, where: str, **more: Any) -> Any:
        data, fields = self.fields(where)
        options = {"recursive": False, "upstream": False, "omit_defaults": True, **more}
        return self.client.result("GET", "setting", {**data, **options}, **fields)

    def delete(self, where: str, name: str) -> Any:
        data, fields = self.fields(where)
        return self.client.result("DELETE", "setting", {**data, "name": name}, **fields)


@pytest.fixture(scope="module")
def settings(admin: Any) -> Settings:
    return Settings(admin)


@pytest.mark.parametrize(
    ("where", "seen_by"),
    [
        ("workspace", {"workspace", "above", "queue", "job", "volume", "folder"}),
        ("above", {"above", "queue", "job"}),
        ("queue", {"queue", "job"}),
        ("job", {"job"}),
        ("volume", {"volume", "folder"}),
        ("folder", {"folder"}),
    ],
)
def test_a_setting_holds_for_what_is_below(settings: Settings, where: str, seen_by: set[str]) -> None:
    assert settings.set(where, "Special", "here") is True
    assert {each for each in settings.ids if settings.get(each, "Special") == "here"} == seen_by
    assert {each for each in settings.ids if settings.all(each, upstream=True).get("Special")} == seen_by
    assert {each for each in settings.ids if settings.all(each).get("Special")} == {where}
    assert settings.delete(where, "Special") is True
    assert all(settings.get(each, "Special") is None for each in settings.ids)


def test_the_nearest_value_holds_and_a_deleted_one_uncovers_the_next(settings: Settings) -> None:
    for where, value in (("workspace", "1"), ("queue", "2"), ("job", "3")):
        settings.set(where, "job_max_retries", value)
    assert settings.get("job", "job_max_retries") == "3"
    settings.delete("job", "job_max_retries")
    assert settings.get("job", "job_max_retries") == "2"
    settings.delete("queue", "job_max_retries")
    assert settings.get("job", "job_max_retries") == "1"
    settings.delete("workspace", "job_max_retries")
    default = settings.get("job", "job_max_retries")
    assert isinstance(default, str)
    assert settings.all("job", omit_defaults=False)["job_max_retries"] == default
    assert "job_max_retries" not in settings.all("job")


def test_what_a_job_was_created_with_are_its_settings(settings: Settings) -> None:
    assert settings.get("job", "from_create") == "1"
    assert settings.all("job") == {"from_create": "1"}
    assert "settings" not in settings.client.find("transfer", f"id={settings.job['id']}")[0]


def test_recursive_tells_of_what_is_below(settings: Settings) -> None:
    settings.set("queue", "deep", "1")
    found = settings.all("above", recursive=True)
    assert found == {
        f"queue:{settings.above['id']}": {},
        f"queue:{settings.queue['id']}": {"deep": "1"},
        f"transfer:{settings.job['id']}": {"from_create": "1"},
    }
    settings.delete("queue", "deep")


def test_a_share_adds_its_settings(settings: Settings) -> None:
    settings.set("folder", "share_cache_scan_depth", "3")
    assert settings.all("workspace", share="folder")["share_cache_scan_depth"] == "3"
    assert "share_cache_scan_depth" not in settings.all("workspace")
    data = {"entitytype": None, "share": "starship"}
    assert "starship" in settings.client.refused(404, "GET", "setting", data)


def test_integrations_have_names_of_their_own(settings: Settings) -> None:
    client = settings.client
    data = {"entitytype": "workspace", "name": "url", "integration": "ftrack"}
    assert client.result("PUT", "setting", {**data, "value": "https://x"}) is True
    assert client.result("GET", "setting", data) == "https://x"
    assert settings.get("workspace", "url") is None
    assert "url" not in str(settings.all("workspace"))
    assert client.result("DELETE", "setting", data) is True


def test_a_setting_is_no_change_of_the_entity(settings: Settings) -> None:
    before = settings.client.find("folder", f"id={settings.folder['id']}")
    settings.set("folder", "share_cache_scan_depth", "4")
    assert settings.client.find("folder", f"id={settings.folder['id']}") == before


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"entitytype": "workspace", "name": "x", "value": 3}, 400, "must be a string"),
        ({"entitytype": "workspace", "name": "x", "value": {"a": 1}}, 400, "must be a string"),
        ({"entitytype": "workspace", "name": "x"}, 400, "must be a string"),
        ({"entitytype": "workspace", "name": "a b", "value": "1"}, 400, "name of a setting"),
        ({"entitytype": "workspace", "name": "a:b", "value": "1"}, 400, "name of a setting"),
        ({"entitytype": "workspace", "value": "1"}, 400, "name of a setting"),
        ({"entitytype": "workspace", "name": "transfer_mode", "value": "magic"}, 400, "onewaysync"),
        ({"entitytype": "starship", "name": "x", "value": "1"}, 404, "starship"),
        ({"entitytype": "queue", "name": "x", "value": "1"}, 404, "no queue"),
        ({"entitytype": 3, "name": "x", "value": "1"}, 400, "entitytype"),
        ({"entitytype": "workspace", "name": "x", "value": "1", "vlaue": "1"}, 400, "vlaue"),
    ],
)
def test_what_is_no_setting(settings: Settings, data: Any, status: int, said: str) -> None:
    assert said in settings.client.refused(status, "PUT", "setting", data)


def test_deleting_what_is_not_set_is_refused(settings: Settings) -> None:
    data = {"entitytype": "workspace", "name": "transfer_mode"}
    assert "transfer_mode" in settings.client.refused(404, "DELETE", "setting", data)


def test_the_first_generation_names_a_scope_and_an_ident(settings: Settings) -> None:
    client = settings.client
    for scope, ident in (("organization", None), ("queue", "below"), ("job", settings.queue["id"])):
        data = {"scope": scope, "name": "x", **({} if ident is None else {"ident": ident})}
        assert client.result("PUT", "setting", {**data, "value": "1"}) is True
        assert client.result("GET", "setting", {**data, "data": None}) == "1"
        assert client.result("DELETE", "setting", data) is True


# role -> where it may (read, write)
ROLES = {
    "admin": {"workspace": (1, 1), "queue": (1, 1), "volume": (1, 1), "folder": (1, 1), "job": (1, 1)},
    "employee": {"workspace": (1, 0), "queue": (1, 0), "volume": (0, 0), "folder": (1, 1), "job": (1, 1)},
    "standard": {"workspace": (0, 0), "queue": (0, 0), "volume": (0, 0), "folder": (0, 0), "job": (0, 0)},
}


@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_and_write(
    settings: Settings, connect: Callable[..., Any], empty: Sandbox, role: str
) -> None:
    client = connect(empty, role)
    for where, (read, write) in ROLES[role].items():
        data, fields = settings.fields(where)
        client.ask("GET", "setting", {**data, "name": "x"}, **fields)
        assert client.status == (200 if read else 403), where
        client.ask("PUT", "setting", {**data, "name": "x", "value": "1"}, **fields)
        assert client.status == (200 if write else 403), where
        client.ask("DELETE", "setting", {**data, "name": "x"}, **fields)
        assert client.status == (200 if write else 403), where


def test_settings_survive_a_restart(connect: Callable[..., Any], tmp_path: Path) -> None:
    for start in (1, 2):
        with Sandbox(data="empty", db=tmp_path / "db") as sandbox:
            client = connect(sandbox)
            data = {"entitytype": "workspace", "name": "transfer_mode"}
            assert client.result("GET", "setting", data) == ("copy" if start == 1 else "onewaysync")
            client.result("PUT", "setting", {**data, "value": "onewaysync"})


def test_an_archived_job_stays_archived(demo: Sandbox, reader: Any) -> None:
    identity = reader.ids("transfer", archived=True)[0]
    data = {"entitytype": "transfer", "name": "x", "value": "1"}
    assert reader.result("PUT", "setting", data, id=identity) is True
    assert reader.ids("transfer", archived=True)[0] == identity


def test_recursive_tells_nothing_of_what_may_not_be_read(
    settings: Settings, connect: Callable[..., Any], empty: Sandbox
) -> None:
    for where in ("volume", "folder"):
        settings.set(where, "hidden", "1")
    data = {"entitytype": "workspace", "recursive": True}
    seen = {
        client: client.result("GET", "setting", data)
        for client in (settings.client, connect(empty, "employee"))
    }
    for found, volume in zip(seen.values(), (True, False), strict=True):
        assert f"share:{settings.folder['id']}" in found
        assert (f"share:{settings.volume['id']}" in found) is volume
