"""`Job.objects`: where query sets of a class begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from .query_set import QuerySet

if TYPE_CHECKING:
    from ..mapping.mapper import Mapper

__all__ = ["Manager"]

E = TypeVar("E")
_Own = TypeVar("_Own", bound=QuerySet[Any])


class Manager:
    """
    The attribute `objects` of a class: a fresh query set of its active entities each time.

    A class can have query sets of its own kind: `objects = Manager(JobQuerySet)`.

    Args:
        query_set: A subclass of QuerySet.
    """

    _query_set: type[QuerySet[Any]]

    @overload
    def __new__(cls) -> Manager: ...
    @overload
    def __new__(cls, query_set: type[_Own]) -> _OwnManager[_Own]: ...
    def __new__(cls, query_set: type[QuerySet[Any]] = QuerySet) -> Any:
        """Make a manager; type checkers take one of a query set class of one's own for what it returns."""
        manager = super().__new__(cls)
        manager._query_set = query_set
        return manager

    def __get__(self, instance: object | None, owner: type[E]) -> QuerySet[E]:
        if instance is not None:
            raise AttributeError(f"objects belongs to the class: use {owner.__name__}.objects")
        mapper: Mapper = owner.__mapper__  # type: ignore[attr-defined] # of entity classes only
        return self._query_set.of(mapper)


if TYPE_CHECKING:

    class _OwnManager(Manager, Generic[_Own]):
        """A manager as type checkers see it, whose query sets have a class of their own."""

        def __get__(self, instance: object | None, owner: type[Any]) -> _Own: ...
