"""The query set: a lazy, immutable, iterable description of a find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attrs

from ..errors import AmbiguousSession, MultipleFound, NoSession, QueryError
from ..expressions.compiler import compile_expression
from ..expressions.rewriting import conjunction, negate
from ..expressions.tree import EVERYTHING, NOTHING, Expression
from ..mapping.binding import current_session
from ..mapping.protocols import RowSource, Select
from .listing import Listing
from .resolution import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mapping.mapper import Mapper
    from ..mapping.predicates import Predicate

__all__ = ["QuerySet"]

E = TypeVar("E")
_SHOWN = 10


@attrs.frozen
class _Description:
    """Everything that tells one query set from another."""

    mapper: Mapper
    source: RowSource | None = None
    expression: Expression = EVERYTHING
    scope: str = "active"
    attributes: tuple[str, ...] | None = None
    parent: str | None = None
    start: int = 0
    stop: int | None = None


class QuerySet(Generic[E]):
    """
    A find that was not made yet.

    Every method returns a new query set; nothing is asked of the server before the first iteration, and what was
    fetched is kept for the next one. `repr` never asks.

    Args:
        description: Made by the manager.
    """

    def __init__(self, description: _Description) -> None:
        self._description = description
        self._listing: Listing[E] | None = None

    @classmethod
    def of(cls, mapper: Mapper, source: RowSource | None = None) -> QuerySet[E]:
        """Return the query set of all active entities of a class."""
        return cls(_Description(mapper, source))

    # Describing

    def all(self) -> QuerySet[E]:
        """Return the same query set, not fetched."""
        return self._but()

    def filter(self, *conditions: Predicate, **lookups: Any) -> QuerySet[E]:
        """
        Narrow down to entities for which all of this holds.

        Args:
            *conditions: `Job.status != "failed"`, `Q(…)`, combined with &, | and ~.
            **lookups: `status="failed"`, `status__ne="failed"`, `user=lisa`, `user__code="lisa@example.com"`.

        Raises:
            UnknownField: No such field; the nearest is suggested.
            UnknownLookup: No such lookup.
            InvalidValue: A value of the wrong type, or one that the field never has.
        """
        return self._narrow(resolve(self._description.mapper, conditions, lookups))

    def exclude(self, *conditions: Predicate, **lookups: Any) -> QuerySet[E]:
        """Narrow down to entities for which not all of this holds; the arguments are those of `filter`."""
        return self._narrow(negate(resolve(self._description.mapper, conditions, lookups)))

    def none(self) -> QuerySet[E]:
        """Return a query set that matches nothing and asks nothing."""
        return self._but(expression=NOTHING)

    def using(self, session: Any) -> QuerySet[E]:
        """Return the same query set, asked of that session."""
        return self._but(source=session)

    def within(self, parent: Any) -> QuerySet[E]:
        """
        Narrow down to the parts of one entity: the tasks of a job, the files of a collection.

        Args:
            parent: The entity, or its id.
        """
        ident = parent if isinstance(parent, str) else parent.id
        if not isinstance(ident, str):
            raise QueryError(f"{parent!r} has no id yet: commit it before its parts are asked for")
        return self._but(parent=ident)

    def finished(self) -> QuerySet[E]:
        """Look among finished and aborted jobs instead of active ones."""
        return self._but(scope="finished")

    def archived(self) -> QuerySet[E]:
        """Look among what was purged or archived; slow, says the accsyn documentation."""
        return self._but(scope="archived")

    def inactive(self) -> QuerySet[E]:
        """Look among deactivated users and shares."""
        return self._but(scope="inactive")

    def only(self, *fields: str) -> QuerySet[E]:
        """
        Ask for these fields alone (and the id); others load when they are read, for the whole page at once.

        Args:
            *fields: Names of fields.
        """
        mapper = self._description.mapper
        wires = dict.fromkeys(["id", *(mapper.field_named(name).wire for name in fields)])
        return self._but(attributes=tuple(wires))

    @property
    def query(self) -> str:
        """The query as accsyn text, such as `job WHERE status!=failed`; no I/O."""
        description = self._description
        if description.expression == NOTHING:
            return "(nothing: no request is made)"
        text = self._text(description.expression)
        entitytype = description.mapper.entitytype
        return f"{entitytype} WHERE {text}" if text else entitytype

    # Asking

    def __iter__(self) -> Iterator[E]:
        return iter(self._opened())

    def iterator(self, chunk_size: int | None = None) -> Iterator[E]:
        """
        Iterate without keeping what was handed out.

        Args:
            chunk_size: Rows per request; the session's `page_size` by default.
        """
        if chunk_size is not None and (isinstance(chunk_size, bool) or chunk_size < 1):
            raise QueryError(f"chunk_size is {chunk_size!r}; it must be a whole number above 0")
        if self._description.expression == NOTHING:
            return iter(())
        return iter(self._open(keep=False, size=chunk_size))

    def __len__(self) -> int:
        return len(self._fetched())

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __contains__(self, entity: object) -> bool:
        return any(entity is other for other in self)

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> QuerySet[E]: ...
    def __getitem__(self, index: int | slice) -> E | QuerySet[E]:
        if isinstance(index, slice):
            return self._sliced(index)
        if index < 0:
            raise QueryError("a query set cannot be counted from its end: accsyn knows no order and no total")
        if self._listing is not None and (self._listing.complete or index < len(self._listing.entities)):
            return self._listing.entities[index]
        found = list(self._sliced(slice(index, index + 1)))
        if not found:
            raise IndexError(f"the query set has no entity number {index}")
        return found[0]

    def get(self, *conditions: Predicate, **lookups: Any) -> E:
        """
        Return the one entity that matches.

        Raises:
            NotFound: None does. It is also the class's own `DoesNotExist`.
            MultipleFound: More than one does. It is also the class's own `MultipleObjectsReturned`.
        """
        narrowed = self.filter(*conditions, **lookups)
        found = list(narrowed if narrowed._description.stop is not None else narrowed[:2])
        if len(found) == 1:
            return found[0]
        cls = self._description.mapper.cls
        if not found:
            error = getattr(cls, "DoesNotExist")  # noqa: B009 -- given by the Entity base class, further down
            scope = self._description.scope
            raise error(f"no {scope} entity matches: {narrowed.query}", entity=self._description.mapper.entitytype)
        error = getattr(cls, "MultipleObjectsReturned", MultipleFound)
        raise error(f"more than one matches: {narrowed.query}", entity=self._description.mapper.entitytype)

    def first(self) -> E | None:
        """Return the first entity, or None; the order is the server's."""
        if self._listing is not None:
            return next(iter(self), None)
        return next(iter(self[:1]), None)

    def exists(self) -> bool:
        """Return whether anything matches; one request for one row."""
        if self._listing is not None and self._listing.entities:
            return True
        return bool(list(self.only()[:1]))

    def count(self) -> int:
        """Return how many match. The wire has no count, so their ids are paged through."""
        if self._listing is not None and self._listing.complete:
            return len(self._listing.entities)
        return sum(1 for _ in self.only().iterator())

    # Inside

    def __repr__(self) -> str:
        text = self.query
        if self._listing is None:
            return f"<QuerySet {text} (not fetched)>"
        shown = [repr(entity) for entity in self._listing.entities[:_SHOWN]]
        if len(self._listing.entities) > _SHOWN or not self._listing.complete:
            shown.append("…")
        return f"<QuerySet {text} [{', '.join(shown)}]>"

    def _but(self, **changes: Any) -> QuerySet[E]:
        return type(self)(attrs.evolve(self._description, **changes))

    def _narrow(self, expression: Expression) -> QuerySet[E]:
        description = self._description
        if description.start or description.stop is not None:
            raise QueryError("a slice cannot be filtered any further: filter first, slice then")
        return self._but(expression=conjunction(description.expression, expression))

    def _sliced(self, index: slice) -> QuerySet[E]:
        start, stop, step = index.start or 0, index.stop, index.step
        if step not in (None, 1) or start < 0 or (stop is not None and stop < 0):
            raise QueryError(
                f"[{index.start}:{index.stop}:{step}] cannot be asked: accsyn pages forwards from the start, with"
                f" skip and limit; make a list first"
            )
        description = self._description
        first = description.start + start
        last = description.stop if stop is None else description.start + stop
        if description.stop is not None and last is not None:
            last = min(last, description.stop)
        if last is not None and first >= last:
            return self.none()
        return self._but(start=first, stop=last)

    def _source(self) -> RowSource:
        return self._description.source or current_session()

    def _text(self, expression: Expression) -> str:
        """Return the expression as the session would send it; as today's servers read it, where none is named."""
        try:
            return self._source().query_text(expression)
        except (NoSession, AmbiguousSession):
            return compile_expression(expression)

    def _opened(self) -> Listing[E] | list[E]:
        if self._description.expression == NOTHING:
            return []
        if self._listing is None:
            self._listing = self._open(keep=True)
        return self._listing

    def _open(self, *, keep: bool, size: int | None = None) -> Listing[E]:
        description = self._description
        source = self._source()
        select = Select(
            description.mapper, description.expression, description.scope, description.attributes, description.parent
        )
        return Listing(
            source,
            select,
            size=size or source.page_size,
            start=description.start,
            stop=description.stop,
            keep=keep,
        )

    def _fetched(self) -> list[E]:
        opened = self._opened()
        if isinstance(opened, list):
            return opened
        opened.drain()
        return opened.entities
