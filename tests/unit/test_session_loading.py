"""References and deferred fields: loaded when they are touched, for the whole page in one request."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import ConfigurationError, Job, NotFound, Queue, Session, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

A, B = "a" * 24, "b" * 24


def test_references_load_once_for_the_page(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    jobs = list(Job.objects.all())
    with asked(demo_sandbox) as seen:
        codes = {job.user.code for job in jobs}
        queues = {job.queue.name for job in jobs}
        assert all(job.user.id == job.user_id for job in jobs)
    assert [request.uri for request in seen] == ["user/find", "queue/find"]
    assert len(codes) > 1
    assert len(queues) > 1
    assert seen[0].query.startswith("id IN ")
    assert set(seen[0].query[6:].split(",")) == {job.user_id for job in jobs}, "each id once"


def test_reading_the_users_of_500_jobs_costs_two_requests(
    empty_session: Session,
    empty_sandbox: Sandbox,
    store_jobs: Callable[..., list[str]],
    asked: Callable[..., Any],
) -> None:
    users = [User(code=f"user{number}@example.com") for number in range(20)]
    empty_session.add_all(users)
    empty_session.commit()
    idents = {user.id for user in users}
    for ident in idents:
        store_jobs(empty_sandbox, 25, user=ident, description="of 500")
    users.clear()
    gc.collect()
    with asked(empty_sandbox) as seen:
        jobs = list(Job.objects.filter(description="of 500")[:500])
        assert {job.user.id for job in jobs} == idents
    assert len(jobs) == 500
    assert [request.uri for request in seen].count("job/find") <= 2
    assert [request.uri for request in seen].count("user/find") == 1


def test_what_is_held_already_is_not_asked_for(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    users = list(User.objects.all())
    jobs = list(Job.objects.all())
    with asked(demo_sandbox) as seen:
        assert all(job.user in users for job in jobs)
    assert not seen


def test_a_deactivated_user_is_found_too(demo_sandbox: Sandbox, session: Session) -> None:
    gone = User.objects.inactive().first()
    assert gone is not None
    job = Job.objects.first()
    assert job is not None
    document = demo_sandbox.workspace.store.get(job.id).document  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess] # it was just found
    demo_sandbox.workspace.store.put("transfer", {**document, "user": gone.id})
    ident = gone.id
    del gone
    gc.collect()
    session.refresh(job)
    assert job.user.id == ident
    assert job.user.inactive is True
    demo_sandbox.workspace.store.put("transfer", document)


def test_an_empty_reference_is_none_and_asks_nothing(served: Callable[..., Any]) -> None:
    session, server = served(lambda asked: [{"id": A, "user": None, "source": None}])
    job = session.get(Job, A)
    assert job.user is None
    assert job.source is None
    assert len(server.asked) == 1


def test_a_reference_that_leads_nowhere_is_asked_for_once_a_page(served: Callable[..., Any]) -> None:
    session, server = served(
        lambda asked: asked.page([{"id": A, "user": B}]) if asked.uri == "job/find" else []
    )
    job = session.get(Job, A)
    page = next(iter(Job.objects.filter(code="x")))
    assert page is job
    for _ in range(3):
        with pytest.raises(NotFound, match=r"is not visible to john@user\.com"):
            _ = job.user
    assert [asked.uri for asked in server.asked].count("user/find") == 2, "active and inactive, once"


def test_a_reference_of_a_type_that_no_class_is_mapped_to_does_not_hinder_the_others(
    served: Callable[..., Any],
) -> None:
    rows = [{"id": A, "source": f"user:{A}"}, {"id": B, "source": f"martian:{B}"}]

    def answer(asked: Any) -> Any:
        return asked.page(rows if asked.uri == "job/find" else [{"id": A, "code": "lisa@example.com"}])

    served(answer)
    known, odd = Job.objects.all()
    assert known.source is not None
    assert known.source.code == "lisa@example.com"
    with pytest.raises(
        ConfigurationError, match=r"source_ref of <Job .* is 'martian:b+'.*declare one: class"
    ):
        _ = odd.source


def test_deferred_fields_load_for_the_whole_page(
    session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]
) -> None:
    with asked(demo_sandbox) as seen:
        jobs = list(Job.objects.only("status"))
    assert all(request.data["attributes"] == ["id", "status"] for request in seen)
    with asked(demo_sandbox) as seen:
        assert all(job.status for job in jobs)
        assert all(job.name for job in jobs)
        assert all(job.metadata["show"] == "thefilm" for job in jobs)
    assert [request.data["attributes"] for request in seen] == [["id", "name"], ["id", "metadata"]]
    assert all(request.query.startswith("id IN ") for request in seen)


def test_what_the_server_never_sends_is_asked_for_once(served: Callable[..., Any]) -> None:
    _, server = served(lambda asked: asked.page([{"id": A}, {"id": B}]))
    one, two = Job.objects.all()
    before = len(server.asked)
    assert (one.etr, two.etr, one.etr, one.settings, two.settings) == (None,) * 5
    assert len(server.asked) == before + 2
    again, _ = Job.objects.filter(code="again")
    before = len(server.asked)
    assert again.etr is None
    assert len(server.asked) == before


def test_what_left_the_scope_since_is_loaded_by_its_id(
    empty_session: Session,
    empty_sandbox: Sandbox,
    store_jobs: Callable[..., list[str]],
    open_session: Callable[..., Session],
) -> None:
    idents = store_jobs(empty_sandbox, 3, description="leaves")
    jobs = list(Job.objects.filter(description="leaves").only("status"))
    other = open_session(empty_sandbox)
    other.update("Job", idents[0], {"status": "aborted"})
    assert jobs[1].name == jobs[1].code
    assert jobs[0].name is not None, "a job that left the active scope has a name all the same"
    assert jobs[0].name == jobs[0].code


def test_what_is_gone_says_so_instead_of_being_empty(
    empty_session: Session, empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]
) -> None:
    idents = store_jobs(empty_sandbox, 2, description="goes")
    jobs = list(Job.objects.filter(description="goes").only("status"))
    empty_sandbox.workspace.store.remove(idents[0])
    with pytest.raises(NotFound, match="does not exist any more"):
        _ = jobs[0].name
    assert jobs[1].name is not None


def test_loading_what_is_missing_keeps_local_changes(session: Session) -> None:
    jobs = list(Job.objects.filter(status="waiting").only("status"))
    jobs[0].status = "paused"
    jobs[1].description = "set before it was loaded"
    assert jobs[2].description is None
    assert jobs[0].status == "paused"
    assert jobs[1].description == "set before it was loaded"
    assert set(session.dirty) == {jobs[0], jobs[1]}
    session.rollback()
    assert jobs[0].status == "waiting"


def test_repr_never_asks(session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    jobs = list(Job.objects.only())
    with asked(demo_sandbox) as seen:
        assert repr(jobs[0]) == f"<Job {jobs[0].id}>"
        texts = [
            repr(each)
            for each in (Job.objects, Job.objects.all(), Job.objects.filter(status="failed"), session)
        ]
        texts += [repr(jobs[0].tasks), repr(Queue.objects.all()[5:10]), Job.objects.filter(code="x").query]
        new = Job(name="x")
        texts.append(repr(new))
    assert not seen
    assert all(texts)


def test_a_fetched_query_set_shows_what_it_has(session: Session) -> None:
    jobs = Job.objects.filter(code="my_transfer")
    assert repr(jobs) == "<QuerySet job WHERE code=my_transfer (not fetched)>"
    assert len(jobs) == 1
    assert repr(jobs).startswith("<QuerySet job WHERE code=my_transfer [<Job ")
