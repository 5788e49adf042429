"""A local accsyn-compatible workspace: the wire protocol over loopback HTTP, entities in SQLite."""

from __future__ import annotations

from .faults import Fault, Faults, Fired
from .messages import Effect, RequestRecord
from .server import Sandbox

__all__ = ["Effect", "Fault", "Faults", "Fired", "RequestRecord", "Sandbox"]
