"""`status=aborted`, `metadata.shot=SH010`, `metadata:={…}`: text that becomes values, by the kind of the field."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import InvalidValue, UnknownField
from ..mapping import kinds
from ..mapping.containers import plain

if TYPE_CHECKING:
    from ..entities.base import Entity
    from ..mapping.fields import Field
    from ..mapping.mapper import Mapper

__all__ = ["Assignment", "assignment_of"]


@attrs.frozen
class Assignment:
    """
    One field, or a place inside of one, and what it becomes.

    Args:
        field: The field.
        keys: The way to the place, key by key; empty for the field itself.
        value: In Python form.
    """

    field: Field
    keys: tuple[str, ...]
    value: Any

    def apply(self, entity: Entity) -> None:
        """
        Set it.

        Raises:
            InvalidValue: It does not fit.
            ReadOnlyField: Nobody can set it.
        """
        setattr(entity, self.field.slot, self._within(entity) if self.keys else self.value)

    def _within(self, entity: Entity) -> Any:
        whole = plain(getattr(entity, self.field.name))
        whole = {} if whole is None else whole
        place = whole
        for number, key in enumerate(self.keys):
            if not isinstance(place, dict):
                above = ".".join((self.field.name, *self.keys[:number]))
                raise InvalidValue(f"{above} is {place!r}, which is no object, so nothing in it can be set")
            if number + 1 == len(self.keys):
                place[key] = self.value
            else:
                place = place.setdefault(key, {})
        return whole


def assignment_of(mapper: Mapper, text: str) -> Assignment:
    """
    Read an assignment for entities of a class.

    Args:
        mapper: Its mapper.
        text: `NAME=VALUE`, by the kind of the field; or `NAME:=JSON`.

    Raises:
        InvalidValue: It is none, or the value does not fit the kind.
        UnknownField: There is no such field, or nothing can be set inside of it.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip(":"):
        raise InvalidValue(f"{text!r} sets nothing: write it as NAME=VALUE, or NAME:=JSON")
    is_json = name.endswith(":")
    first, *keys = name.removesuffix(":").split(".")
    field = mapper.attributes.get(first) or mapper.by_wire.get(first)
    if field is None:
        raise mapper.unknown(first)
    if keys and not field.kind.mutable:
        raise UnknownField(
            f"{first} of a {mapper.entitytype} is no object, so nothing in it can be set: {text!r}"
        )
    try:
        return Assignment(field, tuple(keys), _value(field, value, is_json=is_json, inside=bool(keys)))
    except ValueError as error:
        what = name.removesuffix(":")
        raise InvalidValue(f"{what} of a {mapper.entitytype}: {error}", entity=mapper.entitytype) from error


def _value(field: Field, text: str, *, is_json: bool, inside: bool) -> Any:
    if is_json:
        return _timed(field, _json(text), inside=inside)
    return text if inside else _converted(field.kind, text)


def _timed(field: Field, value: Any, *, inside: bool) -> Any:
    """Return a value of JSON, where a date is text as well."""
    is_date = isinstance(field.kind, kinds.Timestamp) and isinstance(value, str)
    return _moment(value) if is_date and not inside else value


def _converted(kind: kinds.Kind, text: str) -> Any:
    if isinstance(kind, kinds.Integer):
        kind.check_text(text)
        return int(text)
    if isinstance(kind, kinds.Number):
        kind.check_text(text)
        return float(text)
    if isinstance(kind, kinds.Boolean):
        kind.check_text(text)
        return text.lower() == "true"
    if isinstance(kind, kinds.Timestamp):
        return _moment(text)
    return _json(text) if isinstance(kind, kinds.Json) else text


def _moment(text: str) -> dt.datetime:
    """Return a point in time; without a zone it is UTC, as accsyn's own dates are."""
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise InvalidValue(f"{text!r} is not a date, YYYY-MM-DDTHH:MM:SS in UTC or with its zone") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.timezone.utc)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidValue(f"{text!r} is not JSON: {error}") from None
