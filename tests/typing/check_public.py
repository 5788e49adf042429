"""
What type checkers see of the public names; mypy and pyright read this file, nothing runs it.

The lines that both must refuse stand in check_refusals.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type

from accsyn_orm import (
    Access,
    Collection,
    Column,
    CommitResult,
    Delivery,
    Entity,
    File,
    Folder,
    Job,
    Lookup,
    Manager,
    Mapped,
    Operation,
    Plan,
    Q,
    QuerySet,
    Queue,
    RelatedSet,
    Request,
    Server,
    Session,
    Share,
    Stream,
    Task,
    Transfer,
    User,
    Volume,
    fields,
    register_lookup,
)
from accsyn_orm.entities.receiving import Recipient
from accsyn_orm.entities.task_set import TaskQuerySet
from accsyn_orm.mapping.predicates import Condition, Predicate
from accsyn_orm.queryset.projection import Projection
from accsyn_orm.session.schema import SchemaDifference, compare, generate


def instances_hold_values(job: Job, task: Task, user: User, queue: Queue) -> None:
    assert_type(job.id, str)
    assert_type(job.status, str)
    assert_type(job.description, str | None)
    assert_type(job.size, int)
    assert_type(job.speed, float)
    assert_type(job.mirror, bool)
    assert_type(job.created, dt.datetime)
    assert_type(job.finished, dt.datetime | None)
    assert_type(job.user, User)
    assert_type(job.user_id, str)
    assert_type(job.queue, Queue)
    assert_type(job.queue.code, str)
    assert_type(job.tasks, TaskQuerySet)
    assert_type(job.tasks.filter(status="queued"), TaskQuerySet)
    assert_type(job.tasks[0], Task)
    assert_type(task.job, Job)
    assert_type(task.job.user.code, str)
    assert_type(user.logged_in, dt.datetime | None)
    assert_type(queue.jobs, QuerySet[Job])
    job.status = "aborted"
    job.queue = queue
    job.description = None
    job.metadata["shot"] = "0010"


def jobs_take_tasks(job: Transfer) -> None:
    assert_type(job.tasks.create(source="volume=projects/a.mov", destination="lisa@example.com"), Task)
    assert_type(job.tasks.create("volume=projects/a.mov", allow_duplicates=False), Task)
    assert_type(job.tasks.create({"source": "volume=projects/a.mov"}, replace_duplicates=True), Task)
    assert_type(job.tasks.create(["volume=projects/a.mov", {"source": "volume=projects/b.mov"}]), list[Task])
    assert_type(Task.objects, TaskQuerySet)


def jobs_have_recipients(delivery: Delivery, request: Request, stream: Stream, lisa: User) -> None:
    assert_type(delivery.grant(lisa, invite=False), bool)
    assert_type(request.grant("lisa@example.com"), bool)
    assert_type(stream.recipients(), list[Recipient])
    assert_type(delivery.recipients()[0].user_id, str | None)
    assert_type(delivery.recipients()[0].email, str)
    assert_type(delivery.revoke(lisa), bool)
    assert_type(delivery.revoke(delivery.recipients()[0]), bool)
    assert_type(delivery.tasks[0].job, Job)


def shares_are_granted(folder: Folder, share: Share, volume: Volume, server: Server, lisa: User) -> None:
    granted = folder.grant(lisa, path="in", read=True, write=True, notify=False, message="", invite=False)
    assert_type(granted, Access | None)
    assert_type(share.access(), list[Access])
    assert_type(share.access()[0].read, bool)
    assert_type(volume.revoke("lisa@example.com"), bool)
    assert_type(volume.assign(server), bool)
    assert_type(volume.deassign(server.id), bool)
    assert_type(volume.assignments(), list[Server])


def entities_are_deactivated(lisa: User, folder: Folder, collection: Collection) -> None:
    lisa.deactivate()
    lisa.activate()
    folder.deactivate()
    collection.activate()


def collections_have_files(collection: Collection, file: File) -> None:
    assert_type(collection.files, QuerySet[File])
    assert_type(collection.add_files(["share=thefilm/a.mov"]), list[File])
    assert_type(collection.remove_files([file, "5b"]), bool)
    assert_type(file.collection, Collection)


def schemas_are_compared(session: Session) -> None:
    difference = compare(session, types=["queue"], classes=[Queue], sample=True)
    assert_type(difference, SchemaDifference)
    assert_type(generate(difference), str)


def classes_hold_columns() -> None:
    assert_type(Job.id, Column[str])
    assert_type(Job.status, Column[str])
    assert_type(Job.description, Column[str | None])
    assert_type(Job.size, Column[int])
    assert_type(Job.speed, Column[float])
    assert_type(Job.mirror, Column[bool])
    assert_type(Job.created, Column[dt.datetime])
    assert_type(Job.user, Column[User])
    assert_type(Job.user_id, Column[str])
    assert_type(Transfer.status, Column[str])
    assert_type(Task.job, Column[Job])
    assert_type(Job.tasks, RelatedSet[Task])


def columns_make_conditions(lisa: User, since: dt.datetime, today: dt.date) -> None:
    assert_type(Job.status == "failed", Condition)
    assert_type(Job.status != "failed", Condition)
    assert_type(Job.size < 10**9, Condition)
    assert_type(Job.size <= 10**9, Condition)
    assert_type(Job.size > 10**9, Condition)
    assert_type(Job.size >= 10**9, Condition)
    assert_type(Job.speed > 1, Condition)
    assert_type(Job.mirror == True, Condition)  # noqa: E712 -- a column, not a truth value
    assert_type(Job.created >= since, Condition)
    assert_type(Job.created >= today, Condition)
    assert_type(Job.finished >= since, Condition)
    assert_type(Job.user == lisa, Condition)
    assert_type(Job.user == "lisa@example.com", Condition)
    assert_type(Job.user.in_([lisa, "5b0faf03304bfd4810dbd5fc"]), Condition)
    assert_type(Job.id.in_(["a", "b"]), Condition)
    assert_type(Job.id.in_(identifier for identifier in ("a", "b")), Condition)
    assert_type(Job.code.contains("backup"), Condition)
    assert_type(Job.code.startswith("Daily"), Condition)
    assert_type(Job.code.endswith("backup"), Condition)
    assert_type(Job.code.like("* backup"), Condition)
    assert_type(Job.code.regex(r"v\d+"), Condition)


def predicates_combine(lisa: User) -> None:
    condition = Job.status != "failed"
    assert_type(condition & (Job.size > 1), Predicate)
    assert_type(condition | (Job.size > 1), Predicate)
    assert_type(~condition, Predicate)
    assert_type(Q(status="failed") | Q(user=lisa), Predicate)
    assert_type(Q(status="failed") & condition, Predicate)
    assert_type(condition & Q(status="failed"), Predicate)
    assert_type(~Q(condition, status__ne="failed"), Predicate)


def query_sets_narrow(session: Session, job: Job) -> None:
    jobs = Job.objects
    assert_type(jobs, QuerySet[Job])
    assert_type(Transfer.objects, QuerySet[Transfer])
    assert_type(jobs.all(), QuerySet[Job])
    assert_type(jobs.none(), QuerySet[Job])
    assert_type(jobs.filter(Job.status != "failed", Q(size__gt=1), code="x"), QuerySet[Job])
    assert_type(jobs.exclude(Job.status != "failed", code="x"), QuerySet[Job])
    assert_type(jobs.where("status!=failed"), QuerySet[Job])
    assert_type(Task.objects.within(job), TaskQuerySet)
    assert_type(jobs.finished(), QuerySet[Job])
    assert_type(jobs.archived(), QuerySet[Job])
    assert_type(User.objects.inactive(), QuerySet[User])
    assert_type(jobs.any_scope(), QuerySet[Job])
    assert_type(jobs.using(session), QuerySet[Job])
    assert_type(jobs.only("status"), QuerySet[Job])
    assert_type(jobs.defer("metadata"), QuerySet[Job])
    assert_type(jobs.select_related("user"), QuerySet[Job])
    assert_type(jobs.prefetch_related("tasks"), QuerySet[Job])
    assert_type(jobs.order_by("-created"), QuerySet[Job])
    assert_type(jobs.distinct(), QuerySet[Job])
    assert_type(jobs.everything(), QuerySet[Job])
    assert_type(jobs[:5], QuerySet[Job])
    assert_type(jobs.filter(code="x")[100:150], QuerySet[Job])
    assert_type(jobs.query, str)
    assert_type(jobs.explain(), str)


def query_sets_answer() -> None:
    jobs = Job.objects
    assert_type(jobs.get(code="x"), Job)
    assert_type(jobs.get(Job.code == "x"), Job)
    assert_type(jobs.first(), Job | None)
    assert_type(jobs.earliest("created"), Job)
    assert_type(jobs.latest(), Job)
    assert_type(jobs[0], Job)
    assert_type(iter(jobs), Iterator[Job])
    for job in jobs:
        assert_type(job, Job)
    assert_type([job.status for job in jobs], list[str])
    assert_type(jobs.iterator(chunk_size=500, read_ahead=8), Iterator[Job])
    assert_type(jobs.in_bulk(["a"]), dict[str, Job])
    assert_type(jobs.exists(), bool)
    assert_type(jobs.count(), int)
    assert_type(len(jobs), int)
    assert_type(bool(jobs), bool)
    assert_type(jobs.ids(), list[str])
    assert_type(jobs.values("id", "status"), Projection[dict[str, Any]])
    assert_type(jobs.values_list("id", "status"), Projection[tuple[Any, ...]])
    assert_type(jobs.values_list("id", flat=True), Projection[Any])


def query_sets_write() -> None:
    assert_type(User.objects.create(code="lisa@example.com"), User)
    assert_type(User.objects.get_or_create(code="lisa@example.com"), tuple[User, bool])
    assert_type(User.objects.update_or_create({"name": "Lisa"}, code="lisa@example.com"), tuple[User, bool])
    assert_type(Job.objects.filter(status="failed").update(status="waiting"), int)
    assert_type(Job.objects.filter(status="failed").delete(), int)


def sessions_answer(session: Session) -> None:
    assert_type(session.get(Job, "5b0faf03304bfd4810dbd5fc"), Job | None)
    assert_type(session.new, list[Entity])
    assert_type(session.dirty, list[Entity])
    assert_type(session.deleted, list[Entity])
    assert_type(session.plan(), Plan)
    assert_type(session.plan().operations[0], Operation)
    assert_type(session.commit(), CommitResult)
    session.add(User(code="lisa@example.com"))
    with session as entered:
        assert_type(entered, Session)
    with session.bound() as bound:
        assert_type(bound, Session)
    with session.budget(max_requests=20) as budget:
        assert_type(budget.used, int)
    with session.no_implicit_io():
        pass


class Department(Entity, entitytype="department"):
    """A class of the user's own, with a field of each kind."""

    title = fields.text()
    note = fields.text("free_text", optional=True)
    heads = fields.integer()
    budget = fields.number()
    active = fields.boolean()
    since = fields.timestamp()
    until = fields.timestamp(optional=True)
    rooms = fields.json(shape=list[str])
    lead: Mapped[User] = fields.reference("User")
    lead_id: Mapped[str]

    shots = RelatedSet["Shot"]("Shot", by="department")


