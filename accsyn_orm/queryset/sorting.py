"""Sorting on this side, since accsyn has no way to ask for an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from .listing import row_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..mapping.fields import Field
    from ..mapping.protocols import RowSource
    from .description import Description

__all__ = ["sort_by", "whole_rows"]


def whole_rows(description: Description, source: RowSource) -> list[dict[str, Any]]:
    """
    Fetch the rows of a query set, sorted and cut as it says.

    The attributes that are sorted by must be among those that it asks for.
    """
    if not description.ordering:
        return [row for _, rows in row_pages(description, source) for row in rows]
    everything = attrs.evolve(description, start=0, stop=None)
    found = [row for _, rows in row_pages(everything, source) for row in rows]
    for field, downwards in reversed(description.ordering):
        found = sort_by(found, _reader(field), downwards)
    return found[description.start : description.stop]


def _reader(field: Field) -> Callable[[Mapping[str, Any]], Any]:
    return lambda row: field.kind.from_wire(row.get(field.wire))


def sort_by(items: list[Any], key: Callable[[Any], Any], downwards: bool) -> list[Any]:
    """Sort stably; empty values come last in both directions, text in any case."""

    def comparable(item: Any) -> Any:
        value = key(item)
        return value.casefold() if isinstance(value, str) else value

    filled = [item for item in items if key(item) is not None]
    empty = [item for item in items if key(item) is None]
    return sorted(filled, key=comparable, reverse=downwards) + empty
