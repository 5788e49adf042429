"""A local accsyn-compatible workspace: the wire protocol over loopback HTTP, entities in SQLite."""

from __future__ import annotations

from .messages import RequestRecord
from .server import Sandbox

__all__ = ["RequestRecord", "Sandbox"]
