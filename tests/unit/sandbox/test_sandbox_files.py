"""File operations over the wire: what they answer, and where a path may be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

METHODS = {
    **dict.fromkeys(("ls", "getsize", "exists"), "GET"),
    **dict.fromkeys(("mkdir", "delete", "rm"), "POST"),
    **dict.fromkeys(("rename", "move"), "PUT"),
}


class Files:
    """One user's file operations, and the folder that plays the default volume."""

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.folder = folder

    def do(self, op: str, path: Any, **data: Any) -> Any:
        return self.client.result(METHODS[op], "workspace/file", {"op": op, "path": path, **data})

    def refused(self, status: int, op: str, path: Any, **data: Any) -> str:
        document = {"op": op, "path": path, **data}
        return str(self.client.refused(status, METHODS[op], "workspace/file", document))

    def write(self, path: str, content: bytes = b"12345") -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@pytest.fixture
def files(connect: Callable[..., Any], tmp_path: Path) -> Iterator[Files]:
    with Sandbox(data="empty", folder=tmp_path / "disks") as sandbox:
        yield Files(connect(sandbox), sandbox.disk.volume("projects"))


@pytest.fixture(scope="module")
def served(empty: Sandbox, connect: Callable[..., Any]) -> Files:
    return Files(connect(empty), empty.disk.volume("projects"))


@pytest.fixture
def tree(served: Files) -> Files:
    for old in served.folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for path, size in (("a.mov", 3), ("B.txt", 4), ("sub/c.mov", 5), ("sub/deep/d.tmp", 6)):
        served.write(path, b"x" * size)
    served.folder.joinpath("empty").mkdir()
    return served


def names(entries: list[dict[str, Any]]) -> Any:
    return [
        (entry["filename"], names(entry["files"])) if "files" in entry else entry["filename"]
        for entry in entries
    ]


def test_ls_tells_type_name_size_and_time(tree: Files) -> None:
    entries = tree.do("ls", "volume=projects", download=True, recursive=False, getsize=False)
    assert [(each["type"], each["filename"], each["size"]) for each in entries] == [
        (1, "a.mov", 3),
        (1, "B.txt", 4),
        (0, "empty", -1),
        (0, "sub", -1),
    ]
    assert all(len(each["modified"]) == len("2026-11-24T06:04:05") for each in entries)
    assert tree.do("ls", "sub/c.mov")[0]["filename"] == "c.mov"


ALL = ["a.mov", "B.txt", ("empty", []), ("sub", ["c.mov", ("deep", ["d.tmp"])])]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"recursive": True}, ALL),
        ({"recursive": True, "maxdepth": 1}, ["a.mov", "B.txt", ("empty", []), ("sub", [])]),
        (
            {"recursive": True, "maxdepth": 2},
            ["a.mov", "B.txt", ("empty", []), ("sub", ["c.mov", ("deep", [])])],
        ),
        ({"directories_only": True}, ["empty", "sub"]),
        ({"files_only": True}, ["a.mov", "B.txt"]),
        ({"recursive": True, "directories_only": True}, [("empty", []), ("sub", [("deep", [])])]),
        (
            {"recursive": True, "files_only": True},
            ["a.mov", "B.txt", ("sub", ["c.mov", ("deep", ["d.tmp"])])],
        ),
        ({"include": "a.mov"}, ["a.mov"]),
        ({"include": "b*"}, ["B.txt"]),
        ({"include": "*.MOV"}, ["a.mov"]),
        ({"include": "*m*"}, ["a.mov", "empty"]),
        ({"include": "s*b"}, ["sub"]),
        ({"include": ["a.mov", "B.txt"], "exclude": "a*"}, ["a.mov", "B.txt"]),
        ({"include": "re('^b.*t$')"}, []),
        ({"include": "re('^b.*t$','I')"}, ["B.txt"]),
        ({"include": 're("[.]mov$")', "recursive": True}, ["a.mov", ("sub", ["c.mov"])]),
        ({"exclude": ["*.txt", "empty"]}, ["a.mov", "sub"]),
        ({"exclude": "sub", "recursive": True}, ["a.mov", "B.txt", ("empty", [])]),
    ],
)
def test_ls_options(tree: Files, options: Any, expected: Any) -> None:
    assert names(tree.do("ls", "volume=(default)/", **options)) == expected


