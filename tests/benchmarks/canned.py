"""A server of canned answers with next to no cost of its own, in a process of its own, over HTTP or TLS."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import multiprocessing
import pathlib
import socket
import ssl
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from typing_extensions import Self

__all__ = ["CannedServer", "job"]

_BEGINNING = dt.datetime(2026, 5, 6, 2, 21, 7)  # noqa: DTZ001 -- the wire's form has no zone
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def job(number: int) -> dict[str, Any]:
    """Return a job of 22 attributes, three of them dates, none of which two jobs share."""
    ident = f"{number:024x}"
    user = f"{number % 40:024x}"
    created, modified, finished = (
        (_BEGINNING + dt.timedelta(days=31 * month, seconds=61 * number)).isoformat() for month in range(3)
    )
    return {
        "id": ident,
        "code": f"Dailies {number:05d}",
        "name": f"Dailies {number:05d}",
        "description": None,
        "status": ("waiting", "running", "failed", "paused")[number % 4],
        "created": created,
        "modified": modified,
        "finished": finished,
        "creator": f"user{number % 40}@acmefilm.com",
        "modifier": "john@user.com",
        "metadata": {"show": "thefilm", "shot": f"SH{number % 900:04d}"},
        "source": f"site:{number % 3:024x}",
        "source_hr": "hq",
        "destination": f"user:{user}",
        "destination_hr": f"user:user{number % 40}@acmefilm.com[standard]({user})",
        "size": number * 1_000_003,
        "progress": number % 100,
        "speed": -1.0,
        "etr": "",
        "uri": "medium/backups",
        "user": user,
        "queue": f"{number % 7:024x}",
    }


def _answer(body: bytes) -> bytes:
    return _HEAD % len(body) + body


class _Answers:
    """What is answered to whom; each page is put together once."""

    def __init__(self, total: int, page: int, latency: float) -> None:
        self._total, self._page, self._latency = total, page, latency
        self._pages: dict[tuple[int, int], bytes] = {}
        self._signed_in = _answer(
            json.dumps({"result": {"id": "0" * 24, "role": "admin", "session_id": "s"}}).encode()
        )

    def to(self, method: str, target: str, body: bytes) -> bytes:
        if "api/login" in target:
            return self._signed_in
        time.sleep(self._latency)
        if method == "GET":
            return self._found(json.loads(unquote(target.partition("?")[2]))["data"])
        return _answer(b'{"result": [{"id": "%s"}]}' % json.loads(body)["id"].encode())

    def _found(self, data: dict[str, Any]) -> bytes:
        key = (data.get("skip", 0), data.get("limit", self._page))
        if key not in self._pages:
            numbers = range(key[0], min(key[0] + key[1], self._total))
            answer = _answer(json.dumps({"result": [job(number) for number in numbers]}).encode())
            if self._total > _KEPT:
                return answer
            self._pages[key] = answer
        return self._pages[key]


# Rows of which the pages are kept; more would fill the memory.
_KEPT = 200_000


def _talk(connection: socket.socket, answers: _Answers) -> None:
    with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
        while line := stream.readline():
            length = 0
            while (header := stream.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = stream.read(length)
            method, target, _ = line.decode().split(" ", 2)
            connection.sendall(answers.to(method, target, body))


def _serve(total: int, page: int, latency: float, certificate: str | None, pipe: Connection) -> None:
    answers = _Answers(total, page, latency)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    def welcome(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            talking = connection if context is None else context.wrap_socket(connection, server_side=True)
            _talk(talking, answers)

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    pipe.send(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=welcome, args=(connection,), daemon=True).start()


class CannedServer:
    """
    Serves so many jobs on loopback.

    Args:
        total: Jobs.
        page: Rows of a page that names no limit.
        latency: Seconds before each answer but that to signing in.
        tls: Speak TLS, with a certificate by an authority of its own.
    """

    def __init__(self, total: int, page: int = 500, latency: float = 0.0, *, tls: bool = False) -> None:
        self._arguments = (total, page, latency)
        self._tls = tls
        self._stack = contextlib.ExitStack()
        # What clients are to trust: True, or the path of the authority.
        self.verify: bool | str = True

    def __enter__(self) -> Self:
        certificate = self._certificate() if self._tls else None
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(*self._arguments, certificate, theirs), daemon=True
        )
        self._process.start()
        self.port: int = mine.recv()
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        return self

    def _certificate(self) -> str:
        import trustme

        folder = pathlib.Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        self.verify = str(folder / "authority.pem")
        return str(folder / "server.pem")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
        self._stack.close()
