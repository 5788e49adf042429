"""Records as a table, JSON, JSON lines or CSV, written as they come."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len
from rich.text import Text

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

    Its columns are as wide as the first rows need. On a terminal they are made to fit, and what does not fit is cut
    with an ellipsis; elsewhere nothing is cut.

    Args:
        names: Of the columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._console = console()
        self._cuts = sys.stdout.isatty()
        self._waiting: list[list[Text]] = []
        self._widths: list[int] | None = None

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record as a row, once it is known how wide the columns are."""
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
        for cell, width in zip(cells, self._widths or (), strict=True):
            if self._cuts:
                cell.truncate(width, overflow="ellipsis")
            cell.pad_right(max(0, width - cell.cell_len))
        line = Text(" " * _GAP).join(cells)
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def _fitted(self) -> list[int]:
        rows = [
            [cell_len(name) for name in self._names],
            *([cell.cell_len for cell in row] for row in self._waiting),
        ]
        widths = [max(column) for column in zip(*rows, strict=True)]
        room = self._console.width - _GAP * (len(widths) - 1)
        if self._cuts:
            # An id that is cut is good for nothing: those go last.
            _shrink(widths, [place for place, name in enumerate(self._names) if not _is_id(name)], room)
            _shrink(widths, list(range(len(widths))), room)
        return widths


def _is_id(name: str) -> bool:
    return name.rpartition(".")[2] == "id" or name.endswith("_id")


def _shrink(widths: list[int], places: list[int], room: int) -> None:
    """Take from the widest of some columns until all fit, or none of these is wide any more."""
    while places and sum(widths) > room:
        widest = max(places, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1
