"""How plans and what became of them look in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..queryset.notebook import SHOWN, table_html
from .plan_text import shown, split_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .outcomes import CommitResult
    from .plan import Change, Operation, Plan

__all__ = ["plan_html", "result_html"]


def plan_html(plan: Plan) -> str:
    """Return a plan as a table: a row for each attribute, before and after, 20 of them at most."""
    head = ("", "operation", "attribute", "before", "after") if plan.operations else ()
    rows: list[tuple[Any, ...]] = []
    for operation in plan.operations:
        rows += _rows(operation)
        if len(rows) > SHOWN:
            break
    total = sum(1 for operation in plan.operations for _ in _rows(operation))
    notes = "".join(f"; note: {warning}" for warning in plan.warnings)
    return table_html(f"{plan.summary}{notes}", head, rows, total=total)


def _rows(operation: Operation) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each attribute; the operation itself stands in the first one."""
    title: tuple[Any, str] = (operation.number, operation.title)
    several = [(operation.title, operation.changes)] if not operation.members else []
    several += [(f"{operation.title}: {each.label or each.id}", each.changes) for each in operation.members]
    for name, changes in several:
        title = (operation.number, name)
        for attribute, before, after in _changes(changes, created=operation.kind.value == "create"):
            yield (*title, attribute, before, after)
            title = ("", "")
        if title[1]:
            yield (*title, "", "", "")


def _changes(changes: tuple[Change, ...], *, created: bool) -> Iterator[tuple[str, str, str]]:
    for attribute, before, after in split_changes(changes):
        yield attribute, "" if created else shown(before), shown(after)


def result_html(result: CommitResult) -> str:
    """Return what became of a plan as a table: a row for each operation, what was not applied first."""
    outcomes = [*result.rejected, *result.unknown, *result.not_sent, *result.applied]
    rows = (
        (each.operation.number, each.state.replace("_", " "), each.operation.title, each.id, each.error or "")
        for each in outcomes
    )
    head = ("", "", "operation", "id", "error") if outcomes else ()
    return table_html(str(result), head, rows, total=len(outcomes))
