"""Who may do what with a share (accsyn documentation, "Sharing files", access)."""

from __future__ import annotations

from typing import Any

from ..mapping.fields import Mapped, boolean, reference, text
from .base import Entity

__all__ = ["Access"]

_GRANTED = "access is granted and revoked, not written"
_TWIN = "the server derives it from the reference beside it"
_SERVER = "the server sets it"


class Access(Entity, entitytype="acl"):
    """
    What one user may do with one share: an entry of its access control list, `acl` on the wire.

    Read only. It is made by granting access and goes by revoking it; today's servers take no other change.
    """

    entity: Mapped[Any] = reference(None, create=False, update=False, reason=_GRANTED, doc="who: user:id")
    entity_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="who, readable")
    target: Mapped[Any] = reference(
        None, create=False, update=False, reason=_GRANTED, doc="to what: share:id, whatever kind of share"
    )
    target_hr = text(optional=True, create=False, update=False, reason=_TWIN, doc="to what, readable")
    read = boolean(create=False, update=False, reason=_GRANTED, doc="whether files may be listed and fetched")
    write = boolean(create=False, update=False, reason=_GRANTED, doc="whether files may be put and changed")
    path = text(
        optional=True,
        create=False,
        update=False,
        reason=_GRANTED,
        doc="the part of the share, relative to it; all of it where none is given",
    )
    acknowledged = boolean(create=False, update=False, reason=_SERVER, doc="whether the user took note of it")
    role = text(optional=True, create=False, update=False, reason=_SERVER, doc="the role of the user")
    status = text(
        optional=True, create=False, update=False, reason=_SERVER, doc="its values are not documented"
    )
    token = text(optional=True, create=False, update=False, reason=_SERVER, doc="for accsyn's own use")
    description = text(optional=True, create=False, update=False, reason=_GRANTED, doc="free text")
