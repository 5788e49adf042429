"""What the tests share: sessions as a script for the published client makes them, and that client beside ours."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any, Protocol

import pytest

import accsyn_orm as accsyn_api
from accsyn_orm.session.dictionaries import DictionaryCalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accsyn_orm.sandbox import Sandbox

    from .test_requests_equal import RecordingServer


_SIGN_IN = ("acmefilm", "john@user.com", "k-0123")


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


@pytest.fixture(scope="module")
def ours(server: RecordingServer) -> Iterator[DictionaryCalls]:
    """Sign our client in to the recording server of a module."""
    with DictionaryCalls(*_SIGN_IN, url=server.url) as session:
        yield session


@pytest.fixture(scope="module")
def published() -> Iterator[Any]:
    """The class of the published client, which sets the root logger up at import and writes to it."""
    handlers, level = list(logging.root.handlers), logging.root.level
    logging.disable(logging.CRITICAL)
    from accsyn_api.session import Session as Published

    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    yield Published
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def theirs(server: RecordingServer, published: Any) -> Any:
    """Sign the published client in to the recording server of a module."""
    # Its accsyn proxy is a plain http endpoint, which is the one way to lead it to a server of ours.
    return published(*_SIGN_IN, proxy=f"accsyn:127.0.0.1:{server.port}")
