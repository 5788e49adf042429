"""
The tree of an accsyn expression: frozen nodes that every reader of the room walks.

There is no node for NOT: the language has none, so a negation is pushed down to the operators
(`rewriting.negate`). Values are the text that travels on the wire, always `str`; turning a Python value into
that text is the business of the fields.
"""

from __future__ import annotations

import enum
import re
from typing import TypeAlias

import attrs

from ..errors import QueryError

__all__ = [
    "ATTRIBUTE",
    "EVERYTHING",
    "KEYWORDS",
    "MAX_DEPTH",
    "NOTHING",
    "And",
    "Comparison",
    "Constant",
    "Expression",
    "Operator",
    "Or",
]

ATTRIBUTE = r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*"
KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "CONTAINS", "MATCHES", "WHERE"})
# Deeper than anybody writes, and shallow enough for every recursive reader of the tree.
MAX_DEPTH = 100

_ATTRIBUTE = re.compile(ATTRIBUTE)
_KEYWORDS_SHOWN = ", ".join(sorted(KEYWORDS))


class Operator(enum.Enum):
    """
    What a comparison asks. The value is how accsyn writes it (documentation: "Using the API", queries).

    LIKE and NOT_LIKE have no word of their own: accsyn writes LIKE as `=` with `*` in the value.
    """

    EQ = "="
    NE = "!="
    LT = "<"
    GT = ">"
    LE = "<="
    GE = ">="
    IN = "IN"
    NOT_IN = "NOT IN"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT CONTAINS"
    MATCHES = "MATCHES"
    NOT_MATCHES = "NOT MATCHES"
    LIKE = "LIKE"
    NOT_LIKE = "NOT LIKE"

    @property
    def negated(self) -> Operator:
        """The operator that is true exactly where this one is false."""
        return _NEGATED[self]


_PAIRS = (
    (Operator.EQ, Operator.NE),
    (Operator.LT, Operator.GE),
    (Operator.GT, Operator.LE),
    (Operator.IN, Operator.NOT_IN),
    (Operator.CONTAINS, Operator.NOT_CONTAINS),
    (Operator.MATCHES, Operator.NOT_MATCHES),
    (Operator.LIKE, Operator.NOT_LIKE),
)
_NEGATED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_LISTS = frozenset({Operator.IN, Operator.NOT_IN})


def _check_attribute(name: object) -> None:
    if not isinstance(name, str) or not _ATTRIBUTE.fullmatch(name) or name.upper() in KEYWORDS:
        raise QueryError(
            f"{name!r} cannot be the name of an attribute: names are made of ASCII letters, digits, '_' and "
            f"'-', begin with a letter or '_', are joined by '.', and are none of {_KEYWORDS_SHOWN}"
        )


def _check_value(attribute: str, operator: Operator, value: object) -> None:
    items: tuple[object, ...] = (value,)
    wanted = "a str"
    if operator in _LISTS:
        wanted = "a tuple of str"
        items = value if isinstance(value, tuple) else (None,)
    if not all(isinstance(item, str) for item in items):
        raise QueryError(f"The value of {attribute!r} {operator.value} must be {wanted}; it is {value!r}")


def _depth(node: And | Or) -> int:
    kind = type(node).__name__
    if not isinstance(node.terms, tuple):
        raise QueryError(f"The terms of {kind} are of type {type(node.terms).__name__}; they must be a tuple")
    deepest = 0
    for term in node.terms:
        if isinstance(term, And | Or):
            deepest = max(deepest, term.depth)
        elif not isinstance(term, Comparison | Constant):
            raise QueryError(f"A term of {kind} is of type {type(term).__name__}; it must be an expression")
    if deepest >= MAX_DEPTH:
        raise QueryError(
            f"The expression nests AND and OR more than {MAX_DEPTH} levels deep; write it flatter"
        )
    return deepest + 1


@attrs.frozen
class Comparison:
    """
    Compare one attribute with one value.

    Args:
        attribute: Name on the wire; dotted for a parent's, such as `job.id`.
        operator: What is asked.
        value: Text on the wire; a tuple of texts for IN and NOT IN, and only for them. An empty tuple is
            allowed: IN is then true for nothing and NOT IN for everything.

    Raises:
        QueryError: The name cannot be one, or the value is of another type.
    """

    attribute: str
    operator: Operator
    value: str | tuple[str, ...]

    def __attrs_post_init__(self) -> None:
        _check_attribute(self.attribute)
        if not isinstance(self.operator, Operator):
            raise QueryError(
                f"The operator of {self.attribute!r} is {self.operator!r}; it must be an Operator"
            )
        _check_value(self.attribute, self.operator, self.value)


@attrs.frozen
class And:
    """
    Hold where every term holds; without terms, everywhere.

    Args:
        terms: Expressions, at most MAX_DEPTH levels of And and Or deep.
    """

    terms: tuple[Expression, ...]
    depth: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_depth, takes_self=True))


@attrs.frozen
class Or:
    """
    Hold where one term or more hold; without terms, nowhere.

    Args:
        terms: Expressions, at most MAX_DEPTH levels of And and Or deep.
    """

    terms: tuple[Expression, ...]
    depth: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_depth, takes_self=True))


@attrs.frozen
class Constant:
    """
    Hold everywhere or nowhere, whatever the row.

    Args:
        value: True for everywhere.
    """

    value: bool


Expression: TypeAlias = Comparison | And | Or | Constant

EVERYTHING = Constant(value=True)
NOTHING = Constant(value=False)
