"""Collections (`queue.jobs`, `job.tasks`), and what is loaded along with a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from ..errors import QueryError
from ..mapping import state
from ..mapping.registry import class_named

if TYPE_CHECKING:
    from ..mapping.base import MappedBase
    from ..mapping.protocols import RowSource
    from .description import Description
    from .query_set import QuerySet

__all__ = ["RelatedSet", "check_related", "load_along"]

E = TypeVar("E")


class RelatedSet(Generic[E]):
    """
    The other end of a reference: an attribute that is a query set.

    Args:
        target: Name of the class of its members.
        by: Name of the members' reference to the owner; None for parts of the owner, such as the tasks of a job.
    """

    def __init__(self, target: str, *, by: str | None = None) -> None:
        self.target = target
        self.by = by
        self.name: str = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> RelatedSet[E]: ...
    @overload
    def __get__(self, instance: MappedBase, owner: type[Any]) -> QuerySet[E]: ...
    def __get__(self, instance: MappedBase | None, owner: type[Any]) -> RelatedSet[E] | QuerySet[E]:
        if instance is None:
            return self
        page = state.page_of(instance)
        prefetched = None if page is None else page.related.get(self._key(instance))
        if prefetched is not None:
            return cast("QuerySet[E]", prefetched)
        return self._of(instance, state.owner_of(instance))

    def _key(self, owner: MappedBase) -> tuple[type[Any], str]:
        return type(self), f"{self.name}:{state.peek(owner, owner.__mapper__.fields['id'])}"

    def _of(self, owner: MappedBase, source: Any) -> QuerySet[E]:
        members: QuerySet[E] = class_named(self.target, type(owner).__module__).objects.using(source)
        return members.within(owner) if self.by is None else members.filter(**{self.by: owner})

    def prefetch(self, owners: list[MappedBase], source: Any) -> None:
        """
        Load the members of all owners: with one find, or with one for each owner where they are its parts.

        Nothing documents a find for the tasks of several jobs at once.
        """
        found: dict[int, list[Any]] = {id(owner): [] for owner in owners}
        if self.by is None:
            for owner in owners:
                found[id(owner)] += self._of(owner, source)
        else:
            members = class_named(self.target, type(owners[0]).__module__).objects.using(source)
            by_id = {cast("Any", owner).id: id(owner) for owner in owners}
            slot = members.description.mapper.field_named(self.by).slot
            for member in members.filter(**{f"{self.by}__in": owners}):
                # A member may lead elsewhere by a change that was not committed: then it is nobody's here.
                found.get(by_id.get(getattr(member, slot), 0), []).append(member)
        for owner in owners:
            page = state.page_of(owner)
            if page is not None:
                fetched = self._of(owner, source).fetched_as(found[id(owner)])
                page.related[self._key(owner)] = cast("Any", fetched)


def load_along(description: Description, source: RowSource, entities: list[MappedBase]) -> None:
    """Load the references and collections that a query set named, for one page."""
    mapper = description.mapper
    for name in description.related if entities else ():
        collection = getattr(mapper.cls, name, None)
        if isinstance(collection, RelatedSet):
            collection.prefetch(entities, source)
        else:
            source.preload(entities, mapper.field_named(name))


def check_related(description: Description, name: str, *, collections: bool) -> None:
    """Refuse a name that is no reference, or no collection where one is allowed."""
    mapper = description.mapper
    if collections and isinstance(getattr(mapper.cls, name, None), RelatedSet):
        return
    if not mapper.field_named(name).is_reference:
        raise QueryError(
            f"{mapper.cls.__name__}.{name} is no reference to another entity, so nothing loads along"
        )
