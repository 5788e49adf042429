"""
What type checkers see of migrations, of the sandbox, and of what tests are written with.

mypy and pyright read this file; nothing runs it.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from typing_extensions import assert_type

from accsyn_orm import CommitResult, Job, Plan, Session
from accsyn_orm.migrate import (
    Kept,
    Migration,
    Planned,
    Run,
    Script,
    Status,
    Undone,
    load_script,
    migration,
    plan_migrations,
    resume,
    run_migrations,
    status,
    undo,
)
from accsyn_orm.sandbox import Effect, Fault, Faults, Fired, RequestRecord, Sandbox, Transfers, load_entities
from accsyn_orm.testing import (
    Counted,
    Options,
    RecordedRequests,
    RequestRecorder,
    SessionOpener,
    credentials,
    environment,
    opened_sandbox,
    opened_session,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accsyn_orm.session.schema import TypeDifference


@migration("abort what failed")
def abort(session: Session) -> None:
    """Change entities."""
    for job in Job.objects.using(session).filter(status="failed"):
        job.status = "aborted"


def a_step_is_a_migration(session: Session) -> None:
    assert_type(abort, Migration)
    assert_type(abort.title, str)
    script = load_script(pathlib.Path("migration.py"))
    assert_type(script, Script)
    assert_type(script[0], Migration)
    assert_type(len(script), int)
    assert_type(plan_migrations(session, script), list[Planned])
    assert_type(plan_migrations(session, [abort])[0].plan, Plan | None)


def migrations_are_run_and_undone(session: Session) -> None:
    def agree(_: Migration, plan: Plan) -> bool:
        return bool(plan)

    runs = run_migrations(session, [abort], agree, journal="a.journal")
    assert_type(runs, list[Run])
    assert_type(runs[0].result, CommitResult | None)
    assert_type(resume(session, "a.journal", agree=agree), list[Run])
    found = status("a.journal")
    assert_type(found, Status)
    assert_type(found.steps[0].path, pathlib.Path)
    assert_type(found.unknown, int)
    undone = undo(session, "a.journal")
    assert_type(undone, list[Undone])
    assert_type(undone[0].kept, tuple[Kept, ...])


def a_sandbox_is_served() -> None:
    with Sandbox("demo", transfers=True) as sandbox:
        assert_type(sandbox, Sandbox)
        assert_type(sandbox.url, str)
        assert_type(sandbox.port, int)
        assert_type(sandbox.faults, Faults)
        assert_type(sandbox.transfers, Transfers)
        assert_type(sandbox.requests, list[RequestRecord])
        assert_type(sandbox.effects, list[Effect])
        assert_type(sandbox.rate_limit, tuple[float, float] | None)
        assert_type(sandbox.credentials("employee"), dict[str, str])
        fault = sandbox.faults.add("GET", "job/find", kind="status", status=500)
        assert_type(fault, Fault)
        assert_type(sandbox.faults.log, list[Fired])
        load_entities(sandbox, {"queue": [{"code": "dailies"}]})
        sandbox.transfers.run_until_idle()


def tests_have_a_workspace(path: pathlib.Path) -> None:
    def fill(session: Session) -> None:
        session.commit()

    for options in (
        Options(),
        Options(data={"queue": [{"code": "dailies"}]}, role="standard"),
        Options(data=path),
        Options(data=fill),
    ):
        sandbox = opened_sandbox(options)
        assert_type(sandbox, Sandbox)
        assert_type(credentials(sandbox, "admin"), dict[str, str])
        assert_type(opened_session(sandbox, "admin", protocol="v1"), Session)
        assert_type(environment(sandbox, "admin"), dict[str, str])


def tests_count_requests(accsyn_requests: RequestRecorder, accsyn_session_as: SessionOpener) -> None:
    assert_type(accsyn_session_as("standard"), Session)
    assert_type(accsyn_requests(max=2), Counted)
    with accsyn_requests(1, writes=0) as seen:
        assert_type(seen, RecordedRequests)
    assert_type(accsyn_requests.writes, list[RequestRecord])
    assert_type(accsyn_requests.all[0].uri, str)


def defaults_of_tests(accsyn_defaults: Mapping[str, object]) -> None:
    assert_type(Options.of([accsyn_defaults], pathlib.Path()), Options)


def differences_are_values(difference: TypeDifference) -> None:
    assert_type(difference.entitytype, str)
