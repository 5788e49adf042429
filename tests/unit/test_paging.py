"""Paging against servers in memory: what is asked, when it ends, and what happens when the listing changes."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import Future
from typing import Any

import pytest

from accsyn_orm.errors import BudgetExceeded, ConnectionLost, ProtocolError
from accsyn_orm.queryset.paging import PageKey, pages
from accsyn_orm.queryset.read_ahead import ReadAhead
from accsyn_orm.queryset.seen_ids import SeenIds

Row = dict[str, Any]
Key = tuple[int, int]


def rows(*names: Any) -> list[Row]:
    return [{"id": name} for name in names]


def numbered(count: int, first: int = 0) -> list[Row]:
    return rows(*(f"r{number}" for number in range(first, first + count)))


class Server:
    """A list behind skip and limit; `before` runs what it holds under a request's number before answering it."""

    def __init__(self, listing: list[Row], clamp: int | None = None) -> None:
        self.listing = listing
        self.clamp = clamp
        self.asked: list[Key] = []
        self.before: dict[int, Any] = {}

    def __call__(self, skip: int, limit: int) -> list[Row]:
        act = self.before.get(len(self.asked))
        self.asked.append((skip, limit))
        if act is not None:
            act()
        return self.listing[skip : skip + (limit if self.clamp is None else min(limit, self.clamp))]

    def without(self, *names: str) -> Any:
        def act() -> None:
            self.listing = [row for row in self.listing if row["id"] not in names]

        return act


def listed(server: Any, size: int, **options: Any) -> list[Any]:
    return [row["id"] for page in pages(server, size=size, **options) for row in page]


# An undisturbed server


@pytest.mark.parametrize(
    ("total", "asked"),
    [
        (0, [(0, 3)]),
        (1, [(0, 3), (1, 3)]),
        (2, [(0, 3), (1, 4)]),
        (3, [(0, 3), (2, 4)]),
        (4, [(0, 3), (2, 4), (3, 4)]),
        (6, [(0, 3), (2, 4), (5, 4)]),
    ],
)
def test_each_page_begins_with_the_last_row_of_the_one_before(total: int, asked: list[Key]) -> None:
    server = Server(numbered(total))
    assert listed(server, 3) == [f"r{number}" for number in range(total)]
    assert server.asked == asked


def test_pages_are_yielded_as_they_come() -> None:
    server = Server(numbered(7))
    assert [len(page) for page in pages(server, size=3)] == [3, 3, 1]


def test_pages_are_asked_for_only_when_they_are_needed() -> None:
    server = Server(numbered(9))
    listing = pages(server, size=3)
    assert server.asked == []
    next(listing)
    assert server.asked == [(0, 3)]
    assert iter(listing) is listing


def test_a_page_of_one_is_a_page_of_two_since_one_row_shows_nothing() -> None:
    server = Server(numbered(3))
    assert listed(server, 1) == ["r0", "r1", "r2"]
    assert server.asked == [(0, 2), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("start", "count", "asked"),
    [
        (0, 0, []),
        (0, 1, [(0, 1)]),
        (0, 3, [(0, 3)]),
        (0, 4, [(0, 3), (2, 2)]),
        (2, 3, [(2, 3)]),
        (2, None, [(2, 3), (4, 4), (7, 4)]),
        (5, None, [(5, 3), (7, 4)]),
        (7, 3, [(7, 3), (8, 2)]),
        (8, None, [(8, 3)]),
        (99, 5, [(99, 3)]),
    ],
)
def test_a_slice_asks_for_no_more_than_it_holds(start: int, count: int | None, asked: list[Key]) -> None:
    server = Server(numbered(8))
    found = listed(server, 3, start=start, count=count)
    assert found == [f"r{number}" for number in range(8)][start : None if count is None else start + count]
    assert server.asked == asked


def test_rows_that_were_seen_elsewhere_are_no_new_rows_and_do_not_count() -> None:
    server = Server(numbered(6))
    seen = SeenIds(["r1", "r4"])
    assert listed(server, 3, count=3, seen=seen) == ["r0", "r2", "r3"]
    assert [name for name in numbered(6) if name["id"] in seen] == numbered(5)


