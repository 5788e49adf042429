"""
From decoded rows to objects: this package, a bare generated loader, and the models of others where installed.

What takes decoded rows gets them page by page, each decoded just before, as a listing does; decoding is not counted.
Django and SQLAlchemy load all rows in one go, as their documentation does, out of SQLite in memory.
"""

from __future__ import annotations

import datetime as dt
import functools
import gc
import json
import statistics
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from accsyn_orm import Job
from accsyn_orm.mapping.page import Page
from accsyn_orm.mapping.protocols import Select

from . import rivals
from .canned import CannedServer, job
from .clients import session_of
from .figures import Bar, Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accsyn_orm import Session

__all__ = ["hydration"]

COUNT, PAGE, ROUNDS = 20_000, 500, 5
Rows = list[dict[str, Any]]
_FASTER = {"Django": 5, "SQLAlchemy": 12, "pyairtable": 6, "pynetbox": 30}


def hydration() -> list[Figure]:
    """Measure, per object."""
    with CannedServer(1) as server, session_of(server) as session:
        each = _medians(_contenders(session))
    mine, bare = each["accsyn_orm"], each["a bare loader"]
    figures = [Figure(f"hydrate one entity ({name})", value, "µs") for name, value in each.items()]
    return [
        *figures,
        Figure("hydrate one entity, over a bare generated loader", mine / bare, "×", Bar("≤", 2)),
        *(
            Figure(f"hydrate one entity, faster than {name}", each[name] / mine, "×", Bar("≥", limit))
            for name, limit in _FASTER.items()
            if name in each
        ),
    ]


def _contenders(session: Session) -> dict[str, Callable[[], float]]:
    """Return what takes one turn and returns its seconds, by name."""
    select = Select(Job.__mapper__)

    def ours(rows: Rows, *, kept: bool = False) -> Any:
        return session.admit(select, rows, Page("active", kept=kept))

    paged = functools.partial(_page_by_page, [json.dumps(page).encode() for page in _pages()])
    found: dict[str, Callable[[], float]] = {
        "accsyn_orm": functools.partial(paged, ours),
        "a bare loader": functools.partial(paged, _bare()),
        "accsyn_orm, all held": functools.partial(paged, functools.partial(ours, kept=True), hold=True),
    }
    for name, make in rivals.MAKERS.items():
        if find_spec(name.partition(",")[0].lower()):
            found[name] = functools.partial(_at_once, make(COUNT))
    for name, (change, load) in rivals.READERS.items():
        if find_spec(name):
            pages = [json.dumps([change(row) for row in page]).encode() for page in _pages()]
            found[name] = functools.partial(_page_by_page, pages, load())
    return found


def _pages() -> Iterator[Rows]:
    for start in range(0, COUNT, PAGE):
        yield [job(number) for number in range(start, start + PAGE)]


def _medians(contenders: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Return the microseconds of each, in interleaved rounds of which the first is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(ROUNDS + 1):
        for name, turn in contenders.items():
            gc.collect()
            taken = turn()
            if number:
                times[name].append(taken / COUNT * 1e6)
    return {name: statistics.median(taken) for name, taken in times.items()}


def _page_by_page(pages: list[bytes], load: Callable[[Rows], Any], *, hold: bool = False) -> float:
    # The json of the standard library, so that all texts are new each time, hashes and all.
    seconds, held = 0.0, []
    for page in pages:
        rows = json.loads(page)
        started = time.perf_counter()
        found = load(rows)
        if hold:
            held.append(found)
        del found
        seconds += time.perf_counter() - started
    return seconds


def _at_once(load: Callable[[], Any]) -> float:
    started = time.perf_counter()
    found = load()
    taken = time.perf_counter() - started
    del found
    return taken


def _bare() -> Callable[[Rows], Any]:
    """Generate what fills the slots of a plain class with the same values, and does nothing else."""
    names = list(job(0))
    cls = type("Bare", (), {"__slots__": names})
    lines = ["def load(rows):", "    found = []", "    for row in rows:", "        bare = new()"]
    for name in names:
        value = f"row[{name!r}]"
        if name in rivals.DATES:
            value = f"instant({value} + '+00:00')"
        lines.append(f"        bare.{name} = {value}")
    lines += ["        found.append(bare)", "    return found"]
    known: dict[str, Any] = {"new": cls, "instant": dt.datetime.fromisoformat}
    exec("\n".join(lines), known)  # noqa: S102 -- our own text
    load: Callable[[Rows], Any] = known["load"]
    return load
