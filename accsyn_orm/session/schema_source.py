"""Classes as source text, for what a workspace knows and the catalogue does not."""

from __future__ import annotations

import inspect
import keyword
import re
import sys
from typing import TYPE_CHECKING, Any

from ..entities.base import Entity
from ..mapping import kinds
from ..mapping.fields import AbsentAttribute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..mapping.fields import Field
    from .schema_difference import Attribute, SchemaDifference, TypeDifference

__all__ = ["generate"]

_WIDTH = 88
_ROOT = __name__.partition(".")[0]
_THERE = "this workspace lets nobody write it"
_UNKNOWN = "this workspace has none"
_FUNCTIONS = {
    kinds.Text: "text",
    kinds.Integer: "integer",
    kinds.Number: "number",
    kinds.Boolean: "boolean",
    kinds.Timestamp: "timestamp",
    kinds.Json: "json",
    kinds.Reference: "reference",
}


def generate(difference: SchemaDifference) -> str:
    """
    Return a module with a class for each entity type that is missing, or has missing or otherwise writable attributes.

    A class of the catalogue is extended; what it declares and the workspace does not know stays. Names on the wire
    that cannot be names in Python, or are taken, are kept beside the name that is made of them.

    Args:
        difference: What `compare` found; `sample=True` there tells the kinds of attributes, which are JSON otherwise.

    Returns:
        The source; a module without classes where nothing is missing.
    """
    told = [each for each in difference.types if not each.refused]
    wanted = [each for each in told if each.cls is None or each.missing or each.writability]
    taken = set(dir(sys.modules[_ROOT])) | {"Any"}
    bodies: dict[str, str] = {}
    modules: set[str] = set()
    for each in wanted:
        name = _class_name(each, taken | bodies.keys())
        bodies[name] = _class(each, name)
        modules.add(_ROOT if each.cls is None else _module_of(each.cls))
    body = "".join(f"\n\n{bodies[name]}" for name in bodies)
    return _head(difference, sorted(bodies), sorted(modules), body) + body


def _head(difference: SchemaDifference, names: list[str], modules: list[str], body: str) -> str:
    # What the workspace calls itself and its types may hold anything, and this is program text.
    workspace = re.sub(r"[^\w.-]", "?", difference.workspace, flags=re.ASCII)
    lines = [
        f'"""Entity classes of the workspace {workspace}, beyond the catalogue of {_ROOT}."""',
        "",
        "from __future__ import annotations",
        "",
    ]
    if not names:
        return "\n".join([*lines, "__all__: list[str] = []", ""])
    if "Mapped[Any]" in body:
        lines += ["from typing import Any", ""]
    imported = ["Mapped", "fields"] if "Mapped[" in body else ["fields"]
    lines += [f"import {module}" for module in modules]
    lines += [f"from {_ROOT} import {', '.join(imported)}", ""]
    return "\n".join([*lines, _wrapped("__all__ = [", [_quoted(name) for name in names], "]", 0), ""])


def _class(each: TypeDifference, name: str) -> str:
    declared: dict[str, Field] = Entity.__declared__ if each.cls is None else each.cls.__mapper__.fields
    base: Any = Entity if each.cls is None else each.cls
    by_wire = {field.wire: field for field in declared.values()}
    if each.cls is None:
        head = [f"class {name}({_ROOT}.Entity, entitytype={_quoted(each.entitytype)}):"]
        head.append('    """An entity type that the catalogue does not have."""')
    else:
        path = f"{_module_of(each.cls)}.{each.cls.__qualname__}"
        head = [f"class {name}({path}):", '    """The class of the catalogue, as this workspace has it."""']
    lines: list[str] = []
    taken = {other for other in dir(base) if not _is_absent(base, other)}
    for attribute in each.missing:
        field = by_wire.get(attribute.name)
        if field is None:
            lines += _declaration(attribute, taken)
        elif (field.create, field.update) != (attribute.create, attribute.update):
            lines.append(_redeclared(field, attribute))
    lines += [_redeclared(by_wire[pair.here.name], pair.there) for pair in each.writability]
    if each.cls is None:
        lines += _absences(declared, {attribute.name for attribute in each.missing})
    return "\n".join([*head, *(["", *lines] if lines else []), ""])


def _absences(declared: dict[str, Field], known: set[str]) -> Iterator[str]:
    for field in declared.values():
        if field.wire not in known and field.name != "id":
            yield f"    {field.name} = fields.absent({_quoted(_UNKNOWN)})"


def _declaration(attribute: Attribute, taken: set[str]) -> Iterator[str]:
    """Yield the line of an attribute that no class declares."""
    name = _attribute_name(attribute.name, taken)
    taken.add(name)
    twin = attribute.name.endswith("_hr")
    kind = attribute.kind or ("text" if twin else "json")
    arguments = [] if name == attribute.name else [_quoted(attribute.name)]
    if kind in ("text", "timestamp"):
        arguments.append("optional=True")
    arguments += _rights(attribute.create, attribute.update, "")
    if twin and kind == "text":
        arguments.append("repeats=True")
    if attribute.kind is None and not twin:
        arguments.append('doc="its kind is not known"')
    yield _wrapped(f"{name} = fields.{kind}(", arguments, ")", 4)


