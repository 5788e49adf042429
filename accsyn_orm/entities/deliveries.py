"""Deliveries, upload requests and streams (accsyn documentation, "Deliveries")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mapping.fields import Mapped, absent, boolean, reference, text
from .jobs import Job
from .receiving import Received

if TYPE_CHECKING:
    from .base import Entity

__all__ = ["Delivery", "Request", "Stream"]

_STATUSES = ("init", "pending", "waiting", "running", "paused", "failed", "aborted", "done")
_SETTABLE = ("init", "pending", "waiting", "paused", "aborted", "done")
_STATUS = "on create init, to submit it later; pending submits; aborted and done end it"
_PUBLIC = "whether anyone with the link may take part"
_ONCE = "accsyn takes it only when the job is created"
_SENT = "the files name their own places, in initial_tasks"
_RECEIVED = "those who take part are its recipients: grant(user)"
_COPIED = "it belongs to transfers, which copy files"


class Delivery(Received, Job, entitytype="delivery"):
    """
    Files for one or more recipients, who fetch them from a web page or with accsyn's applications.

    Source: accsyn documentation, "Deliveries". It is submitted at once unless its status is `init` on create;
    `delivery.status = "pending"` submits it later, when it has a file and a recipient. What is not submitted within 8
    hours expires; what is stays for a month by default. Recipients are e-mail addresses on create, in
    `initial_recipients`, and are granted and revoked afterwards. Only what was not submitted is documented to be
    deletable; abort the others. The names of its message, expiry and secret on the wire are not documented: what a
    server sends is readable.
    """

    status: Mapped[str] = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    source: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_SENT, doc="where from: type:id"
    )
    destination: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_RECEIVED, doc="where to: type:id"
    )
    mirror: Mapped[bool] = absent(_COPIED)
    mirror_paths: Mapped[bool] = absent(_COPIED)
    append: Mapped[bool] = absent(_COPIED)
    repeat = absent(_COPIED)
    public: Mapped[bool] = boolean(update=False, reason=_ONCE, doc=_PUBLIC)


class Request(Received, Job, entitytype="request"):
    """
    A request for files: the recipients are to upload them.

    Source: accsyn documentation, "Deliveries". The files go to `destination`, a path on a share; without one, to a
    temporary folder. It is submitted as a delivery is.
    """

    status: Mapped[str] = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    source: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_RECEIVED, doc="where from: type:id"
    )
    mirror: Mapped[bool] = absent(_COPIED)
    mirror_paths: Mapped[bool] = absent(_COPIED)
    append: Mapped[bool] = absent(_COPIED)
    repeat = absent(_COPIED)
    public: Mapped[bool] = boolean(update=False, reason=_ONCE, doc=_PUBLIC)


class Stream(Received, Job, entitytype="stream"):
    """
    A stream: media that the recipients watch and do not download.

    Source: accsyn documentation, "Deliveries", which names it beside deliveries and requests and gives it no
    attributes of its own.
    """

    status: Mapped[str] = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    source: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_SENT, doc="where from: type:id"
    )
    destination: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_RECEIVED, doc="where to: type:id"
    )
    mirror: Mapped[bool] = absent(_COPIED)
    mirror_paths: Mapped[bool] = absent(_COPIED)
    append: Mapped[bool] = absent(_COPIED)
    repeat = absent(_COPIED)
    public: Mapped[bool] = boolean(update=False, reason=_ONCE, doc=_PUBLIC)
