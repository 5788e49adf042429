"""Sessions and transports through proxies, over real sockets; the SOCKS server is one of our own."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, Session
from accsyn_orm.config import Proxy, Secret
from accsyn_orm.errors import (
    AccsynError,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    ProxyError,
    TLSError,
)
from accsyn_orm.wire.messages import HttpRequest, Timeouts
from accsyn_orm.wire.transport import RequestsTransport
from tests.faults.proxy import RefusingPort
from tests.faults.socks_server import SocksServer
from tests.faults.tls import BAD_CERTIFICATES, Certificates, Terminator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accsyn_orm.sandbox import Sandbox

HOST = "workspace.invalid"
USER, PASSWORD = "bob", "canary-hunter2"
SOON = Timeouts(connect=5, read=5, total=10)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates(HOST, "::1", "127.0.0.1")


@pytest.fixture
def authority(certificates: Certificates, tmp_path: Any) -> str:
    return certificates.save(tmp_path / "ca.pem")


@pytest.fixture
def terminator(demo_sandbox: Sandbox, certificates: Certificates) -> Iterator[Terminator]:
    with Terminator(demo_sandbox.port, certificates.context()) as served:
        yield served


@pytest.fixture
def socks(terminator: Terminator) -> Iterator[SocksServer]:
    with SocksServer({HOST: terminator.port}, (USER, PASSWORD)) as served:
        yield served


@pytest.fixture
def opened(demo_sandbox: Sandbox, authority: str, open_session: Any) -> Callable[..., Session]:
    """Open a session with the sandbox under a name that only the proxy knows."""

    def opened(proxy: str, **arguments: Any) -> Session:
        given = {
            "url": f"https://{HOST}",
            "verify": authority,
            "proxy": proxy,
            "connect_timeout": 3,
            **arguments,
        }
        session: Session = open_session(demo_sandbox, rate_limit=False, **given)
        return session

    return opened


def setting(socks: SocksServer, kind: str = "socks5") -> str:
    login = f"{USER}:{PASSWORD}" if kind == "socks5" else USER
    return f"{kind}:{login}@127.0.0.1:{socks.port}"


def failure(call: Callable[[], Any], kind: type[AccsynError]) -> AccsynError:
    """Return the error of a call; the password stands in none of it."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert error.__traceback__ is not None
    # Without the frames of the test itself, which knows the password.
    inner = error.__traceback__
    while inner.tb_next is not None and "accsyn_orm" not in inner.tb_frame.f_code.co_filename.split("/")[-3:]:
        inner = inner.tb_next
    told = traceback.TracebackException.from_exception(error.with_traceback(inner), capture_locals=True)
    for one in (error, error.__cause__, error.__context__):
        shown = "".join(told.format()) + repr((one, getattr(one, "args", ()), vars(one) if one else None))
        assert "canary" not in shown
    return error


