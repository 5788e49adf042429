"""What the generations before 3.2 ask for, and how it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from accsyn_orm.errors import ServerError
from accsyn_orm.expressions.parser import parse_statement
from accsyn_orm.sandbox import Sandbox, earlier_queries
from accsyn_orm.sandbox.earlier_queries import ids_of, renamed
from tests.unit.sandbox.earlier_client import Early, V1Client, V3Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = "614d660de50d45bb027c9bdd"
CLIENTS: dict[str, Callable[[Sandbox], Any]] = {
    "v1": V1Client,
    "v3.0": lambda sandbox: V3Client(sandbox, owner="domain"),
    "v3.1": V3Client,
}


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Iterator[Early]:
    with Sandbox("demo") as sandbox:
        made = CLIENTS[request.param](sandbox)
        made.sign_in()
        yield made


@pytest.fixture(scope="module")
def v1() -> Iterator[V1Client]:
    with Sandbox("demo") as sandbox:
        client = V1Client(sandbox)
        client.sign_in()
        yield client


def task(client: Early, uri: str = "job/create") -> Any:
    tasks = [{"source": "thefilm/a.mov", "destination": "lisa@example.com"}]
    (job,) = client.result("POST", uri, {"code": "made", "tasks": tasks, "allow_duplicates": True})
    return job


def test_jobs_and_queues_are_told_apart_by_a_number(client: Early) -> None:
    jobs = client.result("GET", "job/find", {"type": 1})
    queues = client.result("GET", "JOB/Find", {"type": 2})
    assert jobs == client.result("GET", "job/find", {})
    assert {"priority", "default"} <= set(queues[0])
    assert not {row["id"] for row in jobs} & {row["id"] for row in queues}
    assert client.result("GET", "job/find", {"type": 7})
    for number in (99, "1", True):
        assert "type" in client.refused(400, "GET", "job/find", {"type": number})


def test_a_queue_is_written_as_the_job_that_it_was(client: Early) -> None:
    (queue,) = client.result("POST", "job/create", {"name": "Made", "type": 2})
    assert queue["code"] == "made"
    (changed,) = client.result("PUT", "job/edit", {"description": "x"}, id=queue["id"])
    assert changed["description"] == "x"
    assert "1 queue" in client.ask("GET", "job/report", {}, query=f"id={queue['id']}")["report"]
    (figures,) = client.result("GET", "job/metrics", {"attributes": ["priority"]}, query=f"id={queue['id']}")
    assert figures["metrics"] == {"priority": 500}
    assert client.result("DELETE", "job/delete", {}, id=queue["id"]) is True
    assert client.result("GET", "job/find", {"type": 2}, query="code=made") == []


def test_the_parent_of_a_new_task_is_the_query(client: Early) -> None:
    job = task(client)
    new = {"tasks": {"source": "thefilm/b.mov", "destination": "lisa@example.com"}}
    (made,) = client.result("POST", "job/task/create", new, query=job["id"])
    assert made["job"] == job["id"]
    found = client.result("GET", "job/task/find", {}, query=f"job.id={job['id']} and status=queued")
    assert [row["uri"] for row in found] == ["0", "1"]
    changes = [{"id": row["id"], "priority": 7} for row in found]
    client.result("PUT", "job/task/edit", changes, id=job["id"])
    (one,) = client.result("PUT", "job/task/edit", {"status": "excluded"}, id=made["id"])
    assert (one["status"], one["priority"]) == ("excluded", 7)
    assert "excluded" in client.refused(400, "DELETE", "job/task/delete", {}, id=made["id"])
    assert client.result("DELETE", "job/delete", {}, id=job["id"]) is True


def test_users_and_shares_go_offline(client: Early) -> None:
    for kind, data in (("user", {"code": "gone@example.com"}), ("share", {"name": "Gone"})):
        (made,) = client.result("POST", f"{kind}/create", data)
        assert client.result("DELETE", f"{kind}/offline", {}, id=made["id"]) is True
        query = f"id={made['id']}"
        assert client.result("GET", f"{kind}/find", {}, query=query) == []
        assert len(client.result("GET", f"{kind}/find", {"offline": True}, query=query)) == 1
    effects = [effect for effect in client.sandbox.effects if effect.uri == "user/offline"]
    assert [effect.kind for effect in effects] == ["update"]


def test_settings_have_a_scope_and_an_ident(client: Early) -> None:
    (queue, *_) = client.result("GET", "job/find", {"type": 2})
    for scope, ident in (("organization", None), ("workspace", None), ("job", queue["id"])):
        whose = {"scope": scope, "name": "transfer_speedlimit", **({} if ident is None else {"ident": ident})}
        assert client.result("PUT", "setting", {**whose, "value": scope, "data": None}) is True
        assert client.result("GET", "setting", {**whose, "data": None}) == scope


def test_access_is_found_by_its_old_name_and_changed(client: Early) -> None:
    (user,) = client.result("POST", "user/create", {"code": "acl@example.com", "role": "client"})
    (share,) = client.result("POST", "share/create", {"name": "Shared"})
    entity = f"user:{user['id']}"
    grant = {"ident": entity, "target": f"share:{share['id']}", "read": True, "write": False}
    (made,) = client.result("POST", "acl/create", grant)
    assert client.result("GET", "acl/find", {}, query=f"acl WHERE ident={entity}") == [made]
    mails = client.sandbox.workspace.store.mails
    told = len(mails)
    (changed,) = client.result("PUT", "acl/edit", {"write": True}, id=made["id"])
    assert len(mails) == told, "nobody asked for a mail"
    assert (changed["id"], changed["read"], changed["write"]) == (made["id"], True, True)
    assert client.result("DELETE", "acl/delete", {}, id=made["id"]) is True
    assert NOBODY in client.refused(404, "PUT", "acl/edit", {"write": True}, id=NOBODY)


def test_values_of_before_are_taken(client: Early) -> None:
    for role in ("client", "user"):
        (user,) = client.result("POST", "user/create", {"code": f"{role}@example.org", "role": role})
        assert user["role"] in {"client", "standard"}
    found = client.result("GET", "user/find", {}, query="role=client AND code=client@example.org")
    assert [row["code"] for row in found] == ["client@example.org"]
    (queue,) = client.result("GET", "job/find", {"type": 2}, query="status=disabled OR status=nothing")
    assert queue["code"] == "to-archive"
    (changed,) = client.result("PUT", "job/edit", {"status": "disabled"}, id=queue["id"])
    assert changed["status"] == queue["status"]
    job = task(client)
    (held,) = client.result("PUT", "job/edit", {"status": "pending"}, id=job["id"])
    assert held["status"] == "paused"


def test_attributes_are_asked_by_the_old_name(client: Early) -> None:
    old, new = (
        client.result("GET", "attributes", {"entitytype": name, "create": False, "update": False})
        for name in ("organization", "workspace")
    )
    assert old == new != []


@pytest.mark.parametrize("owner", ["organization", "workspace"])
def test_files_and_the_rest_go_by_either_owner(client: Early, owner: str) -> None:
    listed = client.result("GET", f"{owner}/file", {"op": "ls", "path": "share=projects/", "download": True})
    assert "thefilm" in {entry["filename"] for entry in listed}
    data = {"operation": "list", "data": {}}
    assert client.result("PUT", f"{owner}/integration/ftrack/utility", data)["integration"] == "ftrack"
    files = [{"id": "1", "filename": "a.mov", "size": 3, "is_dir": False}]
    assert client.result("PUT", f"{owner}/publish/preprocess", {"files": files, "size": 3})["files"]


def test_sites_are_of_the_organization(client: Early) -> None:
    for uri in ("organization/site", "site"):
        (site,) = client.result("POST", f"{uri}/create", {"name": "Oslo"})
        assert client.result("GET", f"{uri}/find", {}, query="code=oslo") == [site]
        assert client.result("DELETE", f"{uri}/delete", {}, id=site["id"]) is True


def test_events_of_today_pass_as_they_are(client: Early) -> None:
    assert client.result("GET", "transfer/find", {}) == client.result("GET", "job/find", {"type": 1})
    (queue,) = client.result("GET", "queue/find", {"limit": 1})
    assert client.result("GET", "setting", {"entitytype": "queue"}, id=queue["id"]) is not None


def test_unknown_operations_are_named(client: Early) -> None:
    for uri in ("job/fly", "organization/fly", "starship/find", "organization"):
        assert client.refused(404, "GET", uri, {})


def test_rows_of_v1_are_those_of_v1(v1: V1Client) -> None:
    queues = v1.result("GET", "job/find", {"type": 2})
    assert {row["status"] for row in queues} == {"waiting", "disabled"}
    assert {row["type"] for row in queues} == {2}
    assert {row["type"] for row in v1.result("GET", "job/find", {"type": 1})} == {1}
    assert {row["role"] for row in v1.result("GET", "user/find", {})} == {"admin", "employee", "client"}
    (acl, *_) = v1.result("GET", "acl/find", {})
    assert (acl["ident"], acl["ident_hr"]) == (acl["entity"], acl["entity_hr"])
    chosen = v1.result("GET", "job/find", {"type": 2, "attributes": ["status"]})
    assert {frozenset(row) for row in chosen} == {frozenset({"id", "status"})}
    assert v1.result("GET", "job/find", {"type": 2, "attributes": ["type"], "limit": 1})[0]["type"] == 2
    names = v1.result("GET", "entitytypes", {})
    assert {"job", "organization"} <= set(names)
    assert not {"transfer", "delivery", "workspace"} & set(names)


def test_what_is_stored_stays_as_it_is_today(v1: V1Client) -> None:
    v1.result("GET", "job/find", {"type": 2})
    stored = {row.document["status"] for row in v1.sandbox.workspace.store.rows(["queue"])}
    assert stored == {"waiting", "paused"}


@pytest.mark.parametrize("uri", ["user/find", "job/report", "acl/find"])
def test_queries_that_cannot_be_read_are_refused(v1: V1Client, uri: str) -> None:
    assert "cannot be read" in v1.refused(400, "GET", uri, {}, query="a==")


@pytest.mark.parametrize(
    ("query", "today"),
    [
        (None, None),
        ("", ""),
        ("ROLE=Client", 'ROLE = "standard"'),
        (
            "role!=client and (code=a or role=user)",
            '(role != "standard" AND (code = "a" OR role = "standard"))',
        ),
        ("role in client,admin", 'role IN "standard,admin"'),
        ("code=client", "code=client"),
        ("user WHERE role=client", 'user WHERE role = "standard"'),
        ("""role=client and name='say "x"'""", """(role = "standard" AND name = 'say "x"')"""),
        ("role=client and code=*@x", '(role = "standard" AND code = "*@x")'),
        ("ident=user:*", 'entity = "user:*"'),
    ],
)
def test_queries_are_renamed(query: str | None, today: str | None) -> None:
    values = {"role": {"client": "standard", "user": "standard"}}
    assert renamed(query, {"ident": "entity"}, values) == today


OPERATORS = st.sampled_from(["=", "!=", "<>", " CONTAINS ", " IN ", " NOT IN ", " MATCHES ", "<", ">="])
TEXTS = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters='"'), max_size=6)
LEAVES = st.builds(
    lambda name, operator, value: f'{name}{operator}"{value}"',
    st.sampled_from(["role", "code", "job.id"]),
    OPERATORS,
    TEXTS.filter(lambda text: all(item.strip() for item in text.split(","))) | st.sampled_from(["a,b", "*a"]),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda terms, word: f"({f' {word} '.join(terms)})",
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(["AND", "OR"]),
    ),
    max_leaves=8,
)


@given(QUERIES)
def test_a_query_written_down_says_the_same(query: str) -> None:
    expression = parse_statement(query).expression
    assert parse_statement(earlier_queries._text(expression)).expression == expression


@pytest.mark.parametrize(
    ("query", "ids"),
    [(None, ()), ("id=abc", ("abc",)), ("job WHERE id='abc'", ("abc",)), ("id!=abc", ()), ("code=abc", ())],
)
def test_the_id_that_a_query_asks_for(query: str | None, ids: tuple[str, ...]) -> None:
    assert ids_of(query) == ids


def test_a_query_that_holds_nowhere_cannot_be_written_down() -> None:
    from accsyn_orm.expressions.tree import NOTHING

    with pytest.raises(ServerError, match="written down"):
        earlier_queries._text(NOTHING)
