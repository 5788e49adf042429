"""What every operation is given: the store, who asks, and the time."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import attrs

from .disk import Disk

if TYPE_CHECKING:
    from .store import Document, Row, Store

__all__ = ["Context", "new_id", "new_uuid", "now"]


def now() -> str:
    """Return the time as it travels: UTC, seconds, no suffix."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def new_id() -> str:
    """Return an entity id: 24 lower-case hexadecimal characters."""
    return secrets.token_hex(12)


def new_uuid() -> str:
    """Return the id of a task or a file of a collection."""
    return str(uuid.uuid4())


@attrs.frozen
class Context:
    """
    One event's surroundings.

    Args:
        me: The user who asks.
        disk: The folders that play volumes and machines.
        time: When the event arrived.
    """

    store: Store
    me: Row
    disk: Disk = attrs.field(factory=Disk)
    time: str = attrs.field(factory=now)

    @property
    def role(self) -> str:
        """Return the role of the user who asks."""
        return str(self.me.document["role"])

    @property
    def email(self) -> str:
        """Return the code of the user who asks."""
        return str(self.me.document["code"])

    def stamped(self, document: Document) -> Document:
        """Return the document with `modified` and `modifier` of this event."""
        return {**document, "modified": self.time, "modifier": self.email}

    def only(self, kind: str, flag: str) -> Row | None:
        """Return the entity of a type that carries a flag, such as the default queue or the main site."""
        return next((row for row in self.store.rows([kind]) if row.document.get(flag)), None)