class TestSocks:
    @pytest.mark.parametrize("kind", ["socks5", "socks4"])
    def test_a_session_reaches_a_name_that_only_the_proxy_knows(
        self, opened: Any, socks: SocksServer, terminator: Terminator, kind: str
    ) -> None:
        before = socket.socket
        session = opened(setting(socks, kind))
        assert len(list(Job.objects.using(session))) > 5
        assert [(one.version, one.host, one.named, one.port) for one in socks.asked] == [
            (int(kind[-1]), HOST, True, 443)
        ]
        assert socks.logins == [(USER, PASSWORD if kind == "socks5" else "")]
        assert b"canary" not in terminator.received
        assert socks.asked[0].records[0] == 22
        assert socket.socket is before

    def test_an_address_goes_to_the_proxy_as_an_address(
        self, opened: Any, socks: SocksServer, terminator: Terminator
    ) -> None:
        socks.hosts = {"::1": terminator.port, "127.0.0.1": terminator.port}
        opened(setting(socks), url="https://[::1]:8443")
        opened(setting(socks), url="https://127.0.0.1:8443")
        opened(setting(socks, "socks4"), url="https://127.0.0.1:8443")
        assert [(one.host, one.named, one.port) for one in socks.asked] == [
            ("::1", False, 8443),
            ("127.0.0.1", False, 8443),
            ("127.0.0.1", False, 8443),
        ]

    def test_plain_http_through_a_tunnel(
        self, opened: Any, socks: SocksServer, demo_sandbox: Sandbox
    ) -> None:
        socks.hosts = {"127.0.0.1": demo_sandbox.port}
        session = opened(setting(socks), url="http://127.0.0.1:8181", verify=True)
        assert session.find_one("User")["code"] == session.username
        assert len(socks.asked) == 1

    def test_sessions_have_proxies_of_their_own(
        self, opened: Any, socks: SocksServer, terminator: Terminator
    ) -> None:
        with SocksServer({HOST: terminator.port}) as other:
            one, two = opened(setting(socks)), opened(f"socks:127.0.0.1:{other.port}")
            for session in (one, two, one):
                session.find_one("User")
            assert (len(socks.asked), len(other.asked)) == (1, 1)
            socks.go_down()
            two.find_one("User")
            error = failure(lambda: one.find_one("User"), ProxyError)
            assert str(socks.port) in str(error)

    def test_discovery_goes_through_the_proxy(self, opened: Any, socks: SocksServer) -> None:
        error = failure(lambda: opened(setting(socks), url=None), ConnectionFailed)
        assert "master.accsyn.com:443" in str(error)
        assert {one.host for one in socks.asked} == {"master.accsyn.com"}

    @pytest.mark.parametrize("kind", ["socks5", "socks4"])
    @pytest.mark.parametrize("bad", BAD_CERTIFICATES)
    def test_with_a_wrong_certificate_no_application_byte_passes(
        self,
        opened: Any,
        socks: SocksServer,
        terminator: Terminator,
        certificates: Certificates,
        bad: str,
        kind: str,
    ) -> None:
        terminator.context = certificates.context(bad)
        error = failure(lambda: opened(setting(socks, kind)), TLSError)
        assert "nothing was sent" in error.message
        assert (len(socks.asked), bytes(terminator.received)) == (1, b"")
        # A hello, and the alert that ends it; 23 would be application data.
        assert set(socks.asked[0].records) <= {20, 21, 22}

    def test_it_warns_of_nothing(self, opened: Any, socks: SocksServer) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            opened(setting(socks))

    def test_redirects_are_not_followed(
        self, opened: Any, socks: SocksServer, terminator: Terminator
    ) -> None:
        session = opened(setting(socks))
        with RefusingPort() as second:
            head = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{second.port}/\r\nConnection: close"
            terminator.answer = f"{head}\r\nContent-Length: 0\r\n\r\n".encode()
            for call in (
                lambda: session.find("job"),
                lambda: session.create("Queue", {"name": "x"}),
                lambda: session.update("Job", "5" * 24, {"status": "aborted"}),
                lambda: session.delete_one("Job", "5" * 24),
            ):
                failure(call, ProtocolError)
        assert {one.host for one in socks.asked} == {HOST}


