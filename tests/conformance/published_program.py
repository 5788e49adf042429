"""
Use a published client against a sandbox, and print what each use returned or raised as JSON.

It is a program of its own: importing the client sets up the root logger and silences warnings of the whole process.

Usage: python published_program.py FOLDER VERSION URL CREDENTIALS USES
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import logging
import sys
from typing import Any
from urllib.parse import urlsplit

from tests.conformance import earlier_uses, later_uses

_SECRETS = ("api_key", "pwd", "session_key")


class Noting:
    """
    A session that notes which of its methods are called.

    Args:
        session: The session.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self.session, name)


def connect(kind: Any, url: str, credentials: dict[str, str]) -> Any:
    """Return a session of the client, whichever way it names the workspace: plain http goes by its proxy setting."""
    address = urlsplit(url)
    where: dict[str, Any] = {"proxy": f"accsyn:{address.netloc}"}
    if address.scheme == "https":
        where = {"hostname": address.hostname, "port": address.port}
    owner = "workspace" if "workspace" in inspect.signature(kind.__init__).parameters else "domain"
    secrets = {name: credentials[name] for name in _SECRETS if name in credentials}
    named = {owner: credentials["workspace"], "username": credentials["username"]}
    return kind(**named, **secrets, **where)


def main(folder: str, version: str, url: str, credentials: str, names: str) -> None:
    """Sign in, go through the uses, and print what was seen."""
    sys.path.insert(0, folder)
    uses = later_uses.USES if version.startswith("3.4") else earlier_uses.uses_of(version)
    wanted = json.loads(names)
    seen: dict[str, Any] = {}
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        from accsyn_api.session import Session

        logging.disable(logging.CRITICAL)
        session = Noting(connect(Session, url, json.loads(credentials)))
        for name in uses if wanted is None else wanted:
            try:
                seen[name] = uses[name](session, seen)
            except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked at
                seen[name] = {"raised": type(error).__name__, "text": str(error)}
    document = {"called": sorted(session.called), "uses": seen}
    sys.stdout.write(json.dumps(document, default=lambda value: {"date": value.isoformat()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
