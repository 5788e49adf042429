"""The plan that takes a plan back, as a value: which operations, with what, in what order, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import JournalError
from accsyn_orm.mapping.mapper import MARKER
from accsyn_orm.migrate.inverse import Kept, invert
from accsyn_orm.session.journal import Journal
from accsyn_orm.session.outcomes import Outcome
from accsyn_orm.session.plan import NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

A, B, C, D = (f"{letter * 24}" for letter in "abcd")
GONE = "it is gone, or not visible to this user"
DELETED = "a deletion cannot be undone: a new one would have another id and no history"


class World:
    """A server that has some rows, each in a scope, and a journal of what was done to them."""

    def __init__(self, served: Callable[..., Any], path: pathlib.Path) -> None:
        self.rows: list[tuple[str, str, dict[str, Any]]] = []
        self.session, self.server = served(self._answer)
        self._path = path

    def has(self, entitytype: str, ident: str, scope: str = "active", **attributes: Any) -> None:
        self.rows.append((entitytype, scope, {"id": ident, **attributes}))

    def _answer(self, asked: Any) -> Any:
        scope = next(
            (name for name in ("finished", "inactive", "archived") if asked.data.get(name)), "active"
        )
        entitytype = asked.uri.partition("/")[0]
        assert asked.method == "GET"
        return asked.page([row for kind, where, row in self.rows if (kind, where) == (entitytype, scope)])

    def inverse_of(
        self, *operations: Operation, states: dict[int, str] | None = None, ids: dict[int, str] | None = None
    ) -> tuple[list[Operation], list[Kept]]:
        plan = Plan("acmefilm", operations)
        with Journal.create(self._path, plan) as journal:
            for operation in plan:
                state = (states or {}).get(operation.number, "applied")
                if state != "pending":
                    journal.intend(operation)
                    ident = (ids or {}).get(operation.number, operation.id) if state == "applied" else None
                    journal.conclude(Outcome(operation, state, None, ident))
            for entitytype, scope, row in self.rows:
                if "marked_by" in row:
                    row["metadata"] = {MARKER: journal.states()[row.pop("marked_by")].marker}
                assert scope or entitytype
            inverse, kept = invert(self.session, journal)
        assert inverse.workspace == "acmefilm"
        return list(inverse), list(kept)


@pytest.fixture
def world(served: Callable[..., Any], tmp_path: pathlib.Path) -> World:
    return World(served, tmp_path / "a.journal")


def update(number: int, ident: str, *changes: Change, **more: Any) -> Operation:
    return Operation(number, Kind.UPDATE, "job", ident, f"job {number}", changes, **more)


def test_updates_are_set_back_in_reverse_order(world: World) -> None:
    world.has("job", A, status="paused", metadata={"new": 1, MARKER: "m"}, size=1)
    world.has("job", B, "finished", status="aborted")
    inverse, kept = world.inverse_of(
        update(1, A, Change("status", "waiting", "paused"), Change("metadata", {"old": 1}, {"new": 1})),
        update(2, B, Change("status", None, "aborted")),
    )
    assert inverse == [
        Operation(1, Kind.UPDATE, "job", B, "job 2", (Change("status", "aborted", None),)),
        Operation(
            2,
            Kind.UPDATE,
            "job",
            A,
            "job 1",
            (
                Change("status", "paused", "waiting"),
                Change("metadata", {"new": 1, MARKER: "m"}, {"old": 1, MARKER: "m"}),
            ),
        ),
    ]
    assert not kept


def test_several_operations_on_one_entity_follow_each_other(world: World) -> None:
    world.has("job", A, status="paused", description="x")
    world.has("job", B, status="paused")
    inverse, _ = world.inverse_of(
        update(1, A, Change("status", "waiting", "paused")),
        update(2, B, Change("status", "waiting", "paused")),
        update(3, A, Change("description", "", "x")),
        update(4, A, Change("status", "waiting", "paused")),
    )
    assert [(each.number, each.id, each.depends_on) for each in inverse] == [
        (1, A, ()),
        (2, A, (1,)),
        (3, B, ()),
        (4, A, (2,)),
    ]


def test_two_names_of_one_type_are_one_entity(world: World) -> None:
    world.has("job", A, status="paused")
    inverse, _ = world.inverse_of(
        Operation(1, Kind.UPDATE, "transfer", A, changes=(Change("status", "waiting", "paused"),)),
        update(2, A, Change("status", "waiting", "paused")),
    )
    assert [(each.entitytype, each.depends_on) for each in inverse] == [("job", ()), ("transfer", (1,))]


@pytest.mark.parametrize(
    ("change", "row", "reason"),
    [
        (Change("status", NOT_LOADED, "paused"), {"status": "paused"}, "what status was before is not known"),
        (Change("status", "waiting", "paused"), {}, "the server does not show status"),
        (Change("status", "waiting", "paused"), {"status": "x"}, "status was changed by somebody else since"),
        (Change("size", 0, 1), {"size": True}, "size was changed by somebody else since"),
    ],
)
def test_what_cannot_be_set_back_is_kept_as_a_whole(
    world: World, change: Change, row: dict[str, Any], reason: str
) -> None:
    world.has("job", A, description="x", **row)
    inverse, kept = world.inverse_of(update(1, A, Change("description", "", "x"), change))
    assert not inverse
    assert kept == [Kept(f"update job {A} 'job 1'", reason)]
    assert str(kept[0]) == f"update job {A} 'job 1': {reason}"


def test_what_is_gone_is_kept(world: World) -> None:
    inverse, kept = world.inverse_of(
        update(1, A, Change("status", "waiting", "paused")),
        Operation(2, Kind.CREATE, "job", None, "made", marked=True),
        Operation(3, Kind.DEACTIVATE, "share", C, "switched"),
        Operation(4, Kind.DELETE, "queue", D, "deleted"),
        ids={2: B},
    )
    assert not inverse
    assert kept == [
        Kept(f"delete queue {D} 'deleted'", DELETED),
        Kept(f"deactivate share {C} 'switched'", GONE),
        Kept("create job 'made'", GONE),
        Kept(f"update job {A} 'job 1'", GONE),
    ]
    assert {asked.uri for asked in world.server.asked} == {"job/find", "share/find"}, "not what was deleted"


def test_only_what_was_applied_is_taken_back_and_read(world: World) -> None:
    world.has("job", D, status="paused")
    inverse, kept = world.inverse_of(
        update(1, A, Change("status", "waiting", "paused")),
        update(2, B, Change("status", "waiting", "paused")),
        update(3, C, Change("status", "waiting", "paused")),
        update(4, D, Change("status", "waiting", "paused")),
        states={1: "unknown", 2: "rejected", 3: "pending"},
    )
    assert [each.id for each in inverse] == [D]
    reason = "it is not known whether it was applied, and the server does not tell"
    assert kept == [Kept(f"update job {A} 'job 1'", reason)]
    assert not any(ident in str(asked.query) for asked in world.server.asked for ident in (A, B, C))


class TestTasks:
    def test_each_stands_for_itself(self, world: World) -> None:
        world.has("task", "t1", priority=2)
        world.has("task", "t2", priority=3)
        members = tuple(Member(f"t{n}", f"task {n}", (Change("priority", 1, 2),)) for n in (1, 2, 3))
        inverse, kept = world.inverse_of(
            Operation(1, Kind.UPDATE, "task", None, changes=(), parent=A, members=members)
        )
        assert inverse == [
            Operation(
                1,
                Kind.UPDATE,
                "task",
                None,
                parent=A,
                members=(Member("t1", "task 1", (Change("priority", 2, 1),)),),
            )
        ]
        assert kept == [
            Kept("update task t2", "priority was changed by somebody else since"),
            Kept("update task t3", GONE),
        ]
        assert {asked.id for asked in world.server.asked} | {asked.query for asked in world.server.asked} >= {
            None
        }
        assert all(A in str(asked) for asked in world.server.asked), "tasks are read by their job"

    def test_a_single_one_keeps_its_job(self, world: World) -> None:
        world.has("task", "t1", priority=2)
        inverse, _ = world.inverse_of(
            Operation(1, Kind.UPDATE, "task", "t1", changes=(Change("priority", 1, 2),), parent=A)
        )
        assert inverse == [
            Operation(1, Kind.UPDATE, "task", "t1", changes=(Change("priority", 2, 1),), parent=A)
        ]

    def test_of_a_job_that_was_made_in_the_same_run(self, world: World) -> None:
        world.has("task", "t1", priority=2)
        world.has("job", A, marked_by=1)
        inverse, kept = world.inverse_of(
            Operation(1, Kind.CREATE, "job", None, "made", marked=True),
            Operation(2, Kind.UPDATE, "task", "t1", "", (Change("priority", 1, 2),), (1,), NewEntity(1)),
            ids={1: A},
        )
        assert [(each.kind, each.id, each.parent, each.depends_on) for each in inverse] == [
            (Kind.UPDATE, "t1", A, ()),
            (Kind.DELETE, A, None, (1,)),
        ]
        assert not kept

    def test_those_of_one_batch_are_followed_by_what_concerns_one_of_them(self, world: World) -> None:
        world.has("task", "t1", priority=2)
        world.has("task", "t2", priority=2, status="done")
        members = tuple(Member(f"t{n}", "", (Change("priority", 1, 2),)) for n in (1, 2))
        inverse, _ = world.inverse_of(
            Operation(1, Kind.UPDATE, "task", "t2", "", (Change("status", "queued", "done"),), parent=A),
            Operation(2, Kind.UPDATE, "task", None, parent=A, members=members),
        )
        assert [each.depends_on for each in inverse] == [(), (1,)]


class TestCreations:
    def test_what_still_carries_its_marker_is_deleted_after_what_needed_it(self, world: World) -> None:
        world.has("queue", B, marked_by=1)
        world.has("job", A, status="paused", queue=B)
        world.has("job", C, marked_by=3)
        inverse, kept = world.inverse_of(
            Operation(1, Kind.CREATE, "queue", None, "night", marked=True),
            update(2, A, Change("queue", D, NewEntity(1)), depends_on=(1,)),
            Operation(3, Kind.CREATE, "job", None, "made", depends_on=(1,), marked=True),
            ids={1: B, 3: C},
        )
        assert inverse == [
            Operation(1, Kind.DELETE, "job", C, "made"),
            Operation(2, Kind.UPDATE, "job", A, "job 2", (Change("queue", B, D),)),
            Operation(3, Kind.DELETE, "queue", B, "night", depends_on=(1, 2)),
        ]
        assert not kept

    def test_what_something_needs_that_is_kept_stays(self, world: World) -> None:
        world.has("queue", B, marked_by=1)
        world.has("job", A, queue=C)
        inverse, kept = world.inverse_of(
            Operation(1, Kind.CREATE, "queue", None, "night", marked=True),
            update(2, A, Change("queue", D, NewEntity(1)), depends_on=(1,)),
            update(3, C, Change("queue", D, NewEntity(1)), depends_on=(1,)),
            ids={1: B},
            states={3: "pending"},
        )
        assert not inverse
        assert kept == [
            Kept(f"update job {A} 'job 2'", "queue was changed by somebody else since"),
            Kept("create queue 'night'", "something that needs it is not taken back"),
        ]

    def test_what_was_never_begun_needs_nothing(self, world: World) -> None:
        world.has("queue", B, marked_by=1)
        inverse, _ = world.inverse_of(
            Operation(1, Kind.CREATE, "queue", None, "night", marked=True),
            update(2, A, Change("queue", D, NewEntity(1)), depends_on=(1,)),
            ids={1: B},
            states={2: "rejected"},
        )
        assert [(each.kind, each.id) for each in inverse] == [(Kind.DELETE, B)]

    def test_why_one_is_kept(self, world: World) -> None:
        world.has("queue", A, metadata={MARKER: "somebody else's"})
        world.has("queue", B)
        world.has("task", C)
        _, kept = world.inverse_of(
            Operation(1, Kind.CREATE, "queue", None, "taken", marked=True),
            Operation(2, Kind.CREATE, "queue", None, "plain"),
            Operation(3, Kind.CREATE, "task", None, "part", parent=D),
            ids={1: A, 2: B, 3: C},
        )
        assert kept == [
            Kept("create task 'part'", "a task cannot be deleted"),
            Kept(
                "create queue 'plain'",
                "it carries no marker, so it cannot be told whether it is still what was created",
            ),
            Kept(
                "create queue 'taken'", "its marker is gone from its metadata: somebody else made it theirs"
            ),
        ]


class TestSwitches:
    @pytest.mark.parametrize(
        ("kind", "scope", "row", "back"),
        [
            (Kind.DEACTIVATE, "inactive", {"inactive": True}, Kind.ACTIVATE),
            (Kind.ACTIVATE, "active", {"inactive": False}, Kind.DEACTIVATE),
            # Where it does not say so itself, by where it was found.
            (Kind.DEACTIVATE, "inactive", {}, Kind.ACTIVATE),
            (Kind.ACTIVATE, "active", {"inactive": None}, Kind.DEACTIVATE),
            # What it says itself goes first.
            (Kind.DEACTIVATE, "active", {"inactive": True}, Kind.ACTIVATE),
        ],
    )
    def test_is_switched_back(
        self, world: World, kind: Kind, scope: str, row: dict[str, Any], back: Kind
    ) -> None:
        world.has("share", A, scope, **row)
        inverse, kept = world.inverse_of(Operation(1, kind, "share", A, "a share"))
        assert inverse == [Operation(1, back, "share", A, "a share")]
        assert not kept

    @pytest.mark.parametrize(("kind", "scope"), [(Kind.DEACTIVATE, "active"), (Kind.ACTIVATE, "inactive")])
    def test_what_somebody_switched_back_is_kept(self, world: World, kind: Kind, scope: str) -> None:
        world.has("share", A, scope)
        inverse, kept = world.inverse_of(Operation(1, kind, "share", A))
        assert not inverse
        assert kept == [Kept(f"{kind.value} share {A}", "somebody else has switched it back since")]

    @pytest.mark.parametrize("kind", [Kind.DEACTIVATE, Kind.ACTIVATE])
    def test_what_was_so_before_stays(self, world: World, kind: Kind) -> None:
        now = kind is Kind.DEACTIVATE
        world.has("share", A, "inactive" if now else "active", inactive=now)
        assert world.inverse_of(
            Operation(1, kind, "share", A, "", (Change("x", 1, 1), Change("inactive", now, now)))
        ) == ([], [])


def test_a_type_that_nothing_is_mapped_to_is_refused(world: World) -> None:
    with pytest.raises(JournalError) as caught:
        world.inverse_of(Operation(1, Kind.UPDATE, "spaceship", A, changes=(Change("a", 1, 2),)))
    assert caught.value.message == (
        "no class is mapped to spaceship: import the module that declares it, as the script did"
    )


def test_what_is_found_is_not_looked_for_in_further_scopes(world: World) -> None:
    world.has("job", A, status="paused")
    world.has("job", B, "archived", status="paused")
    world.has("job", C, "inactive", status="paused")
    inverse, _ = world.inverse_of(
        *(update(n, ident, Change("status", "waiting", "paused")) for n, ident in enumerate((A, B, C), 1))
    )
    assert len(inverse) == 3
    asked = [
        (
            [ident for ident in (A, B, C) if ident in each.query],
            [name for name in each.data if name.endswith("d") or name == "inactive"],
        )
        for each in world.server.asked
    ]
    looked_for = {
        (tuple(idents), tuple(name for name in names if name in ("finished", "inactive", "archived")))
        for idents, names in asked
    }
    assert looked_for == {
        ((A, B, C), ()),
        ((B, C), ("finished",)),
        ((B, C), ("inactive",)),
        ((B,), ("archived",)),
    }
