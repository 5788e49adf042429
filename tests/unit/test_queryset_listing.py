"""A listing that is interrupted while a page is taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from accsyn_orm import Job, Session
from accsyn_orm.queryset.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.mapping.page import Page
    from accsyn_orm.mapping.protocols import RowSource, Select
    from accsyn_orm.sandbox import Sandbox


class Interrupted:
    """A session in whose work Ctrl-C comes once: while rows become entities for the third time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._countdown = 3
        self.companies: list[Page] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def admit(self, select: Select, rows: list[dict[str, Any]], page: Page) -> list[Any]:
        self.companies.append(page)
        self._countdown -= 1
        admitted = self._session.admit(select, rows, page)
        if not self._countdown:
            raise KeyboardInterrupt
        return list(admitted)


def test_after_an_interruption_it_goes_on_where_it_was(
    empty_session: Session, empty_sandbox: Sandbox, store_jobs: Callable[..., list[str]]
) -> None:
    idents = store_jobs(empty_sandbox, 450)
    source = Interrupted(empty_session)
    listing: Listing[Job] = Listing(
        Job.objects.using(empty_session).description, cast("RowSource", source), keep=True
    )
    with pytest.raises(KeyboardInterrupt):
        listing.advance()
    assert listing.entities == []
    listing.drain()
    assert [job.id for job in listing.entities] == idents
    assert len(set(map(id, source.companies))) == 1, "what is one page loads together"