def test_sizes(tree: Files) -> None:
    assert tree.do("getsize", "volume=projects") == 18
    assert tree.do("getsize", "a.mov") == 3
    assert tree.do("getsize", "volume=projects", include="*.mov") == 8
    assert tree.do("getsize", "volume=projects", exclude="deep") == 12
    sized = tree.do("ls", "volume=projects", getsize=True, directories_only=True)
    assert [each["size"] for each in sized] == [0, 11]


@pytest.mark.parametrize(
    ("op", "data", "said"),
    [
        ("ls", {"recursive": 1}, "recursive"),
        ("ls", {"maxdepth": 0}, "maxdepth"),
        ("ls", {"maxdepth": True}, "maxdepth"),
        ("ls", {"include": 3}, "include"),
        ("ls", {"exclude": "re('(')"}, "regular expression"),
        ("ls", {"include": "re('a','X')"}, "flag"),
        ("ls", {"files_only": True, "directories_only": True}, "files_only"),
        ("ls", {"depth": 3}, "depth"),
        ("exists", {"recursive": True}, "recursive"),
        ("rename", {}, "path"),
    ],
)
def test_options_that_are_none(tree: Files, op: str, data: Any, said: str) -> None:
    assert said in tree.refused(400, op, "sub", **data)


def test_an_operation_belongs_to_its_method(tree: Files) -> None:
    for method, op in (("GET", "delete"), ("POST", "ls"), ("PUT", "mkdir"), ("GET", "copy"), ("GET", None)):
        message = tree.client.refused(400, method, "workspace/file", {"op": op, "path": "sub"})
        assert repr(op) in message
    assert tree.folder.joinpath("sub").exists()


def test_making_and_deleting(tree: Files) -> None:
    assert tree.do("exists", "new") is False
    assert tree.do("mkdir", "new") is True
    assert tree.do("exists", "new") is True
    assert "exists already" in tree.refused(400, "mkdir", "new")
    assert "make it first" in tree.refused(404, "mkdir", "no/where")
    assert tree.do("delete", "new") is True
    assert not tree.folder.joinpath("new").exists()
    message = tree.refused(400, "delete", "volume=projects/sub", force=False)
    assert message == "Cannot delete non-empty directory 'volume=projects/sub'!"
    assert tree.do("delete", "volume=projects/sub", force=True) is True
    assert tree.do("rm", "a.mov") is True
    assert sorted(path.name for path in tree.folder.iterdir()) == ["B.txt", "empty"]
    assert "nothing at" in tree.refused(404, "delete", "a.mov")


def test_renaming_and_moving(tree: Files) -> None:
    assert tree.do("rename", "a.mov", path_to="b.mov") is True
    assert tree.do("rename", "volume=projects/b.mov", path_to="volume=projects/c.mov") is True
    assert tree.do("move", "c.mov", path_to="empty/") is True
    assert tree.do("move", "B.txt", path_to="empty") is True
    assert tree.do("move", "sub/deep", path_to="empty/deeper") is True
    assert names(tree.do("ls", "empty", recursive=True)) == ["B.txt", "c.mov", ("deeper", ["d.tmp"])]


