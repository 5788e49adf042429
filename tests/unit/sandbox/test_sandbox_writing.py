from __future__ import annotations

import re
from typing import Any

import pytest

DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_create_stamps_and_fills(admin: Any) -> None:
    job = admin.create("job", name="fresh", tasks=["thefilm/a.mov"])
    assert re.fullmatch(r"[0-9a-f]{24}", job["id"])
    assert re.fullmatch(DATE, job["created"])
    assert job["modified"] == job["created"]
    assert job["creator"] == "john@user.com"
    assert job["user"] == admin.me
    assert (job["code"], job["status"], job["progress"], job["size"]) == ("fresh", "waiting", 0, -1)
    assert job["queue"] == admin.ids("queue", "default=True")[0]
    assert job["source_hr"].startswith("hq(")
    assert admin.find("job", f"id={job['id']}") == [job]


@pytest.mark.parametrize(
    ("tasks", "uris"),
    [
        (["a.mov", "b.mov"], ["0", "1"]),
        ([{"source": "a.mov", "destination": "lisa@example.com:b.mov"}], ["0"]),
        ({"source": "a.mov"}, ["0"]),
        ({"one": {"source": "a.mov"}, "two": "b.mov"}, ["one", "two"]),
    ],
)
def test_tasks_may_be_written_in_four_shapes(admin: Any, tasks: Any, uris: Any) -> None:
    job = admin.create("transfer", name="shapes", tasks=tasks)
    found = admin.find("task", parent=job["id"])
    assert [task["uri"] for task in found] == uris
    assert all(re.fullmatch(UUID4, task["id"]) for task in found)
    assert found[0]["source"]["path"] == "a.mov"
    assert (found[0]["status"], found[0]["priority"]) == ("queued", 500)


def test_parties_of_paths_become_references(admin: Any) -> None:
    lisa, hq = admin.ids("user", "code=lisa@example.com")[0], admin.ids("site", "main=true")[0]
    job = admin.create(
        "job", name="p", tasks=[{"source": "site=hq:a", "destination": "lisa@example.com@Laptop:b/"}]
    )
    assert (job["source"], job["destination"]) == (f"site:{hq}", f"user:{lisa}")
    assert (
        admin.create("job", name="p", source="C:\\a", destination=f"user:{lisa}")["destination"]
        == f"user:{lisa}"
    )
    assert "nobody@x.com" in admin.refused(
        400, "POST", "job/create", {"name": "p", "destination": "nobody@x.com:b"}
    )


def test_edit_changes_what_was_sent_and_nothing_else(admin: Any) -> None:
    job = admin.create("job", name="before", metadata={"a": [1, {"b": None}]})
    after = admin.edit("job", job["id"], name="\ud800 é ' \" *", metadata={"c": 1.5})
    changed = {name for name in job if job[name] != after[name]} - {"modified"}
    assert changed == {"name", "code", "metadata"}
    assert after["name"] == "\ud800 é ' \" *"
    assert admin.find("job", f"id={job['id']}") == [after]


