"""Signing in, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accsyn_orm import errors
from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import HttpRequest, HttpResponse
from accsyn_orm.wire.sign_in import Arrival, sign_in

LOGIN = {"id": "u1", "role": "admin", "session_id": "s-0123"}


def run(*answers: Any, **changes: Any) -> tuple[Arrival, list[HttpRequest]]:
    settings = Settings("acmefilm", "john@user.com", Secret("k-0123"), **changes)
    flow = sign_in(settings, V3())
    sent = [next(flow)]
    for answer in answers:
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        try:
            sent.append(flow.send(HttpResponse(status, {}, json.dumps(document).encode())))
        except StopIteration as end:
            return end.value, sent
    raise AssertionError(f"the flow wants more: {sent[-1]}")


def test_discovery_then_login() -> None:
    arrival, sent = run({"result": {"hostname": "EU1.accsyn.com.", "port": 8443}}, {"result": LOGIN})
    assert arrival.endpoint == Endpoint("https", "eu1.accsyn.com", 8443)
    assert [request.url.partition("?")[0] for request in sent] == [
        "https://master.accsyn.com:443/api/v3/J3PKTtDvolDMBtTy6AFGA",
        "https://eu1.accsyn.com:8443/api/v3/api/login",
    ]
    assert arrival.signed_in.session_id == Secret("s-0123")
    assert (arrival.signed_in.user_id, arrival.signed_in.role) == ("u1", "admin")


def test_a_named_endpoint_skips_discovery() -> None:
    arrival, sent = run({"result": LOGIN}, endpoint=Endpoint("http", "127.0.0.1", 8181))
    assert [request.url for request in sent] == ["http://127.0.0.1:8181/api/v3/api/login"]
    assert arrival.endpoint.port == 8181


def test_the_caller_s_port_is_for_the_workspace_and_not_for_discovery() -> None:
    arrival, sent = run({"result": {"hostname": "a.accsyn.com"}}, {"result": LOGIN}, port=8443)
    assert sent[0].url.startswith("https://master.accsyn.com:443/")
    assert arrival.endpoint.port == 8443


@pytest.mark.parametrize(
    "host",
    ["evil.example", "accsyn.com.evil.example", "evilaccsyn.com", "u@a.accsyn.com", "evil.example/.accsyn.com", "127.0.0.1", "a.accsyn.com:8443", "evil\x1b.example"],
)  # fmt: skip
def test_a_discovered_host_is_accsyn_s(host: str) -> None:
    with pytest.raises(errors.ProtocolError, match=r"\$\.result\.hostname") as caught:
        run({"result": {"hostname": host, "port": 443}})
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ({"port": 443}, r"\$\.result\.hostname"),
        ({"hostname": None, "port": 443}, r"\$\.result\.hostname"),
        ({"hostname": "a.accsyn.com"}, r"\$\.result\.port"),
        ({"hostname": "a.accsyn.com", "port": "443"}, r"\$\.result\.port"),
        ({"hostname": "a.accsyn.com", "port": True}, r"\$\.result\.port"),
        ({"hostname": "a.accsyn.com", "port": 0}, r"\$\.result\.port"),
        ([], r"\$\.result"),
        ("a.accsyn.com", r"\$\.result"),
    ],
)
def test_a_malformed_discovery(result: Any, path: str) -> None:
    with pytest.raises(errors.ProtocolError, match=path):
        run({"result": result})


@pytest.mark.parametrize("name", ["id", "role", "session_id"])
@pytest.mark.parametrize("value", [None, 5, "", ["x"], "missing"])
def test_a_malformed_login(name: str, value: Any) -> None:
    result: dict[str, Any] = {**LOGIN, name: value}
    if value == "missing":
        del result[name]
    with pytest.raises(errors.ProtocolError, match=rf"\$\.result(\.{name}|.*'{name}')") as caught:
        run({"result": result}, endpoint=Endpoint("https", "a.accsyn.com", 443))
    assert "s-0123" not in caught.value.message
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {"message": "wrong key"}), errors.AuthenticationFailed),
        ((401, {"message": "wrong key"}), errors.AuthenticationFailed),
        ((403, {"message": "wrong key"}), errors.AuthenticationFailed),
        ((200, {"message": "wrong key", "session_expired": True}), errors.AuthenticationFailed),
        ((429, {"message": "slow"}), errors.RateLimited),
        ((500, {"message": "oh"}), errors.ServerFault),
        ((200, {"exception": "oh"}), errors.ServerFault),
        ((302, {}), errors.ProtocolError),
        ((200, {}), errors.ProtocolError),
    ],
)
def test_a_refused_login(answer: Any, kind: type[errors.AccsynError]) -> None:
    with pytest.raises(kind) as caught:
        run(answer, endpoint=Endpoint("https", "a.accsyn.com", 443))
    assert (caught.value.uri, caught.value.entity) == ("api/login", "user:john@user.com")
    assert caught.value.status == answer[0]


def test_a_refused_discovery_is_an_error_of_the_server() -> None:
    with pytest.raises(errors.ServerError, match="no such workspace"):
        run({"message": "no such workspace"})
    with pytest.raises(errors.ServerFault):
        run({"exception": "oh"})
