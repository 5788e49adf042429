from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

JOHN = "john@user.com"


def test_a_file_goes_from_the_machine_to_the_volume_state_by_state(floor: Any) -> None:
    floor.sandbox.transfers.chunk_size = 4
    source = floor.write("plates/a.mov")
    os.utime(source, (1_700_000_000, 1_700_000_000))
    job = floor.transfer(floor.up("plates/a.mov"))
    seen = [("waiting", ["queued"], -1, 0)]
    while floor.sandbox.transfers.step():
        shown = floor.job(job)
        seen.append((shown["status"], floor.tasks(job), shown["size"], shown["progress"]))
        if shown["status"] == "running" and shown["progress"] < 90:
            assert not (floor.volume / "in/a.mov").exists()
    assert seen == [
        ("waiting", ["queued"], -1, 0),
        ("running", ["executing"], 10, 0),
        ("running", ["executing"], 10, 40),
        ("running", ["executing"], 10, 80),
        ("running", ["done"], 10, 99),
    ]
    done = floor.job(job)
    assert (done["status"], done["progress"], done["speed"], done["etr"]) == ("done", 100, -1.0, "")
    assert done["finished"]
    (task,) = floor.admin.find("task", parent=job)
    assert (task["size"], task["status"]) == (10, "done")
    assert task["finished"]
    target = floor.volume / "in/a.mov"
    assert target.read_bytes() == b"0123456789"
    assert target.stat().st_mtime == 1_700_000_000
    assert floor.parts() == []


def test_booting_is_seen_where_a_task_waits_for_nothing_but_its_turn(floor: Any) -> None:
    floor.write("a.mov")
    job = floor.transfer(floor.up("a.mov"))
    workspace = floor.sandbox.workspace
    with workspace.lock:
        floor.sandbox.transfers._ledger.plan(workspace, 1)
    assert (floor.job(job)["status"], floor.tasks(job)) == ("running", ["booting"])


@pytest.mark.parametrize(
    ("source", "destination", "where"),
    [
        (f"{JOHN}:/plates/a.mov", "in/", "volumes/projects/in/a.mov"),
        (f"{JOHN}:/plates/a.mov", "in/b.mov", "volumes/projects/in/b.mov"),
        (f"{JOHN}:/plates/a.mov", "volume=projects", "volumes/projects/a.mov"),
        (f"{JOHN}:/plates/a.mov", "/mnt/projects/x/", "volumes/projects/x/a.mov"),
        (f"{JOHN}:/plates/a.mov", "P:\\x\\", "volumes/projects/x/a.mov"),
        (f"{JOHN}:/plates/a.mov", None, "volumes/projects/plates/a.mov"),
        (f"{JOHN}:/plates/a.mov", "site=sthlm:", "volumes/projects@sthlm/plates/a.mov"),
        (f"{JOHN}:/plates/a.mov", "acmefilm:in/", "volumes/projects/in/a.mov"),
        (f"{JOHN}:C:\\plates\\a.mov", "in/", "volumes/projects/in/a.mov"),
        (f"{JOHN}@Laptop:plates/a.mov", "lisa@example.com:in/", "machines/lisa@example.com/in/a.mov"),
        ({"path": "plates/a.mov", "user": JOHN}, {"path": "in/", "v": "projects"}, "volumes/projects/in/a.mov"),
        ("film/b.mov", f"{JOHN}:/down/", f"machines/{JOHN}/down/b.mov"),
        ("film/b.mov", f"{JOHN}:D:\\down\\", f"machines/{JOHN}/D/down/b.mov"),
        ("film/b.mov", "lisa@example.com", "machines/lisa@example.com/film/b.mov"),
        ("hq:film/b.mov", "film/c.mov", "volumes/projects/film/c.mov"),
        ("hq:film/b.mov", "site=sthlm", "volumes/projects@sthlm/film/b.mov"),
        ("share=film/b.mov", "volume=(default)/x/", "volumes/projects/x/b.mov"),
        ("share=film/b.mov", "lisa@example.com", "machines/lisa@example.com/film/b.mov"),
        ("~/mine.mov", "in/", "volumes/projects/in/mine.mov"),
        (f"{JOHN}:~/mine.mov", "in/", "volumes/projects/in/mine.mov"),
    ],
)  # fmt: skip
def test_paths_name_machines_volumes_and_shares(
    floor: Any, source: Any, destination: Any, where: str
) -> None:
    floor.admin.create("site", name="sthlm")
    floor.admin.create("folder", name="film")
    floor.admin.create("home", user=JOHN, path="homes/john")
    for path in ("plates/a.mov", "C/plates/a.mov"):
        floor.write(path)
    for path in ("film/b.mov", "homes/john/mine.mov"):
        floor.write(path, folder=floor.volume)
    job = floor.transfer({"source": source, "destination": destination})
    floor.run()
    assert floor.job(job)["status"] == "done", floor.sandbox.transfers.reason(job)
    assert (floor.sandbox.disk.root / where).read_bytes() == b"0123456789"


