"""
The filters of a listing: `word`, `*word`, `word*`, `*word*`, `start*end` and `re('...')` (accsyn documentation, file
operations).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from ..errors import ServerError

__all__ = ["NameFilter", "name_filter"]

Test = Callable[[str], bool]

_REGEX = re.compile(
    r"re\(\s*(?P<quote>['\"])(?P<text>.*?)(?P=quote)\s*(?:,\s*['\"]?(?P<flags>\w*)['\"]?\s*)?\)", re.DOTALL
)


@attrs.frozen
class NameFilter:
    """
    What decides by their names which files and folders are listed.

    Args:
        included: Where there are any, an entry must fit one, and one that does is kept whatever `excluded` says.
        excluded: An entry that fits one is left out, a folder with all that is in it.
    """

    included: tuple[Test, ...] = ()
    excluded: tuple[Test, ...] = ()

    def keeps(self, name: str) -> bool:
        """Return whether an entry is listed."""
        if self.included:
            return any(fits(name) for fits in self.included)
        return not any(fits(name) for fits in self.excluded)

    def enters(self, name: str) -> bool:
        """Return whether to look into a folder for what is listed."""
        return self.keeps(name) or not any(fits(name) for fits in self.excluded)


def name_filter(include: Any, exclude: Any) -> NameFilter:
    """
    Read the filters of a request, each a filter or a list of filters.

    Raises:
        ServerError: A filter is no text, or no regular expression.
    """
    return NameFilter(_filters("include", include), _filters("exclude", exclude))


def _filters(option: str, value: Any) -> tuple[Test, ...]:
    values = [] if value is None else value if isinstance(value, list) else [value]
    return tuple(_filter(option, each) for each in values)


def _filter(option: str, text: Any) -> Test:
    if not isinstance(text, str) or not text:
        raise ServerError(
            f"{option} is a filter such as '*.mov' or a list of filters, not {text!r}.", status=400
        )
    written = _REGEX.fullmatch(text.strip())
    if written is None:
        pattern = re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE | re.DOTALL)
        return lambda name: pattern.fullmatch(name) is not None
    flags = written["flags"] or ""
    if flags.upper() not in {"", "I"}:
        raise ServerError(f"{option} {text!r}: the only flag of a regular expression is 'I'.", status=400)
    try:
        expression = re.compile(written["text"], re.IGNORECASE if flags else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise ServerError(f"{option} {text!r} is no regular expression: {error}.", status=400) from error
    return lambda name: expression.search(name) is not None
