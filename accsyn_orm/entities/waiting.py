"""`job.wait_for(status="done")`: look at an entity until it has come so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

import attrs

from ..errors import QueryError, SessionError, WaitEnded, WaitTimeout
from ..expressions.compiler import compile_expression
from ..expressions.evaluator import evaluate
from ..expressions.tree import EVERYTHING, NOTHING, Comparison, Expression
from ..mapping import state
from ..mapping.predicates import Predicate
from ..mapping.rows import merge
from ..queryset.description import Description
from ..queryset.locating import located, resting_scope
from ..queryset.lookups import field_text, lookup_names
from ..queryset.pacing import PATIENCE, Pace
from ..queryset.resolution import resolve
from ..queryset.watching import field_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Observed

__all__ = ["Waitable"]

# In these a job or a task changes no more by itself (accsyn documentation, "Transfers").
_ENDS = ("done", "failed", "aborted", "excluded")
_LISTS = (list, tuple, set, frozenset)


class Waitable:
    """An entity that can be waited for."""

    __slots__ = ()

    def wait_for(
        self,
        *conditions: Predicate | Callable[[Self], object],
        timeout: float | None = None,
        interval: float | None = None,
        give_up_on: Iterable[str] | None = None,
        patience: float = PATIENCE,
        **lookups: Any,
    ) -> Self:
        """
        Read this entity again and again until all that is asked for holds; return it, refreshed.

            job.wait_for(status="done", timeout=3600)
            job.wait_for(status=["done", "aborted"])
            job.wait_for(Job.progress >= 50, speed__gt=0)
            job.wait_for(lambda job: job.metadata.get("checked"))

        What the server has is looked at, not what was set here; local changes stay as they are.

        Args:
            *conditions: Comparisons of fields, `Q(…)`, or functions that take the entity and say whether it is so far.
            timeout: Seconds after which to give up; None for no end. The look that is under way then is finished.
            interval: Seconds between looks, more where the rate limit asks for it. Where not given: 2, half as long
                again after each look that brings nothing new, up to 30, and 2 again after one that does.
            give_up_on: Statuses in which there is nothing left to wait for. Where not given, those in which jobs and
                tasks change no more by themselves: done, failed, aborted, excluded; `()` waits all the same.
            patience: Seconds for which looks may fail in ways that may pass, such as a lost connection, before the
                error is raised; 0 to raise it at once.
            **lookups: Fields of the entity, as in `filter`; several values in a list mean one of them.

        Raises:
            WaitTimeout: It did not come in time; `seen` has the values that were last seen.
            WaitEnded: It cannot come any more, since the entity ended otherwise.
            NotFound: The entity is gone.
            SessionError: The entity does not exist on the server.
            QueryError: There is nothing to wait for, or an argument is not what it must be.
        """
        entity = cast("MappedBase", self)
        pace = Pace(interval, timeout, patience)
        wait = _Wait.of(entity, conditions, lookups, give_up_on)
        session = cast("Observed", state.owner_of(entity))
        if state.phase_of(entity) is not state.Phase.PERSISTENT:
            raise SessionError(f"{entity!r} does not exist on the server, so there is nothing to wait for")
        while True:
            before = wait.row
            if pace.attempt(session, lambda: wait.look(session)):
                if wait.holds():
                    return self
                wait.give_up_if_ended()
            if not pace.pause(session, changed=before != wait.row):
                raise wait.too_late(pace) from pace.failure


@attrs.define
class _Wait:
    """
    What is waited for, and what was last seen.

    Args:
        entity: The entity.
        expression: What must hold of its fields.
        tests: Functions that must hold of it.
        fields: The fields that the expression is about.
        ends: Statuses to give up on.
        scope: Where it was last seen.
        row: What the server had then, by wire name.
    """

    entity: MappedBase
    expression: Expression
    tests: tuple[Callable[[Any], object], ...]
    fields: tuple[Field, ...]
    ends: frozenset[str]
    scope: str = "active"
    row: Mapping[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls,
        entity: MappedBase,
        conditions: tuple[Any, ...],
        lookups: Mapping[str, Any],
        give_up_on: Iterable[str] | None,
    ) -> _Wait:
        """
        Return what is waited for, checked.

        Raises:
            QueryError: There is nothing to wait for, or it is not about the entity's own fields.
            InvalidValue: A value that a field never has.
        """
        mapper = entity.__mapper__
        tests = tuple(each for each in conditions if callable(each) and not isinstance(each, Predicate))
        predicates = tuple(each for each in conditions if each not in tests)
        expression = resolve(
            mapper, predicates, dict(_own(lookup, value) for lookup, value in lookups.items())
        )
        if (expression == EVERYTHING and not tests) or expression == NOTHING:
            raise QueryError("wait_for() takes what to wait for, as in wait_for(status='done')")
        page = state.page_of(entity)
        scope = "active" if page is None else page.scope
        return cls(
            entity, expression, tests, _fields_of(expression, mapper), _ends(mapper, give_up_on), scope
        )

    def look(self, session: Observed) -> bool:
        """
        Read the entity again; what was changed here stays.

        Raises:
            NotFound: It is gone.
        """
        mapper = self.entity.__mapper__
        ident = cast("str", state.peek(self.entity, mapper.fields["id"]))
        everywhere = tuple(dict.fromkeys((self.scope, "active", resting_scope(mapper))))
        # One that moves back while it is looked for is found the second time.
        for scopes in (everywhere, everywhere):
            found = located(self._description(), session, [ident], scopes).get(ident)
            if found is not None:
                self.scope = found.select.scope
                self.row = self._completed(session, ident, found.row)
                merge(self.entity, self.row)
                return True
        raise mapper.cls.DoesNotExist(
            f"{self.entity!r} does not exist any more, or is not visible any more",
            entity=f"{mapper.entitytype}:{ident}",
        )

    def _description(self, attributes: tuple[str, ...] | None = None) -> Description:
        mapper = self.entity.__mapper__
        parent = None if mapper.parent is None else state.peek(self.entity, mapper.fields[mapper.parent])
        return Description(mapper, attributes=attributes, parent=parent if isinstance(parent, str) else None)

    def _completed(self, session: Observed, ident: str, row: dict[str, Any]) -> dict[str, Any]:
        """Ask by name for what is waited for and was not answered unasked."""
        lacking = tuple(field.wire for field in self.fields if field.wire not in row)
        if not lacking:
            return row
        asked = located(self._description(("id", *lacking)), session, [ident], [self.scope]).get(ident)
        return row if asked is None else row | asked.row

    def holds(self) -> bool:
        """Whether it has come so far."""
        mapper = self.entity.__mapper__
        values = {wire: field.kind.from_wire(self.row.get(wire)) for wire, field in mapper.by_wire.items()}
        if mapper.parent is not None:
            wire = mapper.fields[mapper.parent].wire
            values[f"{wire}.id"] = values[wire]
        return evaluate(self.expression, values) and all(test(self.entity) for test in self.tests)

    def give_up_if_ended(self) -> None:
        """
        Stop where it can come no more.

        Raises:
            WaitEnded: So it is.
        """
        status = self.row.get("status")
        if isinstance(status, str) and status in self.ends:
            raise WaitEnded(
                f"{self.entity!r} is {status}, and {self.text} cannot come by itself any more; last seen:"
                f" {self._shown()}. give_up_on=() waits all the same",
                seen=self.seen,
                entity=self._name,
            )

    def too_late(self, pace: Pace) -> WaitTimeout:
        """Return the error for time that is up."""
        last = f"last seen: {self._shown()}" if self.row else "no look succeeded"
        why = "" if pace.failure is None else f"; the last look failed: {pace.failure}"
        return WaitTimeout(
            f"{self.text} did not come within {pace.timeout:g} seconds for {self.entity!r}; {last}{why}",
            seen=self.seen,
            entity=self._name,
        )

    @property
    def text(self) -> str:
        """What is waited for, in words."""
        parts = [] if self.expression == EVERYTHING else [compile_expression(self.expression)]
        return " AND ".join(
            [*parts, *(f"{getattr(test, '__name__', 'a function')}()" for test in self.tests)]
        )

    @property
    def seen(self) -> dict[str, Any]:
        """The values that matter, as they were last seen, by name of field."""
        if not self.row:
            return {}
        status = self.entity.__mapper__.fields.get("status")
        fields = dict.fromkeys((*self.fields, *(() if status is None else (status,))))
        return {field.slot: field_value(field, self.row) for field in fields}

    @property
    def _name(self) -> str:
        mapper = self.entity.__mapper__
        return f"{mapper.entitytype}:{state.peek(self.entity, mapper.fields['id'])}"

    def _shown(self) -> str:
        return ", ".join(f"{name} {value!r}" for name, value in self.seen.items()) or "nothing"


def _own(lookup: str, value: Any) -> tuple[str, Any]:
    """Return a lookup about the entity's own field; a list of values is one of them."""
    name, _, rest = lookup.partition("__")
    if rest and rest not in lookup_names():
        _refuse(lookup, name)
    return (f"{lookup}__in", value) if not rest and isinstance(value, _LISTS) else (lookup, value)


