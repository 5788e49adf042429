"""Planning all steps of a script at once: what can be known, and what depends on the steps before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, Queue
from accsyn_orm.errors import SessionError
from accsyn_orm.migrate import Migration, plan_migrations, run_migrations
from accsyn_orm.migrate.runner import Planned

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from accsyn_orm import Session
    from accsyn_orm.sandbox import Sandbox


@pytest.fixture
def ident(empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]) -> str:
    (ident,) = store_jobs(empty_sandbox, 1)
    return ident


def _writes(sandbox: Sandbox) -> int:
    return sum(record.method != "GET" and record.uri != "api/login" for record in sandbox.requests)


def test_each_is_planned_by_what_the_server_has_now(
    empty_session: Session, empty_sandbox: Sandbox, ident: str
) -> None:
    def nothing(_: Session) -> None:
        """Change nothing."""

    def note(_: Session) -> None:
        Job.objects.get(id=ident).description = "noted"

    def dependent(_: Session) -> None:
        for job in Job.objects.filter(description="noted"):
            job.status = "aborted"

    def make(session: Session) -> None:
        session.add(Queue(name="resting"))

    def failing(_: Session) -> None:
        Job.objects.get(id=ident).queue = Queue.objects.get(name="resting")

    before = _writes(empty_sandbox)
    steps = [Migration(step.__name__, step) for step in (nothing, note, dependent, make, failing)]
    planned = plan_migrations(empty_session, steps)
    assert [each.migration for each in planned] == steps
    assert [None if each.plan is None else len(each.plan) for each in planned] == [0, 1, 0, 1, None]
    assert [each.depends_on for each in planned] == [(), (), ("note",), ("note",), ("note", "make")]
    assert [each.note for each in planned[:2]] == ["", ""], "the plan is what would be sent"
    assert planned[2].note == (
        "planned by what the server has now, without what 'note' will have changed: once that is applied, this step may"
        " find more, less or other entities, and its plan is shown anew"
    )
    assert planned[4].note == (
        "this step can only be planned after 'note' and 'make': now it fails with DoesNotExist:"
        f" {planned[4].error}"
    )
    assert _writes(empty_sandbox) == before
    assert not empty_session.plan()


def test_what_comes_after_a_step_that_cannot_be_planned_depends_on_it_too(
    empty_session: Session, ident: str
) -> None:
    def note(_: Session) -> None:
        Job.objects.get(id=ident).description = "noted"

    def broken(_: Session) -> None:
        Job.objects.get(id=ident).description = "half"
        raise KeyError("missing")

    steps = [Migration(title, step) for title, step in (("a", note), ("b", broken), ("c", note))]
    planned = plan_migrations(empty_session, steps)
    assert [each.depends_on for each in planned] == [(), ("a",), ("a", "b")]
    assert isinstance(planned[1].error, KeyError)
    assert planned[2].plan is not None
    (operation,) = planned[2].plan
    assert [change.after for change in operation.changes] == ["noted"], "nothing of the broken step is left"


def test_the_first_step_that_fails_is_an_error(empty_session: Session, ident: str) -> None:
    def broken(_: Session) -> None:
        Job.objects.get(id=ident).description = "half"
        raise RuntimeError("in the script")

    with pytest.raises(RuntimeError, match="in the script"):
        plan_migrations(empty_session, [Migration("broken", broken)])
    assert not empty_session.plan()


def test_pending_changes_are_refused(empty_session: Session, ident: str) -> None:
    job = Job.objects.using(empty_session).get(id=ident)
    job.description = "mine"
    with pytest.raises(SessionError) as caught:
        plan_migrations(empty_session, [])
    assert caught.value.message == (
        "the session has changes that no migration made: commit or roll them back first"
    )
    assert job.description == "mine"


def _run(session: Session, steps: list[Migration]) -> None:
    run_migrations(session, steps, lambda *_: True)


@pytest.mark.parametrize("run", [plan_migrations, _run])
def test_a_step_that_sends_something_itself_is_refused(
    empty_session: Session, empty_sandbox: Sandbox, ident: str, run: Callable[..., Any]
) -> None:
    def first(_: Session) -> None:
        """Change nothing."""

    def sending(_: Session) -> None:
        Job.objects.filter(id=ident).update(description="at once")

    before = _writes(empty_sandbox)
    with pytest.raises(SessionError) as caught:
        run(empty_session, [Migration("first", first), Migration("sending", sending)])
    error = caught.value.__cause__ or caught.value
    assert str(error).startswith(
        "job/edit is refused here, where only reads are sent: a migration changes entities and leaves the sending to"
        " the runner"
    )
    assert _writes(empty_sandbox) == before
    Job.objects.using(empty_session).filter(id=ident).update(description="allowed again")


def test_an_exact_plan_needs_no_note() -> None:
    step = Migration("x", lambda _: None)
    assert Planned(step, None).note == ""


@pytest.mark.parametrize("journalled", [False, True])
def test_what_became_of_each_step_is_told_and_returned(
    empty_session: Session, ident: str, tmp_path: pathlib.Path, journalled: bool
) -> None:
    def note(_: Session) -> None:
        Job.objects.get(id=ident).description = "noted"

    def abort(_: Session) -> None:
        Job.objects.get(id=ident).status = "aborted"

    def nothing(_: Session) -> None:
        """Change nothing."""

    steps = [Migration("note", note), Migration("abort", abort), Migration("never", nothing)]
    told: list[str] = []
    runs = run_migrations(
        empty_session,
        steps,
        lambda step, _: step.title != "never",
        journal=tmp_path / "a.journal" if journalled else None,
        workers=1,
        progress=lambda outcome: told.append(outcome.operation.title),
    )
    assert [run.migration for run in runs] == steps
    assert [[change.after for each in run.plan for change in each.changes] for run in runs] == [
        ["noted"],
        ["aborted"],
        [],
    ]
    assert [str(run.result) for run in runs] == ["1 applied", "1 applied", "None"]
    assert [title.split()[:3] for title in told] == [["update", "job", ident]] * 2
