"""`accsyn-orm whoami`: sign in, and say as whom."""

from __future__ import annotations

from typing import Annotated

import typer

from .connecting import Connection, connects
from .exits import DONE, exits
from .terminal import escaped, json_text

__all__ = ["whoami"]


@exits
@connects
def whoami(
    connection: Connection, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> int:
    """Sign in, and print who you are and where."""
    with connection.open() as session:
        about = {
            "workspace": session.workspace,
            "username": session.username,
            "role": session.role,
            "user_id": session.user_id,
            "url": session.url,
        }
    if json:
        print(json_text(about, indent=2))
    else:
        for name, value in about.items():
            print(f"{name:<9}  {escaped(value)}")
    return DONE
