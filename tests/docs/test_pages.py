"""
Every block of README.md and docs/ runs, and what it shows is compared with what comes out.

Blocks that begin with `>>>` are doctests; a `text` block right after another Python block is what that one prints. A table below the comment `<!-- run: filter -->` is run row by row: its
first and second cell are arguments of that method (a dash stands for none), its last cell is the query that comes out.
Below `<!-- run: code -->`, all code in its cells is run, row by row.
Shell blocks run as well; see `tests/docs/shell.py`. A block that cannot run has
`<!-- skip: next if(True, reason="…") -->` before it, with the reason.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import pathlib
import re
import socket
import unittest
from typing import TYPE_CHECKING

import pytest
from sybil import Document, Example, Region
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from accsyn_orm import QuerySet, Session
from accsyn_orm.mapping import registry
from accsyn_orm.queryset import lookups
from accsyn_orm.queryset.projection import Projection
from accsyn_orm.sandbox import Sandbox
from tests.docs.shell import Shell, saved_files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUERIES = ROOT / "docs" / "reference" / "queries.md"

_BLOCK = re.compile(r"^```(python|sh)$", re.MULTILINE)
# In any other block there is nothing to run.
_INERT = {"", "text", "{toctree}", "{eval-rst}"}
_FENCE = re.compile(r"^```(.*)\n(?:(?!```).*\n)*```$", re.MULTILINE)
_PRINTED = re.compile(r"(?:```)?\n+```text\n((?:(?!```).*\n)*)```$", re.MULTILINE)
_PORT = "8181"
_SKIP = re.compile(r"<!-+\s*skip: (.*?)-+>")
_REASONED = re.compile(r'(next|start) if\(True, reason="[^"]+"\)|end')
_TABLE = re.compile(r"<!-- run: (?P<method>\w+) -->\n\n\|.*\n\|[-| ]+\n(?P<rows>(?:\|.*\n)+)")
_CODE = re.compile(r"`([^`]+)`")
_CELL = re.compile(r"(?<!\\)\|")


def _row_parser(document: Document) -> Iterator[Region]:
    """Find the rows of the tables that are run."""
    for table in _TABLE.finditer(document.text):
        start = table.start("rows")
        for line in table["rows"].splitlines(keepends=True):
            cells = [cell.strip().strip("`").replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]
            if table["method"] == "code":
                yield Region(start, start + len(line), tuple(_CODE.findall(line)), _run_code)
            else:
                yield Region(start, start + len(line), (table["method"], cells), _run_row)
            start += len(line)


def _run_row(example: Example) -> str | None:
    """Compare what each form of a row compiles to with its last cell."""
    method, (*forms, text) = example.parsed
    forms = [form for form in forms if form != "–"]
    for form in forms:
        query = eval(f"Job.objects.{method}({form}).query", example.namespace)  # noqa: S307 -- our own page
        if query != f"job WHERE {text}":
            return f"{method}({form}) gives {query!r}, and the page says {text!r}"
    return None if forms else "the row has no form to run"


def _run_code(example: Example) -> None:
    """Run the code in the cells of a row, and what it describes lazily as well."""
    for source in example.parsed:
        try:
            value = eval(source, example.namespace)  # noqa: S307 -- our own page
        except SyntaxError:
            exec(source, example.namespace)  # noqa: S102 -- our own page
        else:
            if isinstance(value, (QuerySet, Projection)):
                list(value)


def _parsed(path: pathlib.Path, api_key: str, shell: Shell) -> Document:
    """Read a page; where it shows `…` for an API key, it has the sandbox's, and for the port, one that is free."""
    text = path.read_text(encoding="utf-8").replace('api_key="…"', f'api_key="{api_key}"')
    document = Document(text.replace(_PORT, str(_free_port())), str(path))
    files = list(saved_files(document))
    regions = [
        region for region in _python_blocks(document) if not any(_within(region, file) for file in files)
    ]
    for region in regions:
        _compare_what_is_printed(region, document.text)
    regions += [*files, *shell.blocks(document), *SkipParser()(document), *_row_parser(document)]
    for region in sorted(regions, key=lambda region: region.start):
        document.add(region)
    return document


_python_blocks = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)


def _within(region: Region, other: Region) -> bool:
    return other.start <= region.start < other.end


