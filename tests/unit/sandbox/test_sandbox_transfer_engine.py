from __future__ import annotations

import runpy
import time
from pathlib import Path
from typing import Any

import pytest

from accsyn_orm.errors import ConfigurationError
from accsyn_orm.sandbox import Sandbox

JOHN = "john@user.com"
ROOT = Path(__file__).parents[3]
TASK = {"source": f"{JOHN}:/a", "destination": "in/"}


def test_speed_and_time_left_follow_from_the_limit(floor: Any) -> None:
    transfers = floor.sandbox.transfers
    transfers.speed_limit = 2_000_000
    floor.write("a.mov", bytes(10_000_000))
    job = floor.transfer(floor.up("a.mov"))
    floor.steps(2)
    shown = floor.job(job)
    assert (shown["progress"], shown["speed"], shown["etr"]) == (1, 2.0, "00:00:05")
    floor.steps(49)
    shown = floor.job(job)
    assert (shown["progress"], shown["speed"], shown["etr"]) == (50, 2.0, "00:00:03")
    floor.run()
    assert floor.admin.find("task", parent=job)[0]["time"] == 5000


def test_compute_jobs_and_deliveries_and_jobs_without_tasks_are_left_alone(floor: Any) -> None:
    floor.write("a")
    ids = [
        floor.admin.create("compute", name="c", tasks=[TASK])["id"],
        floor.admin.create("delivery", name="d", tasks=[TASK], recipients=[JOHN])["id"],
        floor.admin.create("transfer", name="t")["id"],
    ]
    assert floor.sandbox.transfers.step() is False
    kinds = ("compute", "delivery", "transfer")
    found = [
        floor.admin.result("GET", f"{kind}/find", {}, id=each)[0]["status"]
        for kind, each in zip(kinds, ids, strict=True)
    ]
    assert found == ["waiting", "waiting", "waiting"]


def test_transfers_are_off_unless_they_are_asked_for(floor: Any) -> None:
    floor.write("a")
    job = floor.transfer(floor.up("a"))
    assert floor.sandbox.transfers.running is False
    assert floor.job(job)["status"] == "waiting"
    with pytest.raises(ConfigurationError, match="after 1 steps"):
        floor.sandbox.transfers.run_until_idle(steps=1)


def test_the_demo_data_keeps_its_pictures_until_one_is_set_to_waiting(connect: Any) -> None:
    with Sandbox(data="demo") as sandbox:
        admin = connect(sandbox)
        before = admin.find("transfer", archived=True, finished=True) + admin.find("transfer")
        sandbox.transfers.run_until_idle()
        assert admin.find("transfer", archived=True, finished=True) + admin.find("transfer") == before
        waiting = admin.ids("transfer", "status=waiting")[0]
        for status in ("paused", "waiting"):
            admin.edit("transfer", waiting, status=status)
        sandbox.transfers.run_until_idle()
        assert "There is no file" in str(sandbox.transfers.reason(waiting))


def test_the_thread_copies_at_the_speed_that_it_is_limited_to(connect: Any, tmp_path: Path) -> None:
    with Sandbox(data="empty", transfers=True, folder=tmp_path) as sandbox:
        admin = connect(sandbox)
        sandbox.transfers.speed_limit = 1_000_000
        (sandbox.disk.machine(JOHN) / "a").write_bytes(bytes(300_000))
        with pytest.raises(ConfigurationError, match="already"):
            sandbox.transfers.start()
        began = time.monotonic()
        job = admin.create("transfer", name="t", tasks=[TASK])["id"]
        seen: set[int] = set()
        while admin.result("GET", "transfer/find", {}, id=job)[0]["status"] != "done":
            seen.add(admin.result("GET", "transfer/find", {}, id=job)[0]["progress"])
            assert time.monotonic() - began < 10
        assert time.monotonic() - began > 0.25
        assert len(seen) >= 3
    assert sandbox.transfers.running is False
    assert (tmp_path / "volumes/projects/in/a").stat().st_size == 300_000


def test_stopping_puts_everything_back_and_a_restart_begins_again(connect: Any, tmp_path: Path) -> None:
    sandbox = Sandbox(data="empty", db=tmp_path / "db", folder=tmp_path / "disk")
    with sandbox:
        sandbox.transfers.chunk_size = 4
        (sandbox.disk.machine(JOHN) / "a").write_bytes(b"0123456789")
        job = connect(sandbox).create("transfer", name="t", tasks=[TASK])["id"]
        for _ in range(2):
            sandbox.transfers.step()
    assert list((tmp_path / "disk/parts").iterdir()) == []
    with sandbox:
        admin = connect(sandbox)
        (shown,) = admin.find("transfer")
        assert (shown["status"], shown["speed"]) == ("waiting", -1.0)
        assert [task["status"] for task in admin.find("task", parent=job)] == ["queued"]
        sandbox.transfers.run_until_idle()
        assert admin.find("transfer", finished=True)[0]["status"] == "done"


def test_the_example_prints_the_progress(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "docs/examples/watch_transfer.py"), run_name="__main__")
    *progress, done, arrived = capsys.readouterr().out.splitlines()
    assert any(line.startswith("running") and "20.0 MB/s" in line for line in progress)
    assert done == "done     100 %  10000000 bytes"
    assert arrived == "on the volume: 10000000 bytes"
