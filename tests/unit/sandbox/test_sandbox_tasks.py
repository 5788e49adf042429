from __future__ import annotations

from itertools import count
from typing import Any

import pytest

NAMES = (f"tasks {number}" for number in count())


def create(admin: Any, tasks: Any, **data: Any) -> str:
    return str(admin.create("transfer", **{"name": next(NAMES), "tasks": tasks, **data})["id"])


def uris(admin: Any, job: str) -> list[str]:
    return [task["uri"] for task in admin.find("task", parent=job)]


def status(admin: Any, job: str, kind: str = "transfer") -> str:
    return str(admin.result("GET", f"{kind}/find", {}, id=job)[0]["status"])


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("a", ["0"]),
        (["a", "b"], ["0", "1"]),
        ([{"source": "a"}, {"source": "b", "uri": "own"}, "c"], ["0", "own", "2"]),
        ([{"source": "a", "uri": "1"}, "b", "c"], ["1", "2", "3"]),
        ({"source": "a"}, ["0"]),
        ({"one": "a", "two": {"source": "b"}}, ["one", "two"]),
        ({"shots": {"tasks": {"010": "a", "020": {"source": "b"}}}}, ["shots/010", "shots/020"]),
        ({"shots": {"tasks": ["a", "b"]}}, ["shots/0", "shots/1"]),
        ({"comp": {"compute": {"parameters": {}}, "tasks": {"deep": "b"}}}, ["comp", "comp/deep"]),
        ({"all": {"source": "a", "tasks": {"deep": {"tasks": {"er": "b"}}}}}, ["all", "all/deep/er"]),
    ],
)
def test_shapes_of_tasks(admin: Any, tasks: Any, expected: list[str]) -> None:
    assert uris(admin, create(admin, tasks)) == expected
    job = create(admin, [])
    made = admin.result("POST", "task/create", {"tasks": tasks}, id=job)
    assert [task["uri"] for task in made] == expected


@pytest.mark.parametrize(
    ("value", "party"),
    [
        ("film/a.mov", ("site", "hq")),
        ("hq:film/a.mov", ("site", "hq")),
        ("acmefilm:film/a.mov", ("site", "hq")),
        ("lisa@example.com:film/a.mov", ("user", "lisa@example.com")),
        ("lisa@example.com@Laptop:film/a.mov", ("user", "lisa@example.com")),
        ("user=lisa@example.com:film/a.mov", ("user", "lisa@example.com")),
        ({"path": "film/a.mov", "user": "lisa@example.com"}, ("user", "lisa@example.com")),
        ({"path": "lisa@example.com:film/a.mov"}, ("user", "lisa@example.com")),
        ({"path": "film/a.mov", "site": "hq"}, ("site", "hq")),
        ({"path": "film/a.mov", "v": "projects"}, ("v", "projects")),
    ],
)
def test_paths_as_texts_and_as_objects(admin: Any, value: Any, party: tuple[str, str]) -> None:
    key, code = party
    (task,) = admin.find("task", parent=create(admin, [{"source": value}]))
    kind = "volume" if key == "v" else key
    assert task["source"]["path"] == "film/a.mov"
    assert task["source"][key] == admin.ids(kind, f"code={code}")[0]


@pytest.mark.parametrize(
    ("status_code", "value", "words"),
    [
        (400, {"user": "lisa@example.com"}, "`path`"),
        (400, {"path": 5}, "`path`"),
        (400, {"path": "a", "site": "mars"}, "'mars'"),
        (400, {"path": "a", "v": 7}, "'v'"),
        (400, "nobody@example.com:a", "invite"),
        (403, "lisa@example.com:/etc/passwd", "only that user"),
        (403, "lisa@example.com:C:\\a", "only that user"),
        (403, {"path": "/a", "user": "lisa@example.com"}, "only that user"),
    ],
)
def test_paths_that_are_none(admin: Any, status_code: int, value: Any, words: str) -> None:
    data = {"name": "none", "tasks": [{"source": "a", "destination": value}]}
    assert words in admin.refused(status_code, "POST", "transfer/create", data)


