"""The session: it signs in, owns the identity map, tracks changes, commits."""

from __future__ import annotations

import contextlib
import weakref
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..entities.base import Entity
from ..errors import AccsynError, CommitError, DetachedEntity, ProtocolError, SessionError
from ..mapping import binding, state
from ..mapping.rows import fill, fill_created, forget_changes, merge
from . import commit as committing
from .base import remembers_errors
from .bulk import BulkCalls
from .commit import only_row
from .identity import IdentityMap
from .plan import Kind
from .unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from ..mapping.base import MappedBase
    from ..mapping.protocols import Drainable
    from .commit import CommitResult
    from .plan import Operation, Plan

__all__ = ["Session"]

E = TypeVar("E", bound=Entity)


class Session(BulkCalls):
    """
    A session signed in to a workspace: entities and dictionaries, in and out.

    A session becomes the one that `Job.objects` uses. `with session:` binds it for a block and closes it;
    `.using(session)` names it. The parameters are those of `BaseSession`.
    """

    def _opened(self) -> None:
        self._identity = IdentityMap()
        self._absent = set()
        self._unit = UnitOfWork()
        self._reference = weakref.ref(self)
        self._listings: weakref.WeakSet[Any] = weakref.WeakSet()
        binding.note_session(self)

    def _closing(self) -> None:
        super()._closing()
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
            SessionError: It was deleted, or this session holds another object for it.
        """
        self._check_open()
        phase = state.phase_of(entity)
        if phase is state.Phase.TRANSIENT:
            state.enter(entity, self._reference, state.Phase.PENDING)
            self._unit.new[id(entity)] = entity
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

    def delete(self, entity: Entity) -> None:
        """
        Have the next commit delete an entity. One that was only added is taken back.

        Raises:
            SessionError: It is a task: accsyn keeps tasks for its audit trail.
        """
        self._own(entity)
        if entity.__mapper__.entitytype == "task":
            raise SessionError(
                f"{entity!r} cannot be deleted: accsyn keeps tasks for its audit trail; exclude it instead:"
                f' task.status = "excluded"',
                entity="task",
            )
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
        row = self._row_of(entity.__mapper__, entity.id)
        if row is None:
            raise self._gone(entity)
        state.restore(entity)
        self._unit.touched.pop(id(entity), None)
        merge(entity, row)

    # Committing

    def plan(self) -> Plan:
        """
        Return what a commit would send; no I/O.

        Raises:
            IdentityConflict: One thing was changed through two classes.
            InvalidValue: New entities refer to each other in a circle, or to one that was not added.
        """
        return self._unit.plan(self.workspace)[0]

    @remembers_errors
    def commit(self) -> CommitResult:
        """
        Send what was changed: one request per changed entity, with nothing in it but what changed.

        Listings of this session that are being iterated over are first fetched to their end, so that changing
        what is paged through never skips a row.

        Returns:
            What was applied.

        Raises:
            CommitError: Something was not applied; it says what became of each operation. What was applied is
                clean, the rest is still pending.
        """
        if not self.plan():
            self._unit.settle_clean()
            return committing.CommitResult(self.plan())
        self._drain_listings()
        self._refuse_unsettled()
        return self._run_plan(*self._unit.plan(self.workspace))

    def create_now(self, entity: MappedBase) -> None:
        """
        Create one entity and send nothing else; query sets call this.

        Raises:
            AccsynError: It was not created. Nothing stays pending, unless it may have been created all the same.
        """
        self.add(cast("Entity", entity))
        try:
            self._send_now(entity)
        except AccsynError:
            if id(entity) not in self._unit.unsettled:
                self.expunge(cast("Entity", entity))
            raise

    def update_now(self, entity: MappedBase) -> None:
        """Send the changes of one entity and nothing else; query sets call this."""
        self._send_now(entity)

    def _send_now(self, entity: MappedBase) -> None:
        plan, entities = self._unit.plan(self.workspace, only=entity)
        self._drain_listings()
        try:
            self._run_plan(plan, entities)
        except CommitError as error:
            raise error.__cause__ or error from None

    def _drain_listings(self) -> None:
        for listing in list(self._listings):
            listing.drain()

    def _run_plan(self, plan: Plan, entities: list[MappedBase]) -> CommitResult:

        def begin(operation: Operation) -> None:
            # Before a byte is sent: whatever interrupts the commit, this is not sent a second time unasked.
            if operation.kind is Kind.CREATE:
                entity = entities[operation.number - 1]
                self._unit.unsettled[id(entity)] = entity

        def settle(operation: Operation, result: Any) -> str | None:
            return self._settle(operation, result, entities[operation.number - 1])

        try:
            return committing.run(plan, self._connection, begin, settle)
        except CommitError as error:
            for outcome in (*error.rejected, *error.not_sent):
                self._unit.unsettled.pop(id(entities[outcome.operation.number - 1]), None)
            raise
        finally:
            self._unit.settle_clean()

    def _refuse_unsettled(self) -> None:
        """A create without an answer is never repeated blindly: it may have been applied."""
        unsettled = ", ".join(repr(entity) for entity in self._unit.unsettled.values())
        if unsettled:
            raise SessionError(
                f"no answer came to the creation of {unsettled}, so it may exist already: look it up, then"
                f" session.expunge() it if it does, or session.add() it again if it does not"
            )

    def _settle(self, operation: Operation, result: Any, entity: MappedBase) -> str | None:
        """Take an applied operation into the session; return the id of its entity."""
        if operation.kind is Kind.CREATE:
            return self._settle_create(operation, result, entity)
        if operation.kind is Kind.UPDATE:
            by_wire = entity.__mapper__.by_wire
            row = only_row(result)
            if row is not None and row.get("id", operation.id) != operation.id:
                raise ProtocolError(
                    f"{operation.title}: the server answered another entity, {row.get('id')!r}"
                )
            sent = {by_wire[name].name: value for name, value in self._sent(operation, entity).items()}
            forget_changes(entity, sent)
            if row is not None:
                merge(entity, row)
        elif operation.kind is Kind.DELETE:
            self._settle_deleted(entity, operation)
        else:
            self._unit.actions.pop(id(entity), None)
        return operation.id

    def _settle_deleted(self, entity: MappedBase, operation: Operation) -> None:
        self._identity.remove(entity, operation.id or "")
        self._unit.forget(entity)
        state.restore(entity)
        state.enter(entity, self._reference, state.Phase.DELETED)

    def _sent(self, operation: Operation, entity: MappedBase) -> dict[str, Any]:
        """Return what an operation sent, ids of entities that it created before filled in."""
        by_wire = entity.__mapper__.by_wire
        return {
            change.attribute: change.after
            if isinstance(change.after, (str, int, float, bool, list, dict, type(None)))
            else state.wire_value(entity, by_wire[change.attribute])
            for change in operation.changes
        }

    def _settle_create(self, operation: Operation, result: Any, entity: MappedBase) -> str | None:
        row = only_row(result)
        ident = None if row is None else row.get("id")
        if row is None or not isinstance(ident, str):
            raise ProtocolError(f"{operation.title}: the server answered without the new entity's id")
        self._unit.forget(entity)
        state.enter(entity, self._reference, state.Phase.PERSISTENT)
        fill_created(entity, row)
        self._identity.add(entity, ident)
        return ident
