"""Deliveries, upload requests and streams (accsyn documentation, "Deliveries")."""

from __future__ import annotations

from ..mapping.fields import boolean, text
from .jobs import Job

__all__ = ["Delivery", "Request", "Stream"]

_STATUSES = ("init", "pending", "waiting", "running", "paused", "failed", "aborted", "done")
_SETTABLE = ("init", "pending", "waiting", "paused", "aborted", "done")
_STATUS = "on create init, to submit it later; pending submits; aborted and done end it"
_PUBLIC = "whether anyone with the link may take part"


class Delivery(Job, entitytype="delivery"):
    """
    Files for one or more recipients, who fetch them from a web page or with accsyn's applications.

    It is submitted at once unless its status is `init` on create; `delivery.status = "pending"` submits it
    later, when it has a file and a recipient. What is not submitted within 8 hours expires. Recipients are
    e-mail addresses on create, and are granted and revoked afterwards. Only what was not submitted is
    documented to be deletable; abort the others.
    """

    status = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    public = boolean(doc=_PUBLIC)


class Request(Job, entitytype="request"):
    """
    A request for files: the recipients are to upload them (accsyn documentation, "Deliveries").

    The files go to `destination`, a path on a share; without one, to a temporary folder. It is submitted as a
    delivery is.
    """

    status = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    public = boolean(doc=_PUBLIC)


class Stream(Job, entitytype="stream"):
    """
    A stream: media that the recipients watch and do not download.

    The accsyn documentation names it beside deliveries and requests, and gives it no attributes of its own.
    """

    status = text(choices=_STATUSES, settable=_SETTABLE, doc=_STATUS)
    public = boolean(doc=_PUBLIC)
