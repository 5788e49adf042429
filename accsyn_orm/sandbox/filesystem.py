"""File operations on the folders that play the volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .messages import Event

__all__ = ["OPERATIONS"]

OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {}
