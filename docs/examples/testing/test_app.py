"""The tests of the application: no workspace, no key and no network is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accsyn_orm import PermissionDenied

from .app import Shot, main, overview, retry

if TYPE_CHECKING:
    from accsyn_orm import Session
    from accsyn_orm.sandbox import Sandbox
    from accsyn_orm.testing import RequestRecorder, SessionOpener

pytestmark = pytest.mark.accsyn(data="film.json")


def test_the_start_page_shows_what_is_stuck(accsyn_session: Session) -> None:
    assert overview() == {"zoe@vendor.example": ["SHOT0010"], "lisa@example.com": ["SHOT0020"]}


def test_the_users_are_read_at_once(accsyn_session: Session, accsyn_requests: RequestRecorder) -> None:
    with accsyn_requests(max=3, writes=0) as asked:
        overview()
    assert [each.uri for each in asked].count("user/find") == 1


def test_retrying_leaves_other_shots_alone(accsyn_session: Session) -> None:
    assert retry("SHOT0010") == {"shot": "SHOT0010", "retried": 1}
    assert [job.code for job in Shot.objects.stuck()] == ["SHOT0020_plates"]


@pytest.mark.accsyn(role="zoe@vendor.example")
def test_a_vendor_sees_its_own_shots(accsyn_session: Session) -> None:
    assert overview() == {"zoe@vendor.example": ["SHOT0010"]}


def test_a_vendor_cannot_retry_for_another(accsyn_session_as: SessionOpener) -> None:
    zoe = accsyn_session_as("zoe@vendor.example")
    theirs = accsyn_session_as("admin").find_one("job WHERE code=SHOT0020_plates")
    with pytest.raises(PermissionDenied):
        zoe.update("job", theirs["id"], {"status": "waiting"})


def test_nothing_is_retried_twice_where_the_answer_is_lost(
    accsyn_session: Session, accsyn_sandbox: Sandbox
) -> None:
    accsyn_sandbox.faults.add(method="PUT", uri="job/edit", kind="reset_after_apply")
    assert retry("SHOT0010")["retried"] == 1
    assert [effect.uri for effect in accsyn_sandbox.effects] == ["job/edit"]


def test_the_program(accsyn_environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == "zoe@vendor.example: SHOT0010\nlisa@example.com: SHOT0020\n"
