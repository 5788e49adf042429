"""Migration scripts: steps declared as functions of a session, previewed and run."""

from __future__ import annotations

from .runner import Run, run_migrations
from .script import Migration, load_script, migration

__all__ = ["Migration", "Run", "load_script", "migration", "run_migrations"]
