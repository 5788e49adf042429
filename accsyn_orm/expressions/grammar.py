"""
The grammar of accsyn expressions, and the lark parser that is made of it.

Source: the accsyn documentation, "Using the API" (2021: `=`, `!=`, `<>`, nested AND and OR; 2026 adds the
rest). It leaves open how AND and OR mix without parentheses; here AND binds tighter, as everywhere else. This
module imports lark and is therefore imported by the parser when the first text is read.
"""

from __future__ import annotations

from typing import TypeAlias

from lark import Lark, Token, Transformer, v_args

from .tree import ATTRIBUTE, EVERYTHING, KEYWORDS, And, Comparison, Expression, Operator, Or

__all__ = ["GRAMMAR", "EmptyItemError", "Parsed", "build_parser"]

# (?a:) keeps look-alikes such as the long s from being read as ASCII letters of another case.
# A bare value runs to white space or to a ')' that it did not open; two levels of balanced parentheses may
# stand in it.
GRAMMAR = rf"""
?expression: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: _term (_AND _term)*
_term: comparison | "(" disjunction ")"

comparison: NAME operator value
          | NAME inclusion value -> membership
operator: EQ | NE | LE | GE | LT | GT | CONTAINS | NOT_CONTAINS | MATCHES | NOT_MATCHES
inclusion: IN | NOT_IN
value: BARE | DOUBLE | SINGLE

statement: NAME                     -> everything_of
         | NAME _WHERE disjunction  -> some_of
         | disjunction              -> untyped

NAME: /(?!(?i:(?a:{"|".join(sorted(KEYWORDS))}))(?![\w.-])){ATTRIBUTE}/
BARE: /[^\s()"'=<>!](?:[^\s()]|\((?:[^\s()]|\([^\s()]*\))*\))*/
DOUBLE: /"[^"]*"/
SINGLE: /'[^']*'/

EQ: "="
NE: "!=" | "<>"
LE: "<="
GE: ">="
LT: "<"
GT: ">"
IN: /(?a:IN)(?![\w.-])/i
NOT_IN: /(?a:NOT)\s+(?a:IN)(?![\w.-])/i
CONTAINS: /(?a:CONTAINS)(?![\w.-])/i
NOT_CONTAINS: /(?a:NOT)\s+(?a:CONTAINS)(?![\w.-])/i
MATCHES: /(?a:MATCHES)(?![\w.-])/i
NOT_MATCHES: /(?a:NOT)\s+(?a:MATCHES)(?![\w.-])/i
_AND: /(?a:AND)(?![\w.-])/i
_OR: /(?a:OR)(?![\w.-])/i
_WHERE: /(?a:WHERE)(?![\w.-])/i

_BLANK: /\s+/
%ignore _BLANK
"""

Parsed: TypeAlias = tuple[str | None, Expression]

_WILD = {Operator.EQ: Operator.LIKE, Operator.NE: Operator.NOT_LIKE}


class EmptyItemError(ValueError):
    """
    A list of IN that has nothing before, between or after its commas.

    Args:
        offset: Where the list begins, in characters from 0.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@v_args(inline=True)
class _TreeBuilder(Transformer[Token, Expression]):
    """Make nodes while lark reads, so that no tree of lark's own is built, and nothing recurses."""

    def value(self, token: Token) -> Token:
        if token.type == "BARE":
            return token
        return Token(token.type, token[1:-1], start_pos=token.start_pos)

    def operator(self, token: Token) -> Operator:
        return Operator[token.type]

    def inclusion(self, token: Token) -> Operator:
        return Operator[token.type]

    def comparison(self, name: Token, operator: Operator, value: Token) -> Comparison:
        if "*" in value:
            operator = _WILD.get(operator, operator)
        return Comparison(str(name), operator, str(value))

    def membership(self, name: Token, operator: Operator, value: Token) -> Comparison:
        items = tuple(item.strip() for item in value.split(","))
        if not all(items):
            raise EmptyItemError(value.start_pos or 0)
        return Comparison(str(name), operator, items)

    def conjunction(self, *terms: Expression) -> And:
        return And(terms)

    def disjunction(self, *terms: Expression) -> Or:
        return Or(terms)

    def everything_of(self, name: Token) -> Parsed:
        return str(name), EVERYTHING

    def some_of(self, name: Token, expression: Expression) -> Parsed:
        return str(name), expression

    def untyped(self, expression: Expression) -> Parsed:
        return None, expression


def build_parser() -> Lark:
    """
    Make the parser; it takes some ten milliseconds, and many threads may use it at once.

    Returns:
        A parser with two starts: `expression` gives an Expression, `statement` a type (or None) and an
        Expression.
    """
    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer="contextual",
        start=["expression", "statement"],
        transformer=_TreeBuilder(),
    )
