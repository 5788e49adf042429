"""The entity classes: the base class, and the catalogue with a file per family."""

from __future__ import annotations

from .base import Entity
from .jobs import Job, Task, Transfer
from .queues import Queue
from .users import User

__all__ = ["Entity", "Job", "Queue", "Task", "Transfer", "User"]
