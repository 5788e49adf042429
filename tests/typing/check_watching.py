"""What type checkers see of watches, waits and tables; mypy and pyright read this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from typing_extensions import assert_type

from accsyn_orm import Event, Job, QuerySet, Session, Task, Transfer, ValueChange, WaitError, Watch
from accsyn_orm.wire.clock import Clock

if TYPE_CHECKING:
    import pathlib


def a_watch_knows_its_class(jobs: QuerySet[Job]) -> None:
    watch = jobs.only("status").watch(interval=5, timeout=60, initial=True, patience=0)
    assert_type(watch, Watch[Job])
    assert_type(watch.entities, list[Job])
    assert_type(watch.look(), list[Event[Job]])
    for event in watch:
        assert_type(event, Event[Job])
        assert_type(event.kind, Literal["added", "changed", "removed"])
        assert_type(event.entity, Job)
        assert_type(event.changes, tuple[ValueChange, ...])
        assert_type(event.change("status"), ValueChange | None)
        assert_type(event.scope, str | None)
        assert_type(event.left, bool)
    with Transfer.objects.watch() as transfers:
        assert_type(transfers, Watch[Transfer])


def waiting_returns_the_entity(job: Job, task: Task, session: Session) -> None:
    assert_type(job.wait_for(status="done", timeout=3600), Job)
    assert_type(task.wait_for(Task.status == "done", interval=1, give_up_on=()), Task)
    job.wait_for(lambda job: job.progress > 50, Job.status != "waiting")
    try:
        job.wait_for(status=["done", "aborted"])
    except WaitError as error:
        assert_type(error.seen, dict[str, Any])
    assert_type(session.clock, Clock)
    assert_type(session.request_rate, float)


def tables_and_progress(jobs: QuerySet[Job], path: pathlib.Path) -> None:
    assert_type(jobs.to_dataframe(), pd.DataFrame)
    assert_type(jobs.values("status").to_dataframe(), pd.DataFrame)
    assert_type(jobs.to_parquet(path), int)
    assert_type(jobs.to_parquet("jobs.parquet", row_group_size=1000, progress=print), int)
    assert_type(jobs.iterator(progress=True), Iterator[Job])
