"""
Calls of the kind that the published documentation shows, page by page: transfers, deliveries, compute jobs and queues.

Each test is named by the page, and by what its section is about. They run against the sandbox.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm as accsyn_api
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Connect

LISA = "lisa@example.com"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def made(session: Any, name: str, *sources: str, **more: Any) -> dict[str, Any]:
    """Create a transfer to Lisa."""
    tasks = [{"source": source, "destination": LISA} for source in sources or ("thefilm/a.mov",)]
    found: dict[str, Any] = session.create("transfer", {"name": name, "tasks": tasks, **more})
    return found


# transfers.rst


def test_transfers_attributes(admin: Any) -> None:
    job = made(admin, "attributes", queue="high", metadata={"internal": {"shot": "SHOT0010"}})
    assert job["code"] == job["name"] == "attributes"
    assert job["status"] == "waiting"
    assert (job["progress"], job["size"], job["speed"]) == (0, -1, -1.0)
    assert job["destination_hr"].startswith("user:lisa@example.com[standard]")
    assert job["queue_hr"].startswith("high")
    assert job["metadata"] == {"internal": {"shot": "SHOT0010"}}
    assert job["finished"] is None


def test_transfers_statuses(admin: Any) -> None:
    ident = made(admin, "statuses")["id"]
    for status in ("paused", "waiting", "done", "waiting", "aborted"):
        changed = admin.update("transfer", ident, {"status": status})
        assert changed["status"] == status
    with pytest.raises(accsyn_api.AccsynException, match="running"):
        admin.update("transfer", ident, {"status": "running"})


def test_transfers_find_by_user_and_places(admin: Any) -> None:
    jobs = admin.find("transfer")
    (lisa,) = admin.find(f"user WHERE code={LISA}")
    (hq,) = admin.find("site WHERE code=hq")
    for expression in (f"user={LISA}", f"user={lisa['id']}"):
        assert admin.find(f"transfer WHERE {expression}") == [
            job for job in jobs if job["user"] == lisa["id"]
        ]
    to_lisa = [job for job in jobs if job["destination"] == f"user:{lisa['id']}"]
    assert admin.find(f"transfer WHERE destination={LISA}") == to_lisa
    from_hq = [job for job in jobs if job["source"] == f"site:{hq['id']}"]
    assert admin.find("transfer WHERE source=hq") == from_hq
    both = admin.find(f"transfer WHERE source=hq AND destination={LISA}")
    assert both == [job for job in from_hq if job in to_lisa]


def test_transfers_finished_and_archived(admin: Any) -> None:
    ident = made(admin, "over")["id"]
    admin.update("transfer", ident, {"status": "aborted"})
    assert admin.find("transfer WHERE code=over") == []
    (found,) = admin.find("transfer WHERE code=over", finished=True)
    assert (found["id"], found["status"]) == (ident, "aborted")
    assert admin.get_entity("transfer", ident) == found
    archived = admin.find("transfer", archived=True)
    assert archived
    assert not [job for job in archived if job in admin.find("transfer")]
    assert admin.get_entity("transfer", archived[0]["id"]) == archived[0]


def test_transfers_tasks(admin: Any) -> None:
    job = made(admin, "with tasks", "thefilm/a.mov", "thefilm/b.mov")
    tasks = admin.find("task", entityid=job["id"])
    assert [task["uri"] for task in tasks] == ["0", "1"]
    assert all(UUID.fullmatch(task["id"]) for task in tasks)
    assert [task["source"]["path"] for task in tasks] == ["thefilm/a.mov", "thefilm/b.mov"]
    assert {(task["status"], task["priority"], task["job"]) for task in tasks} == {("queued", 500, job["id"])}
    assert admin.find("task WHERE status=queued", parent=job["id"]) == tasks


def test_transfers_add_tasks(admin: Any) -> None:
    job = made(admin, "grows")
    one = admin.create("task", {"source": "thefilm/b.mov", "destination": LISA}, job["id"])
    assert one["source"]["path"] == "thefilm/b.mov"
    more = [{"source": f"thefilm/{letter}.mov", "destination": LISA} for letter in "cd"]
    assert len(admin.create("task", {"tasks": more}, job["id"])) == 2
    assert len(admin.create("task", more, job["id"])) == 2, "those that are there are tried again"
    assert len(admin.find("task", entityid=job["id"])) == 4


def test_transfers_duplicates(admin: Any) -> None:
    job = made(admin, "twice")
    (first,) = admin.find("task", entityid=job["id"])
    same = {"source": "thefilm/a.mov", "destination": LISA}
    with pytest.raises(accsyn_api.AccsynException):
        admin.create("task", same, job["id"], allow_duplicates=False)
    assert admin.create("task", same, job["id"], allow_duplicates=True)["id"] == first["id"]
    admin.create("task", same, job["id"], replace_duplicates=True)
    (replaced,) = admin.find("task", entityid=job["id"])
    assert replaced["id"] != first["id"]


def test_transfers_change_and_exclude_tasks(admin: Any) -> None:
    job = made(admin, "some of them", "thefilm/a.mov", "thefilm/b.mov")
    by_id, by_uri = admin.find("task", entityid=job["id"])
    changed = admin.update_many(
        "task",
        job["id"],
        [{"id": by_id["id"], "priority": 999}, {"uri": by_uri["uri"], "status": "excluded"}],
    )
    assert [(task["priority"], task["status"]) for task in changed] == [(999, "queued"), (500, "excluded")]
    admin.update("task", by_id["id"], {"status": "onhold"})
    assert admin.get_entity("transfer", job["id"])["status"] == "paused"
    with pytest.raises(accsyn_api.AccsynException, match="excluded"):
        admin.delete_one("task", by_id["id"])


def test_transfers_append_and_revive(admin: Any) -> None:
    job = made(admin, "nightly run")
    admin.update("transfer", job["id"], {"status": "done"})
    again = made(admin, "nightly run", "thefilm/b.mov", append=True)
    assert (again["id"], again["status"]) == (job["id"], "waiting")
    assert len(admin.find("task", entityid=job["id"])) == 2


@pytest.fixture
def copying() -> Iterator[tuple[Sandbox, Any]]:
    with Sandbox(data="demo") as sandbox:
        known = sandbox.credentials("admin")
        with accsyn_api.Session(
            known["workspace"], known["username"], known["api_key"], url=sandbox.url
        ) as session:
            yield sandbox, session


def test_transfers_a_source_that_is_missing(copying: tuple[Sandbox, Any]) -> None:
    sandbox, session = copying
    jobs = [
        made(session, name, path)
        for name, path in (("there", "incoming/readme.txt"), ("not there", "incoming/x"))
    ]
    for _ in range(20):
        sandbox.transfers.step()
    assert [session.get_entity("transfer", job["id"])["status"] for job in jobs] == ["done", "failed"]


# jobs.rst of 2023: a transfer is a job, in v1


def test_jobs_of_2023(demo_sandbox: Sandbox, connect: Connect) -> None:
    session = connect(pwd=demo_sandbox.credentials("admin")["pwd"])
    job = session.create(
        "job", {"code": "earlier", "tasks": [{"source": "thefilm/a.mov", "destination": LISA}]}
    )
    session.create("task", {"source": "thefilm/b.mov", "destination": LISA}, job["id"])
    tasks = session.find(f"task WHERE job.id={job['id']}")
    assert len(tasks) == 2
    assert session.find(f"task WHERE job.id={job['id']} AND status=failed") == []
    changed = session.update_many("task", [{"id": tasks[0]["id"], "status": "excluded"}], job["id"])
    assert changed[0]["status"] == "excluded"
    session.update_one("job", job["id"], {"status": "aborted"})
    assert [
        each["code"] for each in session.find("job WHERE status=aborted AND code=earlier", finished=True)
    ] == ["earlier"]
    assert session.delete_one("job", job["id"]) is True


# deliveries.rst


def test_deliveries_create_and_submit(admin: Any) -> None:
    delivery = admin.create("delivery", {"name": "Trailer", "tasks": ["thefilm/trailer/trailer_v001.mov"]})
    assert delivery["status"] == "init"
    with pytest.raises(accsyn_api.AccsynException):
        admin.update("delivery", delivery["id"], {"status": "pending"})
    assert admin.grant("user", LISA, "delivery", delivery["id"]) is True
    admin.update("delivery", delivery["id"], {"status": "pending"})
    assert admin.get_entity("delivery", delivery["id"])["status"] in {"pending", "waiting"}
    for entity in (delivery, admin.get_entity("delivery", delivery["id"])):
        assert not entity.keys() & {"data", "config", "tasks"}


def test_deliveries_recipients(admin: Any, lisa: Any) -> None:
    tasks = ["thefilm/trailer/trailer_v001.mov"]
    delivery = admin.create("delivery", {"name": "To Lisa", "tasks": tasks, "recipients": [LISA]})
    admin.update("delivery", delivery["id"], {"status": "pending"})
    (recipient,) = admin.access("delivery", delivery["id"])
    assert (recipient["user_hr"], recipient["actioned"]) == (LISA, False)
    assert [each["id"] for each in lisa.find("delivery WHERE code='To Lisa'")] == [delivery["id"]]
    assert admin.grant("user", "new@vendor.example", "delivery", delivery["id"]) is True
    assert admin.revoke("user", LISA, "delivery", delivery["id"]) is True
    assert [each["user_hr"] for each in admin.access("delivery", delivery["id"])] == ["new@vendor.example"]
    assert lisa.find("delivery WHERE code='To Lisa'") == []


def test_deliveries_files_and_end(admin: Any) -> None:
    tasks = ["thefilm/trailer/trailer_v001.mov", "thefilm/trailer/trailer_v002.mov"]
    delivery = admin.create("delivery", {"name": "Two files", "tasks": tasks, "recipients": [LISA]})
    found = admin.find("task", entityid=delivery["id"])
    assert [task["source"]["path"] for task in found] == tasks
    assert admin.find(f"task WHERE job.id={delivery['id']}") == found
    admin.update("delivery", delivery["id"], {"status": "aborted"})
    assert admin.delete_one("delivery", delivery["id"]) is True
    assert admin.get_entity("delivery", delivery["id"]) is None


def test_deliveries_transfers_below_one(admin: Any) -> None:
    delivery = admin.create("delivery", {"name": "Parent", "tasks": ["thefilm/a.mov"], "recipients": [LISA]})
    child = made(admin, "child", parent=delivery["id"])
    assert [job["id"] for job in admin.find(f"transfer WHERE parent={delivery['id']}")] == [child["id"]]


def test_deliveries_requests_and_streams(admin: Any) -> None:
    request = admin.create(
        "request",
        {"name": "Send us plates", "recipients": [LISA], "destination": "volume=projects/incoming/"},
    )
    assert request["destination_hr"].startswith("hq(")
    stream = admin.create("stream", {"name": "Dailies", "tasks": ["thefilm/trailer"], "recipients": [LISA]})
    for kind, entity in (("request", request), ("stream", stream)):
        assert [each["user_hr"] for each in admin.access(kind, entity["id"])] == [LISA]
        changed = admin.update(kind, entity["id"], {"status": "aborted"})
        assert changed["status"] == "aborted"


# queues.rst, admin/queue.md, manage/job.md


def test_queues_standard_ones(admin: Any) -> None:
    found = {queue["code"]: queue["priority"] for queue in admin.find("queue")}
    assert [found[code] for code in ("high", "medium", "low")] == [999, 500, 1]
    assert admin.find_one("queue WHERE default=true")["code"] == "medium"


def test_queues_create_pause_and_delete(admin: Any) -> None:
    queue = admin.create(
        "queue", {"name": "Overnight work", "priority": 20, "description": "When nobody waits"}
    )
    assert queue["code"] == "overnight-work"
    job = made(admin, "overnight", queue="overnight-work")
    assert job["uri"].startswith("overnight-work")
    changed = admin.update("queue", queue["id"], {"status": "paused"})
    assert changed["status"] == "paused"
    assert admin.delete_one("queue", queue["id"]) is True
    assert admin.get_entity("transfer", job["id"])["queue_hr"].startswith("medium")
    with pytest.raises(accsyn_api.AccsynException, match="default"):
        admin.delete_one("queue", admin.find_one("queue WHERE default=true")["id"])


# compute.rst, farm.md, job-specification.md


def test_compute_submit(admin: Any) -> None:
    (engine,) = admin.find("engine WHERE type=compute AND code=nuke")
    job = admin.create(
        "compute",
        {
            "name": "comp",
            "engine": engine["id"],
            "input": "volume=projects/thefilm/comp.nk",
            "output": "volume=projects/thefilm/render/",
            "range": "1001-1100",
            "filters": "ram:>32g,site:sthlm",
            "parameters": {"arguments": "-x"},
            "envs": {"common": {"SHOW": "thefilm"}},
            "tasks": ["thefilm/comp.nk"],
        },
    )
    assert (job["range"], job["filters"]) == ("1001-1100", "ram:>32g,site:sthlm")
    assert job["engine"] == engine["id"]
    paused = admin.update("compute", job["id"], {"status": "paused"})
    assert paused["status"] == "paused"


@pytest.mark.parametrize(
    ("tasks", "count"),
    [
        (["thefilm/a.mov", "thefilm/b.mov"], 2),
        ([{"source": "thefilm/a.mov"}, {"source": "thefilm/b.mov", "priority": 900}], 2),
        ({"source": "thefilm/a.mov"}, 1),
        ({"0": {"source": "thefilm/a.mov"}, "one": {"source": "thefilm/b.mov"}}, 2),
        ([{"source": "thefilm/plates/SHOT0010/SHOT0010_plate.%04d.exr[1001-1004]"}], 1),
    ],
)
def test_job_specification_forms_of_tasks(admin: Any, tasks: Any, count: int) -> None:
    job = admin.create("transfer", {"name": "forms", "destination": LISA, "tasks": tasks})
    assert len(admin.find("task", entityid=job["id"])) == count


@pytest.mark.parametrize(
    ("destination", "party"),
    [
        (LISA, "user:lisa@example.com"),
        (f"{LISA}:plates/", "user:lisa@example.com"),
        (f"user={LISA}:plates/", "user:lisa@example.com"),
        ("site=sthlm:share=projects/plates/", "sthlm("),
        ("acmefilm:volume=projects/plates/", "hq("),
    ],
)
def test_job_specification_parties(admin: Any, destination: str, party: str) -> None:
    job = admin.create(
        "transfer", {"name": "parties", "tasks": [{"source": "thefilm/a.mov", "destination": destination}]}
    )
    assert job["destination_hr"].startswith(party)


def test_job_specification_placeholder(admin: Any) -> None:
    task = {"source": "acmefilm:null", "status": "excluded"}
    job = admin.create("transfer", {"name": "nothing to do", "tasks": [task]})
    assert admin.get_entity("transfer", job["id"])["status"] == "done"


def test_job_specification_hooks_and_settings(admin: Any) -> None:
    job = made(
        admin,
        "hooked",
        hooks=[{"when": "hook-job-done-server", "data": {"script": "notify"}}],
        settings={"transfer_speedlimit": "50"},
    )
    assert admin.get_setting("transfer_speedlimit", "transfer", job["id"]) == "50"


def test_job_specification_own_machines_only(admin: Any) -> None:
    with pytest.raises(accsyn_api.AccsynException):
        made(admin, "not mine", f"{LISA}:/Users/lisa/a.mov")
