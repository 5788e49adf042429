"""
Four processes that share one bucket in a Redis, against the sandbox's own limit.

`python -m tests.benchmarks.shared_rate`; it needs a redis-server (Debian: apt-get install redis-server).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from accsyn_orm import Job, Session
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

UPDATES, PROCESSES, WORKERS = 600, 4, 8
RATE, BURST = 30, 60
# So long after the last request of before, neither limit remembers any.
_PAUSE = 2 * BURST / RATE


@contextlib.contextmanager
def redis_server(program: str) -> Iterator[str]:
    """Run a Redis of its own for a block, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        arguments = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as server:  # noqa: S603 -- our own command
            try:
                while True:
                    with contextlib.suppress(ConnectionRefusedError):
                        socket.create_connection(("127.0.0.1", port)).close()
                        break
                    time.sleep(0.01)
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                server.terminate()


def machine(arguments: dict[str, Any], number: int, ready: Barrier, begin: Barrier) -> None:
    """Be one of the machines: change a share of the jobs, and commit them when all begin."""
    share = UPDATES // PROCESSES
    with Session(**arguments) as session:
        for job in Job.objects.using(session).order_by("code")[number * share : (number + 1) * share]:
            job.description = "shared"
        ready.wait()
        begin.wait()
        session.commit(workers=WORKERS)


def main() -> None:
    """Measure, and print."""
    program = shutil.which("redis-server")
    if program is None:
        print("sharing a rate limit is not measured: there is no redis-server here")
        return
    context = multiprocessing.get_context("spawn")
    ready, begin = context.Barrier(PROCESSES + 1), context.Barrier(PROCESSES + 1)
    with redis_server(program) as address, Sandbox(data="demo", jobs=2 * UPDATES) as sandbox:
        known = sandbox.credentials("admin")
        arguments = {name: known[name] for name in ("workspace", "username", "api_key")}
        arguments |= {"url": sandbox.url, "rate_limit": address}
        machines = [
            context.Process(target=machine, args=(arguments, number, ready, begin))
            for number in range(PROCESSES)
        ]
        for each in machines:
            each.start()
        ready.wait()
        time.sleep(_PAUSE)
        sandbox.rate_limit = (RATE, BURST)
        sandbox.requests.clear()
        begin.wait()
        started = time.perf_counter()
        for each in machines:
            each.join()
        seconds = time.perf_counter() - started
        statuses = [record.status for record in sandbox.requests]
    if any(each.exitcode for each in machines) or statuses.count(HTTPStatus.OK) != UPDATES:
        sys.exit(f"{statuses.count(HTTPStatus.OK)} of {UPDATES} updates were applied")
    ratio = seconds / ((UPDATES - BURST) / RATE)
    refused = statuses.count(HTTPStatus.TOO_MANY_REQUESTS)
    print(
        f"{UPDATES} updates by {PROCESSES} processes that share a bucket in Redis: {seconds:.1f} s,"
        f" {ratio:.2f} × (N - {BURST}) / {RATE} s, {refused} answers of 429"
    )


if __name__ == "__main__":
    main()