def _redeclared(field: Field, there: Attribute) -> str:
    """Return a field as it is declared, with the rights that the workspace gives."""
    arguments = []
    annotation = ""
    kind = field.kind
    if isinstance(kind, kinds.Reference):
        arguments.append("None" if kind.target is None else _quoted(kind.target))
        target = "Any" if kind.target is None else f"{_ROOT}.{kind.target}"
        annotation = f": Mapped[{target}]"
    elif isinstance(kind, kinds.Json):
        annotation = ": Mapped[Any]"
    if field.wire != field.name:
        arguments.append(_quoted(field.wire))
    if isinstance(kind, (kinds.Text, kinds.Timestamp)) and field.optional:
        arguments.append("optional=True")
    arguments += [f"{what}={value}" for what, value in _extras(field).items()]
    arguments += _rights(there.create, there.update, field.reason)
    arguments += [f"doc={_quoted(field.doc)}"] if field.doc else []
    line = _wrapped(f"{field.name}{annotation} = fields.{_FUNCTIONS[type(kind)]}(", arguments, ")", 4)
    typed = isinstance(kind, kinds.Reference) and kind.target is not None
    return f"{line}\n    {field.slot}: Mapped[str]" if typed else line


def _extras(field: Field) -> dict[str, str]:
    """Return what a field says besides its rights, as source."""
    found = {}
    if isinstance(field.kind, kinds.Json):
        shape = field.kind.shape
        if shape is not None:
            found["shape"] = (
                shape.__name__ if isinstance(shape, type) and not _is_generic(shape) else str(shape)
            )
        if field.kind.hidden:
            found["hidden"] = f"[{', '.join(_quoted(key) for key in sorted(field.kind.hidden))}]"
    if field.choices:
        found["choices"] = _tuple(field.choices)
        if field.settable != field.choices:
            found["settable"] = _tuple(field.settable)
    if isinstance(field.kind, kinds.Text) and field.repeats != bool(field.choices):
        found["repeats"] = str(field.repeats)
    return found


def _is_generic(shape: Any) -> bool:
    return bool(getattr(shape, "__args__", ()))


def _rights(create: bool, update: bool, reason: str) -> list[str]:
    arguments = [*([] if create else ["create=False"]), *([] if update else ["update=False"])]
    if not create and not update:
        arguments.append(f"reason={_quoted(reason or _THERE)}")
    elif arguments and reason:
        arguments.append(f"reason={_quoted(reason)}")
    return arguments


def _wrapped(head: str, arguments: list[str], tail: str, indent: int) -> str:
    """Return a call or a list on one line where it fits, else an item per line, as formatters write it."""
    space = " " * indent
    line = f"{space}{head}{', '.join(arguments)}{tail}"
    if len(line) <= _WIDTH or not arguments:
        return line
    return "\n".join([f"{space}{head}", *(f"{space}    {each}," for each in arguments), f"{space}{tail}"])


def _tuple(texts: Iterable[str]) -> str:
    quoted = [_quoted(text) for text in texts]
    return f"({quoted[0]},)" if len(quoted) == 1 else f"({', '.join(quoted)})"


def _quoted(text: str) -> str:
    r"""Return a literal in double quotes; whatever is no plain character is escaped, as in "\u00e9"."""
    return '"' + text.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'


def _module_of(cls: type[Any]) -> str:
    return _ROOT if cls.__module__.startswith(f"{_ROOT}.") else cls.__module__


def _is_absent(cls: type[Any], name: str) -> bool:
    return isinstance(inspect.getattr_static(cls, name, None), AbsentAttribute)


def _class_name(each: TypeDifference, taken: Iterable[str]) -> str:
    if each.cls is not None:
        return each.cls.__name__
    words = re.split(r"[^0-9A-Za-z]+", each.entitytype)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if not name.isidentifier():
        name = f"Type{name}"
    return _free(f"{name}Entity" if keyword.iskeyword(name) else name, taken)


def _attribute_name(wire: str, taken: set[str]) -> str:
    name = re.sub(r"_+", "_", re.sub(r"[^0-9A-Za-z_]", "_", wire)).strip("_")
    if not name.isidentifier():
        name = f"attribute_{name}".rstrip("_")
    return _free(f"{name}_" if keyword.iskeyword(name) else name, taken)


def _free(name: str, taken: Iterable[str]) -> str:
    names, number, found = set(taken), 2, name
    while found in names:
        found, number = f"{name}_{number}".replace("__", "_"), number + 1
    return found
