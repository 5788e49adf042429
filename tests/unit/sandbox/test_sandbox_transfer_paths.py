from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings, strategies as st

from accsyn_orm.errors import AccsynError
from accsyn_orm.sandbox import creation
from accsyn_orm.sandbox.catalogue import TYPES
from accsyn_orm.sandbox.context import Context
from accsyn_orm.sandbox.demo import seed
from accsyn_orm.sandbox.disk import Disk
from accsyn_orm.sandbox.sequences import Sequence, sequence_of
from accsyn_orm.sandbox.store import Store
from accsyn_orm.sandbox.transferring import Transfers
from accsyn_orm.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = b"what is outside"


class Bench:
    """A workspace without a server, on a disk that is full of links that lead out of it."""

    def __init__(self, folder: Path) -> None:
        store = Store()
        seed(store, demo=False, jobs=None)
        self.outside = folder / "outside"
        self.workspace = Workspace(store, Disk(str(folder / "disk")))
        self.transfers = Transfers(self)
        self.write("site", {"name": "sthlm"})
        self.write("folder", {"name": "film", "path": "link"})
        self.write("home", {"user": "john@user.com", "path": "../.."})
        self.reset()

    def write(self, kind: str, data: dict[str, Any], user: str = "john@user.com") -> str:
        store = self.workspace.store
        me = store.resolve(["user"], user)
        assert me is not None
        with store.writing():
            return creation.create(Context(store, me, self.workspace.disk), TYPES[kind], data).id

    def reset(self) -> None:
        disk = self.workspace.disk
        shutil.rmtree(disk.root, ignore_errors=True)
        shutil.rmtree(self.outside, ignore_errors=True)
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(SECRET)
        for folder in (disk.machine("john@user.com"), disk.volume("projects"), disk.volume("projects@sthlm")):
            (folder / "a").write_bytes(b"mine")
            (folder / "tree/b").mkdir(parents=True)
            (folder / "tree/b/a").write_bytes(b"mine too")
            (folder / "link").symlink_to(self.outside)
            (folder / "up").symlink_to("../..")
            (folder / "loop").symlink_to("loop")
            (folder / "secret").symlink_to(self.outside / "secret")

    def files(self) -> Iterator[tuple[tuple[str, ...], bytes]]:
        """List what lies below the disk, links not followed."""
        for path in sorted(self.workspace.disk.root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(self.workspace.disk.root).parts, path.read_bytes()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.workspace.store.close()


PREFIXES = st.sampled_from(
    [
        "", "john@user.com:", "john@user.com:/", "john@user.com:C:\\", "lisa@example.com:", "hq:", "site=sthlm:",
        "volume=projects/", "volume=(default)/", "share=film/", "folder=film:", "home=john@user.com/", "~/",
        "/mnt/projects/", "P:\\", "/", "\\\\host\\", "volume=../", "delivery=x/",
    ]
)  # fmt: skip
PARTS = st.sampled_from(
    ["..", ".", "", "link", "up", "loop", "secret", "a", "b", "tree", "outside", "C:", "...", ".. ", "n\0", "\ud800",
     "x.%04d[1-2]", "volumes", "machines", "parts", "john@user.com"]
)  # fmt: skip
PATHS = st.builds(
    lambda prefix, parts, separator, end: prefix + separator.join(parts) + end,
    PREFIXES, st.lists(PARTS, max_size=4), st.sampled_from("/\\"), st.sampled_from(["", "/", "\\"]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(source=PATHS, destination=st.none() | PATHS, mirror=st.booleans())
@example(source="john@user.com:/a", destination="link/x", mirror=False)
@example(source="john@user.com:/a", destination="link/", mirror=True)
@example(source="john@user.com:/a", destination="share=film/x", mirror=False)
@example(source="john@user.com:/tree", destination="up/../../outside/", mirror=False)
@example(source="john@user.com:/secret", destination="in/", mirror=False)
@example(source="john@user.com:/link", destination="in/", mirror=False)
@example(source="john@user.com:", destination="in/", mirror=False)
def test_nothing_outside_of_the_folders_is_read_or_written(
    bench: Bench, source: str, destination: str | None, mirror: bool
) -> None:
    task = {"source": source or "a", "destination": destination}
    try:
        bench.write("transfer", {"name": "t", "tasks": [task], "mirror": mirror})
    except AccsynError:
        return
    bench.transfers.run_until_idle(1000)
    assert [each.name for each in bench.outside.iterdir()] == ["secret"]
    assert (bench.outside / "secret").read_bytes() == SECRET
    assert {each.name for each in bench.outside.parent.iterdir()} == {"outside", "disk"}
    written = list(bench.files())
    assert all(content != SECRET for _, content in written)
    assert {parts[:2] for parts, _ in written} <= {
        ("machines", "john@user.com"),
        ("machines", "lisa@example.com"),
        ("volumes", "projects"),
        ("volumes", "projects@sthlm"),
    }
    if any(content not in {b"mine", b"mine too"} for _, content in written) or len(written) > 20:
        bench.reset()


def test_the_property_can_fail(bench: Bench) -> None:
    bench.write("transfer", {"name": "t", "tasks": [{"source": "john@user.com:/a", "destination": "found/"}]})
    bench.transfers.run_until_idle()
    assert (("volumes", "projects", "found", "a"), b"mine") in list(bench.files())


@pytest.mark.parametrize(
    ("user", "task", "right"),
    [
        ("lisa@example.com", {"source": "a", "destination": "lisa@example.com:in/"}, "read"),
        ("lisa@example.com", {"source": "lisa@example.com:/a", "destination": "in/"}, "write"),
        ("emma@acmefilm.com", {"source": "emma@acmefilm.com:/a", "destination": "in/"}, "write"),
    ],
)
def test_a_job_reaches_no_further_than_its_user(
    bench: Bench, user: str, task: dict[str, str], right: str
) -> None:
    (bench.workspace.disk.machine(user) / "a").write_bytes(b"mine")
    job = bench.write("transfer", {"name": "t", "tasks": [task]}, user)
    bench.transfers.run_until_idle()
    assert f"may not {right}" in str(bench.transfers.reason(job))
    allowed = bench.write("transfer", {"name": "t", "tasks": [{**task, "source": "a", "destination": "b"}]})
    bench.transfers.run_until_idle()
    assert bench.transfers.reason(allowed) is None


@pytest.mark.parametrize(
    ("name", "sequence"),
    [
        ("a.%04d.exr[1-2]", Sequence("a.", 4, ".exr", 1, 2)),
        ("a.%d.exr[1-2]", Sequence("a.", 1, ".exr", 1, 2)),
        ("a.###.exr[100-167]", Sequence("a.", 3, ".exr", 100, 167)),
        ("a_#.exr", Sequence("a_", 1, ".exr", None, None)),
        ("a.0001.exr", None),
        ("100%.txt", None),
        ("a.%04d.exr[1-]", None),
        ("a[1-2].exr", None),
    ],
)
def test_names_of_sequences(name: str, sequence: Sequence | None) -> None:
    assert sequence_of(name) == sequence
