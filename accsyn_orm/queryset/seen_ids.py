"""
The ids of the rows that came: a set that takes little memory once it is large.

A listing has to know each row again for as long as it runs. In a set of texts, an id takes more than a hundred bytes;
here, once there are many, it takes the 12 or 16 that its digits stand for, and a few more.
"""

from __future__ import annotations

import re
import struct
from collections import deque
from itertools import compress, islice
from operator import iadd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["SeenIds"]

# Up to here a set is quicker, and its memory is nothing beside that of the interpreter.
_PLAIN = 25_000
# Texts that are packed at once when that begins: all at once would stand in memory several times.
_SOME = 4096
# Bytes of marks for each bucket, to begin with.
_MARKS = 32
# The bit of a mark, by the last byte of what it marks.
_BITS = bytes(1 << number % 8 for number in range(256))


class _Form:
    """
    A form of ids that bytes can stand for.

    Args:
        parts: Lengths of the groups of lower-case hexadecimal digits, which hyphens separate.
    """

    def __init__(self, *parts: int) -> None:
        self.length = sum(parts) + len(parts) - 1
        self.width = sum(parts) // 2
        self._hyphens = [sum(parts[:number]) + number - 1 for number in range(1, len(parts))]
        self.matches = re.compile("-".join(f"[0-9a-f]{{{part}}}" for part in parts)).fullmatch

    def packed(self, ids: Collection[str]) -> bytes:
        """Return the bytes of ids in a row; none where one of them has another form."""
        text, every = " ".join(ids), self.length + 1
        if any(text[place::every] != "-" * len(ids) for place in self._hyphens):
            return b""
        digits = text.replace("-", "")
        try:
            row = bytes.fromhex(digits)
        except ValueError:
            return b""
        # Upper case and spaces elsewhere are read as well, but would not come back.
        same = len(row) == self.width * len(ids) and row.hex(" ", self.width) == digits
        return row if same and len(text) == every * len(ids) - 1 else b""


# As the published client checks them (24 lower-case characters); tasks and files have uuids.
_FORMS = {form.length: form for form in (_Form(24), _Form(8, 4, 4, 4, 12))}


