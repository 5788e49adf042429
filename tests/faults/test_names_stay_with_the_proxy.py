"""Through a SOCKS proxy with a password to a TLS sandbox by host name, while this machine looks up no name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.audited_client import run_client
from tests.faults.socks_server import SocksServer
from tests.faults.tls import BAD_CERTIFICATES, Certificates, Terminator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accsyn_orm.sandbox import Sandbox

HOST = "workspace.invalid"
USER, PASSWORD = "bob", "canary-of-the-proxy"


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates(HOST)


@pytest.fixture
def terminator(demo_sandbox: Sandbox, certificates: Certificates) -> Iterator[Terminator]:
    with Terminator(demo_sandbox.port, certificates.context()) as served:
        yield served


@pytest.fixture
def socks(terminator: Terminator) -> Iterator[SocksServer]:
    with SocksServer({HOST: terminator.port}, (USER, PASSWORD)) as served:
        yield served


@pytest.fixture
def arguments(
    demo_sandbox: Sandbox, certificates: Certificates, socks: SocksServer, tmp_path: Path
) -> dict[str, Any]:
    admin = demo_sandbox.credentials()
    return {
        "workspace": admin["workspace"],
        "username": admin["username"],
        "api_key": admin["api_key"],
        "url": f"https://{HOST}",
        "proxy": f"socks5:{USER}:{PASSWORD}@127.0.0.1:{socks.port}",
        "verify": certificates.save(tmp_path / "ca.pem"),
        "rate_limit": False,
    }


@pytest.mark.parametrize("kind", ["socks5", "socks4"])
def test_the_name_goes_to_the_proxy_and_nowhere_else(
    arguments: dict[str, Any], socks: SocksServer, kind: str
) -> None:
    if kind == "socks4":
        arguments["proxy"] = f"socks4:{USER}@127.0.0.1:{socks.port}"
    seen = run_client(arguments)
    assert seen["jobs"] > 5
    # The proxy's own address is "looked up", which takes nobody: it is one already.
    assert set(seen["looked_up"]) <= {"127.0.0.1"}
    assert {tuple(each) for each in seen["connected"]} == {("127.0.0.1", socks.port)}
    assert [(one.host, one.named, one.port) for one in socks.asked] == [(HOST, True, 443)]
    assert seen["same_socket"]
    assert seen["same_environment"]
    assert seen["stderr"] == ""


@pytest.mark.parametrize("bad", BAD_CERTIFICATES)
def test_with_a_wrong_certificate_not_one_application_byte_passes(
    arguments: dict[str, Any],
    socks: SocksServer,
    terminator: Terminator,
    certificates: Certificates,
    bad: str,
) -> None:
    terminator.context = certificates.context(bad)
    seen = run_client(arguments)
    assert seen["error"] == "TLSError"
    assert PASSWORD not in seen["message"] + seen["stderr"]
    assert {tuple(each) for each in seen["connected"]} == {("127.0.0.1", socks.port)}
    (asked,) = socks.asked
    # Handshake, alert, change of cipher; 23 would be application data.
    assert asked.records
    assert set(asked.records) <= {22, 21, 20}
    assert bytes(terminator.received) == b""


def test_the_listener_hears_a_name_that_is_looked_up(arguments: dict[str, Any]) -> None:
    del arguments["proxy"]
    seen = run_client({**arguments, "connect_timeout": 2, "deadline": 3})
    assert seen["error"] == "ConnectionFailed"
    assert HOST in seen["looked_up"]
