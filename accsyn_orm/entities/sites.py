"""Sites and the workspace that they belong to (accsyn documentation, "Sites")."""

from __future__ import annotations

from ..mapping.fields import boolean, text
from .base import Entity

__all__ = ["Site", "Workspace"]


class Site(Entity, entitytype="site"):
    """
    A place, or a cloud, where accsyn servers stand.

    Its code is unique, and made from its name where none is given.
    The main site cannot be deleted, nor one that has servers or active transfers.
    """

    status = text(
        create=False,
        choices=("enabled", "disabled"),
        settable=("enabled", "disabled"),
        doc="enabled or disabled",
    )
    main = boolean(doc="whether it is the main site, where new servers go; one is")
    accsyn = boolean(
        create=False, update=False, reason="it marks the site that accsyn runs itself", doc="run by accsyn"
    )


class Workspace(Entity, entitytype="workspace"):
    """
    The workspace that the session is signed in to: what `workspace:<id>` leads to.

    Neither creatable nor deletable. Its attributes are not documented beyond those of all entities: what a
    server sends is readable.
    """

    status = text(optional=True, doc="its values are not documented")
