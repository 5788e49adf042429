"""What every new entity carries, whatever its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .context import Context, new_id

if TYPE_CHECKING:
    from .store import Document

__all__ = ["fresh"]


def fresh(context: Context, status: str | None) -> Document:
    """Return the attributes of an entity that is made by this event, without those of its type."""
    return {
        "id": new_id(),
        "code": None,
        "name": None,
        "description": None,
        "status": status,
        "created": context.time,
        "creator": context.email,
        "metadata": {},
    }
