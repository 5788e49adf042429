"""Create entities: what each type is given beyond what the client sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import PermissionDenied, ServerError
from .catalogue import JOB_TYPES, TYPES, EntityType
from .checking import checked
from .context import Context, new_id, new_uuid
from .places import task_place
from .rules import check_write
from .store import Document, Row
from .tasks import add_tasks, job_of, settle_job, task_items

__all__ = ["add_files", "create", "create_tasks"]

# Taken on create and then used up: these say what to do, and are no part of the entity.
_INSTRUCTIONS = (
    "tasks",
    "append",
    "allow_duplicates",
    "replace_duplicates",
    "files",
    "message",
    "mail",
    "volumes",
)


def create(context: Context, kind: EntityType, data: Any) -> Row:
    """
    Create one entity.

    Raises:
        ServerError: The data cannot be an entity of that type.
        PermissionDenied: The user's role does not allow it.
    """
    if not kind.creatable:
        raise ServerError(f"A {kind.name} cannot be created through the API.", status=400)
    changes = checked(context, kind, data, creating=True)
    if kind.name in JOB_TYPES:
        task_items(changes.get("tasks") or [])
        appended = _appended(context, kind, changes)
        if appended is not None:
            return appended
    document = _new_document(context, kind, changes)
    _check_role(context, kind, document)
    _check_code(context, kind, document)
    draft = Row(kind.name, document["id"], document, "active", False, 0)
    check_write(context, draft, "create")
    row = context.store.put(kind.name, document)
    _follow_up(context, row, changes)
    return row


def _new_document(context: Context, kind: EntityType, changes: dict[str, Any]) -> Document:
    document: Document = {
        "id": new_id(),
        "code": None,
        "name": None,
        "description": None,
        "status": kind.first_status,
        "created": context.time,
        "creator": context.email,
        "metadata": {},
        **{name: value for name, value in changes.items() if name not in _INSTRUCTIONS},
    }
    if document["metadata"] is None:
        document["metadata"] = {}
    filled = _FILLERS.get(kind.name, _fill_job if kind.name in JOB_TYPES else _fill_coded)
    return context.stamped(filled(context, kind, document, changes))


def _fill_job(context: Context, kind: EntityType, document: Document, changes: dict[str, Any]) -> Document:
    name = document["name"] or document["code"] or f"{kind.name} {document['id'][:8]}"
    queue = context.only("queue", "default")
    items = task_items(changes.get("tasks") or [])
    filled = {
        **document,
        "name": name,
        "code": name,
        "user": context.me.id,
        "queue": document.get("queue") or (queue.id if queue else None),
        "finished": context.time if document["status"] in {"done", "aborted"} else None,
        "size": -1,
        "progress": 0,
        "speed": -1.0,
        "etr": "",
    }
    for end in ("source", "destination"):
        filled[end] = document.get(end) or _party_of(context, items[0].get(end) if items else None)
    if "public" in kind.attributes:
        filled["public"] = bool(document.get("public"))
    return filled


def _party_of(context: Context, place: Any) -> str | None:
    stored = task_place(context, place) if isinstance(place, (str, dict)) else None
    found = next(
        ((kind, (stored or {}).get(kind)) for kind in ("user", "client", "site") if (stored or {}).get(kind)),
        None,
    )
    if found is not None:
        return ":".join(map(str, found))
    main = context.only("site", "main")
    return f"site:{main.id}" if main else None


def _fill_user(
    _context: Context, _kind: EntityType, document: Document, _changes: dict[str, Any]
) -> Document:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", document["code"]):
        raise ServerError(f"The code of a user is an e-mail address, not {document['code']!r}.", status=400)
    return {
        **document,
        "name": document["name"] or document["code"],
        "role": document.get("role") or "standard",
        "logged_in": None,
        "queue": None,
        "inactive": False,
    }


def _fill_coded(
    _context: Context, kind: EntityType, document: Document, _changes: dict[str, Any]
) -> Document:
    name = document["name"] or document["code"]
    if not name:
        raise ServerError(f"A new {kind.name} needs a name.", status=400)
    code = document["code"] or re.sub(r"\W+", "-", name.lower()).strip("-") or document["id"]
    flags = {each.name: False for each in kind.attributes.values() if each.kind == "bool" and not each.hidden}
    return {**flags, **document, "name": name, "code": code}


def _fill_queue(context: Context, kind: EntityType, document: Document, changes: dict[str, Any]) -> Document:
    filled = _fill_coded(context, kind, document, changes)
    return {"parent": None, "priority": 500, **filled}


def _fill_share(context: Context, kind: EntityType, document: Document, changes: dict[str, Any]) -> Document:
    owner = context.store.get(document.get("user"))
    if kind.name == "home" and owner is not None:
        document = {**document, "name": document["name"] or owner.document["code"]}
    filled = {
        "type": kind.name,
        "email": None,
        "queue": None,
        **_fill_coded(context, kind, document, changes),
    }
    if kind.name == "volume":
        return {"paths": {}, "server": None, "siteservers": [], "path": None, **filled}
    volume = context.only("volume", "default")
    parent = document.get("parent") or (volume.id if volume else None)
    return {**filled, "parent": parent, "path": document.get("path") or filled["name"]}


_Filler = Callable[[Context, EntityType, Document, dict[str, Any]], Document]
_FILLERS: dict[str, _Filler] = {
    "user": _fill_user,
    "queue": _fill_queue,
    **dict.fromkeys(("volume", "folder", "home", "collection"), _fill_share),
}


def _check_role(context: Context, kind: EntityType, document: Document) -> None:
    if context.role == "admin":
        return
    # The draft of a new entity carries its creator, so that ownership alone would allow everything.
    if context.role == "standard" and kind.name not in {"transfer", "compute"}:
        raise PermissionDenied(f"{context.email} is standard and may not create a {kind.name}.", status=403)
    if kind.name == "user" and document["role"] != "standard":
        raise PermissionDenied(
            f"{context.email} is employee and may create standard users only; an admin may set the role "
            f"{document['role']!r}.",
            status=403,
        )


def _check_code(context: Context, kind: EntityType, document: Document) -> None:
    if kind.unique:
        code = document["code"].lower()
        twin = next(
            (row for row in context.store.rows([kind.name]) if row.document["code"].lower() == code), None
        )
        if twin is not None:
            raise ServerError(
                f"There is a {kind.name} with the code {document['code']!r} already ({twin.id}); "
                f"codes of this type are unique, choose another.",
                status=400,
            )


def _appended(context: Context, kind: EntityType, changes: dict[str, Any]) -> Row | None:
    """Return the job that `append` adds to: the newest one of that name, where there is one."""
    name = changes.get("name") or changes.get("code")
    if not changes.get("append") or not changes.get("tasks"):
        return None
    twin = next(
        (row for row in reversed(context.store.rows([kind.name])) if row.document["code"] == name), None
    )
    if twin is None:
        return None
    check_write(context, twin, "append to")
    add_tasks(context, twin, changes)
    settle_job(context, twin, added=True)
    return context.store.get(twin.id)


def _follow_up(context: Context, row: Row, changes: dict[str, Any]) -> None:
    if changes.get("tasks"):
        add_tasks(context, row, changes)
    if changes.get("files"):
        add_files(context, row, {"files": changes["files"]})
    if changes.get("create_home_share"):
        create(context, TYPES["home"], {"user": row.id})


def create_tasks(context: Context, identity: str | None, data: Any) -> list[Row]:
    """Create tasks under the job that the event names."""
    job = job_of(context, identity)
    check_write(context, job, "add tasks to")
    if not isinstance(data, dict) or not data.get("tasks"):
        raise ServerError("The data for tasks must be an object with `tasks`.", status=400)
    tasks = add_tasks(context, job, data)
    settle_job(context, job, added=True)
    return tasks


def add_files(context: Context, collection: Row | None, data: Any) -> list[Row]:
    """
    Add files to a collection.

    Args:
        context: The event's surroundings.
        collection: Where the files go.
        data: Payload with `files` or `tasks`, a list of paths or objects, or one object with `path`.
    """
    if collection is None or collection.type != "collection":
        raise ServerError("Files are added to a collection; name the id of one.", status=404)
    check_write(context, collection, "add files to")
    items = data.get("files", data.get("tasks", [data])) if isinstance(data, dict) else data
    if not isinstance(items, list) or not items:
        raise ServerError(
            f"The files of a collection are a list of paths or objects, not {items!r}.", status=400
        )
    stored = []
    for item in items:
        changes = checked(
            context, TYPES["file"], {"path": item} if isinstance(item, str) else item, creating=True
        )
        name = changes.get("name") or re.split(r"[\\/]", changes["path"].rstrip("\\/"))[-1]
        document = {"id": new_uuid(), "parent": collection.id, "size": -1, "created": context.time, **changes}
        stored.append(context.store.put("file", {**document, "name": name, "modified": context.time}))
    return stored
