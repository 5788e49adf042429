"""The command line: its verbs, and how they are run."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .. import __version__
from . import migrate, schema
from .find import find
from .sandbox import sandbox
from .set_values import set_values
from .show import show
from .watch import watch
from .whoami import whoami

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "run"]

_EPILOG = (
    "Exit codes: 0 done, 1 rejected or failed, 2 wrong usage, 3 something is left unknown, 130 interrupted."
)

# Tracebacks with the values of variables could show a key, and are off; an error that is ours is told in a line.
app: typer.Typer = typer.Typer(
    name="accsyn-orm",
    help="The object mapper for the accsyn REST API, from the command line.",
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"accsyn-orm {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version, and exit."
        ),
    ] = False,
) -> None:
    pass


app.command("find", epilog=_EPILOG)(find)
app.command("show", epilog=_EPILOG)(show)
app.command("set", epilog=_EPILOG)(set_values)
app.command("watch", epilog=_EPILOG)(watch)
app.command("whoami", epilog=_EPILOG)(whoami)
app.add_typer(schema.app, name="schema")
app.add_typer(migrate.app, name="migrate")
app.command("sandbox", epilog=_EPILOG)(sandbox)


def run(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Args:
        arguments: Those of the command line; `sys.argv` by default.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What the terminal's encoding does not have is shown as its number, in place of an error.
            stream.reconfigure(errors="backslashreplace")
    try:
        # In place of `app()`, which would put a hook of its own into `sys.excepthook`.
        typer.main.get_command(app).main(
            None if arguments is None else list(arguments), prog_name="accsyn-orm"
        )
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
