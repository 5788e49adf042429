"""The jobs of the demo data, of every kind and status, with their tasks, over half a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from .schema import FINISHED
from .seeding import BASE, Choices, Seeder, seeded_id, seeded_uuid, stamp

if TYPE_CHECKING:
    from .store import Row

__all__ = ["Cast", "seed_jobs"]

_FEW = 36
_SPAN = timedelta(days=180)
_ARCHIVED = "archived"
_STATUSES = (
    ("waiting",) * 9 + ("running",) * 3 + ("paused",) * 6 + ("failed",) * 4 + ("init",) + ("done",) * 5
    + ("aborted",) * 2 + (_ARCHIVED,)
)  # fmt: skip
_NAMES = (
    "Daily backup",
    "Weekly backup",
    "{shot} plates to {code}",
    "{shot} comp review",
    "{shot} grade",
    "Dailies {day}",
    "Trailer delivery {number}",
    "Sound mix reel {number}",
)
# Other kinds: every status that each can have.
_OTHERS = {
    "compute": ("waiting", "running", "paused", "failed", "aborted", "done", "init", _ARCHIVED),
    "delivery": ("init", "pending", "waiting", "running", "paused", "failed", "aborted", "done"),
    "request": ("init", "pending", "failed", "aborted", "done"),
    "stream": ("init", "pending", "aborted", "done"),
}
_TASKS = {
    "waiting": ("queued", "queued", "onhold"),
    "running": ("done", "executing", "booting", "queued"),
    "paused": ("onhold", "queued"),
    "failed": ("done", "failed"),
    "init": ("pending",),
    "pending": ("queued",),
    "aborted": ("done", "queued"),
    "done": ("done", "done", "excluded"),
}
_MEGABYTE = 10**6


@attrs.frozen
class Cast:
    """Who and what the jobs are made of."""

    users: list[Row]
    queues: list[Row]
    sites: list[Row]
    engines: list[Row]

    @property
    def outside(self) -> list[Row]:
        """The standard users."""
        return [user for user in self.users if user.document["role"] == "standard"]


def seed_jobs(seeder: Seeder, cast: Cast, transfers: int | None) -> None:
    """Store the jobs, oldest first."""
    number = _FEW if transfers is None else transfers
    planned: list[tuple[datetime, str, int, str]] = []
    for index in range(number):
        created = BASE - _SPAN * (number - index) / (number + 1)
        # The first ones go through every status, so that a small workspace has them all.
        statuses = tuple(dict.fromkeys(_STATUSES))
        status = statuses[index] if index < len(statuses) else Choices(f"status:{index}").one(_STATUSES)
        planned.append((created, "transfer", index, "waiting" if number - index <= 2 else status))  # noqa: PLR2004
    for kind, kinds in _OTHERS.items():
        for index, status in enumerate(kinds):
            planned.append((BASE - timedelta(days=5 * index + 1, hours=len(kind)), kind, index, status))
    for created, kind, index, status in sorted(planned):
        _job(seeder, cast, created, kind, index, status, last=kind == "transfer" and number - index)


def _job(
    seeder: Seeder, cast: Cast, created: datetime, kind: str, index: int, status: str, *, last: int
) -> None:
    choices = Choices(f"{kind}:{index}")
    archived = status == _ARCHIVED
    status = "done" if archived else status
    user = choices.one(cast.users)
    source, destination = _ends(choices, cast)
    finished = created + timedelta(minutes=choices.number(3000)) if status in FINISHED else None
    shot = f"SHOT{choices.number(90) * 10 + 10:04d}"
    size = (choices.number(60_000) + 1) * _MEGABYTE
    name = _name(choices, last, shot, destination, created)
    row = seeder.put(
        kind,
        name,
        id=seeded_id(f"job:{kind}:{index}"),
        archived=archived,
        sample=True,
        created=stamp(created),
        modified=stamp(finished or created + timedelta(minutes=choices.number(600))),
        creator=user.document["code"],
        modifier=user.document["code"],
        status=status,
        finished=stamp(finished) if finished else None,
        source=source,
        destination=destination,
        size=-1 if status == "init" else size,
        **_speed(choices, status, size),
        user=user.id,
        parent=None,
        queue=choices.one(cast.queues).id,
        metadata={"shot": shot, "show": "thefilm", "internal": {"ticket": 1000 + index}},
        **_extras(choices, cast, kind),
    )
    _tasks(seeder, choices, row, shot)


def _name(choices: Choices, last: int, shot: str, destination: str, created: datetime) -> str:
    pattern = choices.one(_NAMES)
    if last in {1, 2}:
        return "my_transfer" if last == 1 else "Daily backup"
    code = destination.partition(":")[0]
    return pattern.format(shot=shot, code=code, day=f"{created:%Y-%m-%d}", number=choices.number(40))


def _ends(choices: Choices, cast: Cast) -> tuple[str, str]:
    inside = f"site:{choices.one(cast.sites).id}"
    outside = f"user:{choices.one(cast.outside).id}"
    direction = choices.number(4)
    if direction == 0:
        return f"site:{cast.sites[0].id}", f"site:{cast.sites[1].id}"
    return (outside, inside) if direction == 1 else (inside, outside)


def _speed(choices: Choices, status: str, size: int) -> dict[str, Any]:
    progress = {"done": 100, "init": 0, "waiting": 0, "pending": 0}.get(status, choices.number(100))
    if status != "running":
        return {"progress": progress, "speed": -1.0, "etr": ""}
    speed = 5.0 + choices.number(900) / 10
    seconds = int(size * (100 - progress) / 100 / _MEGABYTE / speed)
    return {
        "progress": progress,
        "speed": speed,
        "etr": f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}",
    }


def _extras(choices: Choices, cast: Cast, kind: str) -> dict[str, Any]:
    if kind == "compute":
        return {
            "engine": choices.one(cast.engines).id,
            "input": "volume=projects/thefilm/comp.nk",
            "output": "volume=projects/thefilm/render",
            "range": f"1001-{1050 + choices.number(200)}",
            "dependencies": [],
            "filters": "ram:>32g",
            "parameters": {"arguments": "-x"},
            "envs": {"common": {"SHOW": "thefilm"}},
        }
    if kind == "transfer":
        return {}
    return {"public": choices.number(2) == 1, "recipients": [choices.one(cast.outside).document["code"]]}


def _tasks(seeder: Seeder, choices: Choices, job: Row, shot: str) -> None:
    statuses = _TASKS[job.document["status"]]
    started = job.document["created"]
    ends = {end: job.document[end].partition(":") for end in ("source", "destination")}
    for index in range(1 + choices.number(3)):
        status = statuses[index % len(statuses)]
        path = f"thefilm/{shot}/{shot}_v{choices.number(99) + 1:03d}.mov"
        places = {
            end: {"path": path, "path_abs_final": f"/mnt/projects/{path}", "client": None, kind: identity}
            for end, (kind, _, identity) in ends.items()
        }
        seeder.store.put(
            "task",
            {
                "id": seeded_uuid(f"task:{job.id}:{index}"),
                "uri": str(index),
                "job": job.id,
                "status": status,
                "created": started,
                "modified": job.document["modified"],
                "finished": job.document["modified"] if status == "done" else None,
                "priority": 500,
                "size": (1 + choices.number(20_000)) * _MEGABYTE,
                "time": choices.number(60_000) if status == "done" else 0,
                "metadata": {"shot": shot},
                **places,
            },
        )
