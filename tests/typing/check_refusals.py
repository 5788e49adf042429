"""
What type checkers must refuse; mypy and pyright read this file, nothing runs it.

Both read `type: ignore`, and for both a comment that is not needed is an error itself: for mypy by its strict
mode, for pyright by the setting below. So a refusal that is lost, by either, fails `make check`.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error

from __future__ import annotations

from typing import TYPE_CHECKING

import accsyn_orm
from accsyn_orm import CommitError, Conflict, Job, Manager, Q, Queue, Task, User, fields, register_lookup

if TYPE_CHECKING:
    import datetime as dt

    from accsyn_orm import Session


def names_that_do_not_exist() -> None:
    accsyn_orm.Jbo  # type: ignore[attr-defined]  # noqa: B018


def values_of_the_wrong_type(queue: Queue) -> None:
    Job.objects.filter(Job.size > "big")  # type: ignore[operator]
    Job.objects.filter(Job.size >= "big")  # type: ignore[operator]
    Job.objects.filter(Job.size < "small")  # type: ignore[operator]
    Job.objects.filter(Job.size <= "small")  # type: ignore[operator]
    Job.objects.filter(Job.status > 5)  # type: ignore[operator]
    Job.objects.filter(Job.created > "2026-01-01")  # type: ignore[operator]
    Job.objects.filter(Job.created > 5)  # type: ignore[operator]
    Job.objects.filter(Job.id.in_([1]))  # type: ignore[list-item]
    Job.objects.filter(Job.user.in_([queue]))  # type: ignore[list-item]
    Job.objects.filter(Job.created.in_(["2026-01-01"]))  # type: ignore[list-item]
    Job.objects.filter(Job.code.contains(None))  # type: ignore[arg-type]
    Job.objects.filter(Job.code.startswith(5))  # type: ignore[arg-type]
    Job.objects.filter(Job.code.endswith(5))  # type: ignore[arg-type]
    Job.objects.filter(Job.code.like(5))  # type: ignore[arg-type]
    Job.objects.filter(Job.code.regex(5))  # type: ignore[arg-type]
    Job.status.no_such_lookup("x")  # type: ignore[attr-defined]


def comparisons_that_are_no_condition(queue: Queue, lisa: User) -> None:
    # Python compares anything by == and !=; of a wrong type, a bool comes out for type checkers.
    Job.objects.filter(Job.status == 5)  # type: ignore[arg-type]
    Job.objects.filter(Job.status != 5)  # type: ignore[arg-type]
    Job.objects.filter(Job.status == None)  # type: ignore[arg-type]  # noqa: E711
    Job.objects.filter(Job.size == "big")  # type: ignore[arg-type]
    Job.objects.filter(Job.user == queue)  # type: ignore[arg-type]
    Job.objects.filter(Job.user != 5)  # type: ignore[arg-type]
    Job.objects.exclude(Job.status == 5)  # type: ignore[arg-type]
    Job.objects.get(Job.status == 5)  # type: ignore[arg-type]
    Q(Job.status == 5)  # type: ignore[arg-type]
    Job.objects.filter(lisa.code == "lisa@example.com")  # type: ignore[arg-type]


def what_is_no_condition(lisa: User) -> None:
    Job.objects.filter("status=failed")  # type: ignore[arg-type]
    Job.objects.exclude(lisa)  # type: ignore[arg-type]
    Job.objects.filter((Job.status == "failed") & True)  # type: ignore[operator]
    Job.objects.filter(Q(status="failed") | "code=x")  # type: ignore[operator]
    Job.objects.where(Job.status == "failed")  # type: ignore[arg-type]


def assignments(job: Job, lisa: User, since: dt.datetime) -> None:
    job.size = "x"  # type: ignore[assignment]
    job.status = None  # type: ignore[assignment]
    job.status = 5  # type: ignore[assignment]
    job.queue = lisa  # type: ignore[assignment]
    job.queue_id = 5  # type: ignore[assignment]
    job.created = "2026-01-01"  # type: ignore[assignment]
    job.finished = 5  # type: ignore[assignment]
    job.mirror = since  # type: ignore[assignment]
    job.tasks = []  # type: ignore[assignment]
    job.code = 5  # type: ignore[assignment]
    job.metadata = "shot"  # type: ignore[assignment]
    job.settings = {"speed": 5}  # type: ignore[dict-item]
    job.initial_recipients = [lisa]  # type: ignore[list-item]
    lisa.volumes = "projects"  # type: ignore[assignment]
    lisa.queue = lisa  # type: ignore[assignment]
    lisa.queue_id = 5  # type: ignore[assignment]


def what_comes_out(session: Session, job: Job) -> None:
    name: int = job.status  # type: ignore[assignment]
    user: Queue = job.user  # type: ignore[assignment]
    first: Job = Job.objects.first()  # type: ignore[assignment]
    found: User = Job.objects.get(code="x")  # type: ignore[assignment]
    tasks: list[Task] = job.tasks  # type: ignore[assignment]
    got: User | None = session.get(Job, "5b")  # type: ignore[assignment]
    one: Job = Job.objects[:1]  # type: ignore[assignment]
    del name, user, first, found, tasks, got, one


def references_that_may_lead_nowhere(job: Job, lisa: User, queue: Queue) -> None:
    above: Queue = queue.parent  # type: ignore[assignment]
    ident: str = lisa.queue_id  # type: ignore[assignment]
    del above, ident
    lisa.queue.code  # type: ignore[union-attr]  # noqa: B018
    job.source.code  # type: ignore[union-attr]  # noqa: B018
    User.objects.filter(User.queue == lisa)  # type: ignore[arg-type]


def errors_that_carry_values(error: CommitError, conflict: Conflict) -> None:
    error.rejected[0].title  # type: ignore[attr-defined]  # noqa: B018
    conflict.conflicts[0].before  # type: ignore[attr-defined]  # noqa: B018
    number: int = error.applied[0].id  # type: ignore[assignment]
    del number


def calls(session: Session) -> None:
    session.find(5)  # type: ignore[call-overload]
    session.exists(5)  # type: ignore[call-overload]
    there: bool = session.exists(["share=projects"])  # type: ignore[assignment]
    rows: dict[str, object] = session.find("job")  # type: ignore[assignment]
    text: bytes = session.dump({})  # type: ignore[assignment]
    del there, rows, text


async def nothing_is_awaited(session: Session) -> None:
    await session.commit()  # type: ignore[misc]
    async with session:  # type: ignore[attr-defined]
        pass
    async for _ in Job.objects:  # type: ignore[attr-defined]
        pass


def sessions(session: Session, job: Job) -> None:
    session.add("5b")  # type: ignore[arg-type]
    session.delete(Job)  # type: ignore[call-overload]
    session.get("job", "5b")  # type: ignore[arg-type]
    session.rollback(job)  # type: ignore[call-arg]
    session.budget("many")  # type: ignore[arg-type]


def declarations() -> None:
    fields.text(optional="yes")  # type: ignore[call-overload]
    fields.integer(choices=["a"])  # type: ignore[call-arg]
    fields.text(choices=[1])  # type: ignore[list-item]
    Manager(Job)  # type: ignore[type-var]
    register_lookup(Job)  # type: ignore[type-var]
