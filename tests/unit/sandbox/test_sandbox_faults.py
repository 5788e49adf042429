"""Each kind of fault does what it says, seen by a plain client."""

from __future__ import annotations

import gzip
import http.client
import itertools
import json
import re
import socket
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from accsyn_orm import ConfigurationError
from accsyn_orm.sandbox import Effect, Sandbox
from accsyn_orm.sandbox.fault_kinds import KINDS
from accsyn_orm.sandbox.limiting import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = itertools.count()


@pytest.fixture
def client(admin: Any) -> Iterator[Any]:
    """The admin of an empty workspace, whose sandbox has no faults before and after."""
    admin.sandbox.faults.clear()
    admin.sandbox.effects.clear()
    yield admin
    admin.sandbox.faults.clear()
    admin.sandbox.rate_limit = None
    admin.connection.close()
    admin.session = admin.send("PUT", "/api/v3/api/login", {})["result"]["session_id"]


def job(client: Any) -> dict[str, Any]:
    created: dict[str, Any] = client.create("job", name=f"job {next(NUMBERS)}")
    return created


def description(client: Any, ident: str) -> Any:
    return client.sandbox.workspace.store.get(ident).document["description"]


def edit(client: Any, ident: str, text: str = "after") -> http.client.HTTPResponse:
    """Send an edit; return the response, its body unread."""
    body = json.dumps(client.envelope("job/edit", {"description": text}, id=ident))
    client.connection.request("PUT", "/api/v3/event", body, client.headers())
    response = client.connection.getresponse()
    assert isinstance(response, http.client.HTTPResponse)
    return response


def find(client: Any, kind: str = "job", **data: Any) -> http.client.HTTPResponse:
    target = f"/api/v3/event?{quote(json.dumps(client.envelope(f'{kind}/find', data)))}"
    client.connection.request("GET", target, headers=client.headers())
    response = client.connection.getresponse()
    assert isinstance(response, http.client.HTTPResponse)
    return response


def rows(client: Any, kind: str = "job", **data: Any) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(find(client, kind, **data).read())["result"]
    return result


def put_fault(client: Any, kind: str, **options: Any) -> None:
    client.sandbox.faults.add("PUT", "job/edit", kind=kind, **options)


# Which requests are hit


def test_the_nth_matching_request_is_hit_and_no_other(client: Any) -> None:
    ident = job(client)["id"]
    fault = client.sandbox.faults.add("put", "JOB/edit", nth=3, kind="forbidden_403", times=2)
    statuses = []
    for number in range(6):
        response = edit(client, ident, str(number))
        response.read()
        rows(client)
        statuses.append(response.status)
    assert statuses == [200, 200, 403, 403, 200, 200]
    fired = client.sandbox.faults.log
    assert [(each.fault, each.number, each.method, each.uri, each.id) for each in fired] == [
        (fault, 3, "PUT", "job/edit", ident),
        (fault, 4, "PUT", "job/edit", ident),
    ]
    assert {each.eid for each in fired} == {client.envelope("x")["eid"]}
    hit = [record.fault for record in client.sandbox.requests if record.fault]
    assert hit[-2:] == ["forbidden_403"] * 2


def test_patterns_any_request_and_times_without_end(client: Any) -> None:
    client.sandbox.faults.add(uri="*/find", kind="forbidden_403", times=None)
    for kind in ("job", "user", "job"):
        response = find(client, kind)
        response.read()
        assert response.status == 403
    client.sandbox.faults.clear()
    client.sandbox.faults.add(kind="unauthorised_401", nth=2)
    statuses = []
    for _ in range(3):
        response = find(client)
        response.read()
        statuses.append(response.status)
    assert statuses == [200, 401, 200]


