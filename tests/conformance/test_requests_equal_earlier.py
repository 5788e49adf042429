"""
Our requests of v1, v3.0 and v3.1 are those of accsyn-python-api 2.2.1, 3.0.3 and 3.1.0.

But for the deviations in docs/reference/generations.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from accsyn_orm import Session, errors
from accsyn_orm.wire.generations import GENERATIONS
from tests.conformance import published_earlier_requests as published
from tests.conformance.test_requests_equal import Recorded, RecordingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ID, USER = published.ID, published.USER
URI, QUERY, DATA = 2, 4, 5
VERSIONS = {"v1": "2.2.1", "v3.0": "3.0.3", "v3.1": "3.1.0"}
DEVIATIONS = Path(__file__).parents[2] / "docs" / "reference" / "generations.md"


class RegisteringServer(RecordingServer):
    """A server of all of them: it registers, lets everybody in, and is told the name of what comes next."""

    renewed = False

    def reply(self, request: Recorded) -> Any:
        if request.path.endswith("/event"):
            expired = request.document["uri"] == "expired/find" and not self.renewed
            return {"message": "sign in again", "session_expired": True} if expired else self.answer(request)
        if request.path.endswith("/user/login/auth"):
            self.renewed = "session_key_reuse" in request.document
            return {"session_key": "sk-4567", "clearance": "admin", "id": ID}
        if request.path.endswith("/registry/organization/domain"):
            return {"domain": "acmefilm"}
        return super().reply(request)

    def by_name(self) -> dict[str, list[Recorded]]:
        """Return the requests that came after each mark."""
        found: dict[str, list[Recorded]] = {}
        name = ""
        for request in self.requests:
            if request.path == "/mark":
                name = json.loads(request.text)
            else:
                found.setdefault(name, []).append(request)
        return found


def answer(request: Recorded) -> Any:
    verb = request.document["uri"].rpartition("/")[2]
    if verb in {"report", "api_key", "generate_session_key"}:
        return {"report": "text", "api_key": "k", "session_key": "sk"}
    if verb == "preprocess":
        return {"result": {"files": []}}
    done = verb in {"delete", "offline"} or (request.method == "PUT" and verb == "setting")
    return {"result": True if done else [{"id": ID, "name": "x", "status": "online"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[RegisteringServer]:
    with RegisteringServer(answer) as server:
        assert isinstance(server, RegisteringServer)
        yield server


@pytest.fixture(scope="module", params=VERSIONS)
def protocol(request: pytest.FixtureRequest) -> str:
    """Name the generation."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def theirs(protocol: str) -> tuple[dict[str, list[Recorded]], dict[str, Any]]:
    """What the published client asked for, and what it returned, by use."""
    installed = os.environ.get("PUBLISHED_CLIENTS")
    folder = Path(installed) if installed else Path(__file__).parents[2] / ".venv" / "published"
    with RegisteringServer(answer) as server:
        assert isinstance(server, RegisteringServer)
        arguments = [published.__file__, str(folder / VERSIONS[protocol]), str(server.port), protocol]
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-W", "ignore", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return server.by_name(), json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours(server: RegisteringServer, protocol: str) -> Iterator[Session]:
    with Session("acmefilm", USER, "k-0123", url=server.url, protocol=protocol) as session:
        yield session


# Quirk in docs/reference/generations.md; what is else in our operation: (index: ours, theirs).
ONE = {"limit": 1}
DIFFERENT: dict[str, tuple[str, dict[int, tuple[Any, Any]]]] = {
    "one job": (
        "D6",
        {DATA: ({"type": 1, **ONE, "attributes": ["source"]}, {"type": 1, "attributes": ["source"]})},
    ),
    "own profile": ("D7", {QUERY: (f"code={USER}", None), DATA: (ONE, {})}),
    "case": ("D1", {QUERY: ('code="Daily Backup"', 'code="daily backup"')}),
    "transfers": ("types", {URI: ("job/find", "transfer/find"), DATA: ({"type": 1}, {})}),
}
REFUSED = {"deliveries": "types", "delete a task": "F11", "take a job offline": "offline"}


def record(server: RegisteringServer, session: Session, use: published.Use) -> tuple[Any, list[Recorded]]:
    before = len(server.events)
    returned = use(session)
    return returned, server.events[before:]


