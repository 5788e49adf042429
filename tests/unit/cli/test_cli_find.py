"""`accsyn-orm find`: what it asks for, and the forms in which it prints it."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from accsyn_orm import Job, Session
from accsyn_orm.cli.command import app
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from typer.testing import Result


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as served:
        yield served


@pytest.fixture(autouse=True)
def environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    known = sandbox.credentials()
    monkeypatch.setenv("ACCSYN_URL", sandbox.url)
    monkeypatch.setenv("ACCSYN_WORKSPACE", known["workspace"])
    monkeypatch.setenv("ACCSYN_API_USER", known["username"])
    monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as opened:
        yield opened


def _find(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["find", *arguments])


def test_a_table_has_what_people_know_an_entity_by(session: Session) -> None:
    done = _find("job WHERE status=failed")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "name", "status", "progress", "size", "created"]
    failed = list(Job.objects.filter(status="failed"))
    assert [line.split()[0] for line in lines[1:]] == [job.id for job in failed]
    assert f"{failed[0].created:%Y-%m-%d %H:%M:%SZ}" in lines[1]
    assert all(line == line.rstrip() for line in lines)
    assert "\x1b" not in done.stdout


def test_a_table_of_nothing_has_the_names_of_its_columns() -> None:
    assert _find("job WHERE name=nowhere", "--columns", "id, status").stdout == "id  status\n"


def test_nothing_as_json_is_an_empty_list() -> None:
    done = _find("job WHERE name=nowhere", "--json")
    assert (done.exit_code, done.stdout) == (0, "[]\n")


def test_a_value_cannot_steer_the_terminal(sandbox: Sandbox, session: Session) -> None:
    job = Job.objects.filter(status="failed")[0]
    before, job.name = job.name, "a\x1b[2J\u202eb\x9bc"
    session.commit()
    try:
        table = _find(f"job WHERE id={job.id}", "--columns", "name").stdout
        assert table == "name\na\\x1b[2J\\u202eb\\x9bc\n"
        printed = _find(f"job WHERE id={job.id}", "--columns", "name", "--format", "jsonl").stdout
        assert printed == '{"name": "a\\u001b[2J\\u202eb\\u009bc"}\n'
        assert json.loads(printed) == {"name": job.name}
        # A program that reads CSV has no other way to get at the value.
        assert (
            _find(f"job WHERE id={job.id}", "--columns", "name", "--format", "csv").stdout
            == f"name\n{job.name}\n"
        )
    finally:
        job.name = before
        session.commit()


def test_columns_reach_into_objects_and_through_references(sandbox: Sandbox, session: Session) -> None:
    job = Job.objects.filter(status="failed")[0]
    names = "id,user.code,user_id,user,metadata.internal.ticket,metadata.none.such"
    sandbox.requests.clear()
    done = _find("job WHERE status=failed", "--columns", names, "--format", "jsonl")
    assert sum(record.uri == "user/find" for record in sandbox.requests) == 1
    assert json.loads(done.stdout.splitlines()[0]) == {
        "id": job.id,
        "user.code": job.user.code,
        "user_id": job.user_id,
        "user": job.user_id,
        "metadata.internal.ticket": job.metadata["internal"]["ticket"],
        "metadata.none.such": None,
    }


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("id,nam", "no field 'nam' on Job; did you mean 'name'?"),
        ("name.first", "'name.first' leads nowhere: name of a job is no object, and leads to no entity"),
        ("user.cod", "no field 'cod' on User; did you mean 'code'?"),
        (" , ", "no column is named"),
    ],
)
def test_a_column_that_is_none(columns: str, message: str) -> None:
    done = _find("job", "--columns", columns)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"accsyn-orm: {message}")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("jab WHERE status=failed", "no entity type 'jab'; did you mean 'job'?"),
        (
            "status=failed",
            "'status=failed' does not say of which type: write it as in 'job WHERE status=failed'",
        ),
        ("job WHERE stauts=failed", "no attribute 'stauts' in entities of type job; did you mean 'status'?"),
        ("job WHERE status=fialed", "'fialed' is not a status of a job; did you mean 'failed'?"),
        ("job WHERE status=", "Expected a value"),
    ],
)
def test_a_query_that_does_not_hold_asks_nothing(sandbox: Sandbox, query: str, message: str) -> None:
    sandbox.requests.clear()
    done = _find(query)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"accsyn-orm: {message}")
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--finished", "--any-scope"], "--finished and --any-scope exclude each other"),
        (["--format", "parquet"], "name the file to write with --output FILE"),
        (["--output", "x.txt"], "a table is for people to look at"),
        (["--format", "parquet", "--output", "x", "--columns", "user.code"], "'user.code' is no field"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str) -> None:
    done = _find("job", *options)
    assert done.exit_code == 2
    assert message in done.stderr


def test_skip_limit_and_order(session: Session) -> None:
    ids = Job.objects.all().ids()
    done = _find("job", "--columns", "id", "--format", "csv", "--skip", "2", "--limit", "3")
    assert done.stdout.split() == ["id", *ids[2:5]]
    done = _find("job", "--columns", "id", "--format", "csv", "--order-by", "-size,name", "--limit", "2")
    assert done.stdout.split() == [
        "id",
        *Job.objects.order_by("-size", "name")[:2].values_list("id", flat=True),
    ]
    assert _find("job", "--limit", "0", "--json").stdout == "[]\n"


@pytest.mark.parametrize("scope", ["finished", "any_scope"])
def test_scopes(session: Session, scope: str) -> None:
    found = getattr(Job.objects.filter(status="aborted"), scope)()
    done = _find(
        "job WHERE status=aborted", f"--{scope.replace('_', '-')}", "--columns", "id", "--format", "csv"
    )
    assert done.stdout.split() == ["id", *found.ids()]
    assert len(found) > 0


def test_inactive_users_and_archived_jobs() -> None:
    assert "disabled@example.com" not in _find("user", "--inactive", "--json").stderr
    assert _find("user", "--inactive").exit_code == 0
    assert _find("job", "--archived").exit_code == 0


def test_tasks_are_found_by_their_job(session: Session) -> None:
    job = next(job for job in Job.objects.all() if len(job.tasks) > 0)
    done = _find("task", "--parent", job.id, "--columns", "id,uri", "--format", "jsonl")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [task.id for task in job.tasks]


def test_json_without_columns_is_all_that_the_server_sends(session: Session) -> None:
    job = Job.objects.filter(status="failed")[0]
    (found,) = json.loads(_find(f"job WHERE id={job.id}", "--format", "json").stdout)
    assert found["created"] == job.created.isoformat()
    assert found["metadata"] == job.metadata
    assert "hooks" not in found


def test_csv_without_columns_has_all_fields() -> None:
    done = _find("queue", "--format", "csv", "--limit", "1")
    names, values = csv.reader(io.StringIO(done.stdout))
    assert {"id", "name", "priority", "metadata"} <= set(names)
    assert len(values) == len(names)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: pathlib.Path, sandbox: Sandbox) -> None:
    target = tmp_path / "jobs.jsonl"
    target.write_text("as before")
    fault = sandbox.faults.add(uri="job/find", nth=2, kind="html_502", times=None)
    done = _find("job", "--format", "jsonl", "-o", str(target))
    sandbox.faults.remove(fault)
    assert done.exit_code == 1
    assert "502" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["jobs.jsonl"]
    assert target.read_text() == "as before"
    done = _find("job WHERE status=failed", "--format", "jsonl", "--columns", "status", "-o", str(target))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert {json.loads(line)["status"] for line in target.read_text().splitlines()} == {"failed"}
    done = _find("job", "--json", "-o", str(tmp_path / "none" / "x"))
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory" in done.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_half_of_a_surrogate_pair_is_written_as_its_number(
    tmp_path: pathlib.Path, sandbox: Sandbox, form: str
) -> None:
    fault = sandbox.faults.add(uri="queue/find", kind="lone_surrogate", times=None)
    target = tmp_path / "queues"
    done = _find("queue", "--columns", "name", "--format", form, "-o", str(target))
    sandbox.faults.remove(fault)
    assert done.exit_code == 0
    assert "\\ud" in target.read_text(encoding="utf-8")


def test_parquet(tmp_path: pathlib.Path, session: Session) -> None:
    target = tmp_path / "jobs.parquet"
    done = _find("job WHERE status=failed", "--format", "parquet", "-o", str(target), "--columns", "id,size")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    table = pyarrow.parquet.read_table(target)
    assert table["id"].to_pylist() == Job.objects.filter(status="failed").ids()
    assert "size" in table.column_names
    done = _find("job", "--format", "parquet", "-o", str(tmp_path / "none" / "x"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
