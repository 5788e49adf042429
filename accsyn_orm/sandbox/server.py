"""Start and stop the sandbox: a server in a thread of its own, on a loopback socket, with or without TLS."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ConfigurationError
from .certificates import Certificates
from .demo import ROLES, seed
from .demo_files import FILES
from .disk import Disk
from .faults import Faults
from .limiting import TokenBucket
from .store import Store
from .transferring import Transfers
from .workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import uvicorn
    from typing_extensions import Self

    from .mails import Mail
    from .messages import Effect, RequestRecord

__all__ = ["Sandbox"]

HOST = "127.0.0.1"
# Request targets carry whole payloads: accsyn-python-api 3.4.0 sends 176,435 characters for 88,890 bytes.
_LONGEST_HEAD = 8 * 1024 * 1024
_KEEP_ALIVE = 75
_START_LIMIT = 10.0


class Sandbox:
    """
    A local accsyn-compatible workspace over HTTP.

    Args:
        data: `demo` for a workspace with everything in it, `empty` for one with its three users, standard
            queues, main site and default volume. A database that has a workspace already keeps it.
        db: SQLite file that survives a restart, or None to keep everything in memory.
        port: Port on 127.0.0.1; 0 for any free one.
        jobs: How many transfers the demo data has; None for a few of every kind.
        latency: Seconds to wait before each answer; requests wait side by side. May be changed while running.
        rate_limit: Requests per second and burst, such as (30, 60), above which 429 is answered; None for no
            limit. May be changed while running, which fills the bucket.
        folder: Folder below which `volumes/` and `machines/` play the disks; None for a temporary one, which
            goes when the sandbox stops.
        transfers: Whether transfers copy files; without, they keep the status that they are given.
        tls: Whether to speak https, with a certificate of an authority made for this sandbox (`ca_file`).
        hostnames: Names that the certificate is made out to besides localhost, 127.0.0.1 and ::1.

    Raises:
        ConfigurationError: On start, where the port or the database cannot be used, or the extra is not
            installed.

    `requests` lists what was asked so far, sign-in and registry calls included; `effects` lists the writes
    that were carried out. `faults` makes chosen requests go wrong. `transfers` copies what transfers name.
    `mails` lists what accsyn would have sent by mail: nothing is sent.
    """

    def __init__(
        self,
        data: Literal["demo", "empty"] = "demo",
        db: str | os.PathLike[str] | None = None,
        port: int = 0,
        *,
        jobs: int | None = None,
        latency: float = 0.0,
        rate_limit: tuple[float, float] | None = None,
        folder: str | os.PathLike[str] | None = None,
        transfers: bool = False,
        tls: bool = False,
        hostnames: Sequence[str] = (),
    ) -> None:
        if data not in {"demo", "empty"}:
            raise ConfigurationError(f"data is 'demo' or 'empty', not {data!r}.")
        if hostnames and not tls:
            raise ConfigurationError(f"hostnames={hostnames!r} are for a certificate: give tls=True as well.")
        if isinstance(hostnames, str):
            raise ConfigurationError(f"hostnames is a list of names, not {hostnames!r}.")
        self.latency = latency
        self.requests: list[RequestRecord] = []
        self.effects: list[Effect] = []
        self.mails: list[Mail] = []
        self.faults: Faults = Faults()
        self.bucket: TokenBucket | None = None
        self.rate_limit = rate_limit
        self.port: int = port
        self._wanted_port = port
        self._data = data
        self._db = None if db is None else os.fspath(db)
        self._jobs = jobs
        samples = FILES if data == "demo" else None
        self.disk: Disk = Disk(None if folder is None else os.fspath(folder), samples)
        self.transfers: Transfers = Transfers(self)
        self._transferring = transfers
        self._tls = tls
        self._hostnames = tuple(hostnames)
        self._certificates: Certificates | None = None
        self._workspace: Workspace | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        state = f"at {self.url}" if self._server is not None else "stopped"
        return f"<Sandbox {self._data} {state}>"

    @property
    def url(self) -> str:
        """Return where it is served, such as `http://127.0.0.1:8181`; with TLS, `https://…`."""
        self._running()
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}"

    @property
    def ca_file(self) -> str:
        """
        Return the path of the authority that a client has to trust, for `verify=`; it goes when the sandbox stops.

        Raises:
            ConfigurationError: The sandbox is not running, or was made without `tls=True`.
        """
        self._running()
        if self._certificates is None:
            raise ConfigurationError("This sandbox speaks plain http: only Sandbox(tls=True) has a ca_file.")
        return str(self._certificates.ca_file)

    @property
    def workspace(self) -> Workspace:
        """Return the workspace that is served."""
        return self._running()

    @property
    def rate_limit(self) -> tuple[float, float] | None:
        """Requests per second and burst above which 429 is answered; None for no limit."""
        return None if self.bucket is None else (self.bucket.rate, self.bucket.burst)

    @rate_limit.setter
    def rate_limit(self, limit: tuple[float, float] | None) -> None:
        self.bucket = None if limit is None else TokenBucket(*limit)

    def credentials(self, role: Literal["admin", "employee", "standard"] = "admin") -> dict[str, str]:
        """
        Return what a user of a role signs in with.

        Returns:
            `workspace`, `username`, `api_key` and `pwd`: the first three are what a session takes.
        """
        workspace = self._running()
        account = next((each for each in workspace.store.accounts.values() if each.role == role), None)
        user = None if account is None else workspace.store.get(account.user)
        if account is None or user is None:
            raise ConfigurationError(
                f"There is no user with the role {role!r} to sign in as; {ROLES} have one."
            )
        return {
            "workspace": workspace.code,
            "username": user.document["code"],
            "api_key": account.api_key,
            "pwd": account.pwd,
        }

    def expire_sessions(self) -> None:
        """End every session: the next request of each is answered with `session_expired`."""
        self._running().end_sessions()

    def _running(self) -> Workspace:
        if self._workspace is None:
            raise ConfigurationError(
                "The sandbox is not running; start() it, or use `with Sandbox() as sandbox`."
            )
        return self._workspace

    def start(self) -> Self:
        """Open the database, fill it where it is empty, and serve it until `stop`."""
        if self._workspace is not None:
            raise ConfigurationError(f"The sandbox is running already, at {self.url}.")
        listener = _listener(self._wanted_port)
        try:
            if self._tls:
                self._certificates = Certificates(self._hostnames)
            server_class, config = _uvicorn(self, self._certificates)
            store = Store(self._db)
            store.mails = self.mails
        except BaseException:
            listener.close()
            self._remove_certificates()
            raise
        try:
            if not store.rows(["workspace"]):
                seed(store, demo=self._data == "demo", jobs=self._jobs)
            self._workspace = Workspace(store, self.disk)
            self.port = listener.getsockname()[1]
            self._server = server = server_class(config)
            self._thread = threading.Thread(
                target=server.run, args=([listener],), name=f"accsyn-sandbox-{self.port}", daemon=True
            )
            self._thread.start()
            self._wait_until_started()
        except BaseException:
            self._workspace = self._server = self._thread = None
            listener.close()
            store.close()
            self._remove_certificates()
            raise
        if self._transferring:
            self.transfers.start()
        return self

    def _wait_until_started(self) -> None:
        limit = time.monotonic() + _START_LIMIT
        while self._server is not None and not self._server.started:
            if time.monotonic() > limit or self._thread is None or not self._thread.is_alive():
                raise ConfigurationError("The sandbox's server did not start.")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop serving and close the connections and the database. It can be started again."""
        self.transfers.stop()
        workspace, server, thread = self._workspace, self._server, self._thread
        self._workspace = self._server = self._thread = None
        if server is not None and thread is not None:
            server.should_exit = True
            thread.join()
        if workspace is not None:
            workspace.store.close()
        self.disk.remove()
        self._remove_certificates()

    def _remove_certificates(self) -> None:
        certificates, self._certificates = self._certificates, None
        if certificates is not None:
            certificates.remove()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listener(port: int) -> socket.socket:
    """Return a socket that listens already, so that no request is lost before the server has started."""
    # Only where the protocol is named does asyncio set TCP_NODELAY, without which each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigurationError(
            f"The sandbox cannot listen on {HOST}:{port}: {error}. Name another port, or 0 for any free one."
        ) from error
    return listener


def _uvicorn(sandbox: Sandbox, certificates: Certificates | None) -> tuple[type[uvicorn.Server], Any]:
    try:
        import uvicorn

        from .app import build_app
        from .connections import BreakableProtocol
    except ImportError as error:
        raise ConfigurationError(
            f"The sandbox needs {error.name}; install it with: pip install 'accsyn-orm[sandbox]'"
        ) from error
    config = uvicorn.Config(
        build_app(sandbox),
        http=BreakableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        ssl_certfile=None if certificates is None else certificates.server_file,
    )
    return uvicorn.Server, config
