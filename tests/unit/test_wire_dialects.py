"""The calls and requests of v3."""

from __future__ import annotations

import base64
import copy
import json
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from accsyn_orm.config import Endpoint, Secret, Settings
from accsyn_orm.errors import InvalidValue
from accsyn_orm.wire import codec
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.messages import Call, Opening, SignedIn

if TYPE_CHECKING:
    from pathlib import Path

ID = "614d660de50d45bb027c9bdd"
V = V3()
SETTINGS = Settings("acmefilm", "jöhn@user.com", Secret("k-0123"))
ENDPOINT = Endpoint("https", "acmefilm.accsyn.com", 443)
SIGNED_IN = SignedIn(Secret("s-0123"), "u1", "admin")


class TestCalls:
    @pytest.mark.parametrize(
        ("call", "parts"),
        [
            (V.entitytypes(), ("GET", "entitytypes", None, None, {})),
            (
                V.attributes("Job", update=True),
                ("GET", "attributes", None, None, {"entitytype": "job", "create": False, "update": True}),
            ),
            (V.find("Job"), ("GET", "job/find", None, None, {})),
            (
                V.find("Task", "a=B", parent=ID, finished=False, inactive=True, archived=False, limit=5, skip=3, attributes=("id",), single=True),
                (
                    "GET",
                    "task/find",
                    None,
                    "a=B",
                    {"parent": ID, "finished": False, "inactive": True, "archived": False, "limit": 5, "skip": 3, "attributes": ["id"], "single_entity_query": True},
                ),
            ),
            (V.find("job", "", skip=0), ("GET", "job/find", None, None, {})),
            (V.entity("Job", ID), ("GET", "job/find", ID, None, {})),
            (V.update("Job", ID, {"a": 1}), ("PUT", "job/edit", ID, None, {"a": 1})),
            (V.update_many("task", ID, [{"uri": "0", "a": 1}]), ("PUT", "task/edit", ID, None, [{"uri": "0", "a": 1}])),
            (V.delete("Job", ID), ("DELETE", "job/delete", ID, None, None)),
            (V.delete("Job", ID, {"force": True}), ("DELETE", "job/delete", ID, None, {"force": True})),
            (V.deactivate("User", ID), ("DELETE", "user/deactivate", ID, None, {})),
            (V.activate("User", ID), ("POST", "user/activate", ID, None, {})),
            (V.activate("User", "John@user.com"), ("POST", "user/activate", None, "John@user.com", {})),
            (V.activate("User", ID[:-1]), ("POST", "user/activate", None, ID[:-1], {})),
        ],
    )  # fmt: skip
    def test_parts(self, call: Call, parts: tuple[Any, ...]) -> None:
        assert (call.method, call.uri, call.id, call.query, call.data) == parts

    @pytest.mark.parametrize(
        ("entitytype", "data", "flags", "uri", "payload"),
        [
            ("Job", {"a": 1}, {}, "job/create", {"a": 1}),
            ("Job", [{"a": 1}], {}, "job/create", {"tasks": [{"a": 1}]}),
            ("Job", ({"a": 1},), {}, "job/create", {"tasks": [{"a": 1}]}),
            ("Job", '{"a": 1}', {}, "job/create", {"a": 1}),
            ("Job", '["x"]', {}, "job/create", {"tasks": ["x"]}),
            ("Task", {"a": 1}, {"id": ID}, "task/create", {"tasks": {"a": 1}}),
            ("task", {"tasks": [1]}, {"id": ID}, "task/create", {"tasks": [1]}),
            ("file", {"files": ["x"]}, {"id": ID}, "file/add", {"files": ["x"]}),
            ("stream", {"a": 1}, {"allow_duplicates": False, "replace_duplicates": True}, "stream/create", {"a": 1, "allow_duplicates": False, "replace_duplicates": True}),
            ("task", {"a": 1}, {"allow_duplicates": True}, "task/create", {"tasks": {"a": 1}, "allow_duplicates": True}),
            ("user", {"a": 1}, {"allow_duplicates": True}, "user/create", {"a": 1}),
        ],
    )  # fmt: skip
    def test_create(self, entitytype: str, data: Any, flags: dict[str, Any], uri: str, payload: Any) -> None:
        before = copy.deepcopy(data)
        call = V.create(entitytype, data, **flags)
        assert (call.method, call.uri, call.id, call.data) == ("POST", uri, flags.get("id"), payload)
        assert data == before

    @pytest.mark.parametrize(
        "data", [None, {}, [], "", "null", "5", "hello", '""', "[]", "{}", 5, b"{}", {1}]
    )
    def test_create_of_nothing_is_refused(self, data: Any) -> None:
        with pytest.raises(InvalidValue):
            V.create("job", data)

    def test_create_opens_no_file(self, tmp_path: Path) -> None:
        path = tmp_path / "job.json"
        path.write_text('{"a": 1}')
        with pytest.raises(InvalidValue, match="path is not opened"):
            V.create("job", str(path))

    @pytest.mark.parametrize(
        "name", ["", "../user", "job/edit", "job?x", "job#", "a b", " job", "job\n", "1job", "jöb", None, 5]
    )
    def test_what_is_no_entity_type_is_refused(self, name: Any) -> None:
        for build in (
            V.find,
            V.attributes,
            lambda n: V.update(n, ID, {"a": 1}),
            lambda n: V.delete(n, ID),
            lambda n: V.create(n, {"a": 1}),
        ):
            with pytest.raises(ValueError, match="entity type"):
                build(name)

    @pytest.mark.parametrize(
        "name", ["", "../" + ID, "a?b", "a#b", "a b", ID + "\n", "a/b", "å", None, 5, ["x"]]
    )
    def test_what_is_no_id_is_refused(self, name: Any) -> None:
        builds: list[Any] = [
            lambda n: V.entity("job", n),
            lambda n: V.update("job", n, {"a": 1}),
            lambda n: V.update_many("task", n, [{"id": "1"}]),
            lambda n: V.delete("job", n),
            lambda n: V.deactivate("job", n),
        ]
        if name is not None:
            builds += [lambda n: V.find("task", parent=n), lambda n: V.create("task", {"a": 1}, id=n)]
        for build in builds:
            with pytest.raises(ValueError, match="id"):
                build(name)

    @pytest.mark.parametrize(
        "build",
        [
            lambda: V.find("job", limit=0),
            lambda: V.find("job", limit=-1),
            lambda: V.find("job", limit=True),
            lambda: V.find("job", skip=-1),
            lambda: V.find("job", skip=False),
            lambda: V.find("job", limit="5"),  # type: ignore[arg-type]
            lambda: V.find("job", attributes="id"),
            lambda: V.find("job", attributes=["id", ""]),
            lambda: V.find("job", attributes=[1]),  # type: ignore[list-item]
            lambda: V.find("job", finished="yes"),  # type: ignore[arg-type]
            lambda: V.update("job", ID, {}),
            lambda: V.update("job", ID, [{}]),
            lambda: V.update("job", ID, None),
            lambda: V.update("acl", ID, {"a": 1}),
            lambda: V.update_many("job", ID, [{"id": "1"}]),
            lambda: V.update_many("task", ID, []),
            lambda: V.update_many("task", ID, [{"status": "x"}]),
            lambda: V.delete("acl", ID),
            lambda: V.delete("task", ID),
            lambda: V.delete("job", ID, ["force"]),
            lambda: V.activate("user", ""),
            lambda: V.activate("user", "a\nb"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, build: Any) -> None:
        with pytest.raises(InvalidValue):
            build()


class TestRequests:
    def document(self, call: Call) -> tuple[Any, dict[str, Any]]:
        request = V.request(call, ENDPOINT, SETTINGS, SIGNED_IN)
        url, _, query = request.url.partition("?")
        assert url == "https://acmefilm.accsyn.com:443/api/v3/event"
        text = unquote(query) if query else (request.body or b"").decode("ascii")
        return request, json.loads(text)

    @pytest.mark.parametrize(
        "call", [V.find("job", "code=å"), V.update("job", ID, {"a": "å"}), V.delete("job", ID)]
    )
    def test_the_envelope(self, call: Call) -> None:
        request, document = self.document(call)
        assert request.method == call.method
        assert (request.body is None) == (call.method in {"GET", "DELETE"})
        names = ["audience", "workspace", "eid", "session", "uri", "ident", "created", "hostname", "data"]
        assert list(document) == names + [name for name in ("query", "id") if getattr(call, name)]
        assert (document["audience"], document["workspace"], document["session"]) == (
            "api",
            "acmefilm",
            "s-0123",
        )
        assert (document["uri"], document["ident"], document["data"]) == (
            call.uri,
            "jöhn@user.com",
            call.data,
        )
        assert uuid.UUID(document["eid"]).version == 4
        created = codec.decode_datetime(document["created"])
        assert created is not None
        assert abs(datetime.now(timezone.utc) - created) < timedelta(seconds=5)
        assert self.document(call)[1]["eid"] != document["eid"]

    def test_headers(self) -> None:
        headers = V.request(V.find("job"), ENDPOINT, SETTINGS, SIGNED_IN).headers
        user, key = (base64.b64encode(text.encode()).decode() for text in ("jöhn@user.com", "k-0123"))
        assert headers["Authorization"] == f"basic {user}:{key}"
        assert headers["X-Accsyn-Workspace"] == "acmefilm"
        assert headers["X-Accsyn-Device"].startswith("accsyn_orm v")
        assert "Content-Type" not in headers
        body = V.request(V.update("job", ID, {"a": 1}), ENDPOINT, SETTINGS, SIGNED_IN)
        assert body.headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize(("extra", "packed"), [(0, False), (1, True)])
    def test_a_large_payload_is_packed(self, extra: int, packed: bool) -> None:
        data = {"a": "x" * (102_400 - 1 + extra)}
        _, document = self.document(V.update("job", ID, data))
        assert ("gz_data" in document, "data" in document) == (packed, not packed)
        assert (codec.decompress(document["gz_data"], 10**6) if packed else document["data"]) == data
        names = list(document)
        assert names.index("gz_data" if packed else "data") == names.index("hostname") + 1

    def test_discovery_carries_no_credentials(self) -> None:
        request = V.discovery_request("acmefilm")
        assert request.url == (
            "https://master.accsyn.com:443/api/v3/J3PKTtDvolDMBtTy6AFGA?%7B%22ident%22%3A%20%22acmefilm%22%7D"
        )
        assert not {"Authorization", "X-Accsyn-Workspace"} & set(request.headers)

    def test_login(self) -> None:
        request = V.login_request(ENDPOINT, SETTINGS, Opening())
        assert (request.method, request.body) == ("PUT", b"{}")
        assert request.url == "https://acmefilm.accsyn.com:443/api/v3/api/login"

    def test_repr_shows_no_secret(self) -> None:
        for call in (V.find("job"), V.update("job", ID, {"a": 1})):
            request = V.request(call, ENDPOINT, SETTINGS, SIGNED_IN)
            shown = repr(request) + repr(SIGNED_IN) + repr(SETTINGS)
            for secret in ("k-0123", "s-0123", base64.b64encode(b"k-0123").decode()):
                assert secret not in shown
