"""Servers of volumes over the wire, as today's client assigns them and as the earlier ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.messages import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EID = "702da724-9925-4ab0-b711-4478099538d6"


@attrs.frozen
class Place:
    """A demo workspace, its admin, and its servers by code."""

    sandbox: Sandbox
    admin: Any
    servers: dict[str, str]

    def volume(self, name: str, **data: Any) -> str:
        return str(self.admin.create("volume", name=name, **data)["id"])

    def serving(self, volume: str) -> tuple[str | None, list[str]]:
        (row,) = self.admin.find("volume", f"id={volume}")
        return row["server"], row["siteservers"]


@pytest.fixture(scope="module")
def place(connect: Callable[..., Any]) -> Iterator[Place]:
    with Sandbox(data="demo") as sandbox:
        admin = connect(sandbox)
        clients = {row["code"]: row["id"] for row in admin.find("client")}
        yield Place(sandbox, admin, clients)


def test_a_server_of_the_main_site_and_those_of_others_serve_a_volume(place: Place) -> None:
    admin, volume = place.admin, place.volume("served")
    hq, sthlm, london = (place.servers[f"srv-{site}-01"] for site in ("hq", "sthlm", "london"))
    assert admin.result("GET", "Volume/servers", {}, id=volume) == []
    for server in (hq, sthlm, london, london):
        assert admin.result("PUT", "share/server", {"client": server}, id=volume) is True
        assert place.sandbox.effects[-1] == Effect(EID, "share/server", volume, "update")
    assert place.serving(volume) == (hq, [sthlm, london])
    rows = admin.result("GET", "Volume/servers", {}, id=volume)
    assert [(row["client"], row["code"], row["main"]) for row in rows] == [
        (hq, "srv-hq-01", True),
        (sthlm, "srv-sthlm-01", False),
        (london, "srv-london-01", False),
    ]
    assert rows[1]["site_hr"].startswith("sthlm(")
    assert (rows[1]["client_hr"], rows[1]["volume"]) == (f"srv-sthlm-01({sthlm})", volume)
    assert (rows[0]["status"], rows[2]["status"]) == ("online", "disabled-offline")
    assert admin.result("GET", "share/servers", {}, id=volume) == rows


@pytest.mark.parametrize("uri", ["volume/server", "share/server"])
def test_a_server_is_taken_away_once(place: Place, uri: str) -> None:
    admin, volume = place.admin, place.volume(f"taken {uri}")
    for code in ("srv-hq-01", "srv-sthlm-01"):
        admin.result("PUT", "share/server", {"client": place.servers[code]}, id=volume)
    assert admin.result("DELETE", uri, {"client": place.servers["srv-hq-01"]}, id=volume) is True
    assert place.sandbox.effects[-1] == Effect(EID, uri, volume, "update")
    assert place.serving(volume) == (None, [place.servers["srv-sthlm-01"]])
    assert admin.result("DELETE", uri, {"client": place.servers["srv-sthlm-01"]}, id=volume) is True
    assert place.serving(volume) == (None, [])
    count = len(place.sandbox.effects)
    assert admin.result("DELETE", uri, {"client": place.servers["srv-sthlm-01"]}, id=volume) is False
    assert len(place.sandbox.effects) == count


# What the 1.x and 2.x clients send: server or siteserver, to assign or to clear.
EARLIER = [
    ({"server": "srv-hq-01"}, ("srv-hq-01", [])),
    ({"siteserver": "srv-sthlm-01"}, ("srv-hq-01", ["srv-sthlm-01"])),
    ({"siteserver": "srv-london-01"}, ("srv-hq-01", ["srv-sthlm-01", "srv-london-01"])),
    ({"server_clear": "srv-hq-01"}, (None, ["srv-sthlm-01", "srv-london-01"])),
    ({"siteserver_clear": "srv-sthlm-01"}, (None, ["srv-london-01"])),
    ({"siteserver_clear": "srv-london-01", "server": "srv-hq-01"}, ("srv-hq-01", [])),
]


def test_the_earlier_clients_assign_by_editing_the_share(place: Place) -> None:
    volume = place.volume("earlier")
    names = {identity: code for code, identity in place.servers.items()}
    for data, (server, siteservers) in EARLIER:
        changed = place.admin.edit(
            "share", volume, **{key: place.servers[code] for key, code in data.items()}
        )
        assert changed["id"] == volume
        now, others = place.serving(volume)
        assert (names.get(now or ""), [names[each] for each in others]) == (server, siteservers)


@pytest.mark.parametrize(
    ("status", "data", "word"),
    [
        (400, {"siteserver": "srv-hq-01"}, "main site"),
        (400, {"server": "srv-sthlm-01"}, "sthlm("),
        (400, {"server": "srv-hq-01", "name": "x"}, "name"),
        (400, {"server": "lisa-nas"}, "not run by an admin"),
        (404, {"server": "nowhere"}, "'nowhere'"),
        (404, {"server": None}, "None"),
    ],
)
def test_edits_of_servers_that_are_refused(place: Place, status: int, data: Any, word: str) -> None:
    volume = place.volume(f"refused {data}")
    assert word in place.admin.refused(status, "PUT", "share/edit", data, id=volume)
    assert place.serving(volume) == (None, [])


def test_other_edits_of_a_share_are_edits(place: Place) -> None:
    volume = place.volume("edited", paths={"linux": "/a"})
    assert place.admin.edit("share", volume, paths={"linux": "/b"})["paths"] == {"linux": "/b"}
    assert place.admin.edit("share", volume, status="disabled", name="Edited")["status"] == "disabled"
    assert "'type'" in place.admin.refused(400, "PUT", "share/edit", {"type": "folder"}, id=volume)
    assert "event.id" in place.admin.refused(400, "PUT", "share/edit", {"name": "x"})


def test_only_volumes_are_served_and_only_by_servers(place: Place) -> None:
    admin, server = place.admin, {"client": place.servers["srv-hq-01"]}
    folder, volume = admin.ids("folder", "code=incoming")[0], place.volume("alone")
    assert "a folder" in admin.refused(404, "PUT", "share/server", server, id=folder)
    assert "nothing" in admin.refused(404, "PUT", "share/server", server)
    app = {"client": place.servers["emma-mbp"]}
    for uri, method in (("share/server", "PUT"), ("volume/server", "DELETE")):
        assert app["client"] in admin.refused(404, method, uri, app, id=volume)
        admin.refused(404, method, uri, {}, id=volume)
    assert admin.result("GET", "folder/servers", {}, id=folder) == []
    assert admin.result("GET", "volume/servers", {}, id="0" * 24) == []


@pytest.mark.parametrize("role", ["employee", "standard"])
def test_only_an_admin_assigns_and_sees_assignments(
    place: Place, connect: Callable[..., Any], role: str
) -> None:
    client, volume = connect(place.sandbox, role), place.volume(f"for {role}")
    server = place.servers["srv-hq-01"]
    place.admin.result("PUT", "share/server", {"client": server}, id=volume)
    client.refused(403, "PUT", "share/server", {"client": server}, id=volume)
    client.refused(403, "DELETE", "volume/server", {"client": server}, id=volume)
    client.refused(403, "PUT", "share/edit", {"server_clear": server}, id=volume)
    assert client.result("GET", "volume/servers", {}, id=volume) == []
    assert place.serving(volume) == (server, [])


def test_a_new_volume_names_its_servers(place: Place) -> None:
    hq, sthlm = place.servers["srv-hq-01"], place.servers["srv-sthlm-01"]
    assert place.serving(place.volume("made with", server=hq, siteservers=[sthlm, sthlm])) == (hq, [sthlm])
    for data in ({"server": sthlm}, {"siteservers": [hq]}):
        place.admin.refused(400, "POST", "volume/create", {"name": "made without", **data})
    place.admin.refused(404, "POST", "volume/create", {"name": "made without", "siteservers": ["nowhere"]})
    assert place.admin.find("volume", 'name="made without"') == []


def test_a_deleted_server_serves_nothing(place: Place) -> None:
    admin, london = place.admin, place.servers["srv-london-01"]
    volume = place.volume("left")
    admin.result("PUT", "share/server", {"client": london}, id=volume)
    assert admin.result("DELETE", "server/delete", None, id=london) is True
    assert place.serving(volume) == (None, [])
    assert admin.result("GET", "volume/servers", {}, id=volume) == []
