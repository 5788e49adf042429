"""Sites and the workspace that they belong to (accsyn documentation, "Sites")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..mapping.fields import Mapped, boolean, json, text
from ..mapping.mapper import MARKER
from .base import Entity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Site", "Workspace"]

_THERE = "the workspace is there already"
_FROM_NAME = "the server makes it from the name"
_MAIN = "accsyn's own pages choose the main site; nothing documents a way through the API"


class Site(Entity, entitytype="site"):
    """
    A place, or a cloud, where accsyn servers stand.

    Source: accsyn documentation, "Sites". Its code is unique, and made from its name. The main site cannot be deleted,
    nor one that has servers or active transfers.
    """

    code: Mapped[str] = text(create=False, update=False, reason=_FROM_NAME, doc="unique; made from the name")
    status: Mapped[str] = text(
        create=False,
        choices=("enabled", "disabled"),
        settable=("enabled", "disabled"),
        doc="enabled or disabled",
    )
    main: Mapped[bool] = boolean(
        create=False,
        update=False,
        reason=_MAIN,
        doc="whether it is the main site, where new servers go; one is",
    )
    accsyn: Mapped[bool] = boolean(
        create=False, update=False, reason="it marks the site that accsyn runs itself", doc="run by accsyn"
    )


class Workspace(Entity, entitytype="workspace"):
    """
    The workspace that the session is signed in to: what `workspace:<id>` leads to; `organization` in 2021.

    Source: accsyn documentation, "Data types". Neither creatable nor deletable. Its attributes are not documented
    beyond those of all entities: what a server sends is readable.
    """

    __refusals__: ClassVar[Mapping[str, str]] = {
        "create": "the session is signed in to one that exists",
        "delete": "nothing in the API ends a workspace",
    }

    code: Mapped[str] = text(
        create=False, update=False, reason=_THERE, doc="what the session is signed in with"
    )
    name: Mapped[str] = text(create=False, reason=_THERE, doc="the readable name")
    description: Mapped[str | None] = text(optional=True, create=False, reason=_THERE, doc="free text")
    metadata: Mapped[dict[str, Any]] = json(
        hidden=[MARKER], create=False, reason=_THERE, doc="an object of the user's own"
    )
    status: Mapped[str | None] = text(
        optional=True, create=False, repeats=True, reason=_THERE, doc="its values are not documented"
    )
