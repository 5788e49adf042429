"""The session: unit of work, identity map, plan, commit, and the calls that take and give dictionaries."""

from __future__ import annotations

from ..errors import AccsynException
from .session import Session

__all__ = ["AccsynException", "Session"]
