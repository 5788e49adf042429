"""The calls of the published client, from our session to the sandbox and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm as accsyn_api
from accsyn_orm import AccsynPath, Queue, errors
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm import Session
    from tests.conftest import Opener

VOLUME = AccsynPath("volume", "projects")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox, open_session: Opener) -> Session:
    return open_session(sandbox)


def ident(session: Any, query: str) -> str:
    found: str = session.find_one(query)["id"]
    return found


def test_access_to_a_folder(session: Any) -> None:
    folder = ident(session, "folder WHERE code=incoming")
    user = ident(session, "user WHERE code=mix@harbour.example")
    before = session.access("Folder", folder)
    granted = session.grant(
        "User", "Mix@Harbour.example", "Folder", "incoming", {"read": True, "path": "vendor"}
    )
    assert granted["entity"] == f"user:{user}"
    (row,) = session.access("folder", folder, "user", user)
    assert (row["user"], row["share"], row["read"], row["write"], row["path"]) == (
        user,
        folder,
        True,
        False,
        "vendor",
    )
    assert len(session.access("folder", folder, "user")) == len(before) + 1
    assert session.revoke("user", "mix@harbour.example", "folder", folder) is True
    assert session.revoke("user", user, "folder", folder) is False
    assert session.access("folder", folder) == before
    with pytest.raises(errors.NotFound):
        session.revoke("user", "nobody@example.com", "folder", folder)


def test_recipients_of_a_delivery(session: Any) -> None:
    delivery = session.find("delivery")[0]["id"]
    before = session.access("delivery", delivery)
    assert session.grant("user", "lisa@example.com", "delivery", delivery) is True
    assert session.grant("user", "new@example.com", "delivery", delivery) is True
    known = {row["user_hr"] for row in session.access("delivery", delivery)}
    assert {"lisa@example.com", "new@example.com"} <= known
    assert session.revoke("user", "lisa@example.com", "delivery", delivery) is True
    assert session.revoke("user", "new@example.com", "delivery", delivery) is True
    assert session.revoke("user", "lisa@example.com", "delivery", delivery) is False
    assert session.access("delivery", delivery) == before


def test_servers_of_a_volume(session: Any) -> None:
    data = {"volume": ident(session, "volume WHERE code=projects")}
    data["server"] = ident(session, "server WHERE code=srv-sthlm-01")
    assert session.assign("Volume", "server", data) is True
    assert "srv-sthlm-01" in [row["code"] for row in session.assignments("Volume", data["volume"])]
    assert session.deassign("Volume", "server", data) is True
    assert "srv-sthlm-01" not in [row["code"] for row in session.assignments("volume", data["volume"])]


def test_files_of_a_collection(session: Any) -> None:
    collection = ident(session, "collection WHERE code=trailer-delivery")
    files = session.find("File", parent=collection)
    assert session.delete_many("Collection", collection, {"files": [files[0]["id"]]}) is True
    assert session.find("file", collection) == files[1:]


def test_files(session: Any) -> None:
    files = session.files
    film = VOLUME / "thefilm"
    assert files.mkdir(film / "new") == film / "new"
    assert files.exists("volume=projects/thefilm/new")
    old = files.rename(film / "new", "old")
    moved = files.move(old, VOLUME / "old")
    files.mkdir(moved / "inside")
    (entry,) = files.ls(VOLUME, directories_only=True, include="o*")
    assert (entry.path, entry.is_dir, entry.modified.utcoffset().total_seconds()) == (moved, True, 0)
    with pytest.raises(errors.ServerError):
        files.delete(moved)
    files.delete("volume=projects/old", force=True)
    assert session.exists(["volume=projects/old", VOLUME]) == [
        {"path": "volume=projects/old", "result": False},
        {"path": "volume=projects", "result": True},
    ]
    total = sum(entry.size or 0 for _, _, listed in files.walk(VOLUME) for entry in listed)
    assert files.getsize(VOLUME) == total > 0
    assert session.delete("volume=projects/thefilm/trailer", True) is True


def test_both_walks_see_the_same(session: Any) -> None:
    one, other = (
        [
            (str(top), [each.name for each in inside], [each.path for each in listed])
            for top, inside, listed in session.files.walk(VOLUME, at_once=at_once)
        ]
        for at_once in (False, True)
    )
    assert one == other
    assert len(one) > 4


def test_settings(session: Any) -> None:
    queue = Queue.objects.using(session).get(code="high")
    settings = session.settings[queue]
    settings["compute_avoid"] = "disable"
    assert session.settings["queue", queue.id]["compute_avoid"] == "disable"
    assert dict(settings) == {"compute_avoid": "disable"}
    del settings["compute_avoid"]
    assert "compute_avoid" not in settings
    assert settings["compute_avoid"] == "enable-clear-on-resume"
    session.settings[None]["a_table"] = {"a": [1, None]}
    assert session.settings[None].json("a_table") == {"a": [1, None]}
    assert settings.json("a_table") == {"a": [1, None]}
    assert session.set_setting("transfer_speedlimit", "50") is True
    assert session.get_settings("queue", queue.id, upstream=True)["transfer_speedlimit"] == "50"
    with pytest.raises(KeyError):
        settings["no_such_setting"]


def test_services(session: Any) -> None:
    assert "failed" in session.report("Job WHERE status=failed")
    assert session.metrics("job", ["progress"])
    session.set_setting("workspace", "job_max_retries", "5")
    assert "job_max_retries" in session.logs(pagination_limit=1)["result"][0]["message"]
    file = {"id": "33d59998-c980-4b82-9f6d-06ce27201d26", "filename": "first", "size": 10, "is_dir": False}
    assert session.prepublish([file])["files"][0]["id"] == file["id"]
    assert session.integration("ftrack", "version", {"a": 1})["data"] == {"a": 1}
    assert session.app_is_running() is None
    assert session.server_is_running() is None


def test_a_script_for_the_published_client(sandbox: Sandbox) -> None:
    known = sandbox.credentials("employee")
    session = accsyn_api.Session(
        workspace=known["workspace"], username=known["username"], api_key=known["api_key"], url=sandbox.url
    )
    with pytest.raises(accsyn_api.accsynException):
        session.ls("volume=nowhere")
    assert "nowhere" in str(session.get_last_message())
    session.close()
