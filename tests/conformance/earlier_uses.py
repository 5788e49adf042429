"""
What the published clients before 3.2 are used for: every public method of each.

A use is given the session and what the uses before it returned, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Use", "uses_of"]

Use = Callable[[Any, dict[str, Any]], Any]

ROOT = "share=projects"
LARGE = "x" * 110_000

# Every one of them has these.
COMMON: dict[str, Use] = {
    "entitytypes": lambda s, _: s.find("entitytypes"),
    "attributes": lambda s, _: s.find("attributes WHERE entitytype=job", create=True),
    "jobs": lambda s, _: s.find("Job"),
    "job": lambda s, _: s.find_one('Job WHERE code="my_transfer"'),
    "page": lambda s, _: s.find("job", limit=3, skip=1, attributes=["code", "status"]),
    "finished jobs": lambda s, _: s.find("job WHERE status=done", finished=True),
    "queues": lambda s, _: s.find("queue"),
    "disabled queues": lambda s, _: s.find("queue WHERE status=disabled"),
    "tasks": lambda s, seen: s.find(f"task WHERE job.id={seen['job']['id']}"),
    "sites": lambda s, _: s.find("Site"),
    "users": lambda s, _: s.find("User WHERE status=enabled"),
    "clients": lambda s, _: s.find("user WHERE role=client"),
    "shares": lambda s, _: s.find("share"),
    "access": lambda s, _: s.find("acl"),
    "access of one": lambda s, seen: s.find(f"acl WHERE ident={seen['access'][0]['entity']}"),
    "organization": lambda s, _: s.find_one("organization"),
    "nothing": lambda s, _: s.find_one("user WHERE code=nobody@example.com"),
    "create a job": lambda s, _: s.create(
        "Job", {"code": "made", "tasks": [{"source": "thefilm/a.mov", "destination": "lisa@example.com"}]}
    ),
    "create a task": lambda s, seen: s.create(
        "task", {"source": "thefilm/b.mov", "destination": "lisa@example.com"}, seen["create a job"]["id"]
    ),
    "create tasks": lambda s, seen: s.create(
        "task",
        [{"source": f"thefilm/{name}.mov", "destination": "lisa@example.com"} for name in "cd"],
        seen["create a job"]["id"],
    ),
    "create a queue": lambda s, _: s.create("queue", {"name": "Made"}),
    "create a site": lambda s, _: s.create("site", {"name": "Made"}),
    "create a user": lambda s, _: s.create("user", {"code": "made@example.com", "role": "client"}),
    "create a share": lambda s, _: s.create("share", {"name": "Made", "path": "made"}),
    "create access": lambda s, seen: s.create(
        "acl",
        {
            "ident": f"user:{seen['create a user']['id']}",
            "target": f"share:{seen['create a share']['id']}",
            "read": True,
            "write": False,
        },
    ),
    "pause a job": lambda s, seen: s.update_one("Job", seen["create a job"]["id"], {"status": "paused"}),
    "await a place": lambda s, seen: s.update_one("Job", seen["create a job"]["id"], {"status": "pending"}),
    "rename a site": lambda s, seen: s.update_one(
        "site", seen["create a site"]["id"], {"description": "changed"}
    ),
    "rename a user": lambda s, seen: s.update_one("user", seen["create a user"]["id"], {"name": "Changed"}),
    "rename a share": lambda s, seen: s.update_one(
        "share", seen["create a share"]["id"], {"name": "Changed"}
    ),
    "change access": lambda s, seen: s.update_one("acl", seen["create access"]["id"], {"write": True}),
    "exclude a task": lambda s, seen: s.update_one("task", seen["tasks"][0]["id"], {"status": "excluded"}),
    "exclude tasks": lambda s, seen: s.update_many(
        "task",
        [{"id": each["id"], "status": "excluded"} for each in seen["create tasks"]],
        seen["create a job"]["id"],
    ),
    "delete access": lambda s, seen: s.delete_one("acl", seen["create access"]["id"]),
    "delete a task": lambda s, seen: s.delete_one("task", seen["tasks"][0]["id"]),
    "delete a share": lambda s, seen: s.delete_one("share", seen["create a share"]["id"]),
    "delete a user": lambda s, seen: s.delete_one("user", seen["create a user"]["id"]),
    "delete a site": lambda s, seen: s.delete_one("site", seen["create a site"]["id"]),
    "delete a queue": lambda s, seen: s.delete_one("queue", seen["create a queue"]["id"]),
    "delete a job": lambda s, seen: s.delete_one("Job", seen["create a job"]["id"]),
    "deleted": lambda s, seen: s.find_one(f"job WHERE id={seen['create a job']['id']}"),
    "bad status": lambda s, seen: s.update_one("user", seen["users"][0]["id"], {"status": "nonsense"}),
    "last message": lambda s, _: s.get_last_message(),
    "bad query": lambda s, _: s.find("job WHERE stauts=done"),
    "bad type": lambda s, _: s.find("starship"),
    "ls": lambda s, _: s.ls(f"{ROOT}/"),
    "ls all": lambda s, _: s.ls(f"{ROOT}/", recursive=True, getsize=True, maxdepth=2),
    "getsize": lambda s, _: s.getsize(f"{ROOT}/thefilm"),
    "exists": lambda s, _: s.exists(f"{ROOT}/thefilm"),
    "does not exist": lambda s, _: s.exists(f"{ROOT}/nothing"),
    "prepublish": lambda s, _: s.prepublish([{"id": "1", "filename": "a.mov", "size": 3, "is_dir": False}]),
    "report": lambda s, seen: s.report(f"job WHERE id={seen['job']['id']}"),
    "report of a queue": lambda s, seen: s.report(f"queue WHERE id={seen['queues'][0]['id']}"),
    "api key": lambda s, _: s.get_api_key(),
    "app": lambda s, _: s.gui_is_running(),
    "server": lambda s, _: s.server_is_running(),
    "host name": lambda s, _: s.get_hostname(),
    "help": lambda s, _: s.help(),
    "text": lambda s, _: s.str({"a": 1}),
    "decode": lambda s, _: list(map(str, s.decode_query("job WHERE status=done"))),
    "sign in again": lambda s, _: s.login(),
    "queues afterwards": lambda s, _: len(s.find("queue")),
}
# 1.x and 2.x.
SESSION_KEYS: dict[str, Use] = {
    "session key": lambda s, _: s.get_session_key(),
    "new session key": lambda s, _: s.generate_session_key(60),
}
# 1.x: what is public there by name only.
INNER: dict[str, Use] = {
    "event": lambda s, _: s.event("GET", "user/find", {}, query="code=john@user.com"),
    "rest": lambda s, _: s.rest(
        "PUT", None, "registry/organization/domain", {"organization": "acmefilm"}, ssl=False
    ),
    "base64": lambda s, _: str(s.base64_encode("a")),
    "base uri": lambda s, _: s.get_base_uri("site"),
    "info": lambda s, _: s.info("a"),
    "warning": lambda s, _: s.warning("a"),
    "verbose": lambda s, _: s.verbose("a"),
    "obscured": lambda s, _: s.obscure_dict_string('{"pwd": "x"}'),
    "dumped": lambda s, _: s.safe_dumps({"a": 1}),
    "printable": lambda s, _: s.safely_printable("a"),
    "serial": lambda s, _: s.json_serial(__import__("datetime").datetime(2026, 1, 2)),
}
# Since 2.0.
SINCE_20: dict[str, Use] = {
    "inactive users": lambda s, _: s.find("user", offline=True),
    "disable a queue": lambda s, seen: s.update_one(
        "queue", seen["queues"][-1]["id"], {"status": "disabled"}
    ),
    "metrics": lambda s, seen: s.metrics(f"job WHERE id={seen['job']['id']}"),
    "metrics of a queue": lambda s, seen: s.metrics(
        f"queue WHERE id={seen['queues'][0]['id']}", attributes=["priority"]
    ),
    "servers": lambda s, _: s.find("server"),
    "volume": lambda s, seen: next(each for each in seen["shares"] if each["code"] == "projects"),
    "assign": lambda s, seen: s.assign("share", "server", {"main": True, **_served(seen, 0)}),
    "assign for a site": lambda s, seen: s.assign("share", "server", {"site": True, **_served(seen, 1)}),
    "assignments": lambda s, seen: s.assignments("share", seen["volume"]["id"]),
    "deassign from a site": lambda s, seen: s.deassign("share", "server", {"site": True, **_served(seen, 1)}),
    "deassign": lambda s, seen: s.deassign("share", "server", {"main": True, **_served(seen, 0)}),
    "mkdir": lambda s, _: s.mkdir(f"{ROOT}/made"),
    "rename": lambda s, _: s.rename(f"{ROOT}/made", f"{ROOT}/renamed"),
    "mkdir inside": lambda s, _: s.mkdir(f"{ROOT}/other"),
    "mv": lambda s, _: s.mv(f"{ROOT}/renamed", f"{ROOT}/other/renamed"),
    "moved": lambda s, _: s.exists(f"{ROOT}/other/renamed"),
    # The client sends mkdir for rm: the folder is there already.
    "rm": lambda s, _: s.rm(f"{ROOT}/other"),
    "a user to take offline": lambda s, _: s.create("user", {"code": "gone@example.com"}),
    "take a user offline": lambda s, seen: s.offline_one("user", seen["a user to take offline"]["id"]),
    "a share to take offline": lambda s, _: s.create("share", {"name": "Gone"}),
    "take a share offline": lambda s, seen: s.offline_one("share", seen["a share to take offline"]["id"]),
    "offline": lambda s, _: s.find("share WHERE name=gone", offline=True),
}
# Since 2.1.
SINCE_21: dict[str, Use] = {
    "update": lambda s, seen: s.update("Job", seen["job"]["id"], {"status": "paused"}),
    # Above 100 KiB, where the clients compress.
    "pack": lambda s, seen: len(
        s.update("Job", seen["job"]["id"], {"metadata": {"text": LARGE}})["metadata"]["text"]
    ),
    "integration": lambda s, _: s.integration("ftrack", "list", {"a": 1}),
    "setting": lambda s, _: s.get_setting("transfer_speedlimit"),
    "set a setting": lambda s, _: s.set_setting("transfer_speedlimit", "5"),
    "set a setting of a job": lambda s, seen: s.set_setting(
        "transfer_speedlimit", "7", scope="job", entity_id=seen["job"]["id"]
    ),
    "set a setting of a queue": lambda s, seen: s.set_setting(
        "transfer_speedlimit", "6", scope="job", entity_id=seen["queues"][0]["id"]
    ),
    "setting of a job": lambda s, seen: s.get_setting(
        "transfer_speedlimit", scope="job", entity_id=seen["job"]["id"]
    ),
    "settings": lambda s, _: s.get_setting(),
}
# Since 3.0.
SINCE_30: dict[str, Use] = {
    "desktop app": lambda s, _: s.app_is_running(),
    "daemon": lambda s, _: s.daemon_is_running(),
}


def _served(seen: dict[str, Any], index: int) -> dict[str, str]:
    return {"share": seen["volume"]["id"], "client": seen["servers"][index]["id"]}


def uses_of(version: str) -> dict[str, Use]:
    """Return the uses of a version: what it can do, in an order in which each finds what it needs."""
    parts = tuple(int(part) for part in version.split(".")[:2])
    later = {
        **(SINCE_20 if parts >= (2, 0) else INNER),
        **(SINCE_21 if parts >= (2, 1) else {}),
        **(SINCE_30 if parts >= (3, 0) else SESSION_KEYS),
    }
    return {**COMMON, **later}
