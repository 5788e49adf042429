"""The committing half of a session: plan → compare → send → settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AccsynError, CommitError, ProtocolError, SessionError
from ..mapping import state
from ..mapping.registry import mapper_of_type
from ..mapping.rows import adopt, fill_created, forget_changes, merge
from . import commit as committing
from .base import remembers_errors
from .commit import new_id, only_row
from .conflicts import merged_attributes, reconcile
from .guarded import Counted, GuardedCalls
from .outcomes import CommitResult, Outcome, TransientRecorder
from .plan import Kind, Plan
from .progress import check_progress
from .settling import Settled, find_out
from .unit_of_work import Unsettled

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Mapping

    from ..mapping.base import MappedBase
    from .conflicts import ConflictPolicy
    from .outcomes import Recorder
    from .plan import Operation
    from .progress import Progress
    from .unit_of_work import UnitOfWork

__all__ = ["CommitCalls"]

Entities = tuple["MappedBase", ...]


class CommitCalls(GuardedCalls):
    """What a session sends, and how what became of it is taken in."""

    _unit: UnitOfWork
    _committing: threading.Lock
    # Number of an operation and attribute where a merge sends something else than was set here.
    _merged: frozenset[tuple[int, str]] = frozenset()

    def plan(self) -> Plan:
        """
        Return what a commit would send; no I/O.

        Raises:
            IdentityConflict: One thing was changed through two classes.
            InvalidValue: New entities refer to each other in a circle, or to one that was not added.
        """
        return self._unit.plan(self.workspace)[0]

    @remembers_errors
    def commit(
        self,
        *,
        workers: int = 8,
        on_conflict: ConflictPolicy = "overwrite",
        journal: str | os.PathLike[str] | None = None,
        progress: Progress = None,
    ) -> CommitResult:
        """
        Send what was changed: one request per changed entity, with nothing in it but what changed.

        Listings of this session that are being iterated over are first fetched to their end, so that changing what
        is paged through never skips a row. Creations that got no answer before are first looked up.

        Args:
            workers: How many requests are in flight at most; 1 sends them in the order of the plan.
            on_conflict: `overwrite`: what I changed is sent as it is. `fail`, `merge` or a function: it is first
                compared with what the server has by now; see `accsyn_orm.session.conflicts`.
            journal: A file that will hold the plan and what became of it, to resume and undo from.
            progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

        Returns:
            What was applied.

        Raises:
            CommitError: Something was not applied; it says what became of each operation. What was applied is
                clean, the rest is still pending.
            Conflict: Somebody else changed the same; nothing was sent.
            JournalError: The journal exists already, or cannot be written.
            ConfigurationError: A bar is asked for, and neither rich nor tqdm is installed.
        """
        check_progress(progress)
        if not (plan := self.plan()):
            self._unit.settle_clean()
            return CommitResult(plan)
        with self._alone():
            self._drain_listings()
            self._settle_open_creates()
            self._merged = frozenset()
            plan, entities = self._unit.plan(self.workspace)
            if on_conflict != "overwrite":
                reconciled = reconcile(plan, self._rows_now(plan, entities), on_conflict)
                self._merged = merged_attributes(plan, reconciled)
                plan = reconciled
            if journal is None:
                return self._run_plan(plan, entities, TransientRecorder(), workers, progress)
            from .journal import Journal

            with Journal.create(journal, plan) as recorder:
                return self._run_plan(plan, entities, recorder, workers, progress)

    def _alone(self) -> Any:
        """Refuse a second thread: two commits of one session would send the same changes twice."""
        if not self._committing.acquire(blocking=False):
            raise SessionError(
                "another thread is committing this session: give each thread a session of its own"
            )
        return _Released(self._committing)

    def create_now(self, entity: MappedBase) -> None:
        """
        Create one entity and send nothing else; query sets call this.

        Raises:
            AccsynError: It was not created. Nothing stays pending, unless it may have been created all the same.
        """
        self._unit.add(entity, self._reference)
        try:
            self._send_now(entity)
        except AccsynError:
            if id(entity) not in self._unit.unsettled:
                self._unit.forget(entity)
                state.enter(entity, None, state.Phase.TRANSIENT)
            raise

    def update_now(self, entity: MappedBase) -> None:
        """Send the changes of one entity and nothing else; query sets call this."""
        self._send_now(entity)

    def _send_now(self, entity: MappedBase) -> None:
        plan, entities = self._unit.plan(self.workspace, only=entity)
        self._drain_listings()
        try:
            self._run_plan(plan, entities, TransientRecorder(), 1, None)
        except CommitError as error:
            raise error.__cause__ or error from None

    def _drain_listings(self) -> None:
        for listing in list(self._listings):
            listing.drain()

    # Plans as values

    @remembers_errors
    def execute(
        self,
        plan: Plan,
        *,
        recorder: Recorder | None = None,
        workers: int = 8,
        done: Mapping[int, str | None] | None = None,
        progress: Progress = None,
    ) -> CommitResult:
        """
        Send a plan that came from elsewhere, such as a journal.

        Entities of this session that it is about are brought in line; its pending changes are not sent.

        Args:
            plan: The plan.
            recorder: Is told of each operation before it is sent, and after.
            workers: How many requests are in flight at most.
            done: Operations that were applied before, by number, with the id of the entity.
            progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

        Raises:
            SessionError: The plan is for another workspace.
            CommitError: Not everything was applied.
        """
        if plan.workspace != self.workspace:
            raise SessionError(
                f"the plan is for workspace {plan.workspace!r}, and this session is in {self.workspace!r}"
            )
        with self._alone():
            self._drain_listings()
            return committing.run(
                plan,
                Counted(self),
                recorder or TransientRecorder(),
                self._settle_value,
                workers=workers,
                done=done,
                progress=progress,
            )

    def settle(self, operation: Operation, marker: str, ids: Mapping[int, str] | None = None) -> Outcome:
        """
        Find out what became of an operation that got no answer, by reading.

        Args:
            operation: The operation.
            marker: The marker that it carried.
            ids: Ids of what earlier operations created, by number.

        Returns:
            `applied`; `not_sent` where the server shows no trace of it; or `unknown`.
        """
        settled = find_out(operation, Counted(self), ids or {}, marker)
        ident = operation.id if settled.row is None else settled.row.get("id", operation.id)
        return Outcome(operation, settled.state, settled.error, ident)

    @remembers_errors
    def resolve(self) -> list[Outcome]:
        """
        Look up the creations that got no answer; return what became of each.

        Those that were applied are stored entities from now on. Those of which the server shows no trace are pending
        again, and the next commit sends them once more. The others stay as they are.
        """
        outcomes = []
        for open_create in list(self._unit.unsettled.values()):
            operation, entity = open_create.operation, open_create.entity
            settled: Settled = find_out(operation, Counted(self), open_create.ids, open_create.marker)
            ident = None
            if settled.state == "applied":
                ident = self._settle_create(operation, settled.row, entity)
            elif settled.state == "not_sent":
                self._unit.unsettled.pop(id(entity), None)
            outcomes.append(Outcome(operation, settled.state, settled.error, ident))
        return outcomes

    def _settle_open_creates(self) -> None:
        """A creation without an answer is never repeated blindly: it may have been applied."""
        self.resolve()
        unsettled = ", ".join(repr(held.entity) for held in self._unit.unsettled.values())
        if unsettled:
            raise SessionError(
                f"no answer came to the creation of {unsettled}, and the server does not tell whether it exists: look"
                f" it up, then session.expunge() it if it does, or session.add() it again if it does not"
            )

    def _rows_now(self, plan: Plan, entities: list[Entities]) -> dict[str, dict[str, Any]]:
        """Return what the server has of the entities that a plan updates, in batches."""
        wanted: dict[tuple[Any, str | None], dict[str, set[str]]] = {}
        for operation, members in zip(plan, entities, strict=True):
            if operation.kind is not Kind.UPDATE:
                continue
            parent = operation.parent if isinstance(operation.parent, str) else None
            changed = [change.attribute for change in operation.changes]
            changed += [change.attribute for member in operation.members for change in member.changes]
            group = wanted.setdefault((members[0].__mapper__, parent), {"ids": set(), "names": {"id"}})
            group["ids"] |= {operation.id} if operation.id else {member.id for member in operation.members}
            group["names"] |= set(changed)
        found: dict[str, dict[str, Any]] = {}
        for (mapper, parent), group in wanted.items():
            names = tuple(sorted(group["names"]))
            for scope in ("active", "finished" if mapper.has_finished else "inactive"):
                missing = sorted(group["ids"] - found.keys())
                found |= {row["id"]: row for row in self._rows_by_id(mapper, missing, scope, names, parent)}
        return found

    # Taking in what was applied

    def _run_plan(
        self,
        plan: Plan,
        entities: list[Entities],
        recorder: Recorder,
        workers: int,
        progress: Progress,
    ) -> CommitResult:
        noting = _Noting(self._unit, entities, recorder)

        def settle(operation: Operation, result: Any) -> str | None:
            return self._settle(operation, result, entities[operation.number - 1])

        try:
            return committing.run(plan, Counted(self), noting, settle, workers=workers, progress=progress)
        finally:
            self._unit.settle_clean()

    def _settle(self, operation: Operation, result: Any, entities: Entities) -> str | None:
        """Take an applied operation into the session; return the id of its entity."""
        if operation.kind is Kind.CREATE:
            return self._settle_create(operation, only_row(result), entities[0])
        if operation.kind is Kind.UPDATE:
            self._settle_update(operation, result, entities)
        elif operation.kind is Kind.DELETE:
            self._settle_deleted(entities[0], operation)
        else:
            self._unit.actions.pop(id(entities[0]), None)
            if "inactive" in entities[0].__mapper__.by_wire:
                merge(entities[0], {"inactive": operation.kind is Kind.DEACTIVATE})
        return operation.id

    def _settle_update(self, operation: Operation, result: Any, entities: Entities) -> None:
        answered = result if isinstance(result, list) else [result]
        rows = {row.get("id", operation.id): row for row in answered if isinstance(row, dict)}
        changes = [member.changes for member in operation.members] or [operation.changes]
        for entity, changed in zip(entities, changes, strict=True):
            by_wire = entity.__mapper__.by_wire
            ident = state.peek(entity, entity.__mapper__.fields["id"])
            if not operation.members and rows and ident not in rows:
                raise ProtocolError(
                    f"{operation.title}: the server answered another entity, {next(iter(rows))!r}"
                )
            sent = {change.attribute: change.after for change in changed}
            for name, value in sent.items():
                if not isinstance(value, (str, int, float, bool, list, dict, type(None))):
                    sent[name] = state.wire_value(entity, by_wire[name])
            merged = {name: sent[name] for name in sent if (operation.number, name) in self._merged}
            if merged:
                adopt(entity, merged)
            forget_changes(entity, {by_wire[name].name: value for name, value in sent.items()})
            if ident in rows:
                merge(entity, rows[ident])

    def _settle_deleted(self, entity: MappedBase, operation: Operation) -> None:
        self._identity.remove(entity, operation.id or "")
        self._unit.forget(entity)
        state.restore(entity)
        state.enter(entity, self._reference, state.Phase.DELETED)

    def _settle_create(
        self, operation: Operation, row: dict[str, Any] | None, entity: MappedBase
    ) -> str | None:
        ident = new_id(operation, row)
        self._unit.forget(entity)
        state.enter(entity, self._reference, state.Phase.PERSISTENT)
        fill_created(entity, row or {})
        self._identity.add(entity, ident)
        return ident

    def _settle_value(self, operation: Operation, result: Any) -> str | None:
        """Take an operation of a plan of values into whatever entity of this session it is about."""
        if operation.kind is Kind.CREATE:
            return new_id(operation, result)
        row = only_row(result)
        mapper = mapper_of_type(operation.entitytype)
        for ident in [operation.id, *(member.id for member in operation.members)]:
            entity = None if mapper is None or ident is None else self._identity.find(mapper.cls, ident)
            if entity is not None and operation.kind is Kind.DELETE:
                self._settle_deleted(entity, operation)
            elif entity is not None and row is not None and row.get("id") == ident:
                merge(entity, row)
        return operation.id


class _Released:
    """Holds a lock that was taken until the end of a block."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Noting:
    """
    A recorder that keeps the unit of work true as well.

    Before a byte of a creation is sent, it counts as open: whatever interrupts, it is not sent again unasked.
    """

    def __init__(self, unit: UnitOfWork, entities: list[Entities], inner: Recorder) -> None:
        self._unit = unit
        self._entities = entities
        self._inner = inner
        self._ids: dict[int, str] = {}

    def marker(self, operation: Operation) -> str:
        """Return the marker of a creation: the one it had before, if it was open before."""
        entity = self._entities[operation.number - 1][0]
        return self._unit.markers.setdefault(id(entity), self._inner.marker(operation))

    def intend(self, operation: Operation) -> None:
        """Note that an operation is about to be sent."""
        self._inner.intend(operation)
        if operation.kind is Kind.CREATE:
            entity = self._entities[operation.number - 1][0]
            held = Unsettled(entity, operation, self.marker(operation), dict(self._ids))
            self._unit.unsettled[id(entity)] = held

    def conclude(self, outcome: Outcome) -> None:
        """Note what became of an operation."""
        if outcome.id is not None:
            self._ids[outcome.operation.number] = outcome.id
        if outcome.operation.kind is Kind.CREATE and outcome.state != "unknown":
            self._unit.unsettled.pop(id(self._entities[outcome.operation.number - 1][0]), None)
        self._inner.conclude(outcome)
