"""What nobody can do with entities of a class, by what the class says of itself in `__refusals__`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import SessionError

if TYPE_CHECKING:
    from .mapper import Mapper

__all__ = ["refuse"]


def refuse(mapper: Mapper, verb: str, entity: Any = None) -> None:
    """
    Refuse what the class of an entity rules out.

    Args:
        mapper: Mapper of the class.
        verb: `create`, `delete`, `deactivate` or `activate`.
        entity: Which one it is about, for the message; any of its class where not given.

    Raises:
        SessionError: It is ruled out; the message says why, and what to do instead.
    """
    reason = getattr(mapper.cls, "__refusals__", {}).get(verb)
    if reason is not None:
        what = f"a {mapper.entitytype}" if entity is None else repr(entity)
        raise SessionError(f"{what} cannot be {verb}d: {reason}", entity=mapper.entitytype)