def _refuse(lookup: str, name: str) -> NoReturn:
    raise QueryError(
        f"{lookup}: wait_for looks at the entity's own fields, with lookups such as {name}__in; for more, give it a"
        f" function that takes the entity"
    )


def _ends(mapper: Mapper, give_up_on: Iterable[str] | None) -> frozenset[str]:
    """Return the statuses to give up on."""
    status = mapper.fields.get("status")
    if give_up_on is None:
        return frozenset(() if status is None else status.choices) & frozenset(_ENDS)
    if isinstance(give_up_on, str):
        raise QueryError(
            f"give_up_on is {give_up_on!r}; it must be several statuses, as in ({give_up_on!r},)"
        )
    statuses = frozenset(give_up_on)
    if statuses and status is None:
        raise QueryError(f"give_up_on: a {mapper.entitytype} has no status")
    return frozenset(field_text(cast("Field", status), each, mapper.entitytype) for each in statuses)


def _fields_of(expression: Expression, mapper: Mapper) -> tuple[Field, ...]:
    """Return the fields that an expression compares."""
    if isinstance(expression, Comparison):
        field = mapper.by_wire.get(expression.attribute)
        return () if field is None else (field,)
    terms: tuple[Expression, ...] = getattr(expression, "terms", ())
    return tuple(dict.fromkeys(field for term in terms for field in _fields_of(term, mapper)))
