"""`accsyn-orm migrate run`: run a migration script, plan first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..errors import CommitError, ConfigurationError
from ..migrate import load_script, run_migrations
from ..session import Session

if TYPE_CHECKING:
    import argparse

    from ..migrate import Migration
    from ..session.plan import Plan

__all__ = ["add_to"]

_APPLIED, _REJECTED, _USAGE, _UNKNOWN = 0, 1, 2, 3


def add_to(verbs: Any) -> None:
    """Add the verb to the command's parser."""
    parser: argparse.ArgumentParser = verbs.add_parser("migrate", help="run migration scripts")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="run a script that declares migrations")
    run.add_argument("script", help="a Python file with functions under @migration")
    run.add_argument("--plan", action="store_true", help="print what would be sent, and send nothing")
    run.add_argument("--yes", action="store_true", help="do not ask before sending")
    run.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        migrations = load_script(options.script)
    except ConfigurationError as error:
        print(f"accsyn-orm: {error}", file=sys.stderr)
        return _USAGE
    with Session() as session:
        try:
            runs = run_migrations(session, migrations, lambda step, plan: _agree(step, plan, options))
        except CommitError as error:
            _report(error)
            return _UNKNOWN if error.unknown else _REJECTED
    for run in runs:
        if run.result is not None:
            print(f"{run.migration.title}: {run.result}")
    return _APPLIED if options.plan or all(run.result is not None for run in runs) else _REJECTED


def _agree(step: Migration, plan: Plan, options: argparse.Namespace) -> bool:
    print(f"# {step.title}")
    print(plan)
    if options.plan:
        return False
    if options.yes or not plan:
        return True
    print("Send this? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(error: CommitError) -> None:
    print(f"accsyn-orm: {error}", file=sys.stderr)
    for name in ("rejected", "unknown", "not_sent"):
        for outcome in getattr(error, name):
            print(f"  {name.replace('_', ' ')}: {outcome}", file=sys.stderr)
