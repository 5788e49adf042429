"""What deliveries, requests and streams have in common: recipients (accsyn documentation, "Deliveries")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from .parties import address_of, party_of, stored_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..mapping.mapper import Mapper
    from ..mapping.protocols import Caller
    from .users import User

__all__ = ["Received", "Recipient"]


@attrs.frozen
class Recipient:
    """
    Somebody who receives a delivery, request or stream.

    Args:
        user_id: Id of the user; None for somebody who was invited and is no user yet.
        user_hr: The user, readable: the e-mail address, alone or in `lisa@example.com[standard](5bfe…)`.
        actioned: Whether the recipient fetched, uploaded or watched what there is.
    """

    user_id: str | None
    user_hr: str
    actioned: bool

    @property
    def email(self) -> str:
        """The e-mail address."""
        return address_of(self.user_hr)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Recipient:
        """Return what a row of the server says; who is not named is the empty text."""
        return cls(row.get("user"), row.get("user_hr") or "", bool(row.get("actioned", False)))


class Received:
    """
    A job that recipients take part in.

    These calls go out at once, each with a request of its own, and are no part of a commit: who receives a job is no
    attribute of it. As explicit calls they are allowed within `session.no_implicit_io()`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        __mapper__: Mapper

        def _session(self) -> Any: ...

    def grant(self, user: User | str, *, invite: bool = True) -> bool:
        """
        Let a user receive this; sent at once.

        Args:
            user: The user, or an id or e-mail address.
            invite: Whether somebody who is no user yet is invited.

        Returns:
            True.

        Raises:
            SessionError: This does not exist on the server yet: commit it first, or name its first recipients in
                `initial_recipients`.
            AccsynError: The server refuses.
        """
        session: Caller = self._session()
        entitytype, ident = self.__mapper__.entitytype, stored_id(self)
        return bool(session.grant("user", party_of(user), entitytype, ident, {"invite": invite}))

    def recipients(self) -> list[Recipient]:
        """Return who receives this, asked of the server each time."""
        session: Caller = self._session()
        return [Recipient.of(row) for row in session.access(self.__mapper__.entitytype, stored_id(self))]

    def revoke(self, user: User | Recipient | str) -> bool:
        """
        Take a recipient off; sent at once, and nobody is told.

        Args:
            user: The user, one of `recipients()`, or an id or e-mail address.

        Returns:
            Whether the user was a recipient.
        """
        session: Caller = self._session()
        who = (user.user_id or user.email) if isinstance(user, Recipient) else party_of(user)
        return session.revoke("user", who, self.__mapper__.entitytype, stored_id(self))
