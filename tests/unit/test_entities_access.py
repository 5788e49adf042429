"""Recipients, access to shares, servers of volumes: what entities ask of their session at once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    Access,
    Collection,
    Delivery,
    Folder,
    Home,
    InvalidValue,
    Request,
    Server,
    Session,
    SessionError,
    Stream,
    User,
    Volume,
)
from accsyn_orm.entities.receiving import Recipient

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

ID = "614d660de50d45bb027c9bdd"
LISA = "5bfeb0381da7ee4095fa217e"
ACL = "6a0000000000000000000001"


def acl(**values: Any) -> dict[str, Any]:
    row = {"id": ACL, "entity": f"user:{LISA}", "target": f"share:{ID}", "read": True, "write": False}
    return {**row, "path": "/in", "created": "2026-05-01T12:00:00", **values}


def answers(asked: Any) -> Any:
    """Answer as a workspace with one of each."""
    if asked.uri == "user/find":
        return [] if "new@" in (asked.query or "") else [{"id": LISA, "code": "lisa@example.com"}]
    if asked.uri.endswith("/find") and asked.uri != "acl/find":
        return [{"id": ID, "code": "a", "name": "a", "status": "enabled"}]
    answered = {
        "job/recipients": [{"user": LISA, "user_hr": "user:lisa@example.com[standard](x)", "actioned": True}],
        "acl/create": [acl()],
        "acl/find": [acl()],
    }
    return answered.get(asked.uri, True)


@pytest.mark.parametrize("cls", [Delivery, Request, Stream])
def test_what_goes_out_for_recipients(served: Callable[..., Any], cls: type[Any]) -> None:
    session, server = served(answers)
    job, lisa = session.get(cls, ID), session.get(User, LISA)
    del server.asked[:]
    with session.no_implicit_io():
        assert job.grant(lisa) is True
        assert job.grant("new@example.com", invite=False) is True
        found = job.recipients()
        assert job.revoke(found[0]) is True
    assert found == [Recipient(LISA, "user:lisa@example.com[standard](x)", actioned=True)]
    assert found[0].email == "lisa@example.com"
    sent = [(each.method, each.uri, each.id, each.data) for each in server.asked if each.uri != "user/find"]
    assert sent == [
        ("PUT", "job/recipient/add", ID, {"recipient": LISA, "invite": True}),
        ("PUT", "job/recipient/add", ID, {"recipient": "new@example.com", "invite": False}),
        ("GET", "job/recipients", ID, {}),
        ("GET", "job/recipients", ID, {}),
        ("DELETE", "job/recipient", ID, {"recipient": LISA}),
    ]
    assert not session.dirty


@pytest.mark.parametrize("cls", [Folder, Home, Collection, Volume])
def test_what_goes_out_for_access(served: Callable[..., Any], cls: type[Any]) -> None:
    session, server = served(answers)
    share, lisa = session.get(cls, ID), session.get(User, LISA)
    del server.asked[:]
    entry = share.grant(lisa, path="in", read=True, write=True, notify=False, message="for you", invite=False)
    assert isinstance(entry, Access)
    assert (entry.id, entry.path, entry.entity) == (ACL, "/in", lisa)
    assert entry.created == dt.datetime(2026, 5, 1, 12, tzinfo=dt.timezone.utc)
    (post,) = server.asked
    assert (post.method, post.uri) == ("POST", "acl/create")
    assert post.data == {
        "entity": f"user:{LISA}", "target": f"share:{ID}", "invite": False, "read": True, "write": True,
        "notify": False, "message": "for you", "path": "in",
    }  # fmt: skip
    assert share.access() == [entry], "one object for one entry"
    del server.asked[:]
    assert share.revoke(lisa) is True
    assert [(each.method, each.uri, each.id) for each in server.asked] == [
        ("GET", "acl/find", None),
        ("DELETE", "acl/delete", ACL),
    ]


def test_a_grant_that_the_server_only_confirms_has_no_entry(served: Callable[..., Any]) -> None:
    session, _ = served(lambda asked: [True] if asked.uri == "acl/create" else answers(asked))
    assert session.get(Folder, ID).grant(LISA) is None


def test_what_does_not_exist_yet_cannot_be_granted(empty_session: Session) -> None:
    delivery, folder = Delivery(name="new"), Folder(name="new", path="new")
    empty_session.add_all([delivery, folder])
    for each in (delivery, folder):
        with pytest.raises(SessionError, match="does not exist on the server, so nothing can be asked"):
            each.grant("lisa@example.com")
    empty_session.rollback()


def test_who_it_is_about_must_be_a_user(session: Session) -> None:
    folder = Folder.objects.using(session).all()[0]
    with pytest.raises(InvalidValue, match="is no user: give the user itself"):
        folder.grant(folder)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="is no client"):
        Volume.objects.using(session).all()[0].assign(folder)  # type: ignore[arg-type]
    new = User(code="new@example.com")
    entry = folder.grant(new, path="thefilm")
    assert entry is not None
    assert entry.entity.code == "new@example.com", "a user that is only here goes by the e-mail address"


def test_recipients_on_the_sandbox(session: Session) -> None:
    delivery = Delivery.objects.using(session).all()[0]
    lisa = User.objects.using(session).get(code="lisa@example.com")
    before = delivery.recipients()
    assert delivery.grant(lisa)
    added = [each for each in delivery.recipients() if each not in before]
    assert [(each.user_id, each.email) for each in added] == [(lisa.id, "lisa@example.com")]
    assert delivery.revoke(lisa)
    assert delivery.recipients() == before
    assert not delivery.revoke(lisa)


def test_access_on_the_sandbox(session: Session) -> None:
    folder = Folder.objects.using(session).get(code="thefilm")
    lisa = User.objects.using(session).get(code="lisa@example.com")
    entry = folder.grant(lisa, path="ref", write=True, notify=False)
    assert entry is not None
    assert entry in folder.access()
    assert (entry.entity, entry.read, entry.write) == (lisa, True, True)
    assert folder.revoke(lisa)
    assert lisa not in [each.entity for each in folder.access()]


def test_an_entry_is_neither_made_nor_deleted_by_hand(session: Session) -> None:
    with pytest.raises(SessionError, match="cannot be deleted: revoke access instead"):
        session.delete(Access.objects.using(session).all()[0])
    with pytest.raises(SessionError, match="cannot be created: grant access instead"):
        session.add(Access())


def test_servers_of_a_volume(session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    volume = Volume.objects.using(session).get(code="projects")
    server = Server.objects.using(session).all()[0]
    with asked(demo_sandbox) as seen:
        assert volume.assign(server) is True
    assert [(each.method, each.uri, each.id) for each in seen] == [("PUT", "share/server", volume.id)]
    assert server in volume.assignments()
    assert volume.deassign(server.id) is True
    assert server not in volume.assignments()


@pytest.mark.parametrize(
    "row", [{"id": LISA, "code": "srv"}, {"id": ACL, "client": LISA, "site": ID}], ids=["server", "names one"]
)
def test_assignments_in_either_form(served: Callable[..., Any], row: dict[str, Any]) -> None:
    def answer(asked: Any) -> Any:
        if asked.uri == "volume/servers":
            return [row]
        return asked.page([{"id": LISA, "code": "srv"}]) if asked.uri == "server/find" else answers(asked)

    session, _ = served(answer)
    (found,) = session.get(Volume, ID).assignments()
    assert (type(found), found.id, found.code) == (Server, LISA, "srv")
