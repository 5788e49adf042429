"""Where entities are by now that are not where they were: finished, deactivated, or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..errors import (
    AuthenticationFailed,
    RateLimited,
    ServerError,
    ServerFault,
    SessionExpired,
    UnsupportedByDialect,
)
from ..expressions.rewriting import conjunction
from ..expressions.tree import Comparison, Operator
from .listing import row_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..mapping.mapper import Mapper
    from ..mapping.protocols import RowSource, Select
    from .description import Description

__all__ = ["Found", "located", "resting_scope", "still_listed"]

# These say nothing about the scope that was looked in.
_OTHER_ERRORS = (AuthenticationFailed, SessionExpired, RateLimited, ServerFault)


@attrs.frozen
class Found:
    """
    A row, and the find that brought it.

    Args:
        select: The find.
        row: Wire name → wire value.
    """

    select: Select
    row: dict[str, Any]


def resting_scope(mapper: Mapper) -> str:
    """Return where entities of a class go from the active ones: jobs finish, the others are deactivated."""
    return "finished" if mapper.has_finished else "inactive"


def still_listed(description: Description, source: RowSource, ids: Iterable[str]) -> dict[str, Found]:
    """Return those of these ids that a query set, which is no slice, has all the same; by id."""
    narrowed = conjunction(description.expression, Comparison("id", Operator.IN, tuple(ids)))
    return _by_id(attrs.evolve(description, expression=narrowed), source)


def located(
    description: Description, source: RowSource, ids: Iterable[str], scopes: Iterable[str]
) -> dict[str, Found]:
    """
    Return the rows of these ids, in whichever of the scopes they are, whatever the query set is narrowed to.

    A scope that the server refuses to look in has none of them.

    Args:
        description: The query set: its class, its parent, and the attributes that it asks for.
        source: The session.
        ids: The ids.
        scopes: Where to look, one after the other.
    """
    found: dict[str, Found] = {}
    wanted = tuple(dict.fromkeys(ids))
    for scope in scopes:
        missing = tuple(ident for ident in wanted if ident not in found)
        if not missing:
            break
        there = attrs.evolve(
            description,
            expression=Comparison("id", Operator.IN, missing),
            scopes=(scope,),
            start=0,
            stop=None,
        )
        try:
            found |= _by_id(there, source)
        except _OTHER_ERRORS:
            raise
        except (ServerError, UnsupportedByDialect):
            if scope == "active":
                raise
    return found


def _by_id(description: Description, source: RowSource) -> dict[str, Found]:
    return {
        row["id"]: Found(select, row)
        for select, rows in row_pages(description, source, ahead=0)
        for row in rows
        if isinstance(row.get("id"), str)
    }
