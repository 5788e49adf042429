"""File sequences: `name.%04d.ext[100-167]` or `name.####.ext[100-167]` (documentation, job specification)."""

from __future__ import annotations

import re

import attrs

from ..errors import ServerError

__all__ = ["Sequence", "sequence_of"]

_NAME = re.compile(
    r"(?P<head>[^\[\]]*?)(?P<number>%0?(?P<width>\d{0,2})d|#+)(?P<tail>[^\[\]#%]*)"
    r"(\[(?P<first>\d{1,9})-(?P<last>\d{1,9})\])?"
)
_MOST = 100_000


@attrs.frozen
class Sequence:
    """
    A pattern of file names.

    Args:
        head: What stands before the number.
        width: How many digits the number has at least.
        tail: What stands behind it.
        first: The first number; None where no range was written.
        last: The last number.
    """

    head: str
    width: int
    tail: str
    first: int | None
    last: int | None

    def name(self, number: int) -> str:
        """Return the name of one file."""
        return f"{self.head}{number:0{self.width}d}{self.tail}"

    def numbers(self) -> range:
        """Return the numbers of the range."""
        return range(0) if self.first is None or self.last is None else range(self.first, self.last + 1)


def sequence_of(name: str) -> Sequence | None:
    """
    Read a file name as a sequence.

    Returns:
        The sequence, or None where the name is that of one file.

    Raises:
        ServerError: The range runs backwards, or is longer than 100,000.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    written = found["number"]
    width = len(written) if written[0] == "#" else int(found["width"] or 1)
    first, last = (None, None) if found["first"] is None else (int(found["first"]), int(found["last"]))
    if first is not None and last is not None and not first <= last < first + _MOST:
        raise ServerError(
            f"The range of {name!r} must run upwards and be no longer than {_MOST:,}.", status=400
        )
    return Sequence(found["head"], width, found["tail"], first, last)
