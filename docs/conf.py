"""How `make docs` builds these pages: MyST for the text, autodoc for what the docstrings say, Furo for the looks."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import accsyn_orm
from accsyn_orm import entities
from accsyn_orm.session.base import BaseSession

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "accsyn_orm"
author = "The accsyn_orm developers"
project_copyright = author
release = version = accsyn_orm.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "accsyn_orm"
html_show_sourcelink = False
html_copy_source = False

myst_heading_anchors = 4  # a link to a heading is written as on GitHub: page.md#the-heading
myst_enable_extensions = ["deflist"]

autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

# Names are checked where they are ours and public. What else stands in a signature has no page here, such as the types
# of the standard library and type variables, and is shown as it is.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!accsyn_orm\.((errors|migrate|sandbox|session|testing)\.)?\w+$).*")]

_SINGLE = re.compile(r"(?<![`\\:])`([^`]+)`(?![`_])")
_SET_IN = re.compile(r"(?m)^(\S.*[^:\n])(:?)(\n\n {4}\S)")
_FIELDS = {
    name
    for each in entities.__all__
    for field in getattr(entities, each).__declared__.values()
    for name in (field.name, field.slot)
}


def docstring(_: Sphinx, __: str, name: str, ____: Any, _____: Any, lines: list[str]) -> None:
    """Make reStructuredText of a docstring: of Markdown's `code`, and of the examples that are set in."""
    if name == "accsyn_orm.Session":  # its parameters are described where they are taken
        lines[-1:] = [line for line in lines[-1:] if line] + _arguments(BaseSession)
    paragraphs = re.split(r"(\n\s*\n)", "\n".join(lines))
    text = "".join(part if "├" in part else _SINGLE.sub(r"``\1``", part) for part in paragraphs)
    lines[:] = _SET_IN.sub(_literal_block, text).split("\n")


def _literal_block(found: re.Match[str]) -> str:
    before, colon, block = found.groups()
    return before + ("::" if colon else "\n\n::") + block


def _arguments(cls: type) -> list[str]:
    text = inspect.getdoc(cls) or ""
    return ["", *text[text.index("Args:") :].splitlines()]


def without_fields(_: Sphinx, kind: str, name: str, __: Any, ___: bool, ____: Any) -> bool | None:
    """Leave fields to the page of the entities, which has a table of them for each class."""
    return True if kind == "class" and name in _FIELDS else None


def public(
    _: Sphinx, environment: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.Element | None:
    """Let `accsyn_orm.entities.base.Entity` in a signature lead to where it is documented: `accsyn_orm.Entity`."""
    room, __, name = node.get("reftarget", "").rpartition(".")
    if not room.startswith("accsyn_orm.") or name not in accsyn_orm.__all__:
        return None
    builder, page = environment.app.builder, node["refdoc"]
    return environment.domains["py"].resolve_xref(
        environment, page, builder, "obj", f"accsyn_orm.{name}", node, text
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks; that for docstrings before napoleon's, which makes sections of them."""
    app.connect("autodoc-process-docstring", docstring, priority=100)
    app.connect("autodoc-skip-member", without_fields)
    app.connect("missing-reference", public)
    return {"parallel_read_safe": True}
