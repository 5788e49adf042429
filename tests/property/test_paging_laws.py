"""Laws of paging: whatever a server does with pages, no row that stays is lost, and none comes twice."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from typing import Any

import attrs
import pytest
from hypothesis import event, given, strategies as st

from accsyn_orm.errors import ConnectionLost, ProtocolError
from accsyn_orm.queryset.paging import pages
from accsyn_orm.queryset.read_ahead import ReadAhead
from accsyn_orm.queryset.seen_ids import SeenIds

Row = dict[str, Any]

SIZES = st.integers(1, 9)
TOTALS = st.integers(0, 60)
AHEAD = st.sampled_from([0, 1, 2, 8])


@attrs.define
class Change:
    """Rows that another client deletes or inserts before a request is answered, at a distance from its skip."""

    kind: str
    distance: int
    many: int


CHANGES = st.builds(
    Change,
    st.sampled_from(["delete", "insert"]),
    st.sampled_from([-99, *range(-9, 10), 99]),
    st.integers(1, 12),
)
DELETIONS = st.builds(
    Change, st.just("delete"), st.sampled_from([-99, *range(-9, 10), 99]), st.integers(1, 12)
)


def scripts(changes: st.SearchStrategy[Change]) -> st.SearchStrategy[dict[int, list[Change]]]:
    """Number of the request → what happens before it is answered."""
    return st.dictionaries(st.integers(1, 30), st.lists(changes, min_size=1, max_size=2), max_size=10)


class Server:
    """
    A server in memory.

    Args:
        total: Rows at the start.
        clamp: The most rows that it answers at once.
        script: What other clients do.
        lengths: Cuts each page to the next of these lengths, then not.
    """

    def __init__(
        self,
        total: int,
        *,
        clamp: int = 10**9,
        script: dict[int, list[Change]] | None = None,
        lengths: list[int] | None = None,
    ) -> None:
        self.rows: list[Row] = [{"id": f"r{number}"} for number in range(total)]
        self.staying = {row["id"] for row in self.rows}
        self.clamp = clamp
        self.script = script or {}
        self.lengths = list(lengths or [])
        self.requests = self.inserted = 0
        self.largest = 0

    def fetch(self, skip: int, limit: int) -> list[Row]:
        assert skip >= 0
        assert limit >= 1
        for change in self.script.get(self.requests, []):
            self.change(change, skip)
        self.requests += 1
        self.largest = max(self.largest, limit)
        length = min(limit, self.clamp, self.lengths.pop(0) if self.lengths else limit)
        return self.rows[skip : skip + length]

    def change(self, change: Change, skip: int) -> None:
        at = min(max(0, skip + change.distance), len(self.rows))
        if change.kind == "delete":
            self.staying -= {row["id"] for row in self.rows[at : at + change.many]}
            del self.rows[at : at + change.many]
        else:
            self.rows[at:at] = [{"id": f"i{self.inserted + number}"} for number in range(change.many)]
            self.inserted += change.many


def listed(server: Any, size: int, **options: Any) -> list[str]:
    return [row["id"] for page in pages(server.fetch, size=size, **options) for row in page]


def pages_of(total: int, size: int) -> int:
    return -(-total // size)


def flight_over(server: Any, order: list[bool]) -> ReadAhead:
    """Return pages in flight that are answered as soon as they are asked for (True) or only when they are needed."""
    choices = iter(order)

    class Late(Future[Any]):
        def __init__(self, key: tuple[int, int]) -> None:
            super().__init__()
            self.key = key

        def result(self, timeout: float | None = None) -> Any:
            return server.fetch(*self.key)

    def submit(function: Any, *key: int) -> Future[Any]:
        if next(choices, True):
            done: Future[Any] = Future()
            done.set_result(function(*key))
            return done
        return Late((key[0], key[1]))

    return ReadAhead(server.fetch, submit)


@given(TOTALS, SIZES, AHEAD)
def test_an_honest_server_is_listed_in_order_with_no_more_than_a_page_to_spare(
    total: int, size: int, ahead: int
) -> None:
    server = Server(total)
    flight = flight_over(server, [])
    found = listed(flight, size, ahead=ahead, expect=flight.expect)
    assert found == [f"r{number}" for number in range(total)]
    assert server.requests <= pages_of(total, size) + max(1, ahead)
    assert server.largest <= max(size, 2) + 1


@given(TOTALS, SIZES, st.integers(0, 70), st.none() | st.integers(0, 70), st.integers(2, 12), AHEAD)
def test_a_slice_is_that_slice(
    total: int, size: int, start: int, count: int | None, clamp: int, ahead: int
) -> None:
    server = Server(total, clamp=clamp)
    flight = flight_over(server, [])
    found = listed(flight, size, start=start, count=count, ahead=ahead, expect=flight.expect)
    stop = None if count is None else start + count
    assert found == [f"r{number}" for number in range(total)][start:stop]
    if count == 0:
        assert server.requests == 0
    if clamp > max(size, 2):
        assert server.requests <= pages_of(len(found), size) + max(1, ahead)


@given(TOTALS, SIZES, st.integers(1, 12), AHEAD)
def test_a_server_that_cuts_every_page_loses_nothing(total: int, size: int, clamp: int, ahead: int) -> None:
    server = Server(total, clamp=clamp)
    flight = flight_over(server, [])
    assert listed(flight, size, ahead=ahead, expect=flight.expect) == [
        f"r{number}" for number in range(total)
    ]
    assert server.requests <= 2 * total + 2 * max(1, ahead)


@given(TOTALS, SIZES, st.lists(st.integers(2, 10), max_size=40))
def test_short_pages_in_the_middle_lose_nothing(total: int, size: int, lengths: list[int]) -> None:
    server = Server(total, lengths=lengths)
    assert listed(server, size) == [f"r{number}" for number in range(total)]


@given(TOTALS, SIZES, st.integers(2, 12), scripts(CHANGES), AHEAD, st.lists(st.booleans(), max_size=40))
def test_whatever_others_do_meanwhile_what_stays_is_listed_once(
    total: int, size: int, clamp: int, script: dict[int, list[Change]], ahead: int, order: list[bool]
) -> None:
    server = Server(total, clamp=clamp, script=script)
    flight = flight_over(server, order)
    found = listed(flight, size, ahead=ahead, expect=flight.expect)
    event("changed" if len(server.staying) < total or server.inserted else "undisturbed")
    assert len(found) == len(set(found))
    assert server.staying <= set(found)
    assert server.requests <= 400


@given(TOTALS, SIZES, scripts(DELETIONS), st.sets(st.integers(0, 60)))
def test_rows_that_another_listing_brought_hide_no_others(
    total: int, size: int, script: dict[int, list[Change]], elsewhere: set[int]
) -> None:
    server = Server(total, script=script)
    before = {f"r{number}" for number in elsewhere}
    found = listed(server, size, seen=SeenIds(before))
    assert not before & set(found)
    assert server.staying <= set(found) | before


@given(TOTALS, SIZES, st.integers(2, 12), scripts(CHANGES), st.sets(st.integers(0, 60)), st.integers(0, 20))
def test_a_listing_is_the_same_once_its_ids_are_packed(
    total: int, size: int, clamp: int, script: dict[int, list[Change]], elsewhere: set[int], plain: int
) -> None:
    def run(seen: SeenIds) -> tuple[list[str], int]:
        server = Server(total, clamp=clamp, script=script)

        class Hexadecimal:
            def fetch(self, skip: int, limit: int) -> list[Row]:
                return [{"id": packable(row["id"])} for row in server.fetch(skip, limit)]

        return listed(Hexadecimal(), size, seen=seen), server.requests

    before = [packable(f"r{number}") for number in elsewhere]
    assert run(SeenIds(before, plain=plain)) == run(SeenIds(before))


def packable(name: str) -> str:
    """Return an id of 24 hexadecimal digits for one of the server's."""
    return f"{'ri'.index(name[0])}{int(name[1:]):023x}"


