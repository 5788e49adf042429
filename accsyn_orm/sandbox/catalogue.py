"""
The entity types: their attributes and statuses, and which role may do what with them.

The permissions are those of the accsyn documentation ("Data types": permissions by role), as far as they say something
about a type as a whole; which entities of the type they hold for is decided in `rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .attribute_tables import (
    ACL,
    CLIENT,
    COMMON,
    COMPUTE,
    DELIVERY,
    FILE,
    FOLDER,
    JOB,
    QUEUE,
    SHARE,
    TASK,
    TRANSFER,
    USER,
    VOLUME,
    Attribute,
    attributes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GENERIC", "JOB_TYPES", "TYPES", "Attribute", "EntityType"]


@attrs.frozen
class EntityType:
    """
    One entity type.

    Args:
        statuses: Every status that an entity can have.
        settable: Those that a client may set; None where the type has no status.
        first_status: Status of a new entity.
        unique: Whether no two entities of the type share a code.
        creatable: Whether clients may create it.
        deactivatable: Whether it can be taken out of use and back.
        employee: What employees can do with some entity of the type: r read, c create, u update.
        standard: What standard users can do; admins can do all of it.
    """

    name: str
    attributes: Mapping[str, Attribute]
    statuses: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    first_status: str | None = None
    unique: bool = False
    creatable: bool = True
    deactivatable: bool = False
    employee: str = "rcu"
    standard: str = "rcu"

    def allows(self, role: str, letter: str) -> bool:
        """Return whether a role can do something with some entity of the type."""
        if role == "support":
            return letter == "r"
        return role == "admin" or letter in (self.employee if role == "employee" else self.standard)


_TRANSFERRING = ("init", "waiting", "running", "paused", "failed", "aborted", "done")
_DELIVERING = ("init", "pending", "waiting", "running", "paused", "failed", "aborted", "done")
_TASKING = ("pending", "queued", "booting", "executing", "failed", "onhold", "excluded", "done")
_SERVING = ("enabled", "disabled", "offline", "disabled-offline")
_ONLINE = ("online", "disabled", "offline", "disabled-offline")
_SWITCH = ("enabled", "disabled")


def _job(name: str, *tables: str) -> EntityType:
    return EntityType(
        name,
        attributes(COMMON, JOB, *tables),
        _TRANSFERRING,
        ("waiting", "paused", "aborted", "done"),
        "waiting",
    )


def _delivery(name: str, *tables: str) -> EntityType:
    # Submitting is `pending`; the documentation's own tests then see `waiting`, so both are taken.
    return EntityType(
        name,
        attributes(COMMON, JOB, DELIVERY, *tables),
        _DELIVERING,
        ("pending", "waiting", "aborted", "done"),
        "init",
        standard="ru",
    )


def _share(
    name: str, *tables: str, deactivatable: bool = True, employee: str = "rcu", standard: str = "ru"
) -> EntityType:
    return EntityType(
        name,
        attributes(COMMON, SHARE, *tables),
        _SERVING,
        _SWITCH,
        "enabled",
        unique=True,
        deactivatable=deactivatable,
        employee=employee,
        standard=standard,
    )


def _client(name: str, employee: str = "ru", standard: str = "ru") -> EntityType:
    # "enabled" is documented to enable a disabled client; it is stored as `online`.
    return EntityType(
        name,
        attributes(COMMON, CLIENT),
        _ONLINE,
        ("online", "enabled", "disabled"),
        "offline",
        creatable=False,
        employee=employee,
        standard=standard,
    )


TYPES: Mapping[str, EntityType] = {
    each.name: each
    for each in (
        EntityType(
            "workspace",
            attributes(COMMON),
            ("enabled",),
            unique=True,
            creatable=False,
            employee="r",
            standard="",
        ),
        EntityType(
            "user",
            attributes(COMMON, USER),
            _SWITCH,
            _SWITCH,
            "enabled",
            unique=True,
            deactivatable=True,
            standard="ru",
        ),
        EntityType(
            "queue",
            attributes(COMMON, QUEUE),
            ("waiting", "paused"),
            ("waiting", "paused"),
            "waiting",
            unique=True,
            employee="r",
            standard="",
        ),
        _job("transfer", TRANSFER),
        _job("compute", COMPUTE),
        _delivery("delivery"),
        _delivery("request", "destination @party C"),
        _delivery("stream"),
        EntityType(
            "task", attributes(TASK), _TASKING, ("queued", "failed", "onhold", "excluded", "done"), "queued"
        ),
        EntityType("file", attributes(FILE)),
        _share("volume", VOLUME, employee="", standard=""),
        _share("folder", FOLDER),
        _share("home", FOLDER, "name text CU", "user @user R", deactivatable=False),
        _share("collection", FOLDER, "files list CH"),
        EntityType(
            "site",
            attributes(COMMON, "name text RU", "accsyn bool", "main bool"),
            _SWITCH,
            _SWITCH,
            "enabled",
            unique=True,
            employee="r",
            standard="",
        ),
        _client("app"),
        _client("server", employee="r", standard=""),
        _client("userserver"),
        _client("browser"),
        _client("lane"),
        EntityType(
            "engine",
            attributes(COMMON, "type text"),
            ("enabled",),
            unique=True,
            creatable=False,
            employee="r",
            standard="",
        ),
        EntityType("acl", attributes(ACL), ("enabled",), creatable=False, employee="r", standard="r"),
    )
}

# Generic names; `job` and `share` remain from earlier generations. Writes through them reach the entity's own
# type.
GENERIC: Mapping[str, tuple[str, ...]] = {
    "job": ("transfer",),
    "share": ("volume", "folder", "home", "collection"),
    "client": ("app", "server", "userserver", "browser", "lane"),
}

JOB_TYPES = frozenset({"transfer", "compute", "delivery", "request", "stream"})
