"""A plan for people, line by line."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from accsyn_orm.errors import InvalidValue
from accsyn_orm.session.plan import ABSENT, NOT_LOADED, Change, Kind, Member, NewEntity, Operation, Plan
from accsyn_orm.session.plan_text import shown, warning

IDENT = "5b0faf03304bfd4810dbd5fc"
MAILS = "a {} that is submitted sends mails to its recipients, which cannot be taken back"
STARTS = "creating a job starts a transfer; files that it copies stay where they are copied to"

CREATE = Operation(
    1,
    Kind.CREATE,
    "queue",
    None,
    "night",
    (Change("name", None, "night"), Change("priority", None, 10)),
    marked=True,
)
UPDATE = Operation(
    2,
    Kind.UPDATE,
    "job",
    IDENT,
    "my_transfer",
    (
        Change("status", "waiting", "paused"),
        Change(
            "metadata",
            {"a": 1, "gone": 2, "deep": {"x": 1, "y": 1}},
            {"a": 1, "deep": {"x": 2, "y": 1}, "new": None},
        ),
        Change("queue", NOT_LOADED, NewEntity(1)),
        Change("empty", {}, {"k": "v"}),
    ),
    (1,),
)
MEMBERS = Operation(
    3,
    Kind.UPDATE,
    "task",
    None,
    parent=IDENT,
    members=(
        Member("t1", "first", (Change("priority", 1, 2),)),
        Member("t2", "", (Change("priority", 500, 2), Change("status", "queued", "done"))),
    ),
)
DELETE = Operation(4, Kind.DELETE, "user", IDENT, "lisa@user.com")
SWITCH = Operation(5, Kind.DEACTIVATE, "share", IDENT, "", (Change("inactive", NOT_LOADED, True),))
PLAN = Plan("acmefilm", (CREATE, UPDATE, MEMBERS, DELETE, SWITCH))

TEXT = f"""\
plan for acmefilm: 1 × create queue, 1 × update job, 1 × update task, 1 × delete user, 1 × deactivate share
    1. create queue 'night'
         name                        → "night"
         priority                    → 10
         metadata.accsyn_orm_marker  → (a marker, to find it by if no answer comes)
    2. update job {IDENT} 'my_transfer'
         status           "waiting" → "paused"
         metadata.gone    2 → (absent)
         metadata.deep.x  1 → 2
         metadata.new     (absent) → null
         queue            (not loaded) → (id from operation 1)
         empty            {{}} → {{"k": "v"}}
    3. update 2 × task of {IDENT}
       task t1 "first"
         priority  1 → 2
       task t2
         priority  500 → 2
         status    "queued" → "done"
    4. delete user {IDENT} 'lisa@user.com'
    5. deactivate share {IDENT}
         inactive  (not loaded) → true
