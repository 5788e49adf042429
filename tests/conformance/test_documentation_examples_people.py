"""
Calls of the kind that the published documentation shows, page by page: users, sites, and clients.

Each test is named by the page, and by what its section is about. They run against the sandbox.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import accsyn_orm as accsyn_api

LISA = "lisa@example.com"


def address() -> str:
    """Return the e-mail address of nobody."""
    return f"{uuid.uuid4().hex[:8]}@vendor.example"


def user(session: Any, **more: Any) -> dict[str, Any]:
    """Create a user."""
    found: dict[str, Any] = session.create("user", {"code": address(), **more})
    return found


# users.rst


def test_users_create(admin: Any) -> None:
    made = user(admin, name="Nora", role="employee", message="Welcome", mail=False)
    assert (made["name"], made["role"], made["status"]) == ("Nora", "employee", "enabled")
    assert made["logged_in"] is None
    assert user(admin)["role"] == "standard"
    with pytest.raises(accsyn_api.AccsynException, match="unique"):
        admin.create("user", {"code": LISA})


def test_users_create_with_home_and_volumes(admin: Any) -> None:
    made = user(admin, role="employee", create_home_share=True, give_default_volume_access=True)
    assert [home["code"] for home in admin.find(f"home WHERE user={made['id']}")] == [made["code"]]
    volume = admin.find_one("volume WHERE default=true")
    assert made["id"] in [each["user"] for each in admin.access("volume", volume["id"])]


def test_users_find(admin: Any) -> None:
    everybody = admin.find("user")
    assert admin.find("user WHERE role=employee") == [one for one in everybody if one["role"] == "employee"]
    assert admin.find_one("User WHERE code=LISA@EXAMPLE.COM")["code"] == LISA
    assert [one["code"] for one in admin.find("user", inactive=True)]


def test_users_change(admin: Any, employee: Any) -> None:
    made = user(admin)
    for change in ({"name": "Nora"}, {"status": "disabled"}, {"status": "enabled"}, {"role": "employee"}):
        changed = admin.update("user", made["id"], change)
        assert change.items() <= changed.items()
    with pytest.raises(accsyn_api.AccsynException):
        employee.update("user", made["id"], {"role": "admin"})


def test_users_deactivate_and_activate(admin: Any) -> None:
    made = user(admin, create_home_share=True)
    incoming = admin.find_one("folder WHERE code=incoming")["id"]
    admin.grant("user", made["code"], "folder", incoming, {"read": True})
    assert admin.deactivate_one("user", made["id"]) is True
    assert admin.find_one(f"user WHERE code={made['code']}") is None
    assert admin.find_one(f"user WHERE code={made['code']}", inactive=True)["inactive"] is True
    assert admin.find(f"home WHERE user={made['id']}") == []
    assert made["id"] not in [each["user"] for each in admin.access("folder", incoming)]
    assert admin.activate_one("user", made["code"]) is True
    assert len(admin.find(f"home WHERE user={made['id']}")) == 1
    assert made["id"] in [each["user"] for each in admin.access("folder", incoming)]


def test_users_with_active_jobs(admin: Any) -> None:
    made = user(admin)
    task = {"source": "thefilm/a.mov", "destination": made["code"]}
    job = admin.create("transfer", {"name": "to somebody", "tasks": [task]})
    with pytest.raises(accsyn_api.AccsynException):
        admin.deactivate_one("user", made["id"])
    admin.update("transfer", job["id"], {"status": "aborted"})
    assert admin.deactivate_one("user", made["id"]) is True


def test_users_delete(admin: Any) -> None:
    made = user(admin, create_home_share=True)
    task = {"source": "thefilm/a.mov", "destination": made["code"]}
    job = admin.create("transfer", {"name": "to nobody", "tasks": [task]})
    assert admin.delete_one("user", made["id"], {"force": True}) is True
    assert admin.get_entity("transfer", job["id"])["status"] == "aborted"
    assert admin.find(f"home WHERE code={made['code']}") == []
    assert admin.get_entity("user", made["id"]) is None


# sites.rst


def test_sites_create_change_and_delete(admin: Any) -> None:
    site = admin.create("site", {"name": f"Oslo {uuid.uuid4().hex[:6]}", "description": "Third floor"})
    assert (site["main"], site["status"], site["description"]) == (False, "enabled", "Third floor")
    changed = admin.update("site", site["id"], {"status": "disabled"})
    assert changed["status"] == "disabled"
    assert admin.delete_one("site", site["id"]) is True


def test_sites_that_stay(admin: Any) -> None:
    assert admin.find_one("site WHERE main=true")["code"] == "hq"
    for code in ("hq", "sthlm"):
        with pytest.raises(accsyn_api.AccsynException):
            admin.delete_one("site", admin.find_one(f"site WHERE code={code}")["id"])


# clients.rst


def test_clients_find(admin: Any) -> None:
    server = admin.find_one("server WHERE code=srv-hq-01")
    assert (server["type"], server["status"], server["site_hr"].partition("(")[0]) == (1, "online", "hq")
    assert "storage" in server["roles"]
    assert {each["code"] for each in admin.find(f"app WHERE user={LISA}")} == {"lisa-pc"}
    assert len(admin.find("client")) == sum(
        len(admin.find(kind)) for kind in ("app", "server", "userserver", "browser", "lane")
    )


def test_clients_disable_and_enable(admin: Any) -> None:
    server = admin.find_one("server WHERE code=srv-sthlm-01")["id"]
    seen = []
    for status in ("disabled", "enabled"):
        changed = admin.update("server", server, {"status": status})
        seen.append(changed["status"])
    assert seen == ["disabled", "online"]


def test_clients_delete(admin: Any) -> None:
    for query in ("server WHERE code=srv-hq-01", "lane WHERE code=srv-hq-01-lane-1"):
        with pytest.raises(accsyn_api.AccsynException):
            admin.delete_one(query.partition(" ")[0], admin.find_one(query)["id"])
    assert admin.delete_one("userserver", admin.find_one("userserver WHERE code=lisa-nas")["id"]) is True
