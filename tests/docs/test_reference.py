"""The reference has everything that is public, and conf.py makes reStructuredText of our docstrings."""

from __future__ import annotations

import pathlib
import re
import runpy
from importlib import import_module

import pytest

import accsyn_orm
from accsyn_orm import Session
from accsyn_orm.mapping.protocols import Owner, RowSource
from accsyn_orm.session import __all__ as of_session

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference").glob("*.md")))
_DIRECTIVE = re.compile(r"^\.\. (?:py:)?(?:auto)?\w+:: ([\w.]+)", re.MULTILINE)
DOCUMENTED = set(_DIRECTIVE.findall(REFERENCE))
# Two names for AccsynError, and a module of which the functions are documented one by one.
ALIASES = {"AccsynException", "accsynException", "fields"}


def test_every_public_name_is_in_the_reference() -> None:
    in_errors = set(import_module("accsyn_orm.errors").__all__)  # documented as a whole
    assert sorted(set(accsyn_orm.__all__) - DOCUMENTED - in_errors - ALIASES) == []


def test_every_call_of_a_session_is_in_the_reference() -> None:
    # What query sets and entities call is not for users, though it has no underscore.
    inner = {name for each in (Owner, RowSource) for name in dir(each)} - {"page_size", "request_rate"}
    inner |= {"clock", "held"}
    names = {name for name in dir(Session) if not name.startswith("_") and not name.isupper()} - inner
    assert sorted(names - {name.removeprefix("Session.") for name in DOCUMENTED}) == []


def test_every_constant_is_in_the_reference_with_its_value() -> None:
    constants = {name: getattr(accsyn_orm.session, name) for name in of_session if name.isupper()}
    shown = dict(re.findall(r"^\.\. py:data:: (\w+)\n   :value: (.+)$", REFERENCE, re.MULTILINE))
    assert shown == {name: repr(value) for name, value in constants.items()}


@pytest.mark.parametrize("room", ["errors", "migrate", "sandbox", "testing"])
def test_a_room_is_documented_as_a_whole(room: str) -> None:
    assert f"accsyn_orm.{room}" in DOCUMENTED
    assert import_module(f"accsyn_orm.{room}").__all__


def test_conf_makes_restructuredtext_of_a_docstring() -> None:
    lines = [
        "Set `status`, or ``code``.",
        "",
        "    job.status = 'x'",
        "",
        "As in `two",
        "lines`:",
        "",
        "    x",
        "",
        "├── `kept`",
    ]
    runpy.run_path(str(DOCS / "conf.py"))["docstring"](None, "function", "a.b", None, None, lines)
    assert lines == [
        "Set ``status``, or ``code``.",
        "",
        "::",
        "",
        "    job.status = 'x'",
        "",
        "As in ``two",
        "lines``::",
        "",
        "    x",
        "",
        "├── `kept`",
    ]
