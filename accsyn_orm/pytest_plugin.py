"""
The pytest plugin of accsyn_orm: a local accsyn workspace for each test that asks for one.

pytest finds it as soon as accsyn_orm is installed, and imports it in every run, also of projects that have nothing
to do with accsyn. So it imports what it needs only when a fixture is used, as the package itself does.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .sandbox import Sandbox
    from .session import Session
    from .testing import Background, Options, RequestRecorder, SessionOpener

__all__ = [
    "accsyn_defaults",
    "accsyn_environment",
    "accsyn_requests",
    "accsyn_sandbox",
    "accsyn_session",
    "accsyn_session_as",
]

_MARK = "accsyn"


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, for projects with --strict-markers."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(data='demo', role='admin', transfers=False, tls=False, rate_limit=None, latency=0.0, jobs=None): "
        "what the accsyn workspace of a test holds and does, and who is signed in to it (accsyn_orm)",
    )


@pytest.fixture(scope="session")
def accsyn_defaults() -> Mapping[str, Any]:
    """Return what holds where a test's marks say nothing; a conftest.py may have a fixture of this name instead."""
    return {}


@pytest.fixture(scope="session")
def _accsyn_background() -> Iterator[Background]:
    """Stop the sandboxes of tests that are over."""
    from .testing import Background

    background = Background()
    yield background
    background.finish()


@pytest.fixture
def _accsyn_options(request: pytest.FixtureRequest, accsyn_defaults: Mapping[str, Any]) -> Options:
    """Read the marks of the test, its class and its module, the closest one above the others."""
    from .testing import Options

    marks = list(request.node.iter_markers(_MARK))[::-1]
    if any(mark.args for mark in marks):
        raise pytest.UsageError(f"The options of @pytest.mark.{_MARK} are given by name, as in data='empty'.")
    return Options.of([accsyn_defaults, *(mark.kwargs for mark in marks)], request.path.parent)


@pytest.fixture
def accsyn_sandbox(
    _accsyn_options: Options, _accsyn_background: Background, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """
    Serve a workspace of this test's own.

    No ACCSYN_ variable is in the environment meanwhile, so that nothing real is reached by accident.
    """
    from .testing import opened_sandbox

    for name in [name for name in os.environ if name.startswith("ACCSYN_")]:
        monkeypatch.delenv(name)
    sandbox = opened_sandbox(_accsyn_options)
    yield sandbox
    _accsyn_background.submit(sandbox.stop)


@pytest.fixture
def accsyn_session(accsyn_sandbox: Sandbox, _accsyn_options: Options) -> Iterator[Session]:
    """Sign in to the test's workspace, as its admin where the mark says nothing; `Job.objects` uses it."""
    from .testing import opened_session

    with opened_session(accsyn_sandbox, _accsyn_options.role) as session:
        yield session


@pytest.fixture
def accsyn_session_as(accsyn_sandbox: Sandbox) -> Iterator[SessionOpener]:
    """Open sessions of users by role or by e-mail address; they are closed after the test."""
    from .testing import opened_session

    with contextlib.ExitStack() as stack:

        def opened(who: str, **arguments: Any) -> Session:
            session = opened_session(accsyn_sandbox, who, **arguments)
            stack.callback(session.close)
            return session

        yield opened


@pytest.fixture
def accsyn_environment(
    accsyn_sandbox: Sandbox, _accsyn_options: Options, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Set the variables by which a `Session()` of the code under test finds the test's workspace; return them."""
    from .testing import environment

    variables = environment(accsyn_sandbox, _accsyn_options.role)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def accsyn_requests(accsyn_sandbox: Sandbox) -> RequestRecorder:
    """Look at what the workspace of the test is asked, and count it in `with` blocks: see RequestRecorder."""
    from .testing import RequestRecorder

    return RequestRecorder(accsyn_sandbox)