def test_a_place_that_was_read_can_be_written(admin: Any) -> None:
    (task,) = admin.find(
        "task", parent=create(admin, [{"source": "lisa@example.com:a", "destination": "b/"}])
    )
    places = {end: task[end] for end in ("source", "destination")}
    (copy,) = admin.find("task", parent=create(admin, [places]))
    assert {end: copy[end] for end in places} == places


@pytest.mark.parametrize(
    ("again", "options", "outcome"),
    [
        ("a", {}, "retried"),
        ("hq:a", {"allow_duplicates": True}, "retried"),
        ({"source": "a", "destination": "hq:"}, {}, "retried"),
        ("a", {"allow_duplicates": False}, "refused"),
        ("a", {"replace_duplicates": True}, "replaced"),
        ("a", {"allow_duplicates": False, "replace_duplicates": True}, "replaced"),
        ({"source": "a", "destination": "lisa@example.com"}, {"allow_duplicates": False}, "added"),
        ({"source": "other", "uri": "0"}, {}, "refused"),
        ({"source": "other", "uri": "0"}, {"replace_duplicates": True}, "replaced"),
    ],
)
def test_duplicates(admin: Any, again: Any, options: dict[str, bool], outcome: str) -> None:
    job = create(admin, ["a", "b"])
    first, second = admin.find("task", parent=job)
    admin.edit("task", first["id"], status="done")
    data = {"tasks": [again], **options}
    if outcome == "refused":
        assert first["id"] in admin.refused(400, "POST", "task/create", data, id=job)
        assert admin.find("task", parent=job)[0]["status"] == "done"
        return
    (made,) = admin.result("POST", "task/create", data, id=job)
    assert made["status"] == "queued"
    assert made["finished"] is None
    after = [task["id"] for task in admin.find("task", parent=job)]
    assert (
        after
        == {
            "retried": [first["id"], second["id"]],
            "replaced": [second["id"], made["id"]],
            "added": [first["id"], second["id"], made["id"]],
        }[outcome]
    )
    assert len(set(uris(admin, job))) == len(after)


def test_a_replaced_task_leaves_no_uri_twice(admin: Any) -> None:
    job = create(admin, ["a", "b"])
    admin.result("POST", "task/create", {"tasks": ["a"], "replace_duplicates": True}, id=job)
    admin.result("POST", "task/create", {"tasks": ["c", "d"]}, id=job)
    assert sorted(uris(admin, job)) == sorted(set(uris(admin, job)))


def test_tasks_are_found_by_their_job_whichever_way_it_is_named(admin: Any) -> None:
    job = create(admin, ["a", {"source": "b", "status": "onhold", "priority": 9}])
    delivery = admin.create("delivery", name="d", tasks={"reel": "a"}, recipients=["lisa@example.com"])["id"]
    everything = admin.find("task", parent=job)
    assert [task["job"] for task in everything] == [job, job]
    assert admin.find("task", f"job.id={job}") == everything
    assert admin.find("task", f"transfer.id={job}") == everything
    assert admin.find("task", f"job.id={job} AND status=onhold") == everything[1:]
    assert admin.find("task", f"job.id={job} AND priority<500") == everything[1:]
    assert [task["uri"] for task in admin.find("task", f"delivery.id={delivery}")] == ["reel"]
    assert [task["uri"] for task in admin.find("task", f"job.id={delivery}")] == ["reel"]


@pytest.mark.parametrize("value", ["queued", "failed", "onhold", "excluded", "done"])
def test_statuses_that_can_be_set_on_a_task(admin: Any, value: str) -> None:
    job = create(admin, ["a", "b"])
    (changed,) = admin.result("PUT", "task/edit", [{"uri": "0", "status": value}], id=job)
    assert (changed["status"], changed["finished"] is not None) == (value, value == "done")
    assert status(admin, job) == "waiting"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "pending"}, "'pending'"),
        ({"status": "booting"}, "'booting'"),
        ({"status": "executing"}, "'executing'"),
        ({"priority": 1001}, "0 and 1000"),
        ({"priority": -1}, "0 and 1000"),
        ({"source": "b"}, "'source'"),
        ({"uri": "1"}, "no task"),
    ],
)
def test_changes_of_a_task_that_are_refused(admin: Any, changes: Any, words: str) -> None:
    job = create(admin, ["a"])
    item = {**({} if "uri" in changes else {"uri": "0"}), **changes}
    code = 404 if "uri" in changes else 400
    assert words in admin.refused(code, "PUT", "task/edit", [item], id=job)


