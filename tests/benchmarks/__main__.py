"""
Measure side by side, in interleaved rounds, and print medians and ratios. `make bench` runs it.

Only the ratios of one run mean something: the machine's speed drifts between runs.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from accsyn_orm import Job, Session
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.wire import codec

from .canned import CannedServer

if TYPE_CHECKING:
    from collections.abc import Callable

TOTAL, PAGE, ROUNDS = 20_000, 500, 5
UPDATES, LATENCY, WORKERS = (200, 1000), 0.025, 8
RATE, BURST = 30, 60


def session_of(server: CannedServer) -> Session:
    return Session("acmefilm", "john@user.com", "key", url=server.url)


def ours(session: Session) -> int:
    return sum(1 for _ in Job.objects.using(session).iterator(chunk_size=PAGE))


def published(server: CannedServer) -> Callable[[], int]:
    warnings.simplefilter("ignore")
    import accsyn_api.session

    logging.disable(logging.WARNING)
    client = accsyn_api.session.Session(
        "acmefilm", "john@user.com", "key", proxy=f"accsyn:127.0.0.1:{server.port}", hostname="127.0.0.1"
    )

    def listing() -> int:
        return sum(
            len(client.find("job", skip=skip or None, limit=PAGE) or ()) for skip in range(0, TOTAL, PAGE)
        )

    return listing


def floor(server: CannedServer) -> Callable[[], int]:
    http = requests.Session()

    def listing() -> int:
        found = 0
        for skip in range(0, TOTAL, PAGE):
            document = json.dumps({"data": {"skip": skip, "limit": PAGE}})
            answer: Any = codec.loads(
                http.get(f"{server.url}/api/v3/event?{codec.quote_document(document)}").content
            )
            found += len(answer["result"])
        return found

    return listing


def interleaved(contenders: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Return the median seconds of each contender over rounds in which every one has its turn."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(ROUNDS + 1):
        for name, run in contenders.items():
            started = time.perf_counter()
            found = run()
            if number:
                times[name].append(time.perf_counter() - started)
            if found != TOTAL:
                sys.exit(f"{name} found {found} of {TOTAL} jobs")
    return {name: statistics.median(taken) for name, taken in times.items()}


def listing() -> None:
    with CannedServer(TOTAL, PAGE) as server, session_of(server) as session:
        medians = interleaved(
            {"accsyn_orm": lambda: ours(session), "published": published(server), "floor": floor(server)}
        )
    print(f"list {TOTAL:,} jobs in pages of {PAGE}, http, median of {ROUNDS} rounds")
    for name, seconds in medians.items():
        print(f"  {name:<11} {seconds / TOTAL * 1e6:6.1f} µs per job")
    print(f"  {medians['published'] / medians['accsyn_orm']:.1f} × the published client's speed")
    print(f"  {medians['accsyn_orm'] / medians['floor']:.2f} × the time of requests + JSON to dictionaries")


def committing(updates: int) -> None:
    with CannedServer(updates, updates, LATENCY) as server, session_of(server) as session:
        jobs = list(Job.objects.using(session)[:updates])
        ratios = []
        for number in range(ROUNDS):
            for job in jobs:
                job.description = f"round {number}"
            started = time.perf_counter()
            session.commit(workers=WORKERS)
            ratios.append((time.perf_counter() - started) / (updates * LATENCY / WORKERS))
    ideal = f"{statistics.median(ratios):.2f} × ideal"
    print(f"{updates:,} updates at {LATENCY * 1000:.0f} ms with {WORKERS} workers, no rate limit: {ideal}")


def limited(updates: int) -> None:
    with Sandbox(data="demo", jobs=2 * updates, rate_limit=(RATE, BURST)) as sandbox:
        sandbox.rate_limit = None
        admin = sandbox.credentials("admin")
        arguments = (admin["workspace"], admin["username"], admin["api_key"])
        with Session(*arguments, url=sandbox.url, rate_limit=(RATE, BURST)) as session:
            for job in Job.objects.using(session)[:updates]:
                job.description = "limited"
            time.sleep(BURST / RATE)  # the bucket fills up again
            sandbox.rate_limit = (RATE, BURST)
            sandbox.requests.clear()
            started = time.perf_counter()
            session.commit(workers=WORKERS)
            taken = time.perf_counter() - started
        refused = sum(record.status == HTTPStatus.TOO_MANY_REQUESTS for record in sandbox.requests)
    ideal = f"{taken / ((updates - BURST) / RATE):.2f} × (N - {BURST}) / {RATE} s"
    print(f"{updates:,} updates with the rate limit on: {ideal}, {refused} answers of 429")


def main() -> None:
    listing()
    for updates in UPDATES:
        committing(updates)
    limited(UPDATES[-1])


if __name__ == "__main__":
    main()
