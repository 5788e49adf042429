"""The workspace and the plan of the kill -9 harness, and what has to be there before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.seeding import Seeder
from accsyn_orm.session.plan import Change, Kind, NewEntity, Operation, Plan

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Workspace", "expected_after", "expected_before", "plan_of", "serve"]

_BEFORE = {"shot": 1, "deep": {"kept": [1, 2]}}
_AFTER = {"shot": 2, "deep": {"kept": [1, 2]}, "why": "old"}


def serve(pipe: Connection[Any, Any]) -> None:
    """Serve a sandbox until told to stop; what is asked over the pipe goes past its wire."""
    with Sandbox(data="empty") as sandbox:
        known = sandbox.credentials()
        pipe.send({name: known[name] for name in ("workspace", "username", "api_key")} | {"url": sandbox.url})
        while True:
            verb, *arguments = pipe.recv()
            if verb == "stop":
                return
            store = sandbox.workspace.store
            with sandbox.workspace.lock:
                if verb == "seed":
                    with store.writing():
                        pipe.send(_seeded(Seeder(store, known["username"]), arguments[0]))
                    continue
                rows = [
                    row
                    for row in store.rows(["transfer", "queue", "collection"])
                    if _is_of(row.document, arguments[0])
                ]
                if verb == "drop":
                    with store.writing():
                        for row in rows:
                            store.remove(row.id)
                pipe.send([row.document for row in rows])


def _is_of(document: dict[str, Any], tag: str) -> bool:
    return str(document.get("name")).startswith(tag)


def _seeded(seeder: Seeder, tag: str) -> dict[str, str]:
    job: dict[str, Any] = {"status": "waiting", "finished": None, "size": 1, "parent": None, "queue": None}
    found = {
        f"job{n}": seeder.put("transfer", f"{tag}-job{n}", **job, metadata=_BEFORE).id for n in range(1, 5)
    }
    found |= {
        f"queue{n}": seeder.put("queue", f"{tag}-queue{n}", priority=500, parent=None).id for n in range(1, 3)
    }
    for number, inactive in ((1, False), (2, True)):
        found[f"share{number}"] = seeder.put(
            "collection", f"{tag}-share{number}", status="enabled", inactive=inactive, parent=None
        ).id
    return found


class Workspace:
    """
    The sandbox in the other process.

    Args:
        pipe: To it.
    """

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self.credentials: dict[str, str] = pipe.recv()
        self.code = self.credentials["workspace"]

    def _ask(self, *what: str) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()

    def seed(self, tag: str) -> dict[str, str]:
        """Put in what a plan is about; return ids by name."""
        found: dict[str, str] = self._ask("seed", tag)
        return found

    def documents(self, tag: str) -> list[dict[str, Any]]:
        """Return everything that belongs to a case."""
        found: list[dict[str, Any]] = self._ask("documents", tag)
        return found

    def names(self, tag: str) -> list[str]:
        """Return the names of everything that belongs to a case."""
        return [document["name"] for document in self.documents(tag)]

    def drop(self, tag: str) -> None:
        """Take everything of a case away."""
        self._ask("drop", tag)


def plan_of(workspace: str, tag: str, ids: dict[str, str]) -> Plan:
    """Return a plan of everything that a plan can do, dependencies included."""
    operations: list[Operation] = []

    def add(
        kind: Kind, entitytype: str, of: str | None = None, needs: tuple[int, ...] = (), **changes: Any
    ) -> int:
        number = len(operations) + 1
        made = tuple(Change(name, *each) for name, each in changes.items())
        marked = kind is Kind.CREATE
        ident = None if of is None else ids[of]
        operations.append(Operation(number, kind, entitytype, ident, of or "", made, needs, marked=marked))
        return number

    status, metadata = ("waiting", "aborted"), (_BEFORE, _AFTER)
    queue = add(Kind.CREATE, "queue", name=(None, f"{tag}-new-queue"))
    add(
        Kind.CREATE,
        "transfer",
        None,
        (queue,),
        name=(None, f"{tag}-new-job1"),
        queue=(None, NewEntity(queue)),
    )
    add(Kind.UPDATE, "transfer", "job1", status=status, metadata=metadata)
    add(Kind.CREATE, "transfer", name=(None, f"{tag}-new-job2"), metadata=(None, {"own": 1}))
    add(Kind.UPDATE, "transfer", "job2", (queue,), queue=(None, NewEntity(queue)))
    add(Kind.UPDATE, "queue", "queue1", description=(None, "changed"))
    add(Kind.CREATE, "queue", name=(None, f"{tag}-new-queue2"))
    add(Kind.UPDATE, "transfer", "job3", metadata=metadata)
    add(Kind.DEACTIVATE, "collection", "share1")
    add(Kind.ACTIVATE, "collection", "share2")
    add(Kind.DELETE, "transfer", "job4")
    add(Kind.DELETE, "queue", "queue2")
    return Plan(workspace, tuple(operations))


def expected_after(tag: str) -> dict[str, dict[str, Any] | None]:
    """Return what has to be there once the plan was applied, by name; None for what has to be gone."""
    return {
        f"{tag}-new-queue": {},
        f"{tag}-new-job1": {},
        f"{tag}-new-job2": {},
        f"{tag}-new-queue2": {},
        f"{tag}-job1": {"status": "aborted", "metadata": _AFTER},
        f"{tag}-job3": {"status": "waiting", "metadata": _AFTER},
        f"{tag}-queue1": {"description": "changed"},
        f"{tag}-share1": {"inactive": True},
        f"{tag}-share2": {"inactive": False},
        f"{tag}-job4": None,
        f"{tag}-queue2": None,
    }


def expected_before(tag: str) -> dict[str, dict[str, Any] | None]:
    """Return what has to be there once it was undone; what was deleted stays so."""
    return {
        f"{tag}-new-queue": None,
        f"{tag}-new-job1": None,
        f"{tag}-new-job2": None,
        f"{tag}-new-queue2": None,
        f"{tag}-job1": {"status": "waiting", "finished": None, "metadata": _BEFORE, "queue": None},
        f"{tag}-job2": {"status": "waiting", "metadata": _BEFORE, "queue": None},
        f"{tag}-job3": {"status": "waiting", "metadata": _BEFORE},
        f"{tag}-queue1": {"description": None},
        f"{tag}-share1": {"inactive": False},
        f"{tag}-share2": {"inactive": True},
        f"{tag}-job4": None,
        f"{tag}-queue2": None,
    }
