"""
Put given entities into a sandbox past its wire: in whatever state they are to be, as no client could bring about.

What a client may set on a new entity goes through the same checks and additions as on the wire; the rest, such as a
status `failed`, a date of last year or an id, is put in its place afterwards.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AccsynError, ConfigurationError
from .catalogue import GENERIC, JOB_TYPES, TYPES, EntityType
from .checking import checked
from .context import Context
from .creation import create
from .documents import fresh
from .lifecycle import ended
from .seeding import stamp
from .store import Row
from .tasks import task_items

if TYPE_CHECKING:
    from .server import Sandbox
    from .store import Document, Store

__all__ = ["load_entities"]

# Whatever is referred to stands before what refers to it.
_ORDER = (
    *("workspace", "site", "queue", "user", "engine", "server", "userserver", "app", "browser", "lane"),
    *("volume", "folder", "home", "collection", "delivery", "request", "stream", "transfer", "compute"),
)
_PEOPLE = ("creator", "modifier")
_MADE_WHEN_READ = frozenset({"readable", "path"})
_CLIENT_TYPES = {
    "app": (0, "Desktop app"),
    "server": (1, "Server"),
    "userserver": (2, "User server"),
    "browser": (3, "Browser"),
    "lane": (4, "Lane"),
}


def load_entities(
    sandbox: Sandbox, data: Mapping[str, Iterable[Mapping[str, Any]]] | str | os.PathLike[str]
) -> None:
    """
    Put entities into a running sandbox.

    Args:
        sandbox: Where to put them.
        data: Entities by type, such as `{"queue": [{"code": "dailies"}], "job": [{"code": "plates", "status":
            "failed", "queue": "dailies", "user": "lisa@example.com", "tasks": [{"source": …}]}]}`, or the path of a
            JSON file that holds the same. Attributes are named as on the wire, references are ids, codes or e-mail
            addresses; dates are text or `datetime`. Attributes that are made when they are read, such as `user_hr`,
            are passed over. An entity that is there, by id or by a code that is unique, is changed.

    Raises:
        ConfigurationError: The file cannot be read, or an entity cannot be what is given; nothing is put in then.
    """
    entities = _by_type(_from_file(Path(data)) if isinstance(data, (str, os.PathLike)) else data)
    workspace = sandbox.workspace
    store = workspace.store
    with workspace.lock, store.writing():
        posted = len(store.mails)
        loader = _Loader(sandbox, store)
        for name in _ORDER:
            for number, item in enumerate(entities.get(name, ())):
                try:
                    loader.put(TYPES[name], item)
                except AccsynError as error:
                    raise ConfigurationError(f"data, {name} {number}: {error.message}") from error
        # Nobody was invited: they have been there all along.
        del store.mails[posted:]


def _from_file(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The entities in {str(path)!r} cannot be read ({error}); name a JSON file of entities by type."
        ) from error


def _by_type(data: Any) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(data, Mapping):
        raise ConfigurationError(
            f"Entities are given by type, as in {{'queue': [{{'code': 'dailies'}}]}}, not {data!r}."
        )
    found: dict[str, list[dict[str, Any]]] = {}
    for given, items in data.items():
        name = GENERIC["job"][0] if given == "job" else given
        if name not in _ORDER:
            raise ConfigurationError(
                f"Entities of type {given!r} cannot be put into a sandbox; those of {', '.join(_ORDER)} can, tasks "
                "as `tasks` of their job and files as `files` of their collection."
            )
        if isinstance(items, (str, Mapping)) or not isinstance(items, Iterable):
            raise ConfigurationError(f"What {given!r} holds must be a list of entities, not {items!r}.")
        for item in items:
            if not isinstance(item, Mapping) or not item:
                raise ConfigurationError(
                    f"An entity of {given!r} must be an object with attributes, not {item!r}."
                )
            found.setdefault(name, []).append({key: _travelling(key, value) for key, value in item.items()})
    return found


def _travelling(name: str, value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ConfigurationError(
            f"{name!r} is the time {value!r} of no time zone; give it one, such as timezone.utc."
        )
    return stamp(value.astimezone(timezone.utc))


def _anything(kind: EntityType) -> EntityType:
    """Return the type as one of which everything may be set, to every status."""
    opened = {
        name: attrs.evolve(attribute, create=True, required=False)
        for name, attribute in kind.attributes.items()
        if attribute.kind not in _MADE_WHEN_READ
    }
    return attrs.evolve(kind, attributes=opened, settable=kind.statuses)


class _Loader:
    """Put entities in, one after the other."""

    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store = store
        self._disk = sandbox.disk
        self._admin = store.resolve(["user"], sandbox.credentials("admin")["username"])

    def put(self, kind: EntityType, given: Mapping[str, Any]) -> None:
        """Put one entity in, or change the one that is there."""
        item = {name: value for name, value in given.items() if not _made_when_read(kind, name)}
        context = self._context(item)
        known = self._known(kind, item)
        if known is not None:
            _refuse_parts(item)
            self._finish(context, kind, known, item)
        elif kind.creatable:
            self._create(context, kind, item)
        else:
            self._finish(context, kind, self._bare(context, kind), item)

    def _context(self, item: Mapping[str, Any]) -> Context:
        """Let the entity be made by its own user, who may do everything for this once."""
        named = item.get("user") or item.get("creator")
        owner = self._store.resolve(["user"], named) if isinstance(named, str) else None
        who = owner or self._admin
        if who is None:
            raise ConfigurationError("The sandbox has no admin to make entities as.")
        rights = {**who.document, "role": "admin"}
        return Context(self._store, Row("user", who.id, rights, "active", False, 0), self._disk)

    def _known(self, kind: EntityType, item: Mapping[str, Any]) -> Row | None:
        if kind.name == "workspace":
            return self._store.rows([kind.name])[0]
        known = self._store.get(str(item.get("id")))
        if known is not None and known.type == kind.name:
            return known
        code = str(item.get("code") or "").lower()
        rows = self._store.rows([kind.name]) if kind.unique and code else []
        return next((row for row in rows if str(row.document["code"]).lower() == code), None)

    def _create(self, context: Context, kind: EntityType, item: Mapping[str, Any]) -> None:
        tasks = task_items(item["tasks"]) if item.get("tasks") else []
        row = create(context, kind, _settable(kind, {**item, **({"tasks": tasks} if tasks else {})}))
        made = self._store.children(row.id, "task")
        if len(made) != len(tasks):
            raise ConfigurationError(f"of its {len(tasks)} tasks some are of the same files; leave one.")
        for each, task in zip(tasks, made, strict=True):
            self._finish(context, TYPES["task"], task, each)
        self._finish(context, kind, row, item)

    def _bare(self, context: Context, kind: EntityType) -> Row:
        stored = (each for each in kind.attributes.values() if not each.hidden)
        document: Document = {each.name: None for each in stored if each.kind not in _MADE_WHEN_READ}
        document.update(fresh(context, kind.first_status or next(iter(kind.statuses), None)))
        if kind.name in _CLIENT_TYPES:
            document["type"], document["type_hr"] = _CLIENT_TYPES[kind.name]
        return Row(kind.name, document["id"], context.stamped(document), "active", False, 0)

    def _finish(self, context: Context, kind: EntityType, row: Row, item: Mapping[str, Any]) -> None:
        """Give a stored entity everything that its item says and a client could not."""
        hidden = {each.name for each in kind.attributes.values() if each.hidden}
        rest = {name: value for name, value in item.items() if name not in hidden}
        changes = checked(context, _anything(kind), rest, creating=True) if rest else {}
        for name in set(_PEOPLE) & set(changes):
            person = self._store.get(changes[name])
            changes[name] = None if person is None else person.document["code"]
        if "created" in changes:
            changes.setdefault("modified", changes["created"])
        document = {**row.document, **changes}
        if kind.name in JOB_TYPES or kind.name == "task":
            document = {**ended(context.time, row.document, document), **changes}
        if kind.name != "task":
            document["name"] = document["name"] or document["code"]
            document["code"] = document["code"] or document["name"]
        self._store_as(row, document)

    def _store_as(self, row: Row, document: Document) -> None:
        """Store a document under its own id, with what hangs on the id that it had."""
        identity = document["id"]
        if identity == row.id:
            self._store.put(row.type, document)
            return
        if self._store.get(identity) is not None:
            raise ConfigurationError(f"the id {identity!r} is taken; ids are unique, choose another.")
        hanging = [each for kind in ("task", "file") for each in self._store.children(row.id, kind)]
        if self._store.get(row.id) is not None:
            self._store.remove(row.id)
        self._store.put(row.type, document)
        for each in hanging:
            parent = "job" if each.type == "task" else "parent"
            self._store.put(each.type, {**each.document, parent: identity})


def _made_when_read(kind: EntityType, name: str) -> bool:
    attribute = kind.attributes.get(name)
    return attribute is not None and attribute.kind in _MADE_WHEN_READ


def _refuse_parts(item: Mapping[str, Any]) -> None:
    for name in ("tasks", "files"):
        if item.get(name):
            raise ConfigurationError(f"it is there already, and only a new one can be given {name}.")


def _settable(kind: EntityType, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client may set on a new entity; every name that does not exist is refused later."""
    chosen = {
        name: value
        for name, value in item.items()
        if name != "status" and name in kind.attributes and kind.attributes[name].create
    }
    if "tasks" in chosen:
        chosen["tasks"] = [_settable(TYPES["task"], task) for task in chosen["tasks"]]
    return chosen
