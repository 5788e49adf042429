"""A server of canned answers with next to no cost of its own, in a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from typing_extensions import Self

ATTRIBUTES = 22


def job(number: int) -> dict[str, Any]:
    """Return a job of 22 attributes, three of them dates."""
    ident = f"{number:024x}"
    user = f"{number % 40:024x}"
    return {
        "id": ident,
        "code": f"Dailies {number:05d}",
        "name": f"Dailies {number:05d}",
        "description": None,
        "status": ("waiting", "running", "failed", "paused")[number % 4],
        "created": "2026-05-06T02:21:07",
        "modified": "2026-06-06T02:21:07",
        "finished": "2026-07-06T02:21:07",
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
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def _serve(total: int, page: int, latency: float, pipe: Connection) -> None:
    import time

    rows = [json.dumps(job(number)).encode() for number in range(total)]
    signed_in = _answer(json.dumps({"result": {"id": "0" * 24, "role": "admin", "session_id": "s"}}).encode())
    pages: dict[tuple[int, int], bytes] = {}

    def find(document: str) -> bytes:
        data = json.loads(document)["data"]
        key = (data.get("skip", 0), data.get("limit", page))
        if key not in pages:
            pages[key] = _answer(b'{"result": [' + b", ".join(rows[key[0] : key[0] + key[1]]) + b"]}")
        return pages[key]

    def one(document: str) -> bytes:
        return _answer(b'{"result": [{"id": "%s"}]}' % json.loads(document)["id"].encode())

    def talk(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while line := stream.readline():
            length = 0
            while (header := stream.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = stream.read(length)
            method, target, _ = line.decode().split(" ", 2)
            if "api/login" in target:
                answer = signed_in
            else:
                time.sleep(latency)
                answer = find(unquote(target.partition("?")[2])) if method == "GET" else one(body.decode())
            connection.sendall(answer)

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    pipe.send(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


class CannedServer:
    """
    Serves so many jobs on loopback.

    Args:
        total: Jobs.
        page: Rows of a page that names no limit.
        latency: Seconds before each answer but that to signing in.
    """

    def __init__(self, total: int, page: int = 500, latency: float = 0.0) -> None:
        self._arguments = (total, page, latency)

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(*self._arguments, theirs), daemon=True)
        self._process.start()
        self.port: int = mine.recv()
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
