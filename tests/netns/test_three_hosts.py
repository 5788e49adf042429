"""
Three hosts in a row, made of network namespaces: a client, a proxy, and the workspace.

The client has no route to the workspace and knows no name server that answers; only the proxy knows the name. As
root, `make test-netns` runs these.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.faults.audited_client import run_client
from tests.faults.tls import BAD_CERTIFICATES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.netns

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "workspace.invalid"
USER, PASSWORD = "bob", "canary-hunter2"
CLIENT, PROXY, BACKEND = (f"accsyn-{name}-{os.getpid()}" for name in ("client", "proxy", "backend"))
# (the near side's namespace and address, the far side's)
LINKS = [
    ((CLIENT, "10.213.1.1"), (PROXY, "10.213.1.2")),
    ((PROXY, "10.213.2.1"), (BACKEND, "10.213.2.2")),
]
PROXY_ADDRESS, BACKEND_ADDRESS = "10.213.1.2", "10.213.2.2"
PORT = 1080


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)  # noqa: S603, S607 -- our own commands


@pytest.fixture(scope="module")
def hosts() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name in (CLIENT, PROXY, BACKEND):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        for number, (near, far) in enumerate(LINKS):
            names = [f"acc{os.getpid() % 100_000}{side}{number}" for side in "nf"]
            ip("link", "add", names[0], "type", "veth", "peer", "name", names[1])
            for link, (namespace, address) in zip(names, (near, far), strict=True):
                ip("link", "set", link, "netns", namespace)
                ip("-n", namespace, "addr", "add", f"{address}/24", "dev", link)
                ip("-n", namespace, "link", "set", link, "up")
        yield


def within(namespace: str, **files: pathlib.Path) -> list[str]:
    """Return a command that runs a command on a host, which has files of its own below /etc."""
    mounts = "".join(f"mount --bind {path} /etc/{name} && " for name, path in files.items())
    return ["ip", "netns", "exec", namespace, "unshare", "--mount", "sh", "-c", f'{mounts}exec "$@"', "sh"]


@attrs.define
class Backend:
    """The workspace's host, as the tests speak to it."""

    process: subprocess.Popen[str]
    arguments: dict[str, Any]

    def say(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="module")
def backend(hosts: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    authority = tmp_path_factory.mktemp("tls") / "ca.pem"
    command = [sys.executable, "-m", "tests.netns.backend", HOST, BACKEND_ADDRESS, str(authority)]
    with subprocess.Popen(  # noqa: S603 -- our own command
        [*within(BACKEND), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield Backend(process, json.loads(process.stdout.readline()))
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def proxy(hosts: None, tmp_path: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    names = tmp_path / "hosts"
    names.write_text(f"127.0.0.1 localhost\n{BACKEND_ADDRESS} {HOST}\n")
    command = ["microsocks", "-i", PROXY_ADDRESS, "-p", str(PORT), "-u", USER, "-P", PASSWORD]
    with subprocess.Popen(  # noqa: S603 -- our own command
        [*within(PROXY, hosts=names), *command], stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(0.3)
        yield process
        process.terminate()


@pytest.fixture
def arguments(backend: Backend) -> dict[str, Any]:
    return {
        **backend.arguments,
        "url": f"https://{HOST}",
        "proxy": f"socks5:{USER}:{PASSWORD}@{PROXY_ADDRESS}:{PORT}",
        "connect_timeout": 3,
        "deadline": 5,
        "rate_limit": False,
    }


def test_the_workspace_is_reached_through_the_proxy_by_its_name(
    arguments: dict[str, Any], proxy: subprocess.Popen[bytes]
) -> None:
    seen = run_client(arguments, within(CLIENT))
    assert seen["jobs"] > 5
    assert set(seen["looked_up"]) <= {PROXY_ADDRESS}
    assert {tuple(each) for each in seen["connected"]} == {(PROXY_ADDRESS, PORT)}
    assert seen["same_socket"]


@pytest.mark.parametrize("bad", BAD_CERTIFICATES)
def test_with_a_wrong_certificate_nothing_is_said(
    arguments: dict[str, Any], backend: Backend, proxy: subprocess.Popen[bytes], bad: str
) -> None:
    assert backend.say(bad) == "changed"
    seen = run_client(arguments, within(CLIENT))
    assert seen["error"] == "TLSError"
    assert PASSWORD not in seen["message"] + seen["stderr"]
    assert backend.say("received") == "0"
    assert backend.say("good") == "changed"
    assert backend.say("received") == "0"


def test_there_is_no_other_way(arguments: dict[str, Any]) -> None:
    del arguments["proxy"]
    seen = run_client({**arguments, "url": f"https://{BACKEND_ADDRESS}"}, within(CLIENT))
    assert seen["error"] == "ConnectionFailed"


def test_a_proxy_that_is_down(arguments: dict[str, Any]) -> None:
    seen = run_client(arguments, within(CLIENT))
    assert seen["error"] == "ProxyError"
    assert {tuple(each) for each in seen["connected"]} == {(PROXY_ADDRESS, PORT)}


def test_a_name_server_that_is_silent_meets_the_deadline(
    arguments: dict[str, Any], proxy: subprocess.Popen[bytes], tmp_path: pathlib.Path
) -> None:
    # Nobody has this address, and whoever asks it waits for some five seconds.
    silent = tmp_path / "resolv.conf"
    silent.write_text("nameserver 10.213.1.99\n")
    del arguments["proxy"]
    started = time.monotonic()
    seen = run_client(
        {**arguments, "connect_timeout": 0.5, "deadline": 0.5}, within(CLIENT, **{"resolv.conf": silent})
    )
    assert seen["error"] == "DeadlineExceeded"
    assert HOST in seen["looked_up"]
    assert time.monotonic() - started < 3
