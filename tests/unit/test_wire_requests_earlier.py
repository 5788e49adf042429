"""The requests of v1, v3.0 and v3.1: signing in, the envelope, the headers, the dates of answers."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest

from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.errors import ProtocolError
from accsyn_orm.wire.dialect_v1 import V1, V30, V31
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import Call, HttpRequest, HttpResponse, Opening, SignedIn

ID = "614d660de50d45bb027c9bdd"
V = V1()
ENDPOINT = Endpoint("https", "acmefilm.accsyn.com", 443)
KEYED = Settings("acmefilm", "jöhn@user.com", Secret("k-0123"), protocol="v1")
WITH_PASSWORD = Settings("acmefilm", "j@u", Secret(""), pwd=Secret('pä"ss'), protocol="v1")
WITH_SESSION = Settings("acmefilm", "j@u", Secret(""), session_key=Secret("sk-0123"), protocol="v1")
SIGNED_IN = SignedIn(Secret("uuid-0123"), "u1", "admin", Secret("sk-4567"))


def told(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """Return the kind of an authorization and its document."""
    kind, _, token = request.headers["Authorization"].partition(" ")
    return kind, json.loads(base64.b64decode(token, validate=True))


class TestSigningIn:
    @pytest.mark.parametrize(
        ("settings", "kind", "document"),
        [
            (KEYED, "ASCredentials", {"domain": "acmefilm", "username": "jöhn@user.com", "api_key": "k-0123"}),
            (WITH_PASSWORD, "ASCredentials", {"domain": "acmefilm", "username": "j@u", "pwd": base64.b64encode('pä"ss'.encode()).decode()}),
            (WITH_SESSION, "ASSession", {"domain": "acmefilm", "username": "j@u", "session_key": "sk-0123"}),
        ],
    )  # fmt: skip
    def test_each_way(self, settings: Settings, kind: str, document: dict[str, str]) -> None:
        request = V.login_request(ENDPOINT, settings, Opening(Secret("uuid-1")))
        assert (request.method, request.url) == (
            "PUT",
            "https://acmefilm.accsyn.com:443/api/v1.0/user/login/auth",
        )
        assert request.body == b'{"session": "uuid-1"}'
        assert told(request) == (kind, document)
        assert list(told(request)[1]) == list(document)
        assert " " not in base64.b64decode(request.headers["Authorization"].split(" ")[1]).decode()
        assert not {"X-Accsyn-Workspace", "X-Accsyn-Device"} & set(request.headers)
        assert request.headers["ASDevice"].startswith("accsyn_orm v")

    def test_no_value_becomes_a_key(self) -> None:
        text = 'k","username":"admin@x'
        request = V.login_request(ENDPOINT, Settings("acmefilm", "j@u", Secret(text)), Opening())
        assert told(request)[1] == {"domain": "acmefilm", "username": "j@u", "api_key": text}

    def test_the_client_names_the_session_anew_each_time(self) -> None:
        one, other = Opening(), Opening()
        assert one.session_id != other.session_id
        assert uuid.UUID(one.session_id.reveal()).version == 4
        assert one.session_id.reveal() not in repr(one)

    def test_a_renewal_names_the_key_that_expired(self) -> None:
        opening = Opening(Secret("uuid-1"), Secret("sk-old"))
        body = json.loads(V.login_request(ENDPOINT, KEYED, opening).body or b"")
        assert body == {"session": "uuid-1", "session_key_reuse": "sk-old"}

    def test_the_answer(self) -> None:
        opening = Opening(Secret("uuid-1"))
        call = Call("PUT", V.login_uri)
        answer = {"session_key": "sk", "clearance": "cloudadmin", "id": "u1"}
        found = V.signed_in(answer, call, opening)
        assert found.session_key == Secret("sk")
        assert (found.session_id, found.user_id, found.role) == (opening.session_id, "u1", "cloudadmin")
        assert V.signed_in({**answer, "clearance": None}, call, opening).role == "none"

    @pytest.mark.parametrize("name", ["session_key", "clearance", "id"])
    @pytest.mark.parametrize("value", [5, ["x"], "", "missing"])
    def test_a_malformed_answer(self, name: str, value: Any) -> None:
        answer = {"session_key": "sk-0123", "clearance": "admin", "id": "u1", name: value}
        if value == "missing":
            del answer[name]
        with pytest.raises(ProtocolError, match=rf"\$(\.{name}|.*'{name}')") as caught:
            V.signed_in(answer, Call("PUT", V.login_uri), Opening())
        assert "sk-0123" not in caught.value.message

    def test_discovery(self) -> None:
        request = V.discovery_request("acmefilm")
        assert (request.method, request.url, request.body) == (
            "PUT",
            "https://registry.accsyn.com:443/api/v1.0/registry/organization/domain",
            b'{"organization": "acmefilm"}',
        )
        assert "Authorization" not in request.headers
        found = V.discovered({"domain": "films"}, Call("GET", "discovery"))
        assert (found.hostname, found.port) == ("films.accsyn.com", 443)

    @pytest.mark.parametrize("dialect", [V30(), V31()])
    def test_v3_0_and_v3_1_sign_in_as_today_under_a_name_of_the_client_s(self, dialect: V3) -> None:
        opening = Opening(Secret("uuid-1"), Secret("sk-old"))
        request = dialect.login_request(ENDPOINT, KEYED, opening)
        assert request.url == "https://acmefilm.accsyn.com:443/api/v3/api/login"
        assert request.body == b'{"session_id": "uuid-1"}'
        assert request.headers == V3().login_request(ENDPOINT, KEYED, opening).headers
        answer = {"result": {"id": "u1", "role": "admin"}}
        found = dialect.signed_in(answer, Call("PUT", "api/login"), opening)
        assert (found.session_id, found.role, found.session_key) == (opening.session_id, "admin", None)


class TestRequests:
    def document(self, dialect: V3, call: Call) -> tuple[HttpRequest, dict[str, Any]]:
        request = dialect.request(call, ENDPOINT, KEYED, SIGNED_IN)
        url, _, query = request.url.partition("?")
        assert url == f"https://acmefilm.accsyn.com:443{dialect.base}/event"
        return request, json.loads(unquote(query) if query else (request.body or b"").decode("ascii"))

    @pytest.mark.parametrize(
        "call", [V.find("job", "a=1"), V.update("job", ID, {"a": 1}), V.delete("job", ID)]
    )
    def test_the_envelope_of_v1(self, call: Call) -> None:
        request, document = self.document(V, call)
        names = ["audience", "domain", "eid", "session", "uri", "ident", "created", "hostname", "data"]
        assert list(document) == names + [name for name in ("query", "id") if getattr(call, name)]
        assert (document["domain"], document["session"]) == ("acmefilm", "uuid-0123")
        assert told(request) == (
            "ASSession",
            {"domain": "acmefilm", "username": "jöhn@user.com", "session_key": "sk-4567"},
        )
        assert "X-Accsyn-Workspace" not in request.headers
        created = datetime.fromisoformat(document["created"])
        assert created.tzinfo is None
        assert (
            abs((datetime.now(timezone.utc).astimezone().replace(tzinfo=None) - created).total_seconds()) < 5
        )

    @pytest.mark.parametrize("dialect", [V1(), V30(), V31()])
    def test_an_event_was_created_in_local_time(self, dialect: V3, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            local, today = (self.document(one, one.find("user"))[1]["created"] for one in (dialect, V3()))
        finally:
            monkeypatch.undo()
            time.tzset()
        ahead = datetime.fromisoformat(local) - datetime.fromisoformat(today)
        assert timedelta(hours=9) <= ahead < timedelta(hours=9, seconds=5)

    @pytest.mark.parametrize(("dialect", "key"), [(V30(), "domain"), (V31(), "workspace")])
    def test_the_envelope_of_v3_0_and_v3_1(self, dialect: V3, key: str) -> None:
        request, document = self.document(dialect, dialect.find("site"))
        assert list(document)[1] == key
        assert document[key] == "acmefilm"
        assert request.headers["Authorization"].startswith("basic ")
        assert request.headers["X-Accsyn-Workspace"] == "acmefilm"

    def test_repr_shows_no_secret(self) -> None:
        for settings in (KEYED, WITH_PASSWORD, WITH_SESSION):
            request = V.login_request(ENDPOINT, settings, Opening(expired_key=Secret("sk-4567")))
            shown = repr(request) + repr(SIGNED_IN) + repr(settings)
            for secret in ("k-0123", "sk-0123", "sk-4567", "pä", request.headers["Authorization"][20:]):
                assert secret not in shown

    @pytest.mark.parametrize("settings", [KEYED, WITH_PASSWORD, WITH_SESSION])
    def test_whole_authorizations_are_secrets_too(self, settings: Settings) -> None:
        known = {secret.reveal() for secret in V.secrets_of(settings, SIGNED_IN)}
        for request in (
            V.login_request(ENDPOINT, settings, Opening()),
            V.request(V.find("job"), ENDPOINT, settings, SIGNED_IN),
        ):
            assert request.headers["Authorization"].split(" ")[1] in known
        assert "sk-4567" in known


class TestDates:
    def read(self, text: str, dialect: V3 = V) -> Any:
        return dialect.read(HttpResponse(200, {}, text.encode()), Call("GET", "job/find"))

    def test_the_deprecated_form_becomes_today_s(self) -> None:
        answer = '{"result": [{"created": "{USD::date}20210607 08:09:10", "deep": {"d": "{USD::date}20210607+23:59:59"}}]}'
        assert self.read(answer)["result"] == [
            {"created": "2021-06-07T08:09:10", "deep": {"d": "2021-06-07T23:59:59"}}
        ]
        assert self.read(answer, V3())["result"][0]["created"].startswith("{USD"), "in v1 alone"

    @pytest.mark.parametrize(
        "text",
        ["{USD::date}2021-06-07 08:09:10", "{USD::date}20210607 08:09", "x{USD::date}20210607 08:09:10", "{USD::date}20210607 08:09:10Z"],
    )  # fmt: skip
    def test_anything_else_stays(self, text: str) -> None:
        assert self.read(json.dumps({"result": [{"name": text}]}))["result"] == [{"name": text}]
