"""
Drive the published accsyn client, accsyn-python-api, against a sandbox and print what it saw as JSON.

It is a program of its own: importing that client sets up the root logger and silences warnings of the whole process.

Usage: python published_client.py HOST:PORT WORKSPACE USER KEY
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import accsyn_api

if TYPE_CHECKING:
    from collections.abc import Callable


def attempt(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Return what the call returns, or the class and the text of what it raises."""
    try:
        return call(*arguments, **keywords)
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked at
        return {"raised": type(error).__name__, "text": str(error)}


def reading(session: Any) -> dict[str, Any]:
    """Find in every way that the client knows."""
    jobs = session.find("Job")
    transfer = session.find_one('Job WHERE code="my_transfer"')
    finished = session.find("job", finished=True)
    return {
        "entitytypes": session.find("entitytypes"),
        "attributes": session.find("attributes WHERE entitytype=job", update=True),
        "jobs": jobs,
        "pages": [session.find("Job", skip=skip, limit=10) for skip in range(0, len(jobs) + 10, 10)],
        "chosen": session.find_one(f"Job where id={transfer['id']}", attributes=["source", "destination"]),
        "transfer": transfer,
        "nested": session.find(
            f'job WHERE ((user={transfer["user"]} AND source!=hq) OR status<>failed) AND code="Daily backup"'
        ),
        "finished": finished,
        "get_finished": session.get_entity("transfer", finished[0]["id"]),
        "get_nothing": session.get_entity("transfer", "614d660de50d45bb027c9bdd"),
        "find_one_nothing": session.find_one("User WHERE code=nobody@example.com"),
        "tasks": session.find("task", entityid=transfer["id"]),
        "tasks_by_query": session.find(f"task WHERE job.id={transfer['id']}"),
        "inactive": session.find("user", inactive=True),
        "access": session.access("folder", session.find_one("folder WHERE code=incoming")["id"]),
    }


def writing(session: Any) -> dict[str, Any]:
    """Create, change and delete."""
    seen: dict[str, Any] = {}
    seen["created"] = job = session.create(
        "Job", {"name": "made", "tasks": ["thefilm/a.mov", "thefilm/b.mov"]}
    )
    seen["updated"] = session.update("Job", job["id"], {"status": "aborted"})
    seen["task"] = session.create("task", {"source": "thefilm/c.mov"}, job["id"])
    tasks = session.find("task", entityid=job["id"])
    seen["many"] = session.update_many(
        "task", job["id"], [{"id": task["id"], "priority": 7} for task in tasks]
    )
    big = [{"source": f"thefilm/frames/frame.{number:06d}.exr"} for number in range(4000)]
    seen["big"] = len(session.create("task", big, job["id"]))
    seen["deleted"] = session.delete_one("Job", job["id"])
    seen["after_delete"] = session.find_one(f"job WHERE id={job['id']}")
    seen["user"] = user = session.create("User", {"code": "made@example.com", "name": "Made"})
    seen["deactivated"] = session.deactivate_one("user", user["id"])
    seen["inactive"] = session.find_one("user WHERE code=made@example.com", inactive=True)
    seen["activated"] = session.activate_one("user", "made@example.com")
    seen["active"] = session.find_one("user WHERE code=made@example.com")
    seen["collection"] = collection = session.create("collection", {"name": "made", "files": ["a.mov"]})
    file = session.find("file", entityid=collection["id"])[0]
    seen["file_removed"] = session.delete_many("collection", collection["id"], {"files": [file["id"]]})
    seen["queue"] = session.create("queue", {"name": "made"})
    return seen


def failing(session: Any, connect: Callable[..., Any]) -> dict[str, Any]:
    """See errors."""
    user = session.find_one("user")
    return {
        "unknown_id": attempt(session.update, "Job", "614d660de50d45bb027c9bdd", {"status": "aborted"}),
        "status": attempt(session.update, "user", user["id"], {"status": "nonsense"}),
        "query": attempt(session.find, "job WHERE stauts=done"),
        "type": attempt(session.find, "starship"),
        "code": attempt(session.create, "user", {"code": user["code"]}),
        "task": attempt(
            session.delete_one, "task", session.find("task", entityid=session.find_one("job")["id"])[0]["id"]
        ),
        "key": attempt(connect, "wrong"),
    }


def main(address: str, workspace: str, username: str, key: str) -> None:
    """Sign in and print what was seen."""

    def connect(api_key: str) -> Any:
        return accsyn_api.Session(
            workspace=workspace, username=username, api_key=api_key, proxy=f"accsyn:{address}"
        )

    session = connect(key)
    seen = {"reading": reading(session), "writing": writing(session), "failing": failing(session, connect)}
    sys.stdout.write(json.dumps(seen, default=lambda value: {"date": value.isoformat()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
