"""Sessions through an accsyn proxy, which takes plain http and knows its workspace."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import InsecureProxyWarning, Session
from accsyn_orm.errors import ProxyError
from tests.faults.proxy import RefusingPort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm.sandbox import Sandbox


class Backend(BaseHTTPRequestHandler):
    """An accsyn proxy with a workspace behind it."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, str | None]]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path.partition("?")[0], self.headers["Host"]))
        result: Any = []
        if "J3PKT" in self.path:
            result = {"hostname": "acmefilm.accsyn.com", "port": 443}
        elif self.path.endswith("/login"):
            result = {"id": "u1", "role": "admin", "session_id": "s1"}
        body = json.dumps({"result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - http.server calls them by these names


@pytest.fixture
def backend() -> Iterator[tuple[int, list[tuple[str, str, str | None]]]]:
    asked: list[tuple[str, str, str | None]] = []
    # In threads that are left behind, so that a session which a failed test did not close holds nothing up.
    kind = type("Served", (ThreadingHTTPServer,), {"daemon_threads": True, "block_on_close": False})
    server = kind(("127.0.0.1", 0), type("OneBackend", (Backend,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()
    thread.join(5)


class TestAccsynProxy:
    WHO = ("acmefilm", "john@user.com", "canary-key")

    @pytest.mark.parametrize("form", ["127.0.0.1:{}", "accsyn:127.0.0.1:{}"])
    def test_everything_goes_to_it_in_plain_http(self, backend: Any, form: str) -> None:
        port, asked = backend
        with pytest.warns(InsecureProxyWarning, match=f"127.0.0.1:{port}") as caught:
            session = Session(*self.WHO, proxy=form.format(port))
        session.find("job")
        session.close()
        host = f"127.0.0.1:{port}"
        assert asked == [
            ("GET", "/api/v3/J3PKTtDvolDMBtTy6AFGA", host),
            ("PUT", "/api/v3/api/login", host),
            ("GET", "/api/v3/event", host),
        ]
        assert len(caught) == 1
        assert caught[0].filename == __file__
        text = str(caught[0].message)
        assert "plain http" in text
        assert "credentials" in text
        assert "canary" not in text

    def test_the_host_that_was_named_appears_nowhere(self, backend: Any) -> None:
        port, asked = backend
        with pytest.warns(InsecureProxyWarning):
            session = Session(*self.WHO, hostname="secret-host.example", port=8443, proxy=f"127.0.0.1:{port}")
        session.close()
        assert [(path, host) for _, path, host in asked] == [("/api/v3/api/login", f"127.0.0.1:{port}")]

    @pytest.mark.filterwarnings("ignore::accsyn_orm.InsecureProxyWarning")
    def test_a_sandbox_is_one(self, demo_sandbox: Sandbox, open_session: Any) -> None:
        proxy = f"accsyn:127.0.0.1:{demo_sandbox.port}"
        session = open_session(demo_sandbox, proxy=proxy, url=None, hostname="acmefilm.accsyn.com")
        assert session.find_one("User")["code"] == session.username

    @pytest.mark.filterwarnings("ignore::accsyn_orm.InsecureProxyWarning")
    def test_one_that_is_down(self, open_session: Any, demo_sandbox: Sandbox) -> None:
        with RefusingPort() as port:
            arguments = {"proxy": f"127.0.0.1:{port.port}", "url": demo_sandbox.url}
            with pytest.raises(ProxyError, match=f"127.0.0.1:{port.port} refused the connection") as caught:
                open_session(demo_sandbox, **arguments)
            assert not caught.value.sent
