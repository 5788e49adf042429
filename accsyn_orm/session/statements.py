"""
A light reading of query text: which entity type, which expression.

The expression itself is the server's to judge. What is checked here is only what would make it mean something
else on its way: quotes that do not close, and line breaks inside of them.
"""

from __future__ import annotations

import re

import attrs

from ..errors import ExpressionSyntaxError, UnrepresentableValue

__all__ = ["Statement", "attributes_of", "literal", "parse_statement"]

_STATEMENT = re.compile(
    r"(?P<type>[^\s(]+)(?:\s+(?P<where>where)(?P<expression>(?:[\s(].*)?)\Z|\s*\Z)", re.IGNORECASE | re.DOTALL
)
_PIECE = re.compile(r"\"[^\"]*\"|'[^']*'|\s+|[^\s\"']+|[\"']")
_ENTITYTYPE_CONDITION = re.compile(
    r"entitytype\s*=\s*(?P<quote>[\"']?)(?P<name>[^\s\"']+)(?P=quote)\Z", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BARE = re.compile(r"[A-Za-z0-9@.:/_-]+\Z")


@attrs.frozen
class Statement:
    """
    Query text in two parts.

    Args:
        entitytype: In lower case.
        expression: What stands after WHERE, in one line; None where there is no WHERE.
    """

    entitytype: str
    expression: str | None = None


def parse_statement(text: str) -> Statement:
    """
    Split query text of the form `type` or `type WHERE expression`.

    Case is kept. A run of blanks, tabs and line breaks outside of quotes becomes one blank; inside of quotes
    nothing is changed.

    Raises:
        ExpressionSyntaxError: The text has another form.
        UnrepresentableValue: A quoted value holds a line break or another control character.
    """
    if not isinstance(text, str) or not text.strip():
        raise ExpressionSyntaxError(f"{text!r} is no query: write 'job', or 'job WHERE status=failed'")
    line = _one_line(text)
    match = _STATEMENT.match(line)
    if match is None:
        raise ExpressionSyntaxError(
            "after the entity type comes WHERE and an expression, or nothing",
            text=line,
            column=len(line.partition(" ")[0]) + 1,
        )
    expression = (match["expression"] or "").strip()
    if match["where"] and not expression:
        raise ExpressionSyntaxError("nothing stands after WHERE", text=line, column=len(line) + 1)
    return Statement(match["type"].lower(), expression or None)


def attributes_of(expression: str | None) -> str:
    """
    Return the entity type that an `attributes` query asks about.

    Raises:
        ExpressionSyntaxError: It does not name one, or asks for more.
    """
    match = _ENTITYTYPE_CONDITION.match(expression or "")
    if match is None:
        raise ExpressionSyntaxError(
            "attributes are asked for with 'attributes WHERE entitytype=job', and with nothing else",
            text=expression or "",
        )
    return match["name"]


def literal(value: str) -> str:
    """
    Write a value so that it stays one value inside an expression.

    Raises:
        UnrepresentableValue: The query language has no way to write it.
    """
    if _BARE.match(value):
        return value
    if _CONTROL.search(value) or "*" in value or ('"' in value and "'" in value):
        raise UnrepresentableValue(
            f"{value!r} cannot stand in a query: it holds a control character, '*', or both kinds of quotes"
        )
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"


def _one_line(text: str) -> str:
    pieces: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece.isspace():
            piece = " "
        elif piece in {'"', "'"}:
            raise _unclosed(text, match.start())
        elif piece[0] in {'"', "'"}:
            _check_quoted(piece)
        elif _CONTROL.search(piece):
            raise UnrepresentableValue(f"{piece!r} holds a control character, which no query can")
        pieces.append(piece)
    return "".join(pieces).strip()


def _unclosed(text: str, position: int) -> ExpressionSyntaxError:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return ExpressionSyntaxError("this quote is not closed", text=text, line=line, column=column)


def _check_quoted(piece: str) -> None:
    if _CONTROL.search(piece.replace("\t", " ")):
        raise UnrepresentableValue(
            f"{piece!r} holds a line break or another control character: a quoted value is one line"
        )
