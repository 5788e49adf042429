"""Migration scripts: steps declared as functions of a session, previewed, run, resumed, undone."""

from __future__ import annotations

from .inverse import Kept
from .reporting import Status, status
from .resuming import resume
from .runner import Planned, Run, plan_migrations, run_migrations
from .script import Migration, Script, load_script, migration
from .undoing import Undone, undo

__all__ = [
    "Kept",
    "Migration",
    "Planned",
    "Run",
    "Script",
    "Status",
    "Undone",
    "load_script",
    "migration",
    "plan_migrations",
    "resume",
    "run_migrations",
    "status",
    "undo",
]
