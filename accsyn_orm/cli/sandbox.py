"""`accsyn-orm sandbox`: a local workspace to try scripts on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import exits

__all__ = ["sandbox"]


_READY_MADE = ("demo", "empty")


def _data(value: str) -> str:
    if value not in _READY_MADE and not Path(value).is_file():
        raise typer.BadParameter(f"{value!r} is neither 'demo' nor 'empty', nor a JSON file of entities.")
    return value


@exits
def sandbox(
    port: Annotated[
        int, typer.Option(help="Port on this machine; any free one by default.", show_default=False)
    ] = 0,
    data: Annotated[
        str,
        typer.Option(callback=_data, help="What is in it: demo, empty, or a JSON file of entities by type."),
    ] = "demo",
    db: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep it in this SQLite file; in memory by default.")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak https; the authority to trust is printed as `ca PATH`.")
    ] = False,
    folder: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Keep volumes and machines as folders here; temporary by default."),
    ] = None,
    transfers: Annotated[
        bool, typer.Option("--transfers", help="Let transfers copy files between these folders.")
    ] = False,
) -> int:
    """Serve a local accsyn workspace until Ctrl-C."""
    from ..sandbox.command import run

    return run(port, data, db, tls=tls, folder=folder, transfers=transfers)
