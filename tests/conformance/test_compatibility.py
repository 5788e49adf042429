"""A script for a published client does the same with ours: docs/reference/compatibility.md, and what it rests on."""

from __future__ import annotations

import re

import attrs
import pytest

from tests.conformance.clients import public_methods
from tests.conformance.compatibility import PAGE, compared, page
from tests.conformance.compatibility_comparison import Names, differences
from tests.conformance.compatibility_deviations import DEVIATIONS, explained
from tests.conformance.compatibility_runs import Outcome, Request, run
from tests.conformance.compatibility_uses import SIGN_IN, VERSIONS, uses_of

USES = [(version, use) for version in VERSIONS for use in (SIGN_IN, *uses_of(version))]


@pytest.mark.parametrize(("version", "use"), [pytest.param(*each, id="-".join(each)) for each in USES])
def test_use(version: str, use: str) -> None:
    assert compared(version)[use].unexplained == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_public_method_is_used_and_listed(version: str) -> None:
    used = {name for each in compared(version).values() for name in each.theirs.used}
    assert set(public_methods(version)) <= used
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {version}\n")[2].partition("\n## ")[0]
    methods, _, attributes = section.partition("| attribute |")
    assert re.findall(r"(?m)^\| `(\w+)`", methods) == ["Session", *public_methods(version)]
    assert re.findall(r"(?m)^\| `(\w+)`", attributes) == list(run(version, ours=False).attributes)
    rows = re.findall(r"(?m)^\| `\w+` \|.*", section)
    assert all(row.count(" | ") == 3 for row in rows)
    assert not any(row.split(" | ")[2] == "–" for row in rows), "every one has a use"


@pytest.mark.parametrize("version", VERSIONS)
def test_ours_has_the_public_attributes(version: str) -> None:
    assert set(run(version, ours=False).attributes) <= set(run(version, ours=True).attributes)


@pytest.mark.parametrize("version", VERSIONS)
def test_both_make_the_same_calls_and_nothing_fails_inside(version: str) -> None:
    theirs, ours = (run(version, ours=ours).outcomes for ours in (False, True))
    assert {name: each.used for name, each in theirs.items()} == {
        name: each.used for name, each in ours.items()
    }
    statuses = {
        each.status for outcomes in (theirs, ours) for one in outcomes.values() for each in one.requests
    }
    assert max(statuses) < 500


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda each: each.name)
def test_every_deviation_has_its_row_and_its_use(deviation: object) -> None:
    (known,) = [each for each in DEVIATIONS if each is deviation]
    assert known.stands_there
    assert any(known in use.deviations for version in VERSIONS for use in compared(version).values())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.conformance.compatibility"


# What the comparison itself sees

A, B, C = (letter * 24 for letter in "abc")
ASKED = Request("PUT", "job/edit", A, None, {"status": "paused"}, 200)
DONE = Outcome({"id": A}, None, None, "", (ASKED,), ("update",))


def test_new_ids_are_the_same_as_long_as_they_are_so_throughout() -> None:
    names = Names()
    ours = attrs.evolve(DONE, returned={"id": B}, requests=(attrs.evolve(ASKED, id=B),))
    assert differences(DONE, ours, names) == []
    assert differences(DONE, ours, names) == []
    assert differences(DONE, DONE, names.copy()) != [], "it was another one before"
    another = attrs.evolve(ours, requests=(attrs.evolve(ASKED, id=C),))
    assert differences(DONE, another, names) == [f"$.requests[0].id: {A!r} there, {C!r} here"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("returned", {"id": A, "more": None}),
        ("returned", [A]),
        ("returned", {"id": True}),
        ("raised", "AccsynException"),
        ("returned", f"{A}"),
        ("text", "no"),
        ("printed", "a"),
        ("requests", ()),
        ("requests", (ASKED, ASKED)),
        *(
            ("requests", (attrs.evolve(ASKED, **change),))
            for change in (
                {"method": "POST"},
                {"uri": "Job/edit"},
                {"id": None},
                {"query": "a=1"},
                {"data": {"status": "done"}},
                {"data": {"status": "paused", "a": 1}},
                {"status": 400},
            )
        ),
    ],
)
def test_whatever_else_differs_is_a_difference(name: str, value: object) -> None:
    ours = attrs.evolve(DONE, **{name: value})  # type: ignore[arg-type]
    assert len(differences(DONE, ours, Names())) == 1
    deviations, unexplained = explained("2.2.1", DONE, ours, Names())
    assert (deviations, len(unexplained)) == ([], 1)


def test_moments_are_the_same_only_around_now() -> None:
    one, other = (
        attrs.evolve(DONE, returned={"moment": f"2026-01-01T00:00:0{second}+00:00"}) for second in (1, 2)
    )
    assert differences(one, one, Names()) == []
    assert len(differences(one, other, Names())) == 1
    assert len(differences(one, attrs.evolve(one, returned={"moment": "+00:00"}), Names())) == 1


def test_no_deviation_is_named_for_nothing() -> None:
    found = attrs.evolve(ASKED, method="GET", uri="user/find", id=None, query="code=x@y.z", data={})
    theirs = attrs.evolve(DONE, requests=(found,), used=("find_one",))
    assert explained("3.4.0", theirs, theirs, Names()) == ([], [])
    limited = attrs.evolve(theirs, requests=(attrs.evolve(found, data={"limit": 1}),))
    deviations, unexplained = explained("3.4.0", theirs, limited, Names())
    assert ([each.name for each in deviations], unexplained) == (["D6"], [])
    two = attrs.evolve(theirs, requests=(attrs.evolve(found, data={"limit": 2}),))
    assert explained("3.4.0", theirs, two, Names())[1] != []
