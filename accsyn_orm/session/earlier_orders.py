"""
Calls as the clients 1.x and 2.x write them: other orders of parameters, and other names for some.

Each function here takes the arguments of a call as they were written and returns those of today's call. What is
written as for today's client passes unchanged.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import InvalidValue

__all__ = [
    "find_arguments",
    "find_one_arguments",
    "in_earlier_orders",
    "renamed",
    "set_setting_arguments",
    "update_many_arguments",
]

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Translate = Callable[[tuple[Any, ...], dict[str, Any]], Arguments]

_Session = TypeVar("_Session")
_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")

_FIND_ONE = ("query", "attributes", "finished", "offline", "archived")
_FIND = (*_FIND_ONE, "limit", "skip", "create", "update")
_FIND_OF_1 = ("query", "attributes", "finished", "limit", "skip", "create", "update")
_SET_SETTING = ("name", "value", "entitytype", "entityid", "integration", "data")
# What has settings (accsyn documentation, "Settings"); no setting has such a name.
_HAVE_SETTINGS = frozenset(
    {
        *(
            "workspace",
            "organization",
            "domain",
            "user",
            "queue",
            "job",
            "transfer",
            "compute",
            "delivery",
            "request",
        ),
        *(
            "stream",
            "share",
            "volume",
            "root_share",
            "folder",
            "home",
            "collection",
            "site",
            "client",
            "server",
        ),
        *("userserver", "app", "browser", "lane"),
    }
)


def in_earlier_orders(
    translate: Translate,
) -> Callable[
    [Callable[Concatenate[_Session, _Parameters], _Returned]],
    Callable[Concatenate[_Session, _Parameters], _Returned],
]:
    """Let a method be called as in earlier clients, too; its signature is today's."""

    def decorate(
        method: Callable[Concatenate[_Session, _Parameters], _Returned],
    ) -> Callable[Concatenate[_Session, _Parameters], _Returned]:
        # Without the types, since what is written for another signature passes through.
        call: Callable[..., _Returned] = method

        @functools.wraps(method)
        def translating(
            self: _Session, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
        ) -> _Returned:
            positional, named = translate(args, kwargs)
            return call(self, *positional, **named)

        return translating

    return decorate


def renamed(**names: str) -> Translate:
    """Return what takes parameters by their earlier names: `entitytype_id="entityid"`."""

    def translate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        return args, _renamed(kwargs, names)

    return translate


def find_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """
    Translate those of `find`, where the attributes came second, and no parent.

    In 2.x it was `query, attributes, finished, offline, archived, limit, skip, create, update`; 1.x had neither
    `offline` nor `archived`. The documentation of today's also has `parent` for `entityid`.
    """
    kwargs = _renamed(kwargs, {"parent": "entityid"})
    if not _attributes_second(args):
        return args, kwargs
    of_1 = len(args) > 3 and isinstance(args[3], int) and not isinstance(args[3], bool)  # noqa: PLR2004 - a place
    return _named("find", _FIND_OF_1 if of_1 else _FIND, args, kwargs)


def find_one_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Translate those of `find_one`: `query, attributes, finished, offline, archived`."""
    kwargs = _renamed(kwargs, {"parent": "entityid"})
    return _named("find_one", _FIND_ONE, args, kwargs) if _attributes_second(args) else (args, kwargs)


def update_many_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Translate those of `update_many`: `entitytype, data, entityid`."""
    if len(args) > 1 and isinstance(args[1], (list, tuple)):
        return _named("update_many", ("entitytype", "data", "entityid"), args, kwargs)
    return args, kwargs


def set_setting_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """
    Translate those of `set_setting`: `name, value, scope, entity_id, integration, data`.

    Where three or four texts are given, the first or the third names what has settings, and so tells the order.
    """
    earlier = bool(kwargs.keys() & {"scope", "entity_id"})
    kwargs = _renamed(kwargs, {"scope": "entitytype", "entity_id": "entityid"})
    if not (earlier or _name_first(args, kwargs)):
        return args, kwargs
    args, kwargs = _named("set_setting", _SET_SETTING, args, kwargs)
    return args, {"entitytype": "workspace", **kwargs}


def _name_first(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    if len(args) < 3:  # noqa: PLR2004 - today's has three parameters that must be given
        return bool(args) and "value" not in kwargs and "entitytype" not in kwargs and "name" not in kwargs
    return not _has_settings(args[0]) and _has_settings(args[2])


def _has_settings(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in _HAVE_SETTINGS


def _attributes_second(args: tuple[Any, ...]) -> bool:
    if len(args) < 2:  # noqa: PLR2004 - a place
        return False
    # A list is no id; and a flag in the third place is no list of attributes.
    return isinstance(args[1], (list, tuple)) or (
        args[1] is None and any(isinstance(each, bool) for each in args[2:3])
    )


def _named(call: str, names: tuple[str, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    if len(args) > len(names):
        raise InvalidValue(
            f"{call} has {len(names)} parameters in this order, {', '.join(names)}: {len(args)} came"
        )
    given = dict(zip(names, args, strict=False))
    twice = given.keys() & kwargs.keys()
    if twice:
        raise InvalidValue(
            f"{call} got {', '.join(sorted(twice))} twice: once by its place and once by its name"
        )
    return (), {**given, **kwargs}


def _renamed(kwargs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in kwargs.items():
        new = names.get(name, name)
        if new in result or (new != name and new in kwargs):
            raise InvalidValue(f"{name}= and {new}= mean the same: give {new}= alone")
        result[new] = value
    return result
