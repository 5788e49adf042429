"""Running migrations: change → plan → ask → commit, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..session import Session
    from ..session.commit import CommitResult
    from ..session.plan import Plan
    from .script import Migration

__all__ = ["Run", "run_migrations"]


@attrs.frozen
class Run:
    """
    What became of one migration.

    Args:
        migration: The migration.
        plan: What it would send.
        result: What was sent; None where it was only planned, or not agreed to.
    """

    migration: Migration
    plan: Plan
    result: CommitResult | None = None


def run_migrations(
    session: Session, migrations: Iterable[Migration], agree: Callable[[Migration, Plan], bool]
) -> list[Run]:
    """
    Run migrations one after the other, each with a commit of its own.

    Args:
        session: An open session without pending changes; it is bound while the steps run.
        migrations: In their order.
        agree: Is shown each plan before anything of it is sent, and says whether to go on. Where it does not, the
            changes are rolled back and the steps that follow are not run.

    Raises:
        SessionError: The session has changes that no migration made.
        CommitError: A step was not wholly applied; the steps after it are not run.
    """
    if session.plan():
        raise SessionError("the session has changes that no migration made: commit or roll them back first")
    runs: list[Run] = []
    with session.bound():
        for migration in migrations:
            migration(session)
            plan = session.plan()
            if not agree(migration, plan):
                session.rollback()
                runs.append(Run(migration, plan))
                break
            runs.append(Run(migration, plan, session.commit()))
    return runs
