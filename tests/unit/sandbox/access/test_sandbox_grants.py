"""Access to shares, over the wire: granted, granted again, listed, revoked, and told by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox.mails import Mail
from accsyn_orm.sandbox.messages import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

EID = "702da724-9925-4ab0-b711-4478099538d6"
LISA = "lisa@example.com"


@pytest.fixture
def folder(admin: Any) -> str:
    return str(admin.create("folder", name="Shared", path="shared")["id"])


@pytest.fixture
def lisa(admin: Any) -> str:
    return str(admin.ids("user", f"code={LISA}")[0])


def grant(client: Any, user: str, share: str, **data: Any) -> Any:
    """Send a grant as the published client does, all of whose keys are always there."""
    entry = {"invite": True, "read": False, "write": False, "notify": False, "message": "", "path": "/"}
    (answer,) = client.result(
        "POST", "acl/create", {"entity": f"user:{user}", "target": f"share:{share}", **entry, **data}
    )
    return answer


def access(client: Any, share: str, rest: str = " AND entity=user:*", **data: Any) -> list[Any]:
    return list(client.result("GET", "acl/find", data, query=f"acl WHERE target=share:{share}{rest}"))


def test_a_grant_answers_the_entry_and_lets_the_user_see_the_share(
    sandbox: Sandbox, admin: Any, folder: str, lisa: str, connect: Callable[..., Any]
) -> None:
    standard = connect(sandbox, "standard")
    assert standard.find("folder") == []
    entry = grant(admin, lisa, folder, read=True, path="in/vendor")
    wanted = {"entity": f"user:{lisa}", "target": f"share:{folder}", "read": True, "write": False}
    assert {name: entry[name] for name in wanted} == wanted
    assert (entry["path"], entry["role"], entry["acknowledged"]) == ("in/vendor", "standard", False)
    assert (entry["status"], entry["creator"], entry["token"]) == ("enabled", "john@user.com", None)
    assert entry["entity_hr"] == f"user:{LISA}[standard]({lisa})"
    assert entry["target_hr"] == f"share:Shared[folder]({folder})"
    assert standard.ids("folder") == [folder]
    assert access(admin, folder) == [entry]
    assert sandbox.effects[-1] == Effect(EID, "acl/create", entry["id"], "create")


def test_a_second_grant_changes_the_entry_and_answers_true(
    sandbox: Sandbox, admin: Any, folder: str, lisa: str
) -> None:
    first = grant(admin, lisa, folder, read=True, path="in")
    assert grant(admin, LISA.upper(), folder, write=True, path="out") is True
    (entry,) = access(admin, folder)
    assert (entry["id"], entry["created"]) == (first["id"], first["created"])
    assert (entry["read"], entry["write"], entry["path"]) == (False, True, "out")
    assert sandbox.effects[-1] == Effect(EID, "acl/create", folder, "update")


@pytest.mark.parametrize("path", [None, "", "/"])
def test_no_path_is_the_whole_share(admin: Any, folder: str, lisa: str, path: str | None) -> None:
    assert grant(admin, lisa, folder, read=True, path=path)["path"] == "/"


@pytest.mark.parametrize(
    ("status", "data", "words"),
    [
        (400, {"read": False, "write": False}, ["`read` or `write`", "revoke"]),
        (400, {"read": "yes"}, ["'read'", "'yes'"]),
        (400, {"read": True, "path": "../up"}, ["'..'"]),
        (400, {"read": True, "path": 5}, ["path"]),
        (400, {"read": True, "notify": "no"}, ["'notify'"]),
        (400, {"read": True, "rights": "all"}, ["rights"]),
        (400, {"read": True, "entity": "site:x"}, ["'site:x'", "user:"]),
        (404, {"read": True, "entity": None}, ["no user"]),
        (404, {"read": True, "entity": "user:nobody@example.com", "invite": False}, ["nobody@example.com"]),
        (404, {"read": True, "entity": "user:nobody", "invite": True}, ["'nobody'"]),
        (404, {"read": True, "target": "share:nowhere"}, ["'share:nowhere'"]),
        (404, {"read": True, "target": "user:x"}, ["'user:x'"]),
        (404, {"read": True, "target": None}, ["no share"]),
    ],
)
def test_grants_that_are_refused_name_the_reason(
    sandbox: Sandbox, admin: Any, folder: str, status: int, data: Any, words: list[str]
) -> None:
    entry = {"entity": f"user:{LISA}", "target": f"share:{folder}", "invite": True, **data}
    message = admin.refused(status, "POST", "acl/create", entry)
    assert all(word in message for word in words), message
    assert access(admin, folder, "") == []
    assert sandbox.mails == []


def test_an_unknown_address_is_invited_as_a_standard_user(sandbox: Sandbox, admin: Any, folder: str) -> None:
    entry = grant(admin, "New@Example.com", folder, read=True, notify=True, message="Welcome")
    (user,) = admin.find("user", "code=new@example.com")
    assert (user["code"], user["role"], user["status"], user["phase"]) == (
        "new@example.com",
        "standard",
        "enabled",
        "activating",
    )
    assert entry["entity"] == f"user:{user['id']}"
    assert sandbox.mails == [
        Mail("new@example.com", "invitation", "Welcome", "john@user.com", f"user:{user['id']}"),
        Mail("new@example.com", "access", "Welcome", "john@user.com", f"folder:{folder}"),
    ]


def test_a_user_is_told_unless_that_is_not_wanted(sandbox: Sandbox, admin: Any, folder: str) -> None:
    data = {"entity": f"user:{LISA}", "target": f"share:{folder}", "read": True}
    admin.result("POST", "acl/create", data)
    assert sandbox.mails == [Mail(LISA, "access", "", "john@user.com", f"folder:{folder}")]
    admin.result("POST", "acl/create", {**data, "notify": False})
    assert len(sandbox.mails) == 1


def test_what_fails_later_invites_nobody(sandbox: Sandbox, admin: Any, folder: str) -> None:
    admin.result("DELETE", "folder/deactivate", {}, id=folder)
    data = {"entity": "user:late@example.com", "target": f"share:{folder}", "read": True, "invite": True}
    assert "activate it first" in admin.refused(400, "POST", "acl/create", data)
    assert admin.ids("user", "code=late@example.com") == []
    assert sandbox.mails == []


def test_disabled_users_and_shares_are_enabled_when_shared(admin: Any, folder: str, lisa: str) -> None:
    admin.edit("user", lisa, status="disabled")
    admin.edit("folder", folder, status="disabled")
    grant(admin, lisa, folder, read=True)
    assert admin.find("user", f"id={lisa}")[0]["status"] == "enabled"
    assert admin.find("folder", f"id={folder}")[0]["status"] == "enabled"


def test_the_earlier_name_of_the_entity_is_understood(admin: Any, folder: str, lisa: str) -> None:
    data = {"ident": f"user:{lisa}", "target": f"share:{folder}", "read": True}
    (entry,) = admin.result("POST", "acl/create", data)
    assert entry["entity"] == f"user:{lisa}"


def test_access_below_a_volume_is_listed_where_it_is_asked_for(admin: Any, folder: str, lisa: str) -> None:
    volume = admin.ids("volume", "default=true")[0]
    below, above = grant(admin, lisa, folder, read=True), grant(admin, lisa, volume, read=True)
    assert access(admin, volume) == access(admin, volume, recursive=False) == [above]
    assert access(admin, volume, recursive=True) == [below, above]
    assert access(admin, volume, f" AND entity=user:{admin.me}", recursive=True) == []
    assert access(admin, folder, recursive=True) == [below]


def test_access_is_revoked_once(sandbox: Sandbox, admin: Any, folder: str, lisa: str) -> None:
    entry = grant(admin, lisa, folder, read=True)
    query = f"acl WHERE entity=user:{lisa} AND target=share:{folder}"
    assert [row["id"] for row in admin.result("GET", "acl/find", None, query=query)] == [entry["id"]]
    assert admin.result("DELETE", "acl/delete", {}, id=entry["id"]) is True
    assert sandbox.effects[-1] == Effect(EID, "acl/delete", entry["id"], "delete")
    assert admin.result("GET", "acl/find", None, query=query) == []
    admin.refused(404, "DELETE", "acl/delete", {}, id=entry["id"])
    assert sandbox.mails == []


def test_access_is_not_edited(admin: Any, folder: str, lisa: str) -> None:
    entry = grant(admin, lisa, folder, read=True)
    message = admin.refused(400, "PUT", "acl/edit", {"write": True}, id=entry["id"])
    assert "grant it again" in message
    assert access(admin, folder) == [entry]


def test_access_follows_its_user_and_its_share(admin: Any, folder: str, lisa: str) -> None:
    entry = grant(admin, lisa, folder, read=True)["id"]
    for kind, identity in (("user", lisa), ("folder", folder)):
        admin.result("DELETE", f"{kind}/deactivate", {}, id=identity)
        assert access(admin, folder) == []
        assert [row["id"] for row in access(admin, folder, inactive=True)] == [entry]
    admin.result("POST", "user/activate", {}, id=lisa)
    assert access(admin, folder) == []
    admin.result("POST", "folder/activate", {}, id=folder)
    assert [row["id"] for row in access(admin, folder)] == [entry]


def test_access_to_what_is_out_of_use_counts_for_nothing(
    sandbox: Sandbox, admin: Any, folder: str, lisa: str, connect: Callable[..., Any]
) -> None:
    standard = connect(sandbox, "standard")
    grant(admin, lisa, folder, read=True)
    assert standard.ids("folder") == [folder]
    admin.result("DELETE", "folder/deactivate", {}, id=folder)
    assert standard.ids("folder", inactive=True) == []
    assert standard.result("GET", "folder/find", {}, id=folder) == []


def test_a_standard_user_hands_on_its_home_and_no_more_than_it_has(
    sandbox: Sandbox, admin: Any, folder: str, lisa: str, connect: Callable[..., Any]
) -> None:
    standard = connect(sandbox, "standard")
    admin.create("user", code="friend@example.com")
    home = admin.create("home", user=lisa)["id"]
    data = {"entity": "user:friend@example.com", "read": True}
    standard.result("POST", "acl/create", {**data, "target": f"share:{home}"})
    standard.refused(403, "POST", "acl/create", {**data, "target": f"share:{folder}"})
    grant(admin, lisa, folder, write=True)
    standard.refused(403, "POST", "acl/create", {**data, "target": f"share:{folder}"})
    standard.result("POST", "acl/create", {**data, "read": False, "write": True, "target": f"share:{folder}"})
    invited = {**data, "entity": "user:fresh@example.com", "invite": True, "target": f"share:{home}"}
    assert (
        standard.refused(403, "POST", "acl/create", invited)
        == "Permission denied: you may not invite anybody."
    )
