"""The tests of the migration script: its plan, its run, a run that breaks, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import CommitError, Job, Queue
from accsyn_orm.migrate import load_script, plan_migrations, resume, run_migrations, undo

if TYPE_CHECKING:
    from accsyn_orm import Session
    from accsyn_orm.sandbox import Sandbox
    from accsyn_orm.testing import RequestRecorder

SCRIPT = Path(__file__).with_name("migrate_queues.py")


def some_plates(session: Session) -> None:
    """Put three jobs into the queue of the vendors, by the same calls as the application's."""
    queue = Queue(name="Vendors", code="vendors")
    session.add(queue)
    session.add_all([Job(name=name, queue=queue) for name in ("a_plates", "b_plates", "b_comp")])
    session.commit()


pytestmark = pytest.mark.accsyn(data=some_plates)


def agree(*_shown: Any) -> bool:
    return True


def queues() -> dict[str, str]:
    return {job.code: job.queue.code for job in Job.objects.all().select_related("queue")}


def test_the_plan_sends_nothing(accsyn_session: Session, accsyn_requests: RequestRecorder) -> None:
    (planned,) = plan_migrations(accsyn_session, load_script(SCRIPT).migrations)
    assert planned.plan is not None
    assert planned.plan.summary == "plan for acmefilm: 1 × create queue, 2 × update job"
    assert accsyn_requests.writes == []


def test_plates_are_moved_and_nothing_else(accsyn_session: Session) -> None:
    run_migrations(accsyn_session, load_script(SCRIPT), agree)
    assert queues() == {"a_plates": "plates", "b_plates": "plates", "b_comp": "vendors"}


def test_a_run_that_breaks_is_resumed_and_taken_back(
    accsyn_session: Session, accsyn_sandbox: Sandbox, tmp_path: Path
) -> None:
    journal = tmp_path / "plates.journal"
    accsyn_sandbox.faults.add(method="PUT", uri="job/edit", kind="forbidden_403")
    with pytest.raises(CommitError):
        run_migrations(accsyn_session, load_script(SCRIPT), agree, journal=journal)
    assert "vendors" in queues().values()

    resume(accsyn_session, journal, agree=agree)
    assert queues() == {"a_plates": "plates", "b_plates": "plates", "b_comp": "vendors"}

    undo(accsyn_session, journal, agree=agree)
    assert set(queues().values()) == {"vendors"}
    assert not Queue.objects.filter(code="plates").exists()
