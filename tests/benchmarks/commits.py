"""Commits: many at a time to a distant server, one after the other to a near one, and within the rate limit."""

from __future__ import annotations

import statistics
import time
from http import HTTPStatus

from accsyn_orm import Job, Session
from accsyn_orm.sandbox import Sandbox

from .canned import CannedServer
from .clients import published_client, session_of
from .figures import Bar, Figure, interleaved

__all__ = ["commits"]

ROUNDS = 5
UPDATES, MANY, LATENCY, WORKERS = 200, 1_000, 0.025, 8
RATE, BURST = 30, 60


def commits() -> list[Figure]:
    """Measure."""
    return [
        _overlapping(UPDATES, Bar("≤", 1.2)),
        _overlapping(MANY, None),
        *_one_by_one(),
        *_limited(),
    ]


def _overlapping(updates: int, bar: Bar | None) -> Figure:
    with CannedServer(updates, updates, LATENCY) as server, session_of(server) as session:
        jobs = list(Job.objects.using(session)[:updates])
        ratios = []
        for number in range(ROUNDS):
            for job in jobs:
                job.description = f"round {number}"
            started = time.perf_counter()
            session.commit(workers=WORKERS)
            ratios.append((time.perf_counter() - started) / (updates * LATENCY / WORKERS))
    name = f"{updates:,} updates at {LATENCY * 1000:.0f} ms, {WORKERS} workers, no rate limit, over the ideal"
    return Figure(name, statistics.median(ratios), "×", bar)


def _one_by_one() -> list[Figure]:
    with CannedServer(UPDATES, UPDATES, tls=True) as server, session_of(server) as session:
        jobs = list(Job.objects.using(session)[:UPDATES])
        client = published_client(server)

        def ours() -> None:
            for number, job in enumerate(jobs):
                job.description = f"{time.perf_counter_ns()} {number}"
            session.commit(workers=1)

        def published() -> None:
            for job in jobs:
                client.update("job", job.id, {"description": "changed"})

        seconds = interleaved({"ours": ours, "published": published}, ROUNDS)
    each = {name: taken / UPDATES * 1e6 for name, taken in seconds.items()}
    how = f"{UPDATES} updates over TLS, one by one"
    return [
        Figure(f"{how}, an update", each["ours"], "µs"),
        Figure(
            f"{how}, faster than the published client", each["published"] / each["ours"], "×", Bar("≥", 40)
        ),
    ]


def _limited() -> list[Figure]:
    with Sandbox(data="demo", jobs=2 * MANY, rate_limit=(RATE, BURST)) as sandbox:
        sandbox.rate_limit = None
        admin = sandbox.credentials("admin")
        arguments = (admin["workspace"], admin["username"], admin["api_key"])
        with Session(*arguments, url=sandbox.url, rate_limit=(RATE, BURST)) as session:
            for job in Job.objects.using(session)[:MANY]:
                job.description = "limited"
            time.sleep(BURST / RATE)  # the bucket fills up again
            sandbox.rate_limit = (RATE, BURST)
            sandbox.requests.clear()
            started = time.perf_counter()
            session.commit(workers=WORKERS)
            taken = time.perf_counter() - started
        refused = sum(record.status == HTTPStatus.TOO_MANY_REQUESTS for record in sandbox.requests)
    how = f"{MANY:,} updates with the rate limit on"
    return [
        Figure(f"{how}, over (N - {BURST}) / {RATE} s", taken / ((MANY - BURST) / RATE), "×"),
        Figure(f"{how}, answers of 429", refused, ""),
    ]
