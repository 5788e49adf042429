"""What the examples of the documentation share: sessions as a script for the published client makes them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

import pytest

import accsyn_orm as accsyn_api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm.sandbox import Sandbox


class Connect(Protocol):
    """Opens sessions that are closed at the end of the test."""

    # Scripts have no types, and are written for other signatures than today's, too.
    def __call__(self, role: Any = "admin", **arguments: Any) -> Any: ...


@pytest.fixture
def connect(demo_sandbox: Sandbox) -> Iterator[Connect]:
    """Sign in by role; `arguments` in place of the API key say how else."""
    with contextlib.ExitStack() as stack:

        def connected(role: Any = "admin", **arguments: Any) -> Any:
            known = demo_sandbox.credentials(role)
            secrets = arguments or {"api_key": known["api_key"]}
            opened = accsyn_api.Session(
                domain=known["workspace"], username=known["username"], url=demo_sandbox.url, **secrets
            )
            return stack.enter_context(opened)

        yield connected


@pytest.fixture
def admin(connect: Connect) -> Any:
    """Sign in as the administrator."""
    return connect("admin")


@pytest.fixture
def employee(connect: Connect) -> Any:
    """Sign in as the employee."""
    return connect("employee")


@pytest.fixture
def lisa(connect: Connect) -> Any:
    """Sign in as the standard user."""
    return connect("standard")
