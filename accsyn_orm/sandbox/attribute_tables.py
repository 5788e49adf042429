"""
The attributes of the entity types as data: one line per attribute.

A line is a name, a kind and flags. Kinds: text, date, int, float, bool, object, list, status, role, `@type`
for the id of another entity, `@party` for a `type:id` reference, `readable` for the readable twin of another
attribute. Every reference has such a twin, `<name>_hr`. Flags: C settable on create, R required on create,
U settable on update, A on update by admins only, H never returned.

Sources are the pages of the accsyn documentation: data types (common attributes), transfers, compute, deliveries,
users, queues, file sharing, sites, clients; the job specification; and for grants, the published client's use of them.
"""

from __future__ import annotations

import attrs

__all__ = [
    "ACL",
    "CLIENT",
    "COMMON",
    "COMPUTE",
    "DELIVERY",
    "FILE",
    "FOLDER",
    "JOB",
    "QUEUE",
    "SHARE",
    "TASK",
    "TRANSFER",
    "USER",
    "VOLUME",
    "Attribute",
    "attributes",
]


@attrs.frozen
class Attribute:
    """
    One attribute of an entity type.

    Args:
        name: Name on the wire.
        kind: Type of its value; `reference` with `target` for an id, `party` for `type:id`, `readable` for a
            twin.
        target: Entity type that a reference points to, or the attribute that a twin makes readable.
        admin: Whether only an admin may change it.
        hidden: Whether it is stored or taken, and never returned.
    """

    name: str
    kind: str
    create: bool = False
    required: bool = False
    update: bool = False
    admin: bool = False
    hidden: bool = False
    target: str = ""


def _attribute(line: str) -> Attribute:
    name, kind, *rest = line.split()
    flags = rest[0] if rest else ""
    target = ""
    if kind == "@party":
        kind = "party"
    elif kind == "readable":
        target = name.removesuffix("_hr")
    elif kind.startswith("@"):
        kind, target = "reference", kind[1:]
    required = "R" in flags
    return Attribute(
        name,
        kind,
        required or "C" in flags,
        required,
        update="U" in flags,
        admin="A" in flags,
        hidden="H" in flags,
        target=target,
    )


def attributes(*tables: str) -> dict[str, Attribute]:
    """Read tables of attributes; a later line replaces an earlier one of the same name."""
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


COMMON = """
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
settings     strings  H
"""

JOB = """
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
reason       text     H
sample       bool     H
"""

TRANSFER = """
source       @party   C
destination  @party   C
mirror       bool     CH
mirror_paths bool     CH
append       bool     CH
repeat       text     CH
allow_duplicates   bool CH
replace_duplicates bool CH
"""

COMPUTE = """
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

DELIVERY = """
public       bool     C
allow_duplicates   bool CH
replace_duplicates bool CH
"""

TASK = """
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
reason       text     H
"""

USER = """
code         text     R
role         role     CUA
phase        text
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

QUEUE = """
code            text  C
name            text  RU
parent          @queue CU
priority        int   CU
default         bool  C
compute_default bool  C
uri             path
"""

SHARE = """
type         text
email        text
inactive     bool
queue        @queue   U
status_hr    readable
"""

VOLUME = """
code         text     CU
paths        object   CU
path         text
server       @client  C
siteservers  list     C
default      bool
licensed     bool
"""

FOLDER = """
name         text     RU
code         text     C
parent       @volume  C
path         text     C
"""

CLIENT = """
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
host_ident   text
"""

ACL = """
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

FILE = """
id           text
name         text     CU
parent       @collection
path         text     R
size         int
created      date
modified     date
files        list     CH
"""
