"""The data of a new sandbox: a small film company, `acmefilm`, or no more than a workspace needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .demo_jobs import Cast, seed_jobs
from .seeding import BASE, Seeder, seeded_id, seeded_uuid, stamp
from .store import Account, Row, Store

__all__ = ["ROLES", "seed"]

WORKSPACE = "acmefilm"
ROLES = {"admin": "john@user.com", "employee": "emma@acmefilm.com", "standard": "lisa@example.com"}
_PEOPLE = (
    ("anna@acmefilm.com", "Anna Berg", "admin"),
    ("oscar@acmefilm.com", "Oscar Lind", "employee"),
    ("nils@acmefilm.com", "Nils Holm", "employee"),
    ("grading@northlight.example", "Northlight Grading", "standard"),
    ("vfx@seagull.example", "Seagull VFX", "standard"),
    ("mix@harbour.example", "Harbour Sound", "standard"),
)


def seed(store: Store, *, demo: bool, jobs: int | None) -> None:
    """
    Fill an empty store.

    Args:
        store: Where to put the entities.
        demo: Whether to add more than the workspace, its users, queues, main site and default volume.
        jobs: How many transfers there are in the demo; None for a few of every kind.
    """
    with store.writing():
        seeder = Seeder(store, ROLES["admin"])
        seeder.put("workspace", WORKSPACE, name="Acme Film", status="enabled")
        users = [_user(seeder, email, name, role) for email, name, role in _first_people()]
        for user in users:
            email = user.document["code"]
            key, pwd = seeded_uuid(f"key:{email}"), f"pwd-{seeded_id(f'pwd:{email}')}"
            store.add_account(Account(user.id, user.document["role"], key, pwd))
        queues = _queues(seeder)
        site = _site(seeder, "hq", "Headquarters", main=True)
        volume = seeder.put(
            "volume", "projects", name="Projects", status="enabled", type="volume", default=True,
            licensed=True, inactive=False, email=None, queue=None, path="/mnt/projects", server=None,
            siteservers=[], paths={"linux": "/mnt/projects", "windows": "P:\\", "mac": "/Volumes/projects"},
        )  # fmt: skip
        if demo:
            _fill(seeder, users, queues, site, volume, jobs)


def _first_people() -> list[tuple[str, str, str]]:
    names = {"admin": "John Doe", "employee": "Emma Falk", "standard": "Lisa Ek"}
    return [(email, names[role], role) for role, email in ROLES.items()]


def _user(
    seeder: Seeder, email: str, name: str, role: str, *, inactive: bool = False, status: str = "enabled"
) -> Row:
    logged_in = None if inactive else stamp(BASE - timedelta(hours=len(email)))
    return seeder.put(
        "user", email, name=name, role=role, status=status, inactive=inactive, logged_in=logged_in, queue=None
    )


def _queues(seeder: Seeder) -> list[Row]:
    standard = (("high", "High", 999), ("medium", "Medium", 500), ("low", "Low", 1))
    return [
        seeder.put(
            "queue", code, name=name, priority=priority, status="waiting", parent=None,
            default=code == "medium", compute_default=code == "medium",
        )
        for code, name, priority in standard
    ]  # fmt: skip


def _site(seeder: Seeder, code: str, name: str, *, main: bool = False) -> Row:
    return seeder.put("site", code, name=name, status="enabled", main=main, accsyn=False)


def _fill(
    seeder: Seeder, users: list[Row], queues: list[Row], hq: Row, volume: Row, jobs: int | None
) -> None:
    users = [*users, *(_user(seeder, email, name, role) for email, name, role in _PEOPLE)]
    _user(seeder, "former@example.com", "Former Vendor", "standard", inactive=True)
    _user(seeder, "disabled@example.com", "Disabled Vendor", "standard", status="disabled")
    sites = [hq, _site(seeder, "sthlm", "Stockholm"), _site(seeder, "london", "London")]
    queues = [*queues, *_nested_queues(seeder, queues)]
    _shares(seeder, users, volume)
    _clients(seeder, users, sites)
    engines = [
        seeder.put("engine", code, name=name, status="enabled", type="compute")
        for code, name in (("nuke", "Nuke"), ("maya", "Maya"), ("ffmpeg", "FFmpeg"), ("blender", "Blender"))
    ]
    seed_jobs(seeder, Cast(users, queues, sites, engines), jobs)


def _nested_queues(seeder: Seeder, queues: list[Row]) -> list[Row]:
    high, medium, low = queues
    flags: dict[str, Any] = {"default": False, "compute_default": False, "status": "waiting"}
    dailies = seeder.put("queue", "dailies", name="Dailies", priority=800, parent=high.id, **flags)
    nightly = seeder.put("queue", "nightly", name="Nightly", priority=300, parent=medium.id, **flags)
    backups = seeder.put("queue", "backups", name="Backups", priority=100, parent=nightly.id, **flags)
    paused = {**flags, "status": "paused"}
    archive = seeder.put("queue", "to-archive", name="To archive", priority=1, parent=low.id, **paused)
    return [dailies, nightly, backups, archive]


def _shares(seeder: Seeder, users: list[Row], volume: Row) -> None:
    shared: dict[str, Any] = {"status": "enabled", "email": None, "queue": None, "parent": volume.id}
    folders = {
        code: seeder.put("folder", code, name=name, type="folder", path=path, inactive=inactive, **shared)
        for code, name, path, inactive in (
            ("incoming", "Incoming", "incoming", False),
            ("thefilm", "The Film", "thefilm", False),
            ("thefilm-plates", "The Film: plates", "thefilm/plates", False),
            ("commercial-2024", "Commercial 2024", "old/commercial", True),
        )
    }
    for user in users:
        code = user.document["code"]
        path = f"homes/{code.partition('@')[0]}"
        seeder.put("home", code, type="home", path=path, inactive=False, user=user.id, **shared)
    collection = seeder.put(
        "collection",
        "trailer-delivery",
        name="Trailer delivery",
        type="collection",
        path=None,
        inactive=False,
        **shared,
    )
    for number in range(1, 6):
        path = f"thefilm/trailer/trailer_v{number:03d}.mov"
        identity = {"id": seeded_uuid(f"file:{path}"), "created": collection.document["created"]}
        modified = {
            "modified": collection.document["created"],
            "name": path.rpartition("/")[2],
            "size": number * 10**9,
        }
        seeder.store.put(
            "file", {**identity, "parent": collection.id, "path": f"volume=projects/{path}", **modified}
        )
    for folder, user, write in ((folders["incoming"], users[2], True), (folders["thefilm"], users[7], False)):
        _acl(seeder, folder, user, write=write)


def _acl(seeder: Seeder, share: Row, user: Row, *, write: bool) -> None:
    created = share.document["created"]
    seeder.store.put(
        "acl",
        {
            "id": seeded_id(f"acl:{share.id}:{user.id}"),
            "entity": f"user:{user.id}",
            "target": f"share:{share.id}",
            "read": True,
            "write": write,
            "path": "/",
            "acknowledged": True,
            "role": user.document["role"],
            "status": "enabled",
            "creator": seeder.email,
            "created": created,
            "modified": created,
        },
    )


def _clients(seeder: Seeder, users: list[Row], sites: list[Row]) -> None:
    hq, sthlm, london = sites
    john, emma, lisa = users[:3]
    rows = (
        ("server", 1, "Server", "srv-hq-01", "online", hq, john, "linux"),
        ("server", 1, "Server", "srv-sthlm-01", "online", sthlm, john, "linux"),
        ("server", 1, "Server", "srv-london-01", "disabled-offline", london, john, "windows"),
        ("userserver", 2, "User server", "lisa-nas", "offline", None, lisa, "linux"),
        ("app", 0, "Desktop app", "emma-mbp", "online", None, emma, "mac"),
        ("app", 0, "Desktop app", "lisa-pc", "offline", None, lisa, "windows"),
        ("browser", 3, "Browser", "lisa-browser", "online", None, lisa, "mac"),
    )
    servers = [
        seeder.put(
            kind, code, status=status, type=number, type_hr=label, os=system, version="3.2.1",
            username="accsyn", user=user.id, site=site.id if site else None, parent=None,
            wan_ip=f"192.0.2.{index + 10}", benchmark=4200, roles="storage,compute,site" if kind == "server"
            else "", metrics={"cpu": 12, "ram": 34}, last_checkin=stamp(BASE - timedelta(minutes=index)),
            host_id=seeded_id(f"host:{code}"),
        )
        for index, (kind, number, label, code, status, site, user, system) in enumerate(rows)
    ]  # fmt: skip
    lane = {**servers[0].document, "parent": servers[0].id, "type": 4, "type_hr": "Lane", "roles": "compute"}
    for name in ("id", "code", "name"):
        lane.pop(name)
    seeder.put("lane", "srv-hq-01-lane-1", **lane)