def test_a_removed_fault_hits_nothing(client: Any) -> None:
    fault = client.sandbox.faults.add(kind="forbidden_403", times=None)
    client.sandbox.faults.remove(fault)
    assert len(client.sandbox.faults) == 0
    response = find(client)
    response.read()
    assert response.status == 200
    with pytest.raises(ConfigurationError, match="no such fault"):
        client.sandbox.faults.remove(fault)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"kind": "explode"}, r"no fault 'explode'; there are .*reset_after_apply"),
        ({"kind": "slow", "speed": 3}, r"'slow' has no option 'speed'; it has apply, delay"),
        ({"kind": "slow", "nth": 0}, r"count from 1"),
        ({"kind": "slow", "times": 0}, r"count from 1"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(client: Any, arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        client.sandbox.faults.add(**arguments)


def test_every_kind_is_in_the_documentation_with_its_options() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "sandbox-faults.md"
    table = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(table) == set(KINDS)
    for kind, options in KINDS.items():
        assert set(re.findall(r"`(\w+)", table[kind])) == set(options), kind


# The connection


@pytest.mark.parametrize(("kind", "applied"), [("reset_before_apply", None), ("reset_after_apply", "after")])
def test_a_reset_is_a_reset(client: Any, kind: str, applied: str | None) -> None:
    ident = job(client)["id"]
    put_fault(client, kind)
    with pytest.raises(ConnectionResetError) as caught:
        edit(client, ident)
    # A polite end would be http.client's RemoteDisconnected, which is a kind of it.
    assert type(caught.value) is ConnectionResetError
    client.connection.close()
    assert description(client, ident) == applied
    assert client.sandbox.requests[-1].status == (0 if applied is None else 200)
    assert rows(client)


@pytest.mark.parametrize("close", [True, False])
def test_applied_late(client: Any, close: bool) -> None:
    ident = job(client)["id"]
    put_fault(client, "apply_late", delay=0.2, close=close)
    started = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        edit(client, ident)
    assert (time.monotonic() - started < 0.15) is close
    client.connection.close()
    if close:
        assert description(client, ident) is None
    limit = time.monotonic() + 5
    while description(client, ident) is None and time.monotonic() < limit:
        time.sleep(0.01)
    assert description(client, ident) == "after"


@pytest.mark.parametrize("apply", [True, False])
def test_a_short_content_length(client: Any, apply: bool) -> None:
    ident = job(client)["id"]
    put_fault(client, "truncate", apply=apply)
    response = edit(client, ident)
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert caught.value.partial
    assert caught.value.expected
    assert description(client, ident) == ("after" if apply else None)


def test_json_that_is_cut(client: Any) -> None:
    put_fault(client, "truncate", cut="json", keep=0.75)
    body = edit(client, job(client)["id"]).read()
    assert body.startswith(b'{"result":')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_trickle(client: Any) -> None:
    client.sandbox.faults.add(kind="trickle", interval=0.002)
    started = time.monotonic()
    assert isinstance(rows(client, "queue", limit=1), list)
    assert time.monotonic() - started > 0.2


@pytest.mark.parametrize("apply", [True, False])
def test_slow(client: Any, apply: bool) -> None:
    ident = job(client)["id"]
    put_fault(client, "slow", delay=0.2, apply=apply)
    client.connection.timeout = 0.1
    client.connection.close()
    with pytest.raises(TimeoutError):
        edit(client, ident)
    client.connection.timeout = 30
    client.connection.close()
    assert description(client, ident) == ("after" if apply else None)
    time.sleep(0.25)
    assert description(client, ident) == "after"


@pytest.mark.parametrize("when", ["now", "next"])
def test_a_connection_that_is_not_kept(client: Any, when: str) -> None:
    client.sandbox.faults.add(kind="close_keep_alive", when=when)
    response = find(client)
    assert response.headers["Connection"] is None
    assert json.loads(response.read())["result"] is not None
    sock = client.connection.sock
    assert sock is not None, "the answer said that the connection closes"
    sock.settimeout(0.2)
    if when == "now":
        assert sock.recv(1) == b""
    else:
        with pytest.raises(TimeoutError):
            sock.recv(1)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)):
            find(client)


