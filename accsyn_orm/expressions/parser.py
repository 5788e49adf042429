"""
The parser: from accsyn expression text to the tree.

It reads the language of 2021 and of 2026, and is as lenient as is safe: white space of any kind between
tokens, keywords in any case, both quotes. lark is imported when the first text is read.
"""

from __future__ import annotations

import functools
import re
import threading
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs

from ..errors import ExpressionSyntaxError, QueryError
from .tree import EVERYTHING, Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Set as AbstractSet

    from lark import Lark

    from .grammar import Parsed

__all__ = ["Statement", "parse", "parse_statement"]

# Texts above this many characters, such as long lists of ids, are rarely read twice and are not kept.
_CACHED_LENGTH = 2_000

_building = threading.Lock()

_OPERATORS = "=, !=, <>, <, >, <=, >=, IN, CONTAINS, MATCHES, or NOT before one of these three words"


@attrs.frozen
class Statement:
    """
    A type of entity and the expression that is asked of it.

    Args:
        entitytype: In lower case, such as `job`; None where the text names none.
        expression: EVERYTHING where the text has none.
    """

    entitytype: str | None
    expression: Expression


def parse(text: str) -> Expression:
    """
    Read an expression, such as `status!=failed AND code="Daily backup"`.

    A value of `=` or `!=` in which a `*` stands is a pattern (LIKE, NOT LIKE). Quotes have no escape. AND
    binds tighter than OR. Text that is empty or blank is EVERYTHING. The tree has the form in which the text
    was written; see `rewriting.normalise` for the normal one.

    Raises:
        ExpressionSyntaxError: The text is no expression; the error shows where, and says what was expected.
    """
    return (_parse_cached if len(text) <= _CACHED_LENGTH else _parse)(text)


def parse_statement(text: str) -> Statement:
    """
    Read an expression that may have `<type> WHERE` before it; a type alone asks for everything of that type.

    Returns:
        The type in lower case, if any, and the expression of texts such as `acl WHERE target=share:1`, `job`
        and `status=done`.

    Raises:
        ExpressionSyntaxError: The text is not a statement; the error shows where, and says what was expected.
    """
    return (_parse_statement_cached if len(text) <= _CACHED_LENGTH else _parse_statement)(text)


def _parse(text: str) -> Expression:
    if not text.strip():
        return EVERYTHING
    return cast("Expression", _read(text, "expression"))


def _parse_statement(text: str) -> Statement:
    if not text.strip():
        return Statement(None, EVERYTHING)
    entitytype, expression = cast("Parsed", _read(text, "statement"))
    if entitytype is not None and "." in entitytype:
        raise _error("a type of entity has no '.' in its name", text, text.index(entitytype))
    return Statement(entitytype and entitytype.lower(), expression)


_parse_cached = functools.lru_cache(maxsize=512)(_parse)
_parse_statement_cached = functools.lru_cache(maxsize=512)(_parse_statement)


@functools.cache
def _built() -> Lark:
    from .grammar import build_parser

    return build_parser()


def _parser() -> Lark:
    # Without the lock, threads that come at the same time would each build one.
    with _building:
        return _built()


def _read(text: str, start: Literal["expression", "statement"]) -> Expression | Parsed:
    from lark import UnexpectedInput

    from .grammar import EmptyItemError

    # The builder makes our own nodes, which lark's annotations know nothing of.
    read = cast("Callable[..., Expression | Parsed]", _parser().parse)
    try:
        return read(text, start=start)
    except UnexpectedInput as error:
        offset = _offset(error, text)
        raise _error(_explain(text, offset, _expected(error)), text, offset) from error
    except EmptyItemError as error:
        message = (
            "an item of the list is empty: write the items with one comma between each two, as in id IN a,b,c"
        )
        raise _error(message, text, error.offset) from error
    except QueryError as error:
        raise _error(error.message, text, 0) from error


def _error(message: str, text: str, offset: int) -> ExpressionSyntaxError:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return ExpressionSyntaxError(message[:1].upper() + message[1:], text=text, line=line, column=column)


def _offset(error: Any, text: str) -> int:
    # At the end of the text lark points to the last token; the place that lacks something is behind it.
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return len(text.rstrip())
    return int(error.pos_in_stream)


def _expected(error: Any) -> AbstractSet[str]:
    return frozenset(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())


def _explain(text: str, offset: int, expected: AbstractSet[str]) -> str:
    rest = text[offset:]
    word = re.match(r"[\w.-]+|\S?", rest)
    found = repr(word.group()[:40]) if word and word.group() else "the end of the text"
    if "BARE" in expected:
        return _explain_value(rest, found)
    if "LPAR" in expected:
        return _explain_term(found)
    if "EQ" in expected:
        return _explain_operator(found, "_WHERE" in expected)
    if found == "the end of the text":
        return "a '(' is never closed: expected AND, OR or ')'"
    if rest.startswith(")"):
        return "this ')' closes nothing: expected AND, OR or the end of the text"
    message = f"expected AND, OR or the end of the text, found {found}"
    if rest.startswith((",", "(")):
        return f"{message}; a value with blanks or parentheses, or a list, stands in one pair of quotes"
    return message


def _explain_value(rest: str, found: str) -> str:
    if rest.startswith(('"', "'")):
        return f"the quote {rest[0]} that opens here is never closed"
    message = f"expected a value, found {found}"
    if rest.strip():
        return (
            f"{message}; a value that begins with {rest[0]!r} stands in quotes, and a list has no parentheses"
        )
    return message


def _explain_term(found: str) -> str:
    message = f"expected an attribute or '(', found {found}"
    if found.upper() == "'NOT'":
        return f"{message}; NOT stands only before IN, CONTAINS and MATCHES: turn the operators round instead"
    return message


def _explain_operator(found: str, where: bool) -> str:
    message = f"expected an operator ({_OPERATORS}), found {found}"
    if where:
        return f"{message}; or WHERE after a type"
    if found.upper() == "'WHERE'":
        return f"{message}; the type and WHERE are no part of an expression"
    return message
