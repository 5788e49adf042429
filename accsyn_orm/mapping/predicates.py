"""Columns, and the conditions that they and Q make, combined by &, | and ~."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attrs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from .base import MappedBase
    from .fields import Field

__all__ = ["AllOf", "AnyOf", "Column", "Condition", "Not", "Predicate"]

T = TypeVar("T")
# What type checkers let through besides a column's own type: a day for a date, an id or a code for an entity.
_Moment = TypeVar("_Moment", bound="dt.date | None")
_Entity = TypeVar("_Entity", bound="MappedBase | None")


class Predicate:
    """Something that entities can be filtered by."""

    __slots__ = ()

    @property
    def blank(self) -> bool:
        """Whether it says nothing, and leaves what it is combined with as it is."""
        return False

    def __and__(self, other: Predicate) -> Predicate:
        return self._joined(AllOf, other)

    def __or__(self, other: Predicate) -> Predicate:
        return self._joined(AnyOf, other)

    def _joined(self, kind: type[AllOf | AnyOf], other: object) -> Predicate:
        if not isinstance(other, Predicate):
            raise TypeError(f"a condition combines with conditions and Q(…), not with {other!r}")
        if self.blank:
            return other
        return self if other.blank else kind((self, other))

    def __invert__(self) -> Predicate:
        return Not(self)


@attrs.frozen(eq=False)
class Condition(Predicate):
    """
    One field, one lookup, one value.

    Args:
        field: The field that is compared.
        owner: The class through which it was named.
        lookup: Name of the lookup, such as `ne`.
        value: What it is compared with, in Python form.
    """

    field: Field
    owner: type[Any]
    lookup: str
    value: Any

    def __bool__(self) -> bool:
        # `Job.status == "a" and Job.code == "b"` would silently drop its first half.
        raise TypeError(
            "a condition has no truth value; combine conditions with & | ~ instead of and, or, not"
        )


@attrs.frozen(eq=False)
class AllOf(Predicate):
    """All parts hold."""

    parts: tuple[Predicate, ...]


@attrs.frozen(eq=False)
class AnyOf(Predicate):
    """At least one part holds."""

    parts: tuple[Predicate, ...]


@attrs.frozen(eq=False)
class Not(Predicate):
    """The part does not hold."""

    part: Predicate


class Column(Generic[T]):
    """
    A field seen through its class, as in `Job.status`; comparisons make conditions.

    The methods carry the names of the lookups: `Job.status != "failed"` is `status__ne="failed"`.
    """

    __slots__ = ("field", "owner")

    def __init__(self, field: Field, owner: type[Any]) -> None:
        self.field: Field = field
        self.owner: type[Any] = owner

    def __repr__(self) -> str:
        return f"<column {self.owner.__name__}.{self.field.name}>"

    def __hash__(self) -> int:
        return object.__hash__(self)

    def _condition(self, lookup: str, value: object) -> Condition:
        return Condition(self.field, self.owner, lookup, value)

    @overload  # type: ignore[override] # a comparison makes a condition, not a bool
    def __eq__(self: Column[_Entity], other: _Entity | str) -> Condition: ...
    @overload
    def __eq__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __eq__(self, other: T) -> Condition: ...
    def __eq__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._condition("exact", other)

    @overload  # type: ignore[override] # a comparison makes a condition, not a bool
    def __ne__(self: Column[_Entity], other: _Entity | str) -> Condition: ...
    @overload
    def __ne__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __ne__(self, other: T) -> Condition: ...
    def __ne__(self, other: object) -> Condition:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._condition("ne", other)

    @overload
    def __lt__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __lt__(self, other: T) -> Condition: ...
    def __lt__(self, other: Any) -> Condition:
        return self._condition("lt", other)

    @overload
    def __le__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __le__(self, other: T) -> Condition: ...
    def __le__(self, other: Any) -> Condition:
        return self._condition("lte", other)

    @overload
    def __gt__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __gt__(self, other: T) -> Condition: ...
    def __gt__(self, other: Any) -> Condition:
        return self._condition("gt", other)

    @overload
    def __ge__(self: Column[_Moment], other: dt.date) -> Condition: ...
    @overload
    def __ge__(self, other: T) -> Condition: ...
    def __ge__(self, other: Any) -> Condition:
        return self._condition("gte", other)

    @overload
    def in_(self: Column[_Entity], values: Iterable[_Entity | str]) -> Condition: ...
    @overload
    def in_(self: Column[_Moment], values: Iterable[dt.date]) -> Condition: ...
    @overload
    def in_(self, values: Iterable[T]) -> Condition: ...
    def in_(self, values: Iterable[Any]) -> Condition:
        """Hold where the value is one of these."""
        return self._condition("in", tuple(values))

    def contains(self, part: str) -> Condition:
        """Hold where the value contains this text."""
        return self._condition("contains", part)

    def startswith(self, part: str) -> Condition:
        """Hold where the value begins with this text."""
        return self._condition("startswith", part)

    def endswith(self, part: str) -> Condition:
        """Hold where the value ends with this text."""
        return self._condition("endswith", part)

    def like(self, pattern: str) -> Condition:
        """Hold where the whole value fits a pattern with `*`, such as `"* backup"`."""
        return self._condition("like", pattern)

    def regex(self, pattern: str) -> Condition:
        """Hold where the value matches a regular expression of the backend (commonly Python's)."""
        return self._condition("regex", pattern)
