"""`accsyn-orm sandbox`: a local workspace to try scripts on."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from .exits import exits

__all__ = ["sandbox"]


class Data(str, enum.Enum):
    """What is in the workspace."""

    DEMO = "demo"
    EMPTY = "empty"


@exits
def sandbox(
    port: Annotated[
        int, typer.Option(help="Port on this machine; any free one by default.", show_default=False)
    ] = 0,
    data: Annotated[Data, typer.Option(help="What is in it.")] = Data.DEMO,
    db: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep it in this SQLite file; in memory by default.")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak https; the authority to trust is printed as `ca PATH`.")
    ] = False,
) -> int:
    """Serve a local accsyn workspace until Ctrl-C."""
    from ..sandbox.command import run

    return run(port, data.value, db, tls=tls)
