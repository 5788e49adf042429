"""
What type checkers see of the fields of the catalogue: JSON, references that may lead nowhere, ids.

mypy and pyright read this file; nothing runs it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from typing_extensions import assert_type

from accsyn_orm import (
    Access,
    App,
    Client,
    Collection,
    Column,
    Compute,
    Delivery,
    Engine,
    Entity,
    File,
    Folder,
    Home,
    Job,
    Mapped,
    Queue,
    Server,
    Share,
    Site,
    Task,
    Transfer,
    User,
    Volume,
    Workspace,
)
from accsyn_orm.mapping.predicates import Condition
from accsyn_orm.queryset.collection import RelatedSet


def all_entities_have_these(entity: Entity) -> None:
    assert_type(entity.id, str)
    assert_type(entity.code, str)
    assert_type(entity.name, str)
    assert_type(entity.description, str | None)
    assert_type(entity.metadata, dict[str, Any])
    assert_type(entity.created, dt.datetime)
    assert_type(entity.creator, str | None)
    assert_type(entity.creator_hr, str | None)
    assert_type(entity.modified, dt.datetime)
    assert_type(entity.modifier_hr, str | None)


def json_has_its_shape(job: Job, task: Task, user: User, volume: Volume, compute: Compute) -> None:
    assert_type(job.metadata, dict[str, Any])
    assert_type(job.settings, dict[str, str] | None)
    assert_type(job.initial_recipients, list[str] | None)
    assert_type(job.hooks, list[dict[str, Any]] | None)
    assert_type(job.initial_tasks, list[Any] | dict[str, Any] | None)
    assert_type(task.settings, dict[str, str] | None)
    assert_type(task.deps, list[str] | None)
    assert_type(task.compute, dict[str, Any] | None)
    assert_type(user.volumes, list[str] | None)
    assert_type(volume.paths, dict[str, str])
    assert_type(volume.siteservers, list[str] | None)
    assert_type(compute.parameters, dict[str, Any] | None)
    assert_type(compute.envs, dict[str, dict[str, str]] | None)
    assert_type(compute.dependencies, list[str] | None)
    volume.paths["linux"] = "/mnt/projects"
    job.metadata = {"shot": "0010", "frames": [1001, 1002]}
    user.volumes = ["projects"]
    task.settings = None


def references_that_are_always_there(
    job: Job, task: Task, client: Client, folder: Folder, home: Home, file: File, access: Access
) -> None:
    assert_type(job.user, User)
    assert_type(job.user_id, str)
    assert_type(job.user_hr, str | None)
    assert_type(job.queue, Queue)
    assert_type(job.queue_id, str)
    assert_type(task.job, Job)
    assert_type(task.job_id, str)
    assert_type(client.user, User)
    assert_type(folder.parent, Volume)
    assert_type(folder.parent_id, str)
    assert_type(home.user, User)
    assert_type(file.collection, Collection)
    assert_type(file.collection_id, str)
    assert_type(access.entity, Entity)
    assert_type(access.target, Entity)
    assert_type(access.target_ref, str)


def references_that_may_lead_nowhere(
    job: Job, delivery: Delivery, user: User, queue: Queue, app: App, share: Share, volume: Volume
) -> None:
    assert_type(job.source, Entity | None)
    assert_type(job.source_ref, str | None)
    assert_type(job.destination, Entity | None)
    assert_type(job.destination_ref, str | None)
    assert_type(job.parent, Delivery | None)
    assert_type(job.parent_id, str | None)
    assert_type(delivery.destination, Entity | None)
    assert_type(user.queue, Queue | None)
    assert_type(user.queue_id, str | None)
    assert_type(queue.parent, Queue | None)
    assert_type(app.site, Site | None)
    assert_type(app.site_id, str | None)
    assert_type(app.parent, Client | None)
    assert_type(share.parent, Volume | None)
    assert_type(share.user, User | None)
    assert_type(share.server, Server | None)
    assert_type(share.queue, Queue | None)
    assert_type(share.paths, dict[str, str] | None)
    assert_type(volume.server, Server | None)
    assert_type(volume.server_id, str | None)
    if queue.parent is not None:
        assert_type(queue.parent.code, str)
    user.queue = queue
    user.queue = None
    queue.parent_id = None


def one_class_after_the_other(
    engine: Engine, workspace: Workspace, site: Site, access: Access, collection: Collection, file: File
) -> None:
    assert_type(engine.type, str | None)
    assert_type(engine.status, str | None)
    assert_type(workspace.metadata, dict[str, Any])
    assert_type(site.status, str)
    assert_type(site.accsyn, bool)
    assert_type(access.path, str | None)
    assert_type(access.write, bool)
    assert_type(access.acknowledged, bool)
    assert_type(collection.initial_files, list[str] | None)
    assert_type(collection.inactive, bool)
    assert_type(file.path, str | None)
    assert_type(file.size, int)


def transfers_and_tasks(transfer: Transfer, task: Task) -> None:
    assert_type(transfer.etr, str | None)
    assert_type(transfer.progress, int)
    assert_type(transfer.allow_duplicates, bool)
    assert_type(task.priority, int)
    assert_type(task.time, int)
    assert_type(task.finished, dt.datetime | None)
    assert_type(task.description, str | None)


def clients_and_users(client: Client, user: User) -> None:
    assert_type(client.type, int)
    assert_type(client.benchmark, float)
    assert_type(client.os, str | None)
    assert_type(client.metrics, dict[str, Any] | None)
    assert_type(client.last_checkin, dt.datetime | None)
    assert_type(user.role, str)
    assert_type(user.mail, bool)
    assert_type(user.phase, str | None)


def classes_hold_columns() -> None:
    assert_type(Job.metadata, Column[dict[str, Any]])
    assert_type(Job.parent, Column[Delivery | None])
    assert_type(Queue.priority, Column[int])
    assert_type(Collection.files, RelatedSet[File])
    assert_type(User.status == "enabled", Condition)
    assert_type(Client.type == 1, Condition)
    assert_type(Queue.priority >= 500, Condition)
    assert_type(Client.last_checkin >= dt.date(2026, 8, 1), Condition)
    assert_type(User.queue_id == "5b0faf03304bfd4810dbd5fc", Condition)


def columns_of_references_that_may_lead_nowhere(queue: Queue, site: Site) -> None:
    assert_type(Queue.parent == queue, Condition)
    assert_type(User.queue != queue, Condition)
    assert_type(Job.source == site, Condition)
    assert_type(Client.site.in_([site]), Condition)
    assert_type(Client.site.in_([site, "5b0faf03304bfd4810dbd5fc"]), Condition)
    assert_type(Queue.parent == "5b0faf03304bfd4810dbd5fc", Condition)
    assert_type(Job.source != "hq", Condition)


class Reel(Job):
    """A class of the user's own, whose fields say what they hold."""

    notes: Mapped[list[str]]
    episode: Mapped[Queue | None]


def own_annotations_hold(reel: Reel) -> None:
    assert_type(reel.notes, list[str])
    assert_type(reel.episode, Queue | None)
    assert_type(Reel.notes, Column[list[str]])
