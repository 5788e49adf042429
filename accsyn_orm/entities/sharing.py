"""What shares of all kinds have in common: access to them (accsyn documentation, "Sharing files", access)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..mapping.protocols import Select
from ..wire.codec import encode_value
from .access import Access
from .parties import party_of, stored_id

if TYPE_CHECKING:
    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Caller
    from .users import User

__all__ = ["Shared"]


class Shared:
    """
    A share that users have access to.

    These calls go out at once and are no part of a commit: who may use a share is no attribute of it. As explicit
    calls they are allowed within `session.no_implicit_io()`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        __mapper__: Mapper

        def _session(self) -> Any: ...

    def grant(
        self,
        user: User | str,
        *,
        path: str = "/",
        read: bool = True,
        write: bool = False,
        notify: bool = True,
        message: str = "",
        invite: bool = True,
    ) -> Access | None:
        """
        Let a user use this share, or change what the user may do with it; sent at once.

        Args:
            user: The user, or an id or e-mail address.
            path: The part of the share, relative to it; `/` for all of it.
            read: Whether files may be listed and fetched.
            write: Whether files may be put and changed. One of the two must hold; `revoke` takes both away.
            notify: Whether the user is told by e-mail.
            message: What to tell.
            invite: Whether somebody who is no user yet is invited.

        Returns:
            The entry in the share's access control list; None where the server says no more than that it is done, as
            some do for access that was there already.

        Raises:
            SessionError: The share does not exist on the server yet: commit it first.
            AccsynError: The server refuses.
        """
        session: Caller = self._session()
        options = {
            "path": path,
            "read": read,
            "write": write,
            "notify": notify,
            "message": message,
            "invite": invite,
        }
        entitytype, ident = self.__mapper__.entitytype, stored_id(self)
        row = session.grant("user", party_of(user), entitytype, ident, options)
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            return None
        # The call returns dates as datetimes, and rows have them as they travel.
        admitted = session.admit(Select(Access.__mapper__), [encode_value(row)])
        entry = admitted[0] if admitted else None
        return entry if isinstance(entry, Access) else None

    def access(self) -> list[Access]:
        """Return who may do what with this share: its access control list, asked of the server each time."""
        target = f"share:{stored_id(self)}"
        return list(Access.objects.using(self._session()).filter(target=target))

    def revoke(self, user: User | str) -> bool:
        """
        Take away all access that a user has to this share; sent at once, and nobody is told.

        Args:
            user: The user, or an id or e-mail address.

        Returns:
            Whether there was any.
        """
        session: Caller = self._session()
        return session.revoke("user", party_of(user), self.__mapper__.entitytype, stored_id(self))
