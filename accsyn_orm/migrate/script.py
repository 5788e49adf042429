"""Declaring migrations, and finding those of a script."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import attrs

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from ..session import Session

__all__ = ["Migration", "load_script", "migration"]


@attrs.frozen
class Migration:
    """
    One step of a migration script: a function that changes entities and leaves the commit to the runner.

    Args:
        title: What it does, for people.
        step: Takes the session.
    """

    title: str
    step: Callable[[Session], None]

    def __call__(self, session: Session) -> None:
        self.step(session)


def migration(title: str) -> Callable[[Callable[[Session], None]], Migration]:
    """
    Declare a function of a session as a migration.

        @migration("abort stale jobs")
        def abort_stale_jobs(session):
            for job in Job.objects.filter(status="waiting"):
                job.status = "aborted"

    Args:
        title: What it does, in a few words.
    """
    if not isinstance(title, str):
        raise ConfigurationError('migration takes a title: @migration("abort stale jobs")')

    def declare(step: Callable[[Session], None]) -> Migration:
        return Migration(title, step)

    return declare


def load_script(path: str | os.PathLike[str]) -> list[Migration]:
    """
    Return the migrations that a script declares, in their order.

    Raises:
        ConfigurationError: The file cannot be read, or declares none.
    """
    try:
        names = runpy.run_path(str(path), run_name="accsyn_migration")
    except OSError as error:
        raise ConfigurationError(f"the script {path} cannot be read: {error.strerror}") from error
    found = [value for value in names.values() if isinstance(value, Migration)]
    if not found:
        raise ConfigurationError(f'{path} declares no migration: put @migration("…") above a function of a session')
    return found
