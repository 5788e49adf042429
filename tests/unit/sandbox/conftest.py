"""A plain HTTP client of the v3 wire, written out of the protocol's description and nothing of ours."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
