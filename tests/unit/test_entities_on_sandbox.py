"""The catalogue of entity classes on the sandbox: what it returns is declared, and references lead somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import Session, entities
from accsyn_orm.entities import Entity
from accsyn_orm.mapping.registry import mappers
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOGUE = [name for name in entities.__all__ if name != "Entity"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    known = sandbox.credentials("admin")
    with Session(known["workspace"], known["username"], known["api_key"], url=sandbox.url) as session:
        yield session


def entity_class(name: str) -> type[Entity]:
    found = getattr(entities, name)
    assert isinstance(found, type)
    assert issubclass(found, Entity)
    return found


def every_entity(session: Session, cls: type[Any]) -> list[Any]:
    """Return those of one type, in every scope, parts by their parents."""
    objects = cls.objects.using(session)
    if cls is entities.File:
        return [file for each in entities.Collection.objects.using(session) for file in objects.within(each)]
    if cls is entities.Task:
        return [task for each in entities.Job.objects.using(session) for task in objects.within(each)]
    found = list(objects)
    if cls.__mapper__.has_finished:
        return [*found, *objects.finished(), *objects.archived()]
    return [*found, *objects.inactive()]


def test_every_type_of_the_sandbox_has_a_class(session: Session) -> None:
    ours = {mapper.entitytype for mapper in mappers() if mapper.cls.__module__.startswith("accsyn_orm.")}
    assert set(session.find("entitytypes")) == ours


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_the_sandbox_sends_is_declared(session: Session, name: str) -> None:
    cls = entity_class(name)
    fields = cls.__mapper__.fields
    found = every_entity(session, cls)
    assert found, f"the demo data has no {name}"
    for entity in found:
        assert not entity._unknown, entity
        for field in fields.values():
            if field.choices:
                assert getattr(entity, field.name) in field.choices


@pytest.mark.parametrize("name", ["Transfer", "Compute", "Delivery", "Request", "Stream"])
def test_the_ends_of_a_job_are_entities(session: Session, name: str) -> None:
    seen = set()
    for job in every_entity(session, entity_class(name)):
        for end in ("source", "destination"):
            party = getattr(job, end)
            kind, _, ident = getattr(job, f"{end}_ref").partition(":")
            assert (party.__mapper__.entitytype, party.id) == (kind, ident)
            seen.add(type(party))
    assert seen == {entities.Site, entities.User}


@pytest.mark.parametrize(
    ("source", "cls"),
    [
        ("acmefilm:thefilm/a.mov", entities.Workspace),
        ("site=sthlm:thefilm/a.mov", entities.Site),
        ("lisa@example.com:~/a.mov", entities.User),
        ("client=srv-hq-01:/tmp/a.mov", entities.Client),
        ("projects:thefilm/a.mov", entities.Share),
    ],
)
def test_a_source_of_any_type_is_followed(session: Session, source: str, cls: type[Entity]) -> None:
    created = session.create("Transfer", {"source": source, "destination": "/tmp/x", "name": "followed"})
    job = entities.Transfer.objects.using(session).get(id=created["id"])
    assert type(job.source) is cls, job.source_ref


def test_references_by_id_are_followed(session: Session) -> None:
    folder = entities.Folder.objects.using(session).get(code="thefilm")
    assert folder.parent.code == "projects"
    assert folder.parent.paths["linux"] == "/mnt/projects"
    lane = entities.Lane.objects.using(session).all()[0]
    assert lane.parent is not None
    assert lane.site is not None
    assert (lane.parent.code, lane.site.main, lane.user.role) == ("srv-hq-01", True, "admin")
    home = entities.Home.objects.using(session).get(code="lisa@example.com")
    assert home.user.code == "lisa@example.com"
    access = entities.Access.objects.using(session).all()[0]
    assert isinstance(access.entity, entities.User)
    assert isinstance(access.target, entities.Share)
    compute = entities.Compute.objects.using(session).all()[0]
    assert compute.engine.type == "compute"


def test_new_entities_of_many_types_are_committed(session: Session) -> None:
    volume = entities.Volume.objects.using(session).get(code="projects")
    folder = entities.Folder(name="Sound", path="thefilm/sound", parent=volume)
    site = entities.Site(name="Berlin", description="Berlin office")
    user = entities.User(code="new@example.com", name="New", create_home_share=False)
    home = entities.Home(user=user)
    delivery = entities.Delivery(
        name="Trailer", initial_tasks=["thefilm/trailer.mov"], initial_recipients=["lisa@example.com"]
    )
    transfer = entities.Transfer(
        name="For the trailer", parent=delivery, source="thefilm/a.mov", destination="/tmp/a.mov"
    )
    collection = entities.Collection(name="Startup", initial_files=["volume=projects/a.mov"])
    for entity in (folder, site, home, user, transfer, delivery, collection):
        session.add(entity)
    session.commit()
    assert entities.Folder.objects.using(session).get(id=folder.id).parent_id == volume.id
    assert entities.Site.objects.using(session).get(id=site.id).description == "Berlin office"
    assert entities.Home.objects.using(session).get(id=home.id).user_id == user.id
    assert entities.Transfer.objects.using(session).get(id=transfer.id).parent is delivery
    assert len(list(delivery.tasks)) == 1
    assert len(list(entities.File.objects.using(session).within(collection))) == 1


def test_a_file_is_added_to_a_collection(session: Session) -> None:
    collection = entities.Collection.objects.using(session).get(code="trailer-delivery")
    file = entities.File(collection=collection, files=["share=thefilm/ref/mp_ref.tif"])
    session.add(file)
    session.commit()
    assert file.path == "share=thefilm/ref/mp_ref.tif"
    assert file.collection is collection
