"""
Every Python block of README.md and docs/ runs, and what it shows is compared with what comes out.

Blocks that begin with `>>>` are doctests. A table below the comment `<!-- run: filter -->` is run row by row: its
first and second cell are arguments of that method (a dash stands for none), its last cell is the query that comes out.
A block that cannot run has `<!-- skip: next if(True, reason="…") -->` before it, with the reason.
"""

from __future__ import annotations

import contextlib
import doctest
import pathlib
import re
import unittest
from typing import TYPE_CHECKING

import pytest
from sybil import Document, Example, Region
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from accsyn_orm import Session
from accsyn_orm.mapping import registry
from accsyn_orm.queryset import lookups
from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUERIES = ROOT / "docs" / "reference" / "queries.md"

_BLOCK = re.compile(r"^```python$", re.MULTILINE)
_SKIP = re.compile(r"<!-+\s*skip: (.*?)-+>")
_REASONED = re.compile(r'(next|start) if\(True, reason="[^"]+"\)|end')
_TABLE = re.compile(r"<!-- run: (?P<method>\w+) -->\n\n\|.*\n\|[-| ]+\n(?P<rows>(?:\|.*\n)+)")
_CELL = re.compile(r"(?<!\\)\|")


def _row_parser(document: Document) -> Iterator[Region]:
    """Find the rows of the tables that are run."""
    for table in _TABLE.finditer(document.text):
        start = table.start("rows")
        for line in table["rows"].splitlines(keepends=True):
            cells = [cell.strip().strip("`").replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]
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


def _parsed(path: pathlib.Path, api_key: str) -> Document:
    """Read a page; where it shows `…` for an API key, it has the sandbox's."""
    document = Document(
        path.read_text(encoding="utf-8").replace('api_key="…"', f'api_key="{api_key}"'), str(path)
    )
    for parser in (PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS), SkipParser(), _row_parser):
        for region in parser(document):
            document.add(region)
    return document


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
def test_every_block_runs(path: pathlib.Path, sandbox: Sandbox) -> None:
    document = _parsed(path, sandbox.credentials("admin")["api_key"])
    blocks = [example for example in document if not isinstance(example.parsed, tuple)]
    assert bool(blocks) == bool(_BLOCK.search(document.text))
    _run(document)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_is_left_out_without_a_reason(path: pathlib.Path) -> None:
    marks = [mark.strip() for mark in _SKIP.findall(path.read_text(encoding="utf-8"))]
    assert [mark for mark in marks if not _REASONED.fullmatch(mark)] == []


def test_every_lookup_is_on_the_page() -> None:
    rows = "".join(table["rows"] for table in _TABLE.finditer(QUERIES.read_text(encoding="utf-8")))
    assert [name for name in lookups.lookup_names() if name != "exact" and f"__{name}=" not in rows] == []


def test_a_wrong_row_is_noticed(tmp_path: pathlib.Path, sandbox: Sandbox) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nfrom accsyn_orm import Job, Session\nsession = Session()\n```\n\n"
        '<!-- run: filter -->\n\n| a | b | c |\n|---|---|---|\n| `name="x"` | – | `name=y` |\n'
    )
    with pytest.raises(AssertionError, match="the page says"):
        _run(_parsed(page, ""))
