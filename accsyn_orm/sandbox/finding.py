"""
Find entities: scope, expression, permissions, paging, attributes.

Scopes (accsyn documentation, transfers and users: find): without a flag the active entities are found; each
of `finished`, `inactive` and `archived` names one scope instead, and several name several.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import QueryError, ServerError
from ..expressions.parser import parse_statement
from .catalogue import TYPES, EntityType
from .evaluation import Predicate, compile_expression
from .references import rendered
from .rules import reader
from .schema import entity_type_names, types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .context import Context
    from .messages import Event
    from .store import Document, Row

__all__ = ["find"]

_OPTIONS = frozenset(
    {
        "recursive",
        "parent",
        "entityid",
        "finished",
        "inactive",
        "archived",
        "limit",
        "skip",
        "attributes",
        "single_entity_query",
    }
)
_SCOPES = ("finished", "inactive", "archived")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def find(context: Context, name: str, event: Event) -> list[Document]:
    """
    Answer a find.

    Args:
        context: The event's surroundings.
        event: What is asked.
        name: Entity type as it stands in the uri, perhaps a generic one.

    Raises:
        ServerError: The query or an option cannot be understood.
    """
    types = types_of(name)
    options = _options(event.data)
    names = _attribute_names(options)
    readable = reader(context, tuple(each.name for each in types))
    predicate = _predicate(context, name, types, event.query)
    if predicate is not None and options.get("recursive") and types[0].name == "acl":
        predicate = _with_shares_below(context, predicate)
    limit = _count(options, "limit")
    skip = _count(options, "skip") or 0

    def chosen(rows: Iterable[Row]) -> list[Row]:
        found = (row for row in rows if predicate is None or predicate(row.document))
        visible = found if readable is None else filter(readable, found)
        return list(islice(visible, skip, None if limit is None else skip + limit))

    rows = _first_scope(context, types, event, options, chosen)
    return [rendered(context.store, TYPES[row.type], row, names) for row in rows]


def _with_shares_below(context: Context, predicate: Predicate) -> Predicate:
    """Let what is asked of a volume's grants hold for those of its folders, homes and collections too."""

    def holds(document: Document) -> bool:
        share = context.store.get(str(document.get("target")).rpartition(":")[2])
        volume = None if share is None else share.document.get("parent")
        return predicate(document) or (
            volume is not None and predicate({**document, "target": f"share:{volume}"})
        )

    return holds


def _first_scope(
    context: Context,
    types: tuple[EntityType, ...],
    event: Event,
    options: dict[str, Any],
    chosen: Callable[[Iterable[Row]], list[Row]],
) -> list[Row]:
    if types[0].name in {"task", "file"}:
        return chosen(_parts(context, types[0].name, event, options))
    if event.id:
        row = context.store.get(event.id)
        return chosen([row] if row is not None and row.type in {each.name for each in types} else [])
    kinds = [each.name for each in types]
    wanted = {scope for scope in _SCOPES if options.get(scope)} or {"active"}
    found = chosen(_scoped(context, kinds, wanted))
    if not found and options.get("single_entity_query") and wanted == {"active"}:
        return chosen(_scoped(context, kinds, {"finished"}))
    return found


def _scoped(context: Context, kinds: list[str], wanted: set[str]) -> Iterator[Row]:
    return (row for row in context.store.rows(kinds) if row.scope in wanted)


def _parts(context: Context, kind: str, event: Event, options: dict[str, Any]) -> list[Row]:
    """Return the tasks or files of a parent, in whatever scope it is, or all that the query chooses from."""
    if event.id and _UUID.fullmatch(event.id):
        row = context.store.get(event.id)
        return [row] if row is not None and row.type == kind else []
    parent = event.id or options.get("parent") or options.get("entityid")
    if parent:
        if not isinstance(parent, str):
            raise ServerError(f"parent must be the id of one entity, not {parent!r}.", status=400)
        return context.store.children(parent, kind)
    if not event.query:
        owner = "job" if kind == "task" else "collection"
        raise ServerError(
            f"{kind}/find needs its {owner}: `parent` in the data, or {owner}.id=<id> in the query.",
            status=400,
        )
    return context.store.rows([kind])


def _options(data: Any) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ServerError(f"The data of a find must be an object, not {data!r}.", status=400)
    unknown = sorted(set(data) - _OPTIONS)
    if unknown:
        raise ServerError(
            f"A find does not know {', '.join(map(repr, unknown))}; it knows {', '.join(sorted(_OPTIONS))}.",
            status=400,
        )
    return data


def _attribute_names(options: dict[str, Any]) -> list[str] | None:
    names = options.get("attributes")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ServerError(f"attributes must be a list of names, not {names!r}.", status=400)
    return names


def _count(options: dict[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    # A JSON true arrives from the published client where it was given True for 1.
    if not isinstance(value, int) or value < (1 if name == "limit" else 0):
        raise ServerError(f"{name} must be a positive integer, not {value!r}.", status=400)
    return int(value)


def _predicate(
    context: Context, name: str, types: tuple[EntityType, ...], query: str | None
) -> Predicate | None:
    if query is None or not query.strip():
        return None
    try:
        statement = parse_statement(query)
    except QueryError as error:
        raise ServerError(f"The query cannot be read: {error}", status=400) from error
    if statement.entitytype is not None and statement.entitytype.lower() != name.lower():
        known = statement.entitytype.lower() in entity_type_names()
        reason = f"the uri asks for {name}" if known else "that is no entity type"
        raise ServerError(f"The query names {statement.entitytype!r}, and {reason}.", status=400)
    return compile_expression(statement.expression, types, context.store)
