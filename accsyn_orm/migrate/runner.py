"""Running migrations: change → plan → ask → send, step by step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import attrs

from ..errors import SessionError
from ..session.journal import Journal
from .script import Script
from .steps import Origin, refuse_existing, step_path

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from ..session import Session
    from ..session.outcomes import CommitResult, Outcome
    from ..session.plan import Plan
    from .script import Migration

    Agree: TypeAlias = Callable[[Migration, Plan], bool]

__all__ = ["Run", "Runner", "run_migrations"]


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


@attrs.frozen
class Runner:
    """
    Runs steps of a list of migrations.

    Args:
        session: An open session without pending changes.
        migrations: All of them.
        script: Where they come from, where that is a file.
        agree: Is shown each plan, and says whether to go on.
        journal: Where the journal of the first step is; None to keep none.
        workers: How many requests are in flight at most.
        asks: Whether a resumed run is to ask again before each step.
        progress: Is told of each outcome.
    """

    session: Session
    migrations: Sequence[Migration]
    script: Script | None
    agree: Agree
    journal: str | os.PathLike[str] | None = None
    workers: int = 8
    asks: bool = True
    progress: Callable[[Outcome], None] | None = None

    def run(self, first: int = 1) -> list[Run]:
        """
        Run the steps from a number on, each with a plan of its own.

        Args:
            first: The step to begin with, from 1.
        """
        if self.session.plan():
            raise SessionError(
                "the session has changes that no migration made: commit or roll them back first"
            )
        runs: list[Run] = []
        with contextlib.ExitStack() as held, self.session.bound():
            for number in range(first, len(self.migrations) + 1):
                migration = self.migrations[number - 1]
                plan, agreed = self._planned(migration)
                if not agreed:
                    self.session.rollback()
                    runs.append(Run(migration, plan))
                    break
                runs.append(Run(migration, plan, self._sent(number, plan, held)))
        return runs

    def _planned(self, migration: Migration) -> tuple[Plan, bool]:
        try:
            migration(self.session)
            plan = self.session.plan()
            return plan, self.agree(migration, plan)
        except BaseException:
            self.session.rollback()
            raise

    def _sent(self, number: int, plan: Plan, held: contextlib.ExitStack) -> CommitResult:
        if self.journal is None:
            return self.session.commit(workers=self.workers, progress=self.progress)
        origin = Origin.of(
            self.migrations[number - 1], number, len(self.migrations), self.script, asks=self.asks
        )
        path = step_path(self.journal, number)
        try:
            # It stays open, and so locked, until the last step is through: nobody can resume in between.
            journal = held.enter_context(Journal.create(path, plan, notes=origin.notes))
            return self.session.execute(plan, recorder=journal, workers=self.workers, progress=self.progress)
        finally:
            # The journal holds what is pending from now on; the session must not send it a second time.
            self.session.rollback()


def run_migrations(
    session: Session,
    migrations: Script | Iterable[Migration],
    agree: Agree,
    *,
    journal: str | os.PathLike[str] | None = None,
    workers: int = 8,
    asks: bool = True,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Run]:
    """
    Run migrations one after the other, each with a commit of its own.

    Args:
        session: An open session without pending changes; it is bound while the steps run.
        migrations: In their order; those of a script remember it, so that a resumed run can go on with it.
        agree: Is shown each plan before anything of it is sent, and says whether to go on. Where it does not, the
            changes are rolled back and the steps that follow are not run.
        journal: Where to keep a journal of the first step; the others are beside it, `PATH.2` and so on. None: none.
        workers: How many requests are in flight at most.
        asks: Whether a resumed run asks again before each further step.
        progress: Is told of each outcome as it comes.

    Raises:
        SessionError: The session has changes that no migration made.
        JournalError: A journal of that name exists, or cannot be written.
        CommitError: A step was not wholly applied; the steps after it are not run.
    """
    script = migrations if isinstance(migrations, Script) else None
    steps = tuple(migrations)
    if journal is not None:
        refuse_existing(journal, len(steps))
    return Runner(session, steps, script, agree, journal, workers, asks, progress).run()
