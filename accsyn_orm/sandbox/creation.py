"""Create entities: what each type is given beyond what the client sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import ServerError
from .activation import activate
from .assignments import check_servers
from .catalogue import JOB_TYPES, TYPES, EntityType
from .checking import checked
from .context import Context, new_uuid
from .deliveries import DELIVERIES, submit_new
from .documents import fresh
from .grants import give_volumes
from .invitations import new_user
from .mails import post
from .places import party_of, task_place
from .queues import default_queue, keep_flags_single
from .recipients import addresses
from .rules import check_write, denied
from .store import Document, Row
from .tasks import add_tasks, job_of, settle_job, settle_new, task_items, with_job_paths
from .volume_access import check_delivering, check_route

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
    if kind.name == "transfer":
        data = with_job_paths(context, data)
    changes = checked(context, kind, data, creating=True)
    if kind.name in JOB_TYPES:
        task_items(changes.get("tasks") or [])
        appended = _appended(context, kind, changes)
        if appended is not None:
            return appended
    document = _new_document(context, kind, changes)
    _check_role(context, kind, document)
    twin = _twin(context, kind, document)
    if twin is not None:
        return _restored(context, kind, twin, changes)
    draft = Row(kind.name, document["id"], document, "active", False, 0)
    check_write(context, draft, "create")
    row = context.store.put(kind.name, document)
    _follow_up(context, row, changes)
    if kind.name in DELIVERIES:
        return submit_new(context, row, changes.get("status"))
    if kind.name in JOB_TYPES:
        check_route(context, row)
    return settle_new(context, row)


def _new_document(context: Context, kind: EntityType, changes: dict[str, Any]) -> Document:
    document: Document = {
        **fresh(context, kind.first_status),
        **{name: value for name, value in changes.items() if name not in _INSTRUCTIONS},
    }
    if document["metadata"] is None:
        document["metadata"] = {}
    filled = _FILLERS.get(kind.name, _fill_job if kind.name in JOB_TYPES else _fill_coded)
    return context.stamped(filled(context, kind, document, changes))


def _fill_job(context: Context, kind: EntityType, document: Document, changes: dict[str, Any]) -> Document:
    name = document["name"] or document["code"] or f"{kind.name} {document['id'][:8]}"
    items = task_items(changes.get("tasks") or [])
    filled = {
        **document,
        "name": name,
        "code": name,
        "user": context.me.id,
        "queue": document.get("queue") or default_queue(context, kind.name),
        "finished": context.time if document["status"] in {"done", "aborted"} else None,
        "size": -1,
        "progress": 0,
        "speed": -1.0,
        "etr": "",
    }
    for end in ("source", "destination"):
        filled[end] = document.get(end) or _party_of(context, items[0].get(end) if items else None)
    if kind.name in DELIVERIES:
        filled["public"] = bool(document.get("public"))
        filled["recipients"] = addresses(context, document.get("recipients") or ())
        # It is submitted when its files are there.
        filled.update(status=kind.first_status, finished=None)
    return filled


def _party_of(context: Context, place: Any) -> str | None:
    found = party_of(task_place(context, place)) if isinstance(place, (str, dict)) else None
    if found is not None:
        return found
    main = context.only("site", "main")
    return f"site:{main.id}" if main else None


def _fill_user(
    _context: Context, _kind: EntityType, document: Document, _changes: dict[str, Any]
) -> Document:
    return new_user(document)


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
    if kind.name == "home" and owner is not None and not document["name"]:
        own = owner.document["code"]
        document = {**document, "name": own, "code": document["code"] or own}
    filled = {
        "type": kind.name,
        "email": None,
        "queue": None,
        **_fill_coded(context, kind, document, changes),
    }
    if kind.name == "volume":
        servers = check_servers(context, document.get("server"), document.get("siteservers"))
        return {"paths": {}, "server": None, "path": None, **filled, "siteservers": servers}
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
    if context.role != "employee" and kind.name not in {"transfer", "compute"}:
        raise denied(context, f"create a {kind.name}", "only an admin may")
    if kind.name in DELIVERIES:
        check_delivering(context, kind.name)
    if kind.name == "user" and document["role"] != "standard":
        cause = f"an employee creates standard users; an admin may set the role {document['role']!r}"
        raise denied(context, "create this user", cause)


def _twin(context: Context, kind: EntityType, document: Document) -> Row | None:
    """
    Return the deactivated entity of the same code, which is brought back in place of a new one.

    Raises:
        ServerError: There is one of that code in use.
    """
    if not kind.unique:
        return None
    code = document["code"].lower()
    twin = next(
        (row for row in context.store.rows([kind.name]) if row.document["code"].lower() == code), None
    )
    if twin is None or (kind.deactivatable and twin.scope == "inactive"):
        return twin
    raise ServerError(
        f"There is a {kind.name} with the code {document['code']!r} already ({twin.id}); "
        f"codes of this type are unique, choose another.",
        status=400,
    )


def _restored(context: Context, kind: EntityType, twin: Row, changes: dict[str, Any]) -> Row:
    """Bring a deactivated user or share back, as what it is now asked to be (documentation: deactivate)."""
    activate(context, twin)
    known = {
        name: value
        for name, value in changes.items()
        if name != "code" and value is not None and not kind.attributes[name].hidden
    }
    current = context.store.get(twin.id) or twin
    row = context.store.put(kind.name, context.stamped({**current.document, **known}))
    _follow_up(context, row, changes)
    return context.store.get(twin.id) or row


def _appended(context: Context, kind: EntityType, changes: dict[str, Any]) -> Row | None:
    """Return the job that `append` adds to: the newest one of that name, where there is one."""
    name = changes.get("name") or changes.get("code")
    if not changes.get("append") or not changes.get("tasks"):
        return None
    twin = next(
        (
            row
            for row in reversed(context.store.rows([kind.name]))
            if row.document["code"] == name and not row.archived
        ),
        None,
    )
    if twin is None:
        return None
    check_write(context, twin, "append to")
    add_tasks(context, twin, changes)
    check_route(context, twin)
    settle_job(context, twin, added=True)
    return context.store.get(twin.id)


def _follow_up(context: Context, row: Row, changes: dict[str, Any]) -> None:
    if changes.get("tasks"):
        add_tasks(context, row, changes)
    if changes.get("files"):
        add_files(context, row, {"files": changes["files"]})
    if row.type == "queue":
        keep_flags_single(context, row)
    if row.type == "user":
        _welcome(context, row, changes)


def _welcome(context: Context, user: Row, changes: dict[str, Any]) -> None:
    """Give a new user the home, the volumes and the mail that its creation names (documentation, users: create)."""
    homes = [row for row in context.store.rows(["home"]) if row.document.get("user") == user.id]
    if changes.get("create_home_share") and not homes:
        create(context, TYPES["home"], {"user": user.id})
    give_volumes(context, user, changes)
    if changes.get("mail") is not False:
        post(context, user.document["code"], "invitation", user, changes.get("message") or "")


def create_tasks(context: Context, identity: str | None, data: Any) -> list[Row]:
    """Create tasks under the job that the event names."""
    job = job_of(context, identity)
    check_write(context, job, "add tasks to")
    if not isinstance(data, dict) or not data.get("tasks"):
        raise ServerError("The data for tasks must be an object with `tasks`.", status=400)
    tasks = add_tasks(context, job, data)
    check_route(context, job)
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
