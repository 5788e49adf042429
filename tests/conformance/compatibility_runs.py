"""Run the uses of a published client against a sandbox, with that client and with ours, each against one of its own."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from accsyn_orm.sandbox import Sandbox
from tests.conformance.clients import folder_of
from tests.conformance.compatibility_uses import SIGN_IN, uses_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PROTOCOLS", "Outcome", "Request", "Run", "run"]

# Which generation of the protocol the clients of the table speak, and what they sign in with here.
PROTOCOLS = {"3.4.0": "v3", "2.2.1": "v1", "2.0.1": "v1"}
_SECRETS = {"3.4.0": "api_key", "2.2.1": "api_key", "2.0.1": "pwd"}
_PROGRAM = Path(__file__).with_name("compatibility_program.py")


@attrs.frozen
class Request:
    """What one request asked for, and the status of the answer."""

    method: str
    uri: str
    id: str | None
    query: str | None
    data: Any
    status: int


@attrs.frozen
class Outcome:
    """
    What came of one use.

    Args:
        returned: The value that it returned, as JSON has it; a date is an object with `moment` and `naive`.
        raised: The name of the class of what it raised; `AccsynException` for every error of the client's own.
        text: The text of that.
        printed: What it wrote to the standard output and the standard error.
        requests: What it asked the sandbox for, in order.
        used: The public names of the session that it used.
    """

    returned: Any
    raised: str | None
    text: str | None
    printed: str
    requests: tuple[Request, ...]
    used: tuple[str, ...] = ()


@attrs.frozen
class Run:
    """
    What came of all uses.

    Args:
        attributes: The public properties of the session, which are no methods.
        outcomes: What came of each use, by name.
    """

    attributes: tuple[str, ...]
    outcomes: dict[str, Outcome]


@functools.cache
def run(version: str, *, ours: bool) -> Run:
    """
    Make all uses of a version, with that version or with ours.

    Each run has a demo workspace of its own, which is the same in all of them.
    """
    attributes: tuple[str, ...] = ()
    found: dict[str, Outcome] = {}
    with Sandbox(data="demo") as sandbox, _started(version, sandbox, ours=ours) as program:
        for name in (SIGN_IN, *uses_of(version)):
            before = len(sandbox.requests)
            document = program.use(name)
            asked = [
                Request(each.method, each.uri, each.id, each.query, each.data, each.status)
                for each in sandbox.requests[before:]
            ]
            attributes = tuple(document.get("attributes", attributes))
            found[name] = Outcome(
                document.get("value"),
                document.get("raised"),
                document.get("text"),
                document["printed"],
                tuple(asked),
                tuple(document["used"]),
            )
    return Run(attributes, found)


@attrs.frozen
class _Program:
    process: subprocess.Popen[str]
    errors: IO[str]

    def use(self, name: str) -> dict[str, Any]:
        """Make a use, and return what came of it."""
        to, answers = self.process.stdin, self.process.stdout
        answer = ""
        # What ended has closed its pipes.
        with contextlib.suppress(BrokenPipeError):
            if to is not None and answers is not None:
                to.write(json.dumps(name) + "\n")
                to.flush()
                answer = answers.readline()
        if not answer:
            self.process.wait(30)
            self.errors.seek(0)
            raise RuntimeError(f"the program ended in the use {name!r}:\n{self.errors.read()}")
        document: dict[str, Any] = json.loads(answer)
        return document


@contextlib.contextmanager
def _started(version: str, sandbox: Sandbox, *, ours: bool) -> Iterator[_Program]:
    known = sandbox.credentials("admin")
    names = ("workspace", "username", _SECRETS[version])
    # A password says by itself that it is v1.
    chosen = {"protocol": PROTOCOLS[version]} if ours and _SECRETS[version] == "api_key" else {}
    arguments = json.dumps({**{name: known[name] for name in names}, **chosen})
    folder = "" if ours else str(folder_of(version))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ACCSYN_", "AS_"))
    }
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    # Where local time is not UTC, one that was taken for the other shows.
    environment["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    with (
        tempfile.TemporaryDirectory() as nowhere,
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [
                *(sys.executable, "-W", "ignore", str(_PROGRAM)),
                *(folder, version, str(sandbox.port), arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # A client reads `.env` of the folder that it is run in.
            cwd=nowhere,
            env=environment,
        ) as process,
    ):
        yield _Program(process, errors)
