from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from accsyn_orm.errors import ConfigurationError
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.catalogue import JOB_TYPES, TYPES
from accsyn_orm.sandbox.demo import seed
from accsyn_orm.sandbox.store import Store


def contents(store: Any) -> list[tuple[str, Any, str]]:
    return [(row.type, row.document, row.scope) for row in store.rows(TYPES)]


def test_a_workspace_survives_a_restart(tmp_path: Any, connect: Any) -> None:
    path = tmp_path / "workspace.db"
    with Sandbox(data="demo", db=path) as sandbox:
        keys = [sandbox.credentials(role) for role in ("admin", "employee", "standard")]
        client = connect(sandbox)
        job = client.edit("job", client.ids("job", "code=my_transfer")[0], status="paused", name="kept")
        made = client.create("user", code="new@example.com")
        client.result("DELETE", "queue/delete", None, id=client.ids("queue", "code=dailies")[0])
        before = contents(sandbox.workspace.store)
    with Sandbox(data="demo", db=str(path)) as sandbox:
        assert [sandbox.credentials(role) for role in ("admin", "employee", "standard")] == keys
        assert contents(sandbox.workspace.store) == before
        again = connect(sandbox)
        assert again.find("job", f"id={job['id']}") == [job]
        assert again.ids("user")[-1] == made["id"]
        assert again.find("queue", "code=dailies") == []
        again.session = client.session
        assert again.ask("GET", "user/find", {})["session_expired"] is True


def test_a_failed_write_leaves_nothing_behind() -> None:
    store = Store()
    with store.writing():
        store.put("queue", {"id": "a" * 24, "code": "a"})
    before = contents(store)

    def write() -> None:
        with store.writing():
            store.put("queue", {"id": "b" * 24, "code": "b"})
            store.put("queue", {"id": "a" * 24, "code": "changed"})
            store.remove("a" * 24)
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        write()
    assert contents(store) == before
    store.close()


def test_children_follow_their_parent() -> None:
    store = Store()
    one, other, folder = "a" * 24, "b" * 24, "c" * 24
    with store.writing():
        store.put("folder", {"id": folder, "code": "f", "parent": one})
        store.put("folder", {"id": folder, "code": "f", "parent": other})
    assert store.children(one, "folder") == []
    assert [row.id for row in store.children(other, "folder")] == [folder]
    with store.writing():
        store.remove(folder)
    assert store.children(other, "folder") == []
    store.close()


def test_foreign_files_are_refused(tmp_path: Any) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("no database, but long enough to be taken for one\n" * 20)
    for path in (foreign, text, tmp_path / "no" / "such" / "folder.db"):
        with pytest.raises(ConfigurationError, match=path.name):
            Sandbox(db=path).start()


def test_the_demo_data_is_the_same_every_time() -> None:
    stores = [Store(), Store()]
    for store in stores:
        seed(store, demo=True, jobs=None)
    assert contents(stores[0]) == contents(stores[1])
    assert stores[0].accounts == stores[1].accounts
    for store in stores:
        store.close()


def test_the_demo_has_every_kind_and_status() -> None:
    store = Store()
    seed(store, demo=True, jobs=None)
    for kind, entity_type in TYPES.items():
        rows = store.rows([kind])
        assert rows, kind
        assert {row.document.get("status") for row in rows} <= {*entity_type.statuses, None}
        for row in rows:
            assert set(row.document) <= set(entity_type.attributes), kind
    for kind in ("transfer", "compute", "delivery"):
        assert {row.document["status"] for row in store.rows([kind])} == set(TYPES[kind].statuses), kind
    assert {row.document["status"] for row in store.rows(["task"])} == set(TYPES["task"].statuses)
    assert {row.scope for row in store.rows(sorted(JOB_TYPES))} == {"active", "finished", "archived"}
    names = {row.document["name"] for row in store.rows(["transfer"])}
    assert {"my_transfer", "Daily backup"} <= names
    assert all(store.children(row.id, "task") for row in store.rows(sorted(JOB_TYPES)))
    store.close()


@pytest.mark.parametrize("jobs", [0, 1, 250])
def test_the_number_of_transfers_is_as_wanted(jobs: Any) -> None:
    store = Store()
    seed(store, demo=True, jobs=jobs)
    assert len(store.rows(["transfer"])) == jobs
    assert len(store.rows(["compute"])) == 8
    store.close()


def test_an_empty_workspace_has_what_it_needs() -> None:
    store = Store()
    seed(store, demo=False, jobs=None)
    assert {kind: len(store.rows([kind])) for kind in TYPES if store.rows([kind])} == {
        "workspace": 1,
        "user": 3,
        "queue": 3,
        "site": 1,
        "volume": 1,
    }
    assert [row.document["priority"] for row in store.rows(["queue"])] == [999, 500, 1]
    store.close()
