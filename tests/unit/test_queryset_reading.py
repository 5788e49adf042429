"""Query sets on a workspace: paging, slices, get, first, exists, count, the result cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, MultipleFound, NotFound, ProtocolError, QueryError, Session
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 1234


@pytest.fixture(scope="module")
def many(store_jobs: Callable[..., list[str]]) -> Iterator[tuple[Sandbox, list[str]]]:
    with Sandbox(data="empty") as sandbox:
        yield sandbox, store_jobs(sandbox, MANY)


@pytest.fixture
def reader(many: tuple[Sandbox, list[str]], open_session: Callable[..., Session]) -> Session:
    return open_session(many[0])


def test_each_of_1234_jobs_comes_once_in_14_requests_or_fewer(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    sandbox, idents = many
    reader.page_size = 100
    with asked(sandbox) as seen:
        found = [job.id for job in Job.objects.all()]
    assert sorted(found) == sorted(idents)
    assert len(seen) <= 14
    assert all(request.uri == "job/find" for request in seen)
    with asked(sandbox) as seen:
        found = [job.id for job in Job.objects.all().iterator(chunk_size=100)]
    assert sorted(found) == sorted(idents)
    assert len(seen) <= 14


def test_nothing_is_asked_before_the_first_iteration_and_nothing_for_the_second(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    sandbox, _ = many
    with asked(sandbox) as seen:
        jobs = Job.objects.filter(status="waiting").exclude(code="nothing")[:50]
    assert not seen
    with asked(sandbox) as seen:
        first = list(jobs)
    assert seen
    with asked(sandbox) as seen:
        assert list(jobs) == first
        assert (len(jobs), jobs.count(), bool(jobs), jobs.exists(), jobs.first(), jobs[3]) == (
            50, 50, True, True, first[0], first[3],
        )  # fmt: skip
        assert first[7] in jobs
    assert not seen


def test_a_half_read_listing_costs_no_more_than_was_read(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    reader.page_size = 100
    with asked(many[0]) as seen:
        walk = iter(Job.objects.all())
        for _ in range(150):
            next(walk)
        del walk
    assert len(seen) <= 3


@pytest.mark.parametrize(
    ("part", "positions"),
    [
        (slice(5), range(5)),
        (slice(1000, 1010), range(1000, 1010)),
        (slice(1230, 1300), range(1230, MANY)),
        (slice(1200, None), range(1200, MANY)),
        (slice(2000, 2010), range(0)),
    ],
)
def test_slices_are_skip_and_limit(
    reader: Session, many: tuple[Sandbox, list[str]], part: slice, positions: range
) -> None:
    _, idents = many
    assert [job.id for job in Job.objects.all()[part]] == [idents[position] for position in positions]
    assert Job.objects.all()[part].count() == len(positions)
    assert Job.objects.all()[part].exists() is bool(positions)


def test_slices_of_slices(reader: Session, many: tuple[Sandbox, list[str]]) -> None:
    _, idents = many
    assert [job.id for job in Job.objects.all()[10:100][5:10]] == idents[15:20]
    assert [job.id for job in Job.objects.all()[10:20][5:100]] == idents[15:20]
    assert list(Job.objects.all()[10:20][10:]) == []
    assert [job.id for job in Job.objects.all()[10:][:2]] == idents[10:12]
    assert Job.objects.all()[10:20][3].id == idents[13]


@pytest.mark.parametrize(
    "part", [slice(None, None, 2), slice(-5, None), slice(None, -1), slice(None, None, -1)]
)
def test_what_accsyn_cannot_slice_is_refused_with_the_reason(part: slice) -> None:
    with pytest.raises(QueryError, match="pages forwards from the start"):
        _ = Job.objects.all()[part]


def test_an_index(reader: Session, many: tuple[Sandbox, list[str]]) -> None:
    _, idents = many
    assert Job.objects.all()[17].id == idents[17]
    with pytest.raises(IndexError):
        _ = Job.objects.all()[5000]
    with pytest.raises(QueryError, match="no order and no total"):
        _ = Job.objects.all()[-1]


def test_a_slice_cannot_be_filtered_any_further() -> None:
    with pytest.raises(QueryError, match="filter first, slice then"):
        Job.objects.all()[:5].filter(code="a")
    with pytest.raises(QueryError, match="filter first, slice then"):
        Job.objects.all()[5:].exclude(code="a")


def test_get(reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]) -> None:
    sandbox, idents = many
    with asked(sandbox) as seen:
        assert Job.objects.get(code="stored 5").id == idents[5]
    assert len(seen) <= 2, "a page, and one that shows that nothing follows"
    assert seen[0].data["limit"] == 2, "two rows tell whether it is the only one"
    with pytest.raises(Job.DoesNotExist, match=r"no active entity matches: job WHERE code=nobody"):
        Job.objects.get(code="nobody")
    with pytest.raises(NotFound):
        Job.objects.get(code="nobody")
    with (
        asked(sandbox) as seen,
        pytest.raises(Job.MultipleObjectsReturned, match="more than one matches: job"),
    ):
        Job.objects.get(status="waiting")
    assert len(seen) == 1
    with pytest.raises(MultipleFound):
        Job.objects.filter(status="waiting").get()


def test_first_and_exists_ask_for_one_row(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    sandbox, idents = many
    with asked(sandbox) as seen:
        first = Job.objects.first()
        assert first is not None
        assert first.id == idents[0]
        assert Job.objects.filter(code="nobody").first() is None
        assert Job.objects.filter(code="stored 3").exists() is True
        assert Job.objects.filter(code="nobody").exists() is False
    assert len(seen) == 4
    assert all(request.data["limit"] <= 2 for request in seen)


def test_count_pages_through_the_ids(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    with asked(many[0]) as seen:
        assert Job.objects.count() == MANY
        assert Job.objects.filter(size__lt=100).count() == 100
    assert all(request.data["attributes"] == ["id"] for request in seen)


def test_only_asks_for_these_fields_and_the_id(
    reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
) -> None:
    with asked(many[0]) as seen:
        jobs = list(Job.objects.only("code", "user")[:10])
    assert {tuple(request.data["attributes"]) for request in seen} == {("id", "code", "user")}
    with asked(many[0]) as seen:
        assert jobs[0].code == "stored 0"
    assert not seen
    with pytest.raises(AttributeError, match="no field 'cod'"):
        Job.objects.only("cod")


def test_scopes(session: Session, demo_sandbox: Sandbox, asked: Callable[..., Any]) -> None:
    with asked(demo_sandbox) as seen:
        active, finished, archived = (
            set(each) for each in (Job.objects.all(), Job.objects.finished(), Job.objects.archived())
        )
    assert active
    assert finished
    assert archived
    assert not active & finished
    assert not active & archived
    assert {job.status for job in finished} == {"done", "aborted"}
    sent = [
        {name for name in request.data if name in {"finished", "archived", "inactive"}} for request in seen
    ]
    assert set() in sent
    assert {"finished"} in sent
    assert {"archived"} in sent


@pytest.mark.parametrize("size", [None, 1, 7])
def test_iterator_keeps_nothing(reader: Session, size: int | None) -> None:
    jobs = Job.objects.all()[:20]
    assert len(list(jobs.iterator(size))) == 20
    assert "(not fetched)" in repr(jobs)


@pytest.mark.parametrize("size", [0, -1, True])
def test_a_chunk_size_that_cannot_be(size: int) -> None:
    with pytest.raises(QueryError, match="chunk_size is"):
        Job.objects.all().iterator(size)


@pytest.mark.parametrize("server_limit", [1, 2, 7, 100])
def test_a_server_that_answers_less_than_asked_loses_nothing(
    served: Callable[..., Any], server_limit: int
) -> None:
    rows = [{"id": f"{number:024d}"} for number in range(120)]
    session, _ = served(lambda asked: asked.page(rows)[:server_limit])
    session.page_size = 100
    assert [job.id for job in Job.objects.all()] == [row["id"] for row in rows]


def test_a_server_that_answers_more_than_asked_gives_each_once(served: Callable[..., Any]) -> None:
    rows = [{"id": f"{number:024d}"} for number in range(250)]
    session, _ = served(lambda asked: rows[asked.data.get("skip", 0) :][:200])
    session.page_size = 100
    assert [job.id for job in Job.objects.all()] == [row["id"] for row in rows]
    assert [job.id for job in Job.objects.all()[:150]] == [row["id"] for row in rows[:150]]


def test_a_server_that_does_not_page_is_noticed(served: Callable[..., Any]) -> None:
    rows = [{"id": f"{number:024d}"} for number in range(10)]
    served(lambda asked: rows)
    with pytest.raises(ProtocolError):
        list(Job.objects.all())


@pytest.mark.parametrize("result", [None, 5, {}, "text", [1], [None]])
def test_an_answer_that_is_no_list_of_objects(served: Callable[..., Any], result: Any) -> None:
    served(lambda asked: result)
    with pytest.raises(ProtocolError):
        list(Job.objects.all())


class TestCommitWhileIterating:
    def test_open_listings_are_drained_first_so_that_none_is_skipped(
        self,
        open_session: Callable[..., Session],
        store_jobs: Callable[..., list[str]],
        asked: Callable[..., Any],
    ) -> None:
        with Sandbox(data="empty") as sandbox:
            idents = store_jobs(sandbox, 60)
            session = open_session(sandbox)
            session.page_size = 10
            changed = []
            with asked(sandbox) as seen:
                for number, job in enumerate(Job.objects.all(), 1):
                    job.status = "aborted"  # leaves the scope that is being paged through
                    changed.append(job.id)
                    if number % 7 == 0:
                        session.commit()
                session.commit()
            assert changed == idents
            assert sorted(request.id for request in seen if request.method == "PUT") == sorted(idents)
            last_read = max(place for place, request in enumerate(seen) if request.method == "GET")
            first_write = min(place for place, request in enumerate(seen) if request.method == "PUT")
            assert last_read < first_write
            assert {sandbox.workspace.store.get(ident).document["status"] for ident in idents} == {"aborted"}  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess] # stored above

    def test_a_commit_with_nothing_to_do_drains_nothing(
        self, reader: Session, many: tuple[Sandbox, list[str]], asked: Callable[..., Any]
    ) -> None:
        reader.page_size = 100
        walk = iter(Job.objects.all())
        next(walk)
        before = len(many[0].requests)
        reader.commit()
        assert len(many[0].requests) - before <= 1
