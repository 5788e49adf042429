"""The generations of the accsyn query language, as data."""

from __future__ import annotations

import attrs

from .tree import Operator

__all__ = ["LANGUAGES", "LEGACY", "TODAY", "QueryDialect"]


@attrs.frozen
class QueryDialect:
    """
    What one generation of the language can say.

    Args:
        name: The generation, by the year of its documentation.
        operators: Those that it has. Where IN is missing, lists are written with `=`; where NOT LIKE is
            missing but NOT MATCHES is there, patterns are written as regular expressions.
    """

    name: str
    operators: frozenset[Operator]


# NOT LIKE is missing: the documentation says nothing of a `*` with `!=`.
TODAY = QueryDialect("2026", frozenset(Operator) - {Operator.NOT_LIKE})
LEGACY = QueryDialect("2021", frozenset({Operator.EQ, Operator.NE}))

LANGUAGES = {language.name: language for language in (LEGACY, TODAY)}