def test_a_row_that_was_seen_elsewhere_is_no_landmark_here() -> None:
    server = Server(numbered(8))
    server.before[1] = server.without("r0", "r1")
    # After the deletion r4 stands where r2 was; it is known from elsewhere, but what lies in front of it is not read.
    assert listed(server, 3, seen=SeenIds(["r4"])) == ["r0", "r1", "r2", "r3", "r5", "r6", "r7"]


def test_one_seen_row_as_the_whole_of_a_slice_of_one_is_passed_over() -> None:
    server = Server(numbered(3))
    assert listed(server, 3, count=1, seen=SeenIds(["r0"])) == ["r1"]
    assert server.asked == [(0, 1), (0, 2)]


# Servers that do as they like


@pytest.mark.parametrize("clamp", [2, 3, 4, 5])
def test_a_clamped_server_is_read_to_its_end(clamp: int) -> None:
    server = Server(numbered(11), clamp)
    assert listed(server, 5) == [f"r{number}" for number in range(11)]
    assert len(server.asked) <= 1 + -(-10 // (clamp - 1)) + 1


def test_a_server_that_gives_one_row_at_a_time_is_read_to_its_end() -> None:
    server = Server(numbered(3), 1)
    assert listed(server, 5) == ["r0", "r1", "r2"]
    assert server.asked == [(0, 5), (1, 5), (1, 6), (2, 5), (2, 6), (3, 5)]


def test_more_rows_than_asked_for_are_taken_and_skip_counts_them() -> None:
    listing = numbered(9)
    asked: list[Key] = []

    def generous(skip: int, limit: int) -> list[Row]:
        asked.append((skip, limit))
        return listing[skip : skip + limit + 2]

    assert listed(generous, 3) == [f"r{number}" for number in range(9)]
    assert asked == [(0, 3), (4, 4), (8, 4)]
    assert listed(generous, 3, count=4) == ["r0", "r1", "r2", "r3"]


def test_a_row_that_comes_twice_is_one_row() -> None:
    assert listed(Server(rows("a", "b", "b", "c", "a", "d")), 3) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("total", [2, 3, 4, 40])
def test_the_same_page_for_ever_is_an_error_that_says_so(total: int) -> None:
    asked: list[Key] = []

    def deaf(skip: int, limit: int) -> list[Row]:
        asked.append((skip, limit))
        return numbered(total)[:limit]

    found: list[Row] = []
    with pytest.raises(
        ProtocolError, match=rf"skip=\d+ with the same {min(total, 4)} rows as before: it does not page"
    ):
        found += itertools.chain.from_iterable(pages(deaf, size=3))
    assert found == numbered(min(total, 4))
    assert len(asked) < 30


def test_one_row_for_ever_is_one_row() -> None:
    assert listed(lambda _skip, _limit: rows("a"), 3) == ["a"]


def test_a_server_without_an_order_is_given_up_on() -> None:
    state = {"turn": 0}

    def shuffled(skip: int, limit: int) -> list[Row]:
        state["turn"] += 1
        return rows("a", "b", "c", "d") if state["turn"] % 2 else rows("b", "a", "d", "c")

    with pytest.raises(
        ProtocolError, match=r"^\d+ pages in a row brought nothing new: the listing changes faster"
    ):
        listed(shuffled, 3)
    assert state["turn"] < 40


# A listing that changes while it is read


def test_a_row_that_moved_up_is_found_by_going_back_a_page() -> None:
    server = Server(numbered(9))
    server.before[1] = server.without("r0")
    assert listed(server, 3) == [f"r{number}" for number in range(9)]
    assert server.asked[:3] == [(0, 3), (2, 4), (0, 6)]


def test_it_goes_back_twice_as_far_until_it_meets_a_known_row() -> None:
    server = Server(numbered(20))
    server.before[3] = server.without(*(f"r{number}" for number in range(1, 8)))
    found = listed(server, 3)
    assert found == [f"r{number}" for number in range(20)]
    assert server.asked[3:6] == [(8, 4), (5, 6), (1, 6)]


def test_when_all_that_was_known_is_gone_it_begins_again() -> None:
    server = Server(numbered(9))
    server.before[1] = server.without("r0", "r1", "r2")
    assert listed(server, 3) == [f"r{number}" for number in range(9)]
    assert server.asked[:3] == [(0, 3), (2, 4), (0, 6)]


def test_when_everything_is_gone_it_ends() -> None:
    server = Server(numbered(9))
    server.before[2] = server.without(*(f"r{number}" for number in range(9)))
    assert listed(server, 3) == [f"r{number}" for number in range(6)]
    assert server.asked[2:] == [(5, 4), (2, 6), (0, 6)]


def test_when_all_but_a_known_row_is_gone_it_ends() -> None:
    server = Server(numbered(9))
    server.before[2] = server.without(*(f"r{number}" for number in range(9) if number != 1))
    assert listed(server, 3) == [f"r{number}" for number in range(6)]
    assert server.asked[-1][0] == 0


def test_after_rows_went_away_pages_overlap_further_for_a_while() -> None:
    server = Server(numbered(40))
    server.before[2] = server.without("r0")
    server.before[3] = server.without("r1")
    server.before[4] = server.without("r2")
    assert listed(server, 4) == [f"r{number}" for number in range(40)]
    assert server.asked[2:6] == [(7, 5), (3, 8), (9, 6), (14, 5)]


def test_rows_that_come_in_front_are_not_read_twice() -> None:
    server = Server(numbered(8))
    server.before[1] = lambda: server.listing.__setitem__(slice(0, 0), rows("x", "y"))
    assert listed(server, 3) == [f"r{number}" for number in range(8)]


def test_more_new_rows_in_front_than_were_read_are_read_as_well() -> None:
    server = Server(numbered(4))
    server.before[1] = lambda: server.listing.__setitem__(slice(0, 0), rows(*"abcdefgh"))
    assert sorted(listed(server, 3)) == sorted([*"abcdefgh", "r0", "r1", "r2", "r3"])


def test_rows_that_are_appended_are_read() -> None:
    server = Server(numbered(3))
    server.before[1] = lambda: server.listing.extend(rows("x"))
    assert listed(server, 3) == ["r0", "r1", "r2", "x"]


def test_no_page_is_more_than_twice_as_large_as_wanted() -> None:
    server = Server(numbered(200))
    server.before[15] = server.without(*(f"r{number}" for number in range(100)))
    assert set(listed(server, 10)) >= {f"r{number}" for number in range(100, 200)}
    assert max(limit for _, limit in server.asked) == 20


def test_a_slice_never_goes_back_behind_its_start() -> None:
    server = Server(numbered(12))
    server.before[1] = server.without("r5", "r6", "r7", "r8")
    assert listed(server, 3, start=4)[-3:] == ["r9", "r10", "r11"]
    assert min(skip for skip, _ in server.asked) == 4


# Rows without an id


def test_rows_without_an_id_come_once_too() -> None:
    listing: list[Row] = [
        {"n": 1},
        {"id": "a"},
        {"n": 2},
        {"n": 3},
        {"id": None, "n": 4},
        {"id": ["x"]},
        {"id": ""},
    ]
    assert [row for page in pages(Server(listing), size=3) for row in page] == listing
    assert [row for page in pages(Server(listing, 4), size=3) for row in page] == listing


def test_rows_without_an_id_count_in_a_slice() -> None:
    listing: list[Row] = [{"n": number} for number in range(9)]
    server = Server(listing)
    assert [row for page in pages(server, size=3, count=4) for row in page] == listing[:4]
    assert server.asked == [(0, 3), (3, 1)]


def test_rows_without_an_id_that_are_alike_are_several_rows() -> None:
    listing: list[Row] = [{"n": 1}, {"id": "a"}, {"n": 1}, {"id": "b"}, {"n": 1}, {"n": 1}]
    assert [row for page in pages(Server(listing), size=2) for row in page] == listing


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_rows_without_an_id_are_not_handed_out_again_when_it_goes_back(gone: int) -> None:
    listing: list[Row] = []
    for number in range(5):
        listing += [{"id": f"r{number}"}, {"n": number}]
    server = Server(listing)

    def act() -> None:
        server.listing = listing[gone:]

    server.before[1] = act
    found = [row for page in pages(server, size=4) for row in page]
    assert sorted(map(str, found)) == sorted(map(str, listing))


def test_a_page_without_any_id_for_ever_is_an_error() -> None:
    listing: list[Row] = [{"n": 1}, {"n": 2}]
    with pytest.raises(ProtocolError, match=r"skip=2 with the same 2 rows as before"):
        list(pages(lambda _skip, _limit: listing, size=2))


# Errors


def test_after_an_error_it_goes_on_where_it_was() -> None:
    server = Server(numbered(8))

    def fail() -> None:
        raise ConnectionLost("lost")

    server.before = {1: fail, 2: fail}
    listing = pages(server, size=3)
    found = list(next(listing))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            next(listing)
    for page in listing:
        found += page
    assert found == numbered(8)
    assert server.asked == [(0, 3), (2, 4), (2, 4), (2, 4), (5, 4), (7, 4)]


def test_an_ended_listing_stays_ended() -> None:
    server = Server(numbered(2))
    listing = pages(server, size=3)
    assert list(listing) == [numbered(2)]
    assert list(listing) == []
    assert len(server.asked) == 2


# Announcing


def announced(server: Any, size: int, ahead: int, **options: Any) -> list[list[Key]]:
    told: list[list[Key]] = []
    list(pages(server, size=size, ahead=ahead, expect=told.append, **options))
    return told


def test_full_pages_announce_those_that_follow() -> None:
    assert announced(Server(numbered(6)), 3, 3) == [[(2, 4), (5, 4), (8, 4)], [(5, 4), (8, 4), (11, 4)], []]


def test_a_short_page_announces_only_the_next() -> None:
    assert announced(Server(numbered(5)), 3, 8) == [
        [(2 + 3 * number, 4) for number in range(8)],
        [(4, 4)],
        [],
    ]
    assert announced(Server(numbered(2)), 3, 8) == [[(1, 4)], []]


def test_nothing_is_announced_unless_it_is_wanted() -> None:
    told: list[list[Key]] = []
    assert len(list(pages(Server(numbered(4)), size=3, expect=told.append))) == 2
    assert told == [[], [], []]
    assert announced(Server(numbered(4)), 3, 0) == [[], [], []]


def test_no_more_is_announced_than_a_slice_holds() -> None:
    assert announced(Server(numbered(99)), 3, 8, count=8) == [[(2, 4), (5, 3)], [(5, 3)], []]
    assert announced(Server(numbered(99)), 3, 8, count=7)[0] == [(2, 4), (5, 2)]
    assert announced(Server(numbered(99)), 3, 8, count=6) == [[(2, 4)], []]


def test_a_clamped_server_is_announced_once_its_length_is_known() -> None:
    told = announced(Server(numbered(99), 4), 9, 3)
    assert told[0] == [(3, 10)]
    assert told[1] == [(6, 10), (9, 10), (12, 10)]
    assert told[2] == [(9, 10), (12, 10), (15, 10)]


def test_a_server_of_two_rows_a_page_is_read_ahead_in_steps_of_one() -> None:
    assert announced(Server(numbered(9), 2), 9, 3)[1] == [(2, 10), (3, 10), (4, 10)]


def test_a_server_of_one_row_a_page_is_not_read_ahead() -> None:
    assert all(len(keys) <= 1 for keys in announced(Server(numbered(5), 1), 9, 8))


def test_after_going_back_only_the_next_page_is_announced() -> None:
    server = Server(numbered(40))
    server.before[2] = server.without("r0")
    told = announced(server, 4, 3)
    assert [len(keys) for keys in told[:4]] == [3, 3, 1, 1]


# Pages in flight


class Line:
    """Takes what is to run on another thread, and runs it when told."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, Key]] = []

    def submit(self, function: Any, *key: int) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, function, (key[0], key[1])))
        return future

    def run(self) -> None:
        for future, function, key in self.waiting:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(*key))
                except ConnectionLost as error:
                    future.set_exception(error)
                except BudgetExceeded as error:
                    future.set_exception(error)
        self.waiting = []


def test_a_page_in_flight_is_not_asked_for_again() -> None:
    server, line = Server(numbered(9)), Line()
    flight = ReadAhead(server, line.submit)
    flight.expect([(2, 4), (5, 4)])
    flight.expect([(2, 4), (5, 4)])
    assert len(line.waiting) == 2
    line.run()
    assert flight.fetch(2, 4) == numbered(4, 2)
    assert flight.fetch(2, 3) == numbered(3, 2)
    assert server.asked == [(2, 4), (5, 4), (2, 3)]


def test_what_is_no_longer_expected_is_called_off() -> None:
    server, line = Server(numbered(9)), Line()
    flight = ReadAhead(server, line.submit)
    flight.expect([(2, 4), (5, 4)])
    flight.expect([(5, 4)])
    line.run()
    assert server.asked == [(5, 4)]
    flight.close()
    flight.fetch(5, 4)
    assert server.asked == [(5, 4), (5, 4)]


def test_what_went_wrong_in_flight_is_raised_when_the_page_is_needed_and_not_again() -> None:
    def fail() -> None:
        raise ConnectionLost("lost")

    server, line = Server(numbered(9)), Line()
    server.before[0] = fail
    flight = ReadAhead(server, line.submit)
    flight.expect([(2, 4)])
    line.run()
    with pytest.raises(ConnectionLost):
        flight.fetch(2, 4)
    assert flight.fetch(2, 4) == numbered(4, 2)


def test_a_budget_that_was_spent_in_flight_is_looked_at_again() -> None:
    def fail() -> None:
        raise BudgetExceeded("spent")

    server, line = Server(numbered(9)), Line()
    server.before[0] = fail
    flight = ReadAhead(server, line.submit)
    flight.expect([(2, 4)])
    line.run()
    assert flight.fetch(2, 4) == numbered(4, 2)


def test_a_page_that_was_called_off_by_somebody_else_is_asked_for() -> None:
    server, line = Server(numbered(9)), Line()
    flight = ReadAhead(server, line.submit)
    flight.expect([(2, 4)])
    line.waiting[0][0].cancel()
    line.run()
    assert flight.fetch(2, 4) == numbered(4, 2)


def test_a_server_that_is_near_is_not_read_ahead_of() -> None:
    server, line = Server(numbered(9)), Line()
    flight = ReadAhead(server, line.submit, worth=60)
    flight.expect([(2, 4)])
    assert len(line.waiting) == 1, "before the first page nobody knows"
    flight.fetch(0, 3)
    flight.expect([(2, 4), (5, 4)])
    assert [key for _, _, key in line.waiting] == [(2, 4)], "what is in flight stays"


def test_a_server_that_is_distant_is_read_ahead_of() -> None:
    server, line = Server(numbered(9)), Line()
    server.before[0] = server.before[1] = lambda: time.sleep(0.05)
    flight = ReadAhead(server, line.submit, worth=0.02)
    flight.fetch(0, 3)
    flight.expect([(2, 4), (5, 4)])
    assert len(line.waiting) == 2
    line.run()
    flight.fetch(2, 4)
    flight.fetch(5, 4)
    flight.expect([(8, 4)])
    assert not line.waiting, "the pages in flight were measured, too, and the last one was quick"


def test_an_interrupt_while_the_next_pages_are_announced_loses_no_row() -> None:
    rows = [{"id": f"r{number}"} for number in range(7)]
    interrupts = iter([False, True, False, True])

    def expect(_: list[PageKey]) -> None:
        if next(interrupts, False):
            raise KeyboardInterrupt

    listing = pages(lambda skip, limit: rows[skip : skip + limit], size=3, expect=expect)
    found: list[Any] = []
    while True:
        try:
            found += [row["id"] for row in next(listing)]
        except KeyboardInterrupt:
            continue
        except StopIteration:
            break
    assert found == [row["id"] for row in rows]
