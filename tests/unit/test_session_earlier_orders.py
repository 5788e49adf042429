"""Calls as scripts for the clients 1.x and 2.x write them reach the same requests as today's."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Session, errors

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "614d660de50d45bb027c9bdd"
CHANGES = [{"id": "0", "status": "excluded"}]


@pytest.fixture
def session(served: Any) -> Any:
    return served(answer)[0]


def answer(asked: Any) -> Any:
    if asked.uri.endswith(("find", "edit", "create", "attributes")):
        return [{"id": ID}]
    return True


PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "find with attributes": (
        lambda s: s.find("job", ["id"]),
        lambda s: s.find("job", attributes=["id"]),
    ),
    "find of 2.x": (
        lambda s: s.find("user", ["id"], True, False, True, 5, 6),
        lambda s: s.find("user", attributes=["id"], finished=True, inactive=False, archived=True, limit=5, skip=6),
    ),
    "find of 2.x, some by name": (
        lambda s: s.find("user", ("id",), None, True, limit=5),
        lambda s: s.find("user", attributes=["id"], inactive=True, limit=5),
    ),
    "find of 1.x": (
        lambda s: s.find("job", ["id"], True, 5, 6),
        lambda s: s.find("job", attributes=["id"], finished=True, limit=5, skip=6),
    ),
    "find without attributes": (
        lambda s: s.find("job", None, True),
        lambda s: s.find("job", finished=True),
    ),
    "find for update": (
        lambda s: s.find("attributes WHERE entitytype=job", None, False, None, None, None, None, False, True),
        lambda s: s.find("attributes WHERE entitytype=job", update=True),
    ),
    "find below a parent": (
        lambda s: s.find("file", parent=ID),
        lambda s: s.find("file", ID),
    ),
    "find_one of 2.x": (
        lambda s: s.find_one("user WHERE a=1", ["id"], True, True, False),
        lambda s: s.find_one("user WHERE a=1", attributes=["id"], finished=True, inactive=True, archived=False),
    ),
    "find_one without attributes": (
        lambda s: s.find_one("job WHERE a=1", None, False),
        lambda s: s.find_one("job WHERE a=1", finished=False),
    ),
    "find_one below a parent": (
        lambda s: s.find_one("task", parent=ID),
        lambda s: s.find_one("task", ID),
    ),
    "create": (
        lambda s: s.create("task", {"source": "a"}, entitytype_id=ID, allow_duplicates=False),
        lambda s: s.create("task", {"source": "a"}, ID, False),
    ),
    "update_many": (
        lambda s: s.update_many("task", CHANGES, ID),
        lambda s: s.update_many("task", ID, CHANGES),
    ),
    "update_many, some by name": (
        lambda s: s.update_many("task", tuple(CHANGES), entityid=ID),
        lambda s: s.update_many("task", ID, CHANGES),
    ),
    "assign": (
        lambda s: s.assign("share", entitytype_child="server", data={"share": ID, "client": ID}),
        lambda s: s.assign("share", "server", {"share": ID, "client": ID}),
    ),
    "deassign": (
        lambda s: s.deassign("share", entitytype_child="server", data={"share": ID, "client": ID}),
        lambda s: s.deassign("share", "server", {"share": ID, "client": ID}),
    ),
    "online_one": (
        lambda s: s.online_one("user", ID),
        lambda s: s.activate_one("user", ID),
    ),
    "ls": (
        lambda s: s.ls(p="a"),
        lambda s: s.ls("a"),
    ),
    "exists": (lambda s: s.exists(p="a"), lambda s: s.exists("a")),
    "getsize": (lambda s: s.getsize(p="a"), lambda s: s.getsize("a")),
    "get_setting": (
        lambda s: s.get_setting("x", scope="queue", entity_id=ID),
        lambda s: s.get_setting("x", "queue", ID),
    ),
    "set_setting for the workspace": (
        lambda s: s.set_setting("x", "v"),
        lambda s: s.set_setting("workspace", "x", "v"),
    ),
    "set_setting with scope": (
        lambda s: s.set_setting("x", "v", scope="queue", entity_id=ID),
        lambda s: s.set_setting("queue", "x", "v", ID),
    ),
    "set_setting by place": (
        lambda s: s.set_setting("x", {"a": 1}, "queue", ID, "ftrack", {"b": 1}),
        lambda s: s.set_setting("queue", "x", '{"a": 1}', ID, "ftrack", {"b": 1}),
    ),
    "set_setting with a scope by name": (
        lambda s: s.set_setting(name="x", value=5, scope="workspace"),
        lambda s: s.set_setting("workspace", "x", "5"),
    ),
    "set_setting of today": (
        lambda s: s.set_setting("queue", "x", value="v", entityid=ID),
        lambda s: s.set_setting(entitytype="queue", name="x", value="v", entityid=ID),
    ),
    "set_setting to the name of a type": (
        lambda s: s.set_setting("queue", "x", "queue", ID),
        lambda s: s.set_setting(entitytype="queue", name="x", value="queue", entityid=ID),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_same_request(served: Any, name: str) -> None:
    requests = []
    for use in PAIRS[name]:
        session, server = served(answer)
        use(session)
        requests.append(server.asked)
    assert requests[0]
    assert requests[0] == requests[1]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda s: s.find("job", ["id"], attributes=["id"]), "attributes"),
        (lambda s: s.find("job", ["id"], True, None, None, 1, 2, False, False, 9), "query, attributes"),
        (lambda s: s.create("task", {"a": 1}, entityid=ID, entitytype_id=ID), "entitytype_id="),
        (lambda s: s.find("job", entityid=ID, parent=ID), "parent="),
        (lambda s: s.update_many("task", CHANGES, CHANGES), "parent id"),
        (lambda s: s.update_many("task", ID, ID), "update_many"),
    ],
)
def test_what_fits_neither_order_is_refused_and_named(session: Any, call: Any, named: str) -> None:
    with pytest.raises(errors.InvalidValue) as caught:
        call(session)
    assert named in caught.value.message


def test_the_signature_is_todays() -> None:
    assert list(inspect.signature(Session.find).parameters)[:4] == ["self", "query", "entityid", "attributes"]
    assert list(inspect.signature(Session.update_many).parameters) == [
        "self",
        "entitytype",
        "entityid",
        "data",
    ]
