"""A local accsyn-compatible workspace: the wire protocol over loopback HTTP, entities in SQLite."""

from __future__ import annotations

from .faults import Fault, Faults, Fired
from .loading import load_entities
from .messages import Effect, RequestRecord
from .server import Sandbox
from .transferring import Transfers

__all__ = ["Effect", "Fault", "Faults", "Fired", "RequestRecord", "Sandbox", "Transfers", "load_entities"]
