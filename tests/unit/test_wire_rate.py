"""The token bucket of a process, and the one that several machines share through a Redis."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from accsyn_orm.config import Secret
from accsyn_orm.errors import ConfigurationError, ConnectionFailed, DeadlineExceeded
from accsyn_orm.wire.rate import Bucket, RateLimit, rate_limit_of
from accsyn_orm.wire.shared_rate import SharedBucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Hands:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.now += seconds


def left_at(bucket: Bucket, clock: Hands, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        bucket.acquire()
        moments.append(round(clock.now - 1000, 6))
    return moments


def most_over(moments: list[float], rate: float) -> float:
    """Return how full a server's bucket had to be at the start, for none of these to be refused."""
    lowest, tokens, last = 0.0, 0.0, moments[0]
    for moment in moments:
        tokens = min(0.0, tokens + (moment - last) * rate) - 1
        lowest, last = min(lowest, tokens), moment
    return -lowest


class TestBucket:
    def test_a_burst_and_then_one_after_the_other(self) -> None:
        clock = Hands()
        moments = left_at(Bucket(10, 5, clock=clock), clock, 8)
        assert moments == [0, 0, 0, 0, 0, 0.1, 0.2, 0.3]

    def test_a_pause_fills_it_up_to_the_burst_and_no_further(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 3, clock=clock)
        left_at(bucket, clock, 5)
        clock.now += 0.1
        assert left_at(bucket, clock, 2) == [0.3, 0.4]
        clock.now += 100
        assert left_at(bucket, clock, 4) == [100.4, 100.4, 100.4, 100.5]

    def test_a_thousand_take_as_long_as_they_must(self) -> None:
        clock = Hands()
        assert left_at(Bucket(clock=clock), clock, 1000)[-1] == pytest.approx((1000 - 60) / 30)

    @given(
        st.floats(0.5, 50),
        st.integers(1, 80),
        st.lists(
            st.tuples(st.floats(0, 5), st.integers(1, 20), st.none() | st.floats(0, 90)),
            min_size=1,
            max_size=15,
        ),
    )
    def test_no_window_takes_more_than_the_limit(
        self, rate: float, burst: int, steps: list[tuple[float, int, float | None]]
    ) -> None:
        clock = Hands()
        bucket = Bucket(rate, burst, clock=clock)
        moments: list[float] = []
        for pause, count, penalty in steps:
            clock.now += pause
            if penalty is not None:
                bucket.penalise(penalty)
                opens = clock.now - 1000 + min(penalty, 60)
                moments += left_at(bucket, clock, count)
                assert moments[-count] >= opens - 1e-6
            else:
                moments += left_at(bucket, clock, count)
        assert most_over(moments, rate) <= burst + 1e-3

    def test_more_than_the_deadline_is_refused_at_once_and_takes_nothing(self) -> None:
        clock = Hands()
        bucket = Bucket(2, 1, clock=clock)
        bucket.acquire()
        for _ in range(3):
            with pytest.raises(DeadlineExceeded, match=r"waiting for 0\.5 seconds") as caught:
                bucket.acquire(clock.now + 0.4)
            assert not caught.value.sent
        bucket.acquire(clock.now + 0.6)
        assert clock.now == 1000.5

    def test_threads_leave_in_the_order_in_which_they_came_and_on_time(self) -> None:
        bucket = Bucket(50, 1)
        bucket.acquire()
        left: list[int] = []

        def leave(number: int) -> None:
            bucket.acquire()
            left.append(number)

        started = time.monotonic()
        threads = [threading.Thread(target=leave, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
            time.sleep(0.002)
        for thread in threads:
            thread.join(5)
        assert left == list(range(20))
        assert 20 / 50 - 0.001 <= time.monotonic() - started < 20 / 50 + 0.2

    def test_ctrl_c_passes_through_and_costs_the_others_one_token(self) -> None:
        bucket = Bucket(4, 1)
        bucket.acquire()
        threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            bucket.acquire()
        started = time.monotonic()
        bucket.acquire()
        assert time.monotonic() - started < 0.55

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_forked_child_does_not_hang_on_a_lock_of_the_parent(self) -> None:
        bucket = Bucket(20, 10)
        with bucket._lock:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    started = time.monotonic()
                    bucket.acquire()
                    # It begins with nothing, for the parent has the burst.
                    code = 0 if time.monotonic() - started > 0.03 else 2
                finally:
                    os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class TestPenalties:
    def test_nobody_leaves_before_and_half_as_many_after(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 5, clock=clock)
        bucket.penalise(7)
        assert left_at(bucket, clock, 4) == [7, 7.2, 7.4, 7.6]
        assert bucket.rate == 5

    def test_at_most_a_minute(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 5, clock=clock)
        bucket.penalise(3600)
        assert left_at(bucket, clock, 1) == [60]

    def test_a_shorter_one_does_not_shorten_a_longer_one(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 5, clock=clock)
        bucket.penalise(20)
        clock.now += 1
        bucket.penalise(0)
        assert left_at(bucket, clock, 1) == [20]

    def test_the_rate_recovers(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 5, clock=clock)
        for _ in range(5):
            bucket.penalise(1)
            clock.now += 3
        left_at(bucket, clock, 1)
        assert bucket.rate == 10 / 8
        rates = []
        for _ in range(5):
            clock.now += 28.5
            left_at(bucket, clock, 1)
            rates.append(bucket.rate)
        assert rates == [10 / 4, 10 / 4, 10 / 2, 10, 10]

    def test_what_was_refused_together_halves_once(self) -> None:
        clock = Hands()
        bucket = Bucket(10, 5, clock=clock)
        for _ in range(8):
            bucket.penalise(0)
            clock.now += 0.01
        assert bucket.rate == 5

    def test_who_sleeps_already_waits_on(self) -> None:
        bucket = Bucket(20, 1)
        bucket.acquire()
        left: list[float] = []

        def leave() -> None:
            bucket.acquire()
            left.append(time.monotonic())

        threads = [threading.Thread(target=leave) for _ in range(3)]
        for thread in threads:
            thread.start()
        opens = time.monotonic() + 0.4
        bucket.penalise(0.4)
        for thread in threads:
            thread.join(5)
        assert len(left) == 3
        assert min(left) >= opens
        assert max(left) >= opens + 2 / 10 - 0.01, "after a penalty at half the rate"


class TestSettings:
    @pytest.mark.parametrize(
        ("setting", "limit"),
        [
            (None, RateLimit(30, 60)),
            (True, RateLimit(30, 60, asked_for=True)),
            (False, None),
            (0, None),
            (0.0, None),
            (5, RateLimit(5, 10, asked_for=True)),
            (0.25, RateLimit(0.25, 1, asked_for=True)),
            ((10, 1), RateLimit(10, 1, asked_for=True)),
            ("redis://h:1/0", RateLimit(asked_for=True, shared=Secret("redis://h:1/0"))),
        ],
    )
    def test_what_it_may_be(self, setting: Any, limit: RateLimit | None) -> None:
        assert rate_limit_of(setting) == limit

    @pytest.mark.parametrize(
        "setting",
        [-1, math.nan, math.inf, (), (1,), (1, 0.5), (0, 5), (1, 2, 3), (True, 5), ("1", 2), [1, 2], "", "30", "http://h",
         "redis://", "redis://h:canary", "redis://:canary@", b"redis://h"],
    )  # fmt: skip
    def test_what_it_may_not_be(self, setting: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"rate_limit.*redis://") as caught:
            rate_limit_of(setting)
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        ours = [frame for frame in shown.stack if "/accsyn_orm/" in frame.filename]
        assert "canary" not in str([frame.locals for frame in ours]) + str(caught.value)

    def test_one_bucket_per_target(self) -> None:
        limit, asked = RateLimit(), RateLimit(6, 12, asked_for=True)
        one = limit.towards("https://rate-one.example/api")
        assert one is limit.towards("https://rate-one.example:443")
        assert one is not limit.towards("https://rate-one.example:8443")
        assert isinstance(one, Bucket)
        assert (round(one.rate, 6), one.burst) == (29.1, 50)
        assert asked.towards("https://rate-one.example") is one
        assert (round(one.rate, 6), one.burst) == (5.82, 10)
        limit.towards("https://rate-one.example")
        assert one.burst == 10, "what was asked for stays until something else is asked for"

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8181", "https://localhost", "http://[::1]:1"])
    def test_off_towards_this_machine_unless_asked_for(self, url: str) -> None:
        assert RateLimit().towards(url) is None
        assert RateLimit(asked_for=True).towards(url) is not None

    def test_without_the_library_it_says_what_to_install(self, tmp_path: Path) -> None:
        (tmp_path / "limits.py").write_text("raise ImportError('not here')")
        code = "from accsyn_orm.wire.rate import rate_limit_of; rate_limit_of('redis://:canary@h/0')"
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ConfigurationError" in done.stderr
        assert "pip install 'accsyn-orm[shared]'" in done.stderr
        assert "canary@" not in done.stderr.replace(code, "")


PASSWORD = "canary-redis"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Redis for this module; return its address."""
    program = shutil.which("redis-server")
    assert program, "these tests need a redis-server: apt-get install redis-server"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
    place = tmp_path_factory.mktemp("redis")
    with subprocess.Popen([program, *options], cwd=place, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - Debian's own
        try:
            until_it_listens(port)
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        finally:
            server.terminate()


def until_it_listens(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the redis-server does not listen")


def leave_often(address: str, target: str, count: int, moments: Any) -> None:
    """Be one machine: leave with four threads, and tell when."""
    bucket = SharedBucket(Secret(address), target)

    def leave() -> None:
        for _ in range(count // 4):
            bucket.acquire()
            moments.put(time.monotonic())

    threads = [threading.Thread(target=leave) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.redis
class TestShared:
    def test_four_processes_stay_below_the_limit_together(self, redis: str) -> None:
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        machines = [context.Process(target=leave_often, args=(redis, "t:1", 40, queue)) for _ in range(4)]
        for machine in machines:
            machine.start()
        moments = sorted(queue.get(timeout=60) for _ in range(160))
        for machine in machines:
            machine.join(10)
        assert [machine.exitcode for machine in machines] == [0] * 4
        # All processes of a machine read the same monotonic clock.
        assert most_over(moments, 30) <= 33
        assert moments[-1] - moments[0] <= (160 - 30) / 30 * 1.15 + 0.5

    def test_a_penalty_holds_for_all(self, redis: str) -> None:
        one, other = (SharedBucket(Secret(redis), "t:2") for _ in range(2))
        one.acquire()
        one.penalise(0.5)
        one.penalise(0.1)
        started = time.monotonic()
        other.acquire()
        assert time.monotonic() - started >= 0.45
        started = time.monotonic()
        for _ in range(30):
            other.acquire()
        assert 0.9 <= time.monotonic() - started < 3, "half the rate"

    def test_targets_do_not_hinder_each_other(self, redis: str) -> None:
        one, other = (SharedBucket(Secret(redis), target) for target in ("t:3", "t:4"))
        one.penalise(30)
        other.acquire(time.monotonic() + 1)

    def test_the_deadline(self, redis: str) -> None:
        bucket = SharedBucket(Secret(redis), "t:5")
        bucket.penalise(30)
        threads = [threading.Thread(target=self.refused, args=(bucket,)) for _ in range(3)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert time.monotonic() - started < 2

    def refused(self, bucket: SharedBucket) -> None:
        with pytest.raises(DeadlineExceeded, match="rate limit") as caught:
            bucket.acquire(time.monotonic() + 0.3)
        assert not caught.value.sent

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_forked_child_uses_it_on(self, redis: str) -> None:
        bucket = SharedBucket(Secret(redis), "t:6")
        bucket.acquire()
        with bucket._turn:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    bucket.acquire(time.monotonic() + 5)
                    code = 0
                finally:
                    os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        bucket.acquire(time.monotonic() + 1)

    def test_one_per_process_and_no_password_in_what_is_seen(self, redis: str) -> None:
        limit = rate_limit_of(redis)
        assert limit is not None
        one = limit.towards("http://127.0.0.1:8181")
        assert one is limit.towards("http://127.0.0.1:8181/x")
        assert isinstance(one, SharedBucket)
        assert "canary" not in repr(one) + repr(limit) + repr(vars(one)["_shown"])

    def test_a_redis_that_is_gone(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        address = Secret(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
        with pytest.raises(ConfigurationError, match=rf"no Redis answers at redis://127\.0\.0\.1:{port}/0"):
            SharedBucket(address, "t:7")

    def test_a_redis_that_goes(self, tmp_path: Path) -> None:
        program = shutil.which("redis-server")
        assert program
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", PASSWORD]
        with subprocess.Popen([program, *options], cwd=tmp_path, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - Debian's own
            until_it_listens(port)
            bucket = SharedBucket(Secret(f"redis://:{PASSWORD}@127.0.0.1:{port}/0"), "t:8")
            bucket.acquire()
            server.terminate()
        uses: list[Callable[[], None]] = [bucket.acquire, lambda: bucket.penalise(1)]
        for use in uses:
            with pytest.raises(ConnectionFailed, match="nothing was sent") as caught:
                use()
            shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            ours = [frame for frame in shown.stack if "/accsyn_orm/" in frame.filename]
            assert "canary" not in str([frame.locals for frame in ours]) + str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None
