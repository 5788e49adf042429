"""The operations that every entity type has: find, create, edit, delete, activate, deactivate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ServerError
from . import activation, changing, creation, deletion
from .catalogue import GENERIC, TYPES
from .file_access import FileAccess
from .finding import find
from .locating import locate
from .references import rendered
from .schema import attribute_names, entity_type_names, types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .catalogue import EntityType
    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS"]

Answer = dict[str, Any]


def _name(event: Event) -> str:
    return event.uri.lower().partition("/")[0]


def _rendered(context: Context, rows: list[Row]) -> list[Answer]:
    return [rendered(context.store, TYPES[row.type], row, None) for row in rows]


def _entitytypes(context: Context, _event: Event) -> list[str]:
    return entity_type_names(context.role)


def _attributes(context: Context, event: Event) -> list[str]:
    data = event.data if isinstance(event.data, dict) else {}
    name = data.get("entitytype")
    if not isinstance(name, str):
        raise ServerError("attributes needs `entitytype` in the data.", status=400)
    create = bool(data.get("create"))
    names = attribute_names(types_of(name), create, bool(data.get("update")), context.role)
    # What a new generic share is to be is said by its type.
    return [*names, "type"] if create and names and name.lower() == "share" else names


def _find(context: Context, event: Event) -> Any:
    return find(context, _name(event), event)


def _create(context: Context, event: Event) -> list[Answer]:
    name = _name(event)
    # A new `job` is a transfer; of the clients none can be created.
    kind, data = _new_share(event.data) if name == "share" else (types_of(name)[0], event.data)
    if kind.name == "collection" and isinstance(data, dict):
        _check_files(context, data.get("files"))
    return _rendered(context, [creation.create(context, kind, data)])


def _check_files(context: Context, items: Any) -> None:
    """Let nobody put a file into a collection, which others are granted, that it may not read itself."""
    if context.role == "admin":
        return
    access = FileAccess(context)
    for item in items if isinstance(items, list) else [items]:
        path = item.get("path") if isinstance(item, dict) else item
        if path is not None:
            access.check_whole(locate(context, path))


def _new_share(data: Any) -> tuple[EntityType, Any]:
    """Return what a new generic share is: what its `type` says; with `paths` a volume, otherwise a folder."""
    if not isinstance(data, dict):
        return TYPES["folder"], data
    name = data.get("type", "volume" if data.get("paths") else "folder")
    if name not in GENERIC["share"]:
        raise ServerError(f"A share is one of {', '.join(GENERIC['share'])}, not {name!r}.", status=400)
    return TYPES[name], {key: value for key, value in data.items() if key != "type"}


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
    force = event.data.get("force", False) if isinstance(event.data, dict) else False
    if not isinstance(force, bool):
        raise ServerError(f"'force' is true or false, not {force!r}.", status=400)
    deletion.delete(context, changing.require(context, types_of(_name(event)), event.id), force=force)
    return True


def _delete_task(_context: Context, event: Event) -> NoReturn:
    raise ServerError(
        f"The task {event.id!r} cannot be deleted: tasks stay for audit; set the status 'excluded' instead.",
        status=400,
    )


def _deactivate(context: Context, event: Event) -> bool:
    activation.deactivate(context, changing.require(context, types_of(_name(event)), event.id))
    return True


def _activate(context: Context, event: Event) -> bool:
    types = types_of(_name(event))
    identity = event.id
    if not identity and event.query:
        found = context.store.resolve([each.name for each in types], event.query)
        identity = event.query if found is None else found.id
    activation.activate(context, changing.require(context, types, identity))
    return True


def _add_files(context: Context, event: Event) -> list[Answer]:
    data = event.data
    _check_files(context, data.get("files", data.get("tasks", data)) if isinstance(data, dict) else data)
    return _rendered(context, creation.add_files(context, context.store.get(event.id), data))


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
    **dict.fromkeys((("DELETE", "task/delete"), ("DELETE", "job/task/delete")), _delete_task),
    ("DELETE", "*/deactivate"): _deactivate,
    ("POST", "*/activate"): _activate,
    ("DELETE", "collection/file/remove"): _remove_files,
}
