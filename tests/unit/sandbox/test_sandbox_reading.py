from __future__ import annotations

from typing import Any

import pytest

SCOPES = ("finished", "archived")


def test_entitytypes_lists_every_type_and_alias(reader: Any) -> None:
    names = reader.result("GET", "entitytypes", {})
    assert {"job", "transfer", "task", "user", "share", "client", "engine", "acl", "workspace"} <= set(names)
    for name in set(names) - {"task", "file"}:
        assert isinstance(reader.find(name, inactive=False), list)


def test_attributes_by_what_can_be_done_with_them(reader: Any) -> None:
    def names(**data: Any) -> Any:
        return reader.result("GET", "attributes", {"entitytype": "job", **data})

    assert {"id", "user", "user_hr", "source_hr", "queue", "etr"} <= set(names())
    assert "tasks" in names(create=True)
    assert "tasks" not in names()
    assert set(names(create=False, update=True)) == {"name", "description", "status", "metadata", "queue"}
    assert "starship" in reader.refused(404, "GET", "attributes", {"entitytype": "starship"})
    assert "entitytype" in reader.refused(400, "GET", "attributes", {})


def test_scopes_divide_the_jobs(reader: Any) -> None:
    active = reader.find("job")
    finished, archived = (reader.find("job", **{scope: True}) for scope in SCOPES)
    assert {row["status"] for row in active} == {"init", "waiting", "running", "paused", "failed"}
    assert {row["status"] for row in finished} == {"done", "aborted"}
    assert archived
    ids = [row["id"] for row in (*active, *finished, *archived)]
    assert len(ids) == len(set(ids)) == 36
    assert sorted(reader.ids("job", finished=True, archived=True)) == sorted(
        row["id"] for row in (*finished, *archived)
    )
    assert reader.find("job", finished=False) == active


def test_inactive_users_and_folders_have_a_scope(reader: Any) -> None:
    assert [row["code"] for row in reader.find("user", inactive=True)] == ["former@example.com"]
    assert all(row["inactive"] is False for row in reader.find("user"))
    assert [row["code"] for row in reader.find("share", inactive=True)] == ["commercial-2024"]
    assert reader.find("user", finished=True) == []


def test_single_entity_query_looks_among_finished_jobs_when_nothing_is_active(reader: Any) -> None:
    finished, archived, inactive = (
        reader.ids("job", finished=True)[0],
        reader.ids("job", archived=True)[0],
        reader.ids("user", inactive=True)[0],
    )
    assert reader.ids("job", f"id={finished}") == []
    assert reader.ids("job", f"id={finished}", single_entity_query=True) == [finished]
    assert reader.ids("job", f"id={archived}", single_entity_query=True) == []
    assert reader.ids("user", f"id={inactive}", single_entity_query=True) == []


@pytest.mark.parametrize(
    ("kind", "scope"), [("job", "finished"), ("job", "archived"), ("user", "inactive"), ("job", "")]
)
def test_an_id_finds_in_any_scope(reader: Any, kind: Any, scope: Any) -> None:
    identity = reader.ids(kind, **({scope: True} if scope else {}))[0]
    assert [row["id"] for row in reader.result("GET", f"{kind}/find", None, id=identity)] == [identity]


def test_an_id_of_another_type_finds_nothing(reader: Any) -> None:
    assert reader.result("GET", "queue/find", {}, id=reader.me) == []
    assert reader.result("GET", "user/find", {}, id="614d660de50d45bb027c9bdd") == []


def test_pages_follow_the_order_of_creation(reader: Any) -> None:
    rows = reader.find("job")
    assert [row["created"] for row in rows] == sorted(row["created"] for row in rows)
    paged = [row for skip in range(0, len(rows) + 7, 7) for row in reader.find("job", skip=skip, limit=7)]
    assert paged == rows
    assert reader.find("job", skip=len(rows)) == []
    assert len(reader.find("job", limit=True)) == 1


@pytest.mark.parametrize(
    "data", [{"limit": 0}, {"limit": "5"}, {"skip": -1}, {"attributes": "id"}, {"finish": True}]
)
def test_options_that_make_no_sense_are_refused(reader: Any, data: Any) -> None:
    assert next(iter(data)) in reader.refused(400, "GET", "job/find", data)


def test_attributes_are_chosen_and_id_is_always_there(reader: Any) -> None:
    row = reader.find("job", attributes=["status", "queue_hr", "starship"], limit=1)[0]
    assert set(row) == {"id", "status", "queue_hr"}


def test_hidden_attributes_are_never_returned(reader: Any) -> None:
    rows = reader.find("delivery")
    assert not {"recipients", "tasks", "settings"} & set(rows[0])
    assert "'recipients'" in reader.refused(400, "GET", "delivery/find", {}, query="recipients=a")


