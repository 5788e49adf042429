"""The log over the wire: every write leaves a row, and rows can be found, sorted and paged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def written(connect: Callable[..., Any]) -> Iterator[tuple[Sandbox, Any, dict[str, Any]]]:
    with Sandbox(data="empty") as sandbox:
        client = connect(sandbox)
        folder = client.create("folder", name="Folder")
        client.edit("folder", folder["id"], description="x", metadata={"a": 1})
        client.refused(400, "PUT", "folder/edit", {"starship": 1}, id=folder["id"])
        client.result("POST", "workspace/file", {"op": "mkdir", "path": "folder=folder/new"})
        client.result("PUT", "setting", {"entitytype": "folder", "name": "x", "value": "1"}, id=folder["id"])
        job = client.create("transfer", name="Job \udcff", tasks=["a", "b"])
        client.result("PUT", "workspace/publish/preprocess", {"files": [{"filename": "x"}], "size": 0})
        client.result("DELETE", "transfer/delete", None, id=job["id"])
        yield sandbox, client, {"folder": folder["id"], "job": job["id"]}


def log(client: Any, **data: Any) -> Any:
    fields = {"id": data.pop("id")} if "id" in data else {}
    document = {"entitytype": None, "sort": "date", "sort_reverse": False, **data}
    answer = client.ask("GET", "log/find", document, **fields)
    assert client.status == 200, answer
    assert set(answer) == {"result", "pagination"}
    return answer


def messages(answer: Any) -> list[str]:
    return [row["message"] for row in answer["result"]]


def test_every_write_leaves_a_row_and_what_is_refused_none(written: Any) -> None:
    _, client, ids = written
    answer = log(client)
    assert messages(answer) == [
        "john@user.com created folder 'Folder'.",
        "john@user.com changed description, metadata of folder 'Folder'.",
        "john@user.com made 'folder=folder/new'.",
        "john@user.com changed the setting 'x' of folder 'Folder'.",
        "john@user.com created transfer 'Job \\udcff'.",
        "john@user.com deleted transfer 'Job \\udcff'.",
    ]
    first = answer["result"][0]
    assert first["user"] == client.me
    assert (first["entitytype"], first["entityid"], first["operation"]) == (
        "folder",
        ids["folder"],
        "folder/create",
    )
    assert first["date"].startswith("20")
    assert len(first["id"]) == 24
    assert answer["pagination"] == {"page": 1, "limit": 100, "skip": 0, "total": 6, "pages": 1}


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ({"entitytype": "folder"}, [0, 1, 3]),
        ({"entitytype": "Transfer"}, [4, 5]),
        ({"entitytype": "queue"}, []),
        ({"search": "CREATED"}, [0, 4]),
        ({"search": "john@"}, [0, 1, 2, 3, 4, 5]),
        ({"search": "nothing of it"}, []),
        ({"sort_reverse": True}, [5, 4, 3, 2, 1, 0]),
        ({"sort": "entitytype"}, [0, 1, 3, 4, 5, 2]),
        ({"sort": "operation", "sort_reverse": True}, [2, 5, 4, 3, 1, 0]),
        ({"pagination": {"limit": 2}}, [0, 1]),
        ({"pagination": {"limit": 2, "page": 2}}, [2, 3]),
        ({"pagination": {"limit": 4, "page": 2}}, [4, 5]),
        ({"pagination": {"limit": 4, "page": 3}}, []),
        ({"pagination": {"skip": 5}}, [5]),
        ({"pagination": {"limit": 1, "skip": 3, "page": None}}, [3]),
    ],
)
def test_finding(written: Any, data: Any, rows: list[int]) -> None:
    _, client, _ = written
    every = log(client)["result"]
    assert log(client, **data)["result"] == [every[index] for index in rows]


def test_pages_are_counted(written: Any) -> None:
    _, client, ids = written
    answer = log(client, pagination={"limit": 4, "page": 2})
    assert answer["pagination"] == {"page": 2, "limit": 4, "skip": 4, "total": 6, "pages": 2}
    assert len(log(client, id=ids["job"], entitytype="transfer")["result"]) == 2


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"sort": "sequence; DROP TABLE log"}, 400),
        ({"sort_reverse": "yes"}, 400),
        ({"search": 3}, 400),
        ({"entitytype": 3}, 400),
        ({"entitytype": "share"}, 400),
        ({"entitytype": "starship"}, 404),
        ({"pagination": {"limit": 0}}, 400),
        ({"pagination": {"page": 0}}, 400),
        ({"pagination": {"skip": -1}}, 400),
        ({"pagination": {"limit": True}}, 400),
        ({"pagination": {"size": 1}}, 400),
        ({"pagination": [1]}, 400),
        ({"finished": True}, 400),
    ],
)
def test_what_cannot_be_asked(written: Any, data: Any, status: int) -> None:
    written[1].refused(status, "GET", "log/find", data)
    assert len(log(written[1])["result"]) == 6


def test_who_is_no_admin_sees_its_own_and_what_it_may_read(written: Any, connect: Callable[..., Any]) -> None:
    sandbox, _, ids = written
    employee, outside = connect(sandbox, "employee"), connect(sandbox, "standard")
    assert messages(log(employee)) == messages(log(outside)) == []
    assert len(messages(log(employee, id=ids["folder"]))) == 3
    outside.refused(403, "GET", "log/find", {}, id=ids["folder"])
    assert messages(log(outside, id=ids["job"])) == []


def test_many_tasks_are_one_row(connect: Callable[..., Any]) -> None:
    with Sandbox(data="empty") as sandbox:
        client = connect(sandbox)
        job = client.create("transfer", name="Job")
        tasks = client.result("POST", "task/create", {"tasks": ["a", "b", "c"]}, id=job["id"])
        changes = [{"id": each["id"], "priority": 7} for each in tasks[:2]]
        client.result("PUT", "task/edit", changes, id=job["id"])
        client.result("PUT", "task/edit", {"priority": 8}, id=tasks[0]["id"])
        collection = client.create("collection", name="Pick")
        (file,) = client.result("POST", "file/add", {"files": ["a"]}, id=collection["id"])
        client.result("DELETE", "collection/file/remove", {"files": [file["id"]]}, id=collection["id"])
        assert messages(log(client, id=job["id"]))[1:] == [
            "john@user.com added 3 tasks to transfer 'Job'.",
            "john@user.com changed 2 tasks of transfer 'Job'.",
        ]
        assert messages(log(client, id=tasks[0]["id"])) == [
            f"john@user.com changed priority of task '{tasks[0]['id']}'."
        ]
        assert messages(log(client, id=collection["id"]))[1:] == [
            "john@user.com added 1 files to collection 'Pick'.",
            "john@user.com removed files from collection 'Pick'.",
        ]


def test_the_log_survives_a_restart(connect: Callable[..., Any], tmp_path: Path) -> None:
    for start in (1, 2):
        with Sandbox(data="empty", db=tmp_path / "db") as sandbox:
            client = connect(sandbox)
            client.create("queue", name=f"Queue {start}")
            assert len(log(client)["result"]) == start
