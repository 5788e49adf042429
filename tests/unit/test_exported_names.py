"""Every `__all__` is sorted, complete, and true."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import accsyn_orm

if TYPE_CHECKING:
    import types

ROOT = Path(accsyn_orm.__file__).parent
# Run or found by name, and not imported for their names.
ENTRY_POINTS = {"accsyn_orm.__main__"}
MODULES = sorted({module.name for module in pkgutil.walk_packages([str(ROOT)], "accsyn_orm.")} - ENTRY_POINTS)


def as_ruff_sorts(names: list[str]) -> list[str]:
    """Sort as ruff's RUF022 does: constants, classes, the rest, each in natural order."""

    def key(name: str) -> tuple[int, list[Any]]:
        constant = name.isupper() and len(name) > 1
        rank = 0 if constant else 1 if name[:1].isupper() else 2
        parts = [
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in re.split(r"(\d+)", name)
            if part
        ]
        return rank, parts

    return sorted(names, key=key)


def defined_names(module: types.ModuleType) -> set[str]:
    """Return the public functions and classes that a module defines by itself."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    found = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
    }
    return {name for name in found if name in vars(module)}


def test_the_public_names_and_all_agree() -> None:
    assert {name for names in accsyn_orm._HOMES.values() for name in names} == set(accsyn_orm.__all__)


def test_the_catalogue_and_the_errors_are_public() -> None:
    from accsyn_orm import entities, errors

    assert set(entities.__all__) <= set(accsyn_orm.__all__)
    assert set(errors.__all__) <= set(accsyn_orm.__all__)


def test_star_import_gives_exactly_all() -> None:
    names: dict[str, Any] = {}
    exec("from accsyn_orm import *", names)  # noqa: S102 -- what a user would write
    assert set(names) - {"__builtins__"} == set(accsyn_orm.__all__)


@pytest.mark.parametrize("name", ["accsyn_orm", *MODULES])
def test_all_is_sorted_and_each_name_exists(name: str) -> None:
    module = importlib.import_module(name)
    if not hasattr(module, "__all__"):
        assert not defined_names(module), f"{name} defines names and has no __all__"
        return
    names = list(module.__all__)
    assert names == as_ruff_sorts(names)
    assert len(set(names)) == len(names)
    for each in names:
        assert hasattr(module, each), f"{name}.__all__ names {each!r}, which does not exist"
        assert not each.startswith("_") or each == "__version__"


def test_the_check_of_the_order_can_fail() -> None:
    assert as_ruff_sorts(["b", "A", "MAX", "a", "B"]) == ["MAX", "A", "B", "a", "b"]
    assert as_ruff_sorts(["item10", "item9"]) == ["item9", "item10"]


def test_the_names_of_the_package_are_those_that_type_checkers_see() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {name: module for module, names in accsyn_orm._HOMES.items() for name in names}
    assert typed == homes
    assert {"__version__", *homes} >= set(accsyn_orm.__all__)
    assert not [name for name in accsyn_orm.__all__ if not hasattr(accsyn_orm, name)]
