"""The calls about settings of the workspace and of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from .messages import Call
from .names import check_code, check_entitytype, check_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SettingCalls"]


class SettingCalls:
    """
    Build the calls about settings (measured from accsyn-python-api 3.4.0).

    What is not given is not sent, but for `entitytype`, `name` and `data`, which are null then.
    """

    def setting(
        self,
        entitytype: str,
        name: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Call:
        """
        Read one setting.

        Args:
            entitytype: What it is a setting of: `workspace`, `queue`, `volume`, …
            name: Such as `transfer_speedlimit`; None for what an integration says without one.
            id: Of which entity; of the workspace, none.
            integration: The integration that it is a setting of.
            data: What the setting depends on, where it does.
        """
        payload = {"entitytype": check_entitytype(entitytype), "name": None if name is None else _name(name)}
        if integration is not None:
            payload["integration"] = _name(integration, "integration")
        return _call("GET", payload | {"data": None if data is None else dict(data)}, id)

    def settings(
        self,
        entitytype: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        recursive: bool = False,
        upstream: bool = False,
        omit_defaults: bool = True,
        share: str | None = None,
    ) -> Call:
        """
        Read all settings of an entity.

        Args:
            entitytype: What they are settings of; the server takes None for the workspace.
            id: Of which entity; of the workspace, none.
            recursive: Those of what stands below it too.
            upstream: Inherited ones too.
            omit_defaults: Leave out what nobody has set.
            share: For a job: a share whose settings hold too.
        """
        payload: dict[str, Any] = {"entitytype": None if entitytype is None else check_entitytype(entitytype)}
        flags = {"recursive": recursive, "upstream": upstream, "omit_defaults": omit_defaults}
        payload.update((flag, _flag(flag, value)) for flag, value in flags.items())
        if share is not None:
            payload["share"] = check_code(share)
        return _call("GET", payload, id)

    def set_setting(
        self,
        entitytype: str,
        name: str,
        value: str,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Call:
        """
        Change a setting.

        Args:
            entitytype: What it is a setting of.
            name: Such as `transfer_speedlimit`.
            value: Its new value, which is always a text.
            id: Of which entity; of the workspace, none.
            integration: The integration that it is a setting of.
            data: What the setting depends on, where it does.
        """
        if not isinstance(value, str):
            raise InvalidValue(
                f"the value of the setting '{name}' is a {type(value).__name__}: the server keeps text only"
            )
        payload: dict[str, Any] = {
            "entitytype": check_entitytype(entitytype),
            "name": _name(name),
            "value": value,
        }
        if integration is not None:
            payload["integration"] = _name(integration, "integration")
        if data is not None:
            payload["data"] = dict(data)
        return _call("PUT", payload, id)

    def delete_setting(
        self,
        entitytype: str,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
    ) -> Call:
        """Take a setting away, so that the inherited value or the default holds again."""
        return _call("DELETE", {"entitytype": check_entitytype(entitytype), "name": _name(name)}, id)


def _call(method: str, data: dict[str, Any], entityid: str | None) -> Call:
    ident = None if entityid is None else check_id(entityid)
    of = data["entitytype"] or "workspace"
    return Call(method, "setting", id=ident, data=data, entity=f"{of}:{ident}" if ident else of)


def _name(name: Any, what: str = "name of a setting") -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"{name!r} is no {what}: give a word such as 'transfer_speedlimit'")
    return check_code(name)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{name}={value!r} does not hold: True or False")
    return value
