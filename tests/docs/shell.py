"""
Run the `sh` blocks of a page, in one folder and with one environment per page, and compare what they print.

The block after an `sh` block, where it is a `text` block, is what it prints; `...` stands for anything. A Python block
that begins with `# name.py` is saved under that name, for the `sh` blocks to run. A sandbox that a block starts serves
until the page is over. Where the output shows a question and its answer (`[y/N] y`), the answer is given. A block
without an output that is shown has to succeed.
"""

from __future__ import annotations

import doctest
import itertools
import os
import pathlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from sybil import Document, Example, Region

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Shell", "saved_files"]

ROOT = pathlib.Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(?P<kind>\S*)\n(?P<body>(?:(?!```).*\n)*)```$", re.MULTILINE)
_FILE = re.compile(r"# (?P<name>[\w/]+\.py)\n")
_ANSWER = re.compile(r"(?<=\[y/N\] )(\w*)\n")
_LONGEST = 60


def saved_files(document: Document) -> Iterator[Region]:
    """Find the Python blocks that are files."""
    for block in _FENCE.finditer(document.text):
        name = _FILE.match(block["body"]) if block["kind"] == "python" else None
        if name:
            yield Region(block.start(), block.end(), (name["name"], block["body"]), _save)


def _save(example: Example) -> None:
    name, source = example.parsed
    path = example.namespace["shell"].folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


class Shell:
    """
    A folder, an environment, and the programs that are found in it.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self._state = folder / "environment"
        self._state.write_text("")
        programs = folder / "programs"
        programs.mkdir()
        for name, call in (("python", ""), ("accsyn-orm", " -m accsyn_orm"), ("pytest", " -m pytest")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable}{call} "$@"\n')
            program.chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "COLUMNS": "120",
        }
        self._servers: list[subprocess.Popen[str]] = []

    def blocks(self, document: Document) -> Iterator[Region]:
        """Find the `sh` blocks of a page, each with what it prints."""
        document.namespace["shell"] = self
        blocks = list(_FENCE.finditer(document.text))
        for block, following in itertools.zip_longest(blocks, blocks[1:]):
            if block["kind"] == "sh":
                shown = following["body"] if following and following["kind"] == "text" else None
                yield Region(block.start(), block.end(), (block["body"], shown), self._run)

    def _run(self, example: Example) -> str | None:
        commands, expected = example.parsed
        if commands.startswith("accsyn-orm sandbox"):
            shown = self._served(commands, expected)
        else:
            code, shown = self._finished(commands, _ANSWER.findall(expected or ""))
            if expected is None and code:
                return f"{commands}ends with {code}:\n{shown}"
        if expected is None:
            return None
        expected = _ANSWER.sub("", expected)
        if doctest.OutputChecker().check_output(_tidy(expected), _tidy(shown), doctest.ELLIPSIS):
            return None
        return f"{commands}prints\n{shown}\nand the page says\n{expected}"

    def _finished(self, commands: str, answers: list[str]) -> tuple[int, str]:
        script = f'. "{self._state}"\n{commands}code=$?; export -p > "{self._state}"; exit $code\n'
        done = subprocess.run(  # noqa: S603 -- our own page
            ["/bin/sh", "-c", script],
            cwd=self.folder,
            env=self._environment,
            input="".join(f"{answer}\n" for answer in answers),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def _served(self, commands: str, expected: str | None) -> str:
        served = subprocess.Popen(  # noqa: S603 -- our own page
            ["/bin/sh", "-c", f"exec {commands}"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._servers.append(served)
        assert served.stdout is not None
        lines = len(expected.splitlines()) if expected else 1
        return "".join(served.stdout.readline() for _ in range(lines))

    def close(self) -> None:
        """Stop what the page started."""
        for served in self._servers:
            served.terminate()
            served.wait(10)
            if served.stdout is not None:
                served.stdout.close()


def _tidy(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines()).strip("\n") + "\n"
