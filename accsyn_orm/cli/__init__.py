"""The command `accsyn-orm`, a file per verb."""

from __future__ import annotations

from .command import main

__all__ = ["main"]
