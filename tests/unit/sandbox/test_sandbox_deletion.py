from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def admin(connect: Any) -> Iterator[Any]:
    with Sandbox(data="demo") as sandbox:
        yield connect(sandbox)


def test_a_deleted_folder_takes_its_grants(admin: Any) -> None:
    folder = admin.ids("folder", "code=incoming")[0]
    assert admin.find("acl", f"target=share:{folder}")
    assert admin.result("DELETE", "share/delete", None, id=folder) is True
    assert admin.find("acl", f"target=share:{folder}") == []


@pytest.mark.parametrize(
    ("kind", "query", "reason"),
    [
        ("server", "code=srv-hq-01", "online"),
        ("lane", "id!=x", "not deleted"),
        ("engine", "code=nuke", "not deleted"),
        ("site", "code=sthlm", "servers"),
        ("queue", "code=nightly", "queues below"),
    ],
)
def test_what_is_in_use_stays(admin: Any, kind: str, query: str, reason: str) -> None:
    identity = admin.ids(kind, query)[0]
    assert reason in admin.refused(400, "DELETE", f"{kind}/delete", None, id=identity)
    assert admin.ids(kind, f"id={identity}") == [identity]


def test_an_offline_client_is_deleted(admin: Any) -> None:
    identity = admin.ids("client", "code=lisa-pc")[0]
    assert admin.result("DELETE", "client/delete", None, id=identity) is True
    assert admin.ids("client", "code=lisa-pc") == []


def test_clients_are_disabled_and_enabled(admin: Any) -> None:
    online, offline = (admin.ids("server", f"code={code}")[0] for code in ("srv-hq-01", "srv-london-01"))
    assert admin.edit("server", online, status="disabled")["status"] == "disabled"
    assert admin.edit("client", online, status="enabled")["status"] == "online"
    assert admin.edit("server", offline, status="enabled")["status"] == "offline"
    assert "offline" in admin.refused(400, "PUT", "server/edit", {"status": "online"}, id=offline)
    assert admin.edit("server", offline, status="disabled")["status"] == "disabled-offline"


def test_a_deleted_client_takes_its_lanes_and_lanes_are_not_deleted_alone(admin: Any) -> None:
    server, lane = admin.ids("server", "code=srv-hq-01")[0], admin.ids("lane")[0]
    for data in (None, {"force": True}):
        assert "not deleted" in admin.refused(400, "DELETE", "lane/delete", data, id=lane)
        assert "online" in admin.refused(400, "DELETE", "server/delete", data, id=server)
    admin.sandbox.workspace.store.put("server", {**row(admin, server), "status": "offline"})
    assert admin.result("DELETE", "server/delete", None, id=server) is True
    assert admin.result("GET", "lane/find", {}, id=lane) == []


def row(admin: Any, identity: str) -> dict[str, Any]:
    """Return an entity as it is stored; clients go offline by themselves, not through the API."""
    found = admin.sandbox.workspace.store.get(identity)
    assert found is not None
    return dict(found.document)


def test_a_site_is_deleted_without_servers_and_active_transfers_or_by_force(admin: Any) -> None:
    sthlm, hq = admin.ids("site", "code=sthlm")[0], admin.ids("site", "main=true")[0]
    bare = admin.create("site", name="Bare")["id"]
    job = admin.create("transfer", name="t", tasks=["a", {"source": "site=bare:b"}])["id"]
    assert job in admin.refused(400, "DELETE", "site/delete", None, id=bare)
    admin.edit("transfer", job, status="aborted")
    assert admin.result("DELETE", "site/delete", None, id=bare) is True
    assert "servers" in admin.refused(400, "DELETE", "site/delete", {"force": False}, id=sthlm)
    moved = admin.ids("server", f"site={sthlm}")
    active = admin.ids("transfer", f"destination=site:{sthlm} OR source=site:{sthlm}")
    assert active
    assert admin.result("DELETE", "site/delete", {"force": True}, id=sthlm) is True
    assert [admin.find("server", f"id={each}")[0]["site"] for each in moved] == [hq]
    assert {admin.find("transfer", f"id={each}", finished=True)[0]["status"] for each in active} == {
        "aborted"
    }
    assert "main site" in admin.refused(400, "DELETE", "site/delete", {"force": True}, id=hq)


def test_jobs_and_what_prefers_a_queue_leave_a_deleted_one(admin: Any) -> None:
    queue, default = admin.create("queue", name="Gone")["id"], admin.ids("queue", "default=true")[0]
    kinds = ("transfer", "compute", "delivery")
    jobs = {kind: admin.create(kind, name="q", queue=queue)["id"] for kind in kinds}
    admin.edit("transfer", jobs["transfer"], status="done")
    user = admin.ids("user", "code=lisa@example.com")[0]
    admin.edit("user", user, queue=queue)
    assert admin.result("DELETE", "queue/delete", None, id=queue) is True
    for kind, job in jobs.items():
        assert admin.result("GET", f"{kind}/find", {}, id=job)[0]["queue"] == default
    assert admin.find("user", f"id={user}")[0]["queue"] is None


def test_neither_the_default_queue_nor_the_last_one_is_deleted(admin: Any) -> None:
    store = admin.sandbox.workspace.store
    default = admin.ids("queue", "default=true")[0]
    assert "default queue" in admin.refused(400, "DELETE", "queue/delete", {"force": True}, id=default)
    with store.writing():
        for each in store.rows(["queue"]):
            if each.id == default:
                store.put("queue", {**each.document, "default": False})
            else:
                store.remove(each.id)
    assert "last queue" in admin.refused(400, "DELETE", "queue/delete", None, id=default)
