"""`accsyn-orm migrate`: run a migration script, plan first; see how far it is; resume it; undo it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigurationError
from ..migrate import load_script, plan_migrations, resume, run_migrations, status, undo
from .connecting import Connection, connects
from .exits import DONE, FAILED, INTERRUPTED, UNKNOWN, USAGE, complain, exits, terminable
from .terminal import agreed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..migrate import Migration, Script, Undone
    from ..migrate.runner import Run
    from ..session.plan import Plan

__all__ = ["app"]

_EPILOG = (
    "Exit codes: 0 all applied, 1 rejected or refused, 2 wrong usage, 3 something is left unknown,"
    " 130 interrupted."
)
_QUESTION = "Send this?"

Workers = Annotated[
    int, typer.Option(min=1, max=64, metavar="N", help="Requests in flight at most.", show_default=True)
]
Journal = Annotated[str, typer.Option("--journal", metavar="PATH", help="The journal of the run.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")]

app: typer.Typer = typer.Typer(
    help="Run migration scripts, see how far they are, resume them, undo them.", epilog=_EPILOG
)


@contextlib.contextmanager
def _interruptible(journal: str | None) -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, and end on it with the way on from there."""
    try:
        with terminable():
            yield
    except KeyboardInterrupt:
        way_on = (
            "; there is no journal to resume from"
            if journal is None
            else f"; see how far it is with: accsyn-orm migrate status --journal {journal}"
        )
        complain(f"interrupted{way_on}")
        raise typer.Exit(INTERRUPTED) from None


@app.command("run", epilog=_EPILOG)
@exits
@connects
def run_script(
    connection: Connection,
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="A Python file with functions under @migration.")
    ],
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be sent, and send nothing.")] = False,
    journal: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Keep a journal here, to resume and undo from; none is kept by default."
        ),
    ] = None,
    workers: Workers = 8,
    yes: Yes = False,
) -> int:
    """Run a script that declares migrations."""
    with _interruptible(journal):
        try:
            loaded = load_script(script)
        except ConfigurationError as error:
            complain(str(error))
            return USAGE
        if plan:
            return _print_plans(connection, loaded)
        if journal is None:
            print(
                "no journal is kept, so this run can be neither resumed nor undone: --journal PATH keeps one"
            )
        with connection.open() as session:
            runs = run_migrations(
                session,
                loaded,
                lambda step, planned: _agree(step, planned, yes=yes),
                journal=journal,
                workers=workers,
                asks=not yes,
                progress=_shows_progress(),
            )
        return _told(runs)


@app.command("status", epilog=_EPILOG)
@exits
def print_status(journal: Journal) -> int:
    """Print how far a run is; needs no credentials."""
    found = status(journal)
    print(found)
    if found.unknown:
        return UNKNOWN
    return DONE if found.complete else FAILED


@app.command("resume", epilog=_EPILOG)
@exits
@connects
def resume_run(connection: Connection, journal: Journal, workers: Workers = 8) -> int:
    """Go on with a run that was interrupted."""
    with _interruptible(journal), connection.open() as session:
        runs = resume(
            session,
            journal,
            agree=lambda step, planned: _agree(step, planned, yes=False),
            workers=workers,
            progress=_shows_progress(),
        )
    return _told(runs)


@app.command("undo", epilog=_EPILOG)
@exits
@connects
def undo_run(connection: Connection, journal: Journal, workers: Workers = 8, yes: Yes = False) -> int:
    """Take back what a run applied."""
    with _interruptible(journal), connection.open() as session:
        undone = undo(
            session,
            journal,
            agree=lambda step: _agree_to_undo(step, yes=yes),
            workers=workers,
            progress=_shows_progress(),
        )
    for step in undone:
        if step.result is not None:
            print(f"undo of {step.title or 'commit'}: {step.result}")
        for kept in step.kept:
            print(f"  kept: {kept}")
    return DONE if all(step.complete for step in undone) else FAILED


def _shows_progress() -> bool:
    return sys.stderr.isatty()


def _print_plans(connection: Connection, script: Script) -> int:
    with connection.open() as session:
        planned = plan_migrations(session, script)
    for step in planned:
        print(f"# {step.migration.title}")
        if step.note:
            print(f"note: {step.note}")
        if step.plan is not None:
            print(step.plan.to_text())
    return DONE


def _told(runs: Iterable[Run]) -> int:
    code = DONE
    for run in runs:
        if run.result is None:
            code = FAILED
        else:
            print(f"{run.migration.title or 'commit'}: {run.result}")
    return code


def _agree(step: Migration, plan: Plan, *, yes: bool) -> bool:
    print(f"# {step.title}")
    print(plan.to_text())
    return yes or not plan or agreed(_QUESTION, sys.stdout)


def _agree_to_undo(step: Undone, *, yes: bool) -> bool:
    print(f"# undo of {step.title or 'commit'}")
    print(step.plan.to_text())
    for kept in step.kept:
        print(f"kept as it is: {kept}")
    return yes or not step.plan or agreed(_QUESTION, sys.stdout)
