"""The sandbox in the foreground, for the command line."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING, Literal, cast

from ..errors import ConfigurationError
from .server import Sandbox

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["run"]

_REFUSED = 2


def run(
    port: int = 8181,
    data: str = "demo",
    db: str | None = None,
    *,
    jobs: int | None = None,
    tls: bool = False,
) -> int:
    """
    Serve a sandbox on loopback until SIGINT or SIGTERM.

    Prints `ready URL` and the variables to export, those of the admin; with TLS also `ca PATH`, the authority to
    give to a session as `verify=`.

    Returns:
        The exit code: 0 when it was stopped, 2 when it could not start.
    """
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(cast("Literal['demo', 'empty']", data), db, port, jobs=jobs, tls=tls) as sandbox:
            _announce(sandbox, tls=tls)
            # With a timeout, so that signals are seen on systems where a bare wait holds them back.
            while not stopped.wait(1.0):
                pass
    except ConfigurationError as error:
        sys.stderr.write(f"accsyn-orm sandbox: {error.message}\n")
        return _REFUSED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _announce(sandbox: Sandbox, *, tls: bool) -> None:
    credentials = sandbox.credentials("admin")
    variables = {
        "ACCSYN_URL": sandbox.url,
        "ACCSYN_WORKSPACE": credentials["workspace"],
        "ACCSYN_API_USER": credentials["username"],
        "ACCSYN_API_KEY": credentials["api_key"],
    }
    lines = [
        f"ready {sandbox.url}",
        *([f"ca {sandbox.ca_file}"] if tls else []),
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
