"""`accsyn-orm sandbox`: a local workspace to try scripts on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

__all__ = ["add_to"]


def add_to(verbs: Any) -> None:
    """Add the verb to the command's parser."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        "sandbox", help="serve a local workspace until Ctrl-C", description="Serve a local accsyn workspace."
    )
    parser.add_argument("--port", type=int, default=0, help="port on this machine; any free one by default")
    parser.add_argument(
        "--data", choices=("demo", "empty"), default="demo", help="what is in it (default: demo)"
    )
    parser.add_argument("--db", metavar="PATH", help="keep it in this SQLite file; in memory by default")
    parser.add_argument(
        "--tls", action="store_true", help="speak https; the authority to trust is printed as `ca PATH`"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..sandbox.command import run

    return run(options.port, options.data, options.db, tls=options.tls)
