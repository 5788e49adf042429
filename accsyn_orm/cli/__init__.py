"""The command `accsyn-orm`, a file per verb."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = ("typer", "rich")
_USAGE, _INTERRUPTED = 2, 130


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
    except KeyboardInterrupt:
        # While it was still being loaded.
        return _INTERRUPTED
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _NEEDED:
            raise
        sys.stderr.write(
            f"accsyn-orm: the command needs the library {library}, which is not installed: pip install"
            " 'accsyn-orm[cli]'\n"
        )
        return _USAGE
    return run(arguments)
