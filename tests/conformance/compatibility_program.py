"""
Go through the uses of a published client, with it or with ours, in step with the program that started this one.

It is a program of its own: importing a published client sets up the root logger and silences warnings of the whole
process. For each line that it reads, it makes the use of that name and writes one line: a JSON document of what came of
it.

Usage: python compatibility_program.py FOLDER VERSION PORT ARGUMENTS

FOLDER is where the published client is; empty for `accsyn_orm`. ARGUMENTS are those of the session.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import json
import logging
import os
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tests.conformance.compatibility_uses import SIGN_IN, uses_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Noting:
    """
    A session that notes what of it is used.

    Args:
        session: The session.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.used.add(name)
        return getattr(self.session, name)


def written(value: Any) -> Any:
    """Return what JSON has no form for: a date by its moment, and whether it says its zone."""
    if isinstance(value, datetime):
        naive = value.tzinfo is None
        moment = value.replace(tzinfo=timezone.utc) if naive else value.astimezone(timezone.utc)
        return {"moment": moment.isoformat(), "naive": naive}
    if isinstance(value, (tuple, set)):
        return list(value)
    return repr(value)


def class_of(folder: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return the session class of a client, and the class of its errors."""
    if not folder:
        import accsyn_orm as accsyn_api

        return accsyn_api.Session, (accsyn_api.AccsynException,)
    sys.path.insert(0, folder)
    from accsyn_api import session

    names = ("AccsynException", "accsynException")
    return session.Session, tuple(getattr(session, name) for name in names if hasattr(session, name))


def attributes_of(kind: Any) -> list[str]:
    """List the public properties of a session class."""
    return sorted(
        name
        for name, _ in inspect.getmembers(kind, lambda each: isinstance(each, property))
        if name[0] != "_"
    )


def outcome_of(make: Callable[[], Any], errors: tuple[type[Exception], ...]) -> dict[str, Any]:
    """Return what a use returned, as `value`, or what it raised."""
    try:
        return {"value": make()}
    except errors as error:
        return {"raised": "AccsynException", "text": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked at
        return {"raised": type(error).__name__, "text": str(error)}


def main(folder: str, version: str, port: str, arguments: str) -> None:
    """Serve one use after the other."""
    # A client that opens the browser finds one that does nothing.
    os.environ["BROWSER"] = "true"
    answers = sys.stdout
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        kind, errors = class_of(folder)
        logging.disable(logging.CRITICAL)
        # The order of the parameters is the same in all of them, but for the name of the first.
        given = {**json.loads(arguments), "proxy": f"accsyn:127.0.0.1:{port}"}
        owner = given.pop("workspace")
        session = Noting(None)
        seen: dict[str, Any] = {}
        uses = uses_of(version)
        for line in sys.stdin:
            name = json.loads(line)
            session.used.clear()
            quiet.truncate(quiet.seek(0))
            if name == SIGN_IN:
                session.session = kind(owner, **given)
                outcome: dict[str, Any] = {"attributes": attributes_of(kind)}
            else:
                outcome = outcome_of(functools.partial(uses[name], session, seen), errors)
                seen[name] = outcome.get("value")
            document = {**outcome, "printed": quiet.getvalue(), "used": sorted(session.used)}
            answers.write(json.dumps(document, default=written) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
