"""Laws of the ids that came: they behave as a set of texts, packed or not."""

from __future__ import annotations

import uuid

from hypothesis import event, given, strategies as st

from accsyn_orm.queryset.seen_ids import SeenIds

# Few bytes, so that ids are met again and seem to stand across the border of two others.
BYTES = st.lists(st.sampled_from([0, 1, 16, 0xAB]), min_size=12, max_size=12).map(bytes)
HEX = st.integers(0, 40).map("{:024x}".format) | BYTES.map(bytes.hex)
UUIDS = st.integers(0, 40).map(lambda number: str(uuid.UUID(int=number << 60)))
LIKE_HEX = st.text("0aA \n-", min_size=24, max_size=24) | st.text("0-", min_size=36, max_size=36)
ODD = st.sampled_from(["", "r1", "r2", "-", "0" * 32]) | st.text(max_size=3)
IDS = HEX | HEX.map(str.upper) | UUIDS | UUIDS.map(str.upper) | LIKE_HEX | ODD
PAGES = (
    st.sets(HEX, max_size=90)
    | st.sets(UUIDS, max_size=9)
    | st.sets(ODD, max_size=9)
    | st.sets(IDS, max_size=12)
)
STEPS = st.lists(st.tuples(st.sampled_from(["add_new", "update", "add"]), PAGES), max_size=12)


@given(STEPS, st.sets(IDS, max_size=12), st.sampled_from([0, 1, 5, 30, 1000]))
def test_they_are_a_set(steps: list[tuple[str, set[str]]], others: set[str], plain: int) -> None:
    seen, model = SeenIds(plain=plain), set[str]()
    for verb, ids in steps:
        if verb == "add_new":
            before = set(ids)
            assert seen.add_new(ids) == model.isdisjoint(ids)
            assert ids == before
            model |= ids if model.isdisjoint(ids) else set()
        elif verb == "update":
            seen.update(ids)
            model |= ids
        else:
            for ident in sorted(ids):
                seen.add(ident)
                model.add(ident)
        assert len(seen) == len(model)
        assert bool(seen) == bool(model)
        assert all(ident in seen for ident in model)
        assert {ident for ident in ids | others if ident in seen} == model & (ids | others)
    event("packed" if len(model) > plain else "plain")
