"""What the text of a value is: a bare word, a number or a pattern. All readers of the tree ask here."""

from __future__ import annotations

import decimal
import re

from .tree import KEYWORDS

__all__ = ["as_number", "is_bare", "like_regex"]

_BARE = re.compile(r"[A-Za-z0-9@.:/_-]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(r"[\\.^$+?{}\[\]|()]")


def is_bare(value: str) -> bool:
    """
    Whether a value can stand without quotes.

    Only characters that the accsyn documentation and its published client write bare count: ASCII letters and
    digits, `@ . : / - _`. The words of the language are never bare.
    """
    return _BARE.fullmatch(value) is not None and value.upper() not in KEYWORDS


def as_number(text: str) -> decimal.Decimal | None:
    """
    Read a decimal number, without rounding.

    Returns:
        None where the text is not one, such as `nan`, `0x10`, ` 1`.
    """
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation:
        # The exponent is larger than the decimal module can hold.
        return None


def like_regex(pattern: str) -> str:
    r"""
    Write a `*` pattern as a regular expression for the whole value.

    `*` becomes `(.|\n)*`, which every dialect of regular expressions reads alike, line breaks included, and
    which has no capital letter that a backend could lower. Both ends are anchored, since it is not
    documented whether MATCHES searches.
    """
    parts = (_SPECIAL.sub(r"\\\g<0>", part) for part in pattern.split("*"))
    return "^" + r"(.|\n)*".join(parts) + "$"
