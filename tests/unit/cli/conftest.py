"""What the tests of the command share: a workspace that the environment names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accsyn_orm.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve a workspace, and name it in the environment."""
    with Sandbox(data="demo") as served:
        known = served.credentials()
        monkeypatch.setenv("ACCSYN_URL", served.url)
        monkeypatch.setenv("ACCSYN_WORKSPACE", known["workspace"])
        monkeypatch.setenv("ACCSYN_API_USER", known["username"])
        monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])
        yield served