@pytest.mark.parametrize(
    ("op", "path", "path_to", "status", "said"),
    [
        ("rename", "a.mov", "sub/a.mov", 400, "move changes it"),
        ("rename", "a.mov", "B.txt", 400, "already"),
        ("rename", "none", "other", 404, "nothing at"),
        ("rename", "a.mov", "..", 400, "downwards"),
        ("move", "a.mov", "nowhere/", 404, "no folder"),
        ("move", "a.mov", "nowhere/a.mov", 404, "make it first"),
        ("move", "a.mov", "B.txt", 400, "already"),
        ("move", "sub", "sub/deep/", 400, "below itself"),
        ("move", "volume=projects", "sub/x", 400, "folder of the volume"),
        ("rename", "volume=projects", "x", 400, "folder of the volume"),
        ("move", "a.mov", None, 400, "None"),
    ],
)
def test_what_is_not_moved(tree: Files, op: str, path: str, path_to: Any, status: int, said: str) -> None:
    assert said in tree.refused(status, op, path, path_to=path_to)
    assert tree.do("getsize", "volume=projects") == 18


def test_a_list_of_paths_is_answered_one_by_one(tree: Files) -> None:
    assert tree.do("exists", ["a.mov", "none"]) == [
        {"path": "a.mov", "result": True},
        {"path": "none", "result": False},
    ]
    assert [each["result"] for each in tree.do("getsize", ["a.mov", "sub"])] == [3, 11]
    assert tree.do("mkdir", ["one", "one/two"])[1]["result"] is True
    tree.refused(400, "delete", ["one/two", "../one"])
    assert tree.do("exists", "one/two") is True
    assert "one path" in tree.refused(400, "move", ["one"], path_to="sub")


def test_every_notation_leads_to_the_same_folder(files: Files) -> None:
    client = files.client
    folder = client.create("folder", name="The Film", code="thefilm", path="thefilm")
    client.create("home", user=client.me, path="homes/john")
    files.write("thefilm/cut/x.mov")
    files.write("homes/john/cut/x.mov")
    volume = client.find("volume")[0]["id"]
    for path in (
        "thefilm/cut",
        "folder=thefilm/cut/",
        "share=THEFILM/cut",
        "workarea=thefilm/cut",
        f"folder={folder['id']}/cut",
        f"volume={volume}/thefilm/cut",
        "volume=(default)/thefilm//./cut",
        "hq:folder=thefilm/cut",
        "site=hq:share=thefilm/cut",
        "acmefilm:share=thefilm:cut",
        "acmefilm:thefilm/cut",
        "/mnt/projects/thefilm/cut",
        "/Volumes/projects/thefilm/cut",
        r"P:\thefilm\cut",
        r"p:/thefilm\cut\\",
        "~/cut",
        r"~\cut",
        f"home={client.credentials['username']}/cut",
    ):
        assert names(files.do("ls", path)) == ["x.mov"], path


def test_the_longest_configured_path_decides(files: Files) -> None:
    disk = files.client.sandbox.disk
    for name, paths in (("Inner", {"linux": "/mnt/projects/inner"}), ("Root", {"linux": "/mnt"})):
        files.client.create("volume", name=name, paths=paths)
    for code in ("projects", "inner", "root"):
        disk.volume(code).joinpath(f"in-{code}").mkdir()
    assert names(files.do("ls", "/mnt/projects")) == ["in-projects"]
    assert names(files.do("ls", "/mnt/projects/inner")) == ["in-inner"]
    assert names(files.do("ls", "/mnt/")) == ["in-root"]


def test_a_name_that_is_no_text_is_not_listed(tree: Files) -> None:
    odd = os.fsencode(tree.folder) + b"/odd-\xff"
    Path(os.fsdecode(odd)).touch()
    assert names(tree.do("ls", "volume=projects")) == ["a.mov", "B.txt", "empty", "sub"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("volume=other/x", 404),
        ("share=/x", 404),
        ("home=nobody@example.com/x", 404),
        ("~/x", 404),
        ("/etc/passwd", 404),
        ("/mnt/projects2/x", 404),
        (r"C:\x", 404),
        ("", 400),
        (None, 400),
        ({"path": "x"}, 400),
        (["x", 3], 400),
        ("lisa@example.com:/x", 403),
        ("lisa@example.com@Laptop:/x", 403),
        ("user=lisa@example.com:~/x", 403),
        ("client=614d660de50d45bb027c9bdd:/x", 403),
        ("site=mars:/x", 403),
    ],
)
def test_paths_that_are_nowhere(files: Files, path: Any, status: int) -> None:
    files.refused(status, "exists", path)


