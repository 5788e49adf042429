"""How far a run is, word for word; and what a run remembers of the script that made it."""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import AccsynError, ConfigurationError, JournalError
from accsyn_orm.migrate import load_script, migration, resume, status, undo
from accsyn_orm.migrate.resuming import finish
from accsyn_orm.migrate.script import Migration, Script
from accsyn_orm.migrate.steps import Origin, check_script, refuse_existing, step_path, undo_path
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.session.plan import Change, Kind, Operation, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

IDENT = "5b0faf03304bfd4810dbd5fc"
TWO_STEPS = {"title": "first", "step": "1", "steps": "2", "script": "", "digest": "", "asks": "yes"}


def job(number: int, *depends_on: int) -> Operation:
    change = Change("status", "waiting", "paused")
    return Operation(number, Kind.UPDATE, "job", f"{number:024}", f"job {number}", (change,), depends_on)


def journal(path: pathlib.Path, plan: Plan, notes: dict[str, str] | None = None, **states: str) -> None:
    with Journal.create(path, plan, notes=notes) as made:
        for name, state in states.items():
            operation = plan.operations[int(name[1:]) - 1]
            made.intend(operation)
            error = None if state in ("applied", "intended", "unknown") else AccsynError("no such thing")
            if state != "intended":
                made.conclude(Outcome(operation, state, error, operation.id))


