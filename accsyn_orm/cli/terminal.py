"""What goes to a terminal: consoles that colour only one, and values that cannot steer it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from typing import TextIO

__all__ = [
    "agreed",
    "can_be_drawn_on",
    "console",
    "escaped",
    "is_interactive",
    "json_text",
    "json_value",
    "printed",
    "value_text",
]

_STYLES = {
    "done": "green",
    "running": "cyan",
    "executing": "cyan",
    "failed": "bold red",
    "aborted": "red",
    "waiting": "yellow",
    "paused": "yellow",
    "online": "green",
    "offline": "dim",
}
# Wide enough that nothing is wrapped or cut where a program reads it.
_UNBOUNDED = 100_000


class _Console(Console):
    """A console that lets a closed pipe be seen by its caller."""

    def on_broken_pipe(self) -> None:
        """Raise the error that is being handled again, in place of ending the process."""
        raise  # noqa: PLE0704 -- called while the error is handled


def console() -> Console:
    """Return a console for standard output: coloured on a terminal, endlessly wide where there is none."""
    width = None if sys.stdout.isatty() else _UNBOUNDED
    return _Console(width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


def can_be_drawn_on() -> bool:
    """Whether standard output is a terminal on which what was written can be written over."""
    return sys.stdout.isatty() and not console().is_dumb_terminal


def is_interactive() -> bool:
    """Whether somebody is there to be asked: what is typed is read, and what is asked is seen."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str, stream: TextIO) -> bool:
    """Ask somebody; what is not yes is no, an end of input included."""
    stream.write(f"{question} [y/N] ")
    stream.flush()
    return sys.stdin is not None and sys.stdin.readline().strip().lower() in ("y", "yes")


def escaped(text: str, keep: str = "") -> str:
    r"""
    Return text that cannot steer a terminal: line breaks, escapes and the like become `\n`, `\x1b`.

    Args:
        text: The text.
        keep: Characters to leave as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def json_value(value: Any) -> Any:
    """Return a value as JSON has it; a point in time as ISO 8601 with its zone."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(inner) for inner in value]
    return value


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON text that reads well, and that cannot steer a terminal."""
    text = json.dumps(json_value(value), ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    # Line breaks that are left stand between values: those within are escaped already.
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def value_text(value: Any) -> str:
    """Return a value as plain text: nothing for none, a date in UTC, JSON for what has parts."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, (dict, list, tuple)):
        return json_text(value)
    return str(value)


def printed(value: Any, name: str = "") -> Text:
    """
    Return a value as it stands in a table.

    Args:
        value: The value.
        name: Name of the field, such as `status`, which has colours of its own.
    """
    text = escaped(value_text(value))
    return Text(text, style=_STYLES.get(text, "") if name.rpartition(".")[2] == "status" else "")
