"""The query set of tasks, which adds several to a job at once (accsyn documentation, "Transfers", create tasks)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, overload

from ..errors import ProtocolError, QueryError
from ..mapping import state
from ..queryset.query_set import QuerySet
from .created import created_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..mapping.protocols import Caller
    from .jobs import Task

__all__ = ["TaskQuerySet"]


class TaskQuerySet(QuerySet["Task"]):
    """Tasks: `job.tasks`, `Task.objects`."""

    @overload
    def create(
        self,
        tasks: str | Mapping[str, Any] | None = ...,
        /,
        *,
        allow_duplicates: bool | None = ...,
        replace_duplicates: bool | None = ...,
        **values: Any,
    ) -> Task: ...
    @overload
    def create(
        self,
        tasks: list[Any] | tuple[Any, ...],
        /,
        *,
        allow_duplicates: bool | None = ...,
        replace_duplicates: bool | None = ...,
    ) -> list[Task]: ...
    def create(
        self,
        tasks: str | Mapping[str, Any] | list[Any] | tuple[Any, ...] | None = None,
        /,
        *,
        allow_duplicates: bool | None = None,
        replace_duplicates: bool | None = None,
        **values: Any,
    ) -> Task | list[Task]:
        """
        Add one task or several to a job, now and with one request; pending changes of the session are not sent.

            job.tasks.create(source="volume=projects/a.mov", destination="lisa@example.com")
            job.tasks.create(["volume=projects/a.mov", {"source": "volume=projects/b.mov", "priority": 900}])

        A task like one that is there is retried by the server, and not added, where neither option is given. A
        finished job comes back to life. Where no answer comes to several at once, look at `job.tasks` before trying
        again.

        Args:
            tasks: The path of the source, or the fields of a task; several of them in a list.
            allow_duplicates: False has the server refuse a task that is there already.
            replace_duplicates: True has it put the new one in its place.
            **values: The fields of one task.

        Returns:
            The task; of a list, the tasks that the server names: none where it says only that it worked.

        Raises:
            UnknownField: A task has no such field.
            InvalidValue: A value does not fit.
            QueryError: It is not known to which job they belong, or there is nothing to add.
            ServerError: The server refuses.
        """
        several = isinstance(tasks, (list, tuple))
        if several and values:
            raise QueryError(
                "give the fields of several tasks in the list, and of one task by name; not both"
            )
        options = {"allow_duplicates": allow_duplicates, "replace_duplicates": replace_duplicates}
        if several:
            return self._added(list(cast("list[Any]", tasks)), options)
        one = {**({"source": tasks} if isinstance(tasks, str) else dict(cast("Any", tasks or {}))), **values}
        if all(option is None for option in options.values()):
            return super().create(**one)
        added = self._added([one], options)
        if not added:
            raise ProtocolError("the server says that the task was added, and not which it is: see job.tasks")
        return added[0]

    def _added(self, tasks: list[Any], options: dict[str, bool | None]) -> list[Task]:
        mapper = self.description.mapper
        if not tasks:
            raise QueryError("there is no task to add: give at least one")
        items, parents = zip(*(self._item(task) for task in tasks), strict=True)
        named = {parent for parent in (self.description.parent, *parents) if parent is not None}
        if len(named) != 1:
            what = "no job" if not named else f"{len(named)} jobs"
            raise QueryError(f"{what} named for the tasks: use job.tasks.create(…)")
        parent = named.pop()
        session = cast("Caller", self._source())
        created = session.create("task", {"tasks": list(items)}, parent, **options)
        return cast("list[Task]", created_parts(session, mapper, created, parent))

    def _item(self, task: str | Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
        """Return a task as it is sent, checked as any entity is, and the job that it names."""
        mapper = self.description.mapper
        made = mapper.cls(**({"source": task} if isinstance(task, str) else task))
        values = {field.name: state.wire_value(made, field) for field in mapper.fields.values()}
        known = {name: value for name, value in values.items() if value not in (state.MISSING, None)}
        parent = known.pop("job", None)
        return {mapper.fields[name].wire: value for name, value in known.items()}, parent
