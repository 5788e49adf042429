"""What the server has now of many entities, read in as few requests as their ids allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import JournalError
from ..expressions.tree import Comparison, Operator
from ..mapping.registry import canonical_type, mapper_of_type
from ..queryset.description import Description
from ..queryset.listing import row_pages

if TYPE_CHECKING:
    from ..session import Session

__all__ = ["Rows"]

_SCOPES = ("active", "finished", "inactive", "archived")


class Rows:
    """
    Rows by entity type and id.

    Args:
        session: Where to read.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted: dict[tuple[str, str | None], dict[str, None]] = {}
        self._found: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}

    def want(self, entitytype: str, ident: str, parent: str | None = None) -> None:
        """Have the next `fetch` read an entity."""
        self._wanted.setdefault((entitytype, parent), {})[ident] = None

    def fetch(self) -> None:
        """Read what is wanted, scope by scope, until all of it is found."""
        wanted, self._wanted = self._wanted, {}
        for (entitytype, parent), idents in wanted.items():
            left = dict(idents)
            for scope in _SCOPES if parent is None else _SCOPES[:1]:
                if left:
                    self._fetch(entitytype, tuple(left), scope, parent)
                left = {ident: None for ident in left if self.find(entitytype, ident) is None}

    def _fetch(self, entitytype: str, idents: tuple[str, ...], scope: str, parent: str | None) -> None:
        mapper = mapper_of_type(entitytype)
        if mapper is None:
            raise JournalError(
                f"no class is mapped to {entitytype}: import the module that declares it, as the script did"
            )
        found = Description(
            mapper, self._session, Comparison("id", Operator.IN, idents), (scope,), parent=parent
        )
        for _, rows in row_pages(found, self._session, ahead=0):
            for row in rows:
                if row.get("id") in idents:
                    self._found[canonical_type(entitytype), row["id"]] = (row, scope)

    def find(self, entitytype: str, ident: str) -> dict[str, Any] | None:
        """Return the row that was read; None where there was none."""
        found = self._found.get((canonical_type(entitytype), ident))
        return None if found is None else found[0]

    def is_inactive(self, entitytype: str, ident: str) -> bool:
        """Whether an entity that was read is deactivated: as it says itself, else by where it was found."""
        row, scope = self._found[canonical_type(entitytype), ident]
        inactive = row.get("inactive")
        return inactive if isinstance(inactive, bool) else scope == "inactive"