class _Packed:
    """
    A set of byte strings of one length.

    They stand in a row in the bucket that their hash leads to. A search through it is rarely made for what is not
    there: each has a bit among the marks, which seldom is that of another as well.

    Args:
        width: The length.
        buckets: Number of buckets; a power of two.
    """

    __slots__ = ("_buckets", "_count", "_marks", "_row", "_width")

    def __init__(self, width: int, buckets: int) -> None:
        self._width = width
        # How the last row was taken apart: most have one length.
        self._row = struct.Struct("")
        self._buckets = [bytearray() for _ in range(buckets)]
        self._marks = bytearray(_MARKS * buckets)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, entry: bytes) -> bool:
        bucket = self._buckets[hash(entry) & len(self._buckets) - 1]
        place = bucket.find(entry)
        while place % self._width and place > 0:  # the end of one and the beginning of the next
            place = bucket.find(entry, place + 1)
        return place >= 0

    def isdisjoint(self, row: bytes) -> bool:
        """Whether none of the byte strings in a row is held."""
        return not any(entry in self for entry in self._entries(row))

    def add_new(self, row: bytes) -> bool:
        """Add the byte strings in a row, no two of them equal, if none is held; return whether so it was."""
        entries = self._entries(row)
        if self._count + len(entries) > len(self._marks):
            self._mark_anew(4 * len(self._marks))
        marks, last = self._marks, len(self._marks) - 1
        cells = [place & last for place in map(hash, entries)]
        bits = row[self._width - 1 :: self._width].translate(_BITS)
        every, last = self._buckets, len(self._buckets) - 1
        buckets = [every[cell & last] for cell in cells]
        marked = [marks[cell] & bit for cell, bit in zip(cells, bits, strict=True)]
        suspects = compress(zip(buckets, entries, strict=True), marked)
        if any(entry in bucket and entry in self for bucket, entry in suspects):
            return False
        for cell, bit in zip(cells, bits, strict=True):
            marks[cell] |= bit
        # The last step, and one that no interrupt divides: what is held was taken as new.
        deque(map(iadd, buckets, entries), maxlen=0)
        self._count += len(entries)
        return True

    def _entries(self, row: bytes | bytearray) -> tuple[bytes, ...]:
        """Take a row apart."""
        if self._row.size != len(row):
            self._row = struct.Struct(f"{self._width}s" * (len(row) // self._width))
        return self._row.unpack(row)

    def _mark_anew(self, size: int) -> None:
        """Have so many bytes of marks: as many as entries at least, so that one bit in eight is set at most."""
        marks, last = bytearray(size), size - 1
        for bucket in self._buckets:
            for entry in self._entries(bucket):
                marks[hash(entry) & last] |= _BITS[entry[-1]]
        self._marks = marks


class SeenIds:
    """
    A set of texts that only grows.

    Args:
        ids: The first ones.
        plain: Up to so many are kept as they are.
    """

    __slots__ = ("_packed", "_packing", "_plain", "_texts")

    def __init__(self, ids: Iterable[str] = (), *, plain: int = _PLAIN) -> None:
        self._plain = plain
        # All, and once they are packed, those that have none of the forms.
        self._texts: set[str] = set()
        self._packing = False
        # By the length of the text.
        self._packed: dict[int, _Packed] = {}
        self.update(ids)

    def __len__(self) -> int:
        return len(self._texts) + sum(map(len, self._packed.values()))

    def __contains__(self, ident: str | None) -> bool:
        if ident in self._texts:
            return True
        if not self._packing or ident is None:
            return False
        packed = self._packed.get(len(ident))
        entry = b"" if packed is None else _FORMS[len(ident)].packed((ident,))
        return packed is not None and entry != b"" and entry in packed

    def add(self, ident: str) -> None:
        """Add an id."""
        self.add_new({ident})

    def update(self, ids: Iterable[str]) -> None:
        """Add ids, some of which may be held."""
        self.add_new({ident for ident in ids if ident not in self})

    def add_new(self, ids: set[str]) -> bool:
        """Add ids if none of them is held; return whether so it was."""
        if not self._texts.isdisjoint(ids):
            return False
        if not self._packing and len(self._texts) + len(ids) > self._plain:
            self._pack()
        if not self._packing:
            self._texts |= ids
            return True
        rows, others = _sorted(ids)
        parts = [(self._of_length(self._packed, length), row) for length, row in rows.items()]
        if len(parts) > 1 and not all(packed.isdisjoint(row) for packed, row in parts):
            return False
        if not all(packed.add_new(row) for packed, row in parts):
            return False
        self._texts |= others
        return True

    def _pack(self) -> None:
        """Pack what was kept as it was."""
        packed: dict[int, _Packed] = {}
        rest: set[str] = set()
        texts = iter(self._texts)
        while some := set(islice(texts, _SOME)):
            rows, others = _sorted(some)
            for length, row in rows.items():
                self._of_length(packed, length).add_new(row)
            rest |= others
        # The texts are let go last, so that an interrupt loses nothing.
        self._packed, self._packing, self._texts = packed, True, rest

    def _of_length(self, packed: dict[int, _Packed], length: int) -> _Packed:
        if length not in packed:
            packed[length] = _Packed(_FORMS[length].width, 1 << (self._plain // 4).bit_length())
        return packed[length]


def _sorted(ids: set[str]) -> tuple[dict[int, bytes], set[str]]:
    """Return the bytes of the ids of each form, by the length of its texts, and the ids of none."""
    length = len(next(iter(ids), ""))
    row = _FORMS[length].packed(ids) if length in _FORMS else b""
    if row:
        return {length: row}, set()
    rows, others = {}, ids
    for length, form in _FORMS.items():
        some = set(filter(form.matches, others))
        if some:
            rows[length] = form.packed(some)
            others = others - some
    return rows, others
