"""Our requests are those of accsyn-python-api 3.4.0, but for the deviations in docs/explanation/deviations.md."""

from __future__ import annotations

import base64
import gzip
import inspect
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attrs
import pytest

from accsyn_orm.session.dictionaries import DictionaryCalls

LOGIN = {
    "result": {"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": "69f0c0ffee0000000000abcd"}
}


@attrs.frozen
class Recorded:
    """One request as it came in, its document decoded."""

    method: str
    path: str
    headers: dict[str, str]
    text: str
    document: dict[str, Any]

    @property
    def data(self) -> Any:
        """The payload, unpacked where it came packed."""
        if "gz_data" in self.document:
            return json.loads(gzip.decompress(base64.b64decode(self.document["gz_data"])))
        return self.document.get("data")

    @property
    def operation(self) -> tuple[Any, ...]:
        """What was asked for: method, path, uri, id, query, data."""
        document = self.document
        return (
            self.method,
            self.path,
            document.get("uri"),
            document.get("id"),
            document.get("query"),
            self.data,
        )


class RecordingServer:
    """Answer the sign-in, and everything else with what `answer` makes of the request."""

    def __init__(self, answer: Callable[[Recorded], Any]) -> None:
        self.answer = answer
        self.requests: list[Recorded] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def events(self) -> list[Recorded]:
        """The requests after sign-in."""
        return [request for request in self.requests if request.path.endswith("/event")]

    def reply(self, request: Recorded) -> Any:
        """Name this server as the workspace's, let everybody in, or ask the script."""
        if request.path.endswith("/event"):
            return self.answer(request)
        if request.path.endswith("/login"):
            return LOGIN
        return {"result": {"hostname": "127.0.0.1", "port": self.port}}

    def __enter__(self) -> RecordingServer:  # noqa: PYI034 - nobody makes a subclass of it
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: RecordingServer

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("ascii")
        text = body or unquote(query)
        request = Recorded(
            self.command, path, {k.lower(): v for k, v in self.headers.items()}, text, json.loads(text)
        )
        self.owner.requests.append(request)
        answer = self.owner.reply(request)
        payload = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in http.server
        """Stay quiet."""


ID = "614d660de50d45bb027c9bdd"
USER = "john@user.com"
LARGE = "x" * 102_400
DEVIATIONS = Path(__file__).parents[2] / "docs" / "explanation" / "deviations.md"

Use = Callable[[Any], Any]

SAME: dict[str, Use] = {
    "entity types": lambda s: s.find("entitytypes"),
    "attributes": lambda s: s.find("attributes WHERE entitytype=job"),
    "attributes of a type in capitals": lambda s: s.find("attributes WHERE entitytype=Job"),
    "attributes for create": lambda s: s.find("attributes WHERE entitytype=job", create=True),
    "attributes for update": lambda s: s.find("attributes where entitytype=job", update=True),
    "all": lambda s: s.find("Job"),
    "by expression": lambda s: s.find(f"job WHERE id={ID}"),
    "with quotes": lambda s: s.find('job WHERE code="daily  backup"'),
    "wildcard": lambda s: s.find('job WHERE code="* backup"'),
    "every argument": lambda s: s.find("user where a=1", ID, ["id"], True, True, None, True, 50, 100),
    "scopes that are false": lambda s: s.find("job", finished=False, inactive=False, archived=False),
    "offline": lambda s: s.find("user", offline=True),
    "skip of nothing": lambda s: s.find("job", skip=0),
    "single": lambda s: s.find("job", single_entity_query=True),
    "tasks": lambda s: s.find("task", ID),
    "get": lambda s: s.get_entity("job", ID),
    "create": lambda s: s.create("Job", {"code": "x", "tasks": [{"source": "a"}], "å": "é"}),
    "create from a list": lambda s: s.create("Job", [{"source": "a"}]),
    "create from text": lambda s: s.create("Job", '{"code": "x"}'),
    "create with a parent": lambda s: s.create("queue", {"name": "q"}, ID),
    "create tasks": lambda s: s.create("Task", {"tasks": [{"source": "a"}]}, ID),
    "create one task": lambda s: s.create("task", {"source": "a"}, ID),
    "create listed tasks": lambda s: s.create("task", [{"source": "a"}], ID),
    "add files": lambda s: s.create("file", {"files": ["a"]}, ID),
    **{
        f"duplicates of {kind}": (lambda s, kind=kind: s.create(kind, {"a": 1}, ID, False, True))  # type: ignore[misc]
        for kind in ("transfer", "compute", "delivery", "request", "stream", "job", "task", "user")
    },
    "dates": lambda s: s.create(
        "job", {"a": datetime(2026, 7, 1, 12, 0, 0, 5, timezone.utc), "d": date(2026, 7, 1), "l": [1.5, None, True]}
    ),
    "as large as goes unpacked": lambda s: s.create("job", {"a": LARGE[1:]}),
    "packed": lambda s: s.create("job", {"a": LARGE}),
    "a packed search": lambda s: s.find("job", attributes=["x" * 100] * 1_100),
    "update": lambda s: s.update("Job", ID, {"status": "aborted"}),
    "update by the old name": lambda s: s.update_one("Job", ID, {"status": "aborted"}),
    "update tasks": lambda s: s.update_many("task", ID, [{"id": "0", "status": "excluded"}]),
    "delete": lambda s: s.delete_one("Job", ID),
    "delete with options": lambda s: s.delete_one("Job", ID, {"force": True}),
    "delete with no options": lambda s: s.delete_one("Job", ID, {}),
    "deactivate": lambda s: s.deactivate_one("User", ID),
    "deactivate by the old name": lambda s: s.offline_one("User", ID),
    "activate by id": lambda s: s.activate_one("User", ID),
    "activate by code": lambda s: s.activate_one("User", USER),
}  # fmt: skip

