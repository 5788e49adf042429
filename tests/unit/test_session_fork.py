"""A forked child has connections and threads of its own."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from accsyn_orm import Job

if TYPE_CHECKING:
    from accsyn_orm import Session


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_child_has_threads_and_connections_of_its_own(session: Session) -> None:
    # An idle thread, which the child would wait for in vain.
    assert session.submit(int, "5").result() == 5
    time.sleep(0.05)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        code = 1
        try:
            found = len(list(Job.objects.all()))
            code = 0 if found and session.submit(int, "6").result() == 6 else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(list(Job.objects.all())) > 0