def _compare_what_is_printed(region: Region, text: str) -> None:
    shown = _PRINTED.match(text, region.end)
    evaluate = region.evaluator
    if shown is None or evaluate is None:
        return

    def compare(example: Example) -> str | None:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            failure: str | None = evaluate(example)
        if failure or doctest.OutputChecker().check_output(shown[1], printed.getvalue(), doctest.ELLIPSIS):
            return failure
        return f"it prints\n{printed.getvalue()}\nand the page says\n{shown[1]}"

    region.evaluator = compare


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(autouse=True)
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the classes and lookups that a page declares out of other tests."""
    monkeypatch.setattr(lookups, "_lookups", dict(lookups._lookups))
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    monkeypatch.setattr(registry, "_by_type", dict(registry._by_type))


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve the demo workspace where the environment says, as `accsyn-orm sandbox` does."""
    with Sandbox(data="demo") as served:
        admin = served.credentials("admin")
        monkeypatch.setenv("ACCSYN_URL", served.url)
        monkeypatch.setenv("ACCSYN_WORKSPACE", admin["workspace"])
        monkeypatch.setenv("ACCSYN_API_USER", admin["username"])
        monkeypatch.setenv("ACCSYN_API_KEY", admin["api_key"])
        yield served


@pytest.fixture
def shell(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Shell]:
    """Run commands in an empty folder, with the sandbox in their environment."""
    used = Shell(tmp_path)
    yield used
    used.close()


def _run(document: Document) -> None:
    """Run a page from its beginning to its end, and close what it left open."""
    try:
        for example in document:
            # What is left out has its reason on the page; another test sees to that.
            with contextlib.suppress(unittest.SkipTest):
                example.evaluate()
    finally:
        left = list(document.namespace.values())
        for session in [value for value in left if isinstance(value, Session)]:
            session.close()
        for served in [value for value in left if isinstance(value, Sandbox)]:
            served.stop()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_runs(path: pathlib.Path, sandbox: Sandbox, shell: Shell) -> None:
    document = _parsed(path, sandbox.credentials("admin")["api_key"], shell)
    starts = {example.start for example in document}
    assert [block.start() for block in _BLOCK.finditer(document.text) if not _is_run(block, starts)] == []
    _run(document)


def _is_run(block: re.Match[str], starts: set[int]) -> bool:
    # A doctest begins at its first prompt.
    end = block.string.index("\n```", block.end())
    return any(block.start() <= start < end for start in starts)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_says_what_it_is(path: pathlib.Path) -> None:
    named = {block[1] for block in _FENCE.finditer(path.read_text(encoding="utf-8"))}
    assert named - _INERT <= {"python", "sh"}, "what runs is python or sh, and what it prints is text"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_is_left_out_without_a_reason(path: pathlib.Path) -> None:
    marks = [mark.strip() for mark in _SKIP.findall(path.read_text(encoding="utf-8"))]
    assert [mark for mark in marks if not _REASONED.fullmatch(mark)] == []


def test_every_lookup_is_on_the_page() -> None:
    rows = "".join(table["rows"] for table in _TABLE.finditer(QUERIES.read_text(encoding="utf-8")))
    assert [name for name in lookups.lookup_names() if name != "exact" and f"__{name}=" not in rows] == []


def test_a_wrong_row_is_noticed(tmp_path: pathlib.Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nfrom accsyn_orm import Job, Session\nsession = Session()\n```\n\n"
        '<!-- run: filter -->\n\n| a | b | c |\n|---|---|---|\n| `name="x"` | – | `name=y` |\n'
    )
    with pytest.raises(AssertionError, match="the page says"):
        _run(_parsed(page, "", shell))


def test_another_print_is_noticed(tmp_path: pathlib.Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('hello')\n```\n\n```text\ngoodbye\n```\n")
    with pytest.raises(AssertionError, match="it prints\nhello\n\nand the page says\ngoodbye"):
        _run(_parsed(page, "", shell))


def test_another_output_is_noticed(tmp_path: pathlib.Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n# hello.py\nprint('hello')\n```\n\n"
        "```sh\npython hello.py\n```\n\nIt prints\n\n```text\nhello\n```\n\n"
        "```sh\npython hello.py\n```\n\n```text\ngoodbye\n```\n"
    )
    with pytest.raises(AssertionError, match="prints\nhello\n\nand the page says\ngoodbye"):
        _run(_parsed(page, "", shell))


def test_a_command_that_fails_is_noticed(tmp_path: pathlib.Path, shell: Shell) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\npython nothing.py\n```\n")
    with pytest.raises(AssertionError, match="No such file"):
        _run(_parsed(page, "", shell))
