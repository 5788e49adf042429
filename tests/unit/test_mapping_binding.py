"""Which session `Job.objects` uses, and that it never guesses."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import AmbiguousSession, DetachedEntity, Job, NoSession, Session, SessionClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROW = {"id": "614d660de50d45bb027c9bdd", "code": "a", "name": "b", "status": "waiting", "metadata": {}}


def rows(asked: Any) -> Any:
    return asked.page([dict(ROW)])


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    gc.collect()
    with pytest.raises(NoSession):
        list(Job.objects.all())
    yield
    gc.collect()


def test_none_is_open() -> None:
    with pytest.raises(NoSession, match=r"no session is open: make one with Session"):
        Job.objects.get(code="a")


def test_the_only_one_is_used(served: Callable[..., Any]) -> None:
    _, server = served(rows)
    assert [job.code for job in Job.objects.all()] == ["a"]
    assert server.asked[0].uri == "job/find"


def test_two_are_an_error_that_names_both_and_the_ways_out(served: Callable[..., Any]) -> None:
    _, one = served(rows)
    _, two = served(rows)
    with pytest.raises(AmbiguousSession) as caught:
        list(Job.objects.all())
    assert "2 sessions are open" in str(caught.value)
    assert str(caught.value).count("<Session of john@user.com at acmefilm>") == 2
    assert ".using(session)" in str(caught.value)
    assert not one.asked
    assert not two.asked


def test_using_names_one(served: Callable[..., Any]) -> None:
    _, one = served(rows)
    second, two = served(rows)
    assert len(list(Job.objects.using(second))) == 1
    assert len(list(Job.objects.filter(code="a").using(second))) == 1
    assert not one.asked
    assert two.asked


def test_a_block_binds_and_closes(served: Callable[..., Any]) -> None:
    first, one = served(rows)
    second, two = served(rows)
    with second as bound:
        assert bound is second
        assert len(Job.objects.all()) == 1
    assert second.closed
    assert not first.closed
    assert len(Job.objects.all()) == 1, "the remaining one is the only one"
    assert one.asked
    assert two.asked
    with pytest.raises(SessionClosed), second:
        pass


def test_blocks_nest_and_the_inner_one_counts(served: Callable[..., Any]) -> None:
    first, one = served(rows)
    second, two = served(rows)
    with first:
        with second:
            list(Job.objects.all())
        assert two.asked
        assert not one.asked
        list(Job.objects.all())
        assert one.asked
    assert first.closed


def test_a_query_set_asks_at_the_time_of_asking(served: Callable[..., Any]) -> None:
    jobs = Job.objects.filter(code="a")
    session, server = served(rows)
    assert not server.asked
    assert len(jobs) == 1
    assert jobs[0]._session() is session


def test_a_dropped_session_is_not_open_any_more(served: Callable[..., Any]) -> None:
    from accsyn_orm.wire.messages import HttpResponse

    class Line:
        def send(self, request: Any, timeouts: Any) -> HttpResponse:
            return HttpResponse(200, {}, b'{"result": {"id": "u", "role": "admin", "session_id": "s"}}')

        def close(self) -> None: ...

    dropped = Session("acmefilm", "john@user.com", "key", url="http://127.0.0.1:8181", transport=Line())
    _, server = served(rows)
    gone = weakref.ref(dropped)
    with pytest.raises(AmbiguousSession):
        list(Job.objects.all())
    del dropped
    gc.collect()
    assert gone() is None, "something holds on to a session"
    assert len(Job.objects.all()) == 1
    assert server.asked


def test_a_closed_session_is_not_the_default(served: Callable[..., Any]) -> None:
    session, _ = served(rows)
    session.close()
    with pytest.raises(NoSession):
        list(Job.objects.all())
    with pytest.raises(SessionClosed):
        list(Job.objects.using(session))


def test_another_thread_uses_the_only_one_but_not_somebody_elses_block(served: Callable[..., Any]) -> None:
    first, _ = served(rows)
    served(rows)
    seen: list[Any] = []

    def work() -> None:
        try:
            seen.append(len(Job.objects.all()))
        except AmbiguousSession as error:
            seen.append(type(error))

    with first:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [AmbiguousSession, 1]


def test_an_entity_that_outlives_its_session_says_so(served: Callable[..., Any]) -> None:
    session, _ = served(rows)
    job = Job.objects.get(code="a")
    session.close()
    assert job.code == "a"
    for attempt in (1, 2):
        with pytest.raises(SessionClosed):
            job.name = f"change {attempt}"
        assert job.name == "b", "a change that nobody will ever send was taken"
    new = Job(code="b")
    with pytest.raises(DetachedEntity, match="was never added to a session"):
        _ = new.tasks
