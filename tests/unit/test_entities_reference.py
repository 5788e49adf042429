"""The catalogue of entity classes against a table written from the accsyn documentation."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import entities
from accsyn_orm.entities import Entity
from accsyn_orm.errors import InvalidValue, ReadOnlyField
from accsyn_orm.mapping import kinds
from accsyn_orm.mapping.registry import class_named, mapper_of_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm.mapping.fields import Field

# A line per attribute, as the accsyn documentation has it. Kinds: text, int, float, bool, date, json, `@Class` for
# the id of another entity, `@*` for `type:id`. Flags: C may be given on create, U may be changed, `-` neither,
# `!` not optional.
COMMON = """
id text -!
code text CU!
name text CU!
description text CU
metadata json CU
created date -!
creator text -
modified date -!
modifier text -
"""

JOB = """
status text CU!
finished date -
source @* C
source_hr text -
destination @* C
destination_hr text -
size int -!
progress int -!
speed float -!
etr text -
uri text -
user @User -
user_hr text -
queue @Queue CU
parent @Delivery C
parent_hr text -
priority int -!
tasks json C
settings json C
recipients json C
hooks json C
mirror bool C!
mirror_paths bool C!
append bool C!
repeat json C
"""

COMPUTE = """
engine @Engine CU
input text CU
output text CU
range text CU
dependencies json CU
filters text CU
parameters json CU
envs json CU
"""

DELIVERY = "public bool CU!"

TASK = """
code text -!
name text -!
description text C
uri text C!
job @Job C
job_hr text -
status text CU!
finished date -
priority int CU!
size int -!
time int -!
source json C
destination json C
"""

USER = """
role text CU!
status text U!
logged_in date -
queue @Queue CU
inactive bool -!
phase text -
create_home_share bool C!
give_all_volumes_access bool C!
give_default_volume_access bool C!
volumes json C
message text C
mail bool C!
"""

QUEUE = """
status text U!
priority int CU!
default bool CU!
compute_default bool CU!
uri text -
"""

STORAGE = """
status text U!
status_hr text -
type text C
email text CU
queue @Queue CU
inactive bool -!
"""

VOLUME = """
paths json CU
path text -
server @Server C
siteservers json C
default bool CU!
licensed bool -!
"""

IN_VOLUME = """
parent @Volume CU
parent_hr text -
path text CU
"""

HOME = "user @User CU"

CLIENT = """
code text -!
status text U!
type int -!
type_hr text -
roles text CU
user @User -
user_hr text -
site @Site CU
site_hr text -
parent @Client -
os text -
version text -
username text -
wan_ip text -
host_id text -
host_ident text -
last_checkin date -
benchmark float -!
metrics json -
"""

ACL = """
description text -
entity @* -
entity_hr text -
target @* -
target_hr text -
read bool -!
write bool -!
path text -
acknowledged bool -!
role text -
status text -
token text -
"""

# A later line about an attribute goes before an earlier one.
REFERENCE: dict[str, tuple[str, ...]] = {
    "Job": (COMMON, JOB),
    "Transfer": (COMMON, JOB),
    "Compute": (COMMON, JOB, COMPUTE),
    "Delivery": (COMMON, JOB, DELIVERY),
    "Request": (COMMON, JOB, DELIVERY),
    "Stream": (COMMON, JOB, DELIVERY),
    "Task": (COMMON, TASK),
    "User": (COMMON, USER),
    "Queue": (COMMON, QUEUE),
    "Share": (COMMON, STORAGE, VOLUME, IN_VOLUME, HOME),
    "Volume": (COMMON, STORAGE, VOLUME),
    "Folder": (COMMON, STORAGE, IN_VOLUME),
    "Home": (COMMON, STORAGE, IN_VOLUME, HOME),
    "Collection": (COMMON, STORAGE, IN_VOLUME, "files json C"),
    "File": (COMMON, "parent @Collection C", "files json C"),
    "Client": (COMMON, CLIENT),
    "App": (COMMON, CLIENT),
    "Server": (COMMON, CLIENT),
    "UserServer": (COMMON, CLIENT),
    "Browser": (COMMON, CLIENT),
    "Lane": (COMMON, CLIENT),
    "Site": (COMMON, "status text U!", "main bool CU!", "accsyn bool -!"),
    "Workspace": (COMMON, "status text CU"),
    "Engine": (COMMON, "status text CU", "type text CU"),
    "Access": (COMMON, ACL),
}

# Every status of an entity type, today's and those of 2021; `*`: a client may set it.
DELIVERING = "init* pending* waiting* running paused* failed aborted* done*"
SHARING = "enabled* disabled* offline disabled-offline"
ONLINE = "online* disabled* offline disabled-offline"
STATUSES = {
    **dict.fromkeys(
        ("Job", "Transfer", "Compute"), "init waiting* running paused* failed aborted* done* pending*"
    ),
    **dict.fromkeys(("Delivery", "Request", "Stream"), DELIVERING),
    "Task": "pending queued* booting executing failed* onhold* excluded* done*",
    "User": "enabled* disabled*",
    "Queue": "waiting* paused* disabled*",
    **dict.fromkeys(("Share", "Volume", "Folder", "Home", "Collection"), SHARING),
    **dict.fromkeys(("Client", "App", "Server", "UserServer", "Browser", "Lane"), ONLINE),
    "Site": "enabled* disabled*",
}

KINDS: dict[str, type[kinds.Kind]] = {
    "text": kinds.Text,
    "int": kinds.Integer,
    "float": kinds.Number,
    "bool": kinds.Boolean,
    "date": kinds.Timestamp,
    "json": kinds.Json,
}


def entity_class(name: str) -> type[Entity]:
    found = getattr(entities, name)
    assert isinstance(found, type)
    assert issubclass(found, Entity)
    return found


def documented(name: str) -> dict[str, list[str]]:
    lines = "\n".join(REFERENCE[name]).splitlines()
    return {line.split()[0]: line.split() for line in lines if line}


def every_line() -> Iterator[Any]:
    for name in REFERENCE:
        for wire, kind, flags in documented(name).values():
            yield pytest.param(name, wire, kind, flags, id=f"{name}.{wire}")


def kind_of(field: Field) -> str:
    if isinstance(field.kind, kinds.Reference):
        return f"@{field.kind.target or '*'}"
    return next(name for name, kind in KINDS.items() if type(field.kind) is kind)


def flags_of(field: Field) -> str:
    written = f"{'C' if field.create else ''}{'U' if field.update else ''}" or "-"
    return written if field.optional else f"{written}!"


@pytest.mark.parametrize(("name", "wire", "kind", "flags"), list(every_line()))
def test_every_documented_attribute_is_declared(name: str, wire: str, kind: str, flags: str) -> None:
    field = entity_class(name).__mapper__.by_wire[wire]
    assert (kind_of(field), flags_of(field)) == (kind, flags)
    assert field.doc
    assert field.reason or field.create or field.update


@pytest.mark.parametrize("name", REFERENCE)
def test_nothing_else_is_declared_but_readable_twins(name: str) -> None:
    declared = entity_class(name).__mapper__.by_wire
    for wire in declared.keys() - documented(name).keys():
        assert wire.endswith("_hr"), wire
        assert declared[wire.removesuffix("_hr")].is_reference
        assert flags_of(declared[wire]) == "-"


def test_the_reference_has_every_class() -> None:
    assert sorted(entities.__all__) == entities.__all__
    assert set(entities.__all__) - {"Entity"} == set(REFERENCE)


@pytest.mark.parametrize("name", REFERENCE)
def test_a_class_is_mapped_to_its_type(name: str) -> None:
    cls = entity_class(name)
    mapper = mapper_of_type({"Access": "acl"}.get(name, name.lower()))
    assert mapper is cls.__mapper__
    assert class_named(name) is cls
    assert cls.__doc__


@pytest.mark.parametrize("name", REFERENCE)
def test_references_are_annotated_with_their_class_and_their_id(name: str) -> None:
    cls = entity_class(name)
    annotated = {key: text for base in cls.__mro__ for key, text in inspect.get_annotations(base).items()}
    for field in cls.__mapper__.fields.values():
        if isinstance(field.kind, kinds.Reference):
            target = field.kind.target
            assert annotated[field.name] == f"Mapped[{target or 'Any'}]"
            if target is not None:
                assert class_named(target) is entity_class(target)
                assert annotated[field.slot] == "Mapped[str]"


@pytest.mark.parametrize("name", STATUSES)
def test_statuses(name: str) -> None:
    field = entity_class(name).__mapper__.fields["status"]
    expected = STATUSES[name].split()
    assert set(field.choices) == {each.rstrip("*") for each in expected}
    settable = {each.rstrip("*") for each in expected if each.endswith("*")}
    # A client is enabled by the word `enabled`, too, and then reads `online`.
    assert set(field.settable) == settable | ({"enabled"} if expected[0] == "online*" else set())


def test_a_status_that_a_client_reports_cannot_be_set() -> None:
    field = entities.Server.__mapper__.fields["status"]
    assert field.check("enabled", "server") == "enabled"
    with pytest.raises(InvalidValue, match="'offline' is not a status that can be set on a server"):
        field.check("offline", "server")


def test_what_cannot_be_written_says_why() -> None:
    with pytest.raises(ReadOnlyField, match="granted and revoked"):
        entities.Access(read=True)
    with pytest.raises(ReadOnlyField, match="the client reports it"):
        entities.Server(code="srv-hq-02")
    with pytest.raises(ReadOnlyField, match="deactivate or activate the user"):
        entities.Home(inactive=True)
    with pytest.raises(ReadOnlyField, match="known by its uri"):
        entities.Task(name="0")


def test_a_reference_takes_an_entity_of_its_class_only() -> None:
    volume = entities.Volume(code="projects")
    assert entities.Folder(parent=volume, path="thefilm").parent is volume
    with pytest.raises(InvalidValue, match="is a Volume"):
        entities.Folder(parent=entities.Folder(name="plates"))
    delivery = entities.Delivery(name="Trailer", status="init", initial_tasks=["thefilm/trailer.mov"])
    assert entities.Transfer(parent=delivery).parent is delivery


def test_kinds_of_jobs_and_clients_are_jobs_and_clients() -> None:
    for name in ("Transfer", "Compute", "Delivery", "Request", "Stream"):
        assert issubclass(entity_class(name), entities.Job)
    for name in ("App", "Server", "UserServer", "Browser", "Lane"):
        assert issubclass(entity_class(name), entities.Client)
    assert not issubclass(entities.Home, entities.Folder)
    with pytest.raises(entities.Client.DoesNotExist):
        raise entities.Server.DoesNotExist("none")