ONE = {"limit": 1, "single_entity_query": True}

# Quirk in docs/explanation/deviations.md: the call, what is else in our operation (index: value), what was theirs.
URI, QUERY, DATA = 2, 4, 5
DIFFERENT: dict[str, tuple[str, Use, dict[int, tuple[Any, Any]]]] = {
    "case": ("D1", lambda s: s.find('job WHERE code MATCHES "\\D+ A"'), {QUERY: ('code MATCHES "\\D+ A"', 'code matches "\\d+ a"')}),
    "line break": ("D2", lambda s: s.find("job WHERE a=1\nand b=2"), {QUERY: ("a=1 and b=2", "a=1and b=2")}),
    "tab in quotes": ("D2", lambda s: s.find('job WHERE a="x\ty"'), {QUERY: ('a="x\ty"', 'a="x y"')}),
    "blanks": ("D3", lambda s: s.find("job WHERE  a=1  and b=2"), {QUERY: ("a=1 and b=2", " a=1  and b=2")}),
    "false scope": ("D5", lambda s: s.find_one("job", inactive=False), {DATA: ({"inactive": False, **ONE}, {"single_entity_query": True})}),
    "one row": ("D6", lambda s: s.find_one("job WHERE a=1"), {DATA: (ONE, {"single_entity_query": True})}),
    "own profile": ("D7", lambda s: s.find_one("User"), {QUERY: (f"code={USER}", None), DATA: (ONE, {"single_entity_query": True})}),
    "type in capitals": ("C18", lambda s: s.get_entity("Job", ID), {URI: ("job/find", "Job/find")}),
    "case of a code": ("D1", lambda s: s.activate_one("user", "John@User.com"), {QUERY: ("John@User.com", "john@user.com")}),
    "tuple": ("F5", lambda s: s.create("job", ({"a": 1},)), {DATA: ({"tasks": [{"a": 1}]}, [{"a": 1}])}),
    "list as text": ("F5", lambda s: s.create("job", '[{"a": 1}]'), {DATA: ({"tasks": [{"a": 1}]}, [{"a": 1}])}),
}  # fmt: skip

# Sent by the published client, refused by us before anything is sent.
REFUSED: dict[str, tuple[str, Use]] = {
    "limit of nothing": ("D6", lambda s: s.find("job", limit=0)),
    "limit that is no number": ("D6", lambda s: s.find("job", limit=True)),
    "skip that is no number": ("D6", lambda s: s.find("job", skip=True)),
    "line break in quotes": ("D4", lambda s: s.find("job WHERE a='b\nc'")),
    "delete of a task": ("F11", lambda s: s.delete_one("task", ID)),
    "null as text": ("F5", lambda s: s.create("job", "null")),
    "empty list": ("F5", lambda s: s.create("job", [])),
    "unclosed quote": ("D4", lambda s: s.find("job WHERE a='b")),
    "type that is a path": ("A14", lambda s: s.update("../user", ID, {"a": 1})),
    "id that is a path": ("A14", lambda s: s.update("user", "../" + ID, {"a": 1})),
}


