"""The query set: a lazy, immutable, iterable description of a find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

import attrs

from ..errors import MultipleFound, NotFound, QueryError
from .bars import told_of_rows
from .describing import Describing
from .frames import Framing
from .listing import Listing, first_page
from .notebook import entities_html
from .pacing import PATIENCE
from .projection import Projection
from .sorting import sort_by
from .watching import Watch, compared_fields, watch
from .writing import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from typing_extensions import Self

    from ..mapping.fields import Field
    from ..mapping.predicates import Predicate
    from ..mapping.protocols import RowSource
    from .bars import RowProgress
    from .description import Description

__all__ = ["QuerySet"]

E = TypeVar("E")
_SHOWN = 10


class QuerySet(Writing[E], Describing, Framing, Generic[E]):
    """
    A find that was not made yet.

    Every method that narrows it down returns a new query set; nothing is asked of the server before the first
    iteration, and what was fetched is kept for the next one. `repr` never asks.

    Args:
        description: Made by the class's `objects`.
    """

    def __init__(self, description: Description) -> None:
        super().__init__(description)
        self._listing: Listing[E] | None = None

    # All of them

    def __iter__(self) -> Iterator[E]:
        return iter(self._opened())

    def iterator(
        self, chunk_size: int | None = None, *, read_ahead: int = 1, progress: RowProgress = None
    ) -> Iterator[E]:
        """
        Iterate without keeping what was handed out.

        Args:
            chunk_size: Rows per request; the session's `page_size` by default.
            read_ahead: Pages to keep in flight while one is consumed. A listing costs at most its pages and this
                many requests more; 0 asks for a page only when it is needed.
            progress: Is told after each entity how many there were; True shows a bar (needs rich or tqdm).
        """
        for name, value, lowest in (("chunk_size", chunk_size, 1), ("read_ahead", read_ahead, 0)):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int) or value < lowest
            ):
                raise QueryError(f"{name} is {value!r}; it must be a whole number, {lowest} or more")
        if self.description.ordering or self.description.empty:
            entities = iter(self)
        else:
            entities = iter(
                Listing[E](self.description, self._source(), keep=False, size=chunk_size, ahead=read_ahead)
            )
        return self._told(entities, progress) if progress else entities

    def _told(self, entities: Iterator[E], progress: RowProgress) -> Iterator[E]:
        with told_of_rows(progress, self.description.mapper.entitytype, self.description.count) as told:
            for entity in entities:
                told(1)
                yield entity

    def __len__(self) -> int:
        return len(self._fetched())

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __contains__(self, entity: object) -> bool:
        return any(entity is other for other in self)

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> E | Self:
        if isinstance(index, slice):
            return self._sliced(index)
        if index < 0:
            raise QueryError("a query set cannot be counted from its end: accsyn knows no order and no total")
        listing = self._listing
        if listing is not None and (listing.complete or index < len(listing.entities)):
            return listing.entities[index]
        found = list(self._sliced(slice(index, index + 1)))
        if not found:
            raise IndexError(f"the query set has no entity number {index}")
        return found[0]

    # Some of them

    def get(self, *conditions: Predicate, **lookups: Any) -> E:
        """
        Return the one entity that matches.

        Raises:
            NotFound: None does. It is also the class's own `DoesNotExist`.
            MultipleFound: More than one does. It is also the class's own `MultipleObjectsReturned`.
        """
        narrowed = self.filter(*conditions, **lookups) if conditions or lookups else self
        found = narrowed._one_or_two()  # noqa: SLF001 -- its own class
        if len(found) == 1:
            return found[0]
        mapper, scopes = self.description.mapper, " or ".join(self.description.scopes)
        if found:
            several: type[MultipleFound] = getattr(mapper.cls, "MultipleObjectsReturned", MultipleFound)
            raise several(f"more than one matches: {narrowed.query}", entity=mapper.entitytype)
        none: type[NotFound] = getattr(mapper.cls, "DoesNotExist", NotFound)
        elsewhere = "" if len(self.description.scopes) > 1 else "; .any_scope() looks everywhere"
        raise none(f"no {scopes} entity matches: {narrowed.query}{elsewhere}", entity=mapper.entitytype)

    def _one_or_two(self) -> list[E]:
        description = self.description
        if (
            self._listing is not None
            or description.empty
            or description.start
            or description.stop is not None
            or description.related
        ):
            return list(self if description.stop is not None else self[:2])
        return cast("list[E]", first_page(description, self._source(), 2))

    def first(self) -> E | None:
        """Return the first entity, or None; the order is the server's, or that of `order_by`."""
        if self._listing is not None:
            return next(iter(self), None)
        return next(iter(self[:1]), None)

    def earliest(self, field: str = "created") -> E:
        """Return the entity with the smallest value of a field; sorted on this side."""
        return self._first_by(field)

    def latest(self, field: str = "created") -> E:
        """Return the entity with the largest value of a field; sorted on this side."""
        return self._first_by(f"-{field}")

    def _first_by(self, field: str) -> E:
        mapper = self.description.mapper
        found = self.order_by(field).first()
        if found is None:
            none: type[NotFound] = getattr(mapper.cls, "DoesNotExist", NotFound)
            raise none(f"nothing matches: {self.query}", entity=mapper.entitytype)
        return found

    def in_bulk(self, ids: Iterable[str] | None = None) -> dict[str, E]:
        """Return entities by id: those that match, or those of them with these ids."""
        narrowed = self if ids is None else self.filter(id__in=list(ids))
        return {cast("Any", entity).id: entity for entity in narrowed}

    def exists(self) -> bool:
        """Return whether anything matches; one request for one row."""
        if self._listing is not None and (self._listing.entities or self._listing.complete):
            return bool(self._listing.entities)
        return bool(self[:1].ids())

    def count(self) -> int:
        """Return how many match. The wire has no count, so their ids are paged through."""
        if self._listing is not None and self._listing.complete:
            return len(self._listing.entities)
        return len(self.ids())

    def ids(self) -> list[str]:
        """Return the ids of what matches."""
        return list(self.values_list("id", flat=True))

    # Rows instead of entities

    def values(self, *fields: str) -> Projection[dict[str, Any]]:
        """Return a dictionary per entity, of these fields or of all; no entities are made."""
        names = fields or tuple(self.description.mapper.fields)
        return Projection(self.description, self._source, dict, names)

    @overload
    def values_list(self, *fields: str, flat: Literal[False] = ...) -> Projection[tuple[Any, ...]]: ...
    @overload
    def values_list(self, *fields: str, flat: bool) -> Projection[Any]: ...
    def values_list(self, *fields: str, flat: bool = False) -> Projection[Any]:
        """
        Return a tuple per entity, of these fields or of all; no entities are made.

        Args:
            *fields: Names of fields.
            flat: Return the bare values of the one field that is named.
        """
        names = fields or tuple(self.description.mapper.fields)
        if flat and len(names) != 1:
            raise QueryError(f"flat=True takes one field, not {len(names)}")

        def shape(values: Mapping[str, Any]) -> Any:
            return values[names[0]] if flat else tuple(values.values())

        return Projection(self.description, self._source, shape, names)

    # Live

    def watch(
        self,
        *,
        interval: float | None = None,
        timeout: float | None = None,
        initial: bool = False,
        patience: float = PATIENCE,
    ) -> Watch[E]:
        """
        Look again and again, and return what comes, changes and goes, as an iterator of events.

        The first look is made by the first step of the iteration. What leaves because it finished or was deactivated is
        looked up there, and is `changed`; what no longer matches, or is gone, is `removed`. Looks are whole
        listings, so narrow it down, and name the fields that matter with `only`.

        Args:
            interval: Seconds between looks, more where the rate limit asks for it. Where not given: 2, half as long
                again after each look that brings nothing new, up to 30, and 2 again after one that does.
            timeout: Seconds after which the iteration ends; None for no end.
            initial: Whether what is there at first is `added`.
            patience: Seconds for which looks may fail in ways that may pass, such as a lost connection, before the
                error is raised; 0 to raise it at once.

        Raises:
            QueryError: An argument is not what it must be, or the query set can match nothing.
        """
        return watch(
            self.description,
            self._source,
            interval=interval,
            timeout=timeout,
            initial=initial,
            patience=patience,
        )

    # Inside

    def __repr__(self) -> str:
        text = self.query
        if self._listing is None:
            return f"<QuerySet {text} (not fetched)>"
        shown = [repr(entity) for entity in self._listing.entities[:_SHOWN]]
        if len(self._listing.entities) > _SHOWN or not self._listing.complete:
            shown.append("…")
        return f"<QuerySet {text} [{', '.join(shown)}]>"

    def _repr_html_(self) -> str:
        """Show in a notebook what was fetched so far; no I/O."""
        return entities_html(self.query, self.description, self._listing)

    def fetched_as(self, entities: list[E]) -> QuerySet[E]:
        """Return the same query set with its result, as if it had been fetched."""
        fetched = self._but()
        fetched._listing = Listing.complete_with(entities)  # noqa: SLF001 -- its own class
        return fetched

    def _frame(self) -> tuple[Description, RowSource, list[tuple[str, Field]]]:
        columns = [(field.slot, field) for field in compared_fields(self.description)]
        wires = [field.wire for _, field in columns] + [field.wire for field, _ in self.description.ordering]
        wanted = attrs.evolve(self.description, attributes=tuple(dict.fromkeys(["id", *wires])), related=())
        return wanted, self._source(), columns

    def _opened(self) -> Listing[E]:
        if self._listing is None:
            if self.description.empty:
                self._listing = Listing.complete_with([])
            elif self.description.ordering:
                self._listing = Listing.complete_with(self._sorted())
            else:
                self._listing = Listing(self.description, self._source(), keep=True)
        return self._listing

    def _sorted(self) -> list[E]:
        whole = attrs.evolve(self.description, start=0, stop=None)
        listing = Listing[E](whole, self._source(), keep=True)
        listing.drain()
        entities = listing.entities
        for field, downwards in reversed(self.description.ordering):
            entities = sort_by(entities, _reader(field), downwards)
        return entities[self.description.start : self.description.stop]

    def _fetched(self) -> list[E]:
        listing = self._opened()
        listing.drain()
        return listing.entities


def _reader(field: Field) -> Any:
    return lambda entity: getattr(entity, field.slot)
