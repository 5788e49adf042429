"""
The job of a task, of whatever kind it is.

A task names its job by id alone, and today's servers find deliveries, requests, streams and compute jobs by their own
types only: `job` is a second name of `transfer` (accsyn-python-api release notes).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from ..entities.jobs import Job
from ..errors import AuthenticationFailed, RateLimited, ServerError, ServerFault, SessionExpired
from ..mapping import state
from ..mapping.protocols import Select
from ..mapping.registry import canonical_type, mappers
from .bulk import BulkCalls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..mapping.base import MappedBase
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper
    from ..mapping.page import Page

__all__ = ["JobKinds"]

# What a readable reference may begin with: `delivery:Trailer[…](5bfe…)`.
_TYPE = re.compile(r"([A-Za-z]+):")
# These say nothing about the type that was asked for.
_OTHER_ERRORS = (AuthenticationFailed, SessionExpired, RateLimited, ServerFault)


class JobKinds(BulkCalls):
    """The part of a session that finds jobs whose kind is not known."""

    def held(self, entity: MappedBase, field: Field) -> MappedBase | None:
        """Return the entity that a reference leads to, if this session holds it already; a job as any kind."""
        found = super().held(entity, field)
        if found is None:
            target, ident = self._led_to(entity, field)
            if target is not None and target.entitytype == "job":
                kept = (self._identity.find(kind.cls, ident) for kind in _kinds(target))
                found = next((job for job in kept if job is not None), None)
        return found

    def _load_related(self, page: Page, entity: MappedBase, field: Field, target: Mapper) -> None:
        """
        Load what the members of a page refer to through one field.

        For jobs, one kind is asked for after the other, as long as one is missing: first what the readable reference
        names, then the generic type, then the others. Each is asked once for a page.
        """
        if target.entitytype != "job":
            super()._load_related(page, entity, field, target)
            return
        members = [member for member in (entity, *page) if self._led_to(member, field)[0] is target]
        wanted = dict.fromkeys(self._led_to(member, field)[1] for member in members)
        for ident in [ident for ident in wanted if (target.cls, ident) in page.related]:
            del wanted[ident]
        named = [entitytype for member in members for entitytype in _named_types(member, field)]
        for kind in _in_order(target, named):
            if wanted:
                for found in self.admit(Select(kind), self._jobs(kind, wanted)):
                    ident = cast("str", state.peek(found, kind.fields["id"]))
                    page.related[target.cls, ident] = found
                    del wanted[ident]
        for ident in wanted:
            page.related[target.cls, ident] = None

    def _jobs(self, kind: Mapper, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """Return the jobs of one kind that have these ids; none where the server refuses to look for that kind."""
        try:
            return list(self._rows_of_kind(kind, dict.fromkeys(wanted)))
        except _OTHER_ERRORS:
            raise
        except ServerError:
            return []

    def _rows_of_kind(self, kind: Mapper, wanted: dict[str, None]) -> Iterator[dict[str, Any]]:
        """Yield rows: by a find for each scope; one job of a kind that may be wrong by its id, with one request."""
        if len(wanted) == 1 and kind.entitytype != "job":
            row = self._row_of(kind, next(iter(wanted)))
            if row is not None:
                yield row
            return
        for scope in ("active", "finished"):
            for row in self._rows_by_id(kind, wanted, scope):
                del wanted[row["id"]]
                yield row
            if not wanted:
                return


def _kinds(target: Mapper) -> list[Mapper]:
    """Return the generic type, and every kind of job that a class is mapped to; last its second name."""
    kinds = [each for each in mappers() if issubclass(each.cls, Job) and each.entitytype != "job"]
    return [target, *sorted(kinds, key=lambda kind: kind.entitytype == canonical_type("job"))]


def _in_order(target: Mapper, named: Iterable[str]) -> list[Mapper]:
    """Return the kinds with those first that were named."""
    kinds = _kinds(target)
    by_type = {kind.entitytype: kind for kind in kinds}
    first = [by_type[entitytype] for entitytype in dict.fromkeys(named) if entitytype in by_type]
    return [*first, *(kind for kind in kinds if kind not in first)]


def _named_types(member: MappedBase, field: Field) -> list[str]:
    twin = member.__mapper__.fields.get(f"{field.name}_hr")
    text = None if twin is None else state.peek(member, twin)
    match = _TYPE.match(text) if isinstance(text, str) else None
    return [] if match is None else [match[1].lower()]
