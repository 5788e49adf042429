"""Memory: of entities that are held, and of a listing that is streamed."""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import pathlib
import resource
import tracemalloc
from typing import TYPE_CHECKING, Any

from accsyn_orm import Job
from accsyn_orm.wire import codec

from .canned import CannedServer, job
from .clients import ours, session_of
from .figures import Bar, Figure

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

__all__ = ["memory"]

HELD, PAGE = 20_000, 500
FEW, MANY = 20_000, 200_000


def memory() -> list[Figure]:
    """Measure."""
    with CannedServer(HELD, PAGE) as server, session_of(server) as session:
        entities = _held(lambda: list(Job.objects.using(session))) / HELD
    dictionaries = _held(_decoded) / HELD
    few, many = (_peak(total) for total in (FEW, MANY))
    return [
        Figure("memory of an entity held, identity map included", entities, "bytes"),
        Figure("memory of its decoded dictionary", dictionaries, "bytes"),
        Figure("memory of an entity, over its dictionary", entities / dictionaries, "×", Bar("≤", 0.45)),
        Figure(f"peak of the process that streams {FEW:,}", few / 1e6, "MB"),
        Figure(f"peak of the process that streams {MANY:,}", many / 1e6, "MB"),
        Figure(f"peak of streaming {MANY:,}, over that of {FEW:,}", many / few, "×", Bar("≤", 1.1)),
    ]


def _decoded() -> list[Any]:
    rows: list[Any] = []
    for start in range(0, HELD, PAGE):
        page = json.dumps([job(number) for number in range(start, start + PAGE)]).encode()
        rows += codec.loads(page)
    return rows


def _held(make: Callable[[], list[Any]]) -> int:
    """Return the bytes that are taken for as long as the result lives."""
    make()  # what is made once and for all is made now
    gc.collect()
    tracemalloc.start()
    held = make()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del held
    return taken


def _peak(total: int) -> int:
    """Return the most bytes that a process of its own ever had in memory while it streamed so many jobs."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_stream, args=(total, theirs))
    process.start()
    peak: int = mine.recv()
    process.join()
    return peak


def _stream(total: int, pipe: Connection) -> None:
    with CannedServer(total, PAGE) as server, session_of(server) as session:
        if ours(session, PAGE)() != total:
            raise ValueError(f"not all of {total} jobs came")
        pipe.send(_most_in_memory())


def _most_in_memory() -> int:
    # What `getrusage` says of a process on Linux includes what its parent had when it was forked.
    with contextlib.suppress(OSError, StopIteration):
        lines = pathlib.Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
