"""Entities that are put into a sandbox past its wire: what is given is what clients read."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from signal import SIGTERM
from subprocess import PIPE, Popen, run
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from accsyn_orm import ConfigurationError, Session
from accsyn_orm.sandbox import Sandbox, load_entities
from accsyn_orm.sandbox.catalogue import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("empty") as served:
        yield served


@pytest.fixture
def session(sandbox: Sandbox, open_session: Callable[..., Session]) -> Session:
    return open_session(sandbox)


def test_every_reference_is_found_whatever_the_order(sandbox: Sandbox, session: Session) -> None:
    load_entities(
        sandbox,
        {
            "job": [{"code": "plates", "queue": "dailies", "user": "zoe@example.com", "status": "paused"}],
            "queue": [
                {"code": "film", "name": "Film"},
                {"code": "dailies", "name": "Dailies", "parent": "film"},
            ],
            "user": [{"code": "zoe@example.com", "role": "employee"}],
        },
    )
    job = session.find_one("job WHERE code=plates")
    assert job["uri"] == "film/dailies"
    assert (job["status"], job["user_hr"].partition("[")[0]) == ("paused", "user:zoe@example.com")
    assert job["creator"] == "zoe@example.com"


def test_a_job_has_its_tasks_as_they_are_given(sandbox: Sandbox, session: Session) -> None:
    tasks = [
        {"source": "lisa@example.com:/a.mov", "destination": "in/", "status": "failed", "size": 7},
        {"source": "lisa@example.com:/b.mov", "destination": "in/", "status": "done", "id": "b"},
    ]
    load_entities(
        sandbox, {"job": [{"code": "a", "user": "lisa@example.com", "status": "failed", "tasks": tasks}]}
    )
    job = session.find_one("job WHERE code=a")
    read = session.find(f"task WHERE job.id={job['id']}")
    assert [(each["status"], each["size"]) for each in read] == [("failed", 7), ("done", -1)]
    assert read[1]["id"] == "b"
    assert read[1]["finished"] is not None
    assert job["status"] == "failed"


def test_what_no_client_creates_can_be_put_in(sandbox: Sandbox) -> None:
    load_entities(
        sandbox,
        {
            "workspace": [{"code": "mycompany"}],
            "server": [{"code": "srv-1", "site": "hq", "status": "online", "os": "linux"}],
            "engine": [{"code": "nuke", "name": "Nuke"}],
        },
    )
    assert sandbox.credentials()["workspace"] == "mycompany"
    engine, server = (sandbox.workspace.store.rows([kind])[0].document for kind in ("engine", "server"))
    assert (server["code"], server["type_hr"], server["status"]) == ("srv-1", "Server", "online")
    assert (engine["code"], engine["status"]) == ("nuke", "enabled")


def test_what_is_there_is_changed(sandbox: Sandbox, session: Session) -> None:
    load_entities(
        sandbox, {"user": [{"code": "Lisa@example.com", "name": "Lisa Berg", "status": "disabled"}]}
    )
    lisa = session.find_one('user WHERE name="Lisa Berg"')
    assert lisa["status"] == "disabled"
    assert len(session.find("user")) == 3


def test_what_was_read_from_a_workspace_can_be_put_into_another(
    session: Session, sandbox: Sandbox, demo_sandbox: Sandbox, open_session: Callable[..., Session]
) -> None:
    other = open_session(demo_sandbox)
    kinds = ("site", "queue", "user", "volume", "folder", "job")
    read: dict[str, list[Any]] = {kind: other.find(kind) for kind in kinds}
    load_entities(sandbox, read)
    for kind, rows in read.items():
        again = {row["id"]: row for row in session.find(kind)}
        assert [again[row["id"]] for row in rows] == rows


def test_a_file_holds_the_same(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "film.json"
    path.write_text('{"queue": [{"code": "dailies", "name": "Dailies"}]}')
    load_entities(sandbox, path)
    assert session.find_one("queue WHERE code=dailies") is not None


def test_nobody_is_written_to(sandbox: Sandbox) -> None:
    load_entities(sandbox, {"user": [{"code": "zoe@example.com", "message": "Welcome"}]})
    assert sandbox.mails == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], "by type"),
        ({"task": [{"source": "a"}]}, "tasks as `tasks` of their job"),
        ({"queues": [{"code": "a"}]}, "'queues' cannot be put"),
        ({"queue": {"code": "a"}}, "must be a list"),
        ({"queue": ["a"]}, "must be an object"),
        ({"queue": [{}]}, "must be an object"),
        ({"queue": [{"code": "a", "name": "A"}, {"name": "B", "prio": 3}]}, "queue 1: 'prio' does not exist"),
        (
            {"job": [{"code": "a", "status": "broken"}]},
            "those that can be set are waiting, init, running, paused, failed",
        ),
        ({"job": [{"code": "a", "queue": "nowhere"}]}, "There is no queue 'nowhere'"),
        ({"job": [{"code": "a", "size": "big"}]}, "must be an integer"),
        ({"job": [{"code": "a", "created": datetime(2026, 3, 1)}]}, "no time zone"),  # noqa: DTZ001 -- that is it
        ({"job": [{"code": "a", "tasks": ["x", "x"]}]}, "of the same files"),
        ({"job": [{"code": "a", "id": "1"}], "queue": [{"code": "b", "name": "b", "id": "1"}]}, "is taken"),
        (
            {"job": [{"code": "a", "id": "1"}, {"id": "1", "tasks": ["x"]}]},
            "only a new one can be given tasks",
        ),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(sandbox: Sandbox, data: Any, reason: str) -> None:
    before = len(sandbox.workspace.store.rows(TYPES))
    with pytest.raises(ConfigurationError, match=reason):
        load_entities(sandbox, data)
    assert len(sandbox.workspace.store.rows(TYPES)) == before


def test_a_file_that_is_none_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "film.json"
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_entities(sandbox, path)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox("empty") as served:
        yield served


moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001 -- given a zone below
    lambda moment: moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=5)))
)
jobs = st.fixed_dictionaries(
    {
        "id": st.text("0123456789abcdef", min_size=24, max_size=24),
        "name": st.text(st.characters(codec="ascii", categories=["L"]), min_size=1),
    },
    optional={
        "status": st.sampled_from(TYPES["transfer"].statuses),
        "size": st.integers(-1, 2**40),
        "progress": st.integers(0, 100),
        "created": moments,
        "modified": moments,
        "finished": moments,
        "user": st.sampled_from(["lisa@example.com", "emma@acmefilm.com"]),
        "metadata": st.dictionaries(st.text("abc", min_size=1), st.integers() | st.text("abc")),
    },
)


@settings(max_examples=50)
@given(item=jobs)
def test_what_is_given_is_what_is_read(shared: Sandbox, item: dict[str, Any]) -> None:
    load_entities(shared, {"job": [item]})
    document = shared.workspace.store.get(item["id"])
    assert document is not None
    wanted = {
        name: value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        if isinstance(value, datetime)
        else value
        for name, value in item.items()
        if name != "user"
    }
    assert {name: document.document[name] for name in wanted} == wanted
    if "user" in item:
        owner = shared.workspace.store.get(document.document["user"])
        assert owner is not None
        assert owner.document["code"] == item["user"]


CODE = "import sys; from accsyn_orm.sandbox.command import run; sys.exit(run(0, sys.argv[1], sys.argv[2], folder=sys.argv[3], transfers=True))"


def test_the_command_serves_a_file_and_keeps_what_became_of_it(tmp_path: Path) -> None:
    data, folder = tmp_path / "film.json", tmp_path / "disks"
    data.write_text('{"queue": [{"code": "dailies", "name": "Dailies"}]}')
    arguments = [
        sys.executable,
        "-W",
        "error",
        "-c",
        CODE,
        str(data),
        str(tmp_path / "film.sqlite"),
        str(folder),
    ]
    for name in ("Dailies", "Changed"):
        with Popen(arguments, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: S603 -- our own code
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(6)]
            assert lines[1] == f"folder {folder.resolve()}"
            known = dict(line.removeprefix("export ").split("=", 1) for line in lines[2:])
            session = Session(
                known["ACCSYN_WORKSPACE"],
                known["ACCSYN_API_USER"],
                known["ACCSYN_API_KEY"],
                url=known["ACCSYN_URL"],
            )
            queue = session.find_one("queue WHERE code=dailies")
            assert queue["name"] == name
            session.update("queue", queue["id"], {"name": "Changed"})
            session.close()
            process.send_signal(SIGTERM)
            _, err = process.communicate(timeout=10)
            assert (process.returncode, err) == (0, "")
    assert (folder / "volumes" / "projects").is_dir()
    assert (folder / "machines" / "john@user.com").is_dir()


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    data = tmp_path / "film.json"
    data.write_text('{"queue": [{"code": "dailies", "name": "Dailies", "prio": 1}]}')
    done = run(  # noqa: S603 -- our own code
        [sys.executable, "-c", CODE, str(data), str(tmp_path / "db"), str(tmp_path)],
        stderr=PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("accsyn-orm sandbox: data, queue 0: 'prio' does not exist")
    assert not (tmp_path / "db").exists()
