"""Entity types and ids are checked here before they become part of a request."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InvalidValue

__all__ = ["check_code", "check_count", "check_entitytype", "check_id", "looks_like_id"]

_ENTITYTYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
# Measured from accsyn-python-api 3.4.0: 24 such characters are taken for an id, anything else for a code.
_ENTITY_ID = re.compile(r"[a-z0-9]{24}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_entitytype(entitytype: Any) -> str:
    """
    Return the entity type in lower case.

    Raises:
        InvalidValue: It is not a plain name.
    """
    if not isinstance(entitytype, str) or not _ENTITYTYPE.match(entitytype):
        raise InvalidValue(
            f"{entitytype!r} is no entity type: a letter, then letters, digits or underscores, such as 'job'"
        )
    return entitytype.lower()


def check_id(entityid: Any, what: str = "entity id") -> str:
    """
    Return the id.

    Raises:
        InvalidValue: It is empty, or holds anything but letters, digits, `_` and `-`.
    """
    if not isinstance(entityid, str) or not _ID.match(entityid):
        raise InvalidValue(f"{entityid!r} is no {what}: letters, digits, '_' and '-' only, and not empty")
    return entityid


def check_code(code: Any) -> str:
    """
    Return a bare code, such as the e-mail address of a user.

    Raises:
        InvalidValue: It is empty, or holds control characters.
    """
    if not isinstance(code, str) or not code.strip() or _CONTROL.search(code):
        raise InvalidValue(f"{code!r} is no id or code: give text without line breaks or control characters")
    return code


def check_count(name: str, value: Any, lowest: int) -> int:
    """
    Return a whole number.

    Raises:
        InvalidValue: It is none, or below the lowest that holds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise InvalidValue(f"{name}={value!r} does not hold: a whole number from {lowest}")
    return value


def looks_like_id(ident: str) -> bool:
    """Tell whether a text is an entity id by its form: 24 lower-case letters and digits."""
    return _ENTITY_ID.match(ident) is not None
