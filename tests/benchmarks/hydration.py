"""From one decoded row to one object: this package, a bare generated loader, and the models of others where installed."""

from __future__ import annotations

import datetime as dt
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from accsyn_orm import Job
from accsyn_orm.mapping.protocols import Select

from . import rivals
from .canned import CannedServer, job
from .clients import session_of
from .figures import Bar, Figure, interleaved

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["hydration"]

COUNT, PAGE, ROUNDS = 4_000, 500, 9
_FASTER = {"Django": 5, "SQLAlchemy": 12, "pyairtable": 6, "pynetbox": 30}


def hydration() -> list[Figure]:
    """Measure, per object."""
    document = json.dumps([job(number) for number in range(COUNT)])
    others = {name: make(COUNT) for name, make in rivals.MAKERS.items() if find_spec(name.lower())}
    with CannedServer(1) as server, session_of(server) as session:
        select = Select(Job.__mapper__)

        def ours(rows: list[dict[str, Any]]) -> None:
            for start in range(0, COUNT, PAGE):
                session.admit(select, rows[start : start + PAGE])

        # Decoded anew for each turn: a text whose hash was asked for once is cheaper ever after.
        contenders = {"accsyn_orm": ours, "a bare loader": _bare(), **others}
        seconds = interleaved(contenders, ROUNDS, prepare=lambda: json.loads(document))
    each = {name: taken / COUNT * 1e6 for name, taken in seconds.items()}
    mine = each["accsyn_orm"]
    figures = [Figure(f"hydrate one entity ({name})", value, "µs") for name, value in each.items()]
    bare = Figure(
        "hydrate one entity, over a bare generated loader", mine / each["a bare loader"], "×", Bar("≤", 2)
    )
    return [
        *figures,
        bare,
        *(
            Figure(f"hydrate one entity, faster than {name}", each[name] / mine, "×", Bar("≥", _FASTER[name]))
            for name in others
        ),
    ]


def _bare() -> Callable[[list[dict[str, Any]]], None]:
    """Generate what fills the slots of a plain class with the same values, and does nothing else."""
    names = list(job(0))
    cls = type("Bare", (), {"__slots__": names})
    lines = ["def load(rows):", "    for row in rows:", "        bare = new()"]
    for name in names:
        value = f"row[{name!r}]"
        if name in rivals.DATES:
            value = f"instant({value} + '+00:00')"
        lines.append(f"        bare.{name} = {value}")
    known: dict[str, Any] = {"new": cls, "instant": dt.datetime.fromisoformat}
    exec("\n".join(lines), known)  # noqa: S102 -- our own text
    load: Callable[[list[dict[str, Any]]], None] = known["load"]
    return load