class ShotQuerySet(QuerySet["Shot"]):
    """A query set of the user's own."""

    def late(self) -> ShotQuerySet:
        """Narrow down to what waits."""
        return self.filter(status="waiting")


class Shot(Job):
    """A class of the catalogue, extended."""

    shot = fields.text("shot_code")
    department: Mapped[Department] = fields.reference("Department")
    department_id: Mapped[str]

    objects = Manager(ShotQuerySet)


def own_classes_are_typed(department: Department, shot: Shot) -> None:
    assert_type(department.title, str)
    assert_type(department.note, str | None)
    assert_type(department.heads, int)
    assert_type(department.budget, float)
    assert_type(department.active, bool)
    assert_type(department.since, dt.datetime)
    assert_type(department.until, dt.datetime | None)
    assert_type(department.rooms, Any)
    assert_type(department.lead, User)
    assert_type(department.shots, QuerySet[Shot])
    assert_type(Department.title, Column[str])
    assert_type(Department.heads, Column[int])
    assert_type(Department.until, Column[dt.datetime | None])
    assert_type(Department.objects, QuerySet[Department])
    assert_type(Department.objects.get(Department.heads > 1), Department)
    assert_type(shot.shot, str)
    assert_type(shot.status, str)
    assert_type(shot.department.title, str)
    assert_type(Shot.objects, ShotQuerySet)
    assert_type(Shot.objects.filter(Shot.shot == "0010", Job.status != "failed").late(), ShotQuerySet)
    assert_type(Shot.objects.late().get(), Shot)
    assert_type(Shot.objects.late()[:5], ShotQuerySet)


@register_lookup
class Version(Lookup):
    """A lookup of the user's own."""

    name = "version"


def own_lookups_stay_what_they_are() -> None:
    assert_type(Version, type[Version])
