"""
What entities and query sets ask of a session.

The session lies far below; it fulfils these protocols, and so nothing up here imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ..expressions.tree import EVERYTHING, Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..wire.clock import Clock
    from .base import MappedBase
    from .fields import Field
    from .mapper import Mapper
    from .page import Page

__all__ = ["Caller", "Drainable", "Observed", "Owner", "Pending", "RowSource", "Select"]


@attrs.frozen
class Select:
    """
    A find, as a query set describes it.

    Args:
        mapper: Mapper of the class that the rows become.
        expression: What must hold.
        scope: `active`, `finished`, `inactive` or `archived`.
        attributes: Wire names to be returned; None for all.
        parent: Id of the parent entity, for tasks and files.
    """

    mapper: Mapper
    expression: Expression = EVERYTHING
    scope: str = "active"
    attributes: tuple[str, ...] | None = None
    parent: str | None = None


class Drainable(Protocol):
    """An open listing that can fetch what is left of it."""

    def drain(self) -> None:
        """Fetch the rest now."""
        ...


class Pending(Protocol):
    """A call under way."""

    def result(self) -> Any:
        """Wait for the result and return it."""
        ...

    def cancel(self) -> object:
        """Call it off."""
        ...


class RowSource(Protocol):
    """A session as a query set sees it."""

    @property
    def page_size(self) -> int:
        """Rows per page, where the query set does not say."""
        ...

    def fetch_rows(self, select: Select, *, skip: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Ask the server for one page; one request."""
        ...

    def announce_rows(self, select: Select, *, skip: int, limit: int | None) -> Pending | None:
        """Ask for one page and do not wait for it; None where that cannot be done at once."""
        ...

    def admit(
        self, select: Select, rows: Sequence[dict[str, Any]], page: Page | None = None
    ) -> list[MappedBase]:
        """Turn rows, of a page where it is given, into the entities of the identity map; no I/O."""
        ...

    def submit(self, function: Callable[..., Any], *args: Any) -> Pending:
        """Run a function on another thread."""
        ...

    def fits(self, select: Select) -> bool:
        """Whether a find is short enough to travel in a URL; no I/O."""
        ...

    def describe(self, select: Select, *, skip: int = 0, limit: int | None = None) -> str:
        """Return the request of one page in a line, for people; no I/O."""
        ...

    def preload(self, entities: Sequence[MappedBase], field: Field) -> None:
        """Load what these entities of one page refer to."""
        ...

    def create_now(self, entity: MappedBase) -> None:
        """Create one entity, and send nothing else."""
        ...

    def update_now(self, entity: MappedBase) -> None:
        """Send the changes of one entity, and nothing else."""
        ...

    def update_rows(
        self, mapper: Mapper, rows: Sequence[dict[str, Any]], changes: dict[str, Any], progress: Any = None
    ) -> int:
        """Set attributes (wire name → wire value) of these entities; return how many there are."""
        ...

    def delete_rows(self, mapper: Mapper, rows: Sequence[dict[str, Any]]) -> int:
        """Delete these entities; return how many there are."""
        ...

    def watch(self, listing: Drainable) -> None:
        """Remember an open listing, weakly, to drain it before a commit."""
        ...

    def query_text(self, expression: Expression) -> str:
        """Return an expression in the text of this session's dialect; no I/O."""
        ...


class Owner(Protocol):
    """A session as an entity sees it."""

    def note_change(self, entity: MappedBase) -> None:
        """Hold on to an entity that was changed."""
        ...

    def load_missing(self, entity: MappedBase, field: Field) -> None:
        """Load an attribute that was not asked for, for the whole page that the entity came with."""
        ...

    def follow(self, entity: MappedBase, field: Field) -> MappedBase | None:
        """Return the entity that a reference leads to."""
        ...


class Caller(RowSource, Protocol):
    """A session as the methods of entities see it: the calls that are not attributes of an entity."""

    def grant(
        self,
        entitytype: str,
        entityid: str,
        targettype: str,
        targetid: str,
        data: Mapping[str, Any] | None = None,
    ) -> bool | dict[str, Any]:
        """Let a user receive a job, or use a share."""
        ...

    def access(self, targettype: str, targetid: str) -> list[dict[str, Any]]:
        """List who receives a job, or who may use a share."""
        ...

    def revoke(self, entitytype: str, entityid: str, targettype: str, targetid: str) -> bool:
        """Take a user off a job, or access to a share away."""
        ...

    def assign(self, entitytype_parent: str, entitytype: str, data: Mapping[str, Any]) -> bool:
        """Have a server serve a volume."""
        ...

    def deassign(self, entitytype_parent: str, entitytype: str, data: Mapping[str, Any]) -> bool:
        """Have a server serve a volume no longer."""
        ...

    def assignments(self, entitytype: str, entityid: str) -> list[dict[str, Any]]:
        """List the servers that serve a volume."""
        ...

    def create(
        self,
        entitytype: str,
        data: Mapping[str, Any],
        entityid: str | None = None,
        allow_duplicates: bool | None = None,
        replace_duplicates: bool | None = None,
    ) -> Any:
        """Create entities, from dictionaries."""
        ...

    def delete_many(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> Any:
        """Take files out of a collection."""
        ...

    def deactivate(self, entity: Any) -> None:
        """Have the next commit deactivate an entity."""
        ...

    def activate(self, entity: Any) -> None:
        """Have the next commit activate an entity again."""
        ...


class Observed(RowSource, Protocol):
    """A session as watches and waits see it, which look again and again."""

    @property
    def clock(self) -> Clock:
        """What they go by."""
        ...

    @property
    def request_rate(self) -> float:
        """Requests a second that the rate limit lets through as things are; infinite where none is kept."""
        ...

    @property
    def request_count(self) -> int:
        """How many requests were sent so far."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the session was closed."""
        ...
