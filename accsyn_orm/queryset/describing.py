"""The half of a query set that describes: every method returns a new one, and none asks anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AmbiguousSession, NoSession, QueryError
from ..expressions.compiler import compile_expression
from ..expressions.rewriting import conjunction, negate
from ..expressions.tree import EVERYTHING, NOTHING, Expression
from ..mapping.binding import current_session
from .collection import check_related
from .description import Description, most_rows
from .resolution import resolve
from .text import checked_text

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..mapping.base import MappedBase
    from ..mapping.mapper import Mapper
    from ..mapping.predicates import Predicate
    from ..mapping.protocols import RowSource, Select

__all__ = ["Describing"]


class Describing:
    """
    A description of a find.

    Args:
        description: Made by the class's `objects`.
    """

    def __init__(self, description: Description) -> None:
        self.description = description

    @classmethod
    def of(cls, mapper: Mapper) -> Self:
        """Return the query set of all active entities of a class."""
        return cls(Description(mapper))

    # Which entities

    def all(self) -> Self:
        """Return the same query set, not fetched."""
        return self._but()

    def filter(self, *conditions: Predicate, **lookups: Any) -> Self:
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
        return self._narrow(resolve(self.description.mapper, conditions, lookups))

    def exclude(self, *conditions: Predicate, **lookups: Any) -> Self:
        """Narrow down to entities for which not all of this holds; the arguments are those of `filter`."""
        excluded = resolve(self.description.mapper, conditions, lookups)
        # As in Django, an empty condition excludes nothing.
        return self._narrow(excluded if excluded == EVERYTHING else negate(excluded))

    def where(self, text: str) -> Self:
        """
        Narrow down by accsyn's own query text, such as `status!=failed AND code="Daily backup"`.

        It is parsed, checked against the declaration, and composes with `filter`.

        Args:
            text: An expression, or a whole statement (`job WHERE …`) of this class's type.

        Raises:
            ExpressionSyntaxError: It is not accsyn query text; line and column are named.
            UnknownField: No such attribute.
            InvalidValue: A value that the attribute never has.
        """
        return self._narrow(checked_text(self.description.mapper, text))

    def none(self) -> Self:
        """Return a query set that matches nothing and asks nothing."""
        return self._but(expression=NOTHING)

    def within(self, parent: MappedBase | str) -> Self:
        """
        Narrow down to the parts of one entity: the tasks of a job, the files of a collection.

        Args:
            parent: The entity, or its id.
        """
        ident = parent if isinstance(parent, str) else parent.id
        if not isinstance(ident, str):
            raise QueryError(f"{parent!r} has no id yet: commit it before its parts are asked for")
        return self._but(parent=ident)

    # In which scope

    def finished(self) -> Self:
        """Look among finished and aborted jobs instead of active ones."""
        return self._but(scopes=("finished",))

    def archived(self) -> Self:
        """Look among what was purged or archived; slow, says the accsyn documentation."""
        return self._but(scopes=("archived",))

    def inactive(self) -> Self:
        """Look among deactivated users and shares."""
        return self._but(scopes=("inactive",))

    def any_scope(self) -> Self:
        """Look everywhere: among active entities, finished or inactive ones, archived ones; each comes once."""
        resting = "finished" if self.description.mapper.has_finished else "inactive"
        return self._but(scopes=("active", resting, "archived"))

    # How

    def using(self, session: RowSource) -> Self:
        """Return the same query set, asked of that session."""
        return self._but(source=session)

    def only(self, *fields: str) -> Self:
        """
        Ask for these fields alone (and the id); others load when they are read, for the whole page at once.

        Args:
            *fields: Names of fields.
        """
        mapper = self.description.mapper
        wires = dict.fromkeys(["id", *(mapper.field_named(name).wire for name in fields)])
        return self._but(attributes=tuple(wires))

    def defer(self, *fields: str) -> Self:
        """Ask for all declared fields but these, which load when they are read; see `only`."""
        mapper = self.description.mapper
        left_out = {mapper.field_named(name).wire for name in fields}
        return self._but(
            attributes=tuple(wire for wire in mapper.by_wire if wire == "id" or wire not in left_out)
        )

    def select_related(self, *references: str) -> Self:
        """
        Load what these references lead to with each page, one request per reference and page.

        Without it the same happens when the first of them is read.
        """
        for name in references:
            check_related(self.description, name, collections=False)
        return self._but(related=(*self.description.related, *references))

    def prefetch_related(self, *names: str) -> Self:
        """Load references and collections (`jobs`, `tasks`) with each page; tasks take a request per job."""
        for name in names:
            check_related(self.description, name, collections=True)
        return self._but(related=(*self.description.related, *names))

    def order_by(self, *fields: str) -> Self:
        """
        Sort on this side, by one field or several; `-created` sorts downwards.

        accsyn has no way to ask for an order, so everything that matches is fetched first, a slice of it included.
        Empty values come last.
        """
        if self.description.start or self.description.stop is not None:
            raise QueryError("a slice cannot be sorted any further: sort first, slice then")
        mapper = self.description.mapper
        ordering = tuple((mapper.field_named(name.lstrip("-")), name.startswith("-")) for name in fields)
        return self._but(ordering=ordering)

    def distinct(self) -> Self:
        """Return the same query set: an entity never comes twice."""
        return self._but()

    def everything(self) -> Self:
        """Say that a bulk write may do without a filter: `Job.objects.everything().update(…)`."""
        return self._but(everything=True)

    # As text

    @property
    def query(self) -> str:
        """The query as accsyn text, such as `job WHERE status!=failed`; no I/O."""
        if self.description.empty:
            return "(nothing: no request is made)"
        text = self._text(self.description.expression)
        entitytype = self.description.mapper.entitytype
        return f"{entitytype} WHERE {text}" if text else entitytype

    def explain(self) -> str:
        """
        Return the requests that an iteration would make, a line each; no I/O.

        How many pages there are is known only while they are fetched: the first of each find is shown.
        """
        source = self._source()
        selects = self.description.selects(source)
        # Several finds, and what is sorted on this side, are fetched whole, whatever slice of them is wanted.
        alone = len(selects) == 1 and not self.description.ordering
        skip, count = (self.description.start, self.description.count) if alone else (0, None)
        lines = [self._explained(source, select, skip, count) for select in selects]
        return "\n".join(lines) or "no request: nothing can match"

    def _explained(self, source: RowSource, select: Select, skip: int, count: int | None) -> str:
        size = source.page_size
        bounds = [bound for bound in (most_rows(select.expression), count) if bound is not None]
        line = source.describe(select, skip=skip, limit=min([size, *bounds]))
        more = (
            "" if bounds and min(bounds) <= size else f"; then on in pages of {size} until one brings nothing"
        )
        return f"{line}{more}{'; then sorted on this side' if self.description.ordering else ''}"

    # Inside

    def _but(self, **changes: Any) -> Self:
        return type(self)(attrs.evolve(self.description, **changes))

    def _narrow(self, expression: Expression) -> Self:
        if self.description.start or self.description.stop is not None:
            raise QueryError("a slice cannot be filtered any further: filter first, slice then")
        return self._but(expression=conjunction(self.description.expression, expression))

    def _sliced(self, index: slice) -> Self:
        start, stop, step = index.start or 0, index.stop, index.step
        if step not in (None, 1) or start < 0 or (stop is not None and stop < 0):
            shown = ":".join(
                "" if part is None else str(part) for part in (index.start, index.stop, index.step)
            )
            raise QueryError(
                f"[{shown}] cannot be asked: accsyn pages forwards from the start, with skip and limit; make a list"
                f" first"
            )
        first = self.description.start + start
        last = None if stop is None else self.description.start + stop
        known = [end for end in (last, self.description.stop) if end is not None]
        if known and first >= min(known):
            return self.none()
        return self._but(start=first, stop=min(known, default=None))

    def _source(self) -> RowSource:
        return self.description.source or current_session()

    def _text(self, expression: Expression) -> str:
        """Return the expression as the session would send it; as today's servers read it, where none is named."""
        try:
            return self._source().query_text(expression)
        except (NoSession, AmbiguousSession):
            return compile_expression(expression)
