"""What a call that creates several parts of an entity answers, as entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.protocols import Select
from ..wire.codec import encode_value

if TYPE_CHECKING:
    from ..mapping.base import MappedBase
    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Caller

__all__ = ["created_parts"]


def created_parts(session: Caller, mapper: Mapper, created: Any, parent: str) -> list[MappedBase]:
    """
    Return the entities that a server names as created; none where it says only that it worked.

    Args:
        session: The session.
        mapper: Mapper of their class.
        created: What the session's `create` returned: a dictionary, several, or `{"success": True}`.
        parent: Id of the entity that they are parts of.
    """
    rows = created if isinstance(created, list) else [created]
    named = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    if mapper.parent is not None:
        wire = mapper.fields[mapper.parent].wire
        named = [{wire: parent, **row} for row in named]
    # The call returns dates as datetimes, and rows have them as they travel.
    return session.admit(Select(mapper, parent=parent), [encode_value(row) for row in named])