note: deleting a user cannot be undone: a new one would have another id and no history"""


def test_the_whole_text() -> None:
    assert str(PLAN) == TEXT
    assert str(CREATE) == "\n".join(TEXT.splitlines()[1:5])


def test_in_colour() -> None:
    lines = PLAN.to_text(color=True).splitlines()
    assert lines[1] == "    1. \x1b[32mcreate queue 'night'\x1b[0m"
    assert lines[2] == '         name                        → \x1b[32m"night"\x1b[0m'
    assert lines[5] == f"    2. \x1b[33mupdate job {IDENT} 'my_transfer'\x1b[0m"
    assert lines[6] == '         status           \x1b[31m"waiting"\x1b[0m → \x1b[32m"paused"\x1b[0m'
    assert lines[14] == "         priority  \x1b[31m1\x1b[0m → \x1b[32m2\x1b[0m"
    assert lines[18] == f"    4. \x1b[31mdelete user {IDENT} 'lisa@user.com'\x1b[0m"
    assert lines[19] == f"    5. \x1b[31mdeactivate share {IDENT}\x1b[0m"
    activate = Operation(1, Kind.ACTIVATE, "share", IDENT)
    assert (
        Plan("w", (activate,)).to_text(color=True).splitlines()[1]
        == f"    1. \x1b[32mactivate share {IDENT}\x1b[0m"
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "coloured"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (None, {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "xterm"}, True),
    ],
)
def test_coloured_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: Any, environment: dict[str, str], coloured: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", stream)
    assert PLAN.to_text() == PLAN.to_text(color=coloured)
    assert PLAN.to_text(color=True) != PLAN.to_text(color=False)
    assert str(PLAN) == PLAN.to_text(color=False), "text that may go anywhere is never coloured"


@pytest.mark.parametrize(
    ("kind", "entitytype", "words"),
    [
        ("create", "user", "creating a user sends an invitation mail, which cannot be taken back"),
        ("create", "job", STARTS),
        (
            "create",
            "transfer",
            "creating a transfer starts it; files that it copies stay where they are copied to",
        ),
        ("create", "delivery", MAILS.format("delivery")),
        ("create", "request", MAILS.format("request")),
        ("create", "queue", ""),
        ("update", "user", ""),
        (
            "delete",
            "queue",
            "deleting a queue cannot be undone: a new one would have another id and no history",
        ),
    ],
)
def test_what_cannot_be_undone_is_said(kind: str, entitytype: str, words: str) -> None:
    assert warning(kind, entitytype) == words
    assert Operation(1, Kind(kind), entitytype, None).warning == words


def test_each_warning_once() -> None:
    plan = Plan("w", tuple(Operation(number, Kind.CREATE, "job", None) for number in (1, 2)))
    assert plan.warnings == (STARTS,)
    assert str(plan).endswith(f"    2. create job\nnote: {STARTS}")
    assert Plan("w", (UPDATE,)).warnings == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("å ✓", '"å ✓"'),
        ("\x1b[31m\u202e\u2028", '"\\u001b[31m\\u202e\\u2028"'),
        ("\x7f", '"\\u007f"'),
        (["a"], '["a"]'),
        (ABSENT, "(absent)"),
        (NewEntity(3, "site:"), "site:(id from operation 3)"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert shown(value) == text


class TestAsJson:
    def test_there_and_back(self) -> None:
        again = Plan.from_json(PLAN.to_json())
        assert again == PLAN
        assert again.hash == PLAN.hash
        assert len(PLAN.hash) == 64
        assert PLAN.to_json().isascii()
        assert " " not in PLAN.to_json().replace("my transfer", "").replace("(id from", "")

    def test_what_would_be_sent_makes_the_hash(self) -> None:
        hashes = {
            PLAN.hash,
            Plan("other", PLAN.operations).hash,
            Plan("acmefilm", PLAN.operations[:4]).hash,
            Plan("acmefilm", (UPDATE, CREATE, *PLAN.operations[2:])).hash,
        }
        assert len(hashes) == 4

    @pytest.mark.parametrize(
        "text",
        ["", "{}", "[]", '{"workspace": "w"}', '{"workspace": "w", "operations": [{"number": 1}]}', "null"],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidValue, match=r"^this is not a plan that to_json\(\) wrote: \w+Error\("):
            Plan.from_json(text)

    @pytest.mark.parametrize(
        "value",
        [
            {"operation": 1, "prefix": "site:"},
            {"$new": 1, "$prefix": ""},
            {"$new": "a user's own"},
            {"$none": "absent"},
            {"$value": 5},
            {"$value": {"$value": {"$none": "not_loaded"}}},
            {"deep": [{"$new": 1, "$prefix": ""}], "$other": 1},
            "$none",
        ],
    )
    def test_values_that_look_like_ours_come_back(self, value: Any) -> None:
        changes = (
            Change("metadata", value, {"a": value}),
            Change("x", ABSENT, value),
            Change("y", NOT_LOADED, 1),
        )
        member = Member("t1", "", changes)
        plan = Plan("w", (Operation(1, Kind.UPDATE, "job", IDENT, changes=changes, members=(member,)),))
        again = Plan.from_json(plan.to_json())
        assert again == plan
        assert again.hash == plan.hash

    def test_parents_and_prefixes_come_back(self) -> None:
        plan = Plan(
            "w",
            (
                Operation(
                    1, Kind.CREATE, "job", None, changes=(Change("source", ABSENT, NewEntity(9, "site:")),)
                ),
                Operation(2, Kind.CREATE, "task", None, depends_on=(1,), parent=NewEntity(1)),
            ),
        )
        assert Plan.from_json(plan.to_json()) == plan


def test_titles_and_summaries() -> None:
    assert CREATE.title == "create queue 'night'"
    assert MEMBERS.title == f"update 2 × task of {IDENT}"
    assert SWITCH.title == f"deactivate share {IDENT}"
    assert Plan("w").summary == "plan for w: nothing to do"
    assert str(Plan("w")) == "plan for w: nothing to do"
    assert Plan("w", (UPDATE, UPDATE)).summary == "plan for w: 2 × update job"
    assert (len(PLAN), list(PLAN)[1], bool(Plan("w"))) == (5, UPDATE, False)
