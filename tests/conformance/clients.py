"""
The published accsyn clients: install each version on its own, and run programs of ours against one of them.

They share their import name, set up the root logger and silence warnings of the whole process when they are imported: so
each runs in a process of its own. `python -m tests.conformance.clients` installs all of them.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accsyn_orm.sandbox import Sandbox

__all__ = ["VERSIONS", "folder_of", "public_methods", "run_client", "signatures", "uses_of"]

# One of each generation of the protocol, and the oldest and newest of those that the compatibility table is about.
VERSIONS = ("1.4.1.post1", "2.0.1", "2.2.1", "3.0.3", "3.1.0", "3.4.0")
# accsyn-python-api 2.0.1 was packed with its source folder around it.
_INSIDE = {"2.0.1": "source"}
_HERE = Path(__file__).parent
_DESCRIBE = """
import contextlib, inspect, io, json, re, sys
sys.path.insert(0, sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()):
    from accsyn_api.session import Session
print(json.dumps({
    name: re.sub(" at 0x[0-9a-f]+", "", str(inspect.signature(member)))
    for name, member in inspect.getmembers(Session, callable) if not name.startswith("_")
}))
"""


def _root() -> Path:
    """Return where the clients are installed: `PUBLISHED_CLIENTS`, or beside the environment that runs this."""
    chosen = os.environ.get("PUBLISHED_CLIENTS")
    return Path(chosen) if chosen else _HERE.parents[1] / ".venv" / "published"


@functools.cache
def folder_of(version: str) -> Path:
    """Return the folder to import a version of the client from; it is installed where it is not there yet."""
    folder = _root() / version
    if not folder.exists():
        _install(version, folder)
    return folder / _INSIDE.get(version, "")


def _install(version: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = tempfile.mkdtemp(prefix=f"{version}-", dir=folder.parent)
    try:
        # Without what they depend on: that is requests, which is here.
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        subprocess.run([*command, "--target", made, f"accsyn-python-api=={version}"], check=True)  # noqa: S603
        # In one step, so that a folder that is there is complete.
        Path(made).rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _run(arguments: list[str]) -> Any:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ACCSYN_", "AS_"))
    }
    environment["PYTHONPATH"] = str(_HERE.parents[1])
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-W", "ignore", *arguments],
            capture_output=True,
            text=True,
            check=False,
            # A client reads `.env` of the folder that it is run in.
            cwd=nowhere,
            env=environment,
            timeout=180,
        )
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def run_client(version: str, program: str, *arguments: str) -> Any:
    """
    Run a program of this folder with a version of the client.

    Args:
        version: Version of accsyn-python-api.
        program: Name of the program; its first argument is the folder to import the client from.
        arguments: Its other arguments.

    Returns:
        The JSON document that it prints.
    """
    return _run([str(_HERE / program), str(folder_of(version)), *arguments])


def uses_of(
    version: str, sandbox: Sandbox, credentials: Mapping[str, str], names: Sequence[str] | None = None
) -> Any:
    """
    Use every public method of a version against a sandbox.

    Args:
        version: Version of accsyn-python-api.
        sandbox: The sandbox, with the demo data.
        credentials: What to sign in with: `workspace`, `username`, and one or more of `api_key`, `pwd` and
            `session_key`.
        names: The uses to make; None for all of them.

    Returns:
        `called`, the names of the methods that were called, and `uses`, what each use returned or raised.
    """
    arguments = (version, sandbox.url, json.dumps(dict(credentials)), json.dumps(names))
    return run_client(version, "published_program.py", *arguments)


@functools.cache
def signatures(version: str) -> dict[str, str]:
    """Return the public methods of the session of a version, with their parameters."""
    found: dict[str, str] = _run(["-c", _DESCRIBE, str(folder_of(version))])
    return found


def public_methods(version: str) -> list[str]:
    """List the public methods of the session of a version."""
    return sorted(signatures(version))


if __name__ == "__main__":
    for each in VERSIONS:
        folder_of(each)
