"""The calls of v1, v3.0 and v3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import InvalidValue, UnsupportedByDialect
from accsyn_orm.wire.dialect_v1 import V1, V30, V31
from accsyn_orm.wire.dialects import V3
from accsyn_orm.wire.generations import GENERATIONS

if TYPE_CHECKING:
    from accsyn_orm.wire.messages import Call

ID = "614d660de50d45bb027c9bdd"
JOB = "5b0faf03304bfd4810dbd5fc"
V = V1()
EARLIER = [V1(), V30(), V31()]


def parts(call: Call) -> tuple[Any, ...]:
    return (call.method, call.uri, call.id, call.query, call.data)


class TestCalls:
    @pytest.mark.parametrize(
        ("call", "expected"),
        [
            (V.entitytypes(), ("GET", "entitytypes", None, None, {})),
            (V.attributes("Queue"), ("GET", "attributes", None, None, {"entitytype": "queue", "create": False, "update": False})),
            (V.attributes("transfer", create=True), ("GET", "attributes", None, None, {"entitytype": "job", "create": True, "update": False})),
            (V.find("Job"), ("GET", "job/find", None, None, {"type": 1})),
            (V.find("transfer", "a=B"), ("GET", "job/find", None, "a=B", {"type": 1})),
            (V.find("queue"), ("GET", "job/find", None, None, {"type": 2})),
            (
                V.find("job", "a=1", finished=True, inactive=True, archived=False, limit=5, skip=2, attributes=["id"], single=True),
                ("GET", "job/find", None, "a=1", {"type": 1, "finished": True, "offline": True, "archived": False, "limit": 5, "skip": 2, "attributes": ["id"]}),
            ),
            (V.find("task", parent=JOB), ("GET", "job/task/find", None, f"job.id={JOB}", {})),
            (V.find("task", "a=1 OR b=2", parent=JOB), ("GET", "job/task/find", None, f"job.id={JOB} AND (a=1 OR b=2)", {})),
            (V.find("task", f"job.id={JOB}"), ("GET", "job/task/find", None, f"job.id={JOB}", {})),
            (V.find("Site"), ("GET", "organization/site/find", None, None, {})),
            (V.find("workspace"), ("GET", "organization/find", None, None, {})),
            (V.find("user"), ("GET", "user/find", None, None, {})),
            (V.create("job", {"a": 1}), ("POST", "job/create", None, None, {"a": 1, "allow_duplicates": True})),
            (V.create("transfer", {"a": 1}), ("POST", "job/create", None, None, {"a": 1, "allow_duplicates": True})),
            (V.create("job", {"a": 1}, allow_duplicates=False), ("POST", "job/create", None, None, {"a": 1, "allow_duplicates": False})),
            (V.create("queue", {"name": "q"}), ("POST", "job/create", None, None, {"name": "q", "type": 2})),
            (V.create("task", {"a": 1}, id=JOB), ("POST", "job/task/create", None, JOB, {"tasks": {"a": 1}, "allow_duplicates": True})),
            (V.create("site", {"name": "s"}), ("POST", "organization/site/create", None, None, {"name": "s"})),
            (V.create("user", {"code": "s"}), ("POST", "user/create", None, None, {"code": "s"})),
            (V.update("transfer", ID, {"a": 1}), ("PUT", "job/edit", ID, None, {"a": 1})),
            (V.update("queue", ID, {"a": 1}), ("PUT", "job/edit", ID, None, {"a": 1})),
            (V.update("acl", ID, {"a": 1}), ("PUT", "acl/edit", ID, None, {"a": 1})),
            (V.update("task", ID, {"a": 1}), ("PUT", "job/task/edit", ID, None, {"a": 1})),
            (V.update_many("task", JOB, [{"id": "1", "a": 1}]), ("PUT", "job/task/edit", JOB, None, [{"id": "1", "a": 1}])),
            (V.delete("queue", ID), ("DELETE", "job/delete", ID, None, {})),
            (V.delete("site", ID, {}), ("DELETE", "organization/site/delete", ID, None, {})),
            (V.delete("acl", ID), ("DELETE", "acl/delete", ID, None, {})),
            (V.deactivate("User", ID), ("DELETE", "user/offline", ID, None, {})),
            (V.deactivate("share", ID), ("DELETE", "share/offline", ID, None, {})),
            (V.acls("target=share:1 AND entity=user:2"), ("GET", "acl/find", None, "target=share:1 AND entity=user:2", {})),
            (V.acls("acl WHERE target=share:1", recursive=False), ("GET", "acl/find", None, "target=share:1", {})),
            (V.create_acl({"entity": "user:1", "target": "share:2"}), ("POST", "acl/create", None, None, {"entity": "user:1", "target": "share:2"})),
            (V.delete_acl(ID), ("DELETE", "acl/delete", ID, None, {})),
            (V.by_code("user", "code=lisa@example.com"), ("GET", "user/find", None, "code=lisa@example.com", {})),
            (V.by_code("queue", "code=high"), ("GET", "job/find", None, "code=high", {"type": 2})),
            (V.assign("share", ID, JOB), ("PUT", "share/edit", ID, None, {"server": JOB})),
            (V.assign("volume", ID, JOB, kind="siteserver"), ("PUT", "share/edit", ID, None, {"siteserver": JOB})),
            (V.deassign("share", ID, JOB), ("PUT", "share/edit", ID, None, {"server_clear": JOB})),
            (V.deassign("share", ID, JOB, kind="siteserver"), ("PUT", "share/edit", ID, None, {"siteserver_clear": JOB})),
            (V.assignments("Volume", ID), ("GET", "share/servers", ID, None, {})),
            (V.file("ls", "share=x/a", recursive=True), ("GET", "organization/file", None, None, {"op": "ls", "path": "share=x/a", "download": True, "recursive": True, "getsize": False})),
            (V.file("move", "share=x/a", path_to="share=x/b"), ("PUT", "organization/file", None, None, {"op": "move", "path": "share=x/a", "path_to": "share=x/b"})),
            (V.setting("workspace", "n"), ("GET", "setting", None, None, {"scope": "workspace", "name": "n", "data": None})),
            (V.setting("share", "n", id=ID, integration="ftrack", data={"a": 1}), ("GET", "setting", None, None, {"scope": "share", "name": "n", "ident": ID, "integration": "ftrack", "data": {"a": 1}})),
            (V.settings("job", id=ID), ("GET", "setting", None, None, {"scope": "job", "name": None, "ident": ID, "data": None})),
            (V.settings(), ("GET", "setting", None, None, {"scope": "workspace", "name": None, "data": None})),
            (V.set_setting("job", "n", "v", id=ID), ("PUT", "setting", None, None, {"scope": "job", "name": "n", "value": "v", "ident": ID, "data": None})),
            (V.set_setting("job", "n", "v", integration="ftrack", data={"a": 1}), ("PUT", "setting", None, None, {"scope": "job", "name": "n", "value": "v", "integration": "ftrack", "data": {"a": 1}})),
            (V.report("Queue", "id=1"), ("GET", "job/report", None, "id=1", {})),
            (V.metrics("site", "id=1"), ("GET", "organization/site/metrics", None, "id=1", {"attributes": ["speed"]})),
            (V.metrics("job", attributes=["a"], time="x"), ("GET", "job/metrics", None, None, {"attributes": ["a"], "time": "x"})),
            (V.prepublish([{"filename": "a", "size": 3}]), ("PUT", "organization/publish/preprocess", None, None, {"files": [{"filename": "a", "size": 3}], "size": 3})),
            (V.integration("ftrack", "op", {"a": 1}), ("PUT", "organization/integration/ftrack/utility", None, None, {"operation": "op", "data": {"a": 1}})),
            (V.api_key(), ("GET", "user/api_key", None, None, {})),
            (V.client_status("app", ID, "vm"), ("GET", "client/find", None, f"user={ID} AND code=vm AND type=0", {})),
            (V.client_status("daemon", ID, "vm"), ("GET", "client/find", None, f"user={ID} AND code=vm AND type!=0", {})),
            (V.session_key("john@user.com"), ("POST", "user/generate_session_key", None, "john@user.com", {"lifetime": None})),
            (V.session_key("john@user.com", 60), ("POST", "user/generate_session_key", None, "john@user.com", {"lifetime": 60})),
        ],
    )  # fmt: skip
    def test_parts(self, call: Call, expected: tuple[Any, ...]) -> None:
        assert parts(call) == expected
        assert list(call.data) == list(expected[4]), "in the order of the published client"

    @pytest.mark.parametrize(
        ("entitytype", "scopes"),
        [
            ("job", [{"type": 1}, {"type": 1, "finished": True}, {"type": 1, "archived": True}]),
            ("user", [{}, {"offline": True}, {"archived": True}]),
            ("folder", [{}, {"offline": True}, {"archived": True}]),
            ("queue", [{"type": 2}]),
            ("site", [{}]),
        ],
    )
    def test_one_entity_is_looked_for_in_one_scope_after_the_other(
        self, entitytype: str, scopes: list[dict[str, Any]]
    ) -> None:
        call: Call | None = V.entity(entitytype, ID)
        seen = []
        while call is not None:
            assert (call.method, call.query, call.entity) == ("GET", f"id={ID}", f"{entitytype}:{ID}")
            seen.append(call.data)
            call = call.otherwise
        assert seen == scopes

    def test_one_task_is_looked_for_in_its_job_where_that_is_known(self) -> None:
        call = V.entity("task", ID, parent=JOB)
        assert (call.uri, call.query) == ("job/task/find", f"job.id={JOB} AND (id={ID})")
        assert V.entity("task", ID).query == f"id={ID}"
        assert parts(V3().entity("task", ID, parent=JOB)) == ("GET", "task/find", ID, None, {})

    @pytest.mark.parametrize("dialect", EARLIER)
    @pytest.mark.parametrize(
        "build",
        [
            lambda v: v.find("delivery"),
            lambda v: v.find("compute"),
            lambda v: v.find("file", parent=JOB),
            lambda v: v.find("user", parent=JOB),
            lambda v: v.entity("stream", ID),
            lambda v: v.attributes("request"),
            lambda v: v.create("Request", {"a": 1}),
            lambda v: v.create("file", {"files": ["a"]}, id=JOB),
            lambda v: v.create("job", {"a": 1}, replace_duplicates=True),
            lambda v: v.update("compute", ID, {"a": 1}),
            lambda v: v.delete("delivery", ID),
            lambda v: v.delete("job", ID, {"force": True}),
            lambda v: v.deactivate("queue", ID),
            lambda v: v.activate("user", ID),
            lambda v: v.recipients(ID),
            lambda v: v.add_recipient(ID, "a@b", invite=True),
            lambda v: v.remove_recipient(ID, "a@b"),
            lambda v: v.acls("target=share:1", recursive=True),
            lambda v: v.delete_many("collection", ID, {"files": ["1"]}),
            lambda v: v.file("delete", "share=x/a"),
            lambda v: v.settings("job", id=ID, upstream=True),
            lambda v: v.settings("job", id=ID, omit_defaults=False),
            lambda v: v.delete_setting("job", "n", id=ID),
            lambda v: v.report("delivery"),
            lambda v: v.metrics("compute"),
            lambda v: v.logs(),
        ],
    )
    def test_what_only_later_generations_can_do_is_refused_and_they_are_named(
        self, dialect: V3, build: Any
    ) -> None:
        with pytest.raises(UnsupportedByDialect, match=rf"{dialect.name}: that takes v3\.2 or later"):
            build(dialect)

    @pytest.mark.parametrize("dialect", [V3(), V30(), V31()])
    def test_session_keys_are_made_by_v1_alone(self, dialect: V3) -> None:
        with pytest.raises(UnsupportedByDialect, match="protocol='v1' makes them"):
            dialect.session_key("john@user.com")

    @pytest.mark.parametrize(
        "build",
        [
            lambda: V.find("../user"),
            lambda: V.find("task", parent="../1"),
            lambda: V.find("job", limit=0),
            lambda: V.entity("job", "1 OR id=2"),
            lambda: V.create("task", {"a": 1}, id="../1"),
            lambda: V.create("job", {}),
            lambda: V.update("job", ID, {}),
            lambda: V.update("job", "../1", {"a": 1}),
            lambda: V.update_many("job", ID, [{"id": "1"}]),
            lambda: V.delete("task", ID),
            lambda: V.delete("job", ""),
            lambda: V.deactivate("user", "a/b"),
            lambda: V.activate("../user", ID),
            lambda: V.session_key("a\nb"),
            lambda: V.assign("folder", ID, JOB),
            lambda: V.assign("share", ID, JOB, kind="lane"),
            lambda: V.assign("share", ID, "../1", kind="siteserver"),
            lambda: V.assignments("user", ID),
            lambda: V.file("rm", "share=x/a"),
            lambda: V.set_setting("job", "n", 5),  # type: ignore[arg-type]
            lambda: V.report("../user"),
            lambda: V.metrics("job", attributes="speed"),
            lambda: V.session_key("j@u", 0),
            lambda: V.session_key("j@u", True),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, build: Any) -> None:
        with pytest.raises(InvalidValue):
            build()

    def test_v3_0_and_v3_1_say_the_same_with_today_s_names_for_sites_and_the_workspace(self) -> None:
        for dialect in (V30(), V31()):
            assert dialect.find("site").uri == "site/find"
            assert dialect.find("workspace").uri == "workspace/find"
            assert dialect.file("exists", "share=x").uri == "workspace/file"
            assert dialect.prepublish([]).uri == "workspace/publish/preprocess"
            assert dialect.setting("job", "n").data["scope"] == "job"
            assert parts(dialect.find("queue", inactive=True)) == (
                "GET",
                "job/find",
                None,
                None,
                {"type": 2, "offline": True},
            )
            assert parts(dialect.create("task", {"a": 1}, id=JOB))[1:4] == ("job/task/create", None, JOB)

    def test_the_query_language(self) -> None:
        assert [GENERATIONS[name]().query_language for name in ("v1", "v3.0", "v3.1", "v3")] == [
            "2021",
            "2021",
            "2021",
            "2026",
        ]
