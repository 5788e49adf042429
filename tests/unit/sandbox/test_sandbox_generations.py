"""The sign-in and the sessions of each generation, side by side in one sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.generations import V1, V3
from accsyn_orm.sandbox.messages import SignIn
from accsyn_orm.sandbox.sessions import Sessions
from tests.unit.sandbox.earlier_client import V1Client, V3Client, packed

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = {"domain": "acmefilm", "username": "john@user.com"}
OTHER = "0d4a5d5e-3f0c-4a43-b8a5-7b7f3f6d1c22"


@pytest.fixture
def v1(empty: Sandbox) -> Iterator[V1Client]:
    client = V1Client(empty)
    client.sign_in()
    yield client
    empty.expire_sessions()


def test_its_registry_answers_the_domain(empty: Sandbox) -> None:
    client = V1Client(empty)
    assert client.send("PUT", "registry/organization/domain", {"organization": "Acmefilm"}) == {
        "domain": "acmefilm"
    }
    assert "other" in client.send("PUT", "registry/organization/domain", {"organization": "other"})["message"]
    assert client.status == 404


def test_the_registry_of_v3_answers_the_name_it_was_reached_by(empty: Sandbox) -> None:
    client = V3Client(empty)
    path = V3.registry_path.removeprefix(V3.base + "/")
    answer = client.send("GET", path, {"ident": "acmefilm"}, {"Host": f"sandbox.test:{empty.port}"})
    assert answer == {"result": {"hostname": "sandbox.test", "port": empty.port}}


@pytest.mark.parametrize(
    ("role", "clearance"), [("admin", "admin"), ("employee", "employee"), ("standard", "client")]
)
@pytest.mark.parametrize("kind", ["api_key", "pwd"])
def test_it_signs_in_flat(empty: Sandbox, role: str, clearance: str, kind: str) -> None:
    client = V1Client(empty, role)
    answer = client.sign_in(kind)
    assert set(answer) == {"session_key", "clearance", "id"}
    assert answer["clearance"] == clearance
    (me,) = client.result("GET", "user/find", {}, query=f"id={answer['id']}")
    assert me["code"] == client.credentials["username"]
    assert me["role"] == clearance
    empty.expire_sessions()


def test_a_session_key_signs_in(v1: V1Client) -> None:
    made = v1.ask("POST", "user/generate_session_key", {"lifetime": None}, query="john@user.com")
    assert set(made) == {"session_key"}
    for key in (made["session_key"], v1.key):
        other = V1Client(v1.sandbox)
        other.session = OTHER
        other.credentials["session_key"] = key
        assert other.sign_in("session_key")["session_key"] == key
        assert other.result("GET", "user/find", {})
        assert v1.result("GET", "user/find", {}), "the first session goes on"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "basic am9obg==:a2V5",
        "ASCredentials",
        "ASCredentials !",
        f"ASCredentials {packed('{')}",
        f"ASCredentials {packed('[]')}",
        f"ASCredentials {packed(DOCUMENT)}",
        f"ASCredentials {packed({**DOCUMENT, 'api_key': 5})}",
        f"ASCredentials {packed({**DOCUMENT, 'api_key': 'k', 'pwd': 'cA=='})}",
        f"ASCredentials {packed({**DOCUMENT, 'api_key': 'k', 'more': 'x'})}",
        f"ASCredentials {packed({**DOCUMENT, 'session_key': 'k'})}",
        f"ASCredentials {packed({**DOCUMENT, 'pwd': 'no base64!'})}",
        f"ASCredentials {packed({**DOCUMENT, 'pwd': '/w=='})}",
        f"ASSession {packed({**DOCUMENT, 'api_key': 'k'})}",
    ],
)
def test_malformed_credentials_are_refused(empty: Sandbox, authorization: str) -> None:
    client = V1Client(empty)
    assert set(client.sign_in_with(authorization)) == {"message"}
    assert client.status == 401


def test_credentials_that_are_right_must_come_alone(empty: Sandbox) -> None:
    client = V1Client(empty)
    right = client.document(api_key=client.credentials["api_key"])
    for more in ({"more": "x"}, {"pwd": packed(client.credentials["pwd"])}):
        assert "nothing else" in client.sign_in_with(f"ASCredentials {packed({**right, **more})}")["message"]
    assert client.sign_in_with(f"ascredentials {packed(right)}")["session_key"]


def test_a_quote_in_a_secret_adds_no_key(empty: Sandbox) -> None:
    client = V1Client(empty)
    # As the published clients put it together: the key ends, and another user name follows.
    key = f'{client.credentials["api_key"]}","username":"john@user.com'
    text = f'{{"domain":"acmefilm","username":"lisa@example.com","api_key":"{key}"}}'
    answer = client.sign_in_with(f"ASCredentials {packed(text)}")
    assert "twice" in answer["message"]
    assert client.credentials["api_key"] not in json.dumps(answer)


@pytest.mark.parametrize("kind", ["api_key", "pwd", "session_key"])
def test_a_wrong_secret_is_no_expired_session(empty: Sandbox, kind: str) -> None:
    client = V1Client(empty)
    for secret in ("wrong", "", "\ud800"):
        client.credentials[kind] = secret
        document = client.document(
            **{kind: packed(secret) if kind == "pwd" and secret != "\ud800" else secret}
        )
        scheme = "ASSession" if kind == "session_key" else "ASCredentials"
        assert set(client.sign_in_with(f"{scheme} {packed(document)}")) == {"message"}
        assert client.status == 401


def test_a_sign_in_needs_a_session_of_the_clients_own(empty: Sandbox) -> None:
    client = V1Client(empty)
    assert "session" in client.sign_in(session=None)["message"]
    assert client.status == 400


def test_events_are_signed_by_the_session_key(v1: V1Client) -> None:
    authorization = f"ASCredentials {packed(v1.document(api_key=v1.credentials['api_key']))}"
    answer = v1.send(
        "GET", "event", {"audience": "api", "uri": "user/find"}, {"Authorization": authorization}
    )
    assert v1.status == 401
    assert "ASSession" in answer["message"]


def test_a_session_that_ended_is_expired_and_can_be_renewed(v1: V1Client) -> None:
    generated = v1.ask("POST", "user/generate_session_key", {"lifetime": 60}, query="john@user.com")
    v1.sandbox.expire_sessions()
    answer = v1.ask("GET", "user/find", {})
    assert v1.status == 401
    assert answer["session_expired"] is True
    assert answer["message"]
    ended = v1.key
    assert v1.sign_in(session_key_reuse=ended)["session_key"] != ended
    assert v1.result("GET", "user/find", {})
    v1.credentials["session_key"] = ended
    assert "session_expired" not in v1.sign_in("session_key")
    assert v1.status == 401
    v1.credentials["session_key"] = generated["session_key"]
    v1.sign_in("session_key")
    assert v1.result("GET", "user/find", {})


def test_sessions_belong_to_one_user_and_one_generation(v1: V1Client) -> None:
    sandbox = v1.sandbox
    lisa = V1Client(sandbox, "standard")
    assert "taken" in lisa.sign_in()["message"]
    lisa.session = OTHER
    lisa.sign_in()
    assert lisa.result("GET", "user/find", {})
    own, johns = lisa.key, v1.key
    for session, key in ((v1.session, own), (OTHER, johns), (v1.session, johns)):
        lisa.session, lisa.key = session, key
        assert lisa.ask("GET", "user/find", {})["session_expired"] is True
    later = V3Client(sandbox)
    assert later.ask("GET", "user/find", {})["session_expired"] is True, "a session of v1 is none of v3"
    later.session = "9e4e2a2a-58f6-4b67-8f25-61c8e7e4a3f0"
    later.sign_in()
    v1.session = later.session
    assert v1.ask("GET", "user/find", {})["session_expired"] is True


@pytest.mark.parametrize("owner", ["domain", "workspace"])
def test_3_0_and_3_1_bring_their_session_along(empty: Sandbox, owner: str) -> None:
    client = V3Client(empty, owner=owner)
    assert client.sign_in()["result"]["session_id"] == client.session
    assert client.result("GET", "job/find", {"type": 2})
    client.credentials["workspace"] = "other"
    assert client.refused(401, "GET", "user/find", {})


def test_the_domain_of_an_event_must_be_the_workspace(v1: V1Client) -> None:
    assert "'other'" in v1.refused(400, "GET", "user/find", {}, domain="other")


def test_records_hold_no_key(v1: V1Client) -> None:
    made = v1.ask("POST", "user/generate_session_key", {"lifetime": 60}, query="john@user.com")
    v1.sign_in("pwd", session_key_reuse=v1.key)
    said = repr(v1.sandbox.requests) + repr(SignIn("a", "b", "secret"))
    for secret in (v1.key, v1.session, made["session_key"], v1.credentials["pwd"], "secret"):
        assert secret not in said


def test_a_session_key_is_made_for_oneself_and_for_seconds(v1: V1Client) -> None:
    uri = "user/generate_session_key"
    assert "own" in v1.refused(403, "POST", uri, {"lifetime": 60}, query="lisa@example.com")
    for lifetime in (0, -1, True, "60", 1.5):
        assert "seconds" in v1.refused(400, "POST", uri, {"lifetime": lifetime}, query="john@user.com")
    later = V3Client(v1.sandbox)
    later.session = OTHER
    later.sign_in()
    assert uri in later.refused(404, "POST", uri, {"lifetime": 60}, query="john@user.com")


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize(
    ("kind", "lifetime"), [("api_key", None), ("pwd", 36_000), ("session_key", 3_600), ("short", 60)]
)
def test_sessions_end_by_what_signed_in(kind: str, lifetime: int | None) -> None:
    clock = Clock()
    sessions = Sessions(clock)
    credentials = SignIn("acmefilm", "john@user.com", "secret", kind)
    if kind in {"session_key", "short"}:
        key = sessions.generate_key("john", None if kind == "session_key" else lifetime)
        credentials = SignIn("acmefilm", "john@user.com", key, "session_key")
    session = sessions.open("john", credentials, V1(), OTHER)
    assert session.key is not None
    clock.time = 10_000_000 if lifetime is None else lifetime - 1
    assert sessions.accepts("john", session.key)
    assert not sessions.accepts("lisa", session.key)
    if lifetime is not None:
        clock.time = lifetime
        assert not sessions.accepts("john", session.key)


def test_a_user_out_of_use_is_out_in_every_generation() -> None:
    with Sandbox("empty") as sandbox:
        admin, lisa = V1Client(sandbox), V1Client(sandbox, "standard")
        admin.sign_in()
        lisa.session = OTHER
        user = lisa.sign_in("pwd")["id"]
        admin.result("PUT", "user/edit", {"status": "disabled"}, id=user)
        assert "disabled" in lisa.refused(401, "GET", "user/find", {})
        assert "disabled" in lisa.sign_in("api_key")["message"]


def test_faults_hit_the_requests_of_v1(v1: V1Client) -> None:
    v1.sandbox.faults.add("GET", "user/find", kind="forbidden_403")
    assert v1.refused(403, "GET", "User/find", {})
    v1.sandbox.faults.clear()
    (record,) = v1.sandbox.requests[-1:]
    assert (record.uri, record.workspace, record.ident) == ("User/find", "acmefilm", "john@user.com")


def test_the_paths_of_every_generation_are_named_where_nothing_is(empty: Sandbox) -> None:
    client = V1Client(empty)
    message: Any = client.send("PUT", "events", {})["message"]
    assert "/api/v3/event" in message
    assert "/api/v1.0/event" in message
