"""`values()` and `values_list()`: rows of some fields, without entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from .listing import row_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..mapping.protocols import RowSource
    from .description import Description

__all__ = ["Projection"]

T = TypeVar("T")


class Projection(Generic[T]):
    """
    The rows of a query set, lazily, each turned into something small. What was fetched is kept.

    Args:
        description: The query set, with the attributes to ask for.
        source: Returns the session.
        shape: Turns the values of a row (name of field → value in Python form) into the result.
        fields: Names of the fields, in order.
    """

    def __init__(
        self,
        description: Description,
        source: Callable[[], RowSource],
        shape: Callable[[Mapping[str, Any]], T],
        fields: tuple[str, ...],
    ) -> None:
        mapper = description.mapper
        self._fields = [(name, mapper.field_named(name)) for name in fields]
        wires = [field.wire for _, field in self._fields] + [field.wire for field, _ in description.ordering]
        self._description = attrs.evolve(description, attributes=tuple(dict.fromkeys(["id", *wires])), related=())
        self._source = source
        self._shape = shape
        self._found: list[T] | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows()) if self._found is None else iter(self._found)

    def _rows(self) -> Iterator[T]:
        if self._description.ordering:
            self._found = self._sorted()
            yield from self._found
            return
        found = []
        for row in self._raw(self._description):
            found.append(self._shape(self._values(row)))
            yield found[-1]
        self._found = found

    def _raw(self, description: Description) -> Iterator[dict[str, Any]]:
        for _, rows in row_pages(description, self._source()):
            yield from rows

    def _values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: field.kind.from_wire(row.get(field.wire)) for name, field in self._fields}

    def _sorted(self) -> list[T]:
        start, stop = self._description.start, self._description.stop
        rows = list(self._raw(attrs.evolve(self._description, start=0, stop=None)))
        for field, downwards in reversed(self._description.ordering):
            rows = sort_by(rows, lambda row, by=field: by.kind.from_wire(row.get(by.wire)), downwards)
        return [self._shape(self._values(row)) for row in rows[start:stop]]

    def __len__(self) -> int:
        # Not list(self), which would ask for the length first.
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> T:
        return list(self)[index]

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self._fields)
        return f"<values of {names} ({'not fetched' if self._found is None else f'{len(self._found)} rows'})>"


def sort_by(items: list[Any], key: Callable[[Any], Any], downwards: bool) -> list[Any]:
    """Sort stably; empty values come last in both directions, text in any case."""

    def comparable(item: Any) -> Any:
        value = key(item)
        return value.casefold() if isinstance(value, str) else value

    filled = [item for item in items if key(item) is not None]
    empty = [item for item in items if key(item) is None]
    return sorted(filled, key=comparable, reverse=downwards) + empty
