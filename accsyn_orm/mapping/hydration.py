"""
From pages of rows to new entities, at the price of filling their slots.

Listing is what this library does most. So a function is generated for each class and each set of keys that rows
come with: it reads the values by name and stores them, without a loop over fields and without a call per field. A row
that has not the keys of the first one, or has a value of another form than documented, is left to `rows.fill`, which
takes anything.
"""

from __future__ import annotations

import datetime as dt
import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from . import kinds
from .slots import WIRE_SLOT, descriptor_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .base import MappedBase
    from .fields import Field
    from .page import Page

__all__ = ["Hydrator"]

Row = dict[str, Any]
# Takes the arguments of `hydrate`.
Loader = Callable[..., list[Any]]

# Servers may answer rows of many shapes (attributes per status or per role); a function is made for so many.
_MOST_SHAPES = 64
# These two mostly hold the same text, which is then kept once.
_TWINS = frozenset({"code", "name"})
# Texts that many rows share, such as statuses, owners and readable twins, are kept once; this many are remembered.
_MOST_SHARED = 50_000


class Hydrator:
    """
    Makes new entities of one class.

    Args:
        cls: The class.
        fields: Its fields, by wire name.
    """

    def __init__(self, cls: type[MappedBase], fields: Mapping[str, Field]) -> None:
        self._cls = cls
        self._fields = fields
        self._shared: dict[str, str] = {}
        self._loaders: dict[frozenset[str], Loader] = {}
        self._blank = _blank_of(cls)

    def hydrate(
        self,
        rows: Sequence[Row],
        known: dict[str, weakref.ref[MappedBase]],
        owner: Any,
        phase: Any,
        page: Page,
        other: Callable[[Row], MappedBase | None],
    ) -> list[MappedBase]:
        """
        Turn a page of rows into entities.

        Args:
            rows: The rows, whose ids are texts.
            known: The entities that are held already, by id; new ones are noted here.
            owner: What new entities keep as their session.
            phase: How far new entities have come.
            page: The page that new entities belong to.
            other: Turns a row into an entity where it is held already or not as the others; None leaves it out.
        """
        if not rows:
            return []
        if len(self._shared) > _MOST_SHARED:
            self._shared.clear()
        return cast("list[MappedBase]", self._loader(rows[0])(rows, known, owner, phase, page, other))

    def _loader(self, row: Row) -> Loader:
        shape = frozenset(row)
        loader = self._loaders.get(shape)
        if loader is None:
            loader = self._generated(row) if len(self._loaders) < _MOST_SHAPES else _one_by_one
            self._loaders[shape] = loader
        return loader

    def _generated(self, row: Row) -> Loader:
        """Generate the function for pages whose first row has these keys."""
        names: dict[str, Any] = {
            "new": self._blank or functools.partial(object.__new__, self._cls),
            "cls": self._cls,
            "share": self._shared.setdefault,
            "instant": dt.datetime.fromisoformat,
            "marks": slice(4, None, 3),
            "ref": weakref.ref,
        }
        keys = {key: f"key{number}" for number, key in enumerate(row)}
        source = _TEMPLATE.format(
            # The decoder's own text of a key is found faster than an equal one, so each page brings its keys along.
            keys="\n".join(f"    {name} = own[{key!r}]" for key, name in keys.items()),
            ident=keys["id"],
            count=len(row),
            body="\n".join(f"                {line}" for line in self._body(names, keys)),
            finish="entity.__class__ = cls" if self._blank else "pass",
        )
        exec(compile(source, f"<loader of {self._cls.__name__}>", "exec"), names)  # noqa: S102 -- our own text: names of slots, and keys as quoted literals
        loader: Loader = names["load"]
        return loader

    def _body(self, names: dict[str, Any], keys: Mapping[str, str]) -> list[str]:
        """Return the lines that fill an entity from a row."""
        fields = {key: self._fields[key] for key in keys if key in self._fields}
        beside = ", ".join(f"{name}: row[{name}]" for key, name in keys.items() if key not in fields)
        stores = {"_owner": "owner", "_phase": "phase", "_page": "page"}
        stores |= {"_unknown": f"{{{beside}}}" if beside else "None", "_original": "None", "_links": "None"}
        lines = [line for slot, value in stores.items() for line in self._store(names, slot, value)]
        twins = {field.name for field in fields.values()} >= _TWINS
        met = False
        for key, field in fields.items():
            value = f"row[{keys[key]}]"
            if twins and field.name in _TWINS:
                lines.append(f"text = {value}" if met else f"twin = {value}")
                value = "twin if text == twin and type(text) is type(twin) else text" if met else "twin"
                met = True
            lines += self._filled(names, field, value)
        return lines

    def _filled(self, names: dict[str, Any], field: Field, value: str) -> list[str]:
        """Return the lines that fill the slot of one field with what an expression gives."""
        if field.kind.mutable:
            return self._store(names, WIRE_SLOT.format(field.name), value)
        if isinstance(field.kind, kinds.Timestamp):
            names[f"convert_{field.slot}"] = field.kind.from_wire
            return [
                f"text = {value}",
                "if text is not None:",
                # fromisoformat knows more forms than the wire; those go the slow way, which tells them apart.
                '    if len(text) == 19 and text[marks] == "--T::":',
                '        text = instant(text + "+00:00")',
                "    else:",
                f"        text = convert_{field.slot}(text)",
                *self._store(names, field.slot, "text"),
            ]
        if field.repeats:
            return [f"text = {value}", *self._store(names, field.slot, "share(text, text)")]
        return self._store(names, field.slot, value)

    def _store(self, names: dict[str, Any], slot: str, value: str) -> list[str]:
        if self._blank is not None:
            return [f"entity.{slot} = {value}"]
        names[f"set_{slot}"] = descriptor_of(self._cls, slot).__set__
        return [f"set_{slot}(entity, {value})"]


_TEMPLATE = """
def load(rows, known, owner, phase, page, other):
    found = []
    members = []
    held = known.get
    own = {{key: key for key in rows[0]}}
{keys}
    for row in rows:
        try:
            ident = row[{ident}]
            link = held(ident)
            if len(row) == {count} and (link is None or link() is None):
                entity = new()
{body}
                {finish}
                known[ident] = link = ref(entity)
                members.append(link)
                found.append(entity)
                continue
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        entity = other(row)
        if entity is not None:
            members.append(known[ident])
            found.append(entity)
    page.join(members)
    return found
"""


def _one_by_one(
    rows: Sequence[Row],
    _known: dict[str, weakref.ref[MappedBase]],
    _owner: Any,
    _phase: Any,
    page: Page,
    other: Callable[[Row], MappedBase | None],
) -> list[MappedBase]:
    found = [entity for row in rows if (entity := other(row)) is not None]
    page.join([weakref.ref(entity) for entity in found])
    return found


def _blank_of(cls: type[MappedBase]) -> type | None:
    """
    Return a class with the same slots whose attributes are set without checks, or None where there can be none.

    An instance is filled as one of that class, which costs a store per slot, and then becomes one of its own.
    """
    if any("__init_subclass__" in base.__dict__ for base in cls.__mro__[:-1]):
        return None  # it would be told of a class that is nobody's business
    namespace = {
        "__slots__": tuple(cls.__dict__.get("__slots__", ())),
        # Both, or the interpreter goes through Python code for either.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__init__": object.__init__,
    }
    try:
        blank = type.__new__(type(cls), f"_blank {cls.__name__}", cls.__bases__, namespace)
        blank().__class__ = cls
    except TypeError:
        return None
    return blank
