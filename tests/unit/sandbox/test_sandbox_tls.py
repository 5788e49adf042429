"""A sandbox that speaks TLS."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from accsyn_orm.errors import ConfigurationError
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTRY = "/api/v3/J3PKTtDvolDMBtTy6AFGA?" + quote(json.dumps({"ident": "acmefilm"}))
NAME = "acmefilm.example.com"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("empty", tls=True, hostnames=[NAME]) as sandbox:
        yield sandbox


def connect(sandbox: Sandbox, name: str = "127.0.0.1", ca_file: str | None = None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=ca_file or sandbox.ca_file)
    plain = socket.create_connection(("127.0.0.1", sandbox.port), timeout=10)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def get(sandbox: Sandbox) -> Any:
    connection = http.client.HTTPSConnection(
        urlsplit(sandbox.url).netloc,
        timeout=10,
        context=ssl.create_default_context(cafile=sandbox.ca_file),
    )
    try:
        connection.request("GET", REGISTRY)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_its_url_is_https_and_its_answers_travel_inside(sandbox: Sandbox) -> None:
    assert sandbox.url == f"https://127.0.0.1:{sandbox.port}"
    assert get(sandbox) == {"result": {"hostname": "127.0.0.1", "port": sandbox.port}}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", NAME])
def test_the_certificate_is_of_its_names(sandbox: Sandbox, name: str) -> None:
    connect(sandbox, name).close()


def test_the_certificate_is_of_no_other_name(sandbox: Sandbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="match"):
        connect(sandbox, "other.example.com")


def test_each_sandbox_has_an_authority_of_its_own(sandbox: Sandbox) -> None:
    with (
        Sandbox("empty", tls=True) as other,
        pytest.raises(ssl.SSLCertVerificationError, match="verify failed"),
    ):
        connect(sandbox, ca_file=other.ca_file)


def test_the_authority_goes_when_it_stops_and_comes_with_the_next_start() -> None:
    sandbox = Sandbox("empty", tls=True)
    with sandbox:
        first = Path(sandbox.ca_file)
        assert "PRIVATE KEY" not in first.read_text()
    assert not first.parent.exists()
    with sandbox:
        assert Path(sandbox.ca_file) != first
        assert get(sandbox)["result"]["port"] == sandbox.port
    with pytest.raises(ConfigurationError, match="not running"):
        _ = sandbox.ca_file


def test_plain_http_has_no_authority() -> None:
    with Sandbox("empty") as plain, pytest.raises(ConfigurationError, match="tls=True"):
        _ = plain.ca_file


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hostnames": [NAME]}, "tls=True"),
        ({"tls": True, "hostnames": NAME}, "list"),
    ],
)
def test_names_without_sense_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Sandbox("empty", **arguments)


def test_a_name_that_no_certificate_takes_is_refused_at_start() -> None:
    sandbox = Sandbox("empty", tls=True, hostnames=["not a name!"])
    with pytest.raises(ConfigurationError, match="not a name!"):
        sandbox.start()


@pytest.mark.parametrize("kind", ["reset_before_apply", "reset_after_apply"])
def test_connections_can_be_reset(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add(kind=kind)
    with pytest.raises(ConnectionResetError):
        get(sandbox)
    assert get(sandbox)["result"]


@pytest.mark.parametrize("cut", ["content_length", "json"])
def test_answers_can_be_cut(sandbox: Sandbox, cut: str) -> None:
    sandbox.faults.add(kind="truncate", cut=cut)
    with pytest.raises(http.client.IncompleteRead if cut == "content_length" else json.JSONDecodeError):
        get(sandbox)


def test_answers_can_trickle(sandbox: Sandbox) -> None:
    sandbox.faults.add(kind="trickle", interval=0.001)
    assert get(sandbox)["result"]


@pytest.mark.parametrize("when", ["now", "next"])
def test_connections_that_promised_to_stay_can_be_closed(sandbox: Sandbox, when: str) -> None:
    sandbox.faults.add(kind="close_keep_alive", when=when)
    request = f"GET {REGISTRY} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with connect(sandbox) as connection:
        connection.sendall(request)
        answer = b""
        while b"}}" not in answer:
            answer += connection.recv(65536)
        connection.sendall(request)
        assert connection.recv(65536) == b""


def test_bytes_that_are_not_tls_end_the_connection_and_nothing_else(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as connection:
        connection.sendall(f"GET {REGISTRY} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert b"HTTP" not in connection.recv(65536)
    assert get(sandbox)["result"]
