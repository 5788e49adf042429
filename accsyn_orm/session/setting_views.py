"""Settings as mappings: `session.settings["queue", id]["compute_avoid"]`."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any, Protocol

from ..entities.base import Entity
from ..errors import InvalidValue, SettingNotSet
from ..wire.names import check_entitytype, check_id

__all__ = ["EntitySettings", "Settings"]


class SettingSession(Protocol):
    """What the settings need of a session."""

    def get_setting(
        self,
        name: str | None = None,
        entitytype: str = "workspace",
        entityid: str | None = None,
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value of a setting."""

    def get_settings(self, entitytype: str | None = None, entityid: str | None = None) -> dict[str, Any]:
        """Return settings by their names."""
        ...

    def set_setting(self, entitytype: str, name: str, value: object, entityid: str | None = None) -> bool:
        """Change a setting."""
        ...

    def delete_setting(self, entitytype: str, name: str, entityid: str | None = None) -> bool:
        """Take a setting away."""
        ...


class Settings:
    """
    The settings of each entity, and of the workspace.

        session.settings[None]["transfer_speedlimit"] = "50"
        session.settings["queue", queue_id]["compute_avoid"]
        session.settings[queue]

    Args:
        session: Reads and writes them.
    """

    def __init__(self, session: SettingSession) -> None:
        self._session = session

    def __getitem__(self, target: tuple[str, str] | Entity | str | None) -> EntitySettings:
        """Return those of a type and id, of an entity, or of the workspace (None, or `"workspace"`); no I/O."""
        return EntitySettings(self._session, *_target(target))


class EntitySettings(MutableMapping[str, str]):
    """
    The settings of one entity. What is read and written is read and written at once, not at a commit.

    A value is text. Reading one returns what holds: the entity's own, else what it inherits, else the default.
    Counting, going through them and `in` are about its own. What is assigned and is no text is written as JSON, and
    `json()` reads it back.

    Args:
        session: Reads and writes them.
        entitytype: The type of the entity.
        entityid: Its id; None for the workspace.
    """

    def __init__(self, session: SettingSession, entitytype: str, entityid: str | None) -> None:
        self._session = session
        self._type = entitytype
        self._id = entityid

    def __repr__(self) -> str:
        return f"<settings of {self._of}>"

    def __getitem__(self, name: str) -> str:
        value = self._session.get_setting(name, self._type, self._id)
        if value is None:
            raise SettingNotSet(
                f"{self._of} has no setting {name!r}, nor is there a default", entity=self._type
            )
        return _text(value)

    def __setitem__(self, name: str, value: object) -> None:
        self._session.set_setting(self._type, name, value, self._id)

    def __delitem__(self, name: str) -> None:
        self._session.delete_setting(self._type, name, self._id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own())

    def __len__(self) -> int:
        return len(self._own())

    def __contains__(self, name: object) -> bool:
        return name in self._own()

    def keys(self) -> KeysView[str]:
        """Return the names of its own settings, read in one request."""
        return self._own().keys()

    def values(self) -> ValuesView[str]:
        """Return the values of its own settings, read in one request."""
        return self._own().values()

    def items(self) -> ItemsView[str, str]:
        """Return its own settings, read in one request."""
        return self._own().items()

    def json(self, name: str) -> Any:
        """
        Return the value of a setting that is JSON.

        Raises:
            SettingNotSet: There is none.
            InvalidValue: It is no JSON.
        """
        value = self[name]
        try:
            return json.loads(value)
        except ValueError:
            raise InvalidValue(f"the setting {name!r} of {self._of} is {value!r}, which is no JSON") from None

    @property
    def _of(self) -> str:
        return f"the {self._type}" if self._id is None else f"{self._type} {self._id}"

    def _own(self) -> dict[str, str]:
        settings = self._session.get_settings(self._type, self._id)
        return {name: _text(value) for name, value in settings.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _target(target: Any) -> tuple[str, str | None]:
    if target is None or (isinstance(target, str) and target.lower() == "workspace"):
        return "workspace", None
    if isinstance(target, Entity):
        return _target_of(target)
    if isinstance(target, tuple) and len(target) == 2:  # noqa: PLR2004 - type and id
        entitytype, ident = target
        return check_entitytype(entitytype), check_id(ident)
    raise InvalidValue(
        f"{target!r} has no settings: give a type and an id, as in settings['queue', id], an entity, or None for the"
        " workspace"
    )


def _target_of(entity: Entity) -> tuple[str, str | None]:
    entitytype = entity.__mapper__.entitytype
    return ("workspace", None) if entitytype == "workspace" else (entitytype, check_id(entity.id))
