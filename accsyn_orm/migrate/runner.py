"""Running migrations: change → plan → ask → send, step by step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import attrs

from ..errors import SessionError
from ..session.journal import Journal
from ..session.progress import check_progress
from .script import Script
from .steps import Origin, refuse_existing, step_path

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from ..session import Session
    from ..session.outcomes import CommitResult
    from ..session.plan import Plan
    from ..session.progress import Progress
    from .script import Migration

    Agree: TypeAlias = Callable[[Migration, Plan], bool]

__all__ = ["Planned", "Run", "Runner", "plan_migrations", "run_migrations"]


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
class Planned:
    """
    What one migration would send, by what the server has now.

    Args:
        migration: The migration.
        plan: What it would send; None where it cannot be planned before those that come before it were applied.
        depends_on: Titles of the steps before it that have something to send: what they change, it does not see yet.
        error: Why it cannot be planned.
    """

    migration: Migration
    plan: Plan | None
    depends_on: tuple[str, ...] = ()
    error: Exception | None = None

    @property
    def note(self) -> str:
        """How far the plan can be relied on; empty where it is exactly what would be sent."""
        if not self.depends_on:
            return ""
        before = " and ".join(repr(title) for title in self.depends_on)
        if self.error is not None:
            return (
                f"this step can only be planned after {before}: now it fails with"
                f" {type(self.error).__name__}: {self.error}"
            )
        return (
            f"planned by what the server has now, without what {before} will have changed: once that is applied, this"
            f" step may find more, less or other entities, and its plan is shown anew"
        )


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
        progress: Is told of each outcome; True shows a bar.
    """

    session: Session
    migrations: Sequence[Migration]
    script: Script | None
    agree: Agree
    journal: str | os.PathLike[str] | None = None
    workers: int = 8
    asks: bool = True
    progress: Progress = None

    def run(self, first: int = 1) -> list[Run]:
        """
        Run the steps from a number on, each with a plan of its own.

        Args:
            first: The step to begin with, from 1.
        """
        _check_clean(self.session)
        check_progress(self.progress)
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
            plan = _plan_of(self.session, migration)
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


def _check_clean(session: Session) -> None:
    if session.plan():
        raise SessionError("the session has changes that no migration made: commit or roll them back first")


def _plan_of(session: Session, migration: Migration) -> Plan:
    with session.only_reads("a migration changes entities and leaves the sending to the runner"):
        migration(session)
        return session.plan()


def plan_migrations(session: Session, migrations: Iterable[Migration]) -> list[Planned]:
    """
    Return what each migration would send, by what the server has now; sends only reads, and leaves nothing pending.

    The first plan is exactly what would be sent. The others cannot know what the steps before them will have changed;
    each says so in its `note`.

    Args:
        session: An open session without pending changes; it is bound while the steps run.
        migrations: In their order.

    Raises:
        SessionError: The session has changes that no migration made, or a step sends something itself.
    """
    _check_clean(session)
    planned: list[Planned] = []
    before: tuple[str, ...] = ()
    with session.bound():
        for migration in migrations:
            try:
                planned.append(Planned(migration, _plan_of(session, migration), before))
            except Exception as error:
                # The script's own code may fail in any way where it misses what an earlier step makes.
                if not before or isinstance(error, SessionError):
                    raise
                planned.append(Planned(migration, None, before, error))
            finally:
                session.rollback()
            if planned[-1].plan is None or planned[-1].plan:
                before = (*before, migration.title)
    return planned


def run_migrations(
    session: Session,
    migrations: Script | Iterable[Migration],
    agree: Agree,
    *,
    journal: str | os.PathLike[str] | None = None,
    workers: int = 8,
    asks: bool = True,
    progress: Progress = None,
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
        progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

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
