"""Faults inside an answer: the pages of a listing, and the rows of whatever is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from .schema import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exchange import Exchange
    from .messages import Event

__all__ = ["PAGES", "ROWS", "other_type"]

_MARK = "\x00fault\x00"


def _asking(event: Event, **options: Any) -> Event:
    """Return a find with other options."""
    return attrs.evolve(event, data={**event.data, **options})


def _more_rows(event: Event, options: Mapping[str, Any]) -> Event:
    limit = event.data.get("limit")
    return _asking(event, limit=limit + options["extra"]) if limit else event


def _shifted(event: Event, options: Mapping[str, Any]) -> Event:
    """Answer the last rows of the page before once more, as after an insertion at the front."""
    skip = event.data.get("skip") or 0
    return _asking(event, skip=max(0, skip - options["by"])) if skip else event


def _same_page(event: Event, _options: Mapping[str, Any]) -> Event:
    return _asking(event, skip=0)


def _clamped(event: Event, options: Mapping[str, Any]) -> Event:
    return _asking(event, limit=min(event.data.get("limit") or options["to"], options["to"]))


PAGES: Mapping[str, Callable[[Event, Mapping[str, Any]], Event]] = {
    "more_rows_than_limit": _more_rows,
    "duplicate_row_across_pages": _shifted,
    "same_page_for_ever": _same_page,
    "clamp_pages": _clamped,
}


def other_type(exchange: Exchange, options: Mapping[str, Any]) -> Any:
    """Return a row of another type than the one that was asked for."""
    from .references import rendered

    asked = exchange.event.uri.partition("/")[0].lower()
    name = options["entitytype"] if options["entitytype"] != asked else "user"
    (kind, *_) = types_of(name)
    rows = exchange.workspace.store.rows([kind.name])[:1]
    return [rendered(exchange.workspace.store, kind, row, None) for row in rows]


def _holder(document: dict[str, Any], options: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return where something goes wrong: a row, or the document itself where it holds no rows."""
    result = document.get("result")
    rows = result if isinstance(result, list) else [result]
    if rows:
        row = rows[min(options["index"], len(rows) - 1)]
        if isinstance(row, dict):
            return row, options.get("attribute")
    return document, "result"


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def _with(document: dict[str, Any], options: Mapping[str, Any], value: Any) -> bytes:
    holder, name = _holder(document, options)
    holder[name or "id"] = value
    return _dumped(document)


def _replaced(document: dict[str, Any], options: Mapping[str, Any], text: bytes) -> bytes:
    return _with(document, options, _MARK).replace(json.dumps(_MARK).encode("ascii"), text)


def _without_id(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    holder, _ = _holder(document, options)
    if holder is not document:
        holder.pop("id", None)
    return _dumped(document)


def _odd_id(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    holder, _ = _holder(document, options)
    if holder is not document:
        holder["id"] = options["value"]
    return _dumped(document)


def _other_id(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    holder, _ = _holder(document, options)
    known = holder.get("id")
    if isinstance(known, str):
        holder["id"] = known[:-1] + ("0" if known[-1:] != "0" else "1")
    return _dumped(document)


def _nan(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    return _with(document, options, float("nan"))


def _twice(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    holder, name = _holder(document, options)
    first = json.dumps(holder.get(name or "id")).encode("ascii")
    key = json.dumps(name or "id").encode("ascii")
    return _replaced(document, options, b'"twice",' + key + b":" + first)


def _surrogate(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    return _with(document, options, "half \ud800 of a pair")


def _nested(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    depth = options["depth"]
    return _replaced(document, options, b'{"deep":' + b"[" * depth + b"]" * depth + b"}")


def _not_utf8(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    return _replaced(document, options, b'"latin-1: \xe5\xe4\xf6 \xff"')


def _wrong_type(document: dict[str, Any], options: Mapping[str, Any]) -> bytes:
    return _with(document, options, options["value"])


ROWS: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], bytes]] = {
    "row_without_id": _without_id,
    "odd_id": _odd_id,
    "other_id_answered": _other_id,
    "wrong_type": _wrong_type,
    "nan": _nan,
    "duplicate_keys": _twice,
    "lone_surrogate": _surrogate,
    "deep_nesting": _nested,
    "not_utf8": _not_utf8,
}
