"""The bar of a commit, and the function in its place."""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Job, Session
from accsyn_orm.errors import ConfigurationError
from accsyn_orm.migrate import Migration, run_migrations
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.session.plan import Change, Kind, Operation, Plan
from accsyn_orm.session.progress import check_progress, told_of_outcomes

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    from typing_extensions import Self

    from accsyn_orm.sandbox import Sandbox

OPERATION = Operation(1, Kind.DELETE, "job", "5b0faf03304bfd4810dbd5fc")


class Tqdm:
    """What there is of tqdm, for this: a bar that writes down what it is told."""

    def __init__(self, told: list[object]) -> None:
        self.told = told

    def __call__(self, **arguments: Any) -> Tqdm:
        assert arguments.pop("file") is sys.stderr
        self.told.append(arguments)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append("closed")

    def update(self) -> None:
        self.told.append("one more")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make libraries missing, as far as importing them goes."""

    def missing(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return missing


@pytest.fixture
def jobs(empty_sandbox: Sandbox, empty_session: Session, store_jobs: Callable[..., list[str]]) -> list[Job]:
    found = [empty_session.get(Job, ident) for ident in store_jobs(empty_sandbox, 3)]
    return [job for job in found if job is not None]


def test_without_rich_the_bar_is_of_tqdm(
    without: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    without("rich.progress")
    library: Any = types.ModuleType("tqdm")
    library.tqdm = Tqdm(told)
    monkeypatch.setitem(sys.modules, "tqdm", library)
    check_progress(True)
    with told_of_outcomes(True, 3) as tell:
        assert tell is not None
        tell(Outcome(OPERATION))
        tell(Outcome(OPERATION))
    assert told == [{"total": 3, "desc": "commit"}, "one more", "one more", "closed"]


def test_without_both_it_says_what_to_install(without: Callable[..., None]) -> None:
    without("rich.progress", "tqdm")

    def begin() -> None:
        with told_of_outcomes(True, 1):
            raise AssertionError("it has begun")

    attempts: list[Callable[[], None]] = [lambda: check_progress(True), begin]
    for attempt in attempts:
        with pytest.raises(ConfigurationError) as caught:
            attempt()
        assert caught.value.message == (
            "progress=True shows a bar with the library rich or tqdm, and neither is installed: pip install"
            " 'accsyn-orm[cli]', or give a function that takes each outcome"
        )


def test_a_bar_that_cannot_be_shown_sends_nothing_and_leaves_no_journal(
    empty_session: Session,
    empty_sandbox: Sandbox,
    jobs: list[Job],
    tmp_path: pathlib.Path,
    without: Callable[..., None],
    asked: Callable[..., Any],
) -> None:
    without("rich.progress", "tqdm")
    jobs[0].description = "changed"
    path = tmp_path / "a.journal"
    plan = empty_session.plan()
    steps = [Migration("one", lambda session: None)]
    with asked(empty_sandbox) as seen:
        for attempt in (
            lambda: empty_session.commit(progress=True, journal=path),
            lambda: empty_session.execute(plan, progress=True),
            lambda: Job.objects.filter(id=jobs[0].id).update(description="x", progress=True),
        ):
            with pytest.raises(ConfigurationError):
                attempt()
        assert empty_session.dirty == [jobs[0]]
        empty_session.rollback()
        with pytest.raises(ConfigurationError):
            run_migrations(empty_session, steps, lambda *_: True, journal=path, progress=True)
    assert {request.method for request in seen} <= {"GET"}
    assert not path.exists()


def test_the_bar_goes_to_standard_error_and_counts_to_the_end(
    empty_session: Session, jobs: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    assert importlib.util.find_spec("rich"), "a part of the extra `cli`"
    for job in jobs:
        job.description = "changed"
    empty_session.commit(progress=True)
    out, err = capsys.readouterr()
    assert not out
    assert "commit" in err
    assert "3/3" in err
    assert Job.objects.filter(id__in=[job.id for job in jobs]).update(description="again", progress=True) == 3
    assert "3/3" in capsys.readouterr().err


def test_what_was_done_before_does_not_count(
    empty_session: Session, jobs: list[Job], capsys: pytest.CaptureFixture[str]
) -> None:
    operations = tuple(
        Operation(number, Kind.UPDATE, "job", job.id, changes=(Change("description", None, "x"),))
        for number, job in enumerate(jobs, 1)
    )
    empty_session.execute(Plan(empty_session.workspace, operations), done={1: jobs[0].id}, progress=True)
    assert "2/2" in capsys.readouterr().err


def test_a_function_is_told_of_each_outcome(empty_session: Session, jobs: list[Job]) -> None:
    told: list[Outcome] = []
    for job in jobs:
        job.description = "changed"
    empty_session.commit(progress=told.append)
    assert sorted(outcome.id or "" for outcome in told) == sorted(job.id for job in jobs)
    told.clear()
    Job.objects.filter(id__in=[job.id for job in jobs]).update(description="again", progress=told.append)
    assert [outcome.state for outcome in told] == ["applied"] * 3


@pytest.mark.parametrize("progress", [None, False])
def test_off(progress: Any) -> None:
    check_progress(progress)
    with told_of_outcomes(progress, 3) as told:
        assert told is None


@pytest.mark.parametrize("progress", [1, "yes", ["a"]])
def test_anything_else_is_refused(progress: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_progress(progress)
    assert caught.value.message == (
        f"progress is {progress!r}; it must be True for a bar, False, or a function that takes an outcome"
    )