@pytest.mark.parametrize("name", [*published.USES, *published.SERVICES])
def test_same_request_and_same_return_value(
    server: RegisteringServer, ours: Any, theirs: Any, name: str
) -> None:
    value, requests = record(server, ours, {**published.USES, **published.SERVICES}[name])
    their_requests, their_values = theirs
    assert [one.operation for one in requests] == [one.operation for one in their_requests[name]]
    assert value == their_values[name]
    for one, other in zip(requests, their_requests[name], strict=True):
        same_text(one, other)


def same_text(one: Recorded, other: Recorded) -> None:
    """The JSON is written alike, apart from what differs by its nature."""
    assert list(one.document) == list(other.document)
    varying = re.compile(r'"(eid|session|created|gz_data)": "[^"]*"')
    assert varying.sub("", one.text) == varying.sub("", other.text)
    for each in ("eid", "session", "created"):
        assert len(one.document[each]) == len(other.document[each])


def test_same_sign_in(server: RegisteringServer, theirs: Any, protocol: str) -> None:
    ways = published.SIGN_INS if protocol == "v1" else {"with a key": published.SIGN_INS["with a key"]}
    for name, credentials in ways.items():
        _, login, event = theirs[0][name]
        before = len(server.requests)
        with Session("acmefilm", USER, url=server.url, protocol=protocol, **credentials) as session:
            session.find("user")
        our_login, our_event = server.requests[before:]
        for one, other in ((our_login, login), (our_event, event)):
            assert (one.method, one.path) == (other.method, other.path)
            assert one.headers["authorization"] == other.headers["authorization"]
            assert set(one.headers) - {"content-type"} == set(other.headers)
            device = "asdevice" if protocol == "v1" else "x-accsyn-device"
            assert one.headers[device].partition(" @ ")[2] == other.headers[device].partition(" @ ")[2]
        assert list(our_login.document) == list(login.document)
        assert list(our_login.document.values()) == [our_event.document["session"]]
        assert list(login.document.values()) == [event.document["session"]]


def test_same_discovery(theirs: Any, protocol: str) -> None:
    theirs_sent = theirs[0]["with a key"][0]
    request = GENERATIONS[protocol]().discovery_request("acmefilm")
    path, _, query = request.url[len("https://") :].partition("/")[2].partition("?")
    assert (request.method, f"/{path}") == (theirs_sent.method, theirs_sent.path)
    assert (unquote(query) or (request.body or b"").decode()) == theirs_sent.text


@pytest.mark.parametrize("protocol", ["v1"], indirect=True)
@pytest.mark.parametrize("name", ["session key", "session key for a minute"])
def test_same_request_for_a_session_key(server: RegisteringServer, ours: Any, theirs: Any, name: str) -> None:
    value, (request,) = record(server, ours, published.ONLY_V1[name])
    same_text(request, theirs[0][name][0])
    assert value == theirs[1][name]


@pytest.mark.parametrize("protocol", ["v1"], indirect=True)
def test_same_renewal(server: RegisteringServer, theirs: Any) -> None:
    with Session("acmefilm", USER, "k-0123", url=server.url, protocol="v1") as session:
        before = len(server.requests)
        session.find("expired")
    ours, theirs_sent = server.requests[before:], theirs[0]["renewal"]
    assert [one.path.rpartition("/")[2] for one in ours] == ["event", "auth", "event"]
    for requests in (ours, theirs_sent):
        first, login, second = requests
        assert first.document == second.document
        assert login.document == {"session": first.document["session"], "session_key_reuse": "sk-4567"}
    for one, other in zip(ours, theirs_sent, strict=True):
        assert one.headers["authorization"] == other.headers["authorization"]
        assert one.operation == other.operation


@pytest.mark.parametrize("name", DIFFERENT)
def test_listed_deviation(server: RegisteringServer, ours: Any, theirs: Any, name: str) -> None:
    quirk, differences = DIFFERENT[name]
    (our_request,) = record(server, ours, published.DIFFERENT[name])[1]
    (their_request,) = theirs[0][name]
    for index, (one, other) in enumerate(zip(our_request.operation, their_request.operation, strict=True)):
        assert (one, other) == differences.get(index, (one, one))
    assert f"| {quirk} |" in DEVIATIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REFUSED)
def test_listed_refusal(server: RegisteringServer, ours: Any, theirs: Any, name: str) -> None:
    before = len(server.events)
    with pytest.raises((errors.UnsupportedByDialect, errors.InvalidValue)):
        published.REFUSED[name](ours)
    assert len(server.events) == before
    assert len(theirs[0][name]) == 1
    assert f"| {REFUSED[name]} |" in DEVIATIONS.read_text(encoding="utf-8")
