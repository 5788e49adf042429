"""`accsyn-orm show`, `set`, `whoami`: one entity, and who asks."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from accsyn_orm import InvalidValue, Job, Queue, Session, UnknownField, User
from accsyn_orm.cli.assignments import assignment_of
from accsyn_orm.cli.command import app

if TYPE_CHECKING:
    from typer.testing import Result

    from accsyn_orm.sandbox import Sandbox


@pytest.fixture
def job(sandbox: Sandbox) -> str:
    """Return the id of a job that waits."""
    with Session():
        return Job.objects.filter(status="waiting")[0].id


def _run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def _writes(sandbox: Sandbox) -> int:
    return sum(1 for record in sandbox.requests if record.method != "GET" and record.uri != "api/login")


def test_whoami(sandbox: Sandbox) -> None:
    done = _run("whoami")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "username   john@user.com\nrole       admin\n" in done.stdout
    about = json.loads(_run("whoami", "--json").stdout)
    assert about == {
        "workspace": "acmefilm",
        "username": "john@user.com",
        "role": "admin",
        "user_id": about["user_id"],
        "url": sandbox.url,
    }


def test_show(sandbox: Sandbox, job: str) -> None:
    shown = _run("show", "job", job)
    assert shown.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines() if len(line.split()) > 1)
    assert (lines["id"], lines["status"], lines["metadata.show"]) == (job, "waiting", "thefilm")
    found = json.loads(_run("show", "JOB", job, "--json").stdout)
    assert (found["id"], found["metadata"]["show"]) == (job, "thefilm")


def test_show_has_what_no_class_declares_and_escapes_it(sandbox: Sandbox, job: str) -> None:
    value = {"two\nlines": "[bold]r\x1b[2Jed[/bold]"}
    sandbox.faults.add(uri="job/find", kind="wrong_type", times=None, attribute="colour", value=value)
    printed = _run("show", "job", job).stdout
    assert "colour.two\\nlines  " in printed
    assert "  [bold]r\\x1b[2Jed[/bold]\n" in printed
    assert json.loads(_run("show", "job", job, "--json").stdout)["colour"] == value


def test_show_of_what_is_in_another_scope_and_of_a_task(sandbox: Sandbox) -> None:
    with Session():
        done = Job.objects.finished()[0]
        task = next(task for job in Job.objects.all() for task in job.tasks)
    assert json.loads(_run("show", "job", done.id, "--json").stdout)["status"] == done.status
    shown = _run("show", "task", task.id, "--parent", task.job_id, "--json")
    assert json.loads(shown.stdout)["id"] == task.id


def test_show_of_nothing(sandbox: Sandbox) -> None:
    done = _run("show", "job", "0" * 24)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"accsyn-orm: no job has the id '{'0' * 24}'")
    done = _run("show", "jobb", "0" * 24)
    assert (done.exit_code, done.stderr) == (2, "accsyn-orm: no entity type 'jobb'; did you mean 'job'?\n")


def test_set_with_plan_sends_nothing(sandbox: Sandbox, job: str) -> None:
    done = _run("set", "job", job, "status=aborted", "metadata.shot=SH010", "--plan")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("plan for acmefilm: 1 × update job\n")
    assert '"waiting" → "aborted"' in done.stdout
    assert '→ "SH010"' in done.stdout
    assert _writes(sandbox) == 0


@pytest.mark.parametrize(
    ("typed", "code", "status"), [("y\n", 0, "aborted"), ("n\n", 1, "waiting"), ("", 1, "waiting")]
)
def test_set_asks(sandbox: Sandbox, job: str, typed: str, code: int, status: str) -> None:
    done = _run("set", "job", job, "status=aborted", typed=typed)
    assert done.exit_code == code
    assert "Send this? [y/N] " in done.stdout
    assert done.stdout.endswith("1 applied\n") == (code == 0)
    assert json.loads(_run("show", "job", job, "--json").stdout)["status"] == status


def test_set_with_yes_does_not_ask_and_sends_one_request(sandbox: Sandbox, job: str) -> None:
    done = _run("set", "job", job, "status=paused", "description=", "metadata.internal.ticket:=7", "--yes")
    assert done.exit_code == 0
    assert "[y/N]" not in done.stdout
    assert _writes(sandbox) == 1
    found = json.loads(_run("show", "job", job, "--json").stdout)
    assert (found["status"], found["description"], found["metadata"]["internal"]) == (
        "paused",
        "",
        {"ticket": 7},
    )


def test_set_to_what_it_is_already(sandbox: Sandbox, job: str) -> None:
    done = _run("set", "job", job, "status=waiting")
    assert (done.exit_code, done.stdout) == (0, "plan for acmefilm: nothing to do\n")
    assert _writes(sandbox) == 0


def test_set_as_json(sandbox: Sandbox, job: str) -> None:
    planned = json.loads(_run("set", "job", job, "status=paused", "--json", "--plan").stdout)
    assert planned["result"] == "planned"
    assert planned["plan"]["operations"][0]["changes"] == [
        {"attribute": "status", "before": "waiting", "after": "paused"}
    ]
    done = _run("set", "job", job, "status=paused", "--json", typed="no\n")
    assert (done.exit_code, json.loads(done.stdout)["result"]) == (1, "not agreed to")
    assert "Send this?" in done.stderr
    assert (
        json.loads(_run("set", "job", job, "status=paused", "--json", "--yes").stdout)["result"] == "applied"
    )
    assert json.loads(_run("set", "job", job, "status=paused", "--json").stdout)["result"] == "nothing to do"


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("stauts=aborted", "no field 'stauts' on Job; did you mean 'status'?"),
        ("status=abortd", "'abortd' is not a status that can be set on a job; did you mean 'aborted'?"),
        ("size=3", "size of a job cannot be set: the server measures it"),
        ("size=three", "size of a job: 'three' is not a whole number"),
        ("metadata=3x", "metadata of a job: '3x' is not JSON"),
        ("metadata.show.first=x", "metadata.show is 'thefilm', which is no object"),
        ("name.first=x", "name of a job is no object, so nothing in it can be set"),
        ("name", "'name' sets nothing: write it as NAME=VALUE, or NAME:=JSON"),
        ("name:=3", "name of a job: 3 is not text"),
    ],
)
def test_what_cannot_be_set(sandbox: Sandbox, job: str, assignment: str, message: str) -> None:
    done = _run("set", "job", job, assignment, "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"accsyn-orm: {message}")
    assert _writes(sandbox) == 0


def test_what_the_server_refuses(sandbox: Sandbox, job: str) -> None:
    sandbox.faults.add(uri="job/edit", kind="forbidden_403")
    done = _run("set", "job", job, "status=paused", "--yes")
    assert done.exit_code == 1
    assert f"  rejected: update job {job} 'Daily backup'" in done.stderr


def test_an_error_of_the_server_cannot_steer_the_terminal(sandbox: Sandbox, job: str) -> None:
    sandbox.faults.add(uri="job/find", kind="terminal_escapes", times=None)
    done = _run("show", "job", job)
    assert done.exit_code == 1
    assert done.stderr.startswith("accsyn-orm: ")
    assert done.stderr.replace("\n", "").isprintable()


MOMENT = dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("cls", "text", "keys", "value"),
    [
        (Job, "name=a=b", (), "a=b"),
        (Job, "name:=null", (), None),
        (Queue, "priority=7", (), 7),
        (Job, "speed=1.5", (), 1.5),
        (Queue, "default=True", (), True),
        (Queue, "default=false", (), False),
        (Job, 'metadata={"a": 1}', (), {"a": 1}),
        (Job, "metadata.a.b:=[1]", ("a", "b"), [1]),
        (Job, "metadata.a=2026-07-01", ("a",), "2026-07-01"),
        (Job, "finished=2026-07-01T12:00:00Z", (), MOMENT),
        (Job, "finished=2026-07-01T14:00:00+02:00", (), MOMENT),
        (Job, 'finished:="2026-07-01T12:00:00"', (), MOMENT),
        (Job, "queue=5bfe", (), "5bfe"),
        (Job, "queue_id=5bfe", (), "5bfe"),
        (Job, "recipients:=[]", (), []),
    ],
)
def test_values_follow_the_kind_of_the_field(
    cls: Any, text: str, keys: tuple[str, ...], value: object
) -> None:
    assignment = assignment_of(cls.__mapper__, text)
    assert (assignment.keys, assignment.value) == (keys, value)
    assert type(assignment.value) is type(value)


@pytest.mark.parametrize(
    "text", ["default=yes", "logged_in=soon", "=3", ":=3", 'logged_in:="soon"', "name:={"]
)
def test_values_that_are_none(text: str) -> None:
    with pytest.raises((InvalidValue, UnknownField)):
        assignment_of((Queue if text.startswith("default") else User).__mapper__, text)
