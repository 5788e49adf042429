"""Entities where the wire wants a text: the id or the e-mail address of a user, the id of what a call is about."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidValue, SessionError
from ..mapping import state

__all__ = ["address_of", "party_of", "stored_id"]


def stored_id(entity: Any) -> str:
    """
    Return the id of an entity that a call is about.

    Raises:
        SessionError: It does not exist on the server, or not any more.
    """
    ident = state.peek(entity, entity.__mapper__.fields["id"])
    if state.phase_of(entity) is not state.Phase.PERSISTENT or not isinstance(ident, str):
        raise SessionError(
            f"{entity!r} does not exist on the server, so nothing can be asked about it: commit it first",
            entity=entity.__mapper__.entitytype,
        )
    return ident


def party_of(party: Any, wanted: str = "user") -> str:
    """
    Return the id of an entity, or the id or e-mail address that was given in its place.

    Args:
        party: An entity or a text. A user that was not created yet is named by its code, the e-mail address.
        wanted: The entity type that it must be, for the error.

    Raises:
        InvalidValue: It is neither.
    """
    if isinstance(party, str):
        return party
    mapper = getattr(party, "__mapper__", None)
    if mapper is None or not _is_a(mapper.cls, wanted):
        raise InvalidValue(f"{party!r} is no {wanted}: give the {wanted} itself, or text that names it")
    for name in ("id", "code") if wanted == "user" else ("id",):
        value = state.peek(party, mapper.fields[name])
        if isinstance(value, str) and value:
            return value
    raise InvalidValue(f"{party!r} has no id yet: commit it first")


def address_of(readable: str) -> str:
    """Return the e-mail address in `lisa@example.com` or `user:lisa@example.com[standard](5bfe…)`."""
    return readable.partition("[")[0].partition("(")[0].removeprefix("user:").strip()


def _is_a(cls: type[Any], entitytype: str) -> bool:
    mappers = (base.__dict__.get("__mapper__") for base in cls.__mro__)
    return any(mapper is not None and mapper.entitytype == entitytype for mapper in mappers)
