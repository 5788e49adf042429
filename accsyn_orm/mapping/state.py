"""
The change state of an entity: by net effect, and in wire form.

Set a field back and it is clean; change something deep inside metadata and it is dirty; what is equal after encoding
is equal. Nothing here does I/O; what was not loaded is asked of the entity's session.
"""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import DetachedEntity, InvalidValue, ReadOnlyField
from . import kinds
from .containers import plain, tracked
from .mapper import WIRE_SLOT
from .registry import class_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .base import MappedBase
    from .fields import Field
    from .protocols import Owner

__all__ = [
    "MISSING",
    "FieldChange",
    "Phase",
    "assign",
    "changes",
    "enter",
    "fill",
    "fill_created",
    "follow",
    "forget_changes",
    "merge",
    "owner_of",
    "peek",
    "prepare",
    "read_empty",
    "restore",
    "settle_empty",
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


@attrs.frozen
class FieldChange:
    """One field that holds something else than the server has; both in wire form, MISSING where it is not known."""

    field: Field
    before: Any
    after: Any


def prepare(entity: MappedBase, owner: Any = None, phase: Phase = Phase.TRANSIENT) -> None:
    """Give a fresh instance its empty bookkeeping."""
    _set(entity, "_owner", owner)
    _set(entity, "_phase", phase)
    for name in ("_original", "_unknown", "_links", "_page"):
        _set(entity, name, None)


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
        return object.__getattribute__(entity, WIRE_SLOT.format(field.name))
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
    value = tracked(raw, _notifier(entity, field)) if field.kind.mutable else raw
    if field.kind.mutable or entity._phase is Phase.PERSISTENT:
        _set(entity, field.slot, value)
    return value


def _notifier(entity: MappedBase, field: Field) -> Any:
    def about_to_change() -> None:
        refuse_read_only(entity, field)
        _keep_original(entity, field)

    return about_to_change


def assign(entity: MappedBase, field: Field, value: Any) -> None:
    """Set a field, checked and tracked."""
    refuse_read_only(entity, field)
    entitytype = entity.__mapper__.entitytype
    link = value if field.is_reference and hasattr(value, "__mapper__") else None
    if link is not None:
        value = _reference_text(entity, field, link)
    else:
        value = field.check(value, entitytype)
    _keep_original(entity, field)
    if field.is_reference:
        links = {name: held for name, held in (entity._links or {}).items() if name != field.name}
        if link is not None:
            links[field.name] = link
        _set(entity, "_links", links or None)
    if field.kind.mutable:
        value = tracked(value, _notifier(entity, field))
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


def _keep_original(entity: MappedBase, field: Field) -> None:
    """Remember what a field held before its first change, and have the session hold on to the entity."""
    if entity._phase is not Phase.PERSISTENT:
        return
    original = entity._original
    if original is None:
        owner = owner_of(entity)
        original = {}
        _set(entity, "_original", original)
        owner.note_change(entity)
    if field.name not in original:
        original[field.name] = object_wire(entity, field) if field.kind.mutable else peek(entity, field)


def follow(entity: MappedBase, field: Field) -> MappedBase | None:
    """Return the entity that a reference leads to, from where it was set or through the session."""
    if entity._links is not None and field.name in entity._links:
        return entity._links[field.name]
    if getattr(entity, field.slot) is None:
        return None
    return owner_of(entity).follow(entity, field)


def wire_value(entity: MappedBase, field: Field) -> Any:
    """Return what a field holds, in wire form; MISSING where it was not loaded."""
    link = (entity._links or {}).get(field.name)
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


def changes(entity: MappedBase) -> list[FieldChange]:
    """Return what differs from the server's state, in the order of declaration; empty where the net effect is nil."""
    original = entity._original
    if not original:
        return []
    found = []
    for name, field in entity.__mapper__.fields.items():
        if name in original:
            before, after = _to_wire(field, original[name]), wire_value(entity, field)
            if _unlike(before, after) or (entity._links or {}).get(name) is not None and after is None:
                found.append(FieldChange(field, before, after))
    return found


def _unlike(before: Any, after: Any) -> bool:
    if before is MISSING or after is MISSING:
        return before is not after
    return _canonical(before) != _canonical(after)


def _canonical(value: Any) -> str:
    # JSON text, because in Python True == 1 == 1.0.
    return value if isinstance(value, str) else f"json:{json.dumps(value, sort_keys=True)}"


def fill(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """Fill an instance with a row, whole; attributes that the class does not declare are kept beside."""
    mapper = entity.__mapper__
    mapper.fill(entity, row)
    if not row.keys() <= mapper.by_wire.keys():
        known = mapper.by_wire
        _set(entity, "_unknown", (entity._unknown or {}) | {key: row[key] for key in row if key not in known})


def merge(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """
    Take over a newer row: unchanged fields are refreshed, local changes stay.

    What the server has now becomes the "before" of a changed field.
    """
    original = entity._original
    if not original:
        forget_unpacked(entity, row)
        fill(entity, row)
        return
    mapper = entity.__mapper__
    held = {mapper.fields[name].wire for name in original}
    for name in original:
        field = mapper.fields[name]
        if field.wire in row:
            original[name] = row[field.wire] if field.kind.mutable else field.kind.from_wire(row[field.wire])
            if field.kind.mutable:
                _set(entity, WIRE_SLOT.format(name), row[field.wire])
    rest = {key: value for key, value in row.items() if key not in held}
    forget_unpacked(entity, rest)
    fill(entity, rest)


def forget_unpacked(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """Empty what a newer row makes out of date: JSON that was unpacked, and references that were followed."""
    for field in entity.__mapper__.fields.values():
        if field.wire in row:
            if field.kind.mutable:
                _clear(entity, field.slot)
            elif entity._links is not None and field.name in entity._links:
                links = {name: held for name, held in entity._links.items() if name != field.name}
                _set(entity, "_links", links or None)


def _clear(entity: MappedBase, slot: str) -> None:
    try:
        object.__delattr__(entity, slot)
    except AttributeError:
        return


def restore(entity: MappedBase) -> None:
    """Put back what changed fields held before (rollback)."""
    original = entity._original or {}
    links = {name: held for name, held in (entity._links or {}).items() if name not in original}
    for name, value in original.items():
        field = entity.__mapper__.fields[name]
        _clear(entity, field.slot)
        if value is not MISSING and not field.kind.mutable:
            _set(entity, field.slot, value)
    _set(entity, "_links", links or None)
    _set(entity, "_original", None)


def forget_changes(entity: MappedBase, sent: Mapping[str, Any]) -> None:
    """
    Make what was sent the new original (after the server applied it).

    Args:
        entity: The entity.
        sent: Name of field → wire value that was sent. What was changed again meanwhile stays changed.
    """
    original = entity._original
    if original is None:
        return
    for name, value in sent.items():
        field = entity.__mapper__.fields[name]
        if field.kind.mutable:
            _set(entity, WIRE_SLOT.format(name), value)
            original[name] = value
        else:
            original[name] = field.kind.from_wire(value)
    remaining = {change.field.name: original[change.field.name] for change in changes(entity)}
    _set(entity, "_original", remaining or None)


def enter(entity: MappedBase, owner: Any, phase: Phase) -> None:
    """Move an entity into a phase, and to a session (a weak reference, or None)."""
    _set(entity, "_owner", owner)
    _set(entity, "_phase", phase)


def settle_empty(entity: MappedBase, field: Field) -> None:
    """Note that the server has nothing for a field, so that it is not asked again."""
    _set(entity, WIRE_SLOT.format(field.name) if field.kind.mutable else field.slot, None)


def fill_created(entity: MappedBase, row: Mapping[str, Any]) -> None:
    """Take over what the server made of a new entity; what it does not mention stays as it was set."""
    for field in entity.__mapper__.fields.values():
        if field.kind.mutable and field.wire not in row:
            value = wire_value(entity, field)
            if value is not MISSING:
                _set(entity, WIRE_SLOT.format(field.name), value)
    forget_unpacked(entity, row)
    fill(entity, row)
    _set(entity, "_original", None)