def answer(request: Recorded) -> Any:
    verb = request.document["uri"].rpartition("/")[2]
    return {"result": True if verb in {"delete", "deactivate", "activate"} else [{"id": ID, "name": "x"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with RecordingServer(answer) as server:
        yield server


def record(server: RecordingServer, session: Any, use: Use) -> tuple[Any, list[Recorded]]:
    before = len(server.events)
    returned = use(session)
    return returned, server.events[before:]


@pytest.mark.parametrize("name", SAME)
def test_same_request_and_same_return_value(
    server: RecordingServer, ours: Any, theirs: Any, name: str
) -> None:
    our_value, our_requests = record(server, ours, SAME[name])
    their_value, their_requests = record(server, theirs, SAME[name])
    assert [request.operation for request in our_requests] == [
        request.operation for request in their_requests
    ]
    assert our_value == their_value
    for one, other in zip(our_requests, their_requests, strict=True):
        same_envelope(one, other)


def same_envelope(one: Recorded, other: Recorded) -> None:
    assert list(one.document) == list(other.document)
    for name in ("audience", "workspace", "session", "ident", "hostname"):
        assert one.document[name] == other.document[name]
    for name in ("eid", "created"):
        assert len(one.document[name]) == len(other.document[name])
    assert one.text.isascii()
    # The JSON is written alike, apart from what differs by its nature.
    varying = re.compile(r'"(eid|created|gz_data)": "[^"]*"')
    assert varying.sub("", one.text) == varying.sub("", other.text)


@pytest.mark.parametrize("name", DIFFERENT)
def test_listed_deviation(server: RecordingServer, ours: Any, theirs: Any, name: str) -> None:
    quirk, use, differences = DIFFERENT[name]
    (our_request,), (their_request,) = (record(server, session, use)[1] for session in (ours, theirs))
    for index, (one, other) in enumerate(zip(our_request.operation, their_request.operation, strict=True)):
        assert (one, other) == differences.get(index, (one, one))
    assert f"| {quirk} |" in DEVIATIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REFUSED)
def test_listed_refusal(server: RecordingServer, ours: Any, theirs: Any, name: str) -> None:
    quirk, use = REFUSED[name]
    before = len(server.events)
    with pytest.raises(ValueError, match=r".+"):
        use(ours)
    assert len(server.events) == before
    use(theirs)
    assert len(server.events) == before + 1
    assert f"| {quirk} |" in DEVIATIONS.read_text(encoding="utf-8")


def test_sign_in_and_headers(server: RecordingServer, ours: Any, theirs: Any) -> None:
    logins = [request for request in server.requests if request.path.endswith("/login")]
    assert {(login.method, login.path, login.text) for login in logins} == {
        ("PUT", "/api/v3/api/login", "{}")
    }
    one, other = (
        record(server, session, lambda s: s.find("job"))[1][0].headers for session in (ours, theirs)
    )
    for name in ("authorization", "x-accsyn-workspace", "accept-encoding", "connection", "host"):
        assert one[name] == other[name], name
    assert set(one) == set(other)
    assert {name for name in one if one[name] != other[name]} == {"user-agent", "accept", "x-accsyn-device"}
    assert one["x-accsyn-device"].partition(" @ ")[2] == other["x-accsyn-device"].partition(" @ ")[2]
    ours_put, theirs_put = (record(server, s, SAME["update"])[1][0].headers for s in (ours, theirs))
    assert set(ours_put) - set(theirs_put) == {"content-type"}


def test_signatures_are_those_of_the_published_client(published: Any) -> None:
    names = ["find", "find_one", "get_entity", "create", "update", "update_one", "update_many", "delete_one"]
    names += [
        "deactivate_one",
        "activate_one",
        "offline_one",
        "get_last_message",
        "dump",
        "str",
        "get_hostname",
    ]
    for name in names:
        ours_has, theirs_has = (parameters(getattr(kind, name)) for kind in (DictionaryCalls, published))
        assert ours_has == theirs_has, name
    ours_has, theirs_has = (parameters(kind.__init__) for kind in (DictionaryCalls, published))
    assert ours_has[: len(theirs_has)] == theirs_has
    for name in ("username", "timeout", "connect_timeout"):
        assert isinstance(getattr(DictionaryCalls, name), property)


def parameters(function: Any) -> list[tuple[str, Any]]:
    return [(one.name, one.default) for one in inspect.signature(function).parameters.values()]