def test_aborting_takes_a_job_out_of_the_active_scope_and_waiting_brings_it_back(admin: Any) -> None:
    job = admin.create("job", name="life")["id"]
    aborted = admin.edit("job", job, status="aborted")
    assert re.fullmatch(DATE, aborted["finished"])
    assert admin.ids("job", f"id={job}") == []
    assert admin.ids("job", f"id={job}", finished=True) == [job]
    assert admin.edit("job", job, status="waiting")["finished"] is None
    assert admin.ids("job", f"id={job}") == [job]
    assert admin.edit("job", job, status="done")["progress"] == 100


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("job", {"progress": 5}, ["'progress'", "transfer", "name, description, status"]),
        ("job", {"stauts": "done"}, ["'stauts'", "does not exist"]),
        ("job", {"status": "abort"}, ["'abort'", "aborted"]),
        ("job", {"status": "running"}, ["'running'", "waiting, paused"]),
        ("job", {"name": 5}, ["'name'", "text"]),
        ("job", {"metadata": []}, ["'metadata'", "object"]),
        ("job", {"queue": "nowhere"}, ["'nowhere'", "queue"]),
        ("job", {"name": ""}, ["empty"]),
        ("job", {}, ["at least one"]),
        ("queue", {"priority": 1001}, ["0 and 1000"]),
        ("queue", {"priority": True}, ["integer"]),
    ],
)
def test_edits_that_are_not_allowed_name_the_reason(admin: Any, kind: Any, data: Any, words: Any) -> None:
    identity = admin.create(kind, name=f"refusing {len(words)} {sorted(data)} {data}")["id"]
    message = admin.refused(400, "PUT", f"{kind}/edit", data, id=identity)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("kind", "data", "word"),
    [
        ("job", {"name": "x", "finished": "2026-01-01T00:00:00"}, "'finished'"),
        ("job", {"name": "x", "settings": {"a": 1}}, "strings"),
        ("user", {"name": "no code"}, "code"),
        ("user", {"code": "no e-mail"}, "e-mail"),
        ("queue", {"description": "no name"}, "name"),
        ("server", {"name": "x"}, "cannot be created"),
        ("client", {"name": "x"}, "cannot be created"),
        ("home", {"name": "x"}, "user"),
    ],
)
def test_creates_that_are_not_allowed_name_the_reason(admin: Any, kind: Any, data: Any, word: Any) -> None:
    assert word in admin.refused(400, "POST", f"{kind}/create", data)


def test_codes_are_unique_where_the_type_says_so(admin: Any) -> None:
    admin.create("user", code="twice@example.com")
    assert "'TWICE@example.com'" in admin.refused(400, "POST", "user/create", {"code": "TWICE@example.com"})
    one, other = (admin.create("volume", name=name)["id"] for name in ("vol a", "vol b"))
    assert "'vol-a'" in admin.refused(400, "PUT", "volume/edit", {"code": "vol-a"}, id=other)
    assert admin.edit("volume", one, code="vol-a")["code"] == "vol-a"
    assert admin.create("job", name="same")["code"] == admin.create("job", name="same")["code"]


def test_writes_on_an_unknown_id_are_404(admin: Any) -> None:
    for method, uri in (("PUT", "job/edit"), ("DELETE", "job/delete"), ("DELETE", "user/deactivate")):
        assert "614d660de50d45bb027c9bdd" in admin.refused(
            404, method, uri, {"name": "x"}, id="614d660de50d45bb027c9bdd"
        )
        assert "event.id" in admin.refused(400, method, uri, {"name": "x"})


def test_a_deleted_job_is_gone_with_its_tasks(admin: Any) -> None:
    job = admin.create("job", name="gone", tasks=["a", "b"])["id"]
    assert admin.result("DELETE", "job/delete", None, id=job) is True
    assert admin.result("GET", "job/find", {}, id=job) == []
    assert admin.find("job", f"id={job}", archived=True) == []
    assert admin.find("task", parent=job) == []


def test_tasks_are_excluded_not_deleted(admin: Any) -> None:
    job = admin.create("job", name="audit", tasks=["a"])["id"]
    task = admin.ids("task", parent=job)[0]
    assert "excluded" in admin.refused(400, "DELETE", "task/delete", None, id=task)


def test_update_many_changes_tasks_by_id_and_uri(admin: Any) -> None:
    job = admin.create("job", name="many", tasks=["a", "b", "c"])["id"]
    first, second, third = admin.find("task", parent=job)
    changed = admin.result(
        "PUT", "task/edit", [{"id": first["id"], "priority": 1}, {"uri": "1", "status": "excluded"}], id=job
    )
    assert [task["id"] for task in changed] == [first["id"], second["id"]]
    assert [task["priority"] for task in admin.find("task", parent=job)] == [1, 500, 500]
    assert admin.edit("task", third["id"], status="onhold")["status"] == "onhold"


def test_update_many_applies_all_or_none(admin: Any) -> None:
    job = admin.create("job", name="all or none", tasks=["a", "b"])["id"]
    data = [{"uri": "0", "priority": 9}, {"uri": "1", "priority": 9, "size": 5}]
    assert "'size'" in admin.refused(400, "PUT", "task/edit", data, id=job)
    assert [task["priority"] for task in admin.find("task", parent=job)] == [500, 500]
    assert "'7'" in admin.refused(404, "PUT", "task/edit", [{"uri": "7", "priority": 9}], id=job)


