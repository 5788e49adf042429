"""`Job.objects`: where query sets of a class begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .query_set import QuerySet

if TYPE_CHECKING:
    from ..mapping.mapper import Mapper

__all__ = ["Manager"]

E = TypeVar("E")


class Manager:
    """
    The attribute `objects` of a class: a fresh query set of its active entities each time.

    A class can have query sets of its own kind: `objects = Manager(JobQuerySet)`.

    Args:
        query_set: A subclass of QuerySet.
    """

    def __init__(self, query_set: type[QuerySet[Any]] = QuerySet) -> None:
        self._query_set = query_set

    def __get__(self, instance: object | None, owner: type[E]) -> QuerySet[E]:
        if instance is not None:
            raise AttributeError(f"objects belongs to the class: use {owner.__name__}.objects")
        mapper: Mapper = owner.__mapper__  # type: ignore[attr-defined]
        return self._query_set.of(mapper)
