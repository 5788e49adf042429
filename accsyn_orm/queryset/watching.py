"""`Job.objects.filter(…).watch()`: what comes, changes and goes."""

from __future__ import annotations

import copy
import datetime as dt
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

import attrs

from ..errors import QueryError
from ..expressions.tree import EVERYTHING
from ..mapping import state
from .collection import load_along
from .listing import row_pages
from .locating import Found, located, resting_scope, still_listed
from .pacing import PATIENCE, Pace
from .sorting import sort_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Self

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.protocols import Observed, RowSource
    from .description import Description

__all__ = ["Event", "ValueChange", "Watch", "compared_fields", "field_value", "watch"]

E = TypeVar("E")
_Kind: TypeAlias = Literal["added", "changed", "removed"]


@attrs.frozen
class ValueChange:
    """
    One field of an entity, at two looks.

    Args:
        field: Its name; that of a reference with `_id`, since it is about ids.
        before: What the server had, in Python form; None where it had nothing.
        after: What it has.
    """

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.field} {_shown(self.before)} → {_shown(self.after)}"


@attrs.frozen
class Event(Generic[E]):
    """
    What happened to one entity between two looks.

    Args:
        kind: `added`: it is in the query set, and was not before. `changed`: fields differ, or it moved to another
            scope, as a job does that finishes. `removed`: it is not in the query set any more: it was deleted, or
            what was asked for does not hold any more.
        entity: The entity, as fresh as the look; local changes to it stay.
        changes: What differs, field by field; of one that was added, nothing.
        scope: Where it is: `active`, `finished`, `inactive`, `archived`; None where it was not found anywhere.
        left: Whether it is watched no longer.
    """

    kind: _Kind
    entity: E
    changes: tuple[ValueChange, ...] = ()
    scope: str | None = None
    left: bool = False

    def change(self, field: str) -> ValueChange | None:
        """Return what became of one field; None where it did not change."""
        return next((change for change in self.changes if change.field == field), None)

    def __str__(self) -> str:
        changes = "".join(f", {change}" for change in self.changes)
        where = f" ({self.scope or 'gone'})" if self.left else ""
        return f"{self.kind} {self.entity!r}{where}{changes}"


@attrs.frozen
class _Seen:
    """An entity at the last look."""

    entity: MappedBase
    found: Found


