"""Who may do what with a share (accsyn documentation, "Sharing files", access)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..mapping.fields import Mapped, absent, boolean, reference, text
from .base import Entity
from .readable import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Access"]

_GRANTED = "access is granted and revoked, not written"
_SERVER = "the server sets it"
_NO_NAME = "an entry has none; it is known by its entity and target"
_NO_MORE = "access is granted and revoked as a whole, and holds nothing of the user's own"


class Access(Entity, entitytype="acl"):
    """
    What one user may do with one share: an entry of its access control list, `acl` on the wire.

    Source: accsyn documentation, "Sharing files", access; the attributes are those that the published client's own
    tests read. Read only: it is made by `folder.grant(user, …)` and goes by `folder.revoke(user)`; today's servers
    take no other change.
    """

    __refusals__: ClassVar[Mapping[str, str]] = {
        "create": "grant access instead: folder.grant(user, read=True)",
        "delete": "revoke access instead: folder.revoke(user)",
    }

    code: Mapped[str] = absent(_NO_NAME)
    name: Mapped[str] = absent(_NO_NAME)
    metadata: Mapped[dict[str, Any]] = absent(_NO_MORE)
    modifier: Mapped[str | None] = absent("who changed an entry is not kept; see creator")
    modifier_hr: Mapped[str | None] = absent("who changed an entry is not kept; see creator_hr")
    entity: Mapped[Entity] = reference(None, create=False, update=False, reason=_GRANTED, doc="who: user:id")
    entity_ref: Mapped[str]
    entity_hr: Mapped[str | None] = readable("who")
    target: Mapped[Entity] = reference(
        None, create=False, update=False, reason=_GRANTED, doc="to what: share:id, whatever kind of share"
    )
    target_ref: Mapped[str]
    target_hr: Mapped[str | None] = readable("to what")
    read: Mapped[bool] = boolean(
        create=False, update=False, reason=_GRANTED, doc="whether files may be listed and fetched"
    )
    write: Mapped[bool] = boolean(
        create=False, update=False, reason=_GRANTED, doc="whether files may be put and changed"
    )
    path: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_GRANTED,
        doc="the part of the share, relative to it; all of it where none is given",
    )
    acknowledged: Mapped[bool] = boolean(
        create=False, update=False, reason=_SERVER, doc="whether the user took note of it"
    )
    role: Mapped[str | None] = text(
        optional=True, create=False, update=False, repeats=True, reason=_SERVER, doc="the role of the user"
    )
    status: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_SERVER,
        doc="its values are not documented",
    )
    token: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_SERVER, doc="for accsyn's own use"
    )
    description: Mapped[str | None] = text(
        optional=True, create=False, update=False, reason=_GRANTED, doc="free text"
    )
