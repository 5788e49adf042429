"""Granting, listing and revoking access, over a scripted server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import errors

if TYPE_CHECKING:
    from collections.abc import Callable

ID, FOLDER, OTHER = "614d660de50d45bb027c9bdd", "673cb38dea344d0d17969018", "b" * 24
LISA = "lisa@example.com"


def acl(**changed: Any) -> dict[str, Any]:
    row = {"id": "a" * 24, "entity": f"user:{ID}", "target": f"share:{FOLDER}", "read": True, "write": False}
    return {**row, **changed}


def test_somebody_unknown_is_invited_by_address(served: Any) -> None:
    session, server = served(lambda asked: [acl(entity=f"user:{LISA}")] if asked.uri == "acl/create" else [])
    granted = session.grant("User", LISA, "Folder", FOLDER, {"read": True, "message": "Welcome"})
    assert granted["entity"] == f"user:{LISA}"
    assert [asked.uri for asked in server.asked] == ["user/find", "acl/create"]
    assert server.asked[1].data == {
        "entity": f"user:{LISA}",
        "target": f"share:{FOLDER}",
        "invite": True,
        "read": True,
        "write": False,
        "notify": True,
        "message": "Welcome",
        "path": "/",
    }


@pytest.mark.parametrize("result", [True, [True]])
def test_changed_access_may_be_answered_with_true(served: Any, result: Any) -> None:
    session, _ = served(lambda _: result)
    assert session.grant("user", ID, "volume", FOLDER) is True


def test_the_date_of_an_acl_is_a_time(served: Any) -> None:
    session, _ = served(lambda _: [acl(created="2026-01-02T03:04:05")])
    assert session.grant("user", ID, "volume", FOLDER)["created"].tzinfo is not None


def test_codes_are_looked_up(served: Any) -> None:
    def answer(asked: Any) -> Any:
        if asked.uri == "user/find":
            return [{"id": ID, "code": LISA}]
        return [{"id": FOLDER, "code": "in a"}] if asked.uri == "folder/find" else True

    session, server = served(answer)
    assert session.grant("user", "Lisa@Example.com", "folder", "in a", {"write": True}) is True
    lookups = [(asked.query, asked.data) for asked in server.asked[:2]]
    assert lookups == [("code=Lisa@Example.com", None), ('code="in a"', None)]
    assert server.asked[2].data["entity"] == f"user:{ID}"
    assert server.asked[2].data["target"] == f"share:{FOLDER}"


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"id": ID}, {"id": OTHER}], errors.MultipleFound),
        ([{"id": ID, "code": "admin@example.com"}], errors.ProtocolError),
        ([{"code": LISA}], errors.ProtocolError),
        ([None], errors.ProtocolError),
        (None, errors.ProtocolError),
    ],
)
def test_nobody_else_is_granted_anything(served: Any, rows: Any, error: type[Exception]) -> None:
    session, server = served(lambda asked: rows if asked.method == "GET" else True)
    calls: list[Callable[[], Any]] = [
        lambda: session.grant("user", LISA, "folder", FOLDER, {"read": True}),
        lambda: session.grant("user", LISA, "delivery", FOLDER),
        lambda: session.revoke("user", LISA, "folder", FOLDER),
    ]
    for call in calls:
        with pytest.raises(error):
            call()
    assert {asked.method for asked in server.asked} == {"GET"}


def test_a_share_that_is_not_there(served: Any) -> None:
    session, _ = served(lambda _: [])
    with pytest.raises(errors.NotFound, match=r"folder.*'nowhere'"):
        session.grant("user", ID, "folder", "nowhere", {"read": True})
    assert "nowhere" in session.get_last_message()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("site", ID, "folder", FOLDER, {"read": True}), "site"),
        (("user", ID, "transfer", FOLDER), "transfer"),
        (("user", ID, "queue", FOLDER), "queue"),
        (("user", ID, "delivery", "by code"), "by code"),
        (("user", "a\nb", "folder", FOLDER, {"read": True}), "a\\nb"),
        (("user", "", "folder", FOLDER, {"read": True}), "''"),
        (("user", None, "folder", FOLDER, {"read": True}), "None"),
        (("user", "*", "folder", FOLDER, {"read": True}), "wildcard"),
        (("user", ID, "folder", FOLDER, {"read": True, "raed": False}), "raed"),
        (("user", ID, "folder", FOLDER, {"path": "x"}), "neither"),
        (("user", ID, "folder", FOLDER, {"write": 1}), "write=1"),
        (("user", ID, "folder", FOLDER, {"write": True, "notify": "no"}), "notify"),
        (("user", ID, "folder", FOLDER, {"write": True, "path": "a/../../b"}), "'a/../../b'"),
        (("user", ID, "folder", FOLDER, {"write": True, "path": "..\\b"}), "path"),
        (("user", ID, "folder", FOLDER, {"write": True, "path": ""}), "path"),
        (("user", ID, "folder", FOLDER, {"write": True, "message": 5}), "message"),
        (("user", ID, "delivery", FOLDER, {"invite": "yes"}), "invite"),
    ],
)
def test_what_cannot_be_granted_is_refused_and_named(served: Any, arguments: Any, named: str) -> None:
    session, server = served(lambda _: True)
    with pytest.raises(ValueError, match=r".") as caught:
        session.grant(*arguments)
    assert named in str(caught.value)
    assert isinstance(caught.value, errors.AccsynException)
    assert server.asked == []


def test_access_in_the_words_of_the_published_client(served: Any) -> None:
    session, server = served(
        lambda _: [acl(entity_hr=LISA, target_hr="incoming", path="in"), acl(acknowledged=True)]
    )
    rows = session.access("folder", FOLDER, recursive=True)
    assert rows[0] == {
        "user": ID,
        "user_hr": LISA,
        "share": FOLDER,
        "share_hr": "incoming",
        "read": True,
        "write": False,
        "acknowledged": False,
        "path": "in",
    }
    assert (rows[1]["acknowledged"], rows[1]["path"], rows[1]["user_hr"]) == (True, "/", "")
    assert server.asked[0].data == {"recursive": True}


@pytest.mark.parametrize(
    ("changed", "path"),
    [({"entity": "user"}, "entity"), ({"entity": 5}, "entity"), ({"target": None}, "target"), ({"read": "yes"}, "read"), ({"write": None}, "write")],
)  # fmt: skip
def test_the_place_of_a_malformed_acl_is_named(served: Any, changed: dict[str, Any], path: str) -> None:
    session, _ = served(lambda _: [acl(), acl(**changed)])
    with pytest.raises(errors.ProtocolError, match=rf"@ \$\.result\[1\]\.{path}"):
        session.access("folder", FOLDER)


def test_access_of_somebody_needs_a_type(served: Any) -> None:
    session, server = served(lambda _: [])
    with pytest.raises(errors.InvalidValue, match="entitytype"):
        session.access("folder", FOLDER, entityid=ID)
    with pytest.raises(errors.InvalidValue, match="24"):
        session.access("folder", "incoming")
    assert server.asked == []


def test_all_access_goes(served: Any) -> None:
    session, server = served(
        lambda asked: [acl(id="a" * 24), acl(id=OTHER)] if asked.method == "GET" else asked.id != OTHER
    )
    assert session.revoke("user", ID, "folder", FOLDER) is False
    assert [(asked.uri, asked.id) for asked in server.asked[1:]] == [
        ("acl/delete", "a" * 24),
        ("acl/delete", OTHER),
    ]


@pytest.mark.parametrize(
    "row", [acl(entity=f"user:{OTHER}"), acl(target=f"share:{OTHER}"), {"id": None}, {"entity": f"user:{ID}"}]
)
def test_access_of_others_is_left_alone(served: Any, row: dict[str, Any]) -> None:
    session, server = served(lambda asked: [acl(), row] if asked.method == "GET" else True)
    with pytest.raises(errors.ProtocolError, match=r"@ \$\.result\[1\]"):
        session.revoke("user", ID, "folder", FOLDER)
    assert {asked.method for asked in server.asked} == {"GET"}


@pytest.mark.parametrize(
    ("ident", "row", "recipient"),
    [
        (ID, {"user": ID, "user_hr": LISA}, ID),
        (LISA, {"user": None, "user_hr": LISA}, LISA),
        ("Lisa@Example.com", {"user": None, "user_hr": f"{LISA}[standard]({ID})"}, LISA),
        (ID, {"user": OTHER, "user_hr": "other@example.com"}, None),
    ],
)
def test_a_recipient_is_taken_off(
    served: Any, ident: str, row: dict[str, Any], recipient: str | None
) -> None:
    def answer(asked: Any) -> Any:
        if asked.method == "DELETE":
            return True
        return [row] if asked.uri == "job/recipients" else []

    session, server = served(answer)
    assert session.revoke("user", ident, "delivery", FOLDER) is (recipient is not None)
    deleted = [asked.data for asked in server.asked if asked.method == "DELETE"]
    assert deleted == ([] if recipient is None else [{"recipient": recipient}])


def test_revoking_from_nobody(served: Any) -> None:
    session, server = served(lambda _: [])
    assert session.revoke("user", ID, "folder", FOLDER) is False
    assert session.revoke("user", ID, "stream", FOLDER) is False
    with pytest.raises(errors.NotFound, match=LISA):
        session.revoke("user", LISA, "folder", FOLDER)
    assert {asked.method for asked in server.asked} == {"GET"}