def test_a_path_of_the_job_is_that_of_tasks_without_one(floor: Any) -> None:
    for name in "ab":
        floor.write(name)
    job = floor.transfer(f"{JOHN}:/a", {"source": f"{JOHN}:/b", "destination": "own/"}, destination="all/")
    floor.run()
    assert floor.tasks(job) == ["done", "done"]
    assert sorted(str(file.relative_to(floor.volume)) for file in floor.volume.rglob("?")) == [
        "all/a",
        "own/b",
    ]


@pytest.mark.parametrize("flag", ["mirror", "mirror_paths"])
def test_mirroring_keeps_the_path_below_the_destination(floor: Any, flag: str) -> None:
    floor.write("film/sh010/a.mov", folder=floor.volume)
    floor.transfer({"source": "film/sh010/a.mov", "destination": f"{JOHN}:/copy"}, **{flag: True})
    floor.run()
    assert (floor.machine / "copy/film/sh010/a.mov").exists()


@pytest.mark.parametrize(
    ("destination", "where"), [("in/", "in/shot"), ("in/renamed", "in/renamed"), (None, "shot")]
)
def test_a_folder_is_copied_with_all_that_is_in_it(floor: Any, destination: Any, where: str) -> None:
    for path in ("shot/a.exr", "shot/deep/b.exr", "shot/deep/er/c.exr"):
        floor.write(path, path.encode())
    floor.write("shot/zero.exr", b"")
    (floor.machine / "shot/empty").mkdir()
    (floor.machine / "shot/link.exr").symlink_to("a.exr")
    job = floor.transfer({"source": f"{JOHN}:/shot", "destination": destination})
    floor.run()
    assert floor.job(job)["status"] == "done", floor.sandbox.transfers.reason(job)
    copied = floor.volume / where
    assert sorted(str(each.relative_to(copied)) for each in copied.rglob("*")) == [
        "a.exr", "deep", "deep/b.exr", "deep/er", "deep/er/c.exr", "empty", "link.exr", "zero.exr",
    ]  # fmt: skip
    assert (copied / "deep/b.exr").read_bytes() == b"shot/deep/b.exr"
    assert (copied / "link.exr").read_bytes() == b"shot/a.exr"
    assert not (copied / "link.exr").is_symlink()
    assert floor.job(job)["size"] == len("shot/a.exr" * 2 + "shot/deep/b.exr" + "shot/deep/er/c.exr")


@pytest.mark.parametrize(
    ("source", "destination", "names"),
    [
        ("s.%04d.exr[8-10]", "out/", ["s.0008.exr", "s.0009.exr", "s.0010.exr"]),
        ("s.####.exr[9-9]", "out/", ["s.0009.exr"]),
        ("s.%04d.exr[8-9]", "out/t.%03d.exr", ["t.008.exr", "t.009.exr"]),
        ("s.%04d.exr[8-9]", "out/t_##.exr[8-9]", ["t_08.exr", "t_09.exr"]),
    ],
)
def test_file_sequences(floor: Any, source: str, destination: str, names: list[str]) -> None:
    for number in (8, 9, 10):
        floor.write(f"s.{number:04d}.exr")
    job = floor.transfer(floor.up(source, destination))
    floor.run()
    assert floor.job(job)["status"] == "done", floor.sandbox.transfers.reason(job)
    assert floor.job(job)["size"] == 10 * len(names)
    assert floor.names("out") == names


