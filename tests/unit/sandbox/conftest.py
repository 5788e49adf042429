"""A plain HTTP client of the v3 wire, written out of the protocol's description and nothing of ours."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import attrs
import pytest

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.catalogue import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

JOHN = "john@user.com"


class Client:
    """Speaks to one sandbox as one user, over one kept-alive connection."""

    def __init__(self, sandbox: Sandbox, role: str = "admin", *, sign_in: bool = True) -> None:
        self.sandbox = sandbox
        self.credentials = sandbox.credentials(role)  # type: ignore[arg-type]
        self.connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=30)
        self.session: str | None = None
        self.status = 0
        if sign_in:
            answer = self.send("PUT", "/api/v3/api/login", {})
            self.session = answer["result"]["session_id"]
            self.me = answer["result"]["id"]

    def headers(self) -> dict[str, str]:
        user, key = (
            base64.b64encode(self.credentials[each].encode()).decode() for each in ("username", "api_key")
        )
        return {"Authorization": f"basic {user}:{key}", "X-Accsyn-Workspace": self.credentials["workspace"]}

    def send(self, method: str, path: str, document: Any) -> dict[str, Any]:
        text = document if isinstance(document, str) else json.dumps(document)
        if method in {"GET", "DELETE"}:
            return self.raw(method, f"{path}?{quote(text)}", None)
        return self.raw(method, path, text.encode())

    def raw(self, method: str, target: str, body: bytes | None) -> dict[str, Any]:
        self.connection.request(method, target, body, self.headers())
        response = self.connection.getresponse()
        self.status = response.status
        assert response.headers["Content-Type"] == "application/json"
        answer = json.loads(response.read().decode("ascii"))
        assert isinstance(answer, dict)
        return answer

    def envelope(self, uri: str, data: Any = None, **fields: Any) -> dict[str, Any]:
        return {
            "audience": "api",
            "workspace": self.credentials["workspace"],
            "eid": "702da724-9925-4ab0-b711-4478099538d6",
            "session": self.session,
            "uri": uri,
            "ident": self.credentials["username"],
            "created": "2026-11-24T06:04:05",
            "hostname": "test",
            "data": data,
            **fields,
        }

    def ask(self, method: str, uri: str, data: Any = None, *, packed: bool = False, **fields: Any) -> Any:
        document = self.envelope(uri, data, **fields)
        if packed:
            data = document.pop("data")
            document["gz_data"] = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
        return self.send(method, "/api/v3/event", document)

    def find(self, kind: str, query: str | None = None, **data: Any) -> list[dict[str, Any]]:
        fields = {} if query is None else {"query": query}
        return list(self.result("GET", f"{kind}/find", data, **fields))

    def ids(self, kind: str, query: str | None = None, **data: Any) -> list[str]:
        return [row["id"] for row in self.find(kind, query, **data)]

    def result(self, method: str, uri: str, data: Any = None, **fields: Any) -> Any:
        answer = self.ask(method, uri, data, **fields)
        assert self.status == 200, answer
        assert "message" not in answer
        return answer["result"]

    def create(self, kind: str, **data: Any) -> dict[str, Any]:
        (entity,) = self.result("POST", f"{kind}/create", data)
        assert isinstance(entity, dict)
        return entity

    def edit(self, kind: str, identity: str, **data: Any) -> dict[str, Any]:
        (entity,) = self.result("PUT", f"{kind}/edit", data, id=identity)
        assert isinstance(entity, dict)
        return entity

    def refused(self, status: int, method: str, uri: str, data: Any = None, **fields: Any) -> str:
        answer = self.ask(method, uri, data, **fields)
        assert self.status == status, answer
        assert "result" not in answer
        return str(answer["message"])


@pytest.fixture(scope="session")
def connect() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def connected(sandbox: Sandbox, role: str = "admin", *, sign_in: bool = True) -> Client:
        clients.append(Client(sandbox, role, sign_in=sign_in))
        return clients[-1]

    yield connected
    for client in clients:
        client.connection.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def empty() -> Iterator[Sandbox]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def admin(empty: Sandbox, connect: Callable[..., Client]) -> Client:
    """The admin of an empty workspace, for tests that write."""
    return connect(empty)


@pytest.fixture(scope="module")
def reader(demo: Sandbox, connect: Callable[..., Client]) -> Client:
    """The admin of the demo workspace, for tests that only read."""
    return connect(demo)


@attrs.frozen
class Floor:
    """A sandbox whose transfers are stepped by hand, its admin, and its folders."""

    sandbox: Sandbox
    admin: Any

    @property
    def machine(self) -> Path:
        return self.sandbox.disk.machine(JOHN)

    @property
    def volume(self) -> Path:
        return self.sandbox.disk.volume("projects")

    def write(self, path: str, content: bytes = b"0123456789", *, folder: Path | None = None) -> Path:
        file = (folder or self.machine) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def transfer(self, *tasks: Any, **data: Any) -> str:
        return str(self.admin.create("transfer", tasks=list(tasks), **{"name": "t", **data})["id"])

    def job(self, identity: str) -> dict[str, Any]:
        (found,) = self.admin.result("GET", "transfer/find", {}, id=identity)
        assert isinstance(found, dict)
        return found

    def tasks(self, identity: str) -> list[str]:
        return [task["status"] for task in self.admin.find("task", parent=identity)]

    def names(self, folder: str) -> list[str]:
        return sorted(each.name for each in (self.volume / folder).iterdir())

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.sandbox.transfers.step()

    def run(self) -> None:
        self.sandbox.transfers.run_until_idle(steps=2000)

    def parts(self) -> list[Path]:
        return list((self.sandbox.disk.root / "parts").glob("*"))

    def halfway(self) -> tuple[str, Path]:
        """Copy 4 of 10 bytes of a file; return the job, and the file that they are in."""
        self.sandbox.transfers.chunk_size = 4
        job = self.transfer(self.up(self.write("a.mov").name))
        self.steps(2)
        assert (self.job(job)["progress"], self.tasks(job)) == (40, ["executing"])
        (part,) = self.parts()
        assert part.read_bytes() == b"0123"
        return job, part

    def set_task(self, job: str, status: str) -> None:
        self.admin.result("PUT", "task/edit", [{"uri": "0", "status": status}], id=job)

    @staticmethod
    def up(path: str, to: str = "in/") -> dict[str, str]:
        """Return a task from John's machine to the default volume."""
        return {"source": f"{JOHN}:/{path}", "destination": to}


@pytest.fixture(scope="module")
def served(empty: Sandbox, connect: Callable[..., Any]) -> Floor:
    return Floor(empty, connect(empty))


@pytest.fixture
def floor(served: Floor) -> Iterator[Floor]:
    """An empty workspace with empty disks, before and after."""
    store, transfers = served.sandbox.workspace.store, served.sandbox.transfers
    before = {row.id: row for kind in TYPES for row in store.rows([kind])}
    yield served
    transfers.speed_limit, transfers.concurrency, transfers.chunk_size = None, 2, 1 << 20
    with store.writing():
        for row in [row for kind in TYPES for row in store.rows([kind])]:
            if row.id not in before:
                if store.get(row.id):
                    store.remove(row.id)
            elif row is not before[row.id]:
                store.put(row.type, before[row.id].document)
    served.run()
    for kind in ("volumes", "machines"):
        shutil.rmtree(served.sandbox.disk.root / kind, ignore_errors=True)
