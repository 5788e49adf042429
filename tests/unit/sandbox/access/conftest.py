"""What the tests of access share: an empty workspace without mails and effects of before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from accsyn_orm.sandbox import Sandbox


@pytest.fixture
def sandbox(floor: Any) -> Sandbox:
    """An empty workspace, the same for every test, put back after each."""
    sandbox: Sandbox = floor.sandbox
    sandbox.mails.clear()
    sandbox.effects.clear()
    return sandbox


@pytest.fixture
def admin(floor: Any, sandbox: Sandbox) -> Any:
    """Return the administrator of that workspace."""
    assert sandbox is floor.sandbox
    return floor.admin
