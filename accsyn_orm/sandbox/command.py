"""The sandbox in the foreground, for the command line."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from ..errors import ConfigurationError
from .loading import load_entities
from .server import Sandbox

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["run"]

_REFUSED = 2
_READY_MADE = ("demo", "empty")


def run(
    port: int = 8181,
    data: str = "demo",
    db: str | None = None,
    *,
    jobs: int | None = None,
    tls: bool = False,
    folder: str | None = None,
    transfers: bool = False,
) -> int:
    """
    Serve a sandbox on loopback until SIGINT or SIGTERM.

    Prints `ready URL` and the variables to export, those of the admin; with TLS also `ca PATH`, the authority to
    give to a session as `verify=`; with a folder or transfers also `folder PATH`, below which the files are.

    Args:
        port: Port on 127.0.0.1; 0 for any free one.
        data: `demo`, `empty`, or the path of a JSON file of entities by type, which are added to `empty`.
        db: SQLite file to keep it in; one that has a workspace already is given no data.
        jobs: How many transfers the demo data has.
        tls: Whether to speak https.
        folder: Folder below which `volumes/` and `machines/` play the disks; a temporary one by default.
        transfers: Whether transfers copy files.

    Returns:
        The exit code: 0 when it was stopped, 2 when it could not start.
    """
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ready_made = data if data in _READY_MADE else "empty"
        filled = db is not None and Path(db).exists()
        given = None if data in _READY_MADE or filled else data
        if given is not None and db is not None:
            # A database that was begun with wrong data would be taken for a whole one the next time.
            with Sandbox("empty") as trial:
                load_entities(trial, given)
        with Sandbox(
            cast("Literal['demo', 'empty']", ready_made),
            db,
            port,
            jobs=jobs,
            tls=tls,
            folder=folder,
            transfers=transfers,
        ) as sandbox:
            if given is not None:
                load_entities(sandbox, given)
            files = transfers or folder is not None
            if files:
                _make_folders(sandbox)
            _announce(sandbox, tls=tls, files=files)
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


def _make_folders(sandbox: Sandbox) -> None:
    """Make the folders that files are put into, so that they can be seen."""
    store = sandbox.workspace.store
    for volume in store.rows(["volume"]):
        sandbox.disk.volume(volume.document["code"])
    for account in store.accounts.values():
        user = store.get(account.user)
        if user is not None:
            sandbox.disk.machine(user.document["code"])


def _announce(sandbox: Sandbox, *, tls: bool, files: bool) -> None:
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
        *([f"folder {sandbox.disk.root}"] if files else []),
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