class TestSocksFailures:
    def test_a_proxy_that_is_down(self, opened: Any, terminator: Terminator) -> None:
        with RefusingPort() as port:
            error = failure(lambda: opened(f"socks5:{USER}:{PASSWORD}@127.0.0.1:{port.port}"), ProxyError)
        assert f"SOCKS5 proxy 127.0.0.1:{port.port}: Connection refused" in error.message
        assert isinstance(error.__cause__, ConnectionRefusedError)
        assert terminator.connections == 0

    def test_a_proxy_whose_name_does_not_resolve(self, opened: Any) -> None:
        error = failure(lambda: opened(f"socks5:{USER}:{PASSWORD}@nowhere.invalid:1080"), ProxyError)
        assert "SOCKS5 proxy nowhere.invalid:1080 cannot be resolved" in error.message

    def test_a_refused_sign_in(self, opened: Any, socks: SocksServer) -> None:
        port = f"127.0.0.1:{socks.port}"
        wrong = failure(lambda: opened(f"socks5:{USER}:canary-wrong@{port}"), ProxyError)
        assert "does not accept" in wrong.message
        # Once: a second attempt would count towards a lock-out.
        assert len(socks.logins) == 1
        assert "wants a user" in failure(lambda: opened(f"socks:{port}"), ProxyError).message
        assert "SOCKS4 proxy" in failure(lambda: opened(f"socks4:alice@{port}"), ProxyError).message
        assert socks.asked == []

    @pytest.mark.parametrize(
        ("code", "kind"),
        [(1, ProxyError), (2, ProxyError), (7, ProxyError), (3, ConnectionFailed), (5, ConnectionFailed)],
    )
    def test_what_the_proxy_says(self, opened: Any, socks: SocksServer, code: int, kind: Any) -> None:
        socks.reply = code
        error = failure(lambda: opened(setting(socks)), kind)
        assert f"{HOST}:443" in error.message
        assert f"SOCKS5 proxy 127.0.0.1:{socks.port}" in error.message
        # What may pass is tried three times, a refusal of the proxy once.
        assert len(socks.asked) == (3 if kind is ConnectionFailed else 1)

    def test_what_speaks_no_socks(self, opened: Any, demo_sandbox: Sandbox) -> None:
        port = f"127.0.0.1:{demo_sandbox.port}"
        assert "does not speak SOCKS5" in failure(lambda: opened(f"socks:{port}"), ProxyError).message
        assert "does not speak SOCKS4" in failure(lambda: opened(f"socks4:{port}"), ProxyError).message

    def test_a_proxy_that_says_nothing(self, opened: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            proxy = f"socks5:127.0.0.1:{listener.getsockname()[1]}"
            error = failure(lambda: opened(proxy, connect_timeout=0.1, deadline=0.5), DeadlineExceeded)
        assert f"{HOST}:443 through the SOCKS5 proxy" in error.message

    @pytest.mark.parametrize("kind", ["socks5", "socks4"])
    def test_a_proxy_that_drips_meets_the_deadline(self, opened: Any, socks: SocksServer, kind: str) -> None:
        socks.drip = 0.2
        started = time.monotonic()
        error = failure(lambda: opened(setting(socks, kind), deadline=0.5), DeadlineExceeded)
        assert 0.4 < time.monotonic() - started < 2
        assert isinstance(error, DeadlineExceeded)
        assert not error.sent

    def test_what_cannot_be_said_to_the_proxy(self, opened: Any, socks: SocksServer) -> None:
        error = failure(lambda: opened(setting(socks, "socks4"), url="https://[::1]"), ProxyError)
        assert "IPv6" in error.message
        long = ".".join(["x" * 60] * 3)
        assert "longer" in failure(lambda: opened(setting(socks), url=f"https://{long}"), ProxyError).message
        assert socks.connections == 0

    def test_a_write_whose_answer_breaks_off_may_have_arrived(
        self, opened: Any, socks: SocksServer, terminator: Terminator
    ) -> None:
        session = opened(setting(socks))
        terminator.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
        error = failure(lambda: session.create("Queue", {"name": "x"}), ConnectionLost)
        assert isinstance(error, ConnectionLost)
        assert error.sent
        assert "through the SOCKS5 proxy" in error.message


class TestSecrecy:
    def test_the_password_is_in_no_log_and_no_object(
        self, opened: Any, socks: SocksServer, caplog: pytest.LogCaptureFixture, tmp_path: Any
    ) -> None:
        caplog.set_level(logging.DEBUG)
        log = tmp_path / "session.log"
        session = opened(setting(socks), verbose=True, path_logfile=log)
        session.find("job", limit=1)
        socks.go_down()
        with pytest.raises(AccsynError):
            session.find("job", limit=1)
        assert caplog.records
        assert "canary" not in caplog.text
        assert "api/login" in log.read_text()
        assert "canary" not in log.read_text()
        assert "canary" not in "".join(reachable(session))

    def test_a_connection_is_a_plain_socket(self, socks: SocksServer, authority: str) -> None:
        proxy = Proxy("socks5", "127.0.0.1", socks.port, Secret(USER), Secret(PASSWORD))
        from accsyn_orm.wire.proxies import Tunnel

        tunnel = Tunnel(proxy)
        with contextlib.closing(tunnel.open(HOST, 443, lambda: 5.0)) as sock:
            assert type(sock) is socket.socket
            assert sock.gettimeout() == 5
            context = ssl.create_default_context(cafile=authority)
            with context.wrap_socket(sock, server_hostname=HOST) as inside:
                assert inside.version()
        assert "canary" not in repr(tunnel)


def reachable(root: object) -> Iterator[str]:
    """Yield the repr of all that hangs on an object."""
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (type, threading.Thread)) or callable(one):
            continue
        seen.add(id(one))
        yield repr(one)[:10_000]
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
        else:
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()
            # A Secret keeps its text in a slot of its own, which nothing but `reveal` reads.
            names = () if isinstance(one, Secret) else getattr(type(one), "__slots__", ())
            waiting += [getattr(one, name, None) for name in ([names] if isinstance(names, str) else names)]


def test_a_proxy_and_a_transport_exclude_each_other(demo_sandbox: Sandbox, open_session: Any) -> None:
    with (
        contextlib.closing(RequestsTransport()) as transport,
        pytest.raises(ConfigurationError, match="exclude"),
    ):
        open_session(demo_sandbox, transport=transport, proxy="socks5:127.0.0.1:1080")


def test_a_transport_of_ones_own_has_its_proxy(socks: SocksServer, authority: str) -> None:
    proxy = Proxy("socks5", "127.0.0.1", socks.port, Secret(USER), Secret(PASSWORD))
    with contextlib.closing(RequestsTransport(verify=authority, proxy=proxy)) as transport:
        for _ in range(3):
            assert (
                transport.send(HttpRequest("GET", f"https://{HOST}/api/v3/event?x", {}), SOON).status >= 400
            )
    assert len(socks.asked) == 1
