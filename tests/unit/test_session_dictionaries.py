"""Dictionaries in and out, over a scripted transport."""

from __future__ import annotations

import copy
import json
import os
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from accsyn_orm import errors
from accsyn_orm.session.dictionaries import DictionaryCalls
from accsyn_orm.session.statements import Statement, attributes_of, literal, parse_statement
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "614d660de50d45bb027c9bdd"
LOGIN = {"result": {"id": "u1", "role": "admin", "session_id": "s-0123"}}


class Scripted:
    """A transport that gives one answer and keeps the documents that came."""

    def __init__(self) -> None:
        self.answer: Any = {"result": []}
        self.documents: list[dict[str, Any]] = []

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        if request.url.endswith("/login"):
            return HttpResponse(200, {}, json.dumps(LOGIN).encode())
        text = (request.body or b"").decode() or unquote(request.url.partition("?")[2])
        self.documents.append({"method": request.method, **json.loads(text)})
        return HttpResponse(200, {}, json.dumps(self.answer).encode())

    def close(self) -> None:
        """Nothing is open."""

    @property
    def last(self) -> Any:
        document = self.documents[-1]
        return (
            document["method"],
            document["uri"],
            document.get("id"),
            document.get("query"),
            document["data"],
        )


@pytest.fixture
def wire() -> Scripted:
    return Scripted()


@pytest.fixture
def session(wire: Scripted) -> Iterator[DictionaryCalls]:
    who = {"workspace": "acmefilm", "username": "john@user.com", "api_key": "k-0123"}
    with DictionaryCalls(**who, url="https://a.example", transport=wire) as session:  # type: ignore[arg-type]
        yield session


class TestStatements:
    @pytest.mark.parametrize(
        ("text", "entitytype", "expression"),
        [
            ("Job", "job", None),
            ("  job\n", "job", None),
            ("Job where id=1", "job", "id=1"),
            ("job WHERE(a=1)", "job", "(a=1)"),
            ('job  WhErE\n\t code="A  b\tC" \r\nAND  x=\'q  "r\'  ', "job", 'code="A  b\tC" AND x=\'q  "r\''),
            (r'job WHERE name MATCHES "\D+\S"', "job", r'name MATCHES "\D+\S"'),
            ("job WHERE a=1\nAND b=2", "job", "a=1 AND b=2"),
            ("acl WHERE target=share:x AND entity=user:*", "acl", "target=share:x AND entity=user:*"),
            ("where WHERE where=where", "where", "where=where"),
        ],
    )
    def test_type_and_expression(self, text: str, entitytype: str, expression: str | None) -> None:
        assert parse_statement(text) == Statement(entitytype, expression)

    @pytest.mark.parametrize(
        "text",
        ["", "  ", "job x", "job status=done", "job WHERE", "job WHERE  ", "job WHEREa=1", "job(a=1)", 'job WHERE a="b', "job WHERE a='b", 'job WHERE a="b"c"', None, 5],
    )  # fmt: skip
    def test_another_form_is_refused(self, text: Any) -> None:
        with pytest.raises(errors.QueryError):
            parse_statement(text)

    @pytest.mark.parametrize(
        "text", ['job WHERE a="b\nc"', 'job WHERE a="b\x00"', "job WHERE a=\x1b", "job WHERE a='\r'"]
    )
    def test_control_characters_are_refused(self, text: str) -> None:
        with pytest.raises(errors.UnrepresentableValue):
            parse_statement(text)

    def test_the_place_is_shown(self) -> None:
        with pytest.raises(errors.ExpressionSyntaxError) as caught:
            parse_statement('job WHERE\n a=1 AND b="x')
        assert (caught.value.line, caught.value.column) == (2, 12)

    @pytest.mark.parametrize(
        ("value", "text"),
        [("john@user.com", "john@user.com"), ("a b", '"a b"'), ('a"b', "'a\"b'"), ("o'x", '"o\'x"'), ("", '""'), ("a=1 OR b", '"a=1 OR b"')],
    )  # fmt: skip
    def test_literals(self, value: str, text: str) -> None:
        assert literal(value) == text

    @pytest.mark.parametrize("value", ["a*", "a\nb", "\"'"])
    def test_what_has_no_literal(self, value: str) -> None:
        with pytest.raises(errors.UnrepresentableValue):
            literal(value)

    @pytest.mark.parametrize("text", ["entitytype=Job", 'entitytype = "Job"', "ENTITYTYPE='Job'"])
    def test_attributes(self, text: str) -> None:
        assert attributes_of(text) == "Job"

    @pytest.mark.parametrize("text", [None, "type=Job", "entitytype=Job AND x=1", "entitytype='Job"])
    def test_attributes_of_nothing(self, text: str | None) -> None:
        with pytest.raises(errors.ExpressionSyntaxError):
            attributes_of(text)


