"""
Make the requests of a published client before 3.2, one use after the other, against a server that records them.

It is a program of its own: that client has the import name of today's, and sets up the root logger at import. Before
each use, the server is told its name by `GET /mark?"name"`; what a use returns is printed as JSON at the end.

Usage: python published_earlier_requests.py FOLDER PORT PROTOCOL
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    Use = Callable[[Any], Any]

ID = "614d660de50d45bb027c9bdd"
CLIENT = "5b0faf03304bfd4810dbd5fc"
USER = "john@user.com"
LARGE = "x" * 102_400

# The last one makes the session that is used; the clients 3.0 and 3.1 have no other.
SIGN_INS: dict[str, dict[str, Any]] = {
    "with a password": {"pwd": "pässword"},
    "with a session key": {"session_key": "sk-0123"},
    "with a key": {"api_key": "k-0123"},
}

USES: dict[str, Use] = {
    "entitytypes": lambda s: s.find("entitytypes"),
    "attributes": lambda s: s.find("attributes WHERE entitytype=job", create=True),
    "find": lambda s: s.find("Job"),
    "find all": lambda s: s.find(
        "job WHERE status=failed",
        finished=True,
        offline=True,
        archived=False,
        limit=5,
        skip=2,
        attributes=["id"],
    ),
    "the query of 2021": lambda s: s.find(
        'job WHERE ((user=5bfeb0381da7ee4095fa217e AND source!=hq) OR status<>failed) AND code="daily backup"'.lower()
    ),
    "find queues": lambda s: s.find("queue WHERE a=b"),
    "find tasks": lambda s: s.find(f"task WHERE job.id={ID} and status=failed"),
    "find sites": lambda s: s.find("Site"),
    "find users": lambda s: s.find("User"),
    "find shares": lambda s: s.find("share", offline=True),
    "find access": lambda s: s.find("acl"),
    "create": lambda s: s.create("Job", {"code": "x", "tasks": [{"source": "a"}], "å": "é"}),
    "create from text": lambda s: s.create("job", '{"code": "x"}'),
    "create from a list": lambda s: s.create("job", [{"source": "a"}]),
    "create without duplicates": lambda s: s.create("job", {"code": "x"}, allow_duplicates=False),
    "create a queue": lambda s: s.create("queue", {"name": "q"}),
    "create a task": lambda s: s.create("task", {"source": "a"}, ID),
    "create tasks": lambda s: s.create("task", [{"source": "a"}], ID),
    "create a site": lambda s: s.create("site", {"name": "s"}),
    "create a user": lambda s: s.create("user", {"code": "a@b"}),
    "create access": lambda s: s.create("acl", {"ident": "user:1"}),
    "update": lambda s: s.update("Job", ID, {"status": "aborted"}),
    "update by the old name": lambda s: s.update_one("Job", ID, {"status": "aborted"}),
    "update a queue": lambda s: s.update("queue", ID, {"status": "waiting"}),
    "update a site": lambda s: s.update("site", ID, {"name": "x"}),
    "update access": lambda s: s.update("acl", ID, {"read": True}),
    "update a task": lambda s: s.update("task", ID, {"status": "excluded"}),
    "update tasks": lambda s: s.update_many("task", [{"id": "1", "status": "excluded"}], ID),
    "packed": lambda s: s.update("job", ID, {"a": LARGE}),
    "take a user offline": lambda s: s.offline_one("user", ID),
    "take a share offline": lambda s: s.offline_one("share", ID),
    "delete": lambda s: s.delete_one("Job", ID),
    "delete a queue": lambda s: s.delete_one("queue", ID),
    "delete a site": lambda s: s.delete_one("site", ID),
    "delete access": lambda s: s.delete_one("acl", ID),
}

# About no entity.
SERVICES: dict[str, Use] = {
    "assign": lambda s: s.assign("share", "server", {"main": True, "share": ID, "client": CLIENT}),
    "assign for a site": lambda s: s.assign("share", "server", {"site": True, "share": ID, "client": CLIENT}),
    "deassign": lambda s: s.deassign("share", "server", {"main": True, "share": ID, "client": CLIENT}),
    "deassign from a site": lambda s: s.deassign(
        "share", "server", {"site": True, "share": ID, "client": CLIENT}
    ),
    "assignments": lambda s: s.assignments("share", ID),
    "ls": lambda s: s.ls("share=x/a"),
    "ls all": lambda s: s.ls("share=x/a", recursive=True, maxdepth=2, getsize=True, include="*.mov"),
    "getsize": lambda s: s.getsize("share=x/a", exclude=["y"]),
    "exists": lambda s: s.exists("share=x/a"),
    "mkdir": lambda s: s.mkdir("share=x/a"),
    "rename": lambda s: s.rename("share=x/a", "share=x/b"),
    "mv": lambda s: s.mv("share=x/a", "share=x/b"),
    "setting": lambda s: s.get_setting("n"),
    "settings": lambda s: s.get_setting(),
    "setting of a share": lambda s: s.get_setting(
        "n", scope="share", entity_id=ID, integration="f", data={"a": 1}
    ),
    "set a setting": lambda s: s.set_setting("n", "v"),
    "set a setting of a job": lambda s: s.set_setting("n", "v", scope="job", entity_id=ID),
    "prepublish": lambda s: s.prepublish([{"id": "1", "filename": "a", "size": 3}]),
    "integration": lambda s: s.integration("ftrack", "op", {"a": 1}),
    "report": lambda s: s.report(f"queue WHERE id={ID}"),
    "metrics": lambda s: s.metrics(f"job WHERE id={ID}"),
    "metrics of a site": lambda s: s.metrics(f"site WHERE id={ID}", attributes=["a"], time="x"),
    "api key": lambda s: s.get_api_key(),
    "app": lambda s: s.gui_is_running(),
    "server": lambda s: s.server_is_running(),
}

ONLY_V1: dict[str, Use] = {
    "session key": lambda s: s.generate_session_key(),
    "session key for a minute": lambda s: s.generate_session_key(60),
    # The first answer to what this finds is that the session expired.
    "renewal": lambda s: s.find("expired"),
}

DIFFERENT: dict[str, Use] = {
    "one job": lambda s: s.find_one("Job WHERE a=1", attributes=["source"]),
    "own profile": lambda s: s.find_one("User"),
    "case": lambda s: s.find('job WHERE code="Daily Backup"'),
    "transfers": lambda s: s.find("transfer"),
}

REFUSED: dict[str, Use] = {
    "deliveries": lambda s: s.find("delivery"),
    "delete a task": lambda s: s.delete_one("task", ID),
    "take a job offline": lambda s: s.offline_one("job", ID),
}


def main(folder: str, port: str, protocol: str) -> None:
    """Sign in each way, use the client, and print what was returned."""
    sys.path.insert(0, folder)
    with contextlib.redirect_stdout(io.StringIO()):
        from accsyn_api.session import Session

    logging.disable(logging.CRITICAL)

    def mark(name: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/mark?{quote(json.dumps(name))}") as answer:
            answer.read()

    def connect(**credentials: Any) -> Any:
        # The first parameter is the domain, and the workspace from 3.1 on.
        return Session("acmefilm", username=USER, proxy=f"accsyn:127.0.0.1:{port}", **credentials)

    returned: dict[str, Any] = {}
    session: Any = None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for name, credentials in SIGN_INS.items():
            if protocol != "v1" and "api_key" not in credentials:
                continue
            mark(name)
            session = connect(**credentials)
            session.find("user")
        extra = ONLY_V1 if protocol == "v1" else {}
        for name, use in {**USES, **SERVICES, **extra, **DIFFERENT, **REFUSED}.items():
            mark(name)
            returned[name] = use(session)
    sys.stdout.write(json.dumps(returned))


if __name__ == "__main__":
    main(*sys.argv[1:])
