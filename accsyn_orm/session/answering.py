"""What the calls with dictionaries share: the generation that is spoken, and answers turned into rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError
from ..expressions.compiler import compile_expression
from ..expressions.dialect import LANGUAGES
from ..mapping.registry import date_attributes
from ..wire import codec
from .base import BaseSession

if TYPE_CHECKING:
    from ..expressions.tree import Expression
    from ..wire.dialects import V3
    from ..wire.messages import Call

__all__ = ["AnsweringSession", "dated", "first", "listed", "localise", "settled"]


class AnsweringSession(BaseSession):
    """A session that reads answers."""

    @property
    def _dialect(self) -> V3:
        return self._connection.dialect

    def _expression(self, expression: Expression) -> str:
        """Write an expression as the generation that is spoken reads it."""
        return compile_expression(expression, LANGUAGES[self._dialect.query_language])

    def _rows(self, call: Call, entitytype: str) -> list[dict[str, Any]]:
        """Send a call and return the rows in its answer, their dates as local times."""
        return dated(listed(self._result(call), call), call, date_attributes(entitytype.lower()))

    def _settled(self, call: Call) -> Any:
        """Send a call and return what it came to, which is never null."""
        return settled(self._result(call), call)


def listed(result: Any, call: Call) -> list[Any]:
    """
    Return a result that is a list.

    Raises:
        ProtocolError: It is none.
    """
    if not isinstance(result, list):
        raise ProtocolError(
            f"the answer to {call.uri} has {'null' if result is None else type(result).__name__} @ $.result: "
            "a list was expected"
        )
    return result


def settled(result: Any, call: Call) -> Any:
    """
    Return a result that is not null.

    Raises:
        ProtocolError: It is null.
    """
    if result is None:
        raise ProtocolError(f"the answer to {call.uri} has null @ $.result: true was expected")
    return result


def first(rows: list[Any]) -> Any:
    """Return the first of the rows; None where there is none."""
    return rows[0] if rows else None


def dated(rows: list[Any], call: Call, names: frozenset[str]) -> list[dict[str, Any]]:
    """
    Turn the dates in rows into local times.

    Args:
        rows: What should be rows; they are changed.
        call: What was asked for.
        names: The attributes that are dates.

    Raises:
        ProtocolError: One of them is no object.
    """
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ProtocolError(
                f"the answer to {call.uri} has a {type(row).__name__} @ $.result[{index}], not an object"
            )
        localise(row, names)
    return rows


def localise(row: dict[str, Any], names: frozenset[str]) -> None:
    """Turn the dates of a row, which is ours, into local times; a text that is no date stays as it is."""
    for name in names & row.keys():
        value = row[name]
        moment = codec.decode_datetime(value) if isinstance(value, str) else None
        if moment is not None:
            try:
                row[name] = moment.astimezone()
            except (OverflowError, ValueError, OSError):
                row[name] = moment
