"""A query set as a value, and the finds that it takes to answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..expressions.rewriting import split_in
from ..expressions.tree import EVERYTHING, NOTHING, And, Comparison, Expression, Operator
from ..mapping.protocols import RowSource, Select

if TYPE_CHECKING:
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["Description", "most_rows"]


@attrs.frozen
class Description:
    """
    Everything that tells one query set from another.

    Args:
        mapper: Mapper of the class.
        source: The session; None for the current one at the time of asking.
        expression: What must hold.
        scopes: In which scopes to look, one after the other.
        attributes: Wire names to ask for; None for all.
        parent: Id of the parent entity.
        start: Entities to leave out first.
        stop: Entity before which to end, counted like `start`; None for no end.
        ordering: Fields to sort by on this side, with whether downwards.
        related: Names of references and collections to load along.
        everything: Whether a bulk write may do without a filter.
    """

    mapper: Mapper
    source: RowSource | None = None
    expression: Expression = EVERYTHING
    scopes: tuple[str, ...] = ("active",)
    attributes: tuple[str, ...] | None = None
    parent: str | None = None
    start: int = 0
    stop: int | None = None
    ordering: tuple[tuple[Field, bool], ...] = ()
    related: tuple[str, ...] = ()
    everything: bool = False

    @property
    def empty(self) -> bool:
        """Whether it can match nothing, so that no request is needed."""
        return self.expression == NOTHING

    @property
    def count(self) -> int | None:
        """The most entities that it asks for."""
        return None if self.stop is None else self.stop - self.start

    def selects(self, source: RowSource) -> list[Select]:
        """Return the finds that together answer it: per scope, and per part of a list that is too long for a URL."""
        if self.empty:
            return []

        def select(scope: str, expression: Expression) -> Select:
            return Select(self.mapper, expression, scope, self.attributes, self.parent)

        parts = split_in(self.expression, fits=lambda part: source.fits(select(self.scopes[0], part)))
        return [select(scope, part) for scope in self.scopes for part in parts]


def most_rows(expression: Expression) -> int | None:
    """Return how many rows can match at most, where the ids are listed; ids are unique."""
    terms = expression.terms if isinstance(expression, And) else (expression,)
    for term in terms:
        if isinstance(term, Comparison) and term.attribute == "id":
            if term.operator is Operator.IN:
                return len(term.value)
            if term.operator is Operator.EQ:
                return 1
    return None
