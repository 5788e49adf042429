"""How query sets look in a notebook: what was fetched so far, as a small table. Nothing here does I/O."""

from __future__ import annotations

import datetime as dt
import html
import itertools
import json
from typing import TYPE_CHECKING, Any

from ..mapping import state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..mapping.fields import Field
    from .description import Description
    from .listing import Listing

__all__ = ["SHOWN", "cell", "entities_html", "table_html", "values_html"]

# Rows, and characters of a cell.
SHOWN = 20
_WIDTH = 80
# Of an entity, where the query set does not name its fields.
_COLUMNS = ("id", "code", "name", "status", "progress", "queue_id", "user_id", "created")
_NUMBERS = "text-align: right"
_TEXT = "text-align: left"


def cell(value: Any) -> str:
    """
    Return a value as the text of a cell: short, and with nothing in it that could steer a terminal or a page.

    It is not escaped for HTML yet: `table_html` does that.
    """
    if value is state.MISSING:
        return ""
    if value is None:
        return "–"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}"
    text = value if isinstance(value, str) else _shown(value)
    if len(text) > _WIDTH:
        text = f"{text[: _WIDTH - 1]}…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list, tuple, bool)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]], *, total: int) -> str:
    """
    Return a table, of which 20 rows are shown at most.

    Args:
        caption: A line above it.
        head: The names of its columns; `[]` for a caption alone.
        rows: Its rows; no more than 20 of them are looked at.
        total: How many rows there are.
    """
    lines = ["<table>", f"<caption>{_escaped(caption)}</caption>"]
    if head:
        names = "".join(f'<th style="{_TEXT}">{_escaped(name)}</th>' for name in head)
        lines.append(f"<thead><tr>{names}</tr></thead>")
        lines.append("<tbody>")
        lines += [_row_html(row) for row in itertools.islice(rows, SHOWN)]
        if total > SHOWN:
            lines.append(f'<tr><td colspan="{len(head)}">… and {total - SHOWN} more</td></tr>')
        lines.append("</tbody>")
    return "\n".join([*lines, "</table>"])


def _row_html(row: Sequence[Any]) -> str:
    cells = []
    for value in row:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        cells.append(f'<td style="{_NUMBERS if is_number else _TEXT}">{_escaped(cell(value))}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _escaped(text: str) -> str:
    safe = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return html.escape(safe)


def _fetched(listing: Listing[Any] | None) -> str:
    if listing is None:
        return "not fetched"
    count = len(listing.entities)
    return f"{count:,} fetched, all" if listing.complete else f"{count:,} fetched so far"


def entities_html(query: str, description: Description, listing: Listing[Any] | None) -> str:
    """
    Return a query set as a table of what was fetched.

    Args:
        query: Its text.
        description: The query set; its fields are the columns, or a few that say most.
        listing: What was fetched; None for nothing.
    """
    entities = [] if listing is None else listing.entities
    fields = _columns(description)
    rows = ([state.peek(entity, field) for field in fields] for entity in entities)
    head = [field.slot for field in fields] if entities else []
    return table_html(f"{query}: {_fetched(listing)}", head, rows, total=len(entities))


def _columns(description: Description) -> list[Field]:
    fields: Mapping[str, Field] = {field.slot: field for field in description.mapper.fields.values()}
    if description.attributes is not None:
        return [field for field in fields.values() if field.wire in description.attributes]
    return [fields[name] for name in _COLUMNS if name in fields]


def values_html(title: str, listing: Listing[Any] | None, names: Sequence[str]) -> str:
    """
    Return rows of values as a table of what was fetched.

    Args:
        title: What they are.
        listing: What was fetched; None for nothing.
        names: The names of the fields, in order.
    """
    entities = [] if listing is None else listing.entities
    rows = (_values(values, names) for values in entities)
    return table_html(
        f"{title}: {_fetched(listing)}", list(names) if entities else [], rows, total=len(entities)
    )


def _values(values: Any, names: Sequence[str]) -> Sequence[Any]:
    """Return one result of `values()` or `values_list()` as a row; a flat one is its only value."""
    if isinstance(values, dict) and list(values) == list(names):
        return list(values.values())
    if isinstance(values, tuple) and len(values) == len(names):
        return values
    return [values]
