"""Who may read and write which files: roles, grants on a path, and what lies on the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.demo import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = {
    "ls": "GET",
    "getsize": "GET",
    "exists": "GET",
    "mkdir": "POST",
    "delete": "POST",
    "move": "PUT",
    "rename": "PUT",
}


class Shared:
    """A volume with a tree in it, and its users."""

    def __init__(self, sandbox: Sandbox, connect: Callable[..., Any]) -> None:
        self.sandbox = sandbox
        self.clients = {role: connect(sandbox, role) for role in ROLES}
        admin = self.clients["admin"]
        self.folder = admin.create("folder", name="Film", path="film")
        self.volume = admin.find("volume")[0]
        for role in ROLES:
            admin.create("home", user=self.clients[role].me, path=f"homes/{role}")

    def reset(self) -> None:
        store = self.sandbox.workspace.store
        with store.writing():
            for row in store.rows(["acl"]):
                store.remove(row.id)
        root = self.sandbox.disk.volume("projects")
        for path in (
            "film/cut/a.mov",
            "film/cut/old/b.mov",
            "film/plates/c.exr",
            "other/d.txt",
            "homes/standard/e",
        ):
            root.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            root.joinpath(path).write_bytes(b"12345")

    def grant(self, role: str, share: str, path: str | None, read: bool, write: bool, **more: Any) -> None:
        store = self.sandbox.workspace.store
        document = {
            "id": f"{len(store.rows(['acl'])):024x}",
            "entity": f"user:{self.clients[role].me}",
            "target": f"share:{share}",
            "path": path,
            "read": read,
            "write": write,
            "status": "enabled",
            "created": "2026-11-01T12:00:00",
            **more,
        }
        with store.writing():
            store.put("acl", document)

    def tries(self, role: str, op: str, path: str, path_to: str | None = None) -> Any:
        """Return what is answered, or False where it is refused as not permitted."""
        data = {"op": op, "path": path, **({} if path_to is None else {"path_to": path_to})}
        client = self.clients[role]
        answer = client.ask(METHODS[op], "workspace/file", data)
        if client.status == 403:
            assert "Permission denied" in answer["message"]
            return False
        assert client.status == 200, answer
        return answer["result"]

    def names(self, role: str, path: str, **data: Any) -> Any:
        entries = self.clients[role].result("GET", "workspace/file", {"op": "ls", "path": path, **data})
        return [
            (each["filename"], [inner["filename"] for inner in each["files"]])
            if "files" in each
            else each["filename"]
            for each in entries
        ]


@pytest.fixture(scope="module")
def kept(connect: Callable[..., Any]) -> Iterator[Shared]:
    with Sandbox(data="empty") as sandbox:
        yield Shared(sandbox, connect)


@pytest.fixture
def shared(kept: Shared) -> Shared:
    kept.reset()
    return kept


@pytest.mark.parametrize(
    "path", ["folder=film/cut", "folder=film", "volume=projects", "other", "/mnt/projects/other"]
)
@pytest.mark.parametrize("op", ["ls", "exists", "getsize", "delete"])
def test_without_a_grant_a_standard_user_has_its_home_only(shared: Shared, op: str, path: str) -> None:
    assert shared.tries("standard", op, path) is False
    assert shared.names("standard", "~") == ["e"]
    assert shared.tries("standard", "mkdir", "~/new") is True
    assert shared.tries("standard", "delete", "~/new") is True


def test_homes_of_others(shared: Shared) -> None:
    table = {
        ("standard", "employee"): (False, False),
        ("standard", "admin"): (False, False),
        ("employee", "standard"): (True, True),
        ("employee", "admin"): (True, False),
        ("admin", "standard"): (True, True),
        ("admin", "employee"): (True, True),
    }
    for (role, owner), (read, write) in table.items():
        path = f"home={ROLES[owner]}"
        assert (shared.tries(role, "ls", path) is not False) is read, (role, owner)
        assert (shared.tries(role, "mkdir", f"{path}/{role}") is not False) is write, (role, owner)


def test_an_employee_has_folders_but_no_volume_without_a_grant(shared: Shared) -> None:
    assert shared.names("employee", "folder=film") == ["cut", "plates"]
    assert shared.tries("employee", "mkdir", "folder=film/new") is True
    assert shared.tries("employee", "delete", "volume=projects/film/new") is True
    assert shared.tries("employee", "ls", "volume=projects") is False
    assert shared.tries("employee", "ls", "other") is False
    shared.grant("employee", shared.volume["id"], None, read=True, write=False)
    assert shared.names("employee", "other") == ["d.txt"]
    assert shared.tries("employee", "mkdir", "other/new") is False


# op, path, path_to -> permitted with: read and write, read only, write only; each on the path `cut` of the folder.
TABLE = [
    ("ls", "folder=film", None, (True, True, False)),
    ("ls", "folder=film/cut", None, (True, True, False)),
    ("ls", "volume=projects/film/cut", None, (True, True, False)),
    ("ls", "folder=film/plates", None, (False, False, False)),
    ("ls", "volume=projects", None, (False, False, False)),
    ("ls", "folder=film/cu", None, (False, False, False)),
    ("getsize", "folder=film/cut/a.mov", None, (True, True, False)),
    ("getsize", "folder=film/plates/c.exr", None, (False, False, False)),
    ("exists", "folder=film/cut/none", None, (True, True, False)),
    ("exists", "folder=film/none", None, (False, False, False)),
    ("mkdir", "folder=film/cut/new", None, (True, False, True)),
    ("mkdir", "folder=film/new", None, (False, False, False)),
    ("delete", "folder=film/cut/a.mov", None, (True, False, True)),
    ("delete", "folder=film/cut", None, (False, False, False)),
    ("delete", "folder=film/plates/c.exr", None, (False, False, False)),
    ("rename", "folder=film/cut/a.mov", "z.mov", (True, False, True)),
    ("rename", "folder=film/cut", "uncut", (False, False, False)),
    ("move", "folder=film/cut/a.mov", "folder=film/cut/old/", (True, False, True)),
    ("move", "folder=film/cut/old/b.mov", "folder=film/cut/", (True, False, True)),
    ("move", "folder=film/cut/a.mov", "folder=film/plates/", (False, False, False)),
    ("move", "folder=film/cut/a.mov", "other/", (False, False, False)),
    ("move", "folder=film/cut/a.mov", "~/", (True, False, True)),
    ("move", "folder=film/plates/c.exr", "folder=film/cut/", (False, False, False)),
]


@pytest.mark.parametrize(("op", "path", "path_to", "permitted"), TABLE)
def test_a_grant_on_a_path(shared: Shared, op: str, path: str, path_to: Any, permitted: Any) -> None:
    for (read, write), expected in zip(((True, True), (True, False), (False, True)), permitted, strict=True):
        shared.reset()
        shared.sandbox.disk.volume("projects").joinpath("homes/standard/a.mov").unlink(missing_ok=True)
        for made in ("film/cut/z.mov", "film/cut/old/a.mov", "film/cut/b.mov"):
            shared.sandbox.disk.volume("projects").joinpath(made).unlink(missing_ok=True)
        if shared.sandbox.disk.volume("projects").joinpath("film/cut/new").exists():
            shared.tries("admin", "delete", "film/cut/new")
        shared.grant("standard", shared.folder["id"], "/cut", read=read, write=write)
        answer = shared.tries("standard", op, path, path_to)
        assert (
            answer is not False or (op == "exists" and shared.clients["standard"].status == 200)
        ) is expected


def test_the_root_of_a_share_shows_what_leads_to_a_grant_and_nothing_else(shared: Shared) -> None:
    shared.grant("standard", shared.folder["id"], "cut/old", read=True, write=False)
    assert shared.names("standard", "folder=film") == ["cut"]
    assert shared.names("standard", "folder=film", recursive=True) == [("cut", ["old"])]
    assert shared.names("standard", "folder=film/cut") == ["old"]
    assert shared.tries("standard", "getsize", "folder=film") == 5
    assert shared.names("employee", "folder=film") == ["cut", "plates"]


def test_grants_add_up_and_disabled_ones_are_none(shared: Shared) -> None:
    shared.grant("standard", shared.folder["id"], "cut", read=True, write=False)
    shared.grant("standard", shared.folder["id"], "plates", read=True, write=False, status="disabled")
    shared.grant("standard", shared.folder["id"], "../../other", read=True, write=True)
    assert shared.names("standard", "folder=film") == ["cut"]
    shared.grant("standard", shared.volume["id"], "other", read=True, write=True)
    assert shared.names("standard", "volume=projects") == ["film", "other"]


def test_a_collection_that_is_granted_shows_its_files_wherever_they_lie(shared: Shared) -> None:
    admin = shared.clients["admin"]
    collection = admin.create("collection", name="Pick", files=["film/cut", "other/d.txt"])
    assert shared.tries("standard", "ls", "collection=pick") is False
    assert shared.tries("standard", "getsize", "collection=pick/cut") is False
    shared.grant("standard", collection["id"], None, read=True, write=True)
    assert shared.names("standard", "collection=pick") == ["cut", "d.txt"]
    assert shared.names("standard", "collection=pick/cut") == ["a.mov", "old"]
    assert shared.tries("standard", "ls", "film/cut") is False


def test_nobody_puts_into_a_collection_what_it_may_not_read(shared: Shared) -> None:
    employee, outside = shared.clients["employee"], shared.clients["standard"]
    data = {"name": "Loot", "files": ["folder=film/cut", "other/d.txt"]}
    for kind, more in (("collection", {}), ("share", {"type": "collection"})):
        assert "other/d.txt" in employee.refused(403, "POST", f"{kind}/create", {**data, **more})
    made = employee.create("collection", name="Fair", files=["folder=film/cut"])
    shared.grant("standard", made["id"], None, read=True, write=True)
    shared.grant("standard", shared.folder["id"], "cut/old", read=True, write=False)
    for payload in (
        {"files": ["folder=film/plates"]},
        {"files": [{"path": "folder=film"}]},
        {"tasks": ["other/d.txt"]},
        {"path": "other/d.txt"},
    ):
        outside.refused(403, "POST", "file/add", payload, id=made["id"])
    outside.result("POST", "file/add", {"files": ["folder=film/cut/old"]}, id=made["id"])
    assert shared.names("standard", "collection=fair") == ["cut", "old"]


def test_a_standard_user_is_told_no_cause(shared: Shared) -> None:
    data = {"op": "ls", "path": "other"}
    for role, told in (("standard", False), ("employee", True)):
        message = shared.clients[role].refused(403, "GET", "workspace/file", data)
        assert ("grant" in message) is told
        assert "other" in message
