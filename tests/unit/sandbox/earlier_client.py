"""A plain HTTP client of the generations before 3.2, written out of the protocol's description and nothing of ours."""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from accsyn_orm.sandbox import Sandbox

__all__ = ["Early", "V1Client", "V3Client", "packed"]


def packed(document: Any) -> str:
    """Return base64 of a document, or of a text as it is."""
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


class Early:
    """Speaks to one sandbox as one user."""

    base = ""
    owner = "domain"

    def __init__(self, sandbox: Sandbox, role: str = "admin") -> None:
        self.sandbox = sandbox
        self.credentials = sandbox.credentials(role)  # type: ignore[arg-type]
        self.session = "5c3ff9a3-6b1f-4d8a-9d63-2f6c9b1f0a11"
        self.status = 0

    def headers(self) -> dict[str, str]:
        raise AssertionError

    def send(
        self, method: str, path: str, document: Any, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.sandbox.url).netloc, timeout=30)
        text = document if isinstance(document, str) else json.dumps(document)
        by_query = method in {"GET", "DELETE"}
        target = f"{self.base}/{path}" + (f"?{quote(text)}" if by_query else "")
        try:
            connection.request(method, target, None if by_query else text.encode(), headers or {})
            response = connection.getresponse()
            self.status = response.status
            answer = json.loads(response.read())
        finally:
            connection.close()
        assert isinstance(answer, dict)
        return answer

    def ask(self, method: str, uri: str, data: Any = None, **fields: Any) -> dict[str, Any]:
        document = {
            "audience": "api",
            self.owner: self.credentials["workspace"],
            "eid": "702da724-9925-4ab0-b711-4478099538d6",
            "session": self.session,
            "uri": uri,
            "ident": self.credentials["username"],
            "created": "2026-11-24T06:04:05",
            "hostname": "test",
            "data": data,
            **fields,
        }
        return self.send(method, "event", document, self.headers())

    def result(self, method: str, uri: str, data: Any = None, **fields: Any) -> Any:
        answer = self.ask(method, uri, data, **fields)
        assert self.status == 200, answer
        return answer["result"]

    def refused(self, status: int, method: str, uri: str, data: Any = None, **fields: Any) -> str:
        answer = self.ask(method, uri, data, **fields)
        assert self.status == status, answer
        return str(answer["message"])


class V1Client(Early):
    """Generation 1."""

    base = "/api/v1.0"
    key = ""

    def document(self, **secret: str) -> dict[str, str]:
        return {
            "domain": self.credentials["workspace"],
            "username": self.credentials["username"],
            **secret,
        }

    def sign_in(self, kind: str = "api_key", **body: Any) -> dict[str, Any]:
        secret = self.credentials[kind]
        document = self.document(**{kind: packed(secret) if kind == "pwd" else secret})
        scheme = "ASSession" if kind == "session_key" else "ASCredentials"
        answer = self.sign_in_with(f"{scheme} {packed(document)}", **body)
        self.key = answer.get("session_key", "")
        return answer

    def sign_in_with(self, authorization: str, **body: Any) -> dict[str, Any]:
        document = {"session": self.session, **body}
        return self.send("PUT", "user/login/auth", document, {"Authorization": authorization})

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"ASSession {packed(self.document(session_key=self.key))}"}


class V3Client(Early):
    """Generations 3.0 (`domain` in the envelope) and 3.1 (`workspace`)."""

    base = "/api/v3"

    def __init__(self, sandbox: Sandbox, role: str = "admin", *, owner: str = "workspace") -> None:
        super().__init__(sandbox, role)
        self.owner = owner

    def sign_in(self) -> dict[str, Any]:
        return self.send("PUT", "api/login", {"session_id": self.session}, self.headers())

    def headers(self) -> dict[str, str]:
        user, key = (packed(self.credentials[name]) for name in ("username", "api_key"))
        return {"Authorization": f"basic {user}:{key}", "X-Accsyn-Workspace": self.credentials["workspace"]}