class TestStatus:
    def test_a_run_of_which_a_step_is_left(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        plan = Plan("acmefilm", tuple(job(number) for number in range(1, 6)))
        journal(path, plan, TWO_STEPS, n1="applied", n2="rejected", n3="unknown", n4="intended")
        found = status(path)
        assert str(found) == (
            f"workspace acmefilm\n{path}: first\n  plan for acmefilm: 5 × update job\n"
            f"  1 applied, 1 rejected, 1 unknown, 1 intended, 1 pending\n"
            f"  rejected: update job {2:024} 'job 2': no such thing\n"
            f"  unknown: update job {3:024} 'job 3'\n"
            f"  intended: update job {4:024} 'job 4'\n"
            "1 of 2 steps were not begun"
        )
        assert (found.workspace, found.planned, found.unknown, found.complete, found.running) == (
            "acmefilm",
            2,
            2,
            False,
            False,
        )
        assert found.steps[0].path == path

    def test_a_commit_that_is_being_undone(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        plan = Plan("acmefilm", (job(1), job(2)))
        journal(path, plan, n1="applied", n2="applied")
        journal(undo_path(path), plan, n1="applied", n2="unknown")
        assert str(status(path)) == (
            f"workspace acmefilm\n{path}: a commit\n  plan for acmefilm: 2 × update job\n  2 applied\n"
            "  undo: 1 applied, 1 unknown"
        )
        assert status(path).complete

    def test_one_that_has_nothing_to_do_and_is_worked_on(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        with Journal.create(path, Plan("acmefilm")):
            found = status(path)
        assert str(found) == (
            f"workspace acmefilm\n{path}: a commit\n  plan for acmefilm: nothing to do\n  nothing to do\n"
            "a process works on it right now"
        )
        assert found.complete

    def test_what_was_interrupted_before_it_was_sent(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        journal(path, Plan("acmefilm", (job(1), job(2))), n1="not_sent")
        assert "\n  1 not sent, 1 pending" in str(status(path))


class TestSteps:
    def test_names(self) -> None:
        first = pathlib.Path("here/a.journal")
        assert step_path(first, 1) == first
        assert step_path("here/a.journal", 3) == pathlib.Path("here/a.journal.3")
        assert undo_path(step_path(first, 2)) == pathlib.Path("here/a.journal.2.undo")

    @pytest.mark.parametrize("name", ["a.journal", "a.journal.undo", "a.journal.2", "a.journal.2.undo"])
    def test_a_name_that_is_taken(self, tmp_path: pathlib.Path, name: str) -> None:
        (tmp_path / name).touch()
        with pytest.raises(JournalError) as caught:
            refuse_existing(tmp_path / "a.journal", 2)
        assert caught.value.message == (
            f"the journal {tmp_path / name} exists already: resume it, or name another file"
        )
        (tmp_path / name).rename(tmp_path / "a.journal.3")
        refuse_existing(tmp_path / "a.journal", 2)

    def test_what_is_remembered_comes_back(self) -> None:
        step = Migration("a step", lambda _: None)
        script = Script("/x/script.py", "abc", (step,))
        of_script = Origin.of(step, 1, 2, script, asks=False)
        assert of_script == Origin("a step", 1, 2, "/x/script.py", "abc", asks=False)
        of_none = Origin.of(step, 2, 3, None, asks=True)
        assert of_none == Origin("a step", 2, 3, "", "", asks=True)
        assert of_script.notes == {
            "title": "a step",
            "step": "1",
            "steps": "2",
            "script": "/x/script.py",
            "digest": "abc",
            "asks": "no",
        }
        assert [Origin.from_notes(each.notes) for each in (of_script, of_none)] == [of_script, of_none]
        assert Origin.from_notes({"title": "other"}) == Origin("", 1, 1, "", "", asks=True)

    def test_a_script_that_was_changed_or_is_gone(self, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "script.py"
        file.write_text("1")
        digest = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
        last = Origin("x", 2, 2, str(file), digest)
        between = Origin("x", 1, 2, str(file), digest)
        for origin in (last, between, Origin("x", 1, 2)):
            check_script(origin, tmp_path / "a.journal")
        file.write_text("2")
        for origin in (last, between):
            with pytest.raises(JournalError) as caught:
                check_script(origin, tmp_path / "a.journal")
            assert caught.value.message == (
                f"the script {file} was changed since the journal {tmp_path / 'a.journal'} began: put it back as it"
                " was, or undo what was done and run the new one with a journal of its own"
            )
        file.unlink()
        check_script(last, tmp_path / "a.journal")
        with pytest.raises(ConfigurationError) as unreadable:
            check_script(between, tmp_path / "a.journal")
        assert unreadable.value.message == f"the script {file} cannot be read: No such file or directory"


class TestScripts:
    def test_it_is_run_under_a_name_of_its_own(self, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "script.py"
        file.write_text(
            "from accsyn_orm.migrate import migration\nassert __name__ == 'accsyn_migration'\n"
            "@migration('one')\ndef one(session): pass\n@migration('two')\ndef two(session): pass\n"
        )
        script = load_script(file)
        assert [each.title for each in script] == ["one", "two"]
        assert (len(script), script[1].title) == (2, "two")
        assert script.path == str(file)
        assert "accsyn_migration" not in sys.modules

    def test_one_that_declares_nothing(self, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "script.py"
        file.write_text("x = 1")
        with pytest.raises(ConfigurationError) as caught:
            load_script(file)
        assert caught.value.message == (
            f'{file} declares no migration: put @migration("…") above a function of a session'
        )

    def test_without_a_title(self) -> None:
        untitled: Any = migration
        with pytest.raises(ConfigurationError) as caught:
            untitled(lambda session: None)
        assert caught.value.message == 'migration takes a title: @migration("abort stale jobs")'


class Updating:
    """A server on which every update works, but those that are refused; it knows the state of jobs."""

    def __init__(self, refused: tuple[int, ...] = (), status: str = "waiting") -> None:
        self.refused = tuple(f"{number:024}" for number in refused)
        self.status = status

    def __call__(self, asked: Any) -> Any:
        from accsyn_orm.wire.messages import HttpResponse

        if asked.method == "GET":
            return asked.page([{"id": asked.id or "", "status": self.status}]) if asked.id else []
        if asked.id in self.refused:
            return HttpResponse(400, {}, b'{"message": "no"}')
        return [{"id": asked.id, **asked.data}]


class TestFinishing:
    def test_outcomes_from_before_of_now_and_held_back_are_together_the_plan(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        from accsyn_orm.errors import CommitError

        plan = Plan(
            "acmefilm", (job(1), job(2), job(3, 1), Operation(4, Kind.CREATE, "acl", None), job(5, 4), job(6))
        )
        path = tmp_path / "a.journal"
        journal(path, plan, n1="applied", n4="intended")
        session, _ = served(Updating(refused=(2,)))
        told: list[Outcome] = []
        with Journal.open(path) as opened, pytest.raises(CommitError) as caught:
            finish(session, opened, workers=1, progress=told.append)
        error = caught.value
        numbers = {
            name: [outcome.operation.number for outcome in getattr(error, name)]
            for name in ("applied", "rejected", "unknown", "not_sent")
        }
        assert numbers == {"applied": [1, 3, 6], "rejected": [2], "unknown": [4], "not_sent": [5]}
        assert error.message == "3 applied, 1 rejected, 1 unknown, 1 not sent of 6; the first: no"
        assert error.__cause__ is error.rejected[0].error
        assert str(error.unknown[0].error) == "a acl carries no marker to look for"
        assert str(error.not_sent[0].error) == (
            "needs an operation of which it is not known whether it was applied"
        )
        assert [outcome.id for outcome in error.applied] == [f"{number:024}" for number in (1, 3, 6)]
        assert [outcome.operation.number for outcome in told] == [2, 3, 6]

    def test_what_stays_unknown_is_said_though_all_else_is_done(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        from accsyn_orm.errors import CommitError

        plan = Plan("acmefilm", (Operation(1, Kind.CREATE, "acl", None), job(2)))
        path = tmp_path / "a.journal"
        journal(path, plan, n1="unknown", n2="applied")
        session, server = served(Updating())
        with Journal.open(path) as opened, pytest.raises(CommitError) as caught:
            finish(session, opened)
        assert caught.value.message == "1 applied, 1 unknown of 2"
        assert caught.value.__cause__ is None
        assert not [asked for asked in server.asked if asked.method != "GET"]

    def test_what_was_applied_already_is_not_sent(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        plan = Plan("acmefilm", (job(1), job(2)))
        path = tmp_path / "a.journal"
        journal(path, plan, n1="intended", n2="applied")
        session, server = served(Updating(status="paused"))
        told: list[Outcome] = []
        (run,) = resume(session, path, progress=told.append)
        assert str(run.result) == "2 applied"
        assert run.result is not None
        assert run.result.plan == run.plan == plan
        assert [outcome.id for outcome in run.result.applied] == [f"{1:024}", f"{2:024}"]
        assert not told
        assert not [asked for asked in server.asked if asked.method != "GET"]
        assert run.migration.title == ""
        run.migration(session)  # what it did stands in the journal

    def test_a_step_that_was_not_begun_by_no_script(
        self, served: Callable[..., Any], tmp_path: pathlib.Path
    ) -> None:
        path = tmp_path / "a.journal"
        journal(path, Plan("acmefilm", (job(1),)), TWO_STEPS)
        session, _ = served(Updating())
        with pytest.raises(JournalError) as caught:
            resume(session, path)
        assert caught.value.message == (
            f"steps 2 to 2 of the run of {path} were never begun, and it was made by no script that could be run"
            " again: run them with a journal of their own"
        )

    def test_one_that_is_being_undone(self, served: Callable[..., Any], tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.journal"
        journal(path, Plan("acmefilm", (job(1),)))
        journal(undo_path(path), Plan("acmefilm"))
        session, server = served(Updating())
        with pytest.raises(JournalError) as caught:
            resume(session, path)
        assert (
            caught.value.message == f"the journal {path} is being undone: go on with that, with migrate undo"
        )
        assert not server.asked

    @pytest.mark.parametrize("call", [resume, undo])
    def test_of_another_workspace(
        self, served: Callable[..., Any], tmp_path: pathlib.Path, call: Callable[..., Any]
    ) -> None:
        path = tmp_path / "a.journal"
        journal(path, Plan("elsewhere", (job(1),)))
        session, server = served(Updating())
        with pytest.raises(
            JournalError, match="is of the workspace elsewhere, and this session is signed in to"
        ):
            call(session, path)
        assert not server.asked

    @pytest.mark.parametrize("call", [resume, undo])
    def test_a_progress_that_is_none(
        self, served: Callable[..., Any], tmp_path: pathlib.Path, call: Callable[..., Any]
    ) -> None:
        path = tmp_path / "a.journal"
        journal(path, Plan("acmefilm", (job(1),)))
        session, _ = served(Updating())
        with pytest.raises(ConfigurationError, match="progress is 'yes'"):
            call(session, path, progress="yes")