@pytest.mark.parametrize(
    ("before", "data", "after"),
    [
        ("failed", {"status": "queued"}, "waiting"),
        ("done", {"status": "queued"}, "waiting"),
        ("done", {"priority": 3}, "done"),
        ("aborted", {"status": "queued"}, "aborted"),
        ("paused", {"status": "queued"}, "paused"),
        ("waiting", {"status": "excluded"}, "paused"),
        ("waiting", {"status": "onhold"}, "paused"),
        ("aborted", {"status": "excluded"}, "aborted"),
    ],
)
def test_what_a_task_does_to_its_job(empty: Any, admin: Any, before: str, data: Any, after: str) -> None:
    job = create(admin, [{"source": "a", "status": "done"}])
    store = empty.workspace.store
    with store.writing():
        store.put("transfer", {**store.get(job).document, "status": before})
    admin.result("PUT", "task/edit", [{"uri": "0", **data}], id=job)
    assert status(admin, job) == after


@pytest.mark.parametrize("before", ["done", "aborted", "failed"])
def test_added_tasks_revive_a_job_that_is_over(empty: Any, admin: Any, before: str) -> None:
    job = create(admin, ["a"])
    store = empty.workspace.store
    with store.writing():
        store.put("transfer", {**store.get(job).document, "status": before})
    admin.result("POST", "task/create", {"tasks": "b"}, id=job)
    assert status(admin, job) == "waiting"


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([{"source": "hq:null", "status": "excluded"}], "done"),
        ([{"source": "lisa@example.com:null", "status": "excluded"}], "done"),
        ([{"source": "hq:null"}], "waiting"),
        ([{"source": "a", "status": "excluded"}], "paused"),
        ([{"source": "hq:null", "status": "excluded"}, {"source": "a", "status": "onhold"}], "paused"),
        ([{"source": "hq:null", "status": "excluded"}, "a"], "waiting"),
    ],
)
def test_a_placeholder_is_done_at_once(admin: Any, tasks: Any, expected: str) -> None:
    job = admin.create("transfer", name=next(NAMES), tasks=tasks)
    assert job["status"] == expected
    assert (job["finished"] is not None, job["progress"]) == (
        expected == "done",
        100 if expected == "done" else 0,
    )


def test_append_takes_the_newest_job_of_that_name_that_is_not_archived(empty: Any, admin: Any) -> None:
    name = next(NAMES)
    older, newer, archived = (create(admin, ["a"], name=name) for _ in range(3))
    store = empty.workspace.store
    with store.writing():
        store.put("transfer", store.get(archived).document, archived=True)
    admin.edit("transfer", newer, status="done")
    appended = admin.create("transfer", name=name, tasks=["a", "b"], append=True)
    assert (appended["id"], appended["status"], appended["finished"]) == (newer, "waiting", None)
    assert (uris(admin, newer), uris(admin, older)) == (["0", "1"], ["0"])
    assert admin.create("transfer", name="of no other", tasks=["a"], append=True)["id"] not in {older, newer}


def test_waiting_queues_what_failed_again(admin: Any) -> None:
    job = create(admin, ["a", {"source": "b", "status": "failed"}, {"source": "c", "status": "done"}])
    admin.edit("transfer", job, status="paused")
    assert [task["status"] for task in admin.find("task", parent=job)] == ["queued", "failed", "done"]
    admin.edit("transfer", job, status="waiting")
    assert [task["status"] for task in admin.find("task", parent=job)] == ["queued", "queued", "done"]


def test_tasks_are_never_deleted(admin: Any) -> None:
    job = create(admin, ["a"])
    (task,) = admin.ids("task", parent=job)
    for identity in (task, job):
        for uri in ("task/delete", "job/task/delete"):
            assert "'excluded'" in admin.refused(400, "DELETE", uri, None, id=identity)
    assert admin.ids("task", parent=job) == [task]
