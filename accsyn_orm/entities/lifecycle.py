"""What users and shares have in common: they can be taken out of use, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..mapping.protocols import Caller

__all__ = ["Deactivatable"]


class Deactivatable:
    """
    An entity that can be deactivated.

    It is a change like any other: the next `session.commit()` sends it, and plans and journals show it.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def _session(self) -> Any: ...

    def deactivate(self) -> None:
        """
        Have the next commit take it out of use; it is kept, and found among `inactive()` ones.

        Raises:
            DetachedEntity: It belongs to no session.
            SessionError: It does not exist on the server, or its type cannot be deactivated.
        """
        session: Caller = self._session()
        session.deactivate(self)

    def activate(self) -> None:
        """Have the next commit bring it back into use; raises what `deactivate` does."""
        session: Caller = self._session()
        session.activate(self)
