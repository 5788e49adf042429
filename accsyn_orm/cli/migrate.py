"""`accsyn-orm migrate`: run a migration script, plan first; see how far it is; resume it; undo it."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from ..errors import CommitError, ConfigurationError
from ..migrate import load_script, resume, run_migrations, status, undo
from ..session import Session

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ..migrate import Migration, Undone
    from ..session.plan import Plan

__all__ = ["add_to"]

_APPLIED, _REJECTED, _USAGE, _UNKNOWN, _INTERRUPTED = 0, 1, 2, 3, 130
_MOST_WORKERS = 64


def add_to(verbs: Any) -> None:
    """Add the verb to the command's parser."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        "migrate",
        help="run migration scripts",
        description="Run migration scripts, see how far they are, resume them, undo them.",
        epilog="exit codes: 0 all applied, 1 rejected or refused, 2 wrong usage, 3 something is left unknown",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="run a script that declares migrations")
    run.add_argument("script", help="a Python file with functions under @migration")
    run.add_argument("--plan", action="store_true", help="print what would be sent, and send nothing")
    _add_options(run, journal_needed=False, asks=True)
    run.set_defaults(run=_guarded(_run))
    state = actions.add_parser("status", help="print how far a run is; needs no credentials")
    state.add_argument("--journal", metavar="PATH", required=True, help="the journal of the run")
    state.set_defaults(run=_status)
    again = actions.add_parser("resume", help="go on with a run that was interrupted")
    _add_options(again, journal_needed=True, asks=False)
    again.set_defaults(run=_guarded(_resume))
    back = actions.add_parser("undo", help="take back what a run applied")
    _add_options(back, journal_needed=True, asks=True)
    back.set_defaults(run=_guarded(_undo))


def _add_options(parser: argparse.ArgumentParser, *, journal_needed: bool, asks: bool) -> None:
    kept = (
        "the journal of the run"
        if journal_needed
        else "keep a journal here, to resume and undo from; none by default"
    )
    parser.add_argument("--journal", metavar="PATH", required=journal_needed, help=kept)
    parser.add_argument(
        "--workers", metavar="N", type=_workers, default=8, help="requests in flight at most (default: 8)"
    )
    if asks:
        parser.add_argument("--yes", action="store_true", help="do not ask before sending")


def _workers(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_WORKERS:
        raise ValueError(text)
    return number


# What argparse calls the type in `invalid … value: 'x'`.
_workers.__name__ = f"number of workers (1 to {_MOST_WORKERS})"


def _guarded(action: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Return the action with its failures as exit codes, and SIGTERM handled as Ctrl-C is."""

    def guarded(options: argparse.Namespace) -> int:
        try:
            with _terminable():
                return action(options)
        except CommitError as error:
            _report(error)
            return _UNKNOWN if error.unknown else _REJECTED
        except KeyboardInterrupt:
            print("accsyn-orm: interrupted", _way_on(options), sep="", file=sys.stderr)
            return _INTERRUPTED

    return guarded


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _way_on(options: argparse.Namespace) -> str:
    if options.journal is None:
        return "; there is no journal to resume from"
    return f"; see how far it is with: accsyn-orm migrate status --journal {options.journal}"


def _run(options: argparse.Namespace) -> int:
    try:
        script = load_script(options.script)
    except ConfigurationError as error:
        print(f"accsyn-orm: {error}", file=sys.stderr)
        return _USAGE
    if options.journal is None and not options.plan:
        print("no journal is kept, so this run can be neither resumed nor undone: --journal PATH keeps one")
    with Session() as session:
        runs = run_migrations(
            session,
            script,
            lambda step, plan: _agree(step, plan, options),
            journal=options.journal,
            workers=options.workers,
            asks=not options.yes,
        )
    for run in runs:
        if run.result is not None:
            print(f"{run.migration.title}: {run.result}")
    if options.plan:
        left = len(script) - len(runs)
        if left:
            print(f"{left} more steps are planned once this one is applied")
        return _APPLIED
    return _APPLIED if all(run.result is not None for run in runs) else _REJECTED


def _status(options: argparse.Namespace) -> int:
    found = status(options.journal)
    print(found)
    if found.unknown:
        return _UNKNOWN
    return _APPLIED if found.complete else _REJECTED


def _resume(options: argparse.Namespace) -> int:
    options.plan, options.yes = False, False
    with Session() as session:
        runs = resume(
            session,
            options.journal,
            agree=lambda step, plan: _agree(step, plan, options),
            workers=options.workers,
        )
    for run in runs:
        if run.result is not None:
            print(f"{run.migration.title or 'commit'}: {run.result}")
    return _APPLIED if all(run.result is not None for run in runs) else _REJECTED


def _undo(options: argparse.Namespace) -> int:
    with Session() as session:
        undone = undo(
            session,
            options.journal,
            agree=lambda step: _agree_to_undo(step, options),
            workers=options.workers,
        )
    for step in undone:
        if step.result is not None:
            print(f"undo of {step.title or 'commit'}: {step.result}")
        for kept in step.kept:
            print(f"  kept: {kept}")
    return _APPLIED if all(step.complete for step in undone) else _REJECTED


def _agree(step: Migration, plan: Plan, options: argparse.Namespace) -> bool:
    print(f"# {step.title}")
    print(plan.pretty(colour=sys.stdout.isatty()))
    if options.plan:
        return False
    return options.yes or not plan or _asked("Send this?")


def _agree_to_undo(step: Undone, options: argparse.Namespace) -> bool:
    print(f"# undo of {step.title or 'commit'}")
    print(step.plan.pretty(colour=sys.stdout.isatty()))
    for kept in step.kept:
        print(f"kept as it is: {kept}")
    return options.yes or not step.plan or _asked("Send this?")


def _asked(question: str) -> bool:
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(error: CommitError) -> None:
    print(f"accsyn-orm: {error}", file=sys.stderr)
    for name in ("rejected", "unknown", "not_sent"):
        for outcome in getattr(error, name):
            print(f"  {name.replace('_', ' ')}: {outcome}", file=sys.stderr)