@given(TOTALS, SIZES, scripts(DELETIONS), st.sets(st.integers(0, 30)))
def test_errors_in_between_lose_nothing(
    total: int, size: int, script: dict[int, list[Change]], failing: set[int]
) -> None:
    server, asked = Server(total, script=script), itertools.count()

    def fetch(skip: int, limit: int) -> list[Row]:
        if next(asked) in failing:
            raise ConnectionLost("lost")
        return server.fetch(skip, limit)

    listing, found = pages(fetch, size=size), []
    while True:
        try:
            page = next(listing, None)
        except ConnectionLost:
            continue
        if page is None:
            break
        found += [row["id"] for row in page]
    assert len(found) == len(set(found))
    assert server.staying <= set(found)


@given(TOTALS, SIZES, scripts(DELETIONS))
def test_deletions_in_front_cost_few_requests(total: int, size: int, script: dict[int, list[Change]]) -> None:
    server = Server(total, script=script)
    found = listed(server, size)
    assert len(found) == len(set(found))
    assert server.staying <= set(found)
    assert server.requests <= pages_of(total, size) + 1 + 5 * (len(script) + 1) * (1 + pages_of(total, size))


@given(TOTALS, SIZES, st.integers(1, 7), st.integers(1, 4))
def test_a_server_that_answers_more_than_asked_loses_nothing(
    total: int, size: int, more: int, clamp: int
) -> None:
    server = Server(total)

    class Generous:
        def fetch(self, skip: int, limit: int) -> list[Row]:
            return server.fetch(skip, limit + more)

    everything = [f"r{number}" for number in range(total)]
    assert listed(Generous(), size) == everything
    assert listed(Generous(), size, count=clamp) == everything[:clamp]


