"""Every public name is in the files that type checkers read (tests/typing), and used there."""

from __future__ import annotations

import ast
from pathlib import Path

import accsyn_orm

CHECKED = sorted((Path(__file__).resolve().parents[1] / "typing").glob("check_*.py"))


def names_used(source: str) -> set[str]:
    """Return the names that a file imports from accsyn_orm and uses after that."""
    tree = ast.parse(source)
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "accsyn_orm"
        for name in node.names
    }
    # With `from __future__ import annotations`, what stands in an annotation is part of the tree all the same.
    return imported & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_every_public_name_is_checked() -> None:
    used = {name for path in CHECKED for name in names_used(path.read_text(encoding="utf-8"))}
    assert set(accsyn_orm.__all__) - used == set()


def test_an_import_alone_is_no_check() -> None:
    assert names_used("from accsyn_orm import Job, User\n\ndef f(job: Job) -> None: ...\n") == {"Job"}
