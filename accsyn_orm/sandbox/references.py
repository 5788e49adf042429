"""
Readable twins, queue paths, and what a reference's text may be in a query.

A twin reads as in the accsyn documentation (transfers, file sharing, clients):
`user:lisa@example.com[standard](<id>)`, `share:Projects[volume](<id>)`, `hq(<id>)`,
`workspace:acmefilm(<id>)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .catalogue import GENERIC, Attribute, EntityType
from .schema import lookup, types_of
from .store import Document, Row, Store

__all__ = ["PARTIES", "Value", "names_of", "prefix_of", "readable", "rendered", "target_types", "value_of"]

Value = Callable[[Document], Any]

_SHARES = frozenset(GENERIC["share"])
_CLIENTS = frozenset(GENERIC["client"])
PARTIES = ("workspace", "site", "user", *GENERIC["client"], *GENERIC["share"])


def target_types(attribute: Attribute) -> tuple[str, ...]:
    """Return the types that a reference may point to."""
    if attribute.kind == "party":
        return PARTIES
    if attribute.target == "job":
        return ("transfer", "compute", "delivery", "request", "stream")
    return tuple(each.name for each in types_of(attribute.target))


def prefix_of(kind: str) -> str:
    """Return what stands before the id in a `type:id` reference: for shares and clients the generic name."""
    if kind in _SHARES:
        return "share"
    return "client" if kind in _CLIENTS else kind


def names_of(row: Row) -> tuple[str, ...]:
    """Return the case-folded texts by which a query may name an entity."""
    code = (row.document.get("code") or "").casefold()
    name = (row.document.get("name") or "").casefold()
    named = dict.fromkeys((row.id, code, name, f"{prefix_of(row.type)}:{row.id}", f"{row.type}:{row.id}"))
    return tuple(each for each in named if each)


def readable(store: Store, reference: Any) -> str | None:
    """Return the readable form of an id or a `type:id`, or None where there is nothing of that id."""
    if not isinstance(reference, str):
        return None
    row = store.get(reference.rpartition(":")[2])
    if row is None:
        return reference if "@" in reference else None
    label = row.document.get("code") or row.document.get("name") or row.id
    if row.type == "user":
        return f"user:{label}[{row.document.get('role')}]({row.id})"
    if row.type in _SHARES:
        return f"share:{row.document.get('name')}[{row.type}]({row.id})"
    if row.type == "workspace":
        return f"workspace:{label}({row.id})"
    return f"{label}({row.id})"


def _words(status: Any) -> str | None:
    return status.replace("-", " ").capitalize() if isinstance(status, str) else None


def _queue_path(store: Store, queue: Any) -> str:
    path: dict[str, str] = {}
    row = store.get(queue)
    while row is not None and row.id not in path:
        path[row.id] = str(row.document.get("code"))
        row = store.get(row.document.get("parent"))
    return "/".join(reversed(list(path.values())))


def value_of(store: Store, attribute: Attribute) -> Value:
    """Return how an attribute is read from a document: stored, or made from what is stored."""
    name, target = attribute.name, attribute.target
    if attribute.kind == "readable":
        if target == "status":
            return lambda document: _words(document.get(target))
        return lambda document: readable(store, document.get(target))
    if attribute.kind == "path":

        def path(document: Document) -> str:
            return _queue_path(store, document["queue"] if "queue" in document else document["id"])

        return path
    return lambda document: document.get(name)


def rendered(store: Store, kind: EntityType, row: Row, names: Iterable[str] | None) -> Document:
    """
    Return what a client sees of an entity.

    Args:
        store: Where references are looked up.
        kind: The type of the entity.
        row: The entity.
        names: Attributes to return, unknown ones are left out and `id` is always there; None for every one.
    """
    attributes = kind.attributes
    chosen = attributes if names is None else dict.fromkeys(("id", *names))
    document: Document = {}
    for name in chosen:
        attribute = lookup((kind,), name)
        if attribute is None or attribute.hidden:
            continue
        if attribute.kind in {"readable", "path"}:
            document[name] = value_of(store, attribute)(row.document)
        else:
            document[name] = row.document.get(name)
    return document