@given(TOTALS, SIZES, st.integers(1, 4))
def test_a_server_that_repeats_rows_on_the_next_page_repeats_none_here(
    total: int, size: int, back: int
) -> None:
    server = Server(total)

    class Repeating:
        def fetch(self, skip: int, limit: int) -> list[Row]:
            return server.fetch(max(0, skip - back), limit + back)

    assert listed(Repeating(), size) == [f"r{number}" for number in range(total)]


@given(st.lists(st.booleans(), max_size=60), st.integers(5, 9))
def test_a_server_that_filters_after_paging_loses_nothing_as_long_as_a_page_shows_two_rows(
    visible: list[bool], size: int
) -> None:
    # At most two hidden rows in a row, so that every page of six shows a row beside the known one.
    shown = [seen or number % 3 == 0 for number, seen in enumerate(visible)]
    server = Server(len(shown))
    wanted = {row["id"] for row, seen in zip(server.rows, shown, strict=True) if seen}

    class Filtering:
        def fetch(self, skip: int, limit: int) -> list[Row]:
            return [row for row in server.fetch(skip, limit) if row["id"] in wanted]

    found = listed(Filtering(), size)
    assert set(found) == wanted
    assert len(found) == len(wanted)


@given(st.integers(2, 30), SIZES, st.booleans(), AHEAD)
def test_a_page_that_comes_for_ever_is_noticed(total: int, size: int, named: bool, ahead: int) -> None:
    requests = []

    class Deaf:
        def fetch(self, skip: int, limit: int) -> list[Row]:
            requests.append(skip)
            rows = [{"id": f"r{number}"} if named else {"name": number} for number in range(total)]
            return rows[:limit]

    flight = flight_over(Deaf(), [])
    found: list[Row] = []
    listing = pages(flight.fetch, size=size, ahead=ahead, expect=flight.expect)
    with pytest.raises(ProtocolError, match=r"skip=\d+ with the same"):
        found += itertools.chain.from_iterable(listing)
    assert len(found) == len({str(row) for row in found})
    assert len(requests) <= 80


@given(st.lists(st.booleans(), max_size=40), SIZES, st.integers(2, 12))
def test_rows_without_an_id_come_once_as_well(named: list[bool], size: int, clamp: int) -> None:
    rows = [{"id": f"r{number}"} if has else {"name": f"n{number}"} for number, has in enumerate(named)]

    class Sloppy:
        def fetch(self, skip: int, limit: int) -> list[Row]:
            return rows[skip : skip + min(limit, clamp)]

    found = [row for page in pages(Sloppy().fetch, size=size) for row in page]
    assert found == rows
