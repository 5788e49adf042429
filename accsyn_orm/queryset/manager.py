"""`Job.objects`: where query sets of a class begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .query_set import QuerySet

if TYPE_CHECKING:
    from ..mapping.mapper import Mapper
    from ..mapping.predicates import Predicate

__all__ = ["Manager", "ManagerAttribute"]

E = TypeVar("E")


class Manager(Generic[E]):
    """
    The entities of one class. It keeps nothing: each call begins a fresh query set.

    Args:
        mapper: Mapper of the class.
    """

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper

    def __repr__(self) -> str:
        return f"<{self._mapper.cls.__name__}.objects>"

    def all(self) -> QuerySet[E]:
        """Return the query set of all active entities."""
        return QuerySet[E].of(self._mapper)

    def using(self, session: Any) -> QuerySet[E]:
        """Return the query set of all active entities in that session."""
        return self.all().using(session)

    def none(self) -> QuerySet[E]:
        """Return a query set that matches nothing."""
        return self.all().none()

    def filter(self, *conditions: Predicate, **lookups: Any) -> QuerySet[E]:
        """See `QuerySet.filter`."""
        return self.all().filter(*conditions, **lookups)

    def exclude(self, *conditions: Predicate, **lookups: Any) -> QuerySet[E]:
        """See `QuerySet.exclude`."""
        return self.all().exclude(*conditions, **lookups)

    def within(self, parent: Any) -> QuerySet[E]:
        """See `QuerySet.within`."""
        return self.all().within(parent)

    def only(self, *fields: str) -> QuerySet[E]:
        """See `QuerySet.only`."""
        return self.all().only(*fields)

    def finished(self) -> QuerySet[E]:
        """See `QuerySet.finished`."""
        return self.all().finished()

    def archived(self) -> QuerySet[E]:
        """See `QuerySet.archived`."""
        return self.all().archived()

    def inactive(self) -> QuerySet[E]:
        """See `QuerySet.inactive`."""
        return self.all().inactive()

    def get(self, *conditions: Predicate, **lookups: Any) -> E:
        """See `QuerySet.get`."""
        return self.all().get(*conditions, **lookups)

    def first(self) -> E | None:
        """See `QuerySet.first`."""
        return self.all().first()

    def exists(self) -> bool:
        """See `QuerySet.exists`."""
        return self.all().exists()

    def count(self) -> int:
        """See `QuerySet.count`."""
        return self.all().count()

    def iterator(self, chunk_size: int | None = None) -> Any:
        """See `QuerySet.iterator`."""
        return self.all().iterator(chunk_size)


class ManagerAttribute:
    """The attribute `objects` of a class; instances have none, as in Django."""

    def __get__(self, instance: object | None, owner: type[E]) -> Manager[E]:
        if instance is not None:
            raise AttributeError(f"objects belongs to the class: use {owner.__name__}.objects")
        mapper: Mapper = owner.__mapper__  # type: ignore[attr-defined]
        return Manager(mapper)
