"""
A pytest plugin for users' own tests: `accsyn_sandbox` and `accsyn_session`.

It is found by pytest as soon as accsyn_orm is installed; a project needs to name the fixtures and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .sandbox import Sandbox
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["accsyn_sandbox", "accsyn_session"]


@pytest.fixture
def accsyn_sandbox() -> Iterator[Sandbox]:
    """Serve a fresh local workspace with the demo data for one test."""
    with Sandbox(data="demo") as sandbox:
        yield sandbox


@pytest.fixture
def accsyn_session(accsyn_sandbox: Sandbox) -> Iterator[Session]:
    """Sign in to the test's workspace as its administrator; `Job.objects` uses it."""
    known = accsyn_sandbox.credentials("admin")
    with Session(known["workspace"], known["username"], known["api_key"], url=accsyn_sandbox.url) as session:
        yield session
