from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox.transferring import Transfers

if TYPE_CHECKING:
    from collections.abc import Callable


def test_waiting_retries_what_failed_and_nothing_else(floor: Any) -> None:
    floor.write("here.mov")
    job = floor.transfer(floor.up("missing.mov"), floor.up("here.mov"))
    floor.run()
    assert floor.tasks(job) == ["failed", "done"]
    (floor.volume / "in/here.mov").unlink()
    floor.write("missing.mov")
    floor.admin.edit("transfer", job, status="waiting")
    assert floor.tasks(job) == ["queued", "done"]
    assert floor.sandbox.transfers.reason(job) is None
    floor.run()
    assert (floor.job(job)["status"], floor.tasks(job)) == ("done", ["done", "done"])
    assert floor.names("in") == ["missing.mov"]


def test_a_failed_task_that_is_queued_again_is_retried(floor: Any) -> None:
    job = floor.transfer(floor.up("missing.mov"))
    floor.run()
    floor.write("missing.mov")
    assert floor.admin.result("PUT", "task/edit", [{"uri": "0", "status": "queued"}], id=job)
    assert floor.job(job)["status"] == "waiting"
    floor.run()
    assert floor.job(job)["status"] == "done"


def test_pausing_keeps_what_was_copied_and_waiting_goes_on(floor: Any) -> None:
    job, part = floor.halfway()
    floor.admin.edit("transfer", job, status="paused")
    floor.run()
    shown = floor.job(job)
    assert (shown["status"], shown["progress"], shown["speed"], shown["etr"]) == ("paused", 40, -1.0, "")
    assert floor.tasks(job) == ["queued"]
    assert part.read_bytes() == b"0123"
    floor.admin.edit("transfer", job, status="waiting")
    floor.steps(2)
    assert part.read_bytes() == b"01234567"
    floor.run()
    assert floor.job(job)["status"] == "done"
    assert (floor.volume / "in/a.mov").read_bytes() == b"0123456789"


def test_a_file_that_changed_meanwhile_is_copied_anew(floor: Any) -> None:
    job, _ = floor.halfway()
    floor.admin.edit("transfer", job, status="paused")
    floor.run()
    floor.write("a.mov", b"other content")
    floor.admin.edit("transfer", job, status="waiting")
    floor.run()
    assert (floor.volume / "in/a.mov").read_bytes() == b"other content"
    assert floor.admin.find("task", parent=job)[0]["size"] == 13


def stop_job(status: str) -> Callable[[Any, str], Any]:
    return lambda floor, job: floor.admin.edit("transfer", job, status=status)


def stop_task(status: str) -> Callable[[Any, str], Any]:
    return lambda floor, job: floor.admin.result("PUT", "task/edit", [{"uri": "0", "status": status}], id=job)


@pytest.mark.parametrize(
    ("act", "job_status", "tasks"),
    [
        (stop_job("aborted"), "aborted", ["queued"]),
        (stop_job("done"), "done", ["queued"]),
        (stop_task("excluded"), "paused", ["excluded"]),
        (stop_task("failed"), "failed", ["failed"]),
        (stop_task("done"), "done", ["done"]),
        (lambda floor, job: floor.admin.result("DELETE", "transfer/delete", None, id=job), None, []),
    ],
)
def test_what_is_stopped_leaves_no_part_behind(floor: Any, act: Any, job_status: Any, tasks: Any) -> None:
    job, part = floor.halfway()
    act(floor, job)
    floor.run()
    assert not part.exists()
    assert not (floor.volume / "in").exists()
    assert floor.tasks(job) == tasks
    if job_status:
        shown = floor.job(job)
        assert (shown["status"], shown["speed"], shown["etr"]) == (job_status, -1.0, "")


def test_a_task_on_hold_goes_on_where_it_was(floor: Any) -> None:
    job, part = floor.halfway()
    floor.set_task(job, "onhold")
    floor.run()
    assert (floor.job(job)["status"], part.read_bytes()) == ("paused", b"0123")
    floor.set_task(job, "queued")
    floor.admin.edit("transfer", job, status="waiting")
    floor.run()
    assert (floor.volume / "in/a.mov").read_bytes() == b"0123456789"


def test_a_task_in_hand_that_is_queued_again_is_copied_on(floor: Any) -> None:
    job, _ = floor.halfway()
    floor.set_task(job, "queued")
    floor.run()
    assert floor.job(job)["status"] == "done"


def test_a_duplicate_of_a_task_in_hand_does_not_disturb_it(floor: Any) -> None:
    job, _ = floor.halfway()
    (made,) = floor.admin.result("POST", "task/create", {"tasks": floor.up("a.mov")}, id=job)
    assert made["status"] == "executing"
    floor.run()
    assert floor.job(job)["status"] == "done"


def test_what_a_client_does_while_a_chunk_is_copied_is_seen_at_the_next_step(floor: Any) -> None:
    actions: list[Callable[[], Any]] = []

    def clock() -> float:
        # It is asked for the time before and after copying, without the lock.
        if actions:
            actions.pop()()
        return 0.0

    transfers = Transfers(floor.sandbox, clock)
    transfers.chunk_size = 4
    floor.write("a.mov")
    job = floor.transfer(floor.up("a.mov"))
    transfers.step()
    actions.append(lambda: floor.admin.edit("transfer", job, status="paused"))
    while transfers.step():
        pass
    shown = floor.job(job)
    assert (shown["status"], shown["progress"], floor.tasks(job)) == ("paused", 0, ["queued"])
    transfers.stop()
    assert floor.parts() == []


