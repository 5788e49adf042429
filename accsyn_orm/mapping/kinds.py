"""
The kinds of value that a field can hold, and their three forms.

A value has a Python form (what an attribute holds), a wire form (JSON) and, in queries, a text form. Reading
never fails: what the server sends in another form than documented is kept as it is. Writing is strict.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import attrs

from ..errors import InvalidValue, UnrepresentableValue
from ..wire import codec

__all__ = ["Boolean", "Integer", "Json", "Kind", "Number", "Reference", "Text", "Timestamp"]


def _unfit(value: object, wanted: str) -> InvalidValue:
    shown = repr(value)
    if len(shown) > 80:  # noqa: PLR2004 -- a line of an error message
        shown = f"{shown[:77]}..."
    return InvalidValue(f"{shown} is not {wanted}")


@attrs.frozen
class Kind:
    """A kind of value; the base class is that of values which look alike in all three forms."""

    mutable = False
    wanted = "a value"

    def check(self, value: Any) -> Any:
        """Return the value in Python form, or raise InvalidValue with what would be right."""
        return value

    def to_wire(self, value: Any) -> Any:
        """Return the value as JSON."""
        return value

    def from_wire(self, raw: Any) -> Any:
        """Return the Python form of what the server sent; never fails."""
        return raw

    def to_text(self, value: Any) -> str:
        """Return the value as query text, unquoted."""
        return str(value)

    def check_text(self, text: str) -> None:
        """Refuse query text that is no value of this kind, with InvalidValue."""


@attrs.frozen
class Text(Kind):
    """Text, as `str`."""

    wanted = "text"

    def check(self, value: Any) -> Any:
        """Take `str` alone: a number given for a name is a mistake more often than not."""
        if isinstance(value, str):
            return value
        raise _unfit(value, "text")


@attrs.frozen
class Integer(Kind):
    """A whole number, as `int`."""

    wanted = "a whole number"

    def check(self, value: Any) -> Any:
        """Take `int`, and no `bool`."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _unfit(value, "a whole number")

    def check_text(self, text: str) -> None:
        """Take digits."""
        try:
            int(text)
        except ValueError:
            raise _unfit(text, "a whole number") from None


@attrs.frozen
class Number(Kind):
    """A number, as `float`."""

    wanted = "a number"

    def check(self, value: Any) -> Any:
        """Take `int` and finite `float`; JSON has no way to say the others."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        raise _unfit(value, "a finite number")

    def check_text(self, text: str) -> None:
        """Take what Python takes for a number."""
        try:
            self.check(float(text))
        except ValueError:
            raise _unfit(text, "a finite number") from None


@attrs.frozen
class Boolean(Kind):
    """True or False; written `true` and `false` in queries."""

    wanted = "True or False"

    def check(self, value: Any) -> Any:
        """Take `bool` alone."""
        if isinstance(value, bool):
            return value
        raise _unfit(value, "True or False")

    def to_text(self, value: Any) -> str:
        """Write it in lower case, as in accsyn's own scripts (`default=true`)."""
        return "true" if value else "false"

    def check_text(self, text: str) -> None:
        """Take `true` and `false` in any case."""
        if text.lower() not in ("true", "false"):
            raise _unfit(text, "true or false")


@attrs.frozen
class Timestamp(Kind):
    """A point in time, as an aware `datetime` in UTC; whole seconds on the wire."""

    wanted = "a datetime with a time zone"

    def check(self, value: Any) -> Any:
        """
        Take an aware `datetime`, or a `date`, which means its midnight in UTC.

        A naive datetime is refused: nothing says in which zone it was meant.
        """
        if isinstance(value, dt.datetime):
            if value.tzinfo is None:
                raise _unfit(value, "a datetime with a time zone; value.astimezone() takes it as local time")
            try:
                return value.astimezone(dt.timezone.utc)
            except OverflowError:
                raise _unfit(value, "a datetime that has a year in UTC, 1 to 9999") from None
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.timezone.utc)
        raise _unfit(value, "a datetime with a time zone")

    def to_wire(self, value: Any) -> Any:
        """Write `YYYY-MM-DDTHH:MM:SS` in UTC, as the published client does."""
        return codec.encode_value(value)

    def from_wire(self, raw: Any) -> Any:
        """Return an aware datetime; what is no date stays what it is."""
        if isinstance(raw, str):
            moment = codec.read_datetime(raw)
            return raw if moment is None else moment
        return raw

    def to_text(self, value: Any) -> str:
        """Write the same text as on the wire."""
        return str(self.to_wire(value))

    def check_text(self, text: str) -> None:
        """Take `YYYY-MM-DDTHH:MM:SS`, or a day alone."""
        if codec.decode_datetime(text) is None and codec.decode_datetime(f"{text}T00:00:00") is None:
            raise _unfit(text, "a date, YYYY-MM-DDTHH:MM:SS in UTC")


@attrs.frozen
class Json(Kind):
    """
    An object or a list, such as metadata; changes deep inside it are noticed.

    Args:
        shape: What it must be made of, for example `list[str]`; None for any JSON.
        hidden: Keys of an object that are not the user's business; they are neither shown nor sent back.
    """

    shape: Any = None
    hidden: frozenset[str] = frozenset()
    mutable = True
    wanted = "an object or a list"

    def from_wire(self, raw: Any) -> Any:
        """Return what the server sent, without what is hidden."""
        if self.hidden and isinstance(raw, dict) and not self.hidden.isdisjoint(raw):
            return {key: value for key, value in raw.items() if key not in self.hidden}
        return raw

    def check(self, value: Any) -> Any:
        """
        Take what JSON can say, and what fits the shape.

        The path to what does not fit stands in the message: `… @ $[3]`.
        """
        value = codec.encode_value(value)
        if self.shape is not None:
            _structure(value, self.shape)
        return value

    def to_wire(self, value: Any) -> Any:
        """Return plain dictionaries and lists."""
        return codec.encode_value(value)

    def to_text(self, value: Any) -> str:
        """Refuse: no documented query compares objects; text is compared as it is."""
        if isinstance(value, str):
            return value
        raise UnrepresentableValue(
            f"{value!r} cannot be written in a query: accsyn compares text, not objects"
        )


def _structure(value: Any, shape: Any) -> None:
    """Hold a value against a shape with cattrs, strictly: a number is no text."""
    import cattrs

    converter = cattrs.Converter(detailed_validation=True)

    def strict(wanted: type) -> Any:
        def structure(found: Any, _: Any) -> Any:
            if type(found) is not wanted:
                raise ValueError(f"{found!r} is not {wanted.__name__}")
            return found

        return structure

    for scalar in (str, int, float, bool):
        converter.register_structure_hook(scalar, strict(scalar))
    try:
        converter.structure(value, shape)
    except (cattrs.BaseValidationError, ValueError, TypeError) as error:
        raise InvalidValue("; ".join(cattrs.transform_error(error))) from error


@attrs.frozen
class Reference(Kind):
    """
    A reference to another entity: its id, or `type:id` where it can be of several types.

    Args:
        target: Name of the class that it leads to; None where the text itself names the type.
    """

    target: str | None = None
    wanted = "an entity or an id"

    def check(self, value: Any) -> Any:
        """Take text; entities are turned into their ids before they come here."""
        if isinstance(value, str):
            return value
        raise _unfit(value, f"{'an entity' if self.target is None else f'a {self.target}'} or an id")