class TestReading:
    def test_the_page_of_2021(self, session: DictionaryCalls, wire: Scripted) -> None:
        wire.answer = {"result": [{"id": ID, "code": "john@user.com", "modified": "2018-06-04T07:06:41"}]}
        profile = session.find_one("User")
        assert wire.last == (
            "GET",
            "user/find",
            None,
            "code=john@user.com",
            {"limit": 1, "single_entity_query": True},
        )
        assert profile["modified"] == datetime(2018, 6, 4, 7, 6, 41, tzinfo=timezone.utc)
        text = 'job WHERE ((user=5bfeb0381da7ee4095fa217e AND source!=hq) OR status<>failed) AND code="Daily backup"'
        assert session.find(text) == wire_rows(wire)
        assert wire.last[3] == text[len("job WHERE ") :]
        session.find_one(f"Job where id={ID}", attributes=["source", "destination"])
        assert wire.last[3:] == (
            f"id={ID}",
            {"limit": 1, "attributes": ["source", "destination"], "single_entity_query": True},
        )
        session.find("Job", skip=100, limit=50)
        assert wire.last == ("GET", "job/find", None, None, {"limit": 50, "skip": 100})
        job = session.find_one('Job WHERE code="my_transfer"')
        session.update("Job", job["id"], {"status": "aborted"})
        assert wire.last == ("PUT", "job/edit", ID, None, {"status": "aborted"})
        wire.answer = {"result": True}
        assert session.delete_one("Job", job["id"]) is True
        assert wire.last == ("DELETE", "job/delete", ID, None, None)
        wire.answer = {"message": "No such job"}
        assert session.get_last_message() is None
        with pytest.raises(errors.AccsynException, match="No such job"):
            session.find("Job")
        assert session.get_last_message() == "No such job"

    def test_lists_of_names(self, session: DictionaryCalls, wire: Scripted) -> None:
        wire.answer = {"result": ["job", "user"]}
        assert session.find("entitytypes") == session.find(" EntityTypes ") == ["job", "user"]
        assert session.find_one("entitytypes") == "job"
        assert session.find("attributes WHERE entitytype=Job", create=True) == ["job", "user"]
        assert wire.last == (
            "GET",
            "attributes",
            None,
            None,
            {"entitytype": "job", "create": True, "update": False},
        )
        for query in (
            "entitytypes WHERE a=1",
            "attributes",
            "attributes WHERE a=1",
            "attributes WHERE entitytype=../x",
        ):
            with pytest.raises(ValueError, match=r"entitytype|entity type"):
                session.find(query)

    def test_scopes(self, session: DictionaryCalls, wire: Scripted) -> None:
        session.find("user", ID, None, True, False, None, True, 5, 0)
        assert wire.last[4] == {
            "parent": ID,
            "finished": True,
            "inactive": False,
            "archived": True,
            "limit": 5,
        }
        session.find("user", offline=True)
        assert wire.last[4] == {"inactive": True}
        session.find_one("user WHERE a=1", inactive=False)
        assert wire.last[4] == {"inactive": False, "limit": 1, "single_entity_query": True}
        with pytest.raises(errors.InvalidValue, match="offline"):
            session.find("user", inactive=False, offline=True)
        wrong: list[dict[str, Any]] = [
            {"limit": 0},
            {"limit": True},
            {"skip": -1},
            {"skip": True},
            {"limit": "5"},
        ]
        for arguments in wrong:
            with pytest.raises(errors.InvalidValue):
                session.find("user", **arguments)

    def test_one_or_none(self, session: DictionaryCalls, wire: Scripted) -> None:
        assert session.find_one("job") is None
        assert session.get_entity("Job", ID) is None
        assert session.find("job", single_entity_query=True) is None
        wire.answer = {"result": [{"id": ID}, {"id": "x"}]}
        assert session.find_one("job") == session.get_entity("Job", ID) == {"id": ID}
        assert session.find("job", single_entity_query=True) == {"id": ID}
        wire.answer = {"result": [{"id": "another"}]}
        with pytest.raises(errors.ProtocolError, match=r"\$\.result\[0\]\.id"):
            session.get_entity("Job", ID)

    def test_only_dates_become_dates(
        self, session: DictionaryCalls, wire: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "Europe/Stockholm")
        time.tzset()
        try:
            row = {"id": ID, "created": "2026-07-01T12:00:00.250", "modified": "2026-13-45T12:00:00", "name": "2026-07-01T12:00:00", "finished": None, "metadata": {"created": "2026-07-01T12:00:00"}}  # fmt: skip
            wire.answer = {"result": [row]}
            found = session.find("job")[0]
            assert found["created"].isoformat() == "2026-07-01T14:00:00.250000+02:00"
            assert {**found, "created": None} == {**row, "created": None}
        finally:
            monkeypatch.delenv("TZ")
            time.tzset()

    @pytest.mark.parametrize("result", [None, {}, "x", 5, [1], [{"id": 1}, None]])
    def test_what_is_no_list_of_rows(self, session: DictionaryCalls, wire: Scripted, result: Any) -> None:
        wire.answer = {"result": result}
        for use in (
            lambda: session.find("job"),
            lambda: session.find_one("job"),
            lambda: session.update("job", ID, {"a": 1}),
        ):
            with pytest.raises(errors.ProtocolError, match=r"\$\.result"):
                use()


