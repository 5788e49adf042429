"""Declaring migrations, and finding those of a script."""

from __future__ import annotations

import hashlib
import pathlib
import runpy
from typing import TYPE_CHECKING

import attrs

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from ..session import Session

__all__ = ["Migration", "Script", "load_script", "migration"]


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
        """Run the step."""
        self.step(session)


@attrs.frozen
class Script:
    """
    The migrations of a script, in their order.

    Args:
        path: The file, as an absolute path.
        digest: SHA-256 of what stands in it, by which a changed script is noticed.
        migrations: Its steps.
    """

    path: str
    digest: str
    migrations: tuple[Migration, ...]

    def __iter__(self) -> Iterator[Migration]:
        return iter(self.migrations)

    def __len__(self) -> int:
        return len(self.migrations)

    def __getitem__(self, index: int) -> Migration:
        return self.migrations[index]


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


def load_script(path: str | os.PathLike[str]) -> Script:
    """
    Return the migrations that a script declares, in their order.

    Raises:
        ConfigurationError: The file cannot be read, or declares none.
    """
    file = pathlib.Path(path).absolute()
    digest = digest_of(file)
    names = runpy.run_path(str(file), run_name="accsyn_migration")
    found = [value for value in names.values() if isinstance(value, Migration)]
    if not found:
        raise ConfigurationError(
            f'{path} declares no migration: put @migration("…") above a function of a session'
        )
    return Script(str(file), digest, tuple(found))


def digest_of(path: pathlib.Path) -> str:
    """
    Return the SHA-256 of a script.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(f"the script {path} cannot be read: {error.strerror}") from error
