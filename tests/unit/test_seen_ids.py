"""The ids that came: a set, whatever form they have, that stays small in memory."""

from __future__ import annotations

import tracemalloc
import uuid

import pytest

from accsyn_orm.queryset.seen_ids import SeenIds

MANY = 100_000
HEX = f"{0xABCDEF:024x}"
UUID = str(uuid.UUID(int=0xABCDEF << 64))
# Each reads as one of the two above, or nearly, and is another text.
LOOKALIKES = [
    HEX.upper(),
    f" {HEX[1:]}",
    f"{HEX[:22]}  ",
    f"{HEX}\n",
    HEX[:-1],
    f"0{HEX}",
    HEX.replace("0", "٠"),
    f"-{HEX[1:]}",
    UUID.upper(),
    UUID.replace("-", ""),
    f"{UUID[1:9]}{UUID[0]}{UUID[9:]}",
    UUID.replace("-", "0"),
    UUID.replace("-", " "),
    f"{UUID[:-1]}-",
    f"{UUID[:-2]}--",
    "",
]


def packing(*ids: str) -> SeenIds:
    return SeenIds(ids, plain=0)


def test_each_id_is_held_once() -> None:
    ids = [f"{number:024x}" for number in range(1000)]
    seen = packing()
    assert seen.add_new(set(ids[:600]))
    assert not seen.add_new(set(ids[599:]))
    assert [ident in seen for ident in ids] == [True] * 600 + [False] * 400
    seen.update(ids)
    seen.update(ids)
    assert len(seen) == 1000
    assert all(ident in seen for ident in ids)


@pytest.mark.parametrize("kept", [0, 100])
@pytest.mark.parametrize("other", LOOKALIKES)
def test_an_id_is_not_taken_for_another_that_reads_alike(other: str, kept: int) -> None:
    seen = SeenIds({HEX, UUID}, plain=kept)
    assert other not in seen
    assert seen.add_new({other, f"{1:024x}"})
    assert other in seen
    assert len(seen) == 4
    lone = SeenIds({other}, plain=kept)
    assert HEX not in lone
    assert UUID not in lone


@pytest.mark.parametrize("form", [HEX, UUID])
@pytest.mark.parametrize("more", [" {}", "{}", "-" * 25, "-" * 33])
def test_a_text_that_holds_more_than_an_id_is_kept_as_it_is(form: str, more: str) -> None:
    other = form + more.format(form)
    for number in range(1, 30):  # which of the two comes first is a matter of chance
        like = f"{number:024x}" if form == HEX else str(uuid.UUID(int=number))
        seen = packing()
        assert seen.add_new({other, like})
        assert len(seen) == 2
        assert [ident in seen for ident in (other, like, form)] == [True, True, False]


def test_the_end_of_one_id_and_the_beginning_of_the_next_are_no_id() -> None:
    first, second = "0123456789abcdef01234567", "89abcdef0123456789abcdef"
    across = (first + second)[6:30]
    seen = packing()
    assert seen.add_new({first})
    assert seen.add_new({second})
    held = {f"{number:024x}" for number in range(1, 30)}
    seen.update(held)
    assert across not in seen
    assert not any(seen.add_new({across, known}) for known in held)
    assert seen.add_new({across})
    assert across in seen
    assert not seen.add_new({across})


def test_zeros_are_found_behind_places_where_they_only_seem_to_stand() -> None:
    zeros = "0" * 24
    seen = packing(f"1{'0' * 23}")
    seen.update([f"{'0' * 22}01"])
    assert zeros not in seen
    seen.add(zeros)
    assert zeros in seen
    assert len(seen) == 3


@pytest.mark.parametrize("held", [HEX, UUID, "odd"])
def test_a_page_with_one_known_id_adds_none(held: str) -> None:
    seen = packing(held)
    page = {f"{1:024x}", str(uuid.UUID(int=1)), "new"}
    assert not seen.add_new({*page, held})
    assert not any(ident in seen for ident in page)
    assert len(seen) == 1
    assert seen.add_new(page)
    assert all(ident in seen for ident in page)


def test_what_has_no_id_is_not_held() -> None:
    assert None not in SeenIds(["a"])
    assert None not in packing(HEX)
    assert not SeenIds()
    assert packing(HEX)


@pytest.mark.parametrize("form", ["{:024x}", "00000000-0000-4000-8000-{:012x}", "r{}"])
def test_many_ids_are_kept_apart_as_they_are_packed_and_the_marks_grow(form: str) -> None:
    ids = [form.format(number * 7919) for number in range(5000)]
    seen = SeenIds(plain=64)
    for start in range(0, len(ids), 100):
        assert seen.add_new(set(ids[start : start + 100]))
    assert len(seen) == len(ids)
    assert all(ident in seen for ident in ids)
    assert not any(form.format(number * 7919 + 1) in seen for number in range(5000))


def test_an_id_takes_a_quarter_of_what_a_set_takes_for_it() -> None:
    tracemalloc.start()
    try:
        seen = SeenIds()
        for start in range(0, MANY, 500):
            assert seen.add_new({f"{number:024x}" for number in range(start, start + 500)})
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(seen) == MANY
    assert taken / MANY < 28