class TestWriting:
    def test_create(self, session: DictionaryCalls, wire: Scripted) -> None:
        data = {"code": "x", "tasks": [{"source": "a"}]}
        before = copy.deepcopy(data)
        wire.answer = {"result": [{"id": ID, "created": "2026-07-01T12:00:00"}]}
        assert session.create("Job", data, None, False, True)["created"].tzinfo is not None
        assert wire.last == (
            "POST",
            "job/create",
            None,
            None,
            {**data, "allow_duplicates": False, "replace_duplicates": True},
        )
        assert data == before
        session.create("Task", [{"source": "a"}], ID)
        assert wire.last == ("POST", "task/create", ID, None, {"tasks": [{"source": "a"}]})

    @pytest.mark.parametrize(
        ("answer", "returned"),
        [
            ({"result": [{"a": 1}]}, {"a": 1}),
            ({"result": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
            ({"result": []}, []),
            ({"result": {"a": 1}}, {"a": 1}),
            ({"result": True}, True),
            ({"success": True}, {"success": True}),
        ],
    )
    def test_what_create_returns(
        self, session: DictionaryCalls, wire: Scripted, answer: Any, returned: Any
    ) -> None:
        wire.answer = answer
        assert session.create("Job", {"a": 1}) == returned

    @pytest.mark.parametrize("answer", [{"result": None}, {}, {"result": [1]}])
    def test_what_create_cannot_return(self, session: DictionaryCalls, wire: Scripted, answer: Any) -> None:
        wire.answer = answer
        with pytest.raises(errors.ProtocolError):
            session.create("Job", {"a": 1})

    def test_updates(self, session: DictionaryCalls, wire: Scripted) -> None:
        wire.answer = {"result": [{"id": ID}]}
        assert session.update("Job", ID, {"a": 1}) == session.update_one("Job", ID, {"a": 1}) == {"id": ID}
        assert session.update_many("task", ID, [{"uri": "0", "status": "excluded"}]) == [{"id": ID}]
        assert wire.last == ("PUT", "task/edit", ID, None, [{"uri": "0", "status": "excluded"}])
        wire.answer = {"result": []}
        with pytest.raises(errors.ProtocolError, match="empty"):
            session.update("Job", ID, {"a": 1})

    def test_the_rest(self, session: DictionaryCalls, wire: Scripted) -> None:
        wire.answer = {"result": True}
        assert session.delete_one("user", ID, {"force": True}) is True
        assert wire.last == ("DELETE", "user/delete", ID, None, {"force": True})
        assert session.deactivate_one("User", ID) is session.offline_one("User", ID) is True
        assert wire.last == ("DELETE", "user/deactivate", ID, None, {})
        assert session.activate_one("User", "John@user.com") is True
        assert wire.last == ("POST", "user/activate", None, "John@user.com", {})
        wire.answer = {"result": None}
        with pytest.raises(errors.ProtocolError, match="null"):
            session.delete_one("user", ID)

    def test_what_is_refused_sends_nothing_and_is_remembered(
        self, session: DictionaryCalls, wire: Scripted
    ) -> None:
        for use in (
            lambda: session.delete_one("user", ""),
            lambda: session.delete_one("task", ID),
            lambda: session.update("../user", ID, {"a": 1}),
            lambda: session.create("Job", "/etc/passwd"),
            lambda: session.find("Transfer status=done"),
        ):
            with pytest.raises(ValueError, match=r".+") as caught:
                use()
            assert session.get_last_message() == getattr(caught.value, "message", None)
        assert wire.documents == []


def test_dump_and_the_rest_without_a_request(session: DictionaryCalls, wire: Scripted) -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert (
        session.dump({"a": moment, "b": [None]}, 2)
        == '{\n  "a": "2026-07-01T12:00:00",\n  "b": [\n    null\n  ]\n}'
    )
    assert session.str({"a": 1}) == DictionaryCalls.dump({"a": 1}) == '{\n    "a": 1\n}'
    assert session.dump(None) == "None"
    assert session.get_hostname() == os.uname().nodename
    assert wire.documents == []


def wire_rows(wire: Scripted) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = wire.answer["result"]
    return [{**row, "modified": datetime.fromisoformat(row["modified"] + "+00:00")} for row in rows]
