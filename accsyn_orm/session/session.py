"""The session: it signs in, owns the identity map, tracks changes, commits."""

from __future__ import annotations

import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from ..entities.base import Entity
from ..errors import DetachedEntity, SessionError
from ..mapping import binding, state
from ..mapping.refusals import refuse
from ..mapping.rows import fill, merge
from .base import remembers_errors
from .identity import IdentityMap
from .job_kinds import JobKinds
from .plan import Kind
from .unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from ..mapping.base import MappedBase
    from ..mapping.protocols import Drainable
    from .files import Many, One, Path

__all__ = ["Session"]

E = TypeVar("E", bound=Entity)


class Session(JobKinds):
    """
    A session signed in to a workspace: entities and dictionaries, in and out.

    A session becomes the one that `Job.objects` uses. `with session:` binds it for a block and closes it;
    `.using(session)` names it. The parameters are those of `BaseSession`.
    """

    # Beside `closed`, which takes two calls to ask: every entity asks at its first change.
    _ended = False

    def _opened(self) -> None:
        self._identity = IdentityMap()
        self._absent = set()
        self._unit = UnitOfWork()
        self._reference = weakref.ref(self)
        self._listings = weakref.WeakSet()
        self._committing = threading.Lock()
        binding.note_session(self)

    def _closing(self) -> None:
        super()._closing()
        self._ended = True
        binding.forget_session(self)
        self._identity.clear()

    def __enter__(self) -> Self:
        self._check_open()
        binding.bind(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        binding.unbind(self)
        self.close()

    @contextlib.contextmanager
    def bound(self) -> Iterator[Self]:
        """Make this the session that `Job.objects` uses within a block, and leave it open afterwards."""
        self._check_open()
        binding.bind(self)
        try:
            yield self
        finally:
            binding.unbind(self)

    # The unit of work

    @property
    def new(self) -> list[Entity]:
        """Entities that the next commit creates."""
        return cast("list[Entity]", list(self._unit.new.values()))

    @property
    def dirty(self) -> list[Entity]:
        """Stored entities that differ from what the server has, by net effect."""
        return cast("list[Entity]", self._unit.dirty())

    @property
    def deleted(self) -> list[Entity]:
        """Entities that the next commit deletes."""
        return cast("list[Entity]", list(self._unit.deleted.values()))

    def note_change(self, entity: MappedBase) -> None:
        """Hold on to an entity that was changed; entities call this themselves."""
        if self._ended:
            self._check_open()
        self._unit.touched[id(entity)] = entity

    def watch(self, listing: Drainable) -> None:
        """Remember an open listing, to drain it before a commit; query sets call this themselves."""
        self._listings.add(listing)

    def add(self, entity: Entity) -> None:
        """
        Have the next commit create an entity; take one back that was to be deleted, or that was expunged.

        Raises:
            DetachedEntity: It belongs to another session.
            SessionError: It was deleted, this session holds another object for it, or entities of this type cannot be
                created.
        """
        self._check_open()
        phase = state.phase_of(entity)
        if phase is state.Phase.TRANSIENT:
            refuse(entity.__mapper__, "create", entity)
            self._unit.add(entity, self._reference)
            return
        if phase is state.Phase.PERSISTENT and state.is_detached(entity):
            self._attach(entity)
        self._own(entity)
        if phase is state.Phase.DELETED:
            raise SessionError(f"{entity!r} was deleted and cannot be added again; make a new one")
        self._unit.deleted.pop(id(entity), None)
        self._unit.unsettled.pop(id(entity), None)

    def _attach(self, entity: Entity) -> None:
        held = self._identity.find(type(entity), entity.id)
        if held is not None and held is not entity:
            raise SessionError(f"{entity!r} cannot be added: this session holds {held!r} for it already")
        state.enter(entity, self._reference, state.Phase.PERSISTENT)
        self._identity.add(entity, entity.id)

    def add_all(self, entities: Iterable[Entity]) -> None:
        """Add several entities; see `add`."""
        for entity in entities:
            self.add(entity)

    @overload
    def delete(self, path: One, force: bool = False) -> bool: ...

    @overload
    def delete(self, path: Many, force: bool = False) -> list[dict[str, Any]]: ...

    @overload
    def delete(self, path: Entity) -> None: ...

    def delete(self, path: Entity | Path, force: bool = False) -> Any:
        """
        Have the next commit delete an entity, or delete a file or directory at once.

        An entity that was only added is taken back.

        Args:
            path: The entity; or the path of a file, under the name that the published client has for it.
            force: Delete a directory that is not empty, with all that is in it.

        Returns:
            None for an entity, True for a file.

        Raises:
            SessionError: Entities of this type cannot be deleted, such as tasks, which accsyn keeps for its audit
                trail.
        """
        if isinstance(path, Entity):
            return self._delete(path)
        return super().delete(cast("One", path), force)

    def _delete(self, entity: Entity) -> None:
        self._own(entity)
        refuse(entity.__mapper__, "delete", entity)
        if state.phase_of(entity) is state.Phase.PENDING:
            self.expunge(entity)
        elif state.phase_of(entity) is state.Phase.PERSISTENT:
            self._unit.deleted[id(entity)] = entity

    def deactivate(self, entity: Entity) -> None:
        """Have the next commit deactivate a user or a share."""
        self._act(Kind.DEACTIVATE, entity)

    def activate(self, entity: Entity) -> None:
        """Have the next commit activate a user or a share again."""
        self._act(Kind.ACTIVATE, entity)

    def _act(self, kind: Kind, entity: Entity) -> None:
        self._own(entity)
        refuse(entity.__mapper__, kind.value, entity)
        if state.phase_of(entity) is not state.Phase.PERSISTENT:
            raise SessionError(
                f"{entity!r} does not exist on the server, so there is nothing to {kind.value}"
            )
        self._unit.actions[id(entity)] = (kind, entity)

    def expunge(self, entity: Entity) -> None:
        """
        Forget an entity and whatever was going to happen to it; nothing is sent.

        One that exists on the server goes on existing; `add` takes it back, and does not create it again.
        """
        self._own(entity)
        self._unit.forget(entity)
        ident = state.peek(entity, entity.__mapper__.fields["id"])
        if isinstance(ident, str):
            self._identity.remove(entity, ident)
        state.restore(entity)
        phase = state.phase_of(entity)
        state.enter(entity, None, state.Phase.TRANSIENT if phase is state.Phase.PENDING else phase)

    def rollback(self) -> None:
        """Take back every change, addition and deletion that was not committed; no I/O."""
        for entity in self._unit.touched.values():
            state.restore(entity)
        for entity in self._unit.new.values():
            state.enter(entity, None, state.Phase.TRANSIENT)
        self._unit = UnitOfWork()

    def _own(self, entity: Entity) -> None:
        if state.owner_of(entity) is not self:
            raise DetachedEntity(f"{entity!r} belongs to another session")

    # Reading one

    @remembers_errors
    def get(self, cls: type[E], ident: str) -> E | None:
        """
        Return an entity by id, in whatever scope it is; from the identity map where it is held already.

        Args:
            cls: Its class.
            ident: Its id.

        Returns:
            The entity, or None where there is none or this user may not see it.
        """
        held = self._identity.find(cls, ident)
        if held is None:
            mapper = cls.__mapper__
            row = self._row_of(mapper, ident)
            if row is None:
                return None
            held = self._made(mapper)
            fill(held, row)
            self._identity.add(held, ident)
        return cast("E", held)

    @remembers_errors
    def refresh(self, entity: Entity) -> None:
        """
        Read an entity again; local changes to it are dropped.

        Raises:
            NotFound: It is gone.
            SessionError: It was not created yet, or was deleted.
        """
        self._own(entity)
        if state.phase_of(entity) is not state.Phase.PERSISTENT:
            raise SessionError(f"{entity!r} does not exist on the server, so there is nothing to read")
        row = self._row_of(entity.__mapper__, entity.id, self._parent_of(entity))
        if row is None:
            raise self._gone(entity)
        state.restore(entity)
        self._unit.touched.pop(id(entity), None)
        merge(entity, row)