class Watch(Generic[E]):
    """
    A query set that is looked at again and again: an iterator of events, in the calling thread.

    It ends after `timeout`, by `break`, by `close()` from anywhere, or with the `with` block that it is used in. After
    an error it can be advanced again: what changed meanwhile comes then.

    Args:
        description: The query set.
        source: Returns the session.
        pace: The rhythm.
        initial: Whether what is there at the first look is `added`.
    """

    def __init__(
        self, description: Description, source: Callable[[], RowSource], pace: Pace, *, initial: bool
    ) -> None:
        self._description = description
        self._source = source
        self._session: Observed | None = None
        self._pace = pace
        self._initial = initial
        self._fields = compared_fields(description)
        self._seen: dict[str, _Seen] | None = None
        self._events: deque[Event[E]] = deque()
        self._due = self._closed = self._changed = False

    def __iter__(self) -> Iterator[Event[E]]:
        return self

    def __next__(self) -> Event[E]:
        while not self._closed:
            if self._events:
                return self._events.popleft()
            session = self._observed()
            if self._due and not self._pace.pause(
                session, changed=self._changed, stopped=lambda: self._closed
            ):
                break
            # Whatever comes of the look, the next one is made after a pause.
            self._due = True
            events = self._pace.attempt(session, self.look)
            self._changed = bool(events)
            self._events.extend(events or ())
        if self._pace.failure is not None and not self._closed:
            raise self._pace.failure
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the watch. On another thread, an iteration that waits ends within half a second."""
        self._closed = True

    def __repr__(self) -> str:
        state_ = (
            "closed" if self._closed else "not begun" if self._seen is None else f"{len(self._seen)} watched"
        )
        return f"<Watch of {self._description.mapper.entitytype} ({state_})>"

    @property
    def entities(self) -> list[E]:
        """What was in the query set at the last look, in its order."""
        return [cast("E", seen.entity) for seen in (self._seen or {}).values()]

    def look(self) -> list[Event[E]]:
        """
        Look now, without waiting; return what happened since the look before.

        Raises:
            AccsynError: The look fails; the next one tells what this one would have told.
        """
        session = self._observed()
        before, now = self._seen, self._looked(session)
        if before is None:
            self._seen = now
            return [_added(seen) for seen in now.values()] if self._initial else []
        left = {ident: seen for ident, seen in before.items() if ident not in now}
        gone = self._gone(session, left, now) if left else []
        events = [
            event
            for ident, seen in now.items()
            if (event := self._event(before.get(ident), seen)) is not None
        ]
        # Only now, since an interruption must not swallow events.
        self._seen = now
        return [*events, *gone]

    def _observed(self) -> Observed:
        if self._session is None:
            self._session = cast("Observed", self._source())
        return self._session

    def _event(self, before: _Seen | None, now: _Seen) -> Event[E] | None:
        if before is None:
            return _added(now)
        changes = self._changes(before, now.found)
        scope = now.found.select.scope
        if not changes and scope == before.found.select.scope:
            return None
        return Event("changed", cast("E", now.entity), changes, scope)

    def _looked(self, session: Observed) -> dict[str, _Seen]:
        """Fetch what is in the query set, by id and in its order."""
        description = self._description
        if description.ordering:
            sorted_by = [field.wire for field, _ in description.ordering]
            names = description.attributes and tuple(dict.fromkeys([*description.attributes, *sorted_by]))
            description = attrs.evolve(description, start=0, stop=None, attributes=names)
        seen: list[_Seen] = []
        for select, rows in row_pages(description, session, ahead=0):
            seen += self._admitted(session, [Found(select, row) for row in rows])
        for field, downwards in reversed(description.ordering):
            seen = sort_by(seen, _reader(field), downwards)
        if description.ordering:
            seen = seen[self._description.start : self._description.stop]
        return {each.found.row["id"]: each for each in seen}

    def _admitted(self, session: Observed, found: Iterable[Found]) -> list[_Seen]:
        """Take rows into the identity map."""
        by_id = {each.row["id"]: each for each in found if isinstance(each.row.get("id"), str)}
        pages: dict[int, list[Found]] = {}
        for each in by_id.values():
            pages.setdefault(id(each.select), []).append(each)
        ids, seen = self._description.mapper.fields["id"], []
        for page in pages.values():
            entities = session.admit(page[0].select, [each.row for each in page])
            load_along(self._description, session, entities)
            seen += [_Seen(entity, by_id[state.peek(entity, ids)]) for entity in entities]
        return seen

    def _gone(self, session: Observed, left: Mapping[str, _Seen], now: dict[str, _Seen]) -> list[Event[E]]:
        """Return what became of those that are not listed any more; put back those that are all the same."""
        description = attrs.evolve(self._description, ordering=(), related=(), start=0, stop=None)
        sliced = self._description.start or self._description.stop is not None
        if not sliced:
            # A row that moved from one page or scope to another while they were read.
            for seen in self._admitted(session, still_listed(description, session, left).values()):
                now[seen.found.row["id"]] = seen
        missing = [ident for ident in left if ident not in now]
        watched = description.scopes
        rest = [each for each in ("active", resting_scope(description.mapper)) if each not in watched]
        known = [] if description.expression == EVERYTHING and not sliced else watched
        found = located(description, session, missing, [*known, *rest])
        by_id = {seen.found.row["id"]: seen for seen in self._admitted(session, found.values())}
        return [self._departure(left[ident], by_id.get(ident)) for ident in missing]

    def _departure(self, before: _Seen, now: _Seen | None) -> Event[E]:
        if now is None:
            return Event("removed", cast("E", before.entity), (), None, left=True)
        scope = now.found.select.scope
        kind: _Kind = "removed" if scope in self._description.scopes else "changed"
        return Event(kind, cast("E", now.entity), self._changes(before, now.found), scope, left=True)

    def _changes(self, before: _Seen, now: Found) -> tuple[ValueChange, ...]:
        if before.found.row == now.row:
            return ()
        old, new = before.found.row, now.row
        return tuple(
            ValueChange(field.slot, *(field_value(field, row) for row in (old, new)))
            for field in self._fields
            if state.unlike(old.get(field.wire), new.get(field.wire))
            and field_value(field, old) != field_value(field, new)
        )


def watch(
    description: Description,
    source: Callable[[], RowSource],
    *,
    interval: float | None = None,
    timeout: float | None = None,
    initial: bool = False,
    patience: float = PATIENCE,
) -> Watch[Any]:
    """Return a watch over a query set; the arguments are those of `QuerySet.watch`."""
    if description.empty:
        raise QueryError("a query set that can match nothing cannot be watched")
    return Watch(description, source, Pace(interval, timeout, patience), initial=initial)


def compared_fields(description: Description) -> tuple[Field, ...]:
    """Return the fields that a query set asks for, in its order; all that are declared where it does not say."""
    by_wire = description.mapper.by_wire
    asked = by_wire if description.attributes is None else description.attributes
    return tuple(by_wire[wire] for wire in asked if wire in by_wire)


def field_value(field: Field, row: Mapping[str, Any]) -> Any:
    """Return what a row has of a field, in Python form and as the caller's own; None where it has nothing."""
    value = field.kind.from_wire(row.get(field.wire))
    return copy.deepcopy(value) if field.kind.mutable else value


def _shown(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S %Z}" if isinstance(value, dt.datetime) else repr(value)


def _added(seen: _Seen) -> Event[Any]:
    return Event("added", seen.entity, (), seen.found.select.scope)


def _reader(field: Field) -> Callable[[_Seen], Any]:
    return lambda seen: field.kind.from_wire(seen.found.row.get(field.wire))
