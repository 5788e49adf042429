"""
The change state of an entity: by net effect, and in wire form.

Set a field back and it is clean; change something deep inside metadata and it is dirty; what is equal after
encoding is equal. Nothing here does I/O; what was not loaded is asked of the entity's session.
"""

# ruff: noqa: SLF001 -- an entity keeps its bookkeeping in slots of its own; this module is who keeps the books

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any

from ..errors import DetachedEntity, InvalidValue, ReadOnlyField, SessionError
from . import kinds
from .containers import plain, tracked
from .registry import class_named
from .slots import WIRE_SLOT

if TYPE_CHECKING:
    from .base import MappedBase
    from .fields import Field
    from .page import Page
    from .protocols import Owner

__all__ = [
    "MISSING",
    "Phase",
    "assign",
    "clear",
    "differences",
    "enter",
    "follow",
    "is_detached",
    "keep_original",
    "links_of",
    "owner_of",
    "page_of",
    "peek",
    "phase_of",
    "prepare",
    "put_on_page",
    "read_empty",
    "restore",
    "track",
    "unlike",
    "wire_value",
]


class Phase(enum.Enum):
    """How far an entity has come."""

    TRANSIENT = "new, in no session"
    PENDING = "new, to be created"
    PERSISTENT = "stored"
    DELETED = "deleted"


class _Missing(enum.Enum):
    MISSING = "not loaded"

    def __repr__(self) -> str:
        return "not loaded"


MISSING = _Missing.MISSING

_set = object.__setattr__

_NOTHING_SET: dict[str, Any] = {}

# Types whose values are the same JSON only if they are equal and of one type.
_SCALARS = frozenset({str, int, bool, type(None)})


def prepare(entity: MappedBase, owner: Any = None, phase: Phase = Phase.TRANSIENT) -> None:
    """Give a fresh instance its empty bookkeeping."""
    _set(entity, "_owner", owner)
    _set(entity, "_phase", phase)
    for name in ("_unknown", "_links", "_page"):
        _set(entity, name, None)
    track(entity, None)


def track(entity: MappedBase, original: dict[str, Any] | None) -> None:
    """Note what changed fields held before, by name; all others are changed for the first time from here on."""
    _set(entity, "_original", original or None)
    stored = entity._phase is Phase.PERSISTENT
    _set(entity, "_setters", entity.__mapper__.setters if stored else _NOTHING_SET)


def owner_of(entity: MappedBase) -> Owner:
    """
    Return the session of an entity.

    Raises:
        DetachedEntity: It has none, or the session is gone.
    """
    owner = entity._owner
    found = None if owner is None else owner()
    if found is None:
        what = "was never added to a session" if owner is None else "outlived its session"
        raise DetachedEntity(
            f"{entity!r} {what}: keep the session in a variable while its entities are in use",
            entity=entity.__mapper__.entitytype,
        )
    return found


def phase_of(entity: MappedBase) -> Phase:
    """Return how far an entity has come."""
    return entity._phase


def is_detached(entity: MappedBase) -> bool:
    """Whether an entity belongs to no session."""
    return entity._owner is None


def links_of(entity: MappedBase) -> dict[str, MappedBase]:
    """Return the entities that references were set to, by name of field."""
    return entity._links or {}


def page_of(entity: MappedBase) -> Page | None:
    """Return the page that an entity was last loaded with."""
    return entity._page


def put_on_page(entity: MappedBase, page: Page) -> None:
    """Note the page that an entity was loaded with."""
    _set(entity, "_page", page)


def peek(entity: MappedBase, field: Field) -> Any:
    """Return what a field holds, in Python form, or MISSING; no I/O and no side effect."""
    try:
        return object.__getattribute__(entity, field.slot)
    except AttributeError:
        return object_wire(entity, field)


def object_wire(entity: MappedBase, field: Field) -> Any:
    """Return what the server sent for a JSON field that was not read yet, or MISSING."""
    if not field.kind.mutable:
        return MISSING
    try:
        return field.kind.from_wire(object.__getattribute__(entity, WIRE_SLOT.format(field.name)))
    except AttributeError:
        return MISSING


def read_empty(entity: MappedBase, field: Field) -> Any:
    """Answer the read of an empty slot: unpack JSON, or load what was not asked for."""
    raw = object_wire(entity, field)
    if raw is MISSING and entity._phase is Phase.PERSISTENT:
        owner_of(entity).load_missing(entity, field)
        raw = peek(entity, field)
    if raw is MISSING:
        raw = None
    value = _tracked(entity, field, raw) if field.kind.mutable else raw
    if field.kind.mutable or entity._phase is Phase.PERSISTENT:
        _set(entity, field.slot, value)
    return value


def _tracked(entity: MappedBase, field: Field, raw: Any) -> Any:
    """Return JSON as the entity holds it: to change it is to change the entity, or an error if it is not."""

    def about_to_change() -> None:
        if peek(entity, field) is not held:
            raise SessionError(
                f"this {field.name} is out of date: {entity!r} has taken over another one, by a refresh, a"
                f" rollback or an assignment, so the change would be lost; read .{field.name} again",
                entity=entity.__mapper__.entitytype,
            )
        refuse_read_only(entity, field)
        keep_original(entity, field)

    held = tracked(raw, about_to_change)
    return held