def test_tasks_are_found_below_their_job(reader: Any) -> None:
    (job,) = reader.ids("job", "code=my_transfer")
    tasks = reader.find("task", parent=job)
    assert tasks
    assert [task["uri"] for task in tasks] == [str(index) for index in range(len(tasks))]
    assert all(task["job"] == job for task in tasks)
    assert reader.find("task", entityid=job) == tasks
    assert reader.find("task", f"job.id={job}") == tasks
    assert reader.find("task", f"transfer.id={job} AND uri=0") == tasks[:1]
    assert reader.result("GET", "task/find", {}, id=job) == tasks
    assert reader.result("GET", "task/find", {}, id=tasks[0]["id"]) == tasks[:1]
    assert reader.find("task", f"id={tasks[0]['id']}") == tasks[:1]
    assert "job.id" in reader.refused(400, "GET", "task/find", {})


def test_tasks_of_a_finished_job_are_found(reader: Any) -> None:
    assert reader.find("task", parent=reader.ids("job", finished=True)[0])


def test_files_are_found_below_their_collection(reader: Any) -> None:
    (collection,) = reader.ids("collection")
    files = reader.find("file", parent=collection)
    assert len(files) == 5
    assert reader.find("file", f"collection.id={collection}") == files
    assert "collection.id" in reader.refused(400, "GET", "file/find", {})


def test_generic_types_see_what_they_stand_for(reader: Any) -> None:
    assert {row["type"] for row in reader.find("share")} == {"volume", "folder", "home", "collection"}
    assert {row["type"] for row in reader.find("client")} == {0, 1, 2, 3, 4}
    assert reader.find("client", "type in 0,2") == reader.find("client", "(type=0 OR type=2)")
    me = reader.ids("user", "code=emma@acmefilm.com")[0]
    assert [row["status"] for row in reader.find("client", f"user={me} AND code=emma-mbp AND type=0")] == [
        "online"
    ]


def test_a_query_may_carry_its_type(reader: Any) -> None:
    share = reader.ids("folder", "code=incoming")[0]
    assert len(reader.find("acl", f"acl WHERE target=share:{share}")) == 1
    assert len(reader.find("acl", f"acl WHERE target=share:{share} AND entity=user:*")) == 1
    assert "'acl'" in reader.refused(400, "GET", "user/find", {}, query="acl WHERE id=1")


def test_an_unreadable_query_shows_where(reader: Any) -> None:
    message = reader.refused(400, "GET", "job/find", {}, query="status=done AND")
    assert "column" in message


def test_the_example_of_2021(reader: Any) -> None:
    user = reader.ids("user", "code=lisa@example.com")[0]
    query = f'((user={user} AND source!=hq) OR status<>failed) AND code="Daily backup"'
    rows = reader.find("job", query)
    assert rows
    assert {row["code"] for row in rows} == {"Daily backup"}
    lowered = reader.find("job", query.lower())
    assert lowered == rows


def test_twins_are_readable(reader: Any) -> None:
    (row,) = reader.find("job", "code=my_transfer")
    assert row["user_hr"].endswith(f"]({row['user']})")
    assert row["queue_hr"].endswith(f"({row['queue']})")
    backups = reader.find("queue", "code=backups")[0]
    assert backups["uri"] == "medium/nightly/backups"


def test_employees_and_standard_users_see_what_their_role_allows(demo: Any, connect: Any) -> None:
    emma, lisa = connect(demo, "employee"), connect(demo, "standard")
    assert emma.find("volume") == []
    assert {row["role"] for row in emma.find("user")} == {"employee", "standard"}
    assert emma.ids("user", "role=employee") == [emma.me]
    assert lisa.ids("user") == [lisa.me]
    assert lisa.find("queue") == lisa.find("workspace") == lisa.find("site") == lisa.find("server") == []
    jobs = lisa.find("transfer")
    assert 0 < len(jobs) < len(emma.find("transfer"))
    assert all(lisa.me in f"{row['user']} {row['source']} {row['destination']}" for row in jobs)
    other = next(identity for identity in emma.ids("transfer") if identity not in {row["id"] for row in jobs})
    assert lisa.result("GET", "transfer/find", {}, id=other) == []
    assert lisa.find("task", parent=other) == []
    assert lisa.find("task", parent=jobs[0]["id"])
    assert {row["code"] for row in lisa.find("share")} == {"lisa@example.com", "incoming"}
    assert all(row["user"] == lisa.me for row in lisa.find("client"))
    assert len(lisa.find("delivery")) < len(emma.find("delivery"))
