"""The table that `accsyn-orm watch` keeps up to date."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.filesize import decimal
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .columns import column_of, is_id
from .terminal import escaped, printed, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from ..entities.base import Entity
    from ..mapping.mapper import Mapper
    from ..queryset.watching import Event
    from .columns import Column

__all__ = ["GIVING_WAY", "WatchTable", "bar_columns"]

# Which columns are left out where a terminal is too narrow for all, and in which order.
GIVING_WAY = ("size", "speed", "etr", "status")

_BARRED = ("id", "name", "status", "progress", "size", "speed", "etr")
_TITLES = {"etr": "time left"}
_KEPT = 5
_GAP = 2
# Characters that a column needs to be worth its place; of a progress it is a short bar and the number.
_NEEDED = {"id": 24, "progress": 11, "size": 8, "speed": 10, "etr": 9, "status": 9}
_NEEDED_BY_OTHERS = 10
# The title, the names of the columns, and the line that counts what is left out.
_AROUND = 4


def bar_columns(mapper: Mapper) -> list[Column]:
    """Return the columns of what has a progress."""
    return [column_of(mapper, name) for name in _BARRED]


class WatchTable:
    """
    What is watched, and below it the last few that are watched no longer.

    Args:
        title: What is looked for.
        columns: What is shown of each.
        giving_way: Names of columns that are left out where there is no room for all, the first of them first.
    """

    def __init__(self, title: str, columns: Sequence[Column], giving_way: Sequence[str] = ()) -> None:
        self._title = title
        self._columns = columns
        self._giving_way = giving_way
        self._rows: list[list[Any]] = []
        self._left: deque[tuple[bool, list[Any]]] = deque(maxlen=_KEPT)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self._rows or self._left)

    def update(self, entities: Sequence[Entity]) -> None:
        """Show these."""
        self._rows = [self._values(entity) for entity in entities]

    def take(self, event: Event[Entity]) -> None:
        """Keep what is watched no longer in sight for a while."""
        if event.left:
            self._left.append((event.scope is None, self._values(event.entity)))

    def _values(self, entity: Entity) -> list[Any]:
        return [column.value(entity) for column in self._columns]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(1, console.height - _AROUND - len(self._left))
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), expand=True)
        places = self._fitting(options.max_width)
        for place in places:
            self._add_column(table, self._columns[place].name)
        for row in self._rows[:room]:
            table.add_row(*self._cells(row, places))
        for is_gone, row in self._left:
            table.add_row(*self._cells(row, places), style="dim strike" if is_gone else "dim")
        title = Text(f"{self._title}: {len(self._rows)}", style="bold", no_wrap=True, overflow="ellipsis")
        parts: list[RenderableType] = [title, table]
        if len(self._rows) > room:
            parts.append(Text(f"… and {len(self._rows) - room} more", style="dim"))
        yield Group(*parts)

    def _fitting(self, width: int) -> list[int]:
        """Return the places of the columns that there is room for."""
        names = [column.name for column in self._columns]
        left_out: set[str] = set()
        for name in self._giving_way:
            needed = [_needed(each) for each in names if each not in left_out]
            if sum(needed) + _GAP * (len(needed) - 1) <= width:
                break
            left_out.add(name)
        return [place for place, name in enumerate(names) if name not in left_out]

    def _add_column(self, table: Table, name: str) -> None:
        title = Text(_TITLES.get(name, escaped(name)))
        if name == "progress":
            table.add_column(title, min_width=_needed(name), ratio=1, no_wrap=True)
        elif name in {"size", "speed", "etr"}:
            table.add_column(title, justify="right", no_wrap=True)
        elif is_id(name):
            table.add_column(title, no_wrap=True, min_width=_needed(name))
        else:
            table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=None if name == "status" else 1)

    def _cells(self, row: list[Any], places: Sequence[int]) -> list[RenderableType]:
        return [_cell(self._columns[place].name, row[place]) for place in places]


def _needed(name: str) -> int:
    return _NEEDED["id"] if is_id(name) else _NEEDED.get(name, _NEEDED_BY_OTHERS)


def _cell(name: str, value: Any) -> RenderableType:
    if name == "progress" and isinstance(value, int):
        return _bar(value)
    if name == "size" and isinstance(value, int):
        return Text(decimal(value) if value >= 0 else "")
    if name == "speed" and isinstance(value, (int, float)):
        return Text(f"{value:.1f} MB/s" if value >= 0 else "")
    return printed(value, name)


def _bar(percent: int) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", width=5, no_wrap=True)
    grid.add_row(ProgressBar(total=100, completed=percent), Text(f"{value_text(percent)} %"))
    return grid
