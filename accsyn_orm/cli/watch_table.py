"""The table that `accsyn-orm watch` keeps up to date."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.filesize import decimal
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .columns import column_of
from .terminal import escaped, printed, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from ..entities.base import Entity
    from ..mapping.mapper import Mapper
    from ..queryset.watching import Event
    from .columns import Column

__all__ = ["WatchTable", "bar_columns"]

_BARRED = ("id", "name", "status", "progress", "size", "speed", "etr")
_TITLES = {"etr": "time left"}
_KEPT = 5
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
    """

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        self._title = title
        self._columns = columns
        self._rows: list[list[Any]] = []
        self._left: deque[tuple[bool, list[Any]]] = deque(maxlen=_KEPT)

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
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
        for column in self._columns:
            self._add_column(table, column.name)
        for row in self._rows[:room]:
            table.add_row(*self._cells(row))
        for is_gone, row in self._left:
            table.add_row(*self._cells(row), style="dim strike" if is_gone else "dim")
        parts: list[RenderableType] = [Text(f"{self._title}: {len(self._rows)}", style="bold"), table]
        if len(self._rows) > room:
            parts.append(Text(f"… and {len(self._rows) - room} more", style="dim"))
        yield Group(*parts)

    def _add_column(self, table: Table, name: str) -> None:
        title = Text(_TITLES.get(name, escaped(name)))
        if name == "progress":
            table.add_column(title, min_width=18, ratio=1, no_wrap=True)
        elif name in {"size", "speed", "etr"}:
            table.add_column(title, justify="right", no_wrap=True)
        elif name == "id" or name.endswith("_id"):
            table.add_column(title, no_wrap=True, min_width=24)
        else:
            table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=None if name == "status" else 1)

    def _cells(self, row: list[Any]) -> list[RenderableType]:
        return [_cell(column.name, value) for column, value in zip(self._columns, row, strict=True)]


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
    grid.add_column(justify="right", width=5)
    grid.add_row(ProgressBar(total=100, completed=percent), Text(f"{value_text(percent)} %"))
    return grid
