"""The command `accsyn-orm`, a file per verb."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = ("typer", "rich")
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Args:
        arguments: Those of the command line; `sys.argv` by default.

    Returns:
        The exit code.
    """
    try:
        from .command import run
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.stderr.write(
            f"accsyn-orm: the command needs the library {error.name}, which is not installed: pip install"
            " 'accsyn-orm[cli]'\n"
        )
        return _USAGE
    return run(arguments)
