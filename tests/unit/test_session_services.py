"""Servers of shares, reports, logs, publishing, keys: over a scripted server."""

from __future__ import annotations

import copy
import json
import socket
from datetime import datetime, timezone
from typing import Any

import pytest

import accsyn_orm
from accsyn_orm import Session, errors, session as session_module
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

ID, SERVER = "614d660de50d45bb027c9bdd", "b" * 24


def flat(**document: Any) -> HttpResponse:
    return HttpResponse(200, {}, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda s: s.assign("folder", "server", {"folder": ID, "server": SERVER}), "folder"),
        (lambda s: s.assign("volume", "queue", {"volume": ID, "queue": SERVER}), "queue"),
        (lambda s: s.assign("volume", "server", {}), "{}"),
        (lambda s: s.assign("volume", "server", [ID]), "614d"),
        (lambda s: s.assign("volume", "server", {"server": SERVER}), "lacks 'volume'"),
        (lambda s: s.assign("volume", "server", {"volume": ID}), "lacks 'server'"),
        (lambda s: s.deassign("volume", "server", {"volume": ID, "server": "a/b"}), "a/b"),
        (lambda s: s.deassign("volume", "server", {"volume": None, "server": SERVER}), "None"),
        (lambda s: s.assignments("queue", ID), "queue"),
        (lambda s: s.assignments("volume", "a?b"), "a?b"),
        (lambda s: s.delete_many("task", ID, {"files": ["x"]}), "task"),
        (lambda s: s.delete_many("collection", ID, {"files": []}), "[]"),
        (lambda s: s.delete_many("collection", ID, {"files": "x"}), "'x'"),
        (lambda s: s.delete_many("collection", ID, {"files": ["x", "a/b"]}), "a/b"),
        (lambda s: s.delete_many("collection", ID, ["x"]), "list"),
        (lambda s: s.metrics("job", "speed"), "speed"),
        (lambda s: s.metrics("job", [5]), "[5]"),
        (lambda s: s.logs(pagination_page=-1), "pagination_page=-1"),
        (lambda s: s.logs(pagination_limit=True), "pagination_limit=True"),
        (lambda s: s.logs(sort_reverse="no"), "sort_reverse='no'"),
        (lambda s: s.logs("a/b"), "a/b"),
        (lambda s: s.integration("a/b", "op", {}), "a/b"),
        (lambda s: s.integration("..", "op", {}), ".."),
        (lambda s: s.integration("ftrack", "", {}), "''"),
        (lambda s: s.prepublish("x"), "str"),
        (lambda s: s.prepublish(["x"]), "$[0]"),
        (lambda s: s.prepublish([{"filename": "d", "is_dir": True, "files": [{"size": "5"}]}]), "$[0].files[0].size"),
        (lambda s: s.get_setting("x", "a b"), "a b"),
        (lambda s: s.get_settings("queue", "a/b"), "a/b"),
        (lambda s: s.get_settings(recursive=1), "recursive=1"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_and_named(served: Any, call: Any, named: str) -> None:
    session, server = served(lambda _: True)
    with pytest.raises(errors.InvalidValue) as caught:
        call(session)
    assert named in caught.value.message
    assert server.asked == []


@pytest.mark.parametrize("query", ["job x", "job WHERE", 'job WHERE a="b', ""])
def test_queries_are_read(served: Any, query: str) -> None:
    session, server = served(lambda _: True)
    for call in (session.report, session.metrics, session.decode_query):
        with pytest.raises(errors.QueryError):
            call(query)
    assert server.asked == []


def test_what_is_published_is_not_changed(served: Any) -> None:
    session, server = served(lambda asked: asked.data)
    files = [{"filename": "d", "is_dir": True, "files": [{"filename": "x", "size": 3}, {"filename": "y"}]}]
    before = copy.deepcopy(files)
    assert session.publish(files)["size"] == 3
    assert files == before
    assert server.asked[0].data["files"][0]["files"][1]["size"] == 0


def test_the_log_has_times(served: Any) -> None:
    rows = [{"date": "2026-01-02T03:04:05", "message": "2026-01-02T03:04:05"}]
    session, _ = served(lambda _: flat(result=rows, pagination={"pages": 1}))
    document = session.logs()
    assert document["result"][0]["date"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert document["result"][0]["message"] == "2026-01-02T03:04:05"
    assert document["pagination"] == {"pages": 1}


def test_flat_answers(served: Any) -> None:
    session, _ = served(lambda asked: flat(report="r") if "report" in asked.uri else flat(api_key="k-9"))
    assert session.report("job") == "r"
    assert session.get_api_key() == "k-9"
    empty, _ = served(lambda _: flat(result=5))
    for call in (lambda: empty.report("job"), empty.get_api_key):
        with pytest.raises(errors.ProtocolError, match=r"@ \$\.(report|api_key)"):
            call()


def test_session_keys_are_of_v1(served: Any) -> None:
    session, server = served(lambda _: True)
    for call in (
        session.get_session_key,
        session.generate_session_key,
        lambda: session.generate_session_key(60),
    ):
        with pytest.raises(errors.UnsupportedByDialect, match="v1"):
            call()
    assert server.asked == []


class FirstGeneration:
    """A server of v1, which signs in anybody and makes session keys."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        document = json.loads(request.body or b"{}")
        if request.url.endswith("/user/login/auth"):
            return flat(session_key="sk-1", clearance="admin", id=ID)
        self.documents.append(document)
        return flat(session_key="sk-2", result=True)

    def close(self) -> None:
        """Nothing is open."""


def first_generation() -> tuple[Session, FirstGeneration]:
    server = FirstGeneration()
    session = Session(
        "acmefilm", "john@user.com", "k", url="http://127.0.0.1:8181", transport=server, protocol="v1"
    )
    return session, server


@pytest.mark.parametrize(
    ("what", "attribute"), [({"main": True}, "server"), ({"site": True}, "siteserver"), ({"main": True, "site": True}, "server")]
)  # fmt: skip
def test_what_a_server_is_to_a_share_is_said_in_v1(what: dict[str, bool], attribute: str) -> None:
    session, server = first_generation()
    with session:
        assert session.assign("share", "server", {"share": ID, "client": SERVER, **what}) is True
        assert session.deassign("share", "server", {"share": ID, "client": SERVER, **what}) is True
    assert [(asked["uri"], asked["id"], asked["data"]) for asked in server.documents] == [
        ("share/edit", ID, {attribute: SERVER}),
        ("share/edit", ID, {f"{attribute}_clear": SERVER}),
    ]


def test_session_keys() -> None:
    session, server = first_generation()
    with session:
        assert session.get_session_key() == "sk-1"
        assert session.generate_session_key(3600) == "sk-2"
    (asked,) = server.documents
    assert (asked["uri"], asked["query"], asked["data"]) == (
        "user/generate_session_key",
        "john@user.com",
        {"lifetime": 3600},
    )


def test_a_host_name_stays_one_value(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "lisa's mac OR type=1")
    session, server = served(lambda _: [])
    assert session.app_is_running() is None
    user = "5b0faf03304bfd4810dbd5fc"
    assert server.asked[0].query == f'user={user} AND code="lisa\'s mac OR type=1" AND type=0'
    assert session.get_hostname() == "lisa's mac OR type=1"


def test_signing_in_again_is_renew(served: Any) -> None:
    session, _ = served(lambda _: True)
    with pytest.raises(errors.SessionError, match="renew"):
        session.login()
    with pytest.raises(errors.SessionError, match="renew"):
        session.login("sk-1")


def test_queries_are_split(served: Any) -> None:
    session, _ = served(lambda _: True)
    assert session.decode_query("User WHERE a=1 and B=X") == {
        "entitytype": "user",
        "expression": "a=1 and B=X",
    }
    assert session.decode_query("user") == {"entitytype": "user"}


def test_help(served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    session, _ = served(lambda _: True)
    assert session.help() is None
    assert "https://" in capsys.readouterr().out


def test_the_names_that_scripts_import() -> None:
    assert session_module.Session is accsyn_orm.Session
    assert session_module.AccsynException is accsyn_orm.AccsynException is accsyn_orm.accsynException
    assert session_module.accsynException is accsyn_orm.errors.AccsynError
    assert (session_module.JOB_TYPE_DELIVERY, session_module.CLIENT_STATE_DISABLED_OFFLINE) == (
        7,
        "disabled-offline",
    )
    assert (Session.DEFAULT_TIMEOUT, Session.DEFAULT_CONNECT_TIMEOUT) == (120, 10)


def test_a_closed_session_sends_nothing(served: Any) -> None:
    session, server = served(lambda _: True)
    session.close()
    for call in (
        session.get_api_key,
        lambda: session.ls("a"),
        lambda: session.files.exists("a"),
        session.login,
    ):
        with pytest.raises(errors.SessionClosed):
            call()
    with pytest.raises(errors.SessionClosed):
        session.settings[None]["x"] = "1"
    assert server.asked == []
