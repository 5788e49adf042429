"""The operations that every entity type has: find, create, edit, delete, activate, deactivate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from . import changing, creation, deletion
from .catalogue import TYPES
from .finding import find
from .references import rendered
from .schema import attribute_names, entity_type_names, types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS"]

Answer = dict[str, Any]


def _name(event: Event) -> str:
    return event.uri.lower().partition("/")[0]


def _rendered(context: Context, rows: list[Row]) -> list[Answer]:
    return [rendered(context.store, TYPES[row.type], row, None) for row in rows]


def _entitytypes(_context: Context, _event: Event) -> list[str]:
    return entity_type_names()


def _attributes(_context: Context, event: Event) -> list[str]:
    data = event.data if isinstance(event.data, dict) else {}
    name = data.get("entitytype")
    if not isinstance(name, str):
        raise ServerError("attributes needs `entitytype` in the data.", status=400)
    return attribute_names(types_of(name), bool(data.get("create")), bool(data.get("update")))


def _find(context: Context, event: Event) -> Any:
    return find(context, _name(event), event)


def _create(context: Context, event: Event) -> list[Answer]:
    name = _name(event)
    # A new `job` is a transfer, a new `share` a folder; of the clients none can be created.
    kind = TYPES["folder"] if name == "share" else types_of(name)[0]
    return _rendered(context, [creation.create(context, kind, event.data)])


def _create_tasks(context: Context, event: Event) -> list[Answer]:
    return _rendered(context, creation.create_tasks(context, event.id, event.data))


def _edit(context: Context, event: Event) -> list[Answer]:
    row = changing.require(context, types_of(_name(event)), event.id)
    return _rendered(context, [changing.edit(context, row, event.data)])


def _edit_tasks(context: Context, event: Event) -> list[Answer]:
    if isinstance(event.data, list):
        return _rendered(context, changing.edit_tasks(context, event.id, event.data))
    row = changing.require(context, (TYPES["task"],), event.id)
    item = event.data if isinstance(event.data, dict) else {}
    return _rendered(context, changing.edit_tasks(context, row.document["job"], [{**item, "id": row.id}]))


def _delete(context: Context, event: Event) -> bool:
    deletion.delete(context, changing.require(context, types_of(_name(event)), event.id))
    return True


def _deactivate(context: Context, event: Event) -> bool:
    changing.deactivate(context, changing.require(context, types_of(_name(event)), event.id))
    return True


def _activate(context: Context, event: Event) -> bool:
    types = types_of(_name(event))
    identity = event.id
    if not identity and event.query:
        found = context.store.resolve([each.name for each in types], event.query)
        identity = event.query if found is None else found.id
    changing.activate(context, changing.require(context, types, identity))
    return True


def _add_files(context: Context, event: Event) -> list[Answer]:
    return _rendered(context, creation.add_files(context, context.store.get(event.id), event.data))


def _remove_files(context: Context, event: Event) -> bool:
    deletion.remove_files(context, changing.require(context, (TYPES["collection"],), event.id), event.data)
    return True


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("GET", "entitytypes"): _entitytypes,
    ("GET", "attributes"): _attributes,
    ("GET", "*/find"): _find,
    ("POST", "*/create"): _create,
    ("POST", "task/create"): _create_tasks,
    ("POST", "file/add"): _add_files,
    ("PUT", "*/edit"): _edit,
    ("PUT", "task/edit"): _edit_tasks,
    ("DELETE", "*/delete"): _delete,
    ("DELETE", "*/deactivate"): _deactivate,
    ("POST", "*/activate"): _activate,
    ("DELETE", "collection/file/remove"): _remove_files,
}
