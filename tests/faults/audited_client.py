"""
A client that listens to what it does: which names it looks up, and whom it connects to.

It is a program of its own, since an audit hook stays for as long as its process: it reads the arguments of a session
as JSON, and writes down what it saw.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seen", "run_client"]

Seen = dict[str, Any]

# Whatever the socket module has to look up names with raises one of these.
_LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_ROOT = pathlib.Path(__file__).resolve().parents[2]


def run_client(arguments: dict[str, Any], prefix: Sequence[str] = ()) -> Seen:
    """
    Run the client as a program.

    Args:
        arguments: Of the session.
        prefix: A command that runs a command, such as one that enters a network namespace.

    Returns:
        `looked_up`, the hosts; `connected`, pairs of address and port; `same_socket` and `same_environment`; and
        `jobs`, how many it listed, or `error` and `message`.
    """
    done = subprocess.run(  # noqa: S603 -- our own program
        [*prefix, sys.executable, "-m", "tests.faults.audited_client"],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=_ROOT,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: Seen = json.loads(done.stdout)
    return {**found, "stderr": done.stderr}


def main() -> int:
    """Run as a program."""
    import socket

    arguments = json.load(sys.stdin)
    seen: Seen = {"looked_up": [], "connected": []}

    def hear(event: str, values: tuple[Any, ...]) -> None:
        if event in _LOOK_UPS:
            seen["looked_up"].append(str(values[0]))
        elif event == "socket.connect":
            seen["connected"].append(list(values[1][:2]))

    before, environment = socket.socket, dict(os.environ)
    sys.addaudithook(hear)
    from accsyn_orm import AccsynError, Job, Session

    try:
        with Session(**arguments) as session:
            seen["jobs"] = len(list(Job.objects.using(session)))
    except AccsynError as error:
        seen |= {"error": type(error).__name__, "message": error.message}
    seen |= {"same_socket": socket.socket is before, "same_environment": dict(os.environ) == environment}
    json.dump(seen, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
