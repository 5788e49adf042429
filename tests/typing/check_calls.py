"""
What type checkers see of the calls of a session that take and give dictionaries, of files and of settings.

mypy and pyright read this file; nothing runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type

from accsyn_orm import (
    AccsynPath,
    Change,
    CommitError,
    CommitResult,
    Conflict,
    FileEntry,
    Job,
    Operation,
    Outcome,
    Plan,
    Queue,
    Session,
)
from accsyn_orm.session.conflicts import ConflictingChange
from accsyn_orm.session.setting_views import EntitySettings


def a_session_says_who_and_where(session: Session) -> None:
    assert_type(session.username, str)
    assert_type(session.workspace, str)
    assert_type(session.user_id, str)
    assert_type(session.role, str)
    assert_type(session.url, str)
    assert_type(session.timeout, float)
    assert_type(session.request_count, int)
    assert_type(session.closed, bool)
    assert_type(session.get_last_message(), str | None)


def dictionaries_come_and_go(session: Session) -> None:
    assert_type(session.find("job WHERE status=failed"), list[Any])
    assert_type(session.find("entitytypes"), list[Any])
    assert_type(session.get_entity("job", "5b"), dict[str, Any] | None)
    assert_type(session.update("job", "5b", {"status": "aborted"}), dict[str, Any] | None)
    assert_type(session.update_many("task", "5b", [{"uri": "0"}]), list[dict[str, Any]] | None)
    assert_type(session.delete_one("job", "5b"), bool)
    assert_type(session.deactivate_one("user", "5b"), bool)
    assert_type(session.activate_one("user", "5b"), bool)
    assert_type(session.delete_many("collection", "5b", {"files": ["6c"]}), bool)
    assert_type(session.assign("volume", "server", {"volume": "5b", "server": "6c"}), bool)
    assert_type(session.assignments("volume", "5b"), list[dict[str, Any]])
    assert_type(session.grant("user", "5b", "folder", "6c"), bool | dict[str, Any])
    assert_type(session.access("folder", "5b"), list[dict[str, Any]])
    assert_type(session.revoke("user", "5b", "folder", "6c"), bool)
    assert_type(session.dump({"a": 1}), str)
    assert_type(Session.str({"a": 1}), str)


def services_answer(session: Session) -> None:
    assert_type(session.report("job"), str)
    assert_type(session.logs(), dict[str, Any])
    assert_type(session.prepublish([{"id": "5b"}]), dict[str, Any])
    assert_type(session.get_api_key(), str)
    assert_type(session.app_is_running(), bool | None)
    assert_type(session.decode_query("job WHERE a=b"), dict[str, str])


def files_are_handled(session: Session, path: AccsynPath) -> None:
    assert_type(session.ls("share=projects"), list[dict[str, Any]])
    assert_type(session.exists("share=projects/a.mov"), bool)
    assert_type(session.exists(path), bool)
    assert_type(session.exists(["share=projects/a.mov"]), list[dict[str, Any]])
    assert_type(session.getsize(path, maxdepth=1), int)
    assert_type(session.mkdir("share=projects/in"), bool)
    assert_type(session.mkdir(("share=projects/in", path)), list[dict[str, Any]])
    assert_type(session.rename(path, "share=projects/b.mov"), bool)
    assert_type(session.mv(path, path), bool)
    assert_type(session.rm(path), bool)
    assert_type(session.delete(path, force=True), bool)
    assert_type(session.delete([path]), list[dict[str, Any]])


def files_are_values(session: Session, path: AccsynPath) -> None:
    assert_type(session.files.exists(path), bool)
    assert_type(session.files.getsize(path), int)
    assert_type(session.files.mkdir(path), AccsynPath)
    assert_type(session.files.rename(path, "b.mov"), AccsynPath)
    assert_type(session.files.walk(path), Iterator[tuple[AccsynPath, list[FileEntry], list[FileEntry]]])
    assert_type(session.files.ls(path)[0].size, int | None)


def settings_are_mappings(session: Session, queue: Queue) -> None:
    assert_type(session.settings[queue], EntitySettings)
    assert_type(session.settings[None]["transfer_speedlimit"], str)
    assert_type(session.settings["queue", "5b"].get("a"), str | None)
    assert_type(dict(session.settings[queue]), dict[str, str])
    assert_type(session.get_settings("queue", "5b"), dict[str, Any])
    assert_type(session.set_setting("queue", "a", {"b": 1}, "5b"), bool)
    assert_type(session.delete_setting("queue", "a"), bool)


def a_commit_has_a_result(session: Session) -> None:
    assert_type(session.commit(workers=1, on_conflict="merge", journal="a.journal"), CommitResult)
    assert_type(session.commit().applied, tuple[Outcome, ...])
    assert_type(session.commit().complete, bool)
    assert_type(session.resolve(), list[Outcome])
    assert_type(session.execute(session.plan()), CommitResult)


def a_plan_is_a_value(plan: Plan) -> None:
    for operation in plan:
        assert_type(operation, Operation)
        assert_type(operation.id, str | None)
        assert_type(operation.changes, tuple[Change, ...])
        assert_type(operation.title, str)
    assert_type(plan.summary, str)
    assert_type(plan.warnings, tuple[str, ...])
    assert_type(Plan.from_json(plan.to_json()), Plan)
    assert_type(plan.to_text(color=True), str)


def a_commit_that_fails_says_what_became_of_it(session: Session) -> None:
    try:
        session.commit()
    except CommitError as error:
        for outcome in error.rejected:
            assert_type(outcome.operation, Operation)
            assert_type(outcome.operation.changes, tuple[Change, ...])
            assert_type(outcome.id, str | None)
        assert_type(error.message, str)
    except Conflict as error:
        assert_type(error.conflicts[0], ConflictingChange)
        assert_type(error.conflicts[0].operation, Operation)
        assert_type(error.conflicts[0].attribute, str)


def conflicts_are_settled_by_a_function(session: Session) -> None:
    def mine(conflict: ConflictingChange) -> object:
        return conflict.wanted

    assert_type(session.commit(on_conflict=mine), CommitResult)


def entities_are_told_apart(session: Session, job: Job) -> None:
    session.delete(job)
    session.add_all([job])
    session.refresh(job)
    session.expunge(job)
