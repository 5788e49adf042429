"""The catalogue of entity classes against a table written from the accsyn documentation."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm import entities
from accsyn_orm.entities import Entity
from accsyn_orm.errors import InvalidValue, ReadOnlyField, UnknownField
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
creator_hr text -
modified date -!
modifier text -
modifier_hr text -
"""

JOB = """
code text C!
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
queue_hr text -
parent @Delivery C
parent_hr text -
tasks json C
settings json C
recipients json C
hooks json C
mirror bool C!
mirror_paths bool C!
append bool C!
repeat json C
allow_duplicates bool C!
replace_duplicates bool C!
"""

# A line of a name and `absent`: the attribute does not exist on this type.
NO_COPY = """
mirror absent
mirror_paths absent
append absent
repeat absent
"""

COMPUTE = """
source @* -
destination @* -
engine @Engine C
engine_hr text -
input text C
output text C
range text C
dependencies json C
filters text C
parameters json C
envs json C
"""

DELIVERY = """
public bool C!
source @* -
destination @* -
"""

TASK = """
code absent
name absent
creator absent
creator_hr absent
modifier absent
modifier_hr absent
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
compute json C
deps json C
settings json C
tasks json C
"""

USER = """
code text C!
role text CU!
status text U!
logged_in date -
queue @Queue U
queue_hr text -
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
code text C!
status text U!
parent @Queue CU
parent_hr text -
priority int CU!
default bool C!
compute_default bool C!
uri text -
"""

STORAGE = """
status text U!
status_hr text -
type text -
email text -
queue @Queue U
queue_hr text -
inactive bool -!
"""

VOLUME = """
paths json CU
path text -
server @Server C
server_hr text -
siteservers json C
default bool -!
licensed bool -!
"""

IN_VOLUME = """
code text C!
parent @Volume C
parent_hr text -
path text C
"""

HOME = """
user @User C
user_hr text -
"""

SHARE = """
code text CU!
type text C
path text C
files json C
"""

FILE = """
code absent
description absent
metadata absent
creator absent
creator_hr absent
modifier absent
modifier_hr absent
parent @Collection C
parent_hr text -
path text C
size int -!
files json C
"""

CLIENT = """
code text -!
name text -!
description text U
metadata json U
status text U!
type int -!
type_hr text -
roles text -
user @User -
user_hr text -
site @Site -
site_hr text -
parent @Client -
parent_hr text -
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
code absent
name absent
metadata absent
modifier absent
modifier_hr absent
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

SITE = """
code text -!
status text U!
main bool -!
accsyn bool -!
"""

THERE = """
code text -!
name text U!
description text U
metadata json U
status text U
"""

# A later line about an attribute goes before an earlier one.
REFERENCE: dict[str, tuple[str, ...]] = {
    "Job": (COMMON, JOB),
    "Transfer": (COMMON, JOB),
    "Compute": (COMMON, JOB, NO_COPY, COMPUTE),
    "Delivery": (COMMON, JOB, NO_COPY, DELIVERY),
    "Request": (COMMON, JOB, NO_COPY, DELIVERY, "destination @* C"),
    "Stream": (COMMON, JOB, NO_COPY, DELIVERY),
    "Task": (COMMON, TASK),
    "User": (COMMON, USER),
    "Queue": (COMMON, QUEUE),
    "Share": (COMMON, STORAGE, VOLUME, IN_VOLUME, HOME, SHARE),
    "Volume": (COMMON, STORAGE, VOLUME),
    "Folder": (COMMON, STORAGE, IN_VOLUME),
    "Home": (COMMON, STORAGE, IN_VOLUME, HOME),
    "Collection": (COMMON, STORAGE, IN_VOLUME, "files json C"),
    "File": (COMMON, FILE),
    "Client": (COMMON, CLIENT),
    "App": (COMMON, CLIENT),
    "Server": (COMMON, CLIENT),
    "UserServer": (COMMON, CLIENT),
    "Browser": (COMMON, CLIENT),
    "Lane": (COMMON, CLIENT),
    "Site": (COMMON, SITE),
    "Workspace": (COMMON, THERE),
    "Engine": (COMMON, THERE, "type text -"),
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
    found = {line.split()[0]: line.split() for line in lines if line}
    return {name: line for name, line in found.items() if line[1:] != ["absent"]}


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
def test_nothing_else_is_declared(name: str) -> None:
    assert set(entity_class(name).__mapper__.by_wire) == documented(name).keys()


@pytest.mark.parametrize("name", REFERENCE)
def test_texts_that_many_entities_share_are_kept_once(name: str) -> None:
    alone = {"id", "code", "name", "description", "etr", "message", "token", "host_id", "host_ident"}
    alone |= {"input", "output", "range", "filters", "email"}
    for field in entity_class(name).__mapper__.fields.values():
        if field.is_reference or field.choices or field.name.endswith("_hr"):
            assert field.repeats, field.name
        elif not isinstance(field.kind, kinds.Text):
            assert not field.repeats, field.name
        elif field.name not in alone | {"uri", "path"}:
            assert field.repeats, field.name
        if field.name in alone:
            assert not field.repeats, field.name


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
    annotated = {
        key: text for base in reversed(cls.__mro__) for key, text in inspect.get_annotations(base).items()
    }
    for field in cls.__mapper__.fields.values():
        if isinstance(field.kind, kinds.Reference):
            target = field.kind.target
            if target is not None:
                assert class_named(target) is entity_class(target)
            annotation = annotated[field.name]
            may_be_none = " | None" if annotation.endswith(" | None]") else ""
            assert annotation == f"Mapped[{target or 'Entity'}{may_be_none}]"
            assert annotated[field.slot] == f"Mapped[str{may_be_none}]"


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
    with pytest.raises(UnknownField, match="no field 'name' on Task: a task is known by its uri"):
        entities.Task(name="0")
    with pytest.raises(ReadOnlyField, match="clients are installed"):
        entities.Server(description="new")


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


def test_a_text_that_repeats_is_held_once(served: Any) -> None:
    def rows(asked: Any) -> Any:
        made = [{"id": f"{n:024}", "user_hr": "lisa@example.com"} for n in range(3)]
        return asked.page(made)

    session, _ = served(rows)
    jobs = list(entities.Job.objects.using(session))
    assert [job.user_hr for job in jobs] == ["lisa@example.com"] * 3
    assert len({id(job.user_hr) for job in jobs}) == 1
