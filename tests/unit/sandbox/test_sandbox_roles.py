"""What each role may read and write, by the table of the accsyn documentation ("Data types"), over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.catalogue import TYPES
from accsyn_orm.sandbox.context import new_id
from accsyn_orm.sandbox.store import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY, NO = "yes", "no"
# type -> employee reads, employee writes, standard reads, standard writes. An admin reads and writes everything.
# Types that the documentation's table does not have stand with those that they belong to.
TABLE = {
    "user": ("1", "1", "2", "2"),
    **dict.fromkeys(("workspace", "queue", "site", "server", "engine"), (EVERY, NO, NO, NO)),
    **dict.fromkeys(("transfer", "compute", "task"), (EVERY, EVERY, "3", "3")),
    **dict.fromkeys(("delivery", "request", "stream"), (EVERY, EVERY, "4", "4")),
    **dict.fromkeys(("folder", "collection", "home", "file"), (EVERY, "5", "6", "6")),
    "volume": (NO, NO, NO, NO),
    **dict.fromkeys(("userserver", "app", "browser", "lane", "acl"), (EVERY, EVERY, "1", "1")),
}
# Whose entities the notes of the table mean; for `5`, whose they do not.
NOTES = {
    NO: set[str](),
    "1": {"own", "of a standard user"},
    "2": {"own"},
    "3": {"owner", "sender", "receiver", "recipient"},
    "4": {"recipient"},
    "6": {"own home", "granted"},
}
NOT_5 = {"home of an admin", "home of an employee"}
SPARSE = "Permission denied: you may not "
PEOPLE = {"admin": "anna@acmefilm.com", "employee": "oscar@acmefilm.com", "standard": "vfx@seagull.example"}
Samples = dict[str, str]


@attrs.frozen
class World:
    """A demo workspace, its admin, and a client for each role."""

    sandbox: Sandbox
    admin: Any
    clients: dict[str, Any]

    def samples(self, kind: str, role: str) -> Samples:
        """Return entities of a type by what they are to the user of a role."""
        me = self.clients[role]
        made = _MAKERS.get(kind, _any)(self, kind, me, me.credentials["username"])
        assert made
        return made

    def user(self, email: str) -> str:
        return str(self.admin.ids("user", f"code={email}")[0])

    def folder(self, name: str, *, grant_to: str | None = None, kind: str = "folder") -> str:
        known = self.admin.ids(kind, f'name="{name}"')
        data = {"files": ["thefilm/a.mov"]} if kind == "collection" else {}
        share = str(known[0] if known else self.admin.create(kind, name=name, **data)["id"])
        if grant_to:
            self.grant(grant_to, share)
        return share

    def grant(self, user: str, share: str) -> str:
        data = {"entity": f"user:{user}", "target": f"share:{share}", "read": True, "write": True}
        self.admin.result("POST", "acl/create", data)
        query = f"acl WHERE target=share:{share} AND entity=user:{user}"
        return str(self.admin.result("GET", "acl/find", {}, query=query)[0]["id"])


def _any(world: World, kind: str, _me: Any, _email: str) -> Samples:
    return {"any": world.admin.ids(kind)[0]}


def _people(world: World, _kind: str, me: Any, _email: str) -> Samples:
    others = {f"of {_a(role)}": world.user(email) for role, email in PEOPLE.items()}
    return {"own": me.me, **others}


def _a(role: str) -> str:
    return {"admin": "an admin", "employee": "an employee", "standard": "a standard user"}[role]


def _jobs(world: World, kind: str, me: Any, email: str) -> Samples:
    def job(name: str, by: Any = world.admin, **data: Any) -> str:
        return str(by.create("transfer" if kind == "task" else kind, name=name, **data)["id"])

    if kind == "compute":
        made = {"owner": job("mine", me, input="in"), "stranger": job("theirs", input="in")}
    else:
        there = {"source": "a.mov", "destination": f"{PEOPLE['standard']}:in/"}
        made = {
            "sender": job("from me", tasks=[{"source": f"{email}:a", "destination": "in/"}]),
            "receiver": job("to me", tasks=[{"source": "a.mov", "destination": f"{email}:in/"}]),
            "owner": job("by me", me, tasks=[{"source": f"{email}:a", "destination": "in/"}]),
            "stranger": job("not mine", tasks=[there]),
        }
    if kind != "task":
        return made
    return {label: world.admin.ids("task", parent=identity)[0] for label, identity in made.items()}


def _deliveries(world: World, kind: str, _me: Any, email: str) -> Samples:
    return {
        label: world.admin.create(kind, name=label, tasks=["a.mov"], recipients=[recipient])["id"]
        for label, recipient in (("recipient", email), ("stranger", PEOPLE["standard"]))
    }


def _shares(world: World, kind: str, me: Any, _email: str) -> Samples:
    holder = "collection" if kind == "file" else kind
    granted = world.folder(f"granted {holder} {me.me}", grant_to=me.me, kind=holder)
    other = world.folder(f"other {holder}", kind=holder)
    if kind != "file":
        return {"granted": granted, "other": other}
    return {
        label: world.admin.ids("file", parent=share)[0]
        for label, share in (("granted", granted), ("other", other))
    }


def _homes(world: World, _kind: str, me: Any, _email: str) -> Samples:
    homes = {row["user"]: row["id"] for row in world.admin.find("home")}
    granted = homes[world.user("mix@harbour.example")]
    world.grant(me.me, granted)
    others = {f"home of {_a(role)}": homes[world.user(email)] for role, email in PEOPLE.items()}
    return {"own home": homes[me.me], "granted": granted, **others}


def _clients(world: World, kind: str, me: Any, _email: str) -> Samples:
    store = world.sandbox.workspace.store
    document = store.rows([kind])[0].document
    made = {}
    with store.writing():
        for label, user in _people(world, "user", me, "").items():
            identity = new_id()
            store.put(kind, {**document, "id": identity, "code": f"pc-{identity}", "user": user})
            made[label] = identity
    return made


def _grants(world: World, _kind: str, me: Any, _email: str) -> Samples:
    """Return grants on folders that the user may change, so that what decides is whose grants they are."""
    made = {}
    for label, user in _people(world, "user", me, "").items():
        folder = world.folder(f"for {label} {me.me}", grant_to=me.me)
        made[label] = world.grant(user, folder)
    return made


_MAKERS: dict[str, Callable[[World, str, Any, str], Samples]] = {
    "user": _people,
    **dict.fromkeys(("transfer", "compute", "task"), _jobs),
    **dict.fromkeys(("delivery", "request", "stream"), _deliveries),
    **dict.fromkeys(("folder", "collection", "file"), _shares),
    "home": _homes,
    "volume": lambda world, kind, me, _email: {
        "granted": world.folder("granted volume", grant_to=me.me, kind=kind),
        "other": world.folder("other volume", kind=kind),
    },
    **dict.fromkeys(("userserver", "app", "browser", "lane"), _clients),
    "acl": _grants,
}


@pytest.fixture(scope="module")
def world(connect: Callable[..., Any]) -> Iterator[World]:
    with Sandbox(data="demo") as sandbox:
        store = sandbox.workspace.store
        with store.writing():
            emma = store.rows(["user"])[1].document
            store.put("user", {**emma, "id": "5" * 24, "code": "help@accsyn.example", "role": "support"})
            store.add_account(Account("5" * 24, "support", "key", "pwd"))
        clients = {role: connect(sandbox, role) for role in ("admin", "employee", "standard", "support")}
        yield World(sandbox, clients["admin"], clients)


def expected(note: str, samples: Samples) -> set[str]:
    if note == EVERY:
        return set(samples)
    return set(samples) - NOT_5 if note == "5" else set(samples) & NOTES[note]


def reads(client: Any, kind: str, identity: str) -> bool:
    """Return whether an entity is found by its id, which has to agree with whether it is listed."""
    found = [row["id"] for row in client.result("GET", f"{kind}/find", {}, id=identity)]
    listed = client.ids(kind, f"id={identity}")
    assert found == listed
    return found == [identity]


def writes(client: Any, kind: str, identity: str) -> bool:
    if kind == "acl":
        answer = client.ask("DELETE", "acl/delete", {}, id=identity)
    else:
        changes = {"task": {"priority": 7}, "file": {"name": "renamed"}}.get(kind, {"description": "changed"})
        answer = client.ask("PUT", f"{kind}/edit", changes, id=identity)
    assert client.status in {200, 403}, answer
    if client.status == 403:
        standard = client.credentials["username"] == "lisa@example.com"
        assert answer["message"].startswith(SPARSE) is standard, answer
    return bool(client.status == 200)


def test_the_table_has_every_type() -> None:
    assert set(TABLE) == set(TYPES)


@pytest.mark.parametrize("kind", TABLE)
@pytest.mark.parametrize("role", ["admin", "employee", "standard", "support"])
def test_each_role_reads_and_writes_what_the_table_says(world: World, kind: str, role: str) -> None:
    client = world.clients[role]
    samples = world.samples(kind, "employee" if role == "support" else role)
    # What the role `support` may is not documented: here it reads everything and writes nothing.
    fixed = {"admin": (EVERY, EVERY), "support": (EVERY, NO)}
    reading, writing = fixed.get(role) or TABLE[kind][:2] if role != "standard" else TABLE[kind][2:]
    assert {label for label, each in samples.items() if reads(client, kind, each)} == expected(
        reading, samples
    )
    assert {label for label, each in samples.items() if writes(client, kind, each)} == expected(
        writing, samples
    )


CREATED = {
    "user": ({"code": "{}@new.example"}, "admin employee"),
    "queue": ({"name": "{}"}, "admin"),
    "site": ({"name": "{}"}, "admin"),
    "volume": ({"name": "{}"}, "admin"),
    "folder": ({"name": "{}"}, "admin employee"),
    "home": ({"user": "former@example.com", "name": "{}"}, "admin employee"),
    "collection": ({"name": "{}"}, "admin employee"),
    "transfer": ({"name": "{}"}, "admin employee standard"),
    "compute": ({"name": "{}", "input": "x"}, "admin employee standard"),
    # An employee needs access to a volume for these, and has none yet.
    "delivery": ({"name": "{}"}, "admin"),
    "request": ({"name": "{}"}, "admin"),
    "stream": ({"name": "{}"}, "admin"),
}


@pytest.mark.parametrize("kind", CREATED)
def test_each_role_creates_what_it_may(connect: Callable[..., Any], demo: Sandbox, kind: str) -> None:
    data, roles = CREATED[kind]
    for role in ("admin", "employee", "standard"):
        client = connect(demo, role)
        filled = {name: value.format(f"{role} {kind}".replace(" ", "-")) for name, value in data.items()}
        answer = client.ask("POST", f"{kind}/create", filled)
        assert client.status == (200 if role in roles.split() else 403), answer
        if client.status == 403:
            assert answer["message"].startswith(SPARSE) is (role == "standard")


def test_an_employee_delivers_once_an_admin_grants_a_volume(world: World) -> None:
    emma = world.clients["employee"]
    volume = world.folder("for deliveries", kind="volume")
    for row in world.admin.find("volume"):
        for acl in world.admin.find("acl", f"target=share:{row['id']} AND entity=user:{emma.me}"):
            world.admin.result("DELETE", "acl/delete", {}, id=acl["id"])
    assert "no volume" in emma.refused(403, "POST", "delivery/create", {"name": "d"})
    world.grant(emma.me, volume)
    assert emma.create("delivery", name="d")["status"] == "init"


def test_employees_grant_nobody_a_volume(world: World) -> None:
    emma = world.clients["employee"]
    volume = world.folder("for admins", kind="volume")
    data = {"entity": f"user:{emma.me}", "target": f"share:{volume}", "read": True}
    assert "only an admin" in emma.refused(403, "POST", "acl/create", data)
    new = {"code": "x@example.com", "give_all_volumes_access": True}
    assert "only an admin" in emma.refused(403, "POST", "user/create", new)
    assert world.admin.ids("user", "code=x@example.com") == []


def test_only_admins_change_roles_and_that_revokes_all_access(world: World) -> None:
    emma, admin = world.clients["employee"], world.admin
    user = admin.create("user", code="riser@example.com")["id"]
    world.grant(user, world.folder("risen"))
    assert "roles" in emma.refused(403, "PUT", "user/edit", {"role": "employee"}, id=user)
    assert "admin" in emma.refused(403, "POST", "user/create", {"code": "y@example.com", "role": "admin"})
    assert admin.edit("user", user, role="standard", name="Riser")["role"] == "standard"
    assert admin.find("acl", f"entity=user:{user}")
    assert admin.edit("user", user, role="employee")["role"] == "employee"
    assert admin.find("acl", f"entity=user:{user}") == []


ROUTES = [
    ("site=hq:a", "site=sthlm:b", True),
    ("site=sthlm:a", "", True),
    ("a", "site=london:b", True),
    ("site=hq:folder=thefilm/a", "site=london:folder=incoming/b", True),
    ("site=hq:a", "b", False),
    ("a", "lisa@example.com:b", False),
    ("lisa@example.com:a", "site=sthlm:b", False),
]


@pytest.mark.parametrize(("source", "destination", "crossing"), ROUTES)
def test_site_transfers_need_full_access_to_the_volume(
    world: World, source: str, destination: str, crossing: bool
) -> None:
    emma, lisa, admin = world.clients["employee"], world.clients["standard"], world.admin
    volume = admin.ids("volume", "default=true")[0]
    for acl in admin.find("acl", f"target=share:{volume} AND entity=user:{emma.me}"):
        admin.result("DELETE", "acl/delete", {}, id=acl["id"])
    task = {"source": source, **({"destination": destination} if destination else {})}
    data = {"name": "route", "tasks": [task]}
    grant = {"entity": f"user:{emma.me}", "target": f"share:{volume}", "read": True, "write": False}
    for right in ({}, {"path": "thefilm", "write": True}, {"write": True}):
        if right:
            admin.result("POST", "acl/create", {**grant, **right})
        emma.ask("POST", "transfer/create", data)
        assert (emma.status == 403) is (crossing and right != {"write": True})
    lisa.ask("POST", "transfer/create", data)
    assert (lisa.status == 403) is crossing
    job = lisa.create("transfer", name="later")["id"]
    lisa.ask("POST", "task/create", {"tasks": [task]}, id=job)
    assert (lisa.status == 403) is crossing
    assert admin.create("transfer", **data)["status"] == "waiting"


def test_only_the_owner_of_a_machine_names_absolute_paths_on_it(world: World) -> None:
    lisa, admin = world.clients["standard"], world.admin
    tasks = [{"source": "a", "destination": "lisa@example.com:/home/lisa/in"}]
    admin.refused(403, "POST", "transfer/create", {"name": "x", "tasks": tasks})
    assert lisa.create("transfer", name="x", tasks=tasks)["destination"] == f"user:{lisa.me}"


def test_a_standard_user_revokes_nothing_on_a_share_it_may_not_change(world: World) -> None:
    lisa = world.clients["standard"]
    acl = world.grant(world.user("mix@harbour.example"), world.folder("not for lisa"))
    assert lisa.refused(403, "DELETE", "acl/delete", {}, id=acl).startswith(SPARSE)


def test_a_grant_below_the_root_or_for_reading_lets_nobody_change_the_share(world: World) -> None:
    lisa, admin = world.clients["standard"], world.admin
    below: dict[str, Any] = {"read": True, "write": True, "path": "in"}
    for name, rights in (("below", below), ("read only", {"read": True})):
        folder = world.folder(name)
        data = {"entity": f"user:{lisa.me}", "target": f"share:{folder}", **rights}
        admin.result("POST", "acl/create", data)
        assert reads(lisa, "folder", folder)
        assert not writes(lisa, "folder", folder)
