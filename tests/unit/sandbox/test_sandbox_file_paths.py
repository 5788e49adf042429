"""Whatever a client writes as a path, nothing outside of the volume's folder is read, made, changed or taken away."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from accsyn_orm.errors import AccsynError
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.disk import Disk, below, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "what nobody may see"
OPS = [
    ("GET", "ls"),
    ("GET", "getsize"),
    ("GET", "exists"),
    ("POST", "mkdir"),
    ("POST", "delete"),
    ("PUT", "rename"),
    ("PUT", "move"),
]


class Guarded:
    """A sandbox whose disks stand beside a tree of sentinels, with links that lead there."""

    def __init__(self, client: Any, folder: Path, volume: Path) -> None:
        self.client = client
        self.volume = volume
        self.sentinels = (folder / "outside", volume.parent / "other", folder / "disks" / "machines")
        for sentinel in self.sentinels:
            sentinel.joinpath("in").mkdir(parents=True)
            sentinel.joinpath("in", "secret.txt").write_text(SECRET)
        self.fill()
        self.before = self.state()

    def fill(self) -> None:
        for name, target in (
            ("out", self.sentinels[0]),
            ("up", self.volume.parent),
            ("loop", self.volume / "loop"),
        ):
            link = self.volume / name
            if not os.path.lexists(link):
                link.symlink_to(target)
        self.volume.joinpath("a", "b").mkdir(parents=True, exist_ok=True)
        self.volume.joinpath("a", "f.txt").write_text("inside")

    def state(self) -> list[tuple[str, str]]:
        return [
            (str(path), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            for sentinel in self.sentinels
            for path in sorted(sentinel.rglob("*"))
        ]


@pytest.fixture(scope="module")
def guarded(connect: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with Sandbox(data="empty", folder=folder / "disks") as sandbox:
        client = connect(sandbox)
        client.create("folder", name="Sub", path="a")
        client.create("folder", name="Climbing", path="../../outside")
        client.create("home", user=client.me, path="out")
        yield Guarded(client, folder, sandbox.disk.volume("projects"))


segments = st.sampled_from(
    ["..", ".", "", "a", "b", "f.txt", "out", "up", "loop", "in", "other", "secret.txt", ".. ", "...", "C:", "~",
     "%2e%2e", "..%2f", "\0", "..\0", "\udc2e\udc2e", "\u2024\u2024", "x" * 300, "re", "outside", "machines"]
)  # fmt: skip
starts = st.sampled_from(
    ["", "/", "\\", "~", "~/", "volume=", "volume=projects", "volume=../", "share=sub", "folder=climbing", "home=",
     "volume=(default)", "hq:", "acmefilm:", "/mnt/projects", "P:\\", "P:", "C:\\", "\\\\host\\share", "file:///", ":"]
)  # fmt: skip
paths = st.one_of(
    st.builds(
        lambda start, parts, between: (
            start + "".join(f"{mark}{part}" for mark, part in zip(between, parts, strict=False))
        ),
        starts,
        st.lists(segments, max_size=6),
        st.lists(st.sampled_from(["/", "\\", "//", "/./", "\\/"]), min_size=6, max_size=6),
    ),
    st.text(max_size=40),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operation=st.sampled_from(OPS), path=paths, path_to=paths)
def test_no_path_reaches_anything_outside_of_the_volume(
    guarded: Guarded, operation: tuple[str, str], path: str, path_to: str
) -> None:
    method, op = operation
    guarded.fill()
    data: dict[str, Any] = {"op": op, "path": path}
    if method == "PUT":
        data["path_to"] = path_to
    elif op == "ls":
        data["recursive"] = True
    elif op == "delete":
        data["force"] = True
    answer = guarded.client.ask(method, "workspace/file", data)
    assert "secret" not in re.sub(r"'[^']*'|\"[^\"]*\"", "", str(answer.get("message", "")))
    assert "exception" not in answer, answer
    if op == "ls" and "result" in answer:
        assert "secret.txt" not in str(answer["result"]) or "secret.txt" in {
            each.name for each in guarded.volume.rglob("*") if not each.is_symlink()
        }
    assert guarded.state() == guarded.before
    assert str(guarded.volume.parent) not in str(answer)


@settings(max_examples=500, deadline=None)
@given(text=paths)
def test_a_joined_path_is_really_below(guarded: Guarded, text: str) -> None:
    try:
        path = below(guarded.volume, parts_of(text))
    except AccsynError:
        return
    root = os.path.realpath(guarded.volume)
    assert os.path.commonpath([os.path.realpath(path), root]) == root


@pytest.mark.parametrize(
    ("op", "path", "status"),
    [
        ("ls", "out", 403),
        ("ls", "out/in", 403),
        ("getsize", "up/other/in/secret.txt", 403),
        ("exists", "out/in/secret.txt", 403),
        ("ls", "..", 400),
        ("ls", "volume=projects/../other", 400),
        ("ls", "a\\..\\..\\other", 400),
        ("ls", "/mnt/projects/../other", 400),
        ("ls", "~", 403),
        ("ls", "folder=climbing", 404),
        ("ls", "a\0b", 400),
        ("ls", "C:/x", 404),
        ("ls", "a/C:/x", 400),
        ("ls", "\udcff", 400),
        ("ls", "x" * 300, 404),
        ("delete", "out", 403),
        ("mkdir", "out/new", 403),
    ],
)
def test_what_leads_out_is_refused(guarded: Guarded, op: str, path: str, status: int) -> None:
    guarded.fill()
    method = {name: method for method, name in OPS}[op]
    guarded.client.refused(status, method, "workspace/file", {"op": op, "path": path})


def test_links_out_are_not_listed_and_links_inside_are(guarded: Guarded) -> None:
    guarded.fill()
    inside = guarded.volume / "inside"
    if not os.path.lexists(inside):
        inside.symlink_to(guarded.volume / "a")
    entries = guarded.client.result(
        "GET", "workspace/file", {"op": "ls", "path": "volume=projects", "recursive": True}
    )
    names = {entry["filename"] for entry in entries}
    assert {"a", "inside"} <= names
    assert not {"out", "up", "loop"} & names
    assert next(entry for entry in entries if entry["filename"] == "inside").get("files") is None


def test_a_disk_that_is_itself_linked_is_used(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    root = tmp_path / "disks"
    root.joinpath("volumes").mkdir(parents=True)
    root.joinpath("volumes", "projects").symlink_to(real)
    folder = Disk(str(root)).volume("projects")
    assert below(folder, ("x",)).parent == folder


@pytest.mark.parametrize(("one", "other"), [("a b", "a_b"), ("../a", ".._a"), ("a/b", "a\\b"), (".", "..")])
def test_two_codes_never_share_a_folder(tmp_path: Path, one: str, other: str) -> None:
    disk = Disk(str(tmp_path))
    folders = {disk.volume(one), disk.volume(other)}
    assert len(folders) == 2
    assert all(folder.parent == disk.root / "volumes" for folder in folders)
