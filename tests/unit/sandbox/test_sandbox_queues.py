from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def nested() -> Iterator[Sandbox]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def boss(nested: Sandbox, connect: Callable[..., Any]) -> Any:
    """The admin of a workspace with a queue in a queue in a queue."""
    client = connect(nested)
    client.create("queue", name="Nightly", parent="low", description="after hours")
    client.create("queue", name="Back ups", code="backups", parent="low/nightly", priority=0)
    return client


def queue(boss: Any, code: str) -> dict[str, Any]:
    (found,) = boss.find("queue", f"code={code}")
    assert isinstance(found, dict)
    return found


def test_the_standard_queues(boss: Any) -> None:
    found = {row["code"]: (row["priority"], row["default"], row["status"]) for row in boss.find("queue")[:3]}
    assert found == {
        "high": (999, False, "waiting"), "medium": (500, True, "waiting"), "low": (1, False, "waiting"),
    }  # fmt: skip


def test_a_queue_is_made_from_its_name(boss: Any) -> None:
    made = queue(boss, "nightly")
    assert (made["name"], made["priority"], made["description"]) == ("Nightly", 500, "after hours")
    assert (made["uri"], queue(boss, "backups")["uri"]) == ("low/nightly", "low/nightly/backups")
    assert queue(boss, "backups")["priority"] == 0


@pytest.mark.parametrize(
    "named",
    ["backups", "BACKUPS", "Back ups", "low/nightly/backups", "/Low/Nightly/Backups/", "{id}", "queue:{id}"],
)
def test_a_job_names_its_queue_by_code_name_id_or_uri(boss: Any, named: str) -> None:
    backups = queue(boss, "backups")
    named = named.format(id=backups["id"])
    made = boss.create("transfer", name="q", queue=named)
    assert (made["queue"], made["uri"]) == (backups["id"], "low/nightly/backups")
    plain = boss.create("transfer", name="q")
    assert plain["uri"] == "medium"
    assert boss.edit("transfer", plain["id"], queue=named)["queue"] == backups["id"]


def test_jobs_are_found_by_their_queue(boss: Any) -> None:
    made = boss.create("transfer", name="found", queue="low/nightly")["id"]
    for query in ("queue=nightly", "queue.name=Nightly", "uri=low/nightly"):
        assert boss.ids("transfer", f"{query} AND name=found") == [made]


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("transfer", {"queue": "nightly/backups"}, "'nightly/backups'"),
        ("transfer", {"queue": "nowhere"}, "'nowhere'"),
        ("queue", {"parent": "nowhere"}, "'nowhere'"),
        ("queue", {"priority": 1001}, "0 and 1000"),
        ("queue", {"priority": -1}, "0 and 1000"),
        ("queue", {"status": "waiting"}, "'status'"),
        ("queue", {"name": "Nightly"}, "'nightly'"),
    ],
)
def test_queues_that_cannot_be(boss: Any, kind: str, data: dict[str, Any], words: str) -> None:
    assert words in boss.refused(400, "POST", f"{kind}/create", {"name": "refused", **data})


@pytest.mark.parametrize(
    ("code", "parent"), [("low", "low"), ("low", "low/nightly/backups"), ("nightly", "backups")]
)
def test_a_queue_cannot_stand_below_itself(boss: Any, code: str, parent: str) -> None:
    assert "below itself" in boss.refused(
        400, "PUT", "queue/edit", {"parent": parent}, id=queue(boss, code)["id"]
    )


def test_a_queue_can_be_moved_out(boss: Any) -> None:
    made = boss.create("queue", name="moving", parent="low")
    assert boss.edit("queue", made["id"], parent=None)["uri"] == "moving"


@pytest.mark.parametrize(
    ("flag", "kind", "other"),
    [("default", "transfer", "compute"), ("compute_default", "compute", "transfer")],
)
def test_one_queue_has_each_default_flag(connect: Any, flag: str, kind: str, other: str) -> None:
    with Sandbox(data="empty") as sandbox:
        boss = connect(sandbox)

        def flagged() -> list[str]:
            return [row["code"] for row in boss.find("queue") if row[flag]]

        assert flagged() == ["medium"]
        made = boss.create("queue", name="new", **{flag: True})
        assert flagged() == ["new"]
        assert boss.create(kind, name="q")["queue"] == made["id"]
        assert boss.create(other, name="q")["uri"] == "medium"
        assert f"'{flag}'" in boss.refused(400, "PUT", "queue/edit", {flag: False}, id=made["id"])


def test_a_deleted_queue_gives_its_jobs_to_the_default_one(boss: Any) -> None:
    made = boss.create("queue", name="going")
    job = boss.create("transfer", name="q", queue="going")["id"]
    assert "below it" in boss.refused(400, "DELETE", "queue/delete", None, id=queue(boss, "low")["id"])
    assert "default" in boss.refused(400, "DELETE", "queue/delete", None, id=queue(boss, "medium")["id"])
    assert boss.result("DELETE", "queue/delete", None, id=made["id"]) is True
    assert boss.find("transfer", f"id={job}")[0]["uri"] == "medium"