def assign(entity: MappedBase, field: Field, value: Any) -> None:
    """Set a field, checked and tracked."""
    refuse_read_only(entity, field)
    entitytype = entity.__mapper__.entitytype
    link = value if field.is_reference and hasattr(value, "__mapper__") else None
    value = _reference_text(entity, field, link) if link is not None else field.check(value, entitytype)
    keep_original(entity, field)
    if field.is_reference:
        links = {name: held for name, held in links_of(entity).items() if name != field.name}
        if link is not None:
            links[field.name] = link
        _set(entity, "_links", links or None)
    if field.kind.mutable:
        value = _tracked(entity, field, value)
    _set(entity, field.slot, value)


def _reference_text(entity: MappedBase, field: Field, link: MappedBase) -> str | None:
    """Return what is stored for a reference to that entity; None as long as it has no id."""
    target = field.kind.target if isinstance(field.kind, kinds.Reference) else None
    if target is not None:
        wanted = class_named(target, type(entity).__module__)
        if not isinstance(link, wanted):
            raise InvalidValue(
                f"{field.name} of a {entity.__mapper__.entitytype} is a {target}, not {link!r}"
            )
    ident = peek(link, link.__mapper__.fields["id"])
    if not isinstance(ident, str):
        return None
    return ident if target is not None else f"{link.__mapper__.entitytype}:{ident}"


def refuse_read_only(entity: MappedBase, field: Field) -> None:
    """Raise ReadOnlyField where a field cannot be written in the entity's phase."""
    entitytype = entity.__mapper__.entitytype
    stored = entity._phase in (Phase.PERSISTENT, Phase.DELETED)
    if entity._phase is Phase.DELETED:
        raise ReadOnlyField(f"{entity!r} was deleted; {field.name} cannot be set any more", entity=entitytype)
    if field.update if stored else field.create:
        return
    if field.create:
        reason = field.reason or "accsyn takes it only when the entity is created"
    elif field.update:
        reason = field.reason or "accsyn takes it only once the entity exists"
    else:
        reason = field.reason or "the server computes it"
    raise ReadOnlyField(f"{field.name} of a {entitytype} cannot be set: {reason}", entity=entitytype)


def keep_original(entity: MappedBase, field: Field) -> None:
    """Remember what a field held before its first change, and have the session hold on to the entity."""
    if entity._phase is not Phase.PERSISTENT:
        return
    original = entity._original
    if original is None:
        # First the session, which may refuse: an entity with an original is one that it holds on to.
        owner_of(entity).note_change(entity)
        original = {}
        _set(entity, "_original", original)
    if field.name not in original:
        original[field.name] = object_wire(entity, field) if field.kind.mutable else peek(entity, field)


def follow(entity: MappedBase, field: Field) -> MappedBase | None:
    """Return the entity that a reference leads to, from where it was set or through the session."""
    links = links_of(entity)
    if field.name in links:
        return links[field.name]
    if getattr(entity, field.slot) is None:
        return None
    return owner_of(entity).follow(entity, field)


def wire_value(entity: MappedBase, field: Field) -> Any:
    """Return what a field holds, in wire form; MISSING where it was not loaded."""
    links = entity._links
    link = None if links is None else links.get(field.name)
    value = peek(entity, field) if link is None else _reference_text(entity, field, link)
    return _to_wire(field, value)


def _to_wire(field: Field, value: Any) -> Any:
    if value is None or value is MISSING:
        return value
    if field.kind.mutable:
        return plain(value)
    try:
        return field.kind.to_wire(value)
    except InvalidValue:
        return value  # what the server sent in another form than documented goes back as it came


def differences(entity: MappedBase) -> list[tuple[Field, Any, Any]]:
    """
    Return what differs from the server's state, in the order of declaration; by net effect.

    Field, before and after, both in wire form; MISSING where one is not known.
    """
    original = entity._original
    if not original:
        return []
    mapper = entity.__mapper__
    fields, texts, reads = mapper.fields, mapper.setters, mapper.reads
    found = []
    for name in original if len(original) == 1 else [name for name in fields if name in original]:
        field, before = fields[name], original[name]
        if name in texts:
            after = reads[name](entity)  # set, and the same in wire form
        else:
            before, after = _to_wire(field, before), wire_value(entity, field)
        # Text is unlike whatever is not equal to it; the most frequent case goes without a call.
        differs = before != after if type(after) is str else unlike(before, after)
        if differs or (after is None and name in links_of(entity)):
            found.append((field, before, after))
    return found


def unlike(before: Any, after: Any) -> bool:
    """Whether two wire values are sent as different JSON."""
    if before is MISSING or after is MISSING:
        return before is not after
    if type(before) in _SCALARS and type(after) in _SCALARS:
        return type(before) is not type(after) or before != after
    # As JSON text, because in Python True == 1 == 1.0.
    return json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True)


def clear(entity: MappedBase, slot: str) -> None:
    """Empty a slot."""
    try:
        object.__delattr__(entity, slot)
    except AttributeError:
        return


def restore(entity: MappedBase) -> None:
    """Put back what changed fields held before (rollback)."""
    original: dict[str, Any] = entity._original or {}
    links = {name: held for name, held in links_of(entity).items() if name not in original}
    for name, value in original.items():
        field = entity.__mapper__.fields[name]
        clear(entity, field.slot)
        if value is not MISSING and not field.kind.mutable:
            _set(entity, field.slot, value)
    _set(entity, "_links", links or None)
    track(entity, None)


def enter(entity: MappedBase, owner: Any, phase: Phase) -> None:
    """Move an entity into a phase, and to a session (a weak reference, or None)."""
    _set(entity, "_owner", owner)
    _set(entity, "_phase", phase)
    # How texts are set depends on the phase.
    track(entity, entity._original)
