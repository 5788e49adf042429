"""
Calls of the kind that the published documentation shows, page by page: signing in, queries, and what is about all types.

Each test is named by the page, and by what its section is about. They run against the sandbox.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm as accsyn_api

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

    from .conftest import Connect

# Every page that something of this project rests on; the earlier ones by their year.
PAGES = (
    *("page_of_2021", "using", "misc", "introduction", "release_notes", "datatypes", "errors", "python_api"),
    *("transfers", "jobs_of_2023", "deliveries", "queues", "compute", "job_specification"),
    *("filesharing", "file", "settings", "publish", "users", "sites", "clients"),
)
JOHN, LISA = "john@user.com", "lisa@example.com"
WAYS = ("api_key", "pwd", "session_key")


@pytest.fixture(params=WAYS)
def session(request: pytest.FixtureRequest, demo_sandbox: Sandbox, connect: Connect) -> Any:
    """Sign in each way of the page of 2021: an API key speaks v3, the other two v1."""
    known = demo_sandbox.credentials("admin")
    if request.param == "session_key":
        return connect(session_key=connect(pwd=known["pwd"]).generate_session_key())
    return connect(**{request.param: known[request.param]})


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_examples(page: str) -> None:
    modules = Path(__file__).parent.glob("test_documentation_examples*.py")
    assert any(f"\ndef test_{page}" in module.read_text(encoding="utf-8") for module in modules)


# "Using the accsyn Python API", 2021


def test_page_of_2021_own_profile(session: Any) -> None:
    profile = session.find_one("User")
    assert profile["code"] == JOHN
    assert isinstance(profile["modified"], dt.datetime)


def test_page_of_2021_find(session: Any) -> None:
    for entity in ("job", "user", "queue", "share", "site", "client"):
        assert session.find(entity), entity


def test_page_of_2021_expressions(session: Any) -> None:
    found = session.find(
        'job WHERE ((user=5bfeb0381da7ee4095fa217e AND source!=hq) OR status<>failed) AND code="Daily backup"'
    )
    assert found
    assert all(job["code"] == "Daily backup" and job["status"] != "failed" for job in found)


def test_page_of_2021_limit(session: Any) -> None:
    jobs = session.find("Job")
    only = session.find_one(f"Job where id={jobs[0]['id']}", attributes=["source", "destination"])
    assert {"source", "destination"} <= set(only) <= {"id", "source", "destination"}
    assert session.find("Job", skip=100, limit=50) == []
    assert session.find("Job", skip=3, limit=5) == jobs[3:8]


def test_page_of_2021_create_modify_delete(session: Any) -> None:
    user = session.create("user", {"code": "freelancer@example.com", "role": "standard"})
    changed = session.update("user", user["id"], {"name": "Freelancer"})
    assert changed["name"] == "Freelancer"
    assert session.delete_one("user", user["id"]) is True
    assert session.find_one(f"user WHERE id={user['id']}") is None


def test_page_of_2021_abort_and_purge_a_job(session: Any) -> None:
    made = session.create(
        "job", {"code": "to_be_purged", "tasks": [{"source": "thefilm", "destination": LISA}]}
    )
    j = session.find_one('Job WHERE code="to_be_purged"')
    assert j["id"] == made["id"]
    aborted = session.update("Job", j["id"], {"status": "aborted"})
    assert aborted["status"] == "aborted"
    assert session.delete_one("Job", j["id"]) is True
    assert session.find("job WHERE code=to_be_purged", finished=True) == []


def test_page_of_2021_error_handling(session: Any) -> None:
    with pytest.raises(accsyn_api.AccsynException, match="nonsense") as caught:
        session.update("user", session.find_one("User")["id"], {"status": "nonsense"})
    assert session.get_last_message() == str(caught.value)


def test_page_of_2021_a_session_that_expired(
    demo_sandbox: Sandbox, session: Any, request: pytest.FixtureRequest
) -> None:
    demo_sandbox.expire_sessions()
    if request.node.callspec.params["session"] == "api_key":
        assert session.find_one("User")["code"] == JOHN
        return
    with pytest.raises(accsyn_api.AccsynException):
        session.find_one("User")
    session.renew(pwd=demo_sandbox.credentials("admin")["pwd"])
    assert session.find_one("User")["code"] == JOHN


# using.rst


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("status=waiting", lambda job: job["status"] == "waiting"),
        ("status!=waiting", lambda job: job["status"] != "waiting"),
        ("status<>waiting", lambda job: job["status"] != "waiting"),
        ("size>9000000000", lambda job: job["size"] > 9_000_000_000),
        ("size<=9000000000", lambda job: job["size"] <= 9_000_000_000),
        ("size>=1000000000 AND size<9000000000", lambda job: 10**9 <= job["size"] < 9 * 10**9),
        ("status IN waiting,paused", lambda job: job["status"] in {"waiting", "paused"}),
        ("status NOT IN waiting,paused", lambda job: job["status"] not in {"waiting", "paused"}),
        ("code CONTAINS backup", lambda job: "backup" in job["code"].lower()),
        ("code NOT CONTAINS backup", lambda job: "backup" not in job["code"].lower()),
        ('code="* backup"', lambda job: job["code"].lower().endswith(" backup")),
        ("code='Daily*'", lambda job: job["code"].startswith("Daily")),
        ('code MATCHES "^shot[0-9]+ grade$"', lambda job: job["code"].lower().endswith(" grade")),
        ('code NOT MATCHES "^shot"', lambda job: not job["code"].lower().startswith("shot")),
        ('CODE="daily BACKUP"', lambda job: job["code"] == "Daily backup"),
        ("user=john@user.com", lambda job: job["user_hr"].startswith("user:john@user.com")),
        (
            "(status=paused OR status=failed) AND (code=*backup OR code=Sound*)",
            lambda job: job["status"] in {"paused", "failed"} and job["code"].startswith(("Daily", "Weekly", "Sound")),
        ),
    ],
)  # fmt: skip
def test_using_expressions(admin: Any, expression: str, holds: Callable[[dict[str, Any]], bool]) -> None:
    everything = admin.find("transfer")
    assert admin.find(f"transfer WHERE {expression}") == [job for job in everything if holds(job)]


def test_using_a_workspace_stands_for_its_sites(admin: Any) -> None:
    sites = {f"site:{site['id']}" for site in admin.find("site")}
    found = admin.find("transfer WHERE source=acmefilm")
    assert found == [job for job in admin.find("transfer") if job["source"] in sites]


def test_using_attributes_limit_and_skip(admin: Any) -> None:
    rows = admin.find("user", attributes=["code"], limit=2, skip=1)
    assert [row["code"] for row in rows] == [user["code"] for user in admin.find("user")[1:3]]
    assert all(set(row) <= {"id", "code"} for row in rows)


def test_using_entity_types_and_attributes(admin: Any) -> None:
    assert {"transfer", "user", "queue", "task"} <= set(admin.find("entitytypes"))
    found = admin.find("attributes WHERE entitytype=transfer")
    settable = admin.find("attributes WHERE entitytype=transfer", update=True)
    assert set(settable) < set(found)
    assert "tasks" in admin.find("attributes WHERE entitytype=transfer", create=True)


def test_using_data_as_json(admin: Any) -> None:
    queue = admin.create("queue", json.dumps({"name": "Made of text"}))
    assert admin.delete_one("queue", queue["id"]) is True


# misc.rst, introduction.rst, release_notes.rst


def test_misc_session_keys(demo_sandbox: Sandbox, connect: Connect) -> None:
    known = demo_sandbox.credentials("standard")
    first = connect("standard", pwd=known["pwd"])
    assert connect("standard", session_key=first.get_session_key()).find_one("User")["code"] == LISA
    short = first.generate_session_key(60)
    assert connect("standard", session_key=short).find_one("User")["code"] == LISA


def test_misc_reports_metrics_and_logs(admin: Any) -> None:
    job = admin.find_one("transfer WHERE code=my_transfer")
    assert "my_transfer" in admin.report(f"transfer WHERE id={job['id']}")
    (figures,) = admin.metrics(f"transfer WHERE id={job['id']}", attributes=["size"])
    assert figures["metrics"] == {"size": job["size"]}
    admin.update("transfer", job["id"], {"description": "looked at"})
    entries = admin.logs("transfer", job["id"], search="changed", sort_reverse=True, pagination_limit=1)[
        "result"
    ]
    assert [entry["entityid"] for entry in entries] == [job["id"]]


def test_misc_what_runs_here(admin: Any) -> None:
    assert admin.get_hostname()
    assert (admin.app_is_running(), admin.daemon_is_running()) == (None, None)
    assert (admin.gui_is_running(), admin.server_is_running()) == (None, None)


def test_misc_integrations(admin: Any) -> None:
    answer = admin.integration("ftrack", "getpath", {"shot": "SHOT0010"})
    assert answer["operation"] == "getpath"


def test_introduction_polling(admin: Any) -> None:
    job = admin.create("transfer", {"name": "polled", "tasks": [{"source": "thefilm", "destination": LISA}]})
    seen = [job["status"]]
    admin.update("transfer", job["id"], {"status": "paused"})
    seen.append(admin.find_one(f"transfer WHERE id={job['id']}", attributes=["status"])["status"])
    admin.update("transfer", job["id"], {"status": "done"})
    seen.append(admin.get_entity("transfer", job["id"])["status"])
    assert seen == ["waiting", "paused", "done"]


def test_release_notes_aliases_and_finished_ones(admin: Any) -> None:
    assert admin.find("job") == admin.find("transfer")
    shares = {row["id"] for row in admin.find("share")}
    assert shares == {
        row["id"] for kind in ("volume", "folder", "home", "collection") for row in admin.find(kind)
    }
    done = admin.find("transfer", finished=True)[0]
    assert admin.find_one(f"transfer WHERE id={done['id']}") == done


# datatypes.rst


def test_datatypes_permissions(admin: Any, employee: Any, lisa: Any) -> None:
    assert [user["code"] for user in lisa.find("user")] == [LISA]
    assert lisa.find("queue") == lisa.find("volume") == employee.find("volume") == []
    assert len(employee.find("queue")) == len(admin.find("queue"))
    assert 0 < len(lisa.find("transfer")) < len(employee.find("transfer"))
    for session in (employee, lisa):
        with pytest.raises(accsyn_api.AccsynException):
            session.create("queue", {"name": "Not mine to make"})


def test_datatypes_references(admin: Any) -> None:
    job = admin.find_one("transfer WHERE code=my_transfer")
    kind, _, ident = job["source"].partition(":")
    assert admin.get_entity(kind, ident)["code"] in job["source_hr"]


# errors.md, troubleshooting.md, python-api.md


def test_errors_and_troubleshooting(admin: Any, lisa: Any) -> None:
    job = admin.find_one("transfer WHERE code=my_transfer")
    for session in (admin, lisa):
        with pytest.raises(accsyn_api.AccsynException) as caught:
            session.update("queue", job["queue"], {"status": "nonsense"})
        assert session.get_last_message() == str(caught.value)


def test_python_api_keys(demo_sandbox: Sandbox, connect: Connect, admin: Any) -> None:
    assert admin.get_api_key() == demo_sandbox.credentials("admin")["api_key"]
    with pytest.raises(accsyn_api.AccsynException):
        connect(api_key="f0a8b9a9-879f-4174-9d08-322eea196efc")
