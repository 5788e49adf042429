"""What the workspace says of its entity types, for each role, and that it is what the documentation lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox.catalogue import GENERIC, TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

# Attributes by the pages of the accsyn documentation, with what of them can be set: C on create, U on update.
DOCUMENTED = {
    **dict.fromkeys(
        ("transfer", "job"),
        "id code name:C status:CU created finished modified source:C destination:C source_hr destination_hr size "
        "progress speed etr uri user user_hr parent:C parent_hr metadata:CU description:U creator modifier tasks:C "
        "queue:C settings:C mirror:C mirror_paths:C recipients:C append:C hooks:C repeat:C allow_duplicates:C "
        "replace_duplicates:C",
    ),
    "compute": "engine:C input:C output:C range:C dependencies:C filters:C parameters:C envs:C settings:C tasks:C "
    "status:CU metadata:CU",
    "delivery": "name:C tasks:C recipients:C status:U public:C user user_hr",
    "request": "name:C recipients:C status:U destination:C",
    "stream": "name:C tasks:C recipients:C status:U",
    "task": "id uri job job_hr status:U created finished priority:U size time source destination metadata:U "
    "compute:C deps:C tasks:C",
    "user": "code:C name role:CU status:U logged_in queue inactive phase create_home_share:C "
    "give_all_volumes_access:C give_default_volume_access:C volumes:C message:C mail:C",
    "queue": "name:C code:C priority:C description:C default compute_default status:U uri",
    "volume": "name code:CU paths:CU server:C siteservers:C default description:U email licensed path queue type "
    "status:U inactive",
    "folder": "name:CU code parent:C path:C queue:U email status:U status_hr type",
    "home": "name:CU code parent:C path:C user:C queue:U email status:U status_hr",
    "collection": "name:CU code parent:C path:C files:C queue:U email status:U status_hr",
    "file": "id",
    "site": "name description:C code accsyn main status:U",
    **dict.fromkeys(
        ("app", "server", "userserver", "browser", "lane", "client"),
        "id code user user_hr site site_hr os version type type_hr roles status:U last_checkin wan_ip username parent "
        "benchmark metrics host_id host_ident",
    ),
    "acl": "id entity target entity_hr target_hr read write path acknowledged role status token creator created "
    "description",
    "engine": "name code type",
    "workspace": "id code name",
}
HIDDEN = {
    *(
        "tasks",
        "settings",
        "mirror",
        "mirror_paths",
        "recipients",
        "append",
        "hooks",
        "repeat",
        "files",
        "volumes",
    ),
    *("allow_duplicates", "replace_duplicates", "compute", "deps", "message", "mail", "create_home_share"),
    *("give_all_volumes_access", "give_default_volume_access"),
}


def attributes(client: Any, kind: str, **data: Any) -> set[str]:
    names = client.result("GET", "attributes", {"entitytype": kind, **data})
    assert len(names) == len(set(names))
    return set(names)


def test_every_type_is_documented_here() -> None:
    assert set(DOCUMENTED) == {*TYPES, *GENERIC} - {"share"}


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_documented_attributes_are_there(reader: Any, kind: str) -> None:
    found, create, update = (
        attributes(reader, kind),
        attributes(reader, kind, create=True, update=False),
        attributes(reader, kind, create=False, update=True),
    )
    for line in DOCUMENTED[kind].split():
        name, _, flags = line.partition(":")
        assert (name in found) is not (name in HIDDEN), name
        assert name in create or "C" not in flags, name
        assert name in update or "U" not in flags, name


def test_tasks_change_by_status_priority_and_metadata_only(reader: Any) -> None:
    assert attributes(reader, "task", create=False, update=True) == {"status", "priority", "metadata"}


# type -> (employee, standard): r is listed, c can be created, u can be updated. An admin can do all that can be done.
ALLOWED = {
    "user": ("rcu", "ru"),
    **dict.fromkeys(("workspace", "queue", "site", "server", "engine"), ("r", "")),
    **dict.fromkeys(("transfer", "job", "compute", "task"), ("rcu", "rcu")),
    **dict.fromkeys(("delivery", "request", "stream", "folder", "collection", "home"), ("rcu", "ru")),
    "volume": ("", ""),
    "share": ("rcu", "ru"),
    "file": ("rcu", "rcu"),
    **dict.fromkeys(("app", "userserver", "browser", "lane", "client"), ("ru", "ru")),
    "acl": ("r", "r"),
}
FIXED = {"workspace", "engine", "acl", *GENERIC["client"], "client"}


@pytest.mark.parametrize("role", ["admin", "employee", "standard"])
def test_each_role_is_told_what_it_can_do(demo: Sandbox, connect: Callable[..., Any], role: str) -> None:
    client = connect(demo, role)
    listed = set(client.result("GET", "entitytypes", {}))
    for kind, (employee, standard) in ALLOWED.items():
        letters = {"admin": "rcu", "employee": employee, "standard": standard}[role]
        assert (kind in listed) is ("r" in letters), kind
        assert bool(attributes(client, kind)) is ("r" in letters), kind
        assert bool(attributes(client, kind, create=True, update=False)) is (
            "c" in letters and kind not in FIXED
        ), kind
        updatable = "u" in letters and kind != "acl"
        assert bool(attributes(client, kind, create=False, update=True)) is updatable, kind
        assert kind in listed or client.find(kind, *(["id!=x"] if kind in {"task", "file"} else [])) == []


def test_only_an_admin_changes_roles(demo: Sandbox, connect: Callable[..., Any]) -> None:
    for role in ("admin", "employee", "standard"):
        assert ("role" in attributes(connect(demo, role), "user", create=False, update=True)) is (
            role == "admin"
        )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"name": "One"}, "folder"),
        ({"name": "Two", "type": "folder"}, "folder"),
        ({"name": "Three", "paths": {"linux": "/mnt/three"}}, "volume"),
        ({"name": "Four", "type": "volume"}, "volume"),
        ({"name": "Five", "type": "collection", "files": ["x"]}, "collection"),
    ],
)
def test_a_generic_share_becomes_what_its_type_says(admin: Any, data: Any, kind: str) -> None:
    made = admin.create("share", **data)
    assert made["type"] == kind
    assert admin.ids(kind, f"id={made['id']}") == [made["id"]]
    assert made["status_hr"] == "Enabled"
    assert "type" in attributes(admin, "share", create=True, update=False)


def test_a_generic_share_of_no_known_type_is_refused(admin: Any) -> None:
    assert "starship" in admin.refused(400, "POST", "share/create", {"name": "x", "type": "starship"})
    admin.refused(400, "POST", "share/create", [])


def test_a_twin_can_be_asked_for(reader: Any) -> None:
    assert reader.find("folder", 'status_hr="enabled"') == reader.find("folder")
    assert reader.find("folder", "status_hr=disabled") == []
