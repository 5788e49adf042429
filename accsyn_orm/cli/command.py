"""The command line: its verbs, its exit codes, its errors."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import AccsynError
from . import migrate, sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

# 0 all applied, 1 something was rejected or failed, 2 the command was used wrongly, 3 something is left unknown.
_FAILED = 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="accsyn-orm", description="The object mapper for the accsyn REST API."
    )
    parser.add_argument("--version", action="version", version=f"accsyn-orm {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    sandbox.add_to(verbs)
    migrate.add_to(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Args:
        arguments: Those of the command line; `sys.argv` by default.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except AccsynError as error:
        print(f"accsyn-orm: {error}", file=sys.stderr)
        return _FAILED
    return code
