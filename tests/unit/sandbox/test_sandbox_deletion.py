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


def test_a_deleted_user_leaves_aborted_jobs_and_no_grant(admin: Any) -> None:
    user = admin.ids("user", "code=lisa@example.com")[0]
    active = admin.ids("transfer", f"user={user}")
    assert active
    assert admin.find("acl", f"entity=user:{user}")
    assert admin.find("home", f"user={user}")
    assert admin.result("DELETE", "user/delete", None, id=user) is True
    assert admin.find("acl", f"entity=user:{user}") == []
    assert admin.find("home", f"user={user}") == []
    assert admin.ids("transfer", f"user={user}") == []
    aborted = admin.ids("transfer", f"user={user} AND status=aborted", finished=True)
    assert set(active) <= set(aborted)


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


def test_a_deactivated_volume_takes_its_folders_along(admin: Any) -> None:
    volume, folder = admin.ids("volume")[0], admin.ids("folder", "code=incoming")[0]
    assert admin.result("DELETE", "volume/deactivate", {}, id=volume) is True
    assert admin.ids("folder") == []
    assert folder in admin.ids("folder", inactive=True)
    assert admin.result("POST", "volume/activate", {}, id=volume) is True
    assert folder in admin.ids("folder")
