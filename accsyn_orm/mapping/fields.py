"""
Declared fields: what a class body says, and what type checkers make of it.

`status = text(choices=…)` in a class body makes `job.status` a `str` and `Job.status` a column, which
compares into conditions. The functions below are the vocabulary; users' own classes use them as the catalogue
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

import attrs

from ..errors import InvalidValue, UnknownField
from . import kinds
from .predicates import Column
from .suggestions import did_you_mean

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

__all__ = [
    "AbsentAttribute",
    "Column",
    "Field",
    "Mapped",
    "absent",
    "boolean",
    "integer",
    "json",
    "number",
    "reference",
    "text",
    "timestamp",
]

T = TypeVar("T")


def _slot_of(field: Field) -> str:
    """Return the attribute that holds the stored value: `user_id` for the reference `user`."""
    if not isinstance(field.kind, kinds.Reference):
        return field.name
    return f"{field.name}_ref" if field.kind.target is None else f"{field.name}_id"


@attrs.frozen(eq=False)
class Field:
    """
    One declared attribute of an entity class.

    Args:
        name: Name in Python.
        wire: Name on the wire.
        kind: What it holds.
        create: Whether it may be given when the entity is created.
        update: Whether it may be changed afterwards.
        optional: Whether it may be None.
        choices: Every value that it can have; empty where any will do.
        settable: Those of the choices that a client may set.
        reason: Why it cannot be written, for the error message.
        doc: One line about it, units included.
        repeats: Whether many entities share a text, which is then kept once.
        slot: Name of the attribute that holds the stored value; worked out.
        is_reference: Whether it leads to another entity; worked out.
    """

    name: str
    wire: str
    kind: kinds.Kind
    create: bool = True
    update: bool = True
    optional: bool = True
    choices: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    reason: str = ""
    doc: str = ""
    repeats: bool = False

    slot: str = attrs.field(init=False, default=attrs.Factory(_slot_of, takes_self=True))
    is_reference: bool = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: isinstance(self.kind, kinds.Reference), takes_self=True),
    )

    def check(self, value: Any, entitytype: str) -> Any:
        """
        Return a value as the attribute will hold it.

        Raises:
            InvalidValue: The type is wrong, or the value is none of those that can be set.
        """
        if value is None:
            if self.optional:
                return None
            raise InvalidValue(f"{self.name} of a {entitytype} cannot be None", entity=entitytype)
        try:
            value = self.kind.check(value)
        except InvalidValue as error:
            raise InvalidValue(f"{self.name} of a {entitytype}: {error}", entity=entitytype) from error
        if self.settable and value not in self.settable:
            what = f"{value!r} is not a {self.name} that can be set on a {entitytype}"
            hint = did_you_mean(value, self.settable)
            raise InvalidValue(f"{what}{hint}", entity=entitytype)
        return value


class Mapped(Generic[T]):
    """
    The declaration of a field in a class body.

    At run time the class keeps slots in its place; the overloads below are what type checkers see.
    """

    def __init__(self, make: Callable[[str], Field]) -> None:
        self.make = make

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> Column[T]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> T: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Column[T] | T: ...
        def __set__(self, instance: object, value: T) -> None: ...


def _mapped(
    kind: kinds.Kind,
    wire: str | None,
    *,
    create: bool,
    update: bool,
    optional: bool,
    reason: str,
    doc: str,
    choices: Iterable[str] = (),
    settable: Iterable[str] | None = None,
    repeats: bool = False,
) -> Mapped[Any]:
    allowed = tuple(choices)
    may_be_set = allowed if settable is None else tuple(settable)

    def make(name: str) -> Field:
        return Field(
            name, wire or name, kind, create, update, optional, allowed, may_be_set, reason, doc, repeats
        )

    return Mapped(make)


@overload
def text(
    wire: str | None = ...,
    *,
    optional: Literal[False] = ...,
    create: bool = ...,
    update: bool = ...,
    choices: Iterable[str] = ...,
    settable: Iterable[str] | None = ...,
    repeats: bool | None = ...,
    reason: str = ...,
    doc: str = ...,
) -> Mapped[str]: ...
@overload
def text(
    wire: str | None = ...,
    *,
    optional: Literal[True],
    create: bool = ...,
    update: bool = ...,
    choices: Iterable[str] = ...,
    settable: Iterable[str] | None = ...,
    repeats: bool | None = ...,
    reason: str = ...,
    doc: str = ...,
) -> Mapped[str | None]: ...
def text(
    wire: str | None = None,
    *,
    optional: bool = False,
    create: bool = True,
    update: bool = True,
    choices: Iterable[str] = (),
    settable: Iterable[str] | None = None,
    repeats: bool | None = None,
    reason: str = "",
    doc: str = "",
) -> Mapped[Any]:
    """
    Declare text.

    Args:
        wire: Name on the wire, where it differs.
        optional: Whether it may be None.
        create: Whether it may be given on create.
        update: Whether it may be changed.
        choices: Every value that it can have, if they are known.
        settable: Those of them that a client may set; all by default.
        repeats: Whether many entities hold the same text, which is then kept in memory once; where not given,
            whether there are choices.
        reason: Why it cannot be written.
        doc: One line about it.
    """
    allowed = tuple(choices)
    return _mapped(
        kinds.Text(),
        wire,
        create=create,
        update=update,
        optional=optional,
        reason=reason,
        doc=doc,
        choices=allowed,
        settable=settable,
        repeats=bool(allowed) if repeats is None else repeats,
    )


def integer(
    wire: str | None = None, *, create: bool = True, update: bool = True, reason: str = "", doc: str = ""
) -> Mapped[int]:
    """Declare a whole number; the parameters are those of `text`."""
    return _mapped(
        kinds.Integer(), wire, create=create, update=update, optional=False, reason=reason, doc=doc
    )


def number(
    wire: str | None = None, *, create: bool = True, update: bool = True, reason: str = "", doc: str = ""
) -> Mapped[float]:
    """Declare a number; the parameters are those of `text`."""
    return _mapped(kinds.Number(), wire, create=create, update=update, optional=False, reason=reason, doc=doc)


def boolean(
    wire: str | None = None, *, create: bool = True, update: bool = True, reason: str = "", doc: str = ""
) -> Mapped[bool]:
    """Declare a yes or no; the parameters are those of `text`."""
    return _mapped(
        kinds.Boolean(), wire, create=create, update=update, optional=False, reason=reason, doc=doc
    )


@overload
def timestamp(
    wire: str | None = ...,
    *,
    optional: Literal[False] = ...,
    create: bool = ...,
    update: bool = ...,
    reason: str = ...,
    doc: str = ...,
) -> Mapped[dt.datetime]: ...
@overload
def timestamp(
    wire: str | None = ...,
    *,
    optional: Literal[True],
    create: bool = ...,
    update: bool = ...,
    reason: str = ...,
    doc: str = ...,
) -> Mapped[dt.datetime | None]: ...
def timestamp(
    wire: str | None = None,
    *,
    optional: bool = False,
    create: bool = True,
    update: bool = True,
    reason: str = "",
    doc: str = "",
) -> Mapped[Any]:
    """Declare a point in time, an aware datetime in UTC; the parameters are those of `text`."""
    return _mapped(
        kinds.Timestamp(), wire, create=create, update=update, optional=optional, reason=reason, doc=doc
    )


def json(
    wire: str | None = None,
    *,
    shape: Any = None,
    hidden: Iterable[str] = (),
    create: bool = True,
    update: bool = True,
    reason: str = "",
    doc: str = "",
) -> Mapped[Any]:
    """
    Declare an object or a list, in which changes at any depth are noticed.

    Args:
        wire: As for `text`, like the rest.
        shape: What it must be made of, such as `list[str]`; None for any JSON.
        hidden: Keys of an object that are neither shown nor sent back.
        create: See `text`.
        update: See `text`.
        reason: See `text`.
        doc: See `text`.
    """
    return _mapped(
        kinds.Json(shape, frozenset(hidden)),
        wire,
        create=create,
        update=update,
        optional=True,
        reason=reason,
        doc=doc,
    )


def reference(
    target: str | None,
    wire: str | None = None,
    *,
    create: bool = True,
    update: bool = True,
    repeats: bool = True,
    reason: str = "",
    doc: str = "",
) -> Mapped[Any]:
    """
    Declare a reference: `job.user` is the entity, `job.user_id` its id.

    Args:
        target: Name of the class it leads to. None for text that names its type itself (`site:5b…`): then
            `job.source_ref` is that text.
        wire: As for `text`, like the rest.
        create: See `text`.
        update: See `text`.
        repeats: Whether many entities lead to the same one; see `text`.
        reason: See `text`.
        doc: See `text`.
    """
    kind = kinds.Reference(target)
    return _mapped(
        kind, wire, create=create, update=update, optional=True, reason=reason, doc=doc, repeats=repeats
    )


def absent(reason: str) -> Mapped[Any]:
    """
    Declare that a class has no such field, although the class above has one.

    What a server sends under that name all the same stays readable, as all that is not declared.

    Args:
        reason: Why there is none, and what to use instead.
    """
    return cast("Mapped[Any]", AbsentAttribute(reason))


class AbsentAttribute:
    """
    The place of a field that a class does not have.

    Args:
        reason: Why there is none.
    """

    __slots__ = ("name", "reason")

    def __init__(self, reason: str) -> None:
        self.reason: str = reason
        self.name: str = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, instance: object | None, owner: type[Any]) -> Any:
        # For an instance, Python then asks `__getattr__`, which knows what the server sent.
        raise UnknownField(f"no field {self.name!r} on {owner.__name__}: {self.reason}")
