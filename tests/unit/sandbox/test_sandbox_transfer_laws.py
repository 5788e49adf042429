"""Whatever clients do while files are copied: what stands under a final name is whole, and in the end all arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from accsyn_orm.sandbox import changing, creation
from accsyn_orm.sandbox.catalogue import TYPES
from accsyn_orm.sandbox.context import Context
from accsyn_orm.sandbox.demo import seed
from accsyn_orm.sandbox.disk import Disk
from accsyn_orm.sandbox.store import Row, Store
from accsyn_orm.sandbox.transferring import Transfers
from accsyn_orm.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = (0, 3, 10)


@attrs.define(eq=False)
class Bench:
    """Two jobs of three files each, in a workspace without a server."""

    workspace: Workspace
    jobs: tuple[str, ...] = ()
    transfers: Any = None

    @property
    def context(self) -> Context:
        store = self.workspace.store
        me = store.resolve(["user"], "john@user.com")
        assert me is not None
        return Context(store, me, self.workspace.disk)

    def begin(self) -> None:
        if self.transfers is not None:
            self.transfers.stop()
        with self.workspace.store.writing():
            for row in self.workspace.store.rows(["transfer"]):
                self.workspace.store.remove(row.id)
        self.transfers = Transfers(self)
        self.transfers.chunk_size = 2
        made = []
        for job in range(2):
            tasks = [{"source": f"john@user.com:/{size}", "destination": f"{job}/"} for size in SIZES]
            with self.workspace.store.writing():
                made.append(
                    creation.create(self.context, TYPES["transfer"], {"name": "t", "tasks": tasks}).id
                )
            for file in (self.workspace.disk.volume("projects") / str(job)).glob("*"):
                file.unlink()
        self.jobs = tuple(made)

    def row(self, identity: str) -> Row:
        found = self.workspace.store.get(identity)
        assert found is not None
        return found

    def edit(self, identity: str, **changes: Any) -> None:
        with self.workspace.store.writing():
            changing.edit(self.context, self.row(identity), changes)

    def edit_task(self, job: str, number: int, status: str) -> None:
        task = self.workspace.store.children(job, "task")[number]
        with self.workspace.store.writing():
            changing.edit_tasks(self.context, job, [{"id": task.id, "status": status}])

    def retry(self, job: str, number: int, *, replace: bool) -> None:
        tasks = [{"source": f"john@user.com:/{SIZES[number]}", "destination": f"{self.jobs.index(job)}/"}]
        with self.workspace.store.writing():
            creation.create_tasks(self.context, job, {"tasks": tasks, "replace_duplicates": replace})

    def arrived(self) -> dict[str, bytes]:
        volume = self.workspace.disk.volume("projects")
        return {
            str(file.relative_to(volume)): file.read_bytes() for file in volume.rglob("*") if file.is_file()
        }

    def parts(self) -> set[str]:
        return {file.name for file in (self.workspace.disk.root / "parts").glob("*")}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("laws")
    store = Store()
    seed(store, demo=False, jobs=None)
    disk = Disk(str(folder))
    for size in SIZES:
        (disk.machine("john@user.com") / str(size)).write_bytes(content(size))
    yield Bench(Workspace(store, disk))
    store.close()


def content(size: int) -> bytes:
    return bytes(range(size))


JOBS, TASKS = st.integers(0, 1), st.integers(0, 2)
ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.integers(1, 4)),
    st.tuples(st.just("step"), st.integers(1, 9)),
    st.tuples(st.just("job"), JOBS, st.sampled_from(["paused", "waiting", "aborted", "done"])),
    st.tuples(
        st.just("task"), JOBS, TASKS, st.sampled_from(["queued", "onhold", "excluded", "failed", "done"])
    ),
    st.tuples(st.just("retry"), JOBS, TASKS, st.booleans()),
    st.tuples(st.just("queue"), st.sampled_from(["paused", "waiting"])),
    st.tuples(st.just("restart")),
)


def act(bench: Bench, action: tuple[Any, ...]) -> None:
    kind, *rest = action
    if kind == "step":
        for _ in range(rest[0]):
            bench.transfers.step()
    elif kind == "job":
        bench.edit(bench.jobs[rest[0]], status=rest[1])
    elif kind == "task":
        bench.edit_task(bench.jobs[rest[0]], rest[1], rest[2])
    elif kind == "retry":
        bench.retry(bench.jobs[rest[0]], rest[1], replace=rest[2])
    elif kind == "queue":
        bench.edit(str(bench.row(bench.jobs[0]).document["queue"]), status=rest[0])
    else:
        bench.transfers.stop()


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTIONS, max_size=30))
def test_what_arrives_is_whole_and_in_the_end_all_of_it(bench: Bench, actions: list[tuple[Any, ...]]) -> None:
    bench.begin()
    for action in actions:
        act(bench, action)
        for name, found in bench.arrived().items():
            assert found == content(int(name.partition("/")[2])), "a part stands under a final name"
    bench.transfers.run_until_idle(500)
    for job in bench.jobs:
        document = bench.row(job).document
        assert document["status"] != "running"
        assert (document["speed"], document["etr"]) == (-1.0, "")
        statuses = {task.document["status"] for task in bench.workspace.store.children(job, "task")}
        assert not statuses & {"booting", "executing"}
        if document["status"] in {"aborted", "done", "failed"}:
            assert not bench.parts() & {task.id for task in bench.workspace.store.children(job, "task")}
    bench.edit(str(bench.row(bench.jobs[0]).document["queue"]), status="waiting")
    for job in bench.jobs:
        for number in range(3):
            bench.edit_task(job, number, "queued")
        for status in ("paused", "waiting"):
            bench.edit(job, status=status)
    bench.transfers.run_until_idle(500)
    assert [bench.row(job).document["status"] for job in bench.jobs] == ["done", "done"]
    assert [bench.row(job).document["size"] for job in bench.jobs] == [13, 13]
    assert bench.arrived() == {f"{job}/{size}": content(size) for job in range(2) for size in SIZES}
    assert bench.parts() == set()
