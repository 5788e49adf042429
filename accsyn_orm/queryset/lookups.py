"""
The lookups: what may follow the double underscore, each a class of a few lines.

Users register their own with `@register_lookup`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InvalidValue, UnknownLookup
from ..expressions.tree import Comparison, Expression, Operator
from ..mapping.kinds import Reference
from ..mapping.suggestions import did_you_mean

if TYPE_CHECKING:
    from ..mapping.fields import Field

__all__ = ["Lookup", "lookup_named", "lookup_names", "register_lookup"]


class Lookup:
    """
    One lookup. A subclass names itself and says which expression it is.

    The value arrives in Python form; `operand` turns it into query text, checked against the field.
    """

    name: str

    def operand(self, field: Field, value: Any, entitytype: str) -> str:
        """Return a value as query text, checked against the field's kind and its known values."""
        return field_text(field, value, entitytype)

    def expression(
        self,
        attribute: str,  # noqa: ARG002 -- for subclasses
        field: Field,  # noqa: ARG002
        value: Any,  # noqa: ARG002
        entitytype: str,  # noqa: ARG002
    ) -> Expression:
        """
        Return the expression.

        Args:
            attribute: Name on the wire, dotted where it lies in another entity.
            field: The field that is compared.
            value: What the caller gave.
            entitytype: Type of the entities that are looked for, for messages.
        """
        raise TypeError(f"the lookup {self.name!r} does not say what it compiles to: override expression()")


_lookups: dict[str, Lookup] = {}
_Lookup = TypeVar("_Lookup", bound=Lookup)


def register_lookup(cls: type[_Lookup]) -> type[_Lookup]:
    """Make a lookup known under its name; a decorator for subclasses of Lookup."""
    _lookups[cls.name] = cls()
    return cls


def lookup_names() -> list[str]:
    """Return the names of all lookups."""
    return sorted(_lookups)


def lookup_named(name: str) -> Lookup:
    """
    Return the lookup of that name.

    Raises:
        UnknownLookup: There is none; the message suggests the nearest.
    """
    try:
        return _lookups[name]
    except KeyError:
        raise UnknownLookup(f"no lookup {name!r}{did_you_mean(name, _lookups)}") from None


def field_text(field: Field, value: Any, entitytype: str) -> str:
    """
    Return a value as query text.

    Raises:
        InvalidValue: Wrong type, or not one of the values that the field can have.
    """
    mapper = getattr(value, "__mapper__", None)
    if mapper is not None and isinstance(field.kind, Reference):
        target = field.kind.target
        if target is not None and target not in {cls.__name__ for cls in type(value).__mro__}:
            raise InvalidValue(
                f"{field.name} of a {entitytype} is a {target}, not {value!r}", entity=entitytype
            )
        if not isinstance(value.id, str):
            raise InvalidValue(f"{value!r} has no id yet: commit it before it is used in a query")
        return str(value.id)
    if value is None:
        raise InvalidValue(
            f"{field.name} of a {entitytype} cannot be compared with None: accsyn has no documented way to ask"
            f" for an empty attribute",
            entity=entitytype,
        )
    try:
        value = field.kind.check(value)
    except InvalidValue as error:
        raise InvalidValue(f"{field.name} of a {entitytype}: {error}", entity=entitytype) from error
    if field.choices and value not in field.choices:
        hint = did_you_mean(value, field.choices)
        raise InvalidValue(
            f"{value!r} is not a {field.name} that a {entitytype} can have{hint}", entity=entitytype
        )
    return field.kind.to_text(value)


def part_text(field: Field, value: Any, entitytype: str) -> str:
    """Return a part of a value, or a pattern, as query text; it must be text and not be empty."""
    if isinstance(value, str) and value:
        return value
    raise InvalidValue(
        f"{field.name} of a {entitytype}: {value!r} is not text to look for", entity=entitytype
    )


@register_lookup
class Exact(Lookup):
    """Equal, in any case: `name="x"` or `name__exact="x"`."""

    name = "exact"
    operator = Operator.EQ

    def expression(self, attribute: str, field: Field, value: Any, entitytype: str) -> Expression:
        """Compare the whole value."""
        return Comparison(attribute, self.operator, self.operand(field, value, entitytype))


@register_lookup
class NotEqual(Exact):
    """Not equal."""

    name = "ne"
    operator = Operator.NE


@register_lookup
class LessThan(Exact):
    """Less than."""

    name = "lt"
    operator = Operator.LT


@register_lookup
class LessOrEqual(Exact):
    """Less than or equal."""

    name = "lte"
    operator = Operator.LE


@register_lookup
class GreaterThan(Exact):
    """Greater than."""

    name = "gt"
    operator = Operator.GT


@register_lookup
class GreaterOrEqual(Exact):
    """Greater than or equal."""

    name = "gte"
    operator = Operator.GE


@register_lookup
class In(Lookup):
    """One of several; an empty list matches nothing, and asks nothing of the server."""

    name = "in"

    def expression(self, attribute: str, field: Field, value: Any, entitytype: str) -> Expression:
        """Compare with each; a single text is no list of values."""
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            raise InvalidValue(f"{field.name}__in takes a list of values, not {value!r}", entity=entitytype)
        texts = dict.fromkeys(self.operand(field, item, entitytype) for item in value)
        return Comparison(attribute, Operator.IN, tuple(texts))


@register_lookup
class Contains(Lookup):
    """Contains this text."""

    name = "contains"
    operator = Operator.CONTAINS

    def operand(self, field: Field, value: Any, entitytype: str) -> str:
        """Take text that is a part of a value, so it is not one of the known values."""
        return part_text(field, value, entitytype)

    def expression(self, attribute: str, field: Field, value: Any, entitytype: str) -> Expression:
        """Look for the text anywhere in the value."""
        return Comparison(attribute, self.operator, self.operand(field, value, entitytype))


@register_lookup
class Regex(Contains):
    """Matches a regular expression of the backend, commonly Python's; whether it is anchored is not documented."""

    name = "regex"
    operator = Operator.MATCHES


@register_lookup
class Like(Contains):
    """The whole value fits a pattern, in which `*` stands for any text."""

    name = "like"
    operator = Operator.LIKE


@register_lookup
class StartsWith(Contains):
    """Begins with this text."""

    name = "startswith"

    def expression(self, attribute: str, field: Field, value: Any, entitytype: str) -> Expression:
        """Look for `text*`."""
        return Comparison(attribute, Operator.LIKE, f"{self._literal(field, value, entitytype)}*")

    def _literal(self, field: Field, value: Any, entitytype: str) -> str:
        part = self.operand(field, value, entitytype)
        if "*" in part:
            raise InvalidValue(
                f"{field.name}__{self.name}: accsyn takes the * in {part!r} for any text, and has no way to say the"
                f" character itself; use __like if any text is meant",
                entity=entitytype,
            )
        return part


@register_lookup
class EndsWith(StartsWith):
    """Ends with this text."""

    name = "endswith"

    def expression(self, attribute: str, field: Field, value: Any, entitytype: str) -> Expression:
        """Look for `*text`."""
        return Comparison(attribute, Operator.LIKE, f"*{self._literal(field, value, entitytype)}")
