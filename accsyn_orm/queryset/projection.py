"""`values()` and `values_list()`: rows of some fields, without entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from .frames import Framing
from .listing import Listing
from .notebook import values_html
from .sorting import whole_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..mapping.fields import Field
    from ..mapping.protocols import RowSource
    from .description import Description

__all__ = ["Projection"]

T = TypeVar("T")


class Projection(Framing, Generic[T]):
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
        self._description = attrs.evolve(
            description, attributes=tuple(dict.fromkeys(["id", *wires])), related=()
        )
        self._source = source
        self._shape = shape
        self._listing: Listing[T] | None = None

    def __iter__(self) -> Iterator[T]:
        # A generator, since list() makes the iterator first, then asks for the length, which fetches everything.
        yield from self._opened()

    def _opened(self) -> Listing[T]:
        if self._listing is None:
            if self._description.empty:
                self._listing = Listing.complete_with([])
            elif self._description.ordering:
                self._listing = Listing.complete_with(
                    self._shaped(whole_rows(self._description, self._source()))
                )
            else:
                self._listing = Listing(self._description, self._source(), keep=True, turn=self._shaped)
        return self._listing

    def _shaped(self, rows: list[dict[str, Any]]) -> list[T]:
        return [self._shape(self._values(row)) for row in rows]

    def _values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: field.kind.from_wire(row.get(field.wire)) for name, field in self._fields}

    def _frame(self) -> tuple[Description, RowSource, list[tuple[str, Field]]]:
        return self._description, self._source(), list(dict(self._fields).items())

    def __len__(self) -> int:
        listing = self._opened()
        listing.drain()
        return len(listing.entities)

    def __getitem__(self, index: int) -> T:
        return list(self)[index]

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self._fields)
        listing = self._listing
        more = "" if listing is None or listing.complete else " so far"
        return f"<values of {names} ({'not fetched' if listing is None else f'{len(listing.entities)} rows{more}'})>"

    def _repr_html_(self) -> str:
        """Show in a notebook what was fetched so far; no I/O."""
        names = [name for name, _ in self._fields]
        return values_html(f"values of {', '.join(names)}", self._listing, names)
