"""Texts that must not be shown."""

from __future__ import annotations

import hmac
from typing import ClassVar, NoReturn, SupportsIndex

from ..errors import ConfigurationError

__all__ = ["Secret"]


class Secret:
    """
    A text that prints as `***`, compares in constant time and cannot be pickled, copied or written as JSON.

    Args:
        value: The text to keep; `reveal()` gives it back.
    """

    __slots__ = ("_value",)

    _value: str

    def __init__(self, value: str | Secret) -> None:
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str):
            raise ConfigurationError(f"a secret is text, not {type(text).__name__}")
        object.__setattr__(self, "_value", text)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def is_text(self) -> bool:
        """Tell whether it is printable text that UTF-8 can encode."""
        return self._value.isprintable()

    def is_encodable(self) -> bool:
        """Tell whether UTF-8 can encode it."""
        try:
            self._value.encode("utf-8")
        except UnicodeEncodeError:
            return False
        return True

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change; make another one")

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return False
        ours, theirs = (text.encode("utf-8", "surrogatepass") for text in (self._value, other._value))
        return hmac.compare_digest(ours, theirs)

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # a secret is no key

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret can neither be pickled nor copied: make it anew where it is needed")