# The answer


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize(("kind", "status"), [("html_502", 502), ("html_504", 504)])
def test_a_page(client: Any, kind: str, status: int, apply: bool) -> None:
    ident = job(client)["id"]
    put_fault(client, kind, apply=apply, size=5000)
    response = edit(client, ident)
    body = response.read()
    assert (response.status, response.headers["Content-Type"].partition(";")[0]) == (status, "text/html")
    assert body.startswith(b"<html>")
    assert 4000 < len(body) < 6000
    assert description(client, ident) == ("after" if apply else None)


def test_a_500_with_a_valid_result(client: Any) -> None:
    ident = job(client)["id"]
    put_fault(client, "status_500_with_result")
    response = edit(client, ident)
    assert response.status == 500
    assert json.loads(response.read())["result"][0]["description"] == "after"


@pytest.mark.parametrize(
    ("kind", "status", "given"),
    [
        ("rate_limited", 429, {"retry_after": 3}),
        ("rate_limited", 429, {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ("rate_limited", 429, {"retry_after": "soon"}),
        ("rate_limited", 429, {"retry_after": None}),
        ("unavailable_503", 503, {}),
        ("unauthorised_401", 401, {}),
        ("forbidden_403", 403, {}),
        ("session_expired", 401, {"end": False}),
        ("session_expired", 200, {"end": False, "status": 200}),
    ],
)
def test_a_refusal(client: Any, kind: str, status: int, given: dict[str, Any]) -> None:
    ident = job(client)["id"]
    put_fault(client, kind, **given)
    response = edit(client, ident)
    document = json.loads(response.read())
    assert response.status == status
    wanted = given.get("retry_after")
    assert response.headers["Retry-After"] == (None if wanted is None else str(wanted))
    assert document["message"]
    assert document.get("session_expired", False) is (kind == "session_expired")
    assert description(client, ident) is None
    assert edit(client, ident).status == 200


def test_an_ended_session_stays_ended(client: Any) -> None:
    ident = job(client)["id"]
    put_fault(client, "session_expired")
    edit(client, ident).read()
    again = edit(client, ident)
    assert json.loads(again.read())["session_expired"] is True


def test_no_content_and_no_body(client: Any) -> None:
    ident = job(client)["id"]
    put_fault(client, "no_content_204")
    put_fault(client, "empty_body", nth=2)
    first = edit(client, ident, "first")
    assert (first.status, first.read(), description(client, ident)) == (204, b"", "first")
    second = edit(client, ident, "second")
    assert (second.status, second.read(), description(client, ident)) == (200, b"", "second")


@pytest.mark.parametrize("value", [[], None, {}, 17, "text", True])
def test_no_object(client: Any, value: Any) -> None:
    client.sandbox.faults.add(kind="not_object", value=value)
    assert json.loads(find(client).read()) == value


def test_a_redirect(client: Any) -> None:
    ident = job(client)["id"]
    put_fault(client, "redirect", location="http://other.example/", status=307)
    response = edit(client, ident)
    response.read()
    assert (response.status, response.headers["Location"]) == (307, "http://other.example/")
    assert description(client, ident) is None


def test_a_zip_bomb_is_small_and_right(client: Any) -> None:
    client.sandbox.faults.add(kind="zip_bomb", size=20 << 20)
    response = find(client)
    packed = response.read()
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(json.loads(gzip.decompress(packed))["result"]) == 20 << 20


def test_a_large_zip_bomb_ends_with_its_reader(client: Any) -> None:
    client.sandbox.faults.add(kind="zip_bomb")
    unpacked = zlib.decompressobj(31).decompress(find(client).read(200_000))
    assert len(unpacked) > 50 << 20
    client.connection.close()
    assert rows(client, "queue")


def test_an_echo_of_secrets(client: Any) -> None:
    put_fault(client, "secret_echo")
    message = json.loads(edit(client, job(client)["id"]).read())["message"]
    assert client.headers()["Authorization"] in message
    assert client.session in message


def test_terminal_escapes(client: Any) -> None:
    put_fault(client, "terminal_escapes")
    message = json.loads(edit(client, job(client)["id"]).read())["message"]
    assert {"\x1b", "\r", "\n", "\x00", "\x07", "\x9b"} <= set(message)


# Pages and rows


@pytest.fixture
def pages(client: Any) -> Any:
    while len(client.ids("job")) < 7:
        job(client)
    return client


def test_pages_that_go_wrong(pages: Any) -> None:
    every = pages.ids("job")
    add = pages.sandbox.faults.add

    def listed(**data: Any) -> list[str]:
        return [row["id"] for row in rows(pages, **data)]

    add("GET", kind="more_rows_than_limit", extra=2)
    assert listed(skip=1, limit=2) == every[1:5]
    add("GET", kind="clamp_pages", to=3)
    assert listed(skip=1, limit=5) == every[1:4]
    add("GET", kind="clamp_pages", to=3)
    assert listed() == every[:3]
    add("GET", kind="same_page_for_ever", times=None)
    assert listed(skip=2, limit=2) == listed(skip=100, limit=2) == every[:2]
    pages.sandbox.faults.clear()
    add("GET", kind="duplicate_row_across_pages", times=None)
    assert listed(limit=2) + listed(skip=2, limit=2) + listed(skip=4, limit=2) == [
        *every[:2],
        *every[1:3],
        *every[3:5],
    ]


def spoiled(client: Any, kind: str, **options: Any) -> bytes:
    client.sandbox.faults.add("GET", kind=kind, **options)
    return find(client, limit=3).read()


def test_rows_that_go_wrong(pages: Any) -> None:
    every = pages.ids("job")[:3]

    def first(kind: str, **options: Any) -> dict[str, Any]:
        row = json.loads(spoiled(pages, kind, **options))["result"][options.get("index", 0)]
        assert isinstance(row, dict)
        return row

    assert "id" not in first("row_without_id", index=1)
    assert first("odd_id", value=17)["id"] == 17
    other = first("other_id_answered")["id"]
    assert len(other) == 24
    assert other not in every
    queues = pages.ids("queue")
    assert first("other_type_answered")["id"] in queues
    assert first("wrong_type", attribute="status", value=3)["status"] == 3
    assert first("lone_surrogate")["name"].encode("utf-8", "surrogatepass").count(b"\xed\xa0\x80") == 1
    assert rows(pages, limit=3)[0]["name"].startswith("job"), "the fault reached the store"


def test_json_that_goes_wrong(pages: Any) -> None:
    assert b'"size":NaN' in spoiled(pages, "nan")
    pairs: list[str] = []

    def noted(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.extend(name for name, _ in found)
        return dict(found)

    json.loads(spoiled(pages, "duplicate_keys"), object_pairs_hook=noted)
    assert pairs.count("name") == 4
    deep = spoiled(pages, "deep_nesting", depth=200_000)
    assert deep.count(b"[") > 200_000
    with pytest.raises(RecursionError):
        json.loads(deep)
    with pytest.raises(UnicodeDecodeError):
        spoiled(pages, "not_utf8").decode("utf-8")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_hit_a_delete(client: Any, kind: str) -> None:
    """The result of a delete holds no row: nothing fails inside the sandbox because of that."""
    ident = job(client)["id"]
    short = {"delay": 0.01, "interval": 0.0001, "size": 1 << 20}
    options = {name: value for name, value in short.items() if name in KINDS[kind]}
    client.sandbox.faults.add("DELETE", "job/delete", kind=kind, **options)
    target = f"/api/v3/event?{quote(json.dumps(client.envelope('job/delete', id=ident)))}"
    client.connection.request("DELETE", target, headers=client.headers())
    body = b""
    try:
        body = client.connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        client.connection.close()
    assert b"exception" not in body
    assert b"Internal Server Error" not in body
    assert [fired.fault.kind for fired in client.sandbox.faults.log] == [kind]


# Effects and the limit


def test_effects_are_what_was_carried_out(client: Any) -> None:
    created = job(client)
    edit(client, created["id"]).read()
    client.refused(400, "PUT", "job/edit", {"nonsense": 1}, id=created["id"])
    client.refused(404, "DELETE", "job/delete", id="0" * 24)
    rows(client)
    put_fault(client, "reset_before_apply")
    put_fault(client, "reset_after_apply", nth=2)
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            edit(client, created["id"])
        client.connection.close()
    assert client.result("DELETE", "job/delete", id=created["id"]) is True
    eid = client.envelope("x")["eid"]
    assert client.sandbox.effects == [
        Effect(eid, "job/create", created["id"], "create"),
        Effect(eid, "job/edit", created["id"], "update"),
        Effect(eid, "job/edit", created["id"], "update"),
        Effect(eid, "job/delete", created["id"], "delete"),
    ]


def test_effects_of_tasks_and_of_deactivating(client: Any) -> None:
    created = client.create("job", name=f"job {next(NUMBERS)}", tasks=["volume=/a", "volume=/b"])
    tasks = client.find("task", parent=created["id"])
    client.sandbox.effects.clear()
    client.result(
        "PUT", "task/edit", [{"id": task["id"], "status": "onhold"} for task in tasks], id=created["id"]
    )
    assert [(effect.id, effect.kind) for effect in client.sandbox.effects] == [
        (task["id"], "update") for task in tasks
    ]
    user = client.create("user", code=f"user{next(NUMBERS)}@example.com")
    client.sandbox.effects.clear()
    client.result("DELETE", "user/deactivate", id=user["id"])
    client.result("POST", "user/activate", id=user["id"])
    assert [(effect.id, effect.kind) for effect in client.sandbox.effects] == [(user["id"], "update")] * 2


def test_above_the_limit_429_is_answered(client: Any) -> None:
    client.sandbox.rate_limit = (50, 5)
    assert client.sandbox.rate_limit == (50, 5)
    answers = []
    for _ in range(8):
        response = find(client, "queue")
        answers.append((response.status, response.headers["Retry-After"], response.read()))
    assert [status for status, _, _ in answers[:5]] == [200] * 5
    refused = [answer for answer in answers if answer[0] == 429]
    assert refused
    assert {after for _, after, _ in refused} == {"1"}
    assert "rate_limit" in json.loads(refused[0][2])["message"]
    client.sandbox.rate_limit = None
    assert rows(client, "queue")


@pytest.mark.parametrize("limit", [(0, 1), (1, 0), (float("nan"), 5), (30, float("inf"))])
def test_a_limit_that_cannot_be(limit: tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match="rate_limit is"):
        Sandbox(rate_limit=limit)


def test_the_bucket_refills_up_to_its_burst() -> None:
    now = [0.0]
    bucket = TokenBucket(2, 3, lambda: now[0])
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    now[0] = 0.75
    assert [bucket.take() for _ in range(2)] == [0, 0.25]
    now[0] = 100
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_sandbox_stops_while_faults_are_at_work(connect: Callable[..., Any]) -> None:
    with Sandbox(data="empty") as sandbox:
        client = connect(sandbox)
        sandbox.faults.add(kind="trickle", interval=5)
        sandbox.faults.add(kind="apply_late", nth=2, delay=30, close=False)
        socks = []
        for _ in range(2):
            sock = socket.create_connection(("127.0.0.1", sandbox.port))
            target = quote(json.dumps(client.envelope("queue/find")))
            head = "".join(f"{name}: {value}\r\n" for name, value in client.headers().items())
            sock.sendall(f"GET /api/v3/event?{target} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
            socks.append(sock)
        limit = time.monotonic() + 5
        while len(sandbox.faults.log) < 2 and time.monotonic() < limit:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    for sock in socks:
        sock.close()
