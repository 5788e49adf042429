"""
Write docs/pictures/*.svg: a plan, an error message, a progress bar and the table of `watch`, as a terminal shows them.

    python -m tests.docs.pictures

What they show comes from the library, run on a sandbox with the demo workspace.
"""

from __future__ import annotations

import html
import io
import pathlib
import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.text import Text

from accsyn_orm import AccsynError, Job, Queue, Session, Transfer
from accsyn_orm.cli.watch_table import WatchTable, bar_columns
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FOLDER", "draw", "pictures", "words"]

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures"
_WIDTH = 106
# rich's own template loads a font from the network.
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)

_INDENTED = re.compile(r'x="([\d.]+)" (y="[\d.]+") textLength="([\d.]+)"([^>]*>)((?:&#160;)+)')
# The width of a character in rich's template: 0.61 of a font of 20 pixels.
_CHARACTER = 12.2


def pictures() -> dict[str, str]:
    """Return each picture by its name, as SVG."""
    with Sandbox(data="demo") as sandbox:
        known = sandbox.credentials("admin")
        with Session(known["workspace"], known["username"], known["api_key"], url=sandbox.url) as session:
            return {
                "plan": draw("session.plan()", lambda console: _plan(session, console)),
                "error": draw("errors", _errors),
                "progress": draw("session.commit(progress=True)", _progress),
                "watch": draw("accsyn-orm watch", _watch),
            }


def draw(title: str, show: Callable[[Console], None]) -> str:
    """Return what a function prints to a console, as SVG."""
    console = Console(
        record=True,
        width=_WIDTH,
        height=30,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    show(console)
    svg = console.export_svg(title=title, unique_id=re.sub(r"\W+", "-", title).strip("-"))
    svg = _FONT_FACE.sub("", svg).replace("Fira Code", "ui-monospace, Menlo, Consolas")
    return _INDENTED.sub(_moved, svg)


def _moved(text: re.Match[str]) -> str:
    """Return the beginning of a text moved by its leading spaces, which some viewers, such as librsvg, leave out."""
    x, y, length, rest, spaces = text.groups()
    by = spaces.count(";") * _CHARACTER
    return f'x="{float(x) + by:g}" {y} textLength="{float(length) - by:g}"{rest}'


def words(svg: str) -> list[str]:
    """Return what a picture says, line by line: how it is drawn differs between versions of rich."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [text for text in (html.unescape(each).replace("\xa0", " ").strip() for each in texts) if text]


def _plan(session: Session, console: Console) -> None:
    high = Queue.objects.get(code="high")
    for job in Job.objects.filter(status="failed")[:2]:
        job.status = "waiting"
        job.queue = high
        job.metadata["restarted_by"] = session.username
    session.add(Queue(name="Stale", priority=1))
    console.print(Text.from_ansi(session.plan().to_text(color=True)))
    session.rollback()


def _errors(console: Console) -> None:
    job = Job.objects.get(code="my_transfer")

    def set_status() -> None:
        job.status = "abort"

    def set_size() -> None:
        job.size = 0

    for source, call in (
        ('job.status = "abort"', set_status),
        ("job.size = 0", set_size),
        ('Job.objects.filter(stauts="failed")', lambda: Job.objects.filter(stauts="failed")),
        (
            'Job.objects.where("status=failed AND (code=x")',
            lambda: Job.objects.where("status=failed AND (code=x"),
        ),
    ):
        console.print(Text(f">>> {source}", style="bold"))
        try:
            call()
        except AccsynError as error:
            console.print(Text.assemble((type(error).__name__, "red"), f": {error}"))


def _progress(console: Console) -> None:
    """Show the columns of a commit's bar, stopped at one moment."""
    seconds = iter(range(1000))
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, get_time=lambda: next(seconds) / 2, auto_refresh=False)
    task = bar.add_task("commit", total=2017)
    for _ in range(20):
        bar.advance(task, 61)
    console.print(bar.get_renderable())


def _watch(console: Console) -> None:
    running = Transfer.objects.filter(status="running")
    table = WatchTable(f"{running.query} at acmefilm", bar_columns(Transfer.__mapper__))
    table.update(list(running))
    console.print(table)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, svg in pictures().items():
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
