"""
The entity types as data: one line per attribute.

A line is a name, a kind and flags. Kinds: text, date, int, float, bool, object, list, status, role, `@type`
for the id of another entity, `@party` for a `type:id` reference. Every reference has a readable twin,
`<name>_hr`. Flags: C settable on create, R required on create, U settable on update, H never returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GENERIC", "JOB_TYPES", "TYPES", "Attribute", "EntityType"]


@attrs.frozen
class Attribute:
    """
    One attribute of an entity type.

    Args:
        name: Name on the wire.
        kind: Type of its value; `reference` with `target` for an id, `party` for `type:id`, `readable` for a
            twin.
        target: Entity type that a reference points to, or the attribute that a twin makes readable.
        hidden: Whether it is stored or taken, and never returned.
    """

    name: str
    kind: str
    create: bool = False
    required: bool = False
    update: bool = False
    hidden: bool = False
    target: str = ""


@attrs.frozen
class EntityType:
    """
    One entity type.

    Args:
        statuses: Every status that an entity can have.
        settable: Those that a client may set; None where the type has no status.
        first_status: Status of a new entity.
        unique: Whether no two entities of the type share a code.
        creatable: Whether clients may create it.
        deactivatable: Whether it can be taken out of use and back.
    """

    name: str
    attributes: Mapping[str, Attribute]
    statuses: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    first_status: str | None = None
    unique: bool = False
    creatable: bool = True
    deactivatable: bool = False


def _attribute(line: str) -> Attribute:
    name, kind, *rest = line.split()
    flags = rest[0] if rest else ""
    target = ""
    if kind == "@party":
        kind = "party"
    elif kind.startswith("@"):
        kind, target = "reference", kind[1:]
    required = "R" in flags
    return Attribute(
        name,
        kind,
        required or "C" in flags,
        required,
        update="U" in flags,
        hidden="H" in flags,
        target=target,
    )


def _attributes(*tables: str) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for line in "\n".join(tables).splitlines():
        if not line.strip():
            continue
        attribute = _attribute(line)
        found[attribute.name] = attribute
        if attribute.kind in {"reference", "party"} and not attribute.hidden:
            found[f"{attribute.name}_hr"] = Attribute(
                f"{attribute.name}_hr", "readable", target=attribute.name
            )
    return found


_COMMON = """
id           text
code         text
name         text     CU
description  text     CU
status       status   U
created      date
modified     date
creator      @user
modifier     @user
metadata     object   CU
"""

_JOB = """
code         text     C
status       status   CU
finished     date
source       @party
destination  @party
size         int
progress     int
speed        float
etr          text
uri          path
user         @user
parent       @delivery C
queue        @queue   CU
tasks        tasks    CH
settings     strings  CH
recipients   list     CH
hooks        list     CH
"""

_TRANSFER = """
source       @party   C
destination  @party   C
mirror       bool     CH
mirror_paths bool     CH
append       bool     CH
repeat       text     CH
allow_duplicates   bool CH
replace_duplicates bool CH
"""

_COMPUTE = """
engine       @engine  C
input        text     C
output       text     C
range        text     C
dependencies list     C
filters      text     C
parameters   object   C
envs         object   C
allow_duplicates   bool CH
replace_duplicates bool CH
"""

_DELIVERY = """
public       bool     C
allow_duplicates   bool CH
replace_duplicates bool CH
"""

_TASK = """
id           text
uri          text     C
job          @job
status       status   CU
created      date
modified     date
finished     date
priority     int      CU
size         int
time         int
source       place    C
destination  place    C
description  text     C
metadata     object   CU
compute      object   CH
deps         list     CH
settings     strings  CH
tasks        tasks    CH
"""

_USER = """
code         text     R
role         role     CU
logged_in    date
queue        @queue   U
inactive     bool
create_home_share           bool CH
give_all_volumes_access     bool CH
give_default_volume_access  bool CH
volumes      list     CH
message      text     CH
mail         bool     CH
"""

_QUEUE = """
code            text  C
name            text  RU
parent          @queue CU
priority        int   CU
default         bool
compute_default bool
uri             path
"""

_SHARE = """
type         text
email        text
inactive     bool
queue        @queue   U
status_hr    text
"""

_VOLUME = """
code         text     CU
paths        object   CU
path         text
server       @client  C
siteservers  list     C
default      bool
licensed     bool
"""

_FOLDER = """
name         text     RU
code         text     C
parent       @volume  C
path         text     C
"""

_CLIENT = """
name         text
description  text     U
user         @user
site         @site
parent       @client
os           text
version      text
type         int
type_hr      text
roles        text
last_checkin date
wan_ip       text
username     text
benchmark    int
metrics      object
host_id      text
"""

_ACL = """
id           text
entity       @party
target       @party
read         bool
write        bool
path         text
acknowledged bool
role         text
status       text
token        text
creator      @user
created      date
modified     date
description  text
"""

_TRANSFERRING = ("init", "waiting", "running", "paused", "failed", "aborted", "done")
_DELIVERING = ("init", "pending", "waiting", "running", "paused", "failed", "aborted", "done")
_TASKING = ("pending", "queued", "booting", "executing", "failed", "onhold", "excluded", "done")
_SERVING = ("enabled", "disabled", "offline", "disabled-offline")
_ONLINE = ("online", "disabled", "offline", "disabled-offline")
_SWITCH = ("enabled", "disabled")


def _job(name: str, *tables: str) -> EntityType:
    return EntityType(
        name,
        _attributes(_COMMON, _JOB, *tables),
        _TRANSFERRING,
        ("waiting", "paused", "aborted", "done"),
        "waiting",
    )


def _delivery(name: str, *tables: str) -> EntityType:
    # Submitting is `pending`; the documentation's own tests then see `waiting`, so both are taken.
    return EntityType(
        name,
        _attributes(_COMMON, _JOB, _DELIVERY, *tables),
        _DELIVERING,
        ("pending", "waiting", "aborted", "done"),
        "init",
    )


def _share(name: str, *tables: str, creatable: bool = True, deactivatable: bool = True) -> EntityType:
    return EntityType(
        name,
        _attributes(_COMMON, _SHARE, *tables),
        _SERVING,
        _SWITCH,
        "enabled",
        unique=True,
        creatable=creatable,
        deactivatable=deactivatable,
    )


def _client(name: str) -> EntityType:
    # "enabled" is documented to enable a disabled client; it is stored as `online`.
    return EntityType(
        name,
        _attributes(_COMMON, _CLIENT),
        _ONLINE,
        ("online", "enabled", "disabled"),
        "offline",
        creatable=False,
    )


_FOLDERS = _attributes(_COMMON, _SHARE, _FOLDER)

TYPES: Mapping[str, EntityType] = {
    each.name: each
    for each in (
        EntityType("workspace", _attributes(_COMMON), ("enabled",), unique=True, creatable=False),
        EntityType(
            "user", _attributes(_COMMON, _USER), _SWITCH, _SWITCH, "enabled", unique=True, deactivatable=True
        ),
        EntityType(
            "queue",
            _attributes(_COMMON, _QUEUE),
            ("waiting", "paused"),
            ("waiting", "paused"),
            "waiting",
            unique=True,
        ),
        _job("transfer", _TRANSFER),
        _job("compute", _COMPUTE),
        _delivery("delivery"),
        _delivery("request", "destination @party C"),
        _delivery("stream"),
        EntityType(
            "task", _attributes(_TASK), _TASKING, ("queued", "failed", "onhold", "excluded", "done"), "queued"
        ),
        EntityType(
            "file",
            _attributes(
                "id text",
                "name text CU",
                "parent @collection",
                "path text R",
                "size int",
                "created date",
                "modified date",
            ),
        ),
        _share("volume", _VOLUME),
        _share("folder", _FOLDER),
        _share("home", _FOLDER, "name text CU", "user @user R", deactivatable=False),
        _share("collection", _FOLDER, "files list CH"),
        EntityType(
            "site",
            _attributes(_COMMON, "name text RU", "accsyn bool", "main bool"),
            _SWITCH,
            _SWITCH,
            "enabled",
            unique=True,
        ),
        _client("app"),
        _client("server"),
        _client("userserver"),
        _client("browser"),
        _client("lane"),
        EntityType("engine", _attributes(_COMMON, "type text"), ("enabled",), unique=True, creatable=False),
        EntityType("acl", _attributes(_ACL), ("enabled",), creatable=False),
    )
}

# Generic names; `job` and `share` remain from earlier generations. Writes through them reach the entity's own
# type.
GENERIC: Mapping[str, tuple[str, ...]] = {
    "job": ("transfer",),
    "share": ("volume", "folder", "home", "collection"),
    "client": ("app", "server", "userserver", "browser", "lane"),
}

JOB_TYPES = frozenset({"transfer", "compute", "delivery", "request", "stream"})
