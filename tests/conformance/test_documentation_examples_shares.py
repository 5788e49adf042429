"""
Calls of the kind that the published documentation shows, page by page: shares, files, settings, publishing.

Each test is named by the page, and by what its section is about. They run against the sandbox.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm as accsyn_api

if TYPE_CHECKING:
    from collections.abc import Callable

LISA = "lisa@example.com"
READ, WRITE = {"read": True}, {"read": True, "write": True}


def code() -> str:
    """Return a code that nothing has."""
    return f"made-{uuid.uuid4().hex[:8]}"


def folder(session: Any, **more: Any) -> dict[str, Any]:
    """Create a folder on the default volume."""
    name = code()
    found: dict[str, Any] = session.create("folder", {"name": name, "path": name, **more})
    return found


# The volumes of filesharing.rst, and storage.md


def test_filesharing_create_a_volume(admin: Any) -> None:
    server = admin.find_one("server WHERE code=srv-hq-01")["id"]
    name = code()
    volume = admin.create(
        "volume",
        {"name": name, "code": name, "server": server, "paths": {"linux": "/mnt/x", "windows": "X:\\"}},
    )
    assert volume["paths"] == {"linux": "/mnt/x", "windows": "X:\\"}
    assert (volume["type"], volume["status"], volume["default"]) == ("volume", "enabled", False)
    changed = admin.update("volume", volume["id"], {"paths": {"linux": "/mnt/y"}})
    assert changed["paths"] == {"linux": "/mnt/y"}
    assert admin.delete_one("volume", volume["id"]) is True


def test_filesharing_assign_servers(admin: Any) -> None:
    name = code()
    volume = admin.create("volume", {"name": name, "paths": {"linux": f"/mnt/{name}"}})
    server = admin.find_one("server WHERE code=srv-sthlm-01")["id"]
    assert admin.assign("volume", "server", {"volume": volume["id"], "server": server}) is True
    assert [each["id"] for each in admin.assignments("volume", volume["id"])] == [server]
    assert admin.deassign("volume", "server", {"volume": volume["id"], "server": server}) is True
    assert admin.assignments("volume", volume["id"]) == []


def test_filesharing_volumes_are_for_admins(admin: Any, employee: Any) -> None:
    assert admin.find_one("volume WHERE default=True")["code"] == "projects"
    assert employee.find("volume") == []
    with pytest.raises(accsyn_api.AccsynException):
        employee.create("volume", {"name": code(), "paths": {"linux": "/mnt/z"}})


def test_filesharing_and_storage_delete_a_volume(admin: Any) -> None:
    with pytest.raises(accsyn_api.AccsynException, match="default"):
        admin.delete_one("volume", admin.find_one("volume WHERE default=true")["id"])
    name = code()
    volume = admin.create("volume", {"name": name, "paths": {"linux": f"/mnt/{name}"}})["id"]
    inside = folder(admin, parent=volume)
    assert admin.delete_one("volume", volume) is True
    assert admin.get_entity("folder", inside["id"]) is None


# filesharing.rst: folders, homes, collections


def test_filesharing_create_and_rename_a_folder(admin: Any) -> None:
    made = folder(admin)
    assert made["parent_hr"].startswith("share:Projects[volume]")
    changed = admin.update("folder", made["id"], {"name": "Renamed"})
    assert changed["name"] == "Renamed"
    assert admin.find_one(f"share WHERE id={made['id']}")["type"] == "folder"


def test_filesharing_create_a_home(admin: Any) -> None:
    user = admin.create("user", {"code": f"{code()}@vendor.example"})
    home = admin.create("home", {"user": user["code"]})
    assert home["user"] == user["id"]
    assert admin.access("home", home["id"]) == [], "a home by the API grants nothing"


def test_filesharing_collections(admin: Any) -> None:
    made = admin.create(
        "collection", {"name": code(), "files": ["volume=projects/thefilm/trailer/trailer_v001.mov"]}
    )
    added = admin.create("file", {"files": ["volume=projects/thefilm/trailer/trailer_v002.mov"]}, made["id"])
    assert added["name"] == "trailer_v002.mov"
    files = admin.find("file", entityid=made["id"])
    assert [file["name"] for file in files] == ["trailer_v001.mov", "trailer_v002.mov"]
    assert all(uuid.UUID(file["id"]) for file in files)
    assert admin.delete_many("collection", made["id"], {"files": [files[0]["id"]]}) is True
    assert [file["name"] for file in admin.find("file", entityid=made["id"])] == ["trailer_v002.mov"]


def test_filesharing_grant_access_and_revoke(admin: Any, lisa: Any) -> None:
    made = folder(admin)
    acl = admin.grant(
        "user", LISA, "folder", made["id"], {**READ, "path": "plates", "message": "Have a look."}
    )
    assert isinstance(acl, dict)
    assert (acl["read"], acl["write"], acl["path"]) == (True, False, "plates")
    assert [each["id"] for each in lisa.find(f"folder WHERE id={made['id']}")] == [made["id"]]
    admin.grant("user", LISA, "folder", made["id"], {**WRITE, "path": "plates"})
    (found,) = admin.access("folder", made["id"])
    assert (found["read"], found["write"], found["path"]) == (True, True, "plates")
    assert LISA in found["user_hr"]
    assert admin.revoke("user", LISA, "folder", made["id"]) is True
    assert (admin.access("folder", made["id"]), lisa.find(f"folder WHERE id={made['id']}")) == ([], [])


def test_filesharing_neither_read_nor_write(admin: Any) -> None:
    with pytest.raises(accsyn_api.AccsynException, match="read"):
        admin.grant("user", LISA, "folder", folder(admin)["id"], {"read": False, "write": False})


def test_filesharing_invite_somebody(admin: Any) -> None:
    address = f"{code()}@vendor.example"
    admin.grant("user", address, "folder", folder(admin)["id"], READ)
    assert admin.find_one(f"user WHERE code={address}")["role"] == "standard"


def test_filesharing_deactivate_and_activate_a_folder(admin: Any) -> None:
    made = folder(admin)
    admin.grant("user", LISA, "folder", made["id"], READ)
    assert admin.deactivate_one("folder", made["id"]) is True
    assert admin.find(f"folder WHERE id={made['id']}") == []
    assert admin.find(f"folder WHERE id={made['id']}", inactive=True)[0]["inactive"] is True
    assert admin.activate_one("folder", made["code"]) is True
    assert len(admin.access("folder", made["id"])) == 1
    admin.deactivate_one("folder", made["id"])
    assert admin.delete_one("folder", made["id"]) is True
    home = admin.find_one(f"home WHERE code={LISA}")
    with pytest.raises(accsyn_api.AccsynException):
        admin.deactivate_one("home", home["id"])


# file.rst


@pytest.fixture
def place(admin: Any) -> str:
    """Make a folder with two levels and a file in it, and return its path."""
    made = folder(admin)
    path = f"folder={made['code']}"
    admin.mkdir(f"{path}/plates")
    admin.mkdir(f"{path}/plates/old")
    admin.mkdir(f"{path}/renders")
    return path


def names(entries: Any) -> list[str]:
    """Return the names in a listing."""
    return [entry["filename"] for entry in entries]


def test_file_ls(admin: Any, place: str) -> None:
    listed = admin.ls(place)
    assert [(each["filename"], each["type"]) for each in listed] == [("plates", 0), ("renders", 0)]
    (movie, _notes) = sorted(admin.ls("volume=projects/thefilm/SHOT0010"), key=lambda each: -each["type"])
    assert (movie["filename"], movie["type"]) == ("SHOT0010_v001.mov", 1)
    assert movie["size"] == admin.getsize("volume=projects/thefilm/SHOT0010/SHOT0010_v001.mov")
    assert isinstance(movie["modified"], dt.datetime)


def test_file_ls_recursive(admin: Any, place: str) -> None:
    plates, renders = admin.ls(place, recursive=True)
    assert (names(plates["files"]), renders["files"]) == (["old"], [])
    assert not admin.ls(place, recursive=True, maxdepth=1)[0].get("files")
    assert names(admin.ls("volume=projects/thefilm/SHOT0010", files_only=True)) == ["SHOT0010_v001.mov"]
    assert names(admin.ls("volume=projects/thefilm/SHOT0010", directories_only=True)) == ["notes"]
    (notes,) = admin.ls("volume=projects/thefilm/SHOT0010", directories_only=True, getsize=True)
    assert notes["size"] == admin.getsize("volume=projects/thefilm/SHOT0010/notes")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"include": "trailer_v001.mov"}, ["001"]),
        ({"include": "*1.mov"}, ["001"]),
        ({"include": "trailer_v00*"}, ["001", "002", "003", "004", "005"]),
        ({"include": "*v003*"}, ["003"]),
        ({"include": "trailer*5.mov"}, ["005"]),
        ({"include": ["*v001*", "*v002*"]}, ["001", "002"]),
        ({"include": "re('v00[45]')"}, ["004", "005"]),
        ({"exclude": ["*v001*", "*v002*", "*v003*"]}, ["004", "005"]),
        ({"include": "*v001*", "exclude": "*v001*"}, ["001"]),
    ],
)
def test_file_ls_filters(admin: Any, filters: dict[str, Any], found: list[str]) -> None:
    listed = names(admin.ls("share=projects/thefilm/trailer", **filters))
    assert listed == [f"trailer_v{number}.mov" for number in found]


def test_file_several_paths(admin: Any) -> None:
    paths = ["volume=projects/thefilm", "volume=projects/nowhere"]
    assert [each["result"] for each in admin.exists(paths)] == [True, False]
    assert [each["path"] for each in admin.exists(paths)] == paths


def test_file_collections_and_deliveries(admin: Any) -> None:
    assert names(admin.ls("collection=trailer-delivery")) == [
        f"trailer_v{number:03d}.mov" for number in range(1, 6)
    ]
    delivery = admin.create("delivery", {"name": code(), "tasks": ["thefilm/trailer/trailer_v001.mov"]})
    assert names(admin.ls(f"delivery={delivery['id']}")) == ["trailer_v001.mov"]


def test_file_sizes(admin: Any) -> None:
    sizes = [entry["size"] for entry in admin.ls("volume=projects/thefilm/trailer")]
    assert admin.getsize("volume=projects/thefilm/trailer") == sum(sizes)
    assert admin.getsize("volume=projects/thefilm/trailer", exclude="*v005*") == sum(sizes[:-1])


def test_file_make_rename_move_and_delete(admin: Any, place: str) -> None:
    assert admin.mkdir(f"{place}/new") is True
    assert admin.rename(f"{place}/new", f"{place}/newer") is True
    assert admin.mv(f"{place}/newer", f"{place}/plates/newer") is True
    assert (admin.exists(f"{place}/newer"), admin.exists(f"{place}/plates/newer")) == (False, True)
    assert admin.delete(f"{place}/plates/newer") is True
    with pytest.raises(accsyn_api.AccsynException) as caught:
        admin.delete(f"{place}/plates")
    assert str(caught.value) == f"Cannot delete non-empty directory '{place}/plates'!"
    assert admin.delete(f"{place}/plates", force=True) is True


def test_file_what_fails(admin: Any, lisa: Any, place: str) -> None:
    refusals: tuple[Callable[[], Any], ...] = (
        lambda: admin.mkdir(f"{place}/plates"),
        lambda: admin.mkdir(f"{place}/no/parent"),
        lambda: admin.rename(f"{place}/nothing", f"{place}/something"),
        lambda: admin.mv(f"{place}/nothing", f"{place}/plates/nothing"),
        lambda: admin.ls("folder=nowhere/x"),
        lambda: lisa.ls(place),
        lambda: lisa.mkdir(f"{place}/mine"),
    )
    for refused in refusals:
        with pytest.raises(accsyn_api.AccsynException):
            refused()


def test_file_ones_own_home(admin: Any, lisa: Any) -> None:
    assert names(lisa.ls("~")) == names(admin.ls(f"home={LISA}")) == ["invoice.pdf"]


def test_file_access_below_a_path(admin: Any, lisa: Any, place: str) -> None:
    made = admin.find_one(f"folder WHERE code={place.partition('=')[2]}")
    admin.grant("user", LISA, "folder", made["id"], {**READ, "path": "plates"})
    assert names(lisa.ls(place)) == ["plates"]
    with pytest.raises(accsyn_api.AccsynException):
        lisa.mkdir(f"{place}/plates/mine")
    admin.grant("user", LISA, "folder", made["id"], {"read": False, "write": True, "path": "plates"})
    assert lisa.mkdir(f"{place}/plates/mine") is True
    with pytest.raises(accsyn_api.AccsynException):
        lisa.ls(f"{place}/plates")


# settings.rst, settings.md


def test_settings_of_the_workspace(admin: Any) -> None:
    assert admin.set_setting("workspace", "transfer_exclude", json.dumps(["*.tmp"])) is True
    assert json.loads(admin.get_setting("transfer_exclude")) == ["*.tmp"]
    assert admin.get_settings("workspace")["transfer_exclude"] == json.dumps(["*.tmp"])
    assert admin.delete_setting("workspace", "transfer_exclude") is True
    assert "transfer_exclude" not in admin.get_settings("workspace")


def test_settings_are_inherited(admin: Any) -> None:
    queue = admin.create("queue", {"name": code()})
    job = admin.create(
        "transfer",
        {"name": code(), "queue": queue["code"], "tasks": [{"source": "thefilm", "destination": LISA}]},
    )
    admin.set_setting("queue", "transfer_speedlimit", "10", queue["id"])
    assert admin.get_setting("transfer_speedlimit", "job", job["id"]) == "10"
    assert admin.get_settings("job", job["id"]) == {}
    assert admin.get_settings("job", job["id"], upstream=True)["transfer_speedlimit"] == "10"
    admin.set_setting("job", "transfer_speedlimit", "20", job["id"])
    assert admin.get_settings("job", job["id"]) == {"transfer_speedlimit": "20"}
    volume = admin.find_one("volume WHERE default=true")
    admin.set_setting("volume", "share_cache_scan_depth", "3", volume["id"])
    assert admin.get_setting("share_cache_scan_depth", "folder", folder(admin)["id"]) == "3"


# publish.rst, publish.md


def test_publish(admin: Any) -> None:
    files = [
        {"id": str(uuid.uuid4()), "filename": "SHOT0010_comp_v002.mov", "size": 2000, "is_dir": False},
        {
            "id": str(uuid.uuid4()),
            "filename": "SHOT0010_plate_v001",
            "is_dir": True,
            "files": [{"id": str(uuid.uuid4()), "filename": "plate.1001.exr", "size": 10, "is_dir": False}],
        },
        {"id": str(uuid.uuid4()), "filename": ".hidden", "size": 1, "is_dir": False},
    ]
    answer = admin.prepublish(files)
    assert [each["can_publish"] for each in answer["files"]] == [True, True, False]
    assert [each["rejected"] for each in answer["files"]] == [False, False, True]
    assert {"guidelines", "comment", "time_report", "statuses", "metadata"} <= set(answer)
    chosen = [each for each in answer["files"] if each["can_publish"]]
    job = admin.create(
        "transfer",
        {
            "name": code(),
            "tasks": {
                each["id"]: {"source": f"incoming/{each['filename']}", "destination": LISA} for each in chosen
            },
            "hooks": [{"when": "hook-job-publish-server", "data": {"files": chosen}}],
        },
    )
    assert [task["uri"] for task in admin.find("task", entityid=job["id"])] == [each["id"] for each in chosen]
