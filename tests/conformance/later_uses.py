"""
What the published client 3.4.0 is used for: every public method.

A use is given the session and what the uses before it returned, by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.earlier_uses import Use

__all__ = ["USES"]

ROOT = "share=projects"
MADE = f"{ROOT}/scratch"

ENTITIES: dict[str, Use] = {
    "entitytypes": lambda s, _: s.find("entitytypes"),
    "attributes": lambda s, _: s.find("attributes WHERE entitytype=transfer", update=True),
    "jobs": lambda s, _: s.find("Job"),
    "job": lambda s, _: s.find_one('Transfer WHERE code="my_transfer"'),
    "get an entity": lambda s, seen: s.get_entity("Transfer", seen["job"]["id"]),
    "tasks": lambda s, seen: s.find("task", entityid=seen["job"]["id"]),
    "create a job": lambda s, _: s.create("transfer", {"name": "made", "tasks": ["thefilm/a.mov"]}),
    "create tasks": lambda s, seen: s.create(
        "task", [{"source": "thefilm/b.mov"}, {"source": "thefilm/c.mov"}], seen["create a job"]["id"]
    ),
    "update": lambda s, seen: s.update("transfer", seen["create a job"]["id"], {"status": "paused"}),
    "update by the old name": lambda s, seen: s.update_one(
        "job", seen["create a job"]["id"], {"status": "waiting"}
    ),
    "update tasks": lambda s, seen: s.update_many(
        "task",
        seen["create a job"]["id"],
        [{"id": each["id"], "priority": 7} for each in seen["create tasks"]],
    ),
    "delete a job": lambda s, seen: s.delete_one("transfer", seen["create a job"]["id"]),
    "delete a task": lambda s, seen: s.delete_one("task", seen["tasks"][0]["id"]),
    "create a user": lambda s, _: s.create("user", {"code": "made@example.com", "name": "Made"}),
    "deactivate": lambda s, seen: s.deactivate_one("user", seen["create a user"]["id"]),
    "inactive": lambda s, _: s.find_one("user WHERE code=made@example.com", inactive=True),
    "activate": lambda s, _: s.activate_one("user", "made@example.com"),
    "create a folder": lambda s, _: s.create("folder", {"name": "Made"}),
    "take offline": lambda s, seen: s.offline_one("folder", seen["create a folder"]["id"]),
    "bring back": lambda s, seen: s.activate_one("folder", seen["create a folder"]["id"]),
    "create a collection": lambda s, _: s.create("collection", {"name": "made", "files": ["thefilm/a.mov"]}),
    "files": lambda s, seen: s.find("file", entityid=seen["create a collection"]["id"]),
    "delete files": lambda s, seen: s.delete_many(
        "collection", seen["create a collection"]["id"], {"files": [seen["files"][0]["id"]]}
    ),
    "report": lambda s, seen: s.report(f"transfer WHERE id={seen['job']['id']}"),
    "metrics": lambda s, seen: s.metrics(f"transfer WHERE id={seen['job']['id']}", attributes=["speed"]),
    "logs": lambda s, seen: s.logs("transfer", seen["create a job"]["id"], pagination_limit=5),
}
ACCESS: dict[str, Use] = {
    "grant": lambda s, seen: s.grant(
        "user", "made@example.com", "folder", seen["create a folder"]["id"], {"read": True, "path": "sub"}
    ),
    "grant again": lambda s, seen: s.grant(
        "user", "made@example.com", "folder", seen["create a folder"]["id"], {"read": True, "path": "other"}
    ),
    "access": lambda s, seen: s.access("folder", seen["create a folder"]["id"]),
    "revoke": lambda s, seen: s.revoke("user", "made@example.com", "folder", seen["create a folder"]["id"]),
    "no access": lambda s, seen: s.access("folder", seen["create a folder"]["id"]),
    "create a delivery": lambda s, _: s.create("delivery", {"name": "made", "tasks": ["thefilm/a.mov"]}),
    "add a recipient": lambda s, seen: s.grant(
        "user", "made@example.com", "delivery", seen["create a delivery"]["id"]
    ),
    "recipients": lambda s, seen: s.access("delivery", seen["create a delivery"]["id"]),
    "remove the recipient": lambda s, seen: s.revoke(
        "user", "made@example.com", "delivery", seen["create a delivery"]["id"]
    ),
    "volume": lambda s, _: s.find_one("volume WHERE code=projects"),
    "a server": lambda s, _: s.find_one("server WHERE code=srv-hq-01"),
    "assign": lambda s, seen: s.assign("volume", "server", _served(seen)),
    "assignments": lambda s, seen: s.assignments("volume", seen["volume"]["id"]),
    "deassign": lambda s, seen: s.deassign("volume", "server", _served(seen)),
}
FILES: dict[str, Use] = {
    "ls": lambda s, _: s.ls(f"{ROOT}/"),
    "ls all": lambda s, _: s.ls(f"{ROOT}/", recursive=True, getsize=True, maxdepth=2),
    "getsize": lambda s, _: s.getsize(f"{ROOT}/thefilm"),
    "exists": lambda s, _: s.exists(f"{ROOT}/thefilm"),
    "mkdir": lambda s, _: s.mkdir(MADE),
    "rename": lambda s, _: s.rename(MADE, f"{ROOT}/renamed"),
    "mkdir again": lambda s, _: s.mkdir(MADE),
    "mv": lambda s, _: s.mv(f"{ROOT}/renamed", f"{MADE}/renamed"),
    "delete what is not empty": lambda s, _: s.delete(MADE),
    "delete": lambda s, _: s.delete(MADE, force=True),
    "deleted": lambda s, _: s.exists(MADE),
    "prepublish": lambda s, _: s.prepublish([{"id": "1", "filename": "a.mov", "size": 3, "is_dir": False}]),
}
REST: dict[str, Use] = {
    "set a setting": lambda s, seen: s.set_setting("job", "transfer_speedlimit", "7", seen["job"]["id"]),
    "setting": lambda s, seen: s.get_setting("transfer_speedlimit", "job", seen["job"]["id"]),
    "settings": lambda s, seen: s.get_settings("job", seen["job"]["id"]),
    "delete a setting": lambda s, seen: s.delete_setting("job", "transfer_speedlimit", seen["job"]["id"]),
    "settings afterwards": lambda s, seen: s.get_settings("job", seen["job"]["id"]),
    "integration": lambda s, _: s.integration("ftrack", "list", {"a": 1}),
    "api key": lambda s, _: s.get_api_key(),
    "app": lambda s, _: s.app_is_running(),
    "app by the old name": lambda s, _: s.gui_is_running(),
    "daemon": lambda s, _: s.daemon_is_running(),
    "server by the old name": lambda s, _: s.server_is_running(),
    "host name": lambda s, _: s.get_hostname(),
    "last message": lambda s, _: s.get_last_message(),
    "help": lambda s, _: s.help(),
    "text": lambda s, _: s.str({"a": 1}),
    "dump": lambda s, _: s.dump({"a": 1}),
}


def _served(seen: dict[str, Any]) -> dict[str, str]:
    return {"volume": seen["volume"]["id"], "client": seen["a server"]["id"]}


USES: dict[str, Use] = {**ENTITIES, **ACCESS, **FILES, **REST}
