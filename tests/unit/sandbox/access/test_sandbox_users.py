"""Users over the wire: what they are created with, and how they are taken out of use, brought back and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox.mails import Mail

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

CODE = "vendor@example.com"


@pytest.fixture
def volumes(admin: Any) -> dict[str, str]:
    admin.create("volume", name="Archive")
    unused = admin.create("volume", name="Unused")["id"]
    admin.result("DELETE", "volume/deactivate", {}, id=unused)
    return {row["code"]: row["id"] for row in admin.find("volume")}


@pytest.mark.parametrize(
    ("data", "granted"),
    [
        ({}, set[str]()),
        ({"give_all_volumes_access": True}, {"projects", "archive"}),
        ({"give_default_volume_access": True}, {"projects"}),
        ({"volumes": ["archive"]}, {"archive"}),
        ({"volumes": ["archive"], "give_default_volume_access": True}, {"projects", "archive"}),
        ({"give_all_volumes_access": False, "give_default_volume_access": False, "volumes": []}, set[str]()),
    ],
)
def test_a_new_user_is_given_volumes(
    admin: Any, volumes: dict[str, str], data: Any, granted: set[str]
) -> None:
    user = admin.create("user", code=CODE, role="employee", **data)["id"]
    found = admin.find("acl", f"entity=user:{user}")
    assert {row["target"] for row in found} == {f"share:{volumes[code]}" for code in granted}
    assert all(row["read"] and row["write"] and row["path"] == "/" for row in found)


def test_a_volume_that_is_not_there_is_not_given(
    sandbox: Sandbox, admin: Any, volumes: dict[str, str]
) -> None:
    for name in ("nowhere", "unused", 5):
        assert repr(name) in admin.refused(400, "POST", "user/create", {"code": CODE, "volumes": [name]})
    assert admin.ids("user", f"code={CODE}") == []
    assert (sandbox.mails, set(volumes)) == ([], {"projects", "archive"})


def test_a_new_user_has_a_home_where_that_is_asked_for(admin: Any) -> None:
    user = admin.create("user", code=CODE, create_home_share=True)["id"]
    (home,) = admin.find("home", f"user={user}")
    assert home["code"] == CODE
    assert admin.find("acl", f"entity=user:{user}") == []
    other = admin.create("user", code="other@example.com", create_home_share=False)["id"]
    assert admin.find("home", f"user={other}") == []


def test_a_new_user_is_told_by_mail_unless_that_is_not_wanted(sandbox: Sandbox, admin: Any) -> None:
    user = admin.create("user", code=CODE, message="Welcome to the film")["id"]
    admin.create("user", code="quiet@example.com", mail=False, message="?")
    assert sandbox.mails == [Mail(CODE, "invitation", "Welcome to the film", "john@user.com", f"user:{user}")]


def test_a_new_user_answers_with_none_of_the_instructions(admin: Any) -> None:
    user = admin.create("user", code=CODE, message="Hi", mail=True, volumes=[], create_home_share=False)
    assert not {"message", "mail", "volumes", "create_home_share"} & set(user)
    assert (user["role"], user["status"], user["name"], user["logged_in"]) == (
        "standard",
        "enabled",
        CODE,
        None,
    )


def test_users_are_deactivated_and_activated(admin: Any) -> None:
    user = admin.create("user", code=CODE, create_home_share=True, volumes=["projects"])["id"]
    assert admin.result("DELETE", "user/deactivate", {}, id=user) is True
    assert admin.ids("user", f"code={CODE}") == []
    assert admin.find("user", inactive=True)[0]["inactive"] is True
    assert admin.ids("home", f"user={user}", inactive=True)
    assert admin.find("acl", f"entity=user:{user}") == []
    assert admin.result("POST", "user/activate", {}, query=CODE) is True
    assert admin.ids("user", f"code={CODE}") == [user]
    assert admin.ids("home", f"user={user}")
    assert len(admin.find("acl", f"entity=user:{user}")) == 1


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("transfer", {"destination": f"{CODE}:in/"}),
        ("transfer", {"tasks": ["a", {"source": f"{CODE}:b", "destination": "c"}]}),
        ("delivery", {"tasks": ["a"], "recipients": [CODE]}),
        ("request", {"recipients": [CODE], "status": "init"}),
    ],
)
def test_a_user_of_an_active_job_is_not_deactivated(admin: Any, kind: str, data: Any) -> None:
    user = admin.create("user", code=CODE)["id"]
    job = admin.create(kind, name="busy", **data)["id"]
    assert job in admin.refused(400, "DELETE", "user/deactivate", {}, id=user)
    assert admin.ids("user", f"code={CODE}") == [user]
    admin.edit(kind, job, status="aborted")
    assert admin.result("DELETE", "user/deactivate", {}, id=user) is True


def test_a_deactivated_user_is_brought_back_by_creating_it_again(sandbox: Sandbox, admin: Any) -> None:
    user = admin.create("user", code=CODE, name="Vendor", create_home_share=True)["id"]
    admin.result("DELETE", "user/deactivate", {}, id=user)
    again = admin.create("user", code=CODE.upper(), name="Back again", create_home_share=True)
    assert (again["id"], again["code"], again["name"], again["inactive"]) == (user, CODE, "Back again", False)
    assert len(admin.find("home", f"user={user}")) == 1
    assert "already" in admin.refused(400, "POST", "user/create", {"code": CODE})
    assert [mail.recipient for mail in sandbox.mails] == [CODE, CODE]


def test_a_deleted_user_leaves_aborted_jobs_and_no_home_or_grant(admin: Any) -> None:
    user = admin.create("user", code=CODE, create_home_share=True, volumes=["projects"])["id"]
    sent = admin.create("transfer", name="to it", destination=f"{CODE}:in/")["id"]
    received = admin.create("delivery", name="d", tasks=["a"], recipients=[CODE, "lisa@example.com"])["id"]
    other = admin.create("transfer", name="other", destination="lisa@example.com:in/")["id"]
    assert admin.result("DELETE", "user/delete", None, id=user) is True
    assert admin.find("transfer", f"id={sent}", finished=True)[0]["status"] == "aborted"
    assert admin.ids("transfer", f"id={other}") == [other]
    assert admin.ids("delivery", f"id={received}") == [received]
    assert admin.find("home", f"user={user}") == admin.find("acl", f"entity=user:{user}") == []
    assert admin.create("user", code=CODE)["id"] != user


def test_nobody_deletes_itself(admin: Any) -> None:
    for data in (None, {"force": True}):
        assert "yourself" in admin.refused(400, "DELETE", "user/delete", data, id=admin.me)


def test_a_deactivated_user_cannot_go_on(sandbox: Sandbox, admin: Any, connect: Callable[..., Any]) -> None:
    lisa = connect(sandbox, "standard")
    admin.result("DELETE", "user/deactivate", {}, id=lisa.me)
    lisa.ask("GET", "user/find", {})
    assert lisa.status == 401
