"""Settings of the workspace and of what is in it, as the published client handles them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, ProtocolError
from ..wire import codec
from .answering import AnsweringSession
from .base import remembers_errors
from .earlier_orders import in_earlier_orders, renamed, set_setting_arguments
from .setting_views import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SettingCalls", "setting_text"]


class SettingCalls(AnsweringSession):
    """The calls about settings."""

    @property
    def settings(self) -> Settings:
        """The settings of the workspace and of what is in it, as mappings; see `Settings`."""
        return Settings(self)

    @remembers_errors
    @in_earlier_orders(renamed(scope="entitytype", entity_id="entityid"))
    def get_setting(
        self,
        name: str | None = None,
        entitytype: str = "workspace",
        entityid: str | None = None,
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Any:
        """
        Return the value of a setting: its own, an inherited one, or the default.

        Args:
            name: Such as `transfer_speedlimit`.
            entitytype: What it is a setting of: `workspace`, `queue`, `volume`, …
            entityid: Of which one; of the workspace, none.
            integration: The integration that it is a setting of.
            data: What the value depends on, where it does.

        Returns:
            The value, a text as a rule; None where there is none.
        """
        call = self._dialect.setting(entitytype, name, id=entityid, integration=integration, data=data)
        return self._result(call)

    @remembers_errors
    def get_settings(
        self,
        entitytype: str | None = None,
        entityid: str | None = None,
        recursive: bool = False,
        upstream: bool = False,
        omit_defaults: bool = True,
        share: str | None = None,
    ) -> dict[str, Any]:
        """
        Return settings by their names.

        Args:
            entitytype: What they are settings of; of the workspace where not given.
            entityid: Of which one; of the workspace, none.
            recursive: Those of what stands below it too.
            upstream: Inherited ones too.
            omit_defaults: Leave out what nobody has set.
            share: For a job: a share whose settings hold too, by id or code.
        """
        call = self._dialect.settings(
            entitytype,
            id=entityid,
            recursive=recursive,
            upstream=upstream,
            omit_defaults=omit_defaults,
            share=share,
        )
        result = self._result(call)
        if result is None:
            return {}
        if not isinstance(result, dict):
            raise ProtocolError(
                f"the answer to {call.uri} has a {type(result).__name__} @ $.result: an object was expected"
            )
        return result

    @remembers_errors
    @in_earlier_orders(set_setting_arguments)
    def set_setting(
        self,
        entitytype: str,
        name: str,
        value: object,
        entityid: str | None = None,
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> bool:
        """
        Change a setting.

        Args:
            entitytype: What it is a setting of: `workspace`, `queue`, `volume`, …
            name: Such as `transfer_speedlimit`.
            value: Its new value. The server keeps text; anything else is written as JSON, a time as in UTC.
            entityid: Of which one; of the workspace, none.
            integration: The integration that it is a setting of.
            data: What the value depends on, where it does.

        Returns:
            True.
        """
        call = self._dialect.set_setting(
            entitytype, name, setting_text(name, value), id=entityid, integration=integration, data=data
        )
        return bool(self._settled(call))

    @remembers_errors
    def delete_setting(self, entitytype: str, name: str, entityid: str | None = None) -> bool:
        """
        Take a setting away, so that the inherited value or the default holds again.

        Args:
            entitytype: What it is a setting of.
            name: Its name.
            entityid: Of which one; of the workspace, none.

        Returns:
            True.
        """
        return bool(self._settled(self._dialect.delete_setting(entitytype, name, id=entityid)))


def setting_text(name: str, value: object) -> str:
    """
    Write the value of a setting as the text that the server keeps (accsyn documentation, "Settings").

    Raises:
        InvalidValue: It cannot be written as JSON, or is None.
    """
    if isinstance(value, str):
        return value
    if value is None:
        raise InvalidValue(f"the value of the setting {name!r} is None: give one, or take the setting away")
    plain = codec.encode_value(value)
    return plain if isinstance(plain, str) else json.dumps(plain)
