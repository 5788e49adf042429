"""Reading into the identity map: pages, attributes that were not asked for, references, a page at a time."""

from __future__ import annotations

import logging
import re
import string
import weakref
from typing import TYPE_CHECKING, Any, cast

from ..errors import ConfigurationError, NotFound, ProtocolError
from ..expressions.compiler import compile_expression
from ..expressions.dialect import LANGUAGES
from ..expressions.tree import Comparison, Expression, Operator
from ..mapping import state
from ..mapping.page import Page
from ..mapping.protocols import Select
from ..mapping.registry import class_named, mapper_of_type
from ..mapping.rows import fill, merge, settle_empty
from ..queryset.description import Description
from ..queryset.listing import row_pages
from ..wire.clock import MONOTONIC
from .dictionaries import DictionaryCalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.kinds import Reference
    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Pending, RowSource
    from ..wire.announcing import Announced
    from ..wire.clock import Clock
    from ..wire.messages import Call
    from .identity import IdentityMap

__all__ = ["LoadingCalls"]

# As the published client checks it (24 lower-case characters); tasks and files have uuids.
_DICTIONARIES = frozenset({dict})
_ID = re.compile(r"[A-Za-z0-9_-]+")
_ID_BYTES = f"{string.ascii_letters}{string.digits}_-".encode()


def _with_ids(rows: Sequence[dict[str, Any]], mapper: Mapper) -> tuple[Sequence[dict[str, Any]], list[str]]:
    """Return the rows that have a usable id, and the ids; the others are reported."""
    try:
        ids = [row["id"] for row in rows]
        text = "".join(ids)
    except (KeyError, TypeError):
        pass
    else:
        # The same as matching each id, at a tenth of the price.
        if text.isascii() and not text.encode().translate(None, _ID_BYTES) and all(ids):
            return rows, ids
    usable = []
    for row in rows:
        ident = row.get("id")
        if isinstance(ident, str) and _ID.fullmatch(ident):
            usable.append(row)
        else:
            logging.getLogger("accsyn_orm.session").warning(
                "a row of %s has no usable id and was set aside: %.100r", mapper.entitytype, ident
            )
    return usable, [row["id"] for row in usable]


class _Announced:
    """A page that was asked for ahead of its time."""

    def __init__(self, session: LoadingCalls, announced: Announced) -> None:
        self._session, self._announced = session, announced

    def result(self) -> list[dict[str, Any]]:
        """Return its rows; what went wrong with asking ahead is asked again."""
        return self._session._answered_rows(self._announced.call)  # noqa: SLF001 -- a part of the session

    def cancel(self) -> None:
        """Give it up."""
        self._announced.ahead.withdraw()


