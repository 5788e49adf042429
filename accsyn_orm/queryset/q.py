"""Q: keyword lookups as a value, to be combined by &, | and ~."""

from __future__ import annotations

from typing import Any

from ..mapping.predicates import Predicate

__all__ = ["Q"]


class Q(Predicate):
    """
    Conditions in keyword form, as in `Q(status__ne="failed") | Q(user=lisa)`.

    Several in one Q all have to hold. An empty Q holds everywhere and leaves what it is combined with as it is.

    Args:
        *conditions: Conditions in the typed form, and other Qs.
        **lookups: Lookups, as for `filter`.
    """

    __slots__ = ("conditions", "lookups")

    def __init__(self, *conditions: Predicate, **lookups: Any) -> None:
        self.conditions: tuple[Predicate, ...] = conditions
        self.lookups: dict[str, Any] = lookups

    @property
    def blank(self) -> bool:
        """Whether it has no conditions."""
        return not self

    def __bool__(self) -> bool:
        return bool(self.conditions or self.lookups)

    def __repr__(self) -> str:
        parts = [repr(condition) for condition in self.conditions]
        parts += [f"{name}={value!r}" for name, value in self.lookups.items()]
        return f"Q({', '.join(parts)})"
