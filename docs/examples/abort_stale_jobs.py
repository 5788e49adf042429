"""
Abort the jobs that have waited for months, and write down why.

A migration script as it is run against a real workspace: the credentials come from the environment (ACCSYN_WORKSPACE,
ACCSYN_API_USER, ACCSYN_API_KEY), and nothing is sent before the plan was printed. With `--plan` it ends there.
"""

from __future__ import annotations

import datetime as dt
import sys

from accsyn_orm import Job, Session

CUTOFF = dt.datetime(2026, 8, 1, tzinfo=dt.timezone.utc)
SHOWN = 3


def main() -> int:
    """Query, change, print the plan, commit, read back."""
    with Session() as session:
        stale = Job.objects.filter(status="waiting", modified__lt=CUTOFF)
        for job in stale:
            job.status = "aborted"
            job.metadata["aborted_because"] = f"untouched since {job.modified:%Y-%m-%d}"

        plan = session.plan()
        print(plan.summary)
        for operation in plan.operations[:SHOWN]:
            print(operation)
        print(
            f"       … and {max(0, len(plan) - SHOWN)} more, in {len({job.queue.code for job in stale})} queues"
        )
        if "--plan" in sys.argv:
            return 0

        before = session.request_count
        result = session.commit()
        print(f"commit: {result}, with {session.request_count - before} requests")
        wanted = {job.id: job.metadata["aborted_because"] for job in stale}

    with Session() as session:
        aborted = {job.id: job for job in Job.objects.finished().filter(status="aborted")}
        right = [
            ident for ident, reason in wanted.items() if aborted[ident].metadata["aborted_because"] == reason
        ]
        left = Job.objects.filter(status="waiting", modified__lt=CUTOFF).count()
        print(f"verified: {len(right)} of {len(wanted)} are aborted and say why; {left} stale jobs are left")
        print(f"read back with {session.request_count} requests, signing in included")
    return 0 if len(right) == len(wanted) and not left else 1


if __name__ == "__main__":
    sys.exit(main())
