"""Conditions as values: what `Job.status != "failed"` and Q make, combined by &, | and ~."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from .fields import Field

__all__ = ["AllOf", "AnyOf", "Condition", "Not", "Predicate"]


class Predicate:
    """Something that entities can be filtered by."""

    __slots__ = ()

    def __and__(self, other: Predicate) -> Predicate:
        if not isinstance(other, Predicate):
            return NotImplemented
        return AllOf((self, other))

    def __or__(self, other: Predicate) -> Predicate:
        if not isinstance(other, Predicate):
            return NotImplemented
        return AnyOf((self, other))

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
