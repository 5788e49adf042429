"""The page "Using the accsyn Python API" of 2021, line by line, as a script that was written for it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm as accsyn_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accsyn_orm.sandbox import Sandbox


@pytest.fixture
def known(demo_sandbox: Sandbox) -> dict[str, str]:
    return demo_sandbox.credentials("admin")


@pytest.fixture
def session(demo_sandbox: Sandbox, known: dict[str, str]) -> Iterator[accsyn_api.Session]:
    with accsyn_api.Session(
        domain=known["workspace"], username=known["username"], api_key=known["api_key"], url=demo_sandbox.url
    ) as session:
        yield session


def test_create_a_session_by_argument(demo_sandbox: Sandbox, known: dict[str, str]) -> None:
    host, port = demo_sandbox.url.removeprefix("http://").split(":")
    for name in ("domain", "workspace"):
        arguments: dict[str, Any] = {name: known["workspace"]}
        with accsyn_api.Session(
            **arguments, username=known["username"], api_key=known["api_key"], url=demo_sandbox.url
        ) as session:
            assert session.username == known["username"]
            assert session.url == f"http://{host}:{port}"


@pytest.mark.parametrize("name", ["ACCSYN_DOMAIN", "ACCSYN_WORKSPACE", "ACCSYN_ORG"])
def test_create_a_session_by_environment(
    demo_sandbox: Sandbox, known: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, known["workspace"])
    monkeypatch.setenv("ACCSYN_API_USER", known["username"])
    monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])
    monkeypatch.setenv("ACCSYN_URL", demo_sandbox.url)
    with accsyn_api.Session() as session:
        assert session.find_one("User")["code"] == known["username"]


def test_verbose_and_path_logfile(
    demo_sandbox: Sandbox, known: dict[str, str], tmp_path: Any, capfd: Any
) -> None:
    log = tmp_path / "my.log.file"
    with accsyn_api.Session(
        domain=known["workspace"],
        username=known["username"],
        api_key=known["api_key"],
        url=demo_sandbox.url,
        verbose=True,
        path_logfile=log,
    ) as session:
        session.find_one("User")
    text = log.read_text(encoding="utf-8")
    assert "user/find" in text
    assert known["api_key"] not in text
    assert capfd.readouterr().out == ""


def test_testing_the_session_prints_your_own_profile(
    session: accsyn_api.Session, known: dict[str, str]
) -> None:
    profile = session.find_one("User")
    assert profile["code"] == known["username"]
    assert len(profile["id"]) == 24
    assert isinstance(profile["modified"], dt.datetime)
    assert known["username"] in str(profile)


def test_find_all(session: accsyn_api.Session) -> None:
    jobs = session.find("job")
    assert len(jobs) > 10
    assert all(isinstance(job, dict) for job in jobs)
    assert len(session.find("user")) > 2
    assert session.find("JOB") == jobs


def test_the_query_in_its_most_complex_form(
    session: accsyn_api.Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    text = (
        'job WHERE ((user=5bfeb0381da7ee4095fa217e AND source!=hq) OR status<>failed) AND code="Daily backup"'
    )
    with asked(demo_sandbox) as seen:
        found = session.find(text)
    assert seen[0].query == text.removeprefix("job WHERE "), "the text is sent as it was written"
    everything = session.find("job")
    assert found == [job for job in everything if job["code"] == "Daily backup" and job["status"] != "failed"]
    assert found


def test_a_limited_set_of_attributes(session: accsyn_api.Session) -> None:
    job = session.find("job")[0]
    found = session.find_one(f"Job where id={job['id']}", attributes=["source", "destination"])
    assert found["source"] == job["source"]
    assert found["destination"] == job["destination"]
    assert set(found) <= {"id", "source", "destination"}


def test_skip_and_limit(
    session: accsyn_api.Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    jobs = session.find("Job")
    assert session.find("Job", skip=10, limit=5) == jobs[10:15]
    with asked(demo_sandbox) as seen:
        assert session.find("Job", skip=100, limit=50) == []
    assert seen[0].data == {"skip": 100, "limit": 50}


def test_create_modify_delete(session: accsyn_api.Session) -> None:
    queue = session.create("Queue", {"name": "Made in 2021", "priority": 7})
    assert (queue["name"], queue["priority"]) == ("Made in 2021", 7)
    changed = session.update("Queue", queue["id"], {"priority": 8})
    assert changed is not None
    assert changed["priority"] == 8
    assert session.find_one(f"queue WHERE id={queue['id']}")["priority"] == 8
    assert session.delete_one("Queue", queue["id"]) is True
    assert session.find_one(f"queue WHERE id={queue['id']}") is None


def test_obtaining_and_modifying_a_job(
    session: accsyn_api.Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    j = session.find_one('Job WHERE code="my_transfer"')
    assert j["code"] == "my_transfer"
    with asked(demo_sandbox) as seen:
        changed = session.update("Job", j["id"], {"status": "aborted"})
    assert [(request.method, request.id, request.data) for request in seen] == [
        ("PUT", j["id"], {"status": "aborted"})
    ]
    assert changed is not None
    assert changed["status"] == "aborted"
    assert session.delete_one("Job", j["id"]) is True
    assert session.find_one(f"Job WHERE id={j['id']}") is None


def test_the_last_message_after_an_error(session: accsyn_api.Session) -> None:
    assert session.get_last_message() is None
    with pytest.raises(accsyn_api.AccsynException) as caught:
        session.update("Job", "0" * 24, {"status": "aborted"})
    assert session.get_last_message() == str(caught.value)
    assert "0" * 24 in str(session.get_last_message())


def test_dump(session: accsyn_api.Session) -> None:
    profile = session.find_one("User")
    assert json.loads(session.dump(profile))["code"] == profile["code"]
