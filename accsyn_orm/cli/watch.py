"""`accsyn-orm watch`: see what matches a query come, change and go."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live

from .columns import columns_of, usual_columns
from .connecting import Connection, connects
from .entity_types import query_set_of
from .exits import DONE, exits, handling, misuse, terminable
from .terminal import can_be_drawn_on, console, escaped, json_text, value_text
from .watch_table import GIVING_WAY, WatchTable, bar_columns
from .writers import JsonLinesWriter, TableWriter

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Sequence
    from types import FrameType

    from ..entities.base import Entity
    from ..mapping.mapper import Mapper
    from ..queryset.query_set import QuerySet
    from ..queryset.watching import Event, Watch
    from .columns import Column

__all__ = ["watch"]

_LABELS = ("name", "code")


@exits
@connects
def watch(
    connection: Connection,
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="Such as 'transfer WHERE status=running', or 'job' for all of them."
        ),
    ],
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…", help="Fields to show and to compare, in place of the usual ones; as in find."
        ),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="SECONDS", help="How often to look; by default as the rate limit suggests."
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="End after so long; never by default.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, and print what is there.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print an object per event, on a line of its own.")
    ] = False,
) -> int:
    """
    Watch what matches a query, until Ctrl-C.

    On a terminal it is a table that stays up to date, with progress and time left; elsewhere a line per event.
    """
    with misuse():
        wanted = query_set_of(query)
        mapper = wanted.description.mapper
        shown = _columns(mapper, columns)
    names = dict.fromkeys(column.field.name for column in shown)
    related = dict.fromkeys(column.field.name for column in shown if column.beyond is not None)
    with connection.open() as session:
        found = wanted.only(*names).select_related(*related).using(session)
        title = f"{wanted.query} at {session.workspace}"
        table = WatchTable(title, shown, GIVING_WAY if columns is None else ())
        if once:
            _print_once(found, shown, table, json=json)
            return DONE
        with found.watch(interval=interval, timeout=timeout, initial=True) as watching:
            if can_be_drawn_on() and not json:
                _show(watching, table)
            else:
                for event in watching:
                    print(_object(event, shown) if json else _line(event), flush=True)
    return DONE


def _columns(mapper: Mapper, names: str | None) -> list[Column]:
    if names is not None:
        return columns_of(mapper, names)
    return bar_columns(mapper) if "progress" in mapper.fields else usual_columns(mapper)


def _print_once(found: QuerySet[Entity], shown: Sequence[Column], table: WatchTable, *, json: bool) -> None:
    if sys.stdout.isatty() and not json:
        table.update(list(found))
        console().print(table)
        return
    writer = JsonLinesWriter(sys.stdout) if json else TableWriter([column.name for column in shown])
    for entity in found:
        writer.write({column.name: column.value(entity) for column in shown})
    writer.finish()


def _show(watching: Watch[Entity], table: WatchTable) -> None:
    screen = console()
    # On a screen of its own, since what is typed and a window that changes its size would move what is drawn over.
    live = Live(table, console=screen, screen=True, refresh_per_second=2)
    try:
        with terminable(), _suspendable(live), live:
            for event in watching:
                table.take(event)
                table.update(watching.entities)
                live.refresh()
    finally:
        if not table.is_empty:
            screen.print(table)


def _suspendable(live: Live) -> contextlib.AbstractContextManager[None]:
    """Leave the terminal to the shell as it was while Ctrl-Z stops the command."""

    def suspend(_signal: int, _frame: FrameType | None) -> None:
        was_started = live.is_started
        live.stop()
        os.kill(os.getpid(), signal.SIGSTOP)
        if was_started:
            live.start(refresh=True)

    return handling("SIGTSTP", suspend)


def _line(event: Event[Entity]) -> str:
    """Return an event as a line: when, what, which, and what became of its fields."""
    entity = event.entity
    held = (getattr(entity, name) for name in _LABELS if name in entity.__mapper__.fields)
    label = next((escaped(text) for text in held if isinstance(text, str)), "")
    parts = [_now().strftime("%H:%M:%SZ"), event.kind, entity.__mapper__.entitytype, entity.id, repr(label)]
    parts += [f"{change.field} {_shown(change.before)} → {_shown(change.after)}" for change in event.changes]
    return "  ".join([*parts, f"({event.scope or 'gone'})"] if event.left else parts)


def _shown(value: Any) -> str:
    return escaped(value_text(value)) or "–"


def _object(event: Event[Entity], shown: Sequence[Column]) -> str:
    return json_text(
        {
            "time": _now(),
            "kind": event.kind,
            "type": event.entity.__mapper__.entitytype,
            "id": event.entity.id,
            "scope": event.scope,
            "left": event.left,
            "changes": {change.field: [change.before, change.after] for change in event.changes},
            "entity": {column.name: column.value(event.entity) for column in shown},
        }
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
