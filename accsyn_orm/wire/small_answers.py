"""The answers of fixed shape, checked as they are read: discovery and sign-in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..errors import ProtocolError

if TYPE_CHECKING:
    from cattrs import Converter

    from .messages import Call

__all__ = ["DiscoveredDomain", "DiscoveredHost", "KeyedLogin", "LoginResult", "ShortLogin", "structure"]

_Answer = TypeVar("_Answer")


@attrs.frozen
class LoginResult:
    """
    What a sign-in answers.

    Args:
        id: The id of the user.
        role: The user's role.
        session_id: The server's name for the session.
    """

    id: str
    role: str
    session_id: str = attrs.field(repr=False)


@attrs.frozen
class ShortLogin:
    """
    What a sign-in answers in v3.0 and v3.1, where the session's name is the client's.

    Args:
        id: The id of the user.
        role: The user's role.
    """

    id: str
    role: str


@attrs.frozen
class KeyedLogin:
    """
    What a sign-in answers in v1.

    Args:
        id: The id of the user.
        clearance: The user's role; null where there is none.
        session_key: What later requests are signed with.
    """

    id: str
    clearance: str | None
    session_key: str = attrs.field(repr=False)


@attrs.frozen
class DiscoveredDomain:
    """
    Where a workspace is served, in v1.

    Args:
        domain: The first label of the host.
    """

    domain: str


@attrs.frozen
class DiscoveredHost:
    """
    Where a workspace is served.

    Args:
        hostname: The host.
        port: The port; None where the answer names none.
    """

    hostname: str
    port: int | None = None


def structure(value: Any, kind: type[_Answer], call: Call, path: str = "$.result") -> _Answer:
    """
    Make a checked value of an answer's part.

    Args:
        value: The part, as it came.
        kind: What it should be.
        call: What was asked for.
        path: Where the part stands in the answer.

    Raises:
        ProtocolError: Something is missing or of another type; the message names the path to it.
    """
    from cattrs import transform_error
    from cattrs.errors import BaseValidationError, StructureHandlerNotFoundError

    try:
        return _converter().structure(value, kind)
    except (BaseValidationError, StructureHandlerNotFoundError, TypeError, ValueError, KeyError) as error:
        problems = "; ".join(transform_error(error, path, _describe))
    raise ProtocolError(
        f"the answer to {call.uri} does not hold: {problems}", uri=call.uri, entity=call.entity
    )


@functools.cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(str, _strict_text)
    converter.register_structure_hook(int, _strict_int)
    return converter


def _strict_text(value: Any, _: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{_name(value)} instead of a text")
    return value


def _strict_int(value: Any, _: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{_name(value)} instead of a whole number")
    return value


def _name(value: Any) -> str:
    if value is None:
        return "null"
    return "an empty text" if value == "" else f"a {type(value).__name__}"


def _describe(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "a required value is missing"
    if isinstance(error, TypeError) and "instead of" in str(error):
        return str(error)
    return "not an object"
