"""Deterministic ids and choices: the demo data is the same, byte for byte, wherever it is made."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .store import Document, Row, Store

__all__ = ["BASE", "Choices", "Seeder", "seeded_id", "seeded_uuid", "stamp"]

BASE = datetime(2026, 11, 1, 12, 0, 0, tzinfo=timezone.utc)
OPENED = BASE - timedelta(days=700)

_T = TypeVar("_T")


def _digest(text: str) -> bytes:
    return hashlib.sha512(text.encode()).digest()


def seeded_id(text: str) -> str:
    """Return the entity id that belongs to a text."""
    return _digest(text).hex()[:24]


def seeded_uuid(text: str) -> str:
    """Return the uuid4-shaped id that belongs to a text."""
    return str(uuid.UUID(bytes=_digest(text)[:16], version=4))


def stamp(moment: datetime) -> str:
    """Return a date as it travels."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


class Choices:
    """
    A row of choices that depends on nothing but a text.

    Args:
        text: What the choices are for. There are 32 of them.
    """

    def __init__(self, text: str) -> None:
        self._numbers = iter(memoryview(_digest(text)).cast("H").tolist())

    def number(self, below: int) -> int:
        """Return the next number, from 0 to `below` - 1; below 65,536."""
        return int(next(self._numbers)) % below

    def one(self, options: Sequence[_T]) -> _T:
        """Return the next choice."""
        return options[self.number(len(options))]


class Seeder:
    """Store entities as somebody created them long ago."""

    def __init__(self, store: Store, email: str) -> None:
        self.store = store
        self.email = email

    def put(self, kind: str, code: str, *, archived: bool = False, **attributes: Any) -> Row:
        """Store an entity whose id follows from its type and code."""
        created = attributes.pop("created", stamp(OPENED))
        document: Document = {
            "id": seeded_id(f"{kind}:{code}"),
            "code": code,
            "name": code,
            "description": None,
            "created": created,
            "creator": self.email,
            "modified": created,
            "modifier": self.email,
            "metadata": {},
            **attributes,
        }
        return self.store.put(kind, document, archived=archived)
