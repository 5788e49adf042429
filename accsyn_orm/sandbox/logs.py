"""The log of the workspace: what is written into it, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import PermissionDenied, ServerError
from .logbook import COLUMNS, Entry
from .results import Flat
from .rules import reader
from .schema import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS", "logged"]

_VERBS = {
    "create": "created",
    "add": "added",
    "edit": "changed",
    "delete": "deleted",
    "collection/file/remove": "removed files from",
    "job/recipient/add": "added a recipient to",
    "job/recipient": "removed a recipient from",
    "deactivate": "deactivated",
    "activate": "activated",
}
_FILES = {
    "rm": "deleted",
    "delete": "deleted",
    "mkdir": "made",
    "rename": "renamed",
    "move": "moved",
    "mv": "moved",
}
_PARTS = {
    "task/create": "added {} tasks to",
    "task/edit": "changed {} tasks of",
    "file/add": "added {} files to",
}
# Carried out by PUT, and changes nothing.
_QUIET = ("workspace/publish/preprocess", "organization/publish/preprocess")
_OPTIONS = frozenset({"entitytype", "sort", "sort_reverse", "search", "pagination"})
_PAGINATION = frozenset({"page", "limit", "skip"})
_LIMIT = 100


def logged(operation: Callable[[Context, Event], Any]) -> Callable[[Context, Event], Any]:
    """Return the operation of a write that writes down what it did, in the same transaction."""

    def carried_out(context: Context, event: Event) -> Any:
        # What is deleted has to be named before it is gone.
        before = context.store.get(event.id)
        result = operation(context, event)
        for entry in _entries(context, event, before, result):
            context.store.log.add(entry)
        return result

    return carried_out


def _entries(context: Context, event: Event, before: Row | None, result: Any) -> Iterator[Entry]:
    uri = event.uri.lower()
    if uri in _QUIET:
        return
    answered = result if isinstance(result, list) else []
    if uri in _PARTS and before is not None and before.type not in {"task", "file"}:
        # There may be many thousands of them: they are told of with what they belong to.
        what = f"{_PARTS[uri].format(len(answered))} {_named(before)}"
        yield _entry(context, uri, before, what)
        return
    ids = [each["id"] for each in answered if isinstance(each, dict) and "id" in each]
    written: list[Row | None] = [row for row in map(context.store.get, ids) if row is not None]
    for row in written or [before]:
        yield _entry(context, uri, row, _what(event, uri, _named(row)))


def _entry(context: Context, uri: str, row: Row | None, what: str) -> Entry:
    kind, identity = ("workspace", "") if row is None else (row.type, row.id)
    message = f"{context.email} {what}."
    return Entry(context.time, context.me.id, context.email, kind, identity, _name(row), uri, message)


def _name(row: Row | None) -> str:
    return "" if row is None else str(row.document.get("name") or row.document.get("code") or row.id)


def _named(row: Row | None) -> str:
    return "the workspace" if row is None else f"{row.type} {_name(row)!r}"


def _what(event: Event, uri: str, of: str) -> str:
    data = event.data if isinstance(event.data, dict) else {}
    if uri.endswith("/file") and data.get("op") in _FILES:
        to = f" to {data['path_to']!r}" if data.get("path_to") else ""
        return f"{_FILES[data['op']]} {data.get('path')!r}{to}"
    if uri == "setting":
        verb = "took away" if event.method == "DELETE" else "changed"
        return f"{verb} the setting {data.get('name')!r} of {of}"
    done = _VERBS.get(uri) or _VERBS.get(uri.rpartition("/")[2])
    if done == "changed" and data:
        return f"changed {', '.join(sorted(data))} of {of}"
    return f"{done} {of}" if done else f"asked for {uri} of {of}"


def _find(context: Context, event: Event) -> Flat:
    """Answer the log, of the whole workspace, of a type, or of one entity."""
    data = _known(event.data, _OPTIONS, "The log")
    pagination = _known(data.get("pagination"), _PAGINATION, "pagination")
    sort, reverse, search = data.get("sort") or "date", data.get("sort_reverse"), data.get("search")
    if sort not in COLUMNS:
        raise ServerError(f"The log cannot be sorted by {sort!r}; it has {', '.join(COLUMNS)}.", status=400)
    if not isinstance(reverse, (bool, type(None))) or not isinstance(search, (str, type(None))):
        raise ServerError("sort_reverse is true or false, and search a text.", status=400)
    page, limit = _count(pagination, "page", 1, 1), _count(pagination, "limit", 1, _LIMIT)
    skip = _count(pagination, "skip", 0, (page - 1) * limit)
    total, rows = context.store.log.find(
        _narrowed(context, event, data), search, sort, bool(reverse), limit, skip
    )
    shown = {"page": page, "limit": limit, "skip": skip, "total": total, "pages": -(-total // limit)}
    return Flat({"result": rows, "pagination": shown})


def _narrowed(context: Context, event: Event, data: Mapping[str, Any]) -> dict[str, str]:
    """Return what the entries must be about: who is no admin sees its own, and those of an entity that it may read."""
    equal = {"entityid": event.id} if event.id else _of_type(data.get("entitytype"))
    row = context.store.get(event.id)
    if context.role == "admin":
        return equal
    if row is not None:
        allowed = reader(context, (row.type,))
        if allowed is not None and not allowed(row):
            raise PermissionDenied(f"{context.email} may not read the log of this {row.type}.", status=403)
        return equal
    return {**equal, "user": context.me.id}


def _of_type(name: Any) -> dict[str, str]:
    if name is None:
        return {}
    if not isinstance(name, str):
        raise ServerError(f"entitytype must be a text, not {name!r}.", status=400)
    types = [each.name for each in types_of(name)]
    if len(types) > 1:
        raise ServerError(f"{name!r} stands for several types; name one of {', '.join(types)}.", status=400)
    return {"entitytype": types[0]}


def _known(data: Any, names: frozenset[str], what: str) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict) or set(data) - names:
        raise ServerError(f"{what} takes an object of {', '.join(sorted(names))}, not {data!r}.", status=400)
    return data


def _count(pagination: Mapping[str, Any], name: str, least: int, default: int) -> int:
    value = pagination.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ServerError(f"pagination.{name} is a number from {least}, not {value!r}.", status=400)
    return value


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {("GET", "log/find"): _find}