class LoadingCalls(DictionaryCalls):
    """The reading half of a session that maps entities: what query sets and entities ask of it."""

    page_size: int = 500
    # What `watch()` and `wait_for()` go by.
    clock: Clock = MONOTONIC
    _identity: IdentityMap
    _reference: weakref.ref[LoadingCalls]
    _absent: set[tuple[Mapper, str]]

    @property
    def request_rate(self) -> float:
        """Requests a second that the rate limit lets through as things are; infinite where none is kept."""
        return self._connection.request_rate

    # For query sets

    def fetch_rows(self, select: Select, *, skip: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """
        Ask for one page of a find.

        Args:
            select: What to find.
            skip: Rows to leave out first.
            limit: The most rows to answer.

        Raises:
            ProtocolError: The answer is not a list of objects.
        """
        self._check_open()
        return self._answered_rows(self._find(select, skip=skip, limit=limit))

    def announce_rows(self, select: Select, *, skip: int, limit: int | None) -> Pending | None:
        """Ask for one page and do not wait for it; None where that cannot be done at once."""
        announced = self._connection.announce(self._find(select, skip=skip, limit=limit))
        return None if announced is None else _Announced(self, announced)

    def _answered_rows(self, call: Call) -> list[dict[str, Any]]:
        rows = self._result(call)
        if not isinstance(rows, list) or not set(map(type, rows)) <= _DICTIONARIES:
            raise ProtocolError(
                f"{call.uri} answered {type(rows).__name__}, not a list of objects", uri=call.uri
            )
        return rows

    def _find(self, select: Select, *, skip: int, limit: int | None) -> Call:
        return self._connection.dialect.find(
            select.mapper.entitytype,
            self.query_text(select.expression),
            parent=select.parent,
            skip=skip,
            limit=limit,
            attributes=select.attributes,
            **({} if select.scope == "active" else {select.scope: True}),
        )

    def admit(
        self, select: Select, rows: Sequence[dict[str, Any]], page: Page | None = None
    ) -> list[MappedBase]:
        """
        Turn rows into entities: those that are held already are refreshed, keeping local changes.

        A row without a usable id is set aside with a warning in the log: it could never be told apart or
        updated.

        Args:
            select: The find that brought them.
            rows: The rows.
            page: The page that they are a part of; a new one where not given.
        """
        mapper = select.mapper
        page = Page(select.scope) if page is None else page
        known = self._identity.of(mapper.cls)

        def other(row: dict[str, Any]) -> MappedBase:
            """Take in a row whose entity is held already, or that needs care."""
            ident, link = row["id"], known.get(row["id"])
            entity = None if link is None else link()
            if entity is None:
                entity = self._made(mapper)
                fill(entity, row)
                known[ident] = weakref.ref(entity)
            else:
                merge(entity, row)
            state.put_on_page(entity, page)
            return entity

        usable, ids = _with_ids(rows, mapper)
        return mapper.hydrate(usable, ids, known, self._reference, state.Phase.PERSISTENT, page, other)

    def query_text(self, expression: Expression) -> str:
        """Return an expression as this session sends it; no I/O."""
        return compile_expression(expression, LANGUAGES[self._connection.dialect.query_language])

    def _made(self, mapper: Mapper) -> MappedBase:
        entity = mapper.cls.__new__(mapper.cls)
        state.prepare(entity, self._reference, state.Phase.PERSISTENT)
        return entity

    # For entities

    def load_missing(self, entity: MappedBase, field: Field) -> None:
        """
        Load a field that was not in the answer, for every entity of the page that lacks it.

        Nothing documents which attributes a find returns unasked, so one is asked for by name; where that
        brings nothing either, this session does not ask for it again.

        Raises:
            NotFound: The entity is gone.
        """
        mapper = entity.__mapper__
        page = state.page_of(entity) or Page("active")
        lacking = {
            cast("str", state.peek(other, mapper.fields["id"])): other
            for other in [entity, *page]
            if state.peek(other, field) is state.MISSING
        }
        if (mapper, field.name) not in self._absent:
            wanted = ("id", field.wire)
            rows = list(self._rows_by_id(mapper, lacking, page.scope, wanted, parent=self._parent_of(entity)))
            for row in rows:
                merge(lacking[row["id"]], row)
            if rows and not any(field.wire in row for row in rows):
                self._absent.add((mapper, field.name))
            # Those that left the scope since are not settled: they load alone, when they are touched.
            found = {row["id"]: lacking[row["id"]] for row in rows}
            if not any(entity is other for other in found.values()):
                self._load_alone(entity)
                found[""] = entity
            lacking = found
        for other in lacking.values():
            if state.peek(other, field) is state.MISSING:
                settle_empty(other, field)

    def _load_alone(self, entity: MappedBase) -> None:
        """
        Load one entity by its id, whatever scope it is in by now.

        Raises:
            NotFound: It is gone.
        """
        mapper = entity.__mapper__
        ident = cast("str", state.peek(entity, mapper.fields["id"]))
        row = self._row_of(mapper, ident, self._parent_of(entity))
        if row is None:
            raise self._gone(entity)
        merge(entity, row)

    @staticmethod
    def _gone(entity: MappedBase) -> NotFound:
        mapper = entity.__mapper__
        return NotFound(
            f"{entity!r} does not exist any more, or is not visible any more",
            entity=f"{mapper.entitytype}:{state.peek(entity, mapper.fields['id'])}",
        )

    def _parent_of(self, entity: MappedBase) -> str | None:
        name = entity.__mapper__.parent
        parent = None if name is None else state.peek(entity, entity.__mapper__.fields[name])
        return parent if isinstance(parent, str) else None

    def _row_of(self, mapper: Mapper, ident: str, parent: str | None = None) -> dict[str, Any] | None:
        rows = self._result(self._connection.dialect.entity(mapper.entitytype, ident, parent=parent))
        if not rows:
            return None
        row = rows[0] if isinstance(rows, list) else rows
        if not isinstance(row, dict) or row.get("id") != ident:
            raise ProtocolError(f"asked for {mapper.entitytype}:{ident}, the server answered another entity")
        return row

    def _rows_by_id(
        self,
        mapper: Mapper,
        ids: Iterable[str],
        scope: str = "active",
        attributes: tuple[str, ...] | None = None,
        parent: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of these ids, as few requests as the length of a URL allows."""
        wanted = tuple(dict.fromkeys(ids))
        if not wanted:
            return
        source = cast("RowSource", self)
        found = Description(
            mapper, source, Comparison("id", Operator.IN, wanted), (scope,), attributes, parent
        )
        asked = set(wanted)
        for _, rows in row_pages(found, source, ahead=0):
            yield from (row for row in rows if row.get("id") in asked)

    def held(self, entity: MappedBase, field: Field) -> MappedBase | None:
        """Return the entity that a reference leads to, if this session holds it already; no I/O."""
        mapper, ident = self._led_to(entity, field)
        if mapper is None:
            return None
        page = state.page_of(entity)
        related = None if page is None else page.related.get((mapper.cls, ident))
        return related or self._identity.find(mapper.cls, ident)

    def preload(self, entities: Sequence[MappedBase], field: Field) -> None:
        """Load what the entities of one page refer to through a field, as following the first would."""
        page = state.page_of(entities[0])
        if page is None:
            return
        for target in {
            mapper for mapper, _ in (self._led_to(entity, field) for entity in entities) if mapper
        }:
            self._load_related(page, entities[0], field, target)

    def follow(self, entity: MappedBase, field: Field) -> MappedBase | None:
        """
        Return the entity that a reference leads to, loading those of the whole page at once.

        Raises:
            NotFound: It does not exist, or this user may not see it.
        """
        target, ident = self._target(entity, field)
        key = (target.cls, ident)
        page = state.page_of(entity) or Page("active")
        if key not in page.related:
            found = self._identity.find(*key)
            if found is None:
                self._load_related(page, entity, field, target)
            else:
                page.related[key] = found
        related = page.related.get(key)
        if related is None:
            raise NotFound(
                f"{field.name} of {entity!r} is {target.entitytype} {ident}, which does not exist or is not"
                f" visible to {self.username}",
                entity=f"{target.entitytype}:{ident}",
            )
        return related

    def _load_related(self, page: Page, entity: MappedBase, field: Field, target: Mapper) -> None:
        """Load what the members of a page refer to through one field, among inactive entities last."""
        wanted: dict[str, None] = {}
        for member in [entity, *page]:
            mapper, ident = self._led_to(member, field)
            if mapper is target and (target.cls, ident) not in page.related:
                wanted[ident] = None
        for scope in ("active", "inactive" if not target.has_finished else "finished"):
            rows = list(self._rows_by_id(target, wanted, scope))
            for found in self.admit(Select(target, scope=scope), rows):
                ident = cast("str", state.peek(found, target.fields["id"]))
                page.related[target.cls, ident] = found
                wanted.pop(ident, None)
            if not wanted:
                return
        for ident in wanted:
            page.related[target.cls, ident] = None

    def _target(self, entity: MappedBase, field: Field) -> tuple[Mapper, str]:
        """Return the mapper of what a reference leads to, and its id."""
        mapper, ident = self._led_to(entity, field)
        if mapper is None:
            raise ConfigurationError(
                f"{field.slot} of {entity!r} is {state.peek(entity, field)!r}, and no class is mapped to what"
                f" it leads to; declare one: class …(Entity, entitytype=…)"
            )
        return mapper, ident

    @staticmethod
    def _led_to(entity: MappedBase, field: Field) -> tuple[Mapper | None, str]:
        """Return the mapper of what a loaded reference leads to, None if no class is mapped, and the id."""
        value, kind = state.peek(entity, field), cast("Reference", field.kind)
        if not isinstance(value, str):
            return None, ""
        if kind.target is not None:
            return class_named(kind.target, type(entity).__module__).__mapper__, value
        entitytype, colon, ident = value.partition(":")
        return (mapper_of_type(entitytype), ident) if colon else (None, value)
