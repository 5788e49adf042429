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
    from .setters import Setter

__all__ = ["Hydrator"]

Row = dict[str, Any]
# Takes the arguments of `hydrate`.
Loader = Callable[..., list[Any]]

# Servers may answer rows of many shapes (attributes per status or per role); a function is made for so many.
_MOST_SHAPES = 64
# These two mostly hold the same text, which is then kept once.
_TWINS = frozenset({"code", "name"})
# Texts that many rows share, such as statuses, owners and readable twins, are kept once where entities are kept; this
# many are remembered.
_MOST_SHARED = 50_000

# What people write into metadata, such as the name of a show, is the same in many.
_SHARED_INSIDE = (
    "if type(raw) is dict:",
    "    for inner, text in raw.items():",
    "        if type(text) is str:",
    "            raw[inner] = share(text, text)",
)
_CONVERTED = (
    "text = {value}",
    "if text is not None:",
    "    if len(text) == 19:",
    '        text = instant(text + "+00:00")',
    "    else:",
    "        text = convert_{slot}(text)",
)


class Hydrator:
    """
    Makes new entities of one class.

    Args:
        cls: The class.
        fields: Its fields, by wire name.
        setters: How they are set for the first time; see `setters.py`.
    """

    def __init__(
        self, cls: type[MappedBase], fields: Mapping[str, Field], setters: Mapping[str, Setter]
    ) -> None:
        self._cls = cls
        self._fields = fields
        self._setters = setters
        self._shared: dict[str, str] = {}
        self._loaders: dict[tuple[bool, frozenset[str]], Loader] = {}
        self._blank = _blank_of(cls)

    def hydrate(
        self,
        rows: Sequence[Row],
        ids: list[str],
        known: dict[str, weakref.ref[MappedBase]],
        owner: Any,
        phase: Any,
        page: Page,
        other: Callable[[Row], MappedBase | None],
    ) -> list[MappedBase]:
        """
        Turn a page of rows into entities.

        Args:
            rows: The rows.
            ids: Their ids, which are texts.
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
        loader = self._loader(rows[0], kept=page.kept)
        return cast("list[MappedBase]", loader(rows, ids, known, owner, phase, page, other))

    def _loader(self, row: Row, *, kept: bool) -> Loader:
        shape = (kept, frozenset(row))
        loader = self._loaders.get(shape)
        if loader is None:
            loader = self._generated(row, kept=kept) if len(self._loaders) < _MOST_SHAPES else _one_by_one
            self._loaders[shape] = loader
        return loader

    def _generated(self, row: Row, *, kept: bool) -> Loader:
        """Generate the function for pages whose first row has these keys."""
        names: dict[str, Any] = {
            "new": self._blank or functools.partial(object.__new__, self._cls),
            "cls": self._cls,
            "share": self._shared.setdefault,
            "instant": dt.datetime.fromisoformat,
            "ref": weakref.ref,
            "none": -1.0,
            "setters": self._setters,
        }
        keys = {key: f"key{number}" for number, key in enumerate(row)}
        source = _TEMPLATE.format(
            # The decoder's own text of a key is found faster than an equal one, so each page brings its keys along.
            keys="\n".join(f"    {name} = own[{key!r}]" for key, name in keys.items()),
            count=len(row),
            body="\n".join(f"                {line}" for line in self._body(names, keys, kept=kept)),
            finish="entity.__class__ = cls" if self._blank else "pass",
        )
        exec(compile(source, f"<loader of {self._cls.__name__}>", "exec"), names)  # noqa: S102 -- our own text: names of slots, and keys as quoted literals
        loader: Loader = names["load"]
        return loader

    def _body(self, names: dict[str, Any], keys: Mapping[str, str], *, kept: bool) -> list[str]:
        """Return the lines that fill an entity from a row."""
        fields = {key: self._fields[key] for key in keys if key in self._fields}
        beside = ", ".join(f"{name}: row[{name}]" for key, name in keys.items() if key not in fields)
        stores = {"_owner": "owner", "_phase": "phase", "_page": "page", "_setters": "setters"}
        stores |= {"_unknown": f"{{{beside}}}" if beside else "None", "_original": "None", "_links": "None"}
        lines = [line for slot, value in stores.items() for line in self._store(names, slot, value)]
        twins = kept and {field.name for field in fields.values()} >= _TWINS
        met = False
        for key, field in fields.items():
            value = "ident" if key == "id" else f"row[{keys[key]}]"
            if twins and field.name in _TWINS:
                lines.append(f"text = {value}" if met else f"twin = {value}")
                value = "twin if text == twin and type(text) is type(twin) else text" if met else "twin"
                met = True
            lines += self._filled(names, field, value, kept=kept)
        return lines

    def _filled(self, names: dict[str, Any], field: Field, value: str, *, kept: bool) -> list[str]:
        """Return the lines that fill the slot of one field with what an expression gives."""
        if field.kind.mutable:
            lines = [f"raw = {value}", *(_SHARED_INSIDE if kept else ())]
            return [*lines, *self._store(names, WIRE_SLOT.format(field.name), "raw")]
        if isinstance(field.kind, kinds.Timestamp):
            names[f"convert_{field.slot}"] = field.kind.from_wire
            lines = [line.format(value=value, slot=field.slot) for line in _CONVERTED]
            return [*lines, *self._store(names, field.slot, "text")]
        if isinstance(field.kind, kinds.Number) and kept:
            # What the server writes where there is nothing to tell, which would take 24 bytes each time.
            lone = "none if number == none and type(number) is float else number"
            return [f"number = {value}", *self._store(names, field.slot, lone)]
        if field.repeats and kept:
            return [f"text = {value}", *self._store(names, field.slot, "share(text, text)")]
        return self._store(names, field.slot, value)

    def _store(self, names: dict[str, Any], slot: str, value: str) -> list[str]:
        if self._blank is not None:
            return [f"entity.{slot} = {value}"]
        names[f"set_{slot}"] = descriptor_of(self._cls, slot).__set__
        return [f"set_{slot}(entity, {value})"]


_TEMPLATE = """
def load(rows, ids, known, owner, phase, page, other):
    found = []
    held = known.get
    own = {{key: key for key in rows[0]}}
{keys}
    for ident, row in zip(ids, rows):
        try:
            link = held(ident)
            if len(row) == {count} and (link is None or link() is None):
                entity = new()
{body}
                {finish}
                known[ident] = ref(entity)
                found.append(entity)
                continue
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        entity = other(row)
        if entity is not None:
            found.append(entity)
    page.join(ids, known)
    return found
"""


def _one_by_one(
    rows: Sequence[Row],
    ids: list[str],
    known: dict[str, weakref.ref[MappedBase]],
    _owner: Any,
    _phase: Any,
    page: Page,
    other: Callable[[Row], MappedBase | None],
) -> list[MappedBase]:
    found = [entity for row in rows if (entity := other(row)) is not None]
    page.join(ids, known)
    return found


def _blank_of(cls: type[MappedBase]) -> type | None:
    """
    Return a class with the same slots whose attributes are set without checks, or None where there can be none.

    An instance is filled as one of that class, which costs a store per slot, and then becomes one of its own. As a
    subclass without slots of its own it is known to have the same layout; slots that are alike would be compared.
    """
    if any("__init_subclass__" in base.__dict__ for base in cls.__mro__[:-1]):
        return None  # it would be told of a class that is nobody's business
    namespace: dict[str, Any] = {
        "__slots__": (),
        # Both, or the interpreter goes through Python code for either.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__init__": object.__init__,
    }
    try:
        blank = type.__new__(type(cls), f"_blank {cls.__name__}", (cls,), namespace)
        blank().__class__ = cls
    except TypeError:
        return None
    return blank
