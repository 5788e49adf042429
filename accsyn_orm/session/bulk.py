"""Writing many entities at once, without making objects of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import commit as committing
from .commits import CommitCalls
from .guarded import Counted
from .outcomes import TransientRecorder
from .plan import Change, Kind, Operation, Plan
from .progress import check_progress
from .settling import same_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..mapping.mapper import Mapper
    from .progress import Progress

__all__ = ["BulkCalls"]


class BulkCalls(CommitCalls):
    """What query sets write through; it is sent at once, apart from what the session's commit will send."""

    def update_rows(
        self,
        mapper: Mapper,
        rows: Sequence[dict[str, Any]],
        changes: dict[str, Any],
        progress: Progress = None,
    ) -> int:
        """
        Set attributes of many entities, one request each; those that have the values already are left alone.

        Args:
            mapper: Mapper of their class.
            rows: Their ids, and what they hold now.
            changes: Wire name → wire value.
            progress: Is told of each outcome as it comes. True shows a bar (needs rich or tqdm).

        Raises:
            CommitError: Not everything was applied.
            ConfigurationError: A bar is asked for, and neither rich nor tqdm is installed.
        """
        check_progress(progress)
        operations: list[Operation] = []
        for row in rows:
            different = tuple(
                Change(name, row.get(name), value)
                for name, value in changes.items()
                if not same_json(row.get(name), value)
            )
            if different:
                operations.append(self._operation(len(operations) + 1, Kind.UPDATE, mapper, row, different))
        self._run_rows(operations, progress)
        return len(rows)

    def delete_rows(self, mapper: Mapper, rows: Sequence[dict[str, Any]]) -> int:
        """
        Delete many entities, one request each.

        Raises:
            CommitError: Not everything was applied.
        """
        self._run_rows(
            [self._operation(number, Kind.DELETE, mapper, row) for number, row in enumerate(rows, 1)]
        )
        return len(rows)

    def _operation(
        self, number: int, kind: Kind, mapper: Mapper, row: dict[str, Any], changes: tuple[Change, ...] = ()
    ) -> Operation:
        parent = None if mapper.parent is None else row.get(mapper.fields[mapper.parent].wire)
        return Operation(
            number, kind, mapper.entitytype, row["id"], row.get("code") or "", changes, (), parent
        )

    def _run_rows(self, operations: list[Operation], progress: Progress = None) -> None:
        if operations:
            self._drain_listings()
            plan = Plan(self.workspace, tuple(operations))
            committing.run(plan, Counted(self), TransientRecorder(), self._settle_value, progress=progress)