def test_a_share_has_a_folder_as_soon_as_it_is_looked_at(files: Files) -> None:
    files.client.create("folder", name="New", path="shows/new")
    assert files.do("ls", "folder=new") == []
    assert files.do("mkdir", "folder=new/x") is True
    assert files.folder.joinpath("shows/new/x").is_dir()
    assert "folder of the folder 'new'" in files.refused(
        400, "delete", "volume=projects/shows/new", force=True
    )


def test_shares_out_of_use_are_refused_with_the_reason(files: Files) -> None:
    folder = files.client.create("folder", name="New")
    files.client.edit("folder", folder["id"], status="disabled")
    assert "disabled" in files.refused(400, "ls", "folder=new")
    files.client.edit("folder", folder["id"], status="enabled")
    files.client.result("DELETE", "folder/deactivate", {}, id=folder["id"])
    assert "deactivated" in files.refused(400, "ls", "folder=new")


def test_collections_and_deliveries_list_what_lies_elsewhere(files: Files) -> None:
    files.write("thefilm/cut/x.mov")
    client = files.client
    client.create("collection", name="Trailer", files=["thefilm/cut", "volume=projects/thefilm/cut/x.mov"])
    assert names(files.do("ls", "collection=trailer")) == ["cut", "x.mov"]
    assert names(files.do("ls", "collection=trailer/cut")) == ["x.mov"]
    assert files.do("getsize", "collection=trailer/cut") == 5
    assert files.do("exists", "collection=trailer/x.mov") is True
    assert "only for reading" in files.refused(400, "delete", "collection=trailer/x.mov")
    assert "no file" in files.refused(404, "ls", "collection=trailer/other")
    delivery = client.create("delivery", name="D", tasks=["thefilm/cut/x.mov"])
    assert names(files.do("ls", f"delivery={delivery['id']}")) == ["x.mov"]
    assert files.do("getsize", f"delivery={delivery['id']}") == 0


def test_what_the_file_system_refuses_is_told_without_its_own_paths(tree: Files) -> None:
    message = tree.refused(400, "mkdir", "x" * 300)
    assert "File name too long" in message
    assert str(tree.folder) not in message


def test_a_collection_does_not_lead_to_another_list(files: Files) -> None:
    files.client.create("collection", name="One", files=[{"path": "collection=two", "name": "two"}])
    files.client.create("collection", name="Two", files=["collection=one/two"])
    for path in ("collection=one/two", "collection=two/two"):
        assert "itself" in files.refused(400, "ls", path)
    assert names(files.do("ls", "collection=one")) == ["two"]


def test_a_server_that_is_down_hides_its_files(connect: Callable[..., Any]) -> None:
    with Sandbox() as sandbox:
        client = connect(sandbox)
        volume = client.find("volume", "default=true")[0]
        server = client.find("server", "code=srv-london-01")[0]
        row = sandbox.workspace.store.get(volume["id"])
        assert row is not None
        with sandbox.workspace.store.writing():
            sandbox.workspace.store.put("volume", {**row.document, "server": server["id"]})
        message = client.refused(400, "GET", "workspace/file", {"op": "ls", "path": "volume=projects"})
        assert "srv-london-01" in message


def test_the_demo_volume_has_files(demo: Sandbox, reader: Any) -> None:
    entries = reader.result("GET", "organization/file", {"op": "ls", "path": "folder=thefilm/trailer"})
    assert len(entries) == 5
    assert all(entry["size"] for entry in entries)
