"""Names of slots, and how to reach them past the columns that a class shows in their place."""

from __future__ import annotations

from typing import Any

__all__ = ["WIRE_SLOT", "descriptor_of"]

# Fields that hold JSON keep the server's own form beside them, until they are read for the first time.
WIRE_SLOT = "_wire_{}"


def descriptor_of(cls: type[Any], name: str) -> Any:
    """Return the descriptor of a slot."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    raise KeyError(name)
