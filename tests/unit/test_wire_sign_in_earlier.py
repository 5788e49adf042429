"""Signing in to v1, v3.0 and v3.1, without a socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.wire.dialect_v1 import V1, V30, V31
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, SignedIn
from accsyn_orm.wire.sign_in import Arrival, sign_in

if TYPE_CHECKING:
    from accsyn_orm.wire.dialects import V3

LOGIN = {"session_key": "sk-0123", "clearance": "employee", "id": "u1"}
OLD = SignedIn(Secret("uuid-old"), "u1", "employee", Secret("sk-old"))
HERE = Endpoint("https", "a.accsyn.com", 443)


def run(
    *answers: Any, dialect: V3 | None = None, expired: SignedIn | None = None, **changes: Any
) -> tuple[Arrival, list[HttpRequest]]:
    settings = Settings("acmefilm", "john@user.com", Secret("k-0123"), protocol="v1", **changes)
    flow = sign_in(settings, dialect or V1(), expired=expired)
    sent = [next(flow)]
    for answer in answers:
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        try:
            sent.append(flow.send(HttpResponse(status, {}, json.dumps(document).encode())))
        except StopIteration as end:
            return end.value, sent
    raise AssertionError(f"the flow wants more: {sent[-1]}")


def test_registry_then_login() -> None:
    arrival, sent = run({"domain": "Films"}, LOGIN)
    assert arrival.endpoint == Endpoint("https", "films.accsyn.com", 443)
    assert [request.url for request in sent] == [
        "https://registry.accsyn.com:443/api/v1.0/registry/organization/domain",
        "https://films.accsyn.com:443/api/v1.0/user/login/auth",
    ]
    body = json.loads(sent[1].body or b"")
    assert arrival.signed_in.session_id.reveal() == body["session"]
    assert arrival.signed_in.session_key == Secret("sk-0123")
    assert (arrival.signed_in.user_id, arrival.signed_in.role) == ("u1", "employee")


def test_the_caller_s_port_is_for_the_workspace_and_not_for_the_registry() -> None:
    arrival, sent = run({"domain": "films"}, LOGIN, port=8443)
    assert sent[0].url.startswith("https://registry.accsyn.com:443/")
    assert arrival.endpoint.port == 8443


@pytest.mark.parametrize("domain", ["evil.example/", "a@evil.example/x", "a b", "x:1/", "-", "ä", "\x1b"])
def test_a_domain_cannot_lead_elsewhere(domain: str) -> None:
    with pytest.raises(errors.ProtocolError, match=r"@ \$\.domain") as caught:
        run({"domain": domain})
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("answer", [{"result": {"domain": "a"}}, {"domain": None}, {"domain": ""}])
def test_a_malformed_registry_answer(answer: Any) -> None:
    with pytest.raises(errors.ProtocolError, match=r"@ \$"):
        run(answer)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {"message": "wrong password"}), errors.AuthenticationFailed),
        ((401, {"message": "wrong password"}), errors.AuthenticationFailed),
        ((200, {"message": "expired", "session_expired": True}), errors.AuthenticationFailed),
        ((429, {"message": "slow"}), errors.RateLimited),
        ((200, {"exception": "oh"}), errors.ServerFault),
        ((200, {"result": LOGIN}), errors.ProtocolError),
    ],
)
def test_a_refused_login(answer: Any, kind: type[errors.AccsynError]) -> None:
    with pytest.raises(kind) as caught:
        run(answer, endpoint=HERE, expired=OLD)
    assert (caught.value.uri, caught.value.entity) == ("user/login/auth", "user:john@user.com")


def test_a_renewal_carries_the_key_that_expired() -> None:
    arrival, sent = run(LOGIN, endpoint=HERE, expired=OLD)
    body = json.loads(sent[0].body or b"")
    assert body == {"session": "uuid-old", "session_key_reuse": "sk-old"}
    assert arrival.signed_in.session_id == OLD.session_id


@pytest.mark.parametrize("dialect", [V30(), V31()])
def test_v3_0_and_v3_1_discover_as_today(dialect: V3) -> None:
    arrival, sent = run(
        {"result": {"hostname": "eu1.accsyn.com", "port": 8443}},
        {"result": {"id": "u1", "role": "admin", "session_id": "another"}},
        dialect=dialect,
        expired=OLD,
    )
    assert arrival.signed_in.session_id != OLD.session_id
    assert arrival.endpoint.port == 8443
    assert sent[0].url.startswith("https://master.accsyn.com:443/api/v3/")
    assert json.loads(sent[1].body or b"") == {"session_id": arrival.signed_in.session_id.reveal()}
