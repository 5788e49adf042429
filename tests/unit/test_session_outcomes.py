"""A commit of which a part is refused, and one thing changed through two classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import (
    BudgetExceeded,
    CommitError,
    IdentityConflict,
    Job,
    PermissionDenied,
    ProtocolError,
    Queue,
    ServerError,
    Session,
    Task,
    Transfer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

NOBODY = "000000000000000000000000"


class TestPartialFailure:
    def test_applied_ones_are_clean_the_rejected_one_is_still_dirty_and_the_error_lists_which(
        self,
        empty_session: Session,
        empty_sandbox: Sandbox,
        asked: Callable[..., Any],
        store_jobs: Callable[..., Any],
    ) -> None:
        jobs = [found for ident in store_jobs(empty_sandbox, 3) if (found := empty_session.get(Job, ident))]
        empty_sandbox.workspace.store.remove(jobs[1].id)
        for job in jobs:
            job.status = "paused"
        with asked(empty_sandbox) as seen, pytest.raises(CommitError) as caught:
            empty_session.commit()
        assert len(seen) == 3, "one refusal does not keep the others back"
        error = caught.value
        assert [outcome.id for outcome in error.applied] == [jobs[0].id, jobs[2].id]
        (rejected,) = error.rejected
        assert rejected.operation.id == jobs[1].id
        assert isinstance(rejected.error, ServerError)
        assert jobs[1].id in str(rejected)
        assert (error.unknown, error.not_sent) == ((), ())
        assert "2 applied, 1 rejected of 3" in str(error)
        assert error.__cause__ is rejected.error
        assert empty_session.get_last_message() == str(error)
        assert empty_session.dirty == [jobs[1]]
        assert [operation.id for operation in empty_session.plan()] == [jobs[1].id]
        empty_session.rollback()
        assert jobs[1].status == "waiting"

    def test_what_depends_on_a_rejected_create_is_not_sent(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        queue = Queue(name="Rejected", priority=5000)
        needs, free = Job(name="needs it", queue=queue), Job(name="needs nothing")
        task = Task(job=needs, source="a", destination="b")
        empty_session.add_all([queue, needs, free, task])
        with asked(empty_sandbox) as seen, pytest.raises(CommitError) as caught:
            empty_session.commit()
        error = caught.value
        assert [outcome.operation.label for outcome in error.rejected] == ["Rejected"]
        assert [outcome.operation.entitytype for outcome in error.not_sent] == ["job", "task"]
        assert "needs operation 1 of the plan" in str(error.not_sent[0].error)
        assert [outcome.operation.label for outcome in error.applied] == ["needs nothing"]
        sent = sorted(request.uri for request in seen if request.method != "GET")
        assert sent == ["job/create", "queue/create"]
        assert set(empty_session.new) == {queue, needs, task}
        queue.priority = 500
        with asked(empty_sandbox) as seen:
            empty_session.commit()
        assert [request.uri for request in seen] == ["queue/create", "job/create", "task/create"]
        assert needs.queue is queue

    def test_a_refusal_by_role_concerns_its_own_operation(
        self, demo_sandbox: Sandbox, open_session: Callable[..., Session]
    ) -> None:
        session = open_session(demo_sandbox, "employee")
        queue = Queue.objects.first()
        assert queue is not None
        queue.description = "not mine to change"
        with pytest.raises(CommitError) as caught:
            session.commit()
        assert isinstance(caught.value.rejected[0].error, PermissionDenied)
        assert session.dirty == [queue]

    def test_a_value_that_cannot_be_sent_is_not_called_refused_by_the_server(
        self, empty_session: Session, empty_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        empty_session.add_all([Task(job_id="no id; really", source="a", destination="b"), Job(name="fine")])
        with asked(empty_sandbox) as seen, pytest.raises(CommitError) as caught:
            empty_session.commit()
        assert len(seen) == 1
        assert [outcome.operation.number for outcome in caught.value.not_sent] == [1]
        assert not caught.value.rejected
        empty_session.rollback()

    def test_an_answer_about_another_entity_leaves_the_operation_unknown(
        self, served: Callable[..., Any]
    ) -> None:
        row = {"id": "614d660de50d45bb027c9bdd", "code": "a", "status": "waiting"}
        session, _ = served(lambda asked: [{**row, "id": "f" * 24}] if asked.method == "PUT" else [row])
        job = session.get(Job, row["id"])
        job.status = "paused"
        with pytest.raises(CommitError) as caught:
            session.commit()
        assert isinstance(caught.value.unknown[0].error, ProtocolError)
        assert session.dirty == [job]

    @pytest.mark.parametrize("result", [[], True, [{}]])
    def test_an_update_whose_answer_says_nothing_is_applied(
        self, served: Callable[..., Any], result: Any
    ) -> None:
        row = {"id": "614d660de50d45bb027c9bdd", "code": "a", "status": "waiting", "metadata": {"a": 1}}
        session, _ = served(lambda asked: result if asked.method == "PUT" else [row])
        job = session.get(Job, row["id"])
        job.status = "paused"
        job.metadata["a"] = 2
        session.commit()
        assert not session.dirty
        assert (job.status, job.metadata) == ("paused", {"a": 2})
        session.rollback()
        assert (job.status, job.metadata) == ("paused", {"a": 2})


class TestIdentityConflict:
    def test_one_thing_changed_through_two_classes_is_refused_and_named(
        self, session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
    ) -> None:
        job = Job.objects.filter(status="paused")[0]
        transfer = session.get(Transfer, job.id)
        assert transfer is not None
        assert transfer is not job
        job.description = "through one"
        transfer.metadata["x"] = 1
        with asked(demo_sandbox) as seen, pytest.raises(IdentityConflict) as caught:
            session.plan()
        assert repr(job) in str(caught.value)
        assert repr(transfer) in str(caught.value)
        assert caught.value.entity == f"transfer:{job.id}"
        with pytest.raises(IdentityConflict):
            session.commit()
        assert not seen
        session.refresh(transfer)
        session.commit()

    def test_changed_through_one_and_deleted_through_the_other_is_one_too(self, session: Session) -> None:
        job = Job.objects.filter(status="paused")[0]
        transfer = session.get(Transfer, job.id)
        assert transfer is not None
        job.description = "changed"
        session.delete(transfer)
        with pytest.raises(IdentityConflict):
            session.plan()
        session.rollback()

    def test_loaded_as_two_and_changed_in_one_is_fine(self, session: Session) -> None:
        job = Job.objects.filter(status="paused")[0]
        assert session.get(Transfer, job.id) is not None
        job.description = "only here"
        assert len(session.plan()) == 1
        session.rollback()


def test_a_budget_counts_what_a_commit_sends_and_the_rest_stays_pending(empty_session: Session) -> None:
    jobs = [Job(name=f"spent {number}") for number in range(3)]
    empty_session.add_all(jobs)
    with empty_session.budget(max_requests=2) as budget, pytest.raises(CommitError) as caught:
        empty_session.commit(workers=1)
    assert budget.used == 2
    assert [len(caught.value.applied), len(caught.value.unknown), len(caught.value.not_sent)] == [2, 0, 1]
    assert isinstance(caught.value.not_sent[0].error, BudgetExceeded)
    assert empty_session.new == [jobs[2]]
    empty_session.commit()
    assert empty_session.new == []
