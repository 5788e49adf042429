"""Every public method of the published clients, each run against a sandbox: it must not be able to tell what it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accsyn_orm.sandbox import RequestRecord, Sandbox
from tests.conformance.clients import VERSIONS, public_methods, signatures, uses_of

EARLIER = tuple(version for version in VERSIONS if version != "3.4.0")
WITH_KEYS = ("1.4.1.post1", "2.0.1", "2.2.1")
SECRETS = ("api_key", "pwd")
Check = Callable[[Any], bool]

# What must be raised, in the words of the sandbox or of the client.
RAISED = {
    "delete a task": "excluded",
    "bad status": "'nonsense'",
    "bad query": "'stauts'",
    "bad type": "'starship'",
    "sign in again": "Already logged in",
    "rm": "exists already",
    "delete what is not empty": "Cannot delete non-empty directory",
}
TRUE = (
    *("delete access", "delete a share", "delete a user", "delete a site", "delete a queue", "delete a job"),
    *(
        "assign",
        "assign for a site",
        "deassign",
        "deassign from a site",
        "exists",
        "mkdir",
        "rename",
        "mkdir inside",
    ),
    *(
        "mv",
        "moved",
        "take a user offline",
        "take a share offline",
        "set a setting",
        "set a setting of a job",
    ),
    *(
        "set a setting of a queue",
        "deactivate",
        "activate",
        "take offline",
        "bring back",
        "delete files",
        "revoke",
    ),
    *("grant again", "add a recipient", "remove the recipient", "mkdir again", "delete", "delete a setting"),
)
NOTHING = (
    *("nothing", "deleted", "app", "server", "desktop app", "daemon", "help", "app by the old name"),
    "server by the old name",
)


def statuses(rows: Any) -> set[str]:
    return {row["status"] for row in rows}


CHECKS: dict[str, Check] = {
    **dict.fromkeys(TRUE, lambda seen: seen is True),
    **dict.fromkeys(NOTHING, lambda seen: seen in (None, False)),
    "entitytypes": lambda seen: {"job", "queue", "task", "user", "share"} <= set(seen),
    "attributes": lambda seen: {"name", "status", "metadata"} <= set(seen),
    "jobs": lambda seen: len(seen) > 20 and all(set(row["created"]) == {"date"} for row in seen),
    "job": lambda seen: seen["name"] == "my_transfer",
    "page": lambda seen: [set(row) for row in seen] == [{"id", "code", "status"}] * 3,
    "finished jobs": lambda seen: statuses(seen) == {"done"},
    "tasks": lambda seen: len(seen) > 0,
    "sites": lambda seen: [row["code"] for row in seen] == ["hq", "sthlm", "london"],
    "access": lambda seen: len(seen) in {0, 1, 2},
    "access of one": lambda seen: len(seen) == 1,
    "organization": lambda seen: seen["code"] == "acmefilm",
    "create a job": lambda seen: seen["name"] == "made",
    "create a task": lambda seen: seen["source"]["path"] == "thefilm/b.mov",
    "create tasks": lambda seen: len(seen) == 2,
    "create a queue": lambda seen: seen["name"] in {"Made", "transfer " + seen["id"][:8]},
    "create access": lambda seen: (seen["read"], seen["write"]) == (True, False),
    "change access": lambda seen: (seen["read"], seen["write"]) == (True, True),
    "pause a job": lambda seen: seen["status"] == "paused",
    "await a place": lambda seen: seen["status"] == "paused",
    "rename a site": lambda seen: seen["description"] == "changed",
    "rename a user": lambda seen: seen["name"] == "Changed",
    "rename a share": lambda seen: seen["name"] == "Changed",
    "exclude a task": lambda seen: seen["status"] == "excluded",
    "exclude tasks": lambda seen: [row["status"] for row in seen] == ["excluded"] * 2,
    "ls": lambda seen: "thefilm" in {entry["filename"] for entry in seen},
    "ls all": lambda seen: any(entry["files"] for entry in seen),
    "getsize": lambda seen: type(seen) is int and seen > 0,
    "does not exist": lambda seen: seen is False,
    "prepublish": lambda seen: seen["files"][0]["ident"] == "1",
    "report": lambda seen: "my_transfer" in seen,
    "report of a queue": lambda seen: "high" in seen,
    "api key": lambda seen: len(seen) == 36,
    "queues afterwards": lambda seen: seen == 7,
    "session key": lambda seen: isinstance(seen, str),
    "new session key": lambda seen: isinstance(seen, str),
    "metrics": lambda seen: seen[0]["metrics"] == {"speed": -1.0},
    "metrics of a queue": lambda seen: seen[0]["metrics"] == {"priority": 999},
    "assignments": lambda seen: any(row["code"] == "srv-hq-01" for row in seen),
    "offline": lambda seen: [row["name"] for row in seen] == ["Gone"],
    "inactive users": lambda seen: "former@example.com" in {row["code"] for row in seen},
    "pack": lambda seen: seen == 110_000,
    "integration": lambda seen: seen["operation"] == "list",
    "setting": lambda seen: seen in {"0", "7"},
    "setting of a job": lambda seen: seen == "7",
    "settings": lambda seen: seen["transfer_speedlimit"] in {"5", "7"},
    "settings afterwards": lambda seen: seen == {},
    "update": lambda seen: seen["status"] == "paused",
    "update by the old name": lambda seen: seen["status"] == "waiting",
    "update tasks": lambda seen: [row["priority"] for row in seen] == [7, 7],
    "inactive": lambda seen: seen["inactive"] is True,
    "files": lambda seen: [row["path"] for row in seen] == ["thefilm/a.mov"],
    "logs": lambda seen: len(seen["result"]) > 0,
    "grant": lambda seen: (seen["read"], seen["write"]) == (True, False),
    "no access": lambda seen: seen == [],
    "recipients": lambda seen: [row["user_hr"] for row in seen] == ["made@example.com"],
    "event": lambda seen: seen["result"][0]["code"] == "john@user.com",
}
# In the words of generation 1.
CHECKS_OF_1: dict[str, Check] = {
    "entitytypes": lambda seen: (
        {"job", "organization"} <= set(seen) and not {"transfer", "workspace"} & set(seen)
    ),
    "jobs": lambda seen: {row["type"] for row in seen} == {1},
    "queues": lambda seen: {row["type"] for row in seen} == {2} and statuses(seen) == {"waiting", "disabled"},
    "disabled queues": lambda seen: [row["code"] for row in seen] == ["to-archive"],
    "disable a queue": lambda seen: seen["status"] == "disabled",
    "users": lambda seen: {row["role"] for row in seen} == {"admin", "employee", "client"},
    "clients": lambda seen: {row["role"] for row in seen} == {"client"},
    "create a user": lambda seen: seen["role"] == "client",
    "access of one": lambda seen: seen[0]["ident"] == seen[0]["entity"],
    "last message": lambda seen: "'nonsense'" in seen,
}


class Seen:
    """What a version returned and raised, and what the sandbox was asked meanwhile."""

    def __init__(self, version: str, printed: dict[str, Any], requests: list[RequestRecord]) -> None:
        self.version = version
        self.called: list[str] = printed["called"]
        self.uses: dict[str, Any] = printed["uses"]
        self.requests = requests


@pytest.fixture(scope="module", params=VERSIONS)
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    with Sandbox() as sandbox:
        printed = uses_of(request.param, sandbox, _chosen(sandbox, "api_key"))
        yield Seen(request.param, printed, sandbox.requests)


def _chosen(sandbox: Sandbox, *names: str) -> dict[str, str]:
    credentials = sandbox.credentials("admin")
    return {name: credentials[name] for name in ("workspace", "username", *names)}


def test_every_public_method_is_called(seen: Seen) -> None:
    assert seen.called == public_methods(seen.version)


def test_every_use_returns_or_raises_what_it_should(seen: Seen) -> None:
    checks = {**CHECKS, **(CHECKS_OF_1 if seen.version in WITH_KEYS else {})}
    wrong = {}
    for name, found in seen.uses.items():
        raised = isinstance(found, dict) and set(found) == {"raised", "text"}
        right = (
            RAISED[name] in found["text"] if raised and name in RAISED else not raised and name not in RAISED
        )
        if not right or not (raised or checks.get(name, lambda _: True)(found)):
            wrong[name] = found
    assert wrong == {}


def test_no_use_is_named_that_nobody_makes() -> None:
    from tests.conformance import earlier_uses, later_uses

    made = {*later_uses.USES, *(name for version in EARLIER for name in earlier_uses.uses_of(version))}
    assert {*CHECKS, *CHECKS_OF_1, *RAISED} <= made


def test_nothing_failed_inside(seen: Seen) -> None:
    assert [record for record in seen.requests if record.status >= 500] == []


def test_refused_is_only_what_should_be(seen: Seen) -> None:
    refused = [record for record in seen.requests if record.status != 200]
    assert len(refused) == sum(name in RAISED and name != "sign in again" for name in seen.uses)


def test_large_payloads_arrive_compressed(seen: Seen) -> None:
    assert [record.uri for record in seen.requests if record.compressed] == ["job/edit"] * (
        "pack" in seen.uses
    )


def test_what_travels_has_no_key_of_a_database(seen: Seen) -> None:
    assert '"_id"' not in json.dumps(seen.uses)


@pytest.mark.parametrize("version", WITH_KEYS)
@pytest.mark.parametrize("secret", [*SECRETS, "session_key"])
def test_it_signs_in_in_every_way(version: str, secret: str) -> None:
    with Sandbox() as sandbox:
        credentials = _chosen(sandbox, *SECRETS)
        if secret == "session_key":
            made = uses_of(version, sandbox, _chosen(sandbox, "api_key"), ["new session key"])
            credentials["session_key"] = made["uses"]["new session key"]
        credentials = {name: credentials[name] for name in ("workspace", "username", secret)}
        found = uses_of(version, sandbox, credentials, ["sites", "session key"])
        assert len(found["uses"]["sites"]) == 3
        assert credentials["username"] == sandbox.requests[-1].ident


@pytest.mark.parametrize(("version", "secret"), [("1.4.1.post1", "api_key"), ("2.2.1", "pwd")])
def test_a_wrong_secret_is_refused(version: str, secret: str) -> None:
    with Sandbox("empty") as sandbox:
        credentials = {**_chosen(sandbox), secret: "wrong"}
        with pytest.raises(RuntimeError, match="is not right"):
            uses_of(version, sandbox, credentials, ["sites"])
        # A client of 2.x signs in again and again where the answer says that the session expired.
        assert [record.uri for record in sandbox.requests] == ["registry", "user/login/auth"]


@pytest.mark.parametrize("version", WITH_KEYS)
def test_with_a_key_it_renews_a_session_that_ended(version: str) -> None:
    with Sandbox() as sandbox:
        sandbox.faults.add(uri="organization/site/find", kind="session_expired")
        found = uses_of(version, sandbox, _chosen(sandbox, "api_key"), ["users", "sites", "session key"])
        assert len(found["uses"]["sites"]) == 3
        uris = [record.uri for record in sandbox.requests]
        assert uris[-3:] == ["organization/site/find", "user/login/auth", "organization/site/find"]
        assert sandbox.requests[-1].eid == sandbox.requests[-3].eid


def test_without_one_it_is_told() -> None:
    with Sandbox() as sandbox:
        sandbox.faults.add(uri="organization/site/find", kind="session_expired")
        found = uses_of("2.2.1", sandbox, _chosen(sandbox, "pwd"), ["sites"])
        assert "session has ended" in found["uses"]["sites"]["text"]


@pytest.mark.parametrize("version", ["2.2.1", "3.1.0", "3.4.0"])
def test_it_speaks_tls(version: str) -> None:
    with Sandbox(tls=True) as sandbox:
        found = uses_of(version, sandbox, _chosen(sandbox, "api_key"), ["jobs"])
        assert len(found["uses"]["jobs"]) > 20
        # It was told the host, so it asks nobody for it.
        assert sandbox.requests[0].uri in {"api/login", "user/login/auth"}


@pytest.mark.parametrize("version", VERSIONS)
def test_its_methods_are_listed_with_their_parameters(version: str) -> None:
    found = signatures(version)
    assert found["find"].startswith("(self, query")
    assert " at 0x" not in "".join(found.values())