def test_tasks_on_hold_and_excluded_are_left_out(floor: Any) -> None:
    for name in "abc":
        floor.write(name)
    excluded = floor.transfer({**floor.up("a"), "status": "excluded"}, floor.up("b"))
    held = floor.transfer({**floor.up("c", "c/"), "status": "onhold"}, floor.up("b", "c/"))
    floor.run()
    assert (floor.job(excluded)["status"], floor.job(excluded)["size"]) == ("done", 10)
    assert (floor.job(held)["status"], floor.job(held)["size"]) == ("paused", 10)
    assert (floor.names("in"), floor.names("c")) == (["b"], ["b"])


def order(floor: Any) -> list[str]:
    """Which files arrive, one at a time."""
    floor.sandbox.transfers.concurrency = 1
    seen: list[str] = []
    while floor.sandbox.transfers.step():
        seen += [each.name for each in floor.volume.glob("in/*") if each.name not in seen]
    return seen


def test_the_queue_then_the_age_then_the_priority_of_the_task_decide(floor: Any) -> None:
    for name in "abcdef":
        floor.write(name)
    floor.transfer(floor.up("a"), queue="low")
    floor.transfer(floor.up("b"), {**floor.up("c"), "priority": 900})
    floor.transfer(floor.up("d"), queue="high")
    floor.transfer(floor.up("e"), queue="medium")
    urgent = floor.admin.create("queue", name="Urgent", parent="low", priority=1000)
    floor.transfer(floor.up("f"), queue=urgent["id"])
    assert order(floor) == ["f", "d", "c", "b", "e", "a"]


def test_no_more_tasks_than_the_concurrency_are_copied_at_a_time(floor: Any) -> None:
    transfers = floor.sandbox.transfers
    transfers.chunk_size, transfers.concurrency = 2, 3
    for name in "abcde":
        floor.write(name)
    jobs = [floor.transfer(*(floor.up(name) for name in "abcd")), floor.transfer(floor.up("e"))]
    most = 0
    while transfers.step():
        in_hand = sum(status in {"booting", "executing"} for job in jobs for status in floor.tasks(job))
        most = max(most, in_hand)
    assert most == 3
    assert [floor.job(job)["status"] for job in jobs] == ["done", "done"]


def test_a_paused_queue_holds_its_jobs_and_those_of_the_queues_in_it(floor: Any) -> None:
    transfers = floor.sandbox.transfers
    transfers.chunk_size = 4
    low = floor.admin.ids("queue", "code=low")[0]
    floor.admin.create("queue", name="Nightly", parent="low")
    floor.write("a")
    floor.write("b")
    job = floor.transfer(floor.up("a"), queue="low/nightly")
    floor.steps(2)
    assert floor.job(job)["progress"] == 40
    floor.admin.edit("queue", low, status="paused")
    later = floor.transfer(floor.up("b"), queue="low")
    floor.run()
    assert [(floor.job(each)["status"], floor.tasks(each)) for each in (job, later)] == [
        ("waiting", ["queued"])
    ] * 2
    floor.admin.edit("queue", low, status="waiting")
    floor.run()
    assert [floor.job(each)["status"] for each in (job, later)] == ["done", "done"]


def test_a_queue_that_is_paused_between_two_tasks_holds_the_job_as_well(floor: Any) -> None:
    floor.sandbox.transfers.concurrency = 1
    for name in "ab":
        floor.write(name)
    job = floor.transfer(floor.up("a"), floor.up("b"), queue="low")
    floor.steps(2)
    assert floor.tasks(job) == ["done", "queued"]
    floor.admin.edit("queue", floor.admin.ids("queue", "code=low")[0], status="paused")
    floor.run()
    assert (floor.job(job)["status"], floor.tasks(job)) == ("waiting", ["done", "queued"])


def test_a_job_that_is_paused_between_two_tasks_shows_no_speed(floor: Any) -> None:
    floor.sandbox.transfers.concurrency, floor.sandbox.transfers.speed_limit = 1, 1000
    for name in "ab":
        floor.write(name)
    job = floor.transfer(floor.up("a"), floor.up("b"))
    floor.steps(2)
    assert floor.job(job)["speed"] == 0.001
    floor.admin.edit("transfer", job, status="paused")
    floor.run()
    shown = floor.job(job)
    assert (shown["status"], shown["speed"], shown["etr"]) == ("paused", -1.0, "")


def test_added_tasks_revive_a_finished_job(floor: Any) -> None:
    for name in "ab":
        floor.write(name)
    job = floor.transfer(floor.up("a"), name="daily")
    floor.run()
    assert floor.job(job)["status"] == "done"
    assert floor.transfer(floor.up("b"), name="daily", append=True) == job
    shown = floor.job(job)
    assert (shown["status"], shown["finished"]) == ("waiting", None)
    floor.run()
    assert (floor.job(job)["status"], floor.job(job)["size"]) == ("done", 20)
    (floor.volume / "in/a").unlink()
    floor.admin.result("POST", "task/create", {"tasks": floor.up("a")}, id=job)
    floor.run()
    assert floor.names("in") == ["a", "b"]
