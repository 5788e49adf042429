"""Sessions through microsocks, a SOCKS5 server that is none of ours; `make test-socks` runs these."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, ProxyError, Session, TLSError
from accsyn_orm.errors import ConnectionFailed
from tests.faults.audited_client import run_client
from tests.faults.tls import BAD_CERTIFICATES, Certificates, Terminator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accsyn_orm.sandbox import Sandbox

pytestmark = pytest.mark.socks

# microsocks asks the system for names, and this one the system knows.
HOST = "localhost"
USER, PASSWORD = "bob", "canary-hunter2"


@contextlib.contextmanager
def microsocks(*options: str) -> Iterator[int]:
    """Run microsocks on a free port; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    command = ["microsocks", "-i", "127.0.0.1", "-p", str(port), *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: S603 -- our own command
        try:
            limit = time.monotonic() + 5
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    if time.monotonic() > limit or process.poll() is not None:
                        raise
                    time.sleep(0.01)
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with microsocks("-u", USER, "-P", PASSWORD) as port:
        yield port


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates(HOST)


@pytest.fixture
def terminator(demo_sandbox: Sandbox, certificates: Certificates) -> Iterator[Terminator]:
    with Terminator(demo_sandbox.port, certificates.context()) as served:
        yield served


@pytest.fixture
def arguments(
    demo_sandbox: Sandbox, certificates: Certificates, terminator: Terminator, port: int, tmp_path: Path
) -> dict[str, Any]:
    admin = demo_sandbox.credentials()
    return {
        "workspace": admin["workspace"],
        "username": admin["username"],
        "api_key": admin["api_key"],
        "url": f"https://{HOST}:{terminator.port}",
        "proxy": f"socks5:{USER}:{PASSWORD}@127.0.0.1:{port}",
        "verify": certificates.save(tmp_path / "ca.pem"),
    }


def test_a_whole_session(arguments: dict[str, Any], terminator: Terminator) -> None:
    with Session(**arguments) as session:
        job = next(iter(Job.objects.using(session)))
        job.description = "through microsocks"
        session.commit()
        stored = session.get_entity("Job", str(job.id))
        assert stored is not None
        assert stored["description"] == "through microsocks"
    assert terminator.connections >= 1


def test_the_name_goes_to_the_proxy(arguments: dict[str, Any], port: int) -> None:
    seen = run_client(arguments)
    assert seen["jobs"] > 5
    assert HOST not in seen["looked_up"]
    assert {tuple(each) for each in seen["connected"]} == {("127.0.0.1", port)}


@pytest.mark.parametrize("bad", BAD_CERTIFICATES)
def test_a_wrong_certificate(
    arguments: dict[str, Any], terminator: Terminator, certificates: Certificates, bad: str
) -> None:
    terminator.context = certificates.context(bad)
    with pytest.raises(TLSError, match="nothing was sent"):
        Session(**arguments)
    assert bytes(terminator.received) == b""


@pytest.mark.parametrize("login", ["", f"{USER}:canary-wrong@", f"alice:{PASSWORD}@"])
def test_a_refused_sign_in(arguments: dict[str, Any], terminator: Terminator, port: int, login: str) -> None:
    arguments["proxy"] = f"socks5:{login}127.0.0.1:{port}"
    with pytest.raises(ProxyError, match=f"SOCKS5 proxy 127.0.0.1:{port}") as caught:
        Session(**arguments)
    assert "canary" not in str(caught.value)
    assert terminator.connections == 0


def test_a_host_that_refuses_and_one_that_does_not_exist(arguments: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    for url in (f"https://{HOST}:{free}", "https://nowhere.invalid"):
        with pytest.raises(ConnectionFailed, match=f"{url[8:]}.*: "):
            Session(**{**arguments, "url": url, "deadline": 5})


def test_without_a_password(arguments: dict[str, Any]) -> None:
    with microsocks() as port, Session(**{**arguments, "proxy": f"socks:127.0.0.1:{port}"}) as session:
        assert session.find_one("User")["code"] == arguments["username"]


def test_a_proxy_that_goes_down(arguments: dict[str, Any], terminator: Terminator) -> None:
    with microsocks() as port:
        session = Session(**{**arguments, "proxy": f"socks:127.0.0.1:{port}"})
    with contextlib.closing(session):
        before = terminator.connections
        with pytest.raises(ProxyError):
            session.find("job")
        assert terminator.connections == before