def test_a_job_whose_tasks_all_rest_is_paused(admin: Any) -> None:
    job = admin.create("job", name="rest", tasks=["a", "b"])["id"]
    admin.result(
        "PUT", "task/edit", [{"uri": "0", "status": "onhold"}, {"uri": "1", "status": "excluded"}], id=job
    )
    assert admin.find("job", f"id={job}")[0]["status"] == "paused"


def test_added_tasks_revive_a_finished_job_and_retry_twins(admin: Any) -> None:
    job = admin.create("job", name="revive", tasks=["a"])["id"]
    (first,) = admin.find("task", parent=job)
    admin.edit("task", first["id"], status="done")
    admin.edit("job", job, status="done")
    made = admin.result("POST", "task/create", {"tasks": ["a", "b"]}, id=job)
    assert made[0]["id"] == first["id"]
    assert [task["status"] for task in made] == ["queued", "queued"]
    assert admin.find("job", f"id={job}")[0]["status"] == "waiting"
    assert first["id"] in admin.refused(
        400, "POST", "task/create", {"tasks": ["a"], "allow_duplicates": False}, id=job
    )
    (new,) = admin.result(
        "POST", "task/create", {"tasks": {"source": "a"}, "replace_duplicates": True}, id=job
    )
    assert new["id"] != first["id"]
    assert len(admin.find("task", parent=job)) == 2


def test_append_adds_to_the_job_of_that_name(admin: Any) -> None:
    job = admin.create("job", name="appended", tasks=["a"])
    assert admin.create("job", name="appended", tasks=["b"], append=True)["id"] == job["id"]
    assert len(admin.find("task", parent=job["id"])) == 2


def test_what_cannot_be_deleted_says_why(admin: Any) -> None:
    for kind, query, reason in (
        ("queue", "default=true", "default queue"),
        ("volume", "default=true", "default volume"),
        ("site", "main=true", "main site"),
        ("user", f"id={admin.me}", "yourself"),
    ):
        assert reason in admin.refused(400, "DELETE", f"{kind}/delete", None, id=admin.ids(kind, query)[0])


def test_a_deleted_queue_leaves_its_jobs_to_the_default_queue(admin: Any) -> None:
    queue = admin.create("queue", name="Short lived", parent="high")
    assert queue["code"] == "short-lived"
    job = admin.create("job", name="moved", queue=queue["id"])
    assert admin.result("DELETE", "queue/delete", None, id=queue["id"]) is True
    assert admin.find("job", f"id={job['id']}")[0]["queue_hr"].startswith("medium(")


def test_queues_do_not_stand_below_themselves(admin: Any) -> None:
    above = admin.create("queue", name="above")["id"]
    below = admin.create("queue", name="below", parent=above)["id"]
    assert "below itself" in admin.refused(400, "PUT", "queue/edit", {"parent": below}, id=above)
    assert "queues below" in admin.refused(400, "DELETE", "queue/delete", None, id=above)


def test_collections_take_and_lose_files(admin: Any) -> None:
    collection = admin.create("collection", name="Selects", files=["volume=projects/a.mov"])["id"]
    added = admin.result("POST", "file/add", {"files": ["b/c.mov", {"path": "d.mov"}]}, id=collection)
    assert [row["name"] for row in added] == ["c.mov", "d.mov"]
    assert (
        admin.result("DELETE", "collection/file/remove", {"files": [added[0]["id"]]}, id=collection) is True
    )
    assert [row["name"] for row in admin.find("file", parent=collection)] == ["a.mov", "d.mov"]


def test_a_deleted_volume_takes_its_folders(admin: Any) -> None:
    volume = admin.create("volume", name="Short")["id"]
    folder = admin.create("share", name="Inside", parent=volume)["id"]
    assert admin.find("folder", f"parent={volume}")[0]["id"] == folder
    assert admin.result("DELETE", "volume/delete", {"force": True}, id=volume) is True
    assert admin.result("GET", "share/find", {}, id=folder) == []
