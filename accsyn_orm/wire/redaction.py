"""Keep secrets and terminal escapes out of messages and logs."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from ..config import Secret

__all__ = ["Redactor", "escape_controls", "star_secrets"]

STARS = "***"
# A shorter text would star half of every message, and is no secret that could be kept.
_SHORTEST = 4

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SECRET_KEY = re.compile(
    r"pwd|passw|secret|token|credential|authorization|api_?key|session_(?:key|id)|^session$", re.IGNORECASE
)


class Redactor:
    """
    Replace known secrets by `***`, in whatever form they stand: plain, JSON, base64, percent-encoded.

    Args:
        secrets: What must not be seen.
    """

    __slots__ = ("_pattern",)

    def __init__(self, *secrets: Secret) -> None:
        forms = {form for secret in secrets for form in _forms(secret.reveal())}
        # The longest first, so that no form is cut in two by one that stands inside of it.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __repr__(self) -> str:
        return "Redactor(***)"

    def clean(self, text: str) -> str:
        """Return the text with every known secret starred."""
        return text if self._pattern is None else self._pattern.sub(STARS, text)


def _forms(secret: str) -> set[str]:
    if len(secret) < _SHORTEST:
        return set()
    encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode("ascii")
    plain = {secret, json.dumps(secret)[1:-1], encoded, encoded.rstrip("=")}
    return plain | {quote(form, safe="", errors="replace") for form in plain}


def escape_controls(text: str, keep: str = "") -> str:
    r"""
    Write control characters and marks of text direction as `\xNN` or `\uNNNN`, so no terminal obeys them.

    Args:
        text: What a server said.
        keep: Control characters that may stay, such as a line break.
    """
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def star_secrets(value: Any) -> Any:
    """Copy a JSON value, with `***` in place of everything under a key that speaks of a secret."""
    if isinstance(value, dict):
        return {
            key: STARS if _SECRET_KEY.search(str(key)) and item is not None else star_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [star_secrets(item) for item in value]
    return value