@pytest.mark.parametrize(
    ("source", "destination", "reason"),
    [
        (f"{JOHN}:/missing.mov", "in/", "There is no file 'missing.mov'"),
        (f"{JOHN}:/s.%04d.exr[1-3]", "in/", "There is no file 's.0001.exr'"),
        (f"{JOHN}:/a.%04d.exr[3-1]", "in/", "upwards"),
        (f"{JOHN}:/s.%04d.exr[1-3]", "in/one.exr", "'one.exr'"),
        (f"{JOHN}:/a.mov", "folder", "'folder' is a folder"),
        (f"{JOHN}:/a.mov", "file/", "'file'"),
        (f"{JOHN}:/a.mov", f"{JOHN}:/a.mov", "onto itself"),
        (f"{JOHN}:/shot", f"{JOHN}:/shot/deep/", "into itself"),
        (f"{JOHN}:/pipe", "in/", "neither a file nor a folder"),
        (f"{JOHN}:/out", "in/", "leads out"),
        (f"{JOHN}:/shot", "in/", "leads out"),
        (f"{JOHN}:/../{JOHN}/a.mov", "in/", "'..'"),
        (f"{JOHN}:/a.mov", "leak/a.mov", "leads out"),
        ("volume=nowhere/a.mov", "in/", "'nowhere'"),
        ("/etc/passwd", "in/", "'/etc/passwd'"),
        ("collection=reel", "in/", "collection"),
        ("a.mov", None, "There is no file"),
        ("volume=projects", None, "no name"),
    ],
)  # fmt: skip
def test_what_cannot_be_copied_fails_the_task_and_the_job(
    floor: Any, tmp_path: Path, source: str, destination: Any, reason: str
) -> None:
    floor.write("a.mov")
    floor.write("shot/a.mov")
    (floor.machine / "out").symlink_to("/etc/hostname")
    (floor.machine / "shot/secret").symlink_to("/etc/hostname")
    os.mkfifo(floor.machine / "pipe")
    floor.write("folder/x", folder=floor.volume)
    floor.write("file", folder=floor.volume)
    (floor.volume / "leak").symlink_to(tmp_path)
    floor.admin.create("collection", name="reel")
    floor.write("good.mov")
    job = floor.transfer({"source": source, "destination": destination}, floor.up("good.mov"))
    before = sorted(os.walk(floor.volume))
    floor.run()
    assert floor.tasks(job) == ["failed", "done"]
    shown = floor.job(job)
    assert (shown["status"], shown["finished"], shown["speed"]) == ("failed", None, -1.0)
    (task, _) = floor.admin.find("task", parent=job)
    assert reason in str(floor.sandbox.transfers.reason(task["id"]))
    assert reason in str(floor.sandbox.transfers.reason(job))
    logged = floor.admin.ask("GET", "log/find", {"entitytype": "transfer", "sort": "date"}, id=job)["result"]
    assert [entry["message"] for entry in logged[-2:]] == [
        f"The transfer 't' failed in task '0': {floor.sandbox.transfers.reason(job)}",
        "The transfer 't' is failed.",
    ]
    (floor.volume / "in/good.mov").unlink()
    (floor.volume / "in").rmdir()
    assert sorted(os.walk(floor.volume)) == before
    assert list(tmp_path.iterdir()) == []
    assert floor.parts() == []


def test_the_size_of_a_job_is_known_before_its_last_task_begins(floor: Any) -> None:
    floor.sandbox.transfers.concurrency = 1
    for name in "abc":
        floor.write(name)
    job = floor.transfer(*(floor.up(name) for name in "abc"), floor.up("missing"))
    floor.steps(1)
    assert floor.tasks(job) == ["executing", "queued", "queued", "queued"]
    assert floor.job(job)["size"] == 30
    floor.set_task(job, "excluded")
    floor.run()
    assert floor.job(job)["size"] == 20
