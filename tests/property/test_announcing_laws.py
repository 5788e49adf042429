"""Pages that are asked for early, whatever becomes of their answers: the rows are those of a listing without."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs
import pytest
from hypothesis import event, given, strategies as st

from accsyn_orm import Job, Session
from accsyn_orm.queryset import listing
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

FATES = ("refused", "lost", "early", "late", "busy", "expired")


def said(document: Any, status: int = 200, **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, json.dumps(document).encode())


@attrs.define
class Early:
    """The answer to what was announced."""

    line: Line
    request: HttpRequest
    fate: str
    ready: HttpResponse | None = None

    def response(self, timeouts: Timeouts) -> HttpResponse | None:
        if self.fate == "late":
            return self.line.answer(self.request)
        return self.ready

    def withdraw(self) -> None:
        self.ready, self.fate = None, "lost"


class Line:
    """A transport that is the server, and that decides by a script what becomes of each that is announced."""

    def __init__(self, total: int, fates: Sequence[str]) -> None:
        self.rows = [{"id": f"{number:024x}", "code": f"job {number}"} for number in range(total)]
        self.sent = 0
        self._fates = iter(fates)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        self.sent += 1
        if request.url.endswith("/login"):
            return said({"result": {"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": "s"}})
        return self.answer(request)

    def announce(self, request: HttpRequest, timeouts: Timeouts) -> Early | None:
        fate = next(self._fates, "late")
        event(fate)
        if fate == "refused":
            return None
        self.sent += 1
        ready = {
            "early": self.answer(request),
            "busy": said({"message": "later"}, 503, **{"retry-after": "0"}),
            "expired": said({"message": "sign in again", "session_expired": True}),
        }
        return Early(self, request, fate, ready.get(fate))

    def answer(self, request: HttpRequest) -> HttpResponse:
        data = json.loads(unquote(request.url.partition("?")[2]))["data"]
        skip = data.get("skip", 0)
        return said({"result": self.rows[skip : skip + data["limit"]]})

    def close(self) -> None:
        """Nothing is open."""


def listed(line: Line, size: int, stop: int | None) -> tuple[list[str], int]:
    with Session("acmefilm", "john@user.com", "key", url="http://127.0.0.1:1", transport=line) as session:
        jobs = Job.objects.using(session)
        codes = [job.code for job in (jobs if stop is None else jobs[:stop]).iterator(size)]
        return codes, session.request_count


@given(
    st.integers(0, 25),
    st.integers(1, 9),
    st.none() | st.integers(1, 30),
    st.lists(st.sampled_from(FATES), max_size=20),
)
def test_whatever_becomes_of_early_answers_the_rows_are_the_same(
    total: int, size: int, stop: int | None, fates: list[str]
) -> None:
    line = Line(total, fates)
    with pytest.MonkeyPatch.context() as patch:
        # Near, however busy this machine is.
        patch.setattr(listing, "_WORTH_WAITING", math.inf)
        codes, counted = listed(line, size, stop)
    assert codes == [row["code"] for row in line.rows][:stop]
    assert counted == line.sent


@given(st.integers(0, 25), st.integers(1, 9), st.none() | st.integers(1, 30))
def test_where_none_fails_not_one_request_more_is_sent(total: int, size: int, stop: int | None) -> None:
    counts = []
    for fates in (["late"] * 40, ["refused"] * 40):
        line = Line(total, fates)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listing, "_WORTH_WAITING", math.inf)
            counts.append(listed(line, size, stop))
    assert counts[0] == counts[1]
