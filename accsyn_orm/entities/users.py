"""Users (accsyn documentation, "Users")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mapping.fields import Mapped, boolean, json, reference, text, timestamp
from .base import Entity
from .lifecycle import Deactivatable
from .readable import readable

if TYPE_CHECKING:
    import datetime as dt

    from .queues import Queue

__all__ = ["User"]

_INVITATION = "it belongs to the invitation"
_ADDRESS = "the e-mail address is who the user is; invite another one"


class User(Deactivatable, Entity, entitytype="user"):
    """
    A user of the workspace; its code is the e-mail address. Creating one sends an invitation.

    Source: accsyn documentation, "Users". `deactivate()` takes the user out of use with home and access, which needs
    that no active job involves the user; `activate()` brings all of it back. Deleting one aborts the user's jobs and
    deletes the home. A new role takes all access away, and only admins give it. In 2021, roles were admin, employee,
    user (or client) and cloudadmin, and there was a phase.
    """

    code: Mapped[str] = text(update=False, reason=_ADDRESS, doc="the e-mail address; unique")
    role: Mapped[str] = text(
        choices=("admin", "employee", "standard", "support", "user", "client", "cloudadmin", "none"),
        settable=("admin", "employee", "standard", "user", "client"),
        doc="admin, employee or standard (user or client in 2021, when there was cloudadmin, too)",
    )
    status: Mapped[str] = text(
        create=False,
        choices=("enabled", "disabled"),
        settable=("enabled", "disabled"),
        doc="enabled or disabled",
    )
    logged_in: Mapped[dt.datetime | None] = timestamp(
        optional=True, create=False, update=False, reason="the server notes it", doc="last sign-in, UTC"
    )
    queue: Mapped[Queue | None] = reference(
        "Queue",
        create=False,
        reason="set it once the user exists",
        doc="the queue that this user's jobs go to",
    )
    queue_id: Mapped[str | None]
    queue_hr: Mapped[str | None] = readable("the queue")
    inactive: Mapped[bool] = boolean(
        create=False,
        update=False,
        reason="use session.deactivate(user) and activate",
        doc="whether deactivated",
    )
    phase: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason="the server sets it",
        doc="activating, joining or joined; 2021 only",
    )
    create_home_share: Mapped[bool] = boolean(
        update=False, reason=_INVITATION, doc="on create: give a home share"
    )
    give_all_volumes_access: Mapped[bool] = boolean(
        update=False, reason=_INVITATION, doc="on create: access to all volumes"
    )
    give_default_volume_access: Mapped[bool] = boolean(
        update=False, reason=_INVITATION, doc="on create: access to the default volume"
    )
    volumes: Mapped[list[str] | None] = json(
        shape=list[str], update=False, reason=_INVITATION, doc="on create: volumes to give access to"
    )
    message: Mapped[str | None] = text(
        optional=True, update=False, reason=_INVITATION, doc="on create: text of the invitation mail"
    )
    mail: Mapped[bool] = boolean(update=False, reason=_INVITATION, doc="on create: whether a mail is sent")
