"""Ctrl-C while a commit or a listing waits for the rate limit or to try again: a real SIGINT to a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from accsyn_orm.errors import TransportError
from accsyn_orm.wire.clock import MONOTONIC, end_pauses_with

if TYPE_CHECKING:
    import pathlib

HEAD = """
import json, sys
from urllib.parse import unquote
from accsyn_orm import Job, Session
from accsyn_orm.session.journal import Journal
from accsyn_orm.wire.messages import HttpResponse

PATIENCE = HttpResponse(429, {"retry-after": "55"}, b'{"message": "later"}')

def said(result):
    return HttpResponse(200, {}, json.dumps({"result": result}).encode())

class Busy:
    "A server that signs in anybody, and lists jobs; all that is `busy` is refused with 429."
    busy = ()
    def send(self, request, timeouts):
        if request.url.endswith("/login"):
            return said({"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": "s"})
        if request.method in self.busy:
            print("busy", flush=True)
            return PATIENCE
        if request.method != "GET":
            return said([{"id": json.loads(request.body)["id"]}])
        data = json.loads(unquote(request.url.partition("?")[2]))["data"]
        if data.get("skip", 0) >= 40:
            print("busy", flush=True)
            return PATIENCE
        rows = [{"id": f"{n:024x}", "code": f"job {n}", "status": "waiting"} for n in range(100)]
        return said(rows[data.get("skip", 0):][:data.get("limit", 100)])
    def close(self):
        pass

line = Busy()
session = Session("acmefilm", "john@user.com", "key", url="http://127.0.0.1:1", transport=line, **SETTINGS)
"""
COMMIT = (
    HEAD
    + """
jobs = list(Job.objects.using(session)[:4])
for job in jobs:
    job.status = "paused"
line.busy = BUSY
try:
    print("busy", flush=True)
    session.commit(workers=WORKERS, journal=sys.argv[1])
except KeyboardInterrupt:
    journal = Journal.read(sys.argv[1])
    print(sorted(entry.state for entry in journal.states().values()), len(session.dirty), flush=True)
    raise
"""
)
LISTING = (
    HEAD
    + """
for job in Job.objects.using(session).iterator(chunk_size=10):
    pass
"""
)


def _interrupted(script: str, path: pathlib.Path, after: int) -> tuple[float, int, list[str], str]:
    """Run a script, interrupt it when it has said `busy` so often, and return how long it took to end."""
    with subprocess.Popen(  # noqa: S603 -- our own script
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for _ in range(after):
            assert child.stdout.readline() == "busy\n"
        time.sleep(0.15)
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        try:
            rest = [line for line in child.stdout.read().splitlines() if line != "busy"]
            error = child.stderr.read()
            code = child.wait(20)
        finally:
            child.kill()
        return time.monotonic() - started, code, rest, error


@pytest.mark.parametrize(
    ("workers", "settings", "busy", "after", "states"),
    [
        # The pause that the server asks for, after each request was refused.
        (4, "dict(rate_limit=False)", '{"PUT"}', 5, "['not_sent', 'not_sent', 'not_sent', 'not_sent'] 4"),
        (1, "dict(rate_limit=False)", '{"PUT"}', 2, "['intended', 'pending', 'pending', 'pending'] 4"),
        # The rate limit's own pause: signing in and listing took what there was.
        (4, "dict(rate_limit=(0.02, 3))", "()", 1, "['not_sent', 'not_sent', 'not_sent', 'not_sent'] 4"),
        (1, "dict(rate_limit=(0.02, 3))", "()", 1, "['intended', 'pending', 'pending', 'pending'] 4"),
    ],
)
def test_a_commit_that_waits_ends_at_once_and_says_what_is_open(
    tmp_path: pathlib.Path, workers: int, settings: str, busy: str, after: int, states: str
) -> None:
    script = COMMIT.replace("SETTINGS", settings).replace("BUSY", busy).replace("WORKERS", str(workers))
    seconds, code, rest, error = _interrupted(script, tmp_path / "a.journal", after)
    assert code == -signal.SIGINT, error
    assert rest == [states]
    assert seconds < 10


def test_a_listing_that_reads_ahead_ends_at_once_though_nobody_closes_the_session(
    tmp_path: pathlib.Path,
) -> None:
    script = LISTING.replace("SETTINGS", "dict(rate_limit=False)")
    seconds, code, _, error = _interrupted(script, tmp_path, 1)
    assert code == -signal.SIGINT, error
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert seconds < 10


class TestPauses:
    def _in_thread(self, event: threading.Event, seconds: float) -> tuple[list[BaseException], float]:
        raised: list[BaseException] = []

        def pause() -> None:
            end_pauses_with(event)
            try:
                MONOTONIC.sleep(seconds)
            except TransportError as error:
                raised.append(error)

        started = time.monotonic()
        thread = threading.Thread(target=pause)
        thread.start()
        thread.join(10)
        return raised, time.monotonic() - started

    def test_an_event_ends_a_pause_and_nothing_was_sent(self) -> None:
        event = threading.Event()
        threading.Timer(0.05, event.set).start()
        (error,), seconds = self._in_thread(event, 30)
        assert isinstance(error, TransportError)
        assert not error.sent
        assert "interrupted while waiting" in str(error)
        assert seconds < 2

    def test_a_pause_of_no_length_is_ended_too(self) -> None:
        event = threading.Event()
        event.set()
        assert len(self._in_thread(event, 0.0)[0]) == 1

    def test_without_it_a_pause_is_as_long_as_it_should_be(self) -> None:
        raised, seconds = self._in_thread(threading.Event(), 0.25)
        assert not raised
        assert 0.25 <= seconds < 1
        started = time.monotonic()
        MONOTONIC.sleep(0.05)
        assert time.monotonic() - started >= 0.05
