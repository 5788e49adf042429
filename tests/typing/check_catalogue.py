"""
What type checkers see of the classes and values that check_public.py does not name.

mypy and pyright read this file; nothing runs it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from typing_extensions import assert_type

from accsyn_orm import (
    AccsynPath,
    App,
    Browser,
    Change,
    Client,
    CommitResult,
    Compute,
    Engine,
    FileEntry,
    Home,
    Job,
    Lane,
    Outcome,
    Plan,
    QuerySet,
    Queue,
    Secret,
    Server,
    Session,
    Site,
    Task,
    User,
    UserServer,
    Volume,
    Workspace,
)
from accsyn_orm.errors import AccsynError


def clients_stand_somewhere(client: Client, lane: Lane) -> None:
    kinds: list[type[Client]] = [App, Server, UserServer, Browser, Lane]
    del kinds
    assert_type(client.user, User)
    assert_type(client.site, Site | None)
    assert_type(client.parent, Client | None)
    assert_type(client.last_checkin, dt.datetime | None)
    assert lane.site is not None
    assert_type(lane.site.main, bool)
    assert_type(App.objects, QuerySet[App])
    assert_type(Browser.objects.first(), Browser | None)
    assert_type(UserServer.objects.get(code="host"), UserServer)


def compute_jobs_have_engines(compute: Compute, engine: Engine) -> None:
    job: Job = compute
    del job
    assert_type(compute.engine, Engine)
    assert_type(compute.engine_id, str)
    assert_type(compute.output, str | None)
    assert_type(engine.name, str)
    assert_type(Engine.objects.filter(code="nuke"), QuerySet[Engine])


def shares_and_workspaces_are_typed(home: Home, workspace: Workspace) -> None:
    assert_type(home.user, User)
    assert_type(home.parent, Volume)
    assert_type(home.queue, Queue | None)
    assert_type(Workspace.objects.get(), Workspace)
    assert_type(workspace.description, str | None)


def plans_and_results_hold_values(plan: Plan, result: CommitResult) -> None:
    assert_type(plan.operations[0].changes[0], Change)
    assert_type(plan.operations[0].changes[0].attribute, str)
    assert_type(result.plan, Plan)
    assert_type(result.rejected, tuple[Outcome, ...])
    assert_type(result.rejected[0].error, AccsynError | None)
    assert_type(result.applied[0].id, str | None)


def paths_are_values(session: Session) -> None:
    path = AccsynPath.parse("share=projects/thefilm")
    assert_type(path, AccsynPath)
    assert_type(path / "a.mov", AccsynPath)
    assert_type(path.child("in"), AccsynPath)
    assert_type(path.parts, tuple[str, ...])
    assert_type(path.party, str | None)
    assert_type(session.files.ls(path, recursive=True), list[FileEntry])
    assert_type(session.files.ls("share=projects")[0].path, AccsynPath)


def secrets_are_revealed_on_purpose() -> None:
    secret = Secret("key")
    assert_type(secret.reveal(), str)
    assert_type(str(secret), str)


def what_is_not_declared_is_any(client: Client, task: Task, job: Job) -> None:
    # What the server sends and the class does not declare, and what has no documented form.
    assert_type(client.gpu_count, Any)
    assert_type(task.source, Any)
    assert_type(job.repeat, Any)
