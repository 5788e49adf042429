"""`accsyn-orm show`: everything of one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.text import Text

from .connecting import Connection, connects
from .entity_types import attributes_of, class_of, complete_type, entity_of
from .exits import DONE, exits, misuse
from .terminal import console, escaped, json_text, printed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["show"]


@exits
@connects
def show(
    connection: Connection,
    entitytype: Annotated[
        str,
        typer.Argument(metavar="TYPE", help="Such as job, user or queue.", autocompletion=complete_type),
    ],
    ident: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    parent: Annotated[
        str | None,
        typer.Option(metavar="ID", help="What it is a part of: the job of a task, the collection of a file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print every attribute of one entity, in whatever scope it is."""
    with misuse():
        cls = class_of(entitytype)
    with connection.open() as session:
        attributes = attributes_of(entity_of(session, cls, ident, parent))
    if json:
        print(json_text(attributes, indent=2))
        return DONE
    parts = [part for name, value in attributes.items() for part in _parts(name, value)]
    width = max(cell_len(escaped(path)) for path, _ in parts)
    screen = console()
    for path, value in parts:
        name = Text(escaped(path), style="bold")
        name.pad_right(width - name.cell_len)
        line = Text("  ").join([name, printed(value, path)])
        line.rstrip()
        screen.print(line, soft_wrap=True)
    return DONE


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value, or what is inside of it, key by key."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _parts(f"{name}.{key}", part)
    else:
        yield name, value
