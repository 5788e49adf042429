"""Records as a table, JSON, JSON lines or CSV, written as they come."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len
from rich.text import Text

from .columns import is_id
from .terminal import console, escaped, json_text, json_value, printed, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

__all__ = ["CsvWriter", "JsonLinesWriter", "JsonWriter", "RecordWriter", "TableWriter"]

# Rows that a table waits for before it settles how wide its columns are.
_SAMPLE = 100
_GAP = 2
_NARROWEST = 8


class RecordWriter(Protocol):
    """Writes records, the first to the last."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record: name of column → value."""

    def finish(self) -> None:
        """Write what comes after the last record."""


class JsonLinesWriter:
    """
    An object per line.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record as an object."""
        self._stream.write(json_text(record) + "\n")

    def finish(self) -> None:
        """Write nothing more."""


class JsonWriter:
    """
    A list of objects.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before = "[\n"

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record as an object, on a line of its own."""
        self._stream.write(self._before + json_text(record))
        self._before = ",\n"

    def finish(self) -> None:
        """Write the end of the list."""
        self._stream.write("[]\n" if self._before == "[\n" else "\n]\n")


class CsvWriter:
    """
    Values with commas, a line of names first; dates as ISO 8601, JSON for what has parts.

    To a terminal, what could steer it is escaped; to a file or a pipe, values go as they are.

    Args:
        names: Of the columns.
        stream: Where to.
    """

    def __init__(self, names: Sequence[str], stream: TextIO) -> None:
        self._names = names
        self._escapes = stream.isatty()
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(names)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record as a row."""
        texts = [value_text(json_value(record.get(name))) for name in self._names]
        self._writer.writerow([escaped(text) for text in texts] if self._escapes else texts)

    def finish(self) -> None:
        """Write nothing more."""


class TableWriter:
    """
    A table for people, on standard output.

    Its columns are as wide as the first rows need, and numbers stand on the right. On a terminal they are made to fit,
    and what does not fit is cut with an ellipsis; elsewhere nothing is cut.

    Args:
        names: Of the columns.
        gives_way: Whether the last columns are left out of a terminal that is too narrow for all.
    """

    def __init__(self, names: Sequence[str], *, gives_way: bool = False) -> None:
        self._names = names
        self._gives_way = gives_way
        self._console = console()
        self._cuts = sys.stdout.isatty()
        self._waiting: list[list[Text]] = []
        self._kinds: list[set[type]] = [set() for _ in names]
        # By place; where a column is left out, there is none.
        self._widths: dict[int, int] | None = None

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record as a row, once it is known how wide the columns are."""
        if self._widths is None:
            for name, kinds in zip(self._names, self._kinds, strict=True):
                kinds.add(type(record.get(name)))
        self._waiting.append([printed(record.get(name), name) for name in self._names])
        if self._widths is not None or len(self._waiting) >= _SAMPLE:
            self._print()

    def finish(self) -> None:
        """Write the rows that are left; the names alone, where there are none."""
        self._print()

    def _print(self) -> None:
        if self._widths is None:
            self._widths = self._fitted()
            self._line([Text(escaped(name), style="bold") for name in self._names])
        for row in self._waiting:
            self._line(row)
        self._waiting = []

    def _line(self, cells: list[Text]) -> None:
        widths = self._widths or {}
        for place, width in widths.items():
            cell = cells[place]
            if self._cuts:
                cell.truncate(width, overflow="ellipsis")
            pad = cell.pad_left if _are_numbers(self._kinds[place]) else cell.pad_right
            pad(max(0, width - cell.cell_len))
        line = Text(" " * _GAP).join([cells[place] for place in widths])
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def _fitted(self) -> dict[int, int]:
        rows = [
            [cell_len(name) for name in self._names],
            *([cell.cell_len for cell in row] for row in self._waiting),
        ]
        widths = {place: max(column) for place, column in enumerate(zip(*rows, strict=True))}
        if self._cuts:
            # A number that is cut is another one, and an id good for nothing: those go last.
            ids = {place for place, name in enumerate(self._names) if is_id(name)}
            numbers = {place for place, kinds in enumerate(self._kinds) if _are_numbers(kinds)}
            while self._gives_way and len(widths) > 1 and self._needed(widths, ids | numbers) > 0:
                widths.popitem()
            for kept in (ids | numbers, ids, set[int]()):
                _shrink(widths, kept, self._room(widths))
        return widths

    def _room(self, widths: Mapping[int, int]) -> int:
        return self._console.width - _GAP * (len(widths) - 1)

    def _needed(self, widths: Mapping[int, int], whole: set[int]) -> int:
        """Return how many characters more than there are it takes to cut all but some as far as they may be cut."""
        least = (width if place in whole else min(width, _NARROWEST) for place, width in widths.items())
        return sum(least) - self._room(widths)


def _are_numbers(kinds: set[type]) -> bool:
    kinds = kinds - {type(None)}
    return bool(kinds) and kinds <= {int, float}


def _shrink(widths: dict[int, int], kept: set[int], room: int) -> None:
    """Take from the widest of all columns but some until all fit, or none of these is wide any more."""
    places = [place for place in widths if place not in kept]
    while places and sum(widths.values()) > room:
        widest = max(places, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1
