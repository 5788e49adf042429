"""Deliveries, requests and streams over the wire: their recipients, and their life from init to done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.sandbox.messages import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox

EID = "702da724-9925-4ab0-b711-4478099538d6"
LISA = "lisa@example.com"
KINDS = ("delivery", "request", "stream")


def add(client: Any, job: str, recipient: Any, **data: Any) -> Any:
    return client.result("PUT", "job/recipient/add", {"recipient": recipient, **data}, id=job)


def recipients(client: Any, job: str) -> list[Any]:
    return list(client.result("GET", "job/recipients", {}, id=job))


def made(admin: Any, kind: str, status: str) -> str:
    """Make a delivery and bring it to a status, as clients do."""
    data = {} if kind == "request" else {"tasks": ["a.mov"]}
    job = admin.create(kind, name="made", status="init", recipients=[LISA], **data)["id"]
    if status != "init":
        for each in ("pending", status):
            admin.edit(kind, job, status=each)
    return str(job)


@pytest.mark.parametrize("kind", KINDS)
def test_recipients_are_added_listed_and_removed(sandbox: Sandbox, admin: Any, kind: str) -> None:
    job, lisa = admin.create(kind, name="d", status="init")["id"], admin.ids("user", f"code={LISA}")[0]
    assert recipients(admin, job) == []
    assert add(admin, job, lisa, invite=False) is True
    assert sandbox.effects[-1] == Effect(EID, "job/recipient/add", job, "update")
    assert add(admin, job, LISA.upper()) is True
    assert add(admin, job, "new@example.com", invite=True) is True
    new = admin.ids("user", "code=new@example.com")[0]
    assert recipients(admin, job) == [
        {"user": lisa, "user_hr": LISA, "actioned": False},
        {"user": new, "user_hr": "new@example.com", "actioned": False},
    ]
    assert admin.result("DELETE", "job/recipient", {"recipient": lisa}, id=job) is True
    assert sandbox.effects[-1] == Effect(EID, "job/recipient", job, "update")
    count = len(sandbox.effects)
    assert admin.result("DELETE", "job/recipient", {"recipient": lisa}, id=job) is False
    assert len(sandbox.effects) == count
    assert [row["user"] for row in recipients(admin, job)] == [new]
    assert [mail.kind for mail in sandbox.mails] == ["invitation"]


def test_recipients_that_are_refused_name_the_reason(admin: Any) -> None:
    job, transfer = admin.create("delivery", name="d")["id"], admin.create("transfer", name="t")["id"]
    for status, identity, data, word in (
        (404, job, {"recipient": "nobody@example.com", "invite": False}, "nobody@example.com"),
        (404, job, {}, "no user"),
        (400, job, {"recipient": LISA, "invite": "yes"}, "'yes'"),
        (404, transfer, {"recipient": LISA}, "a transfer"),
        (404, "614d660de50d45bb027c9bdd", {"recipient": LISA}, "nothing"),
    ):
        assert word in admin.refused(status, "PUT", "job/recipient/add", data, id=identity)
    assert "recipient" in admin.refused(400, "DELETE", "job/recipient", {}, id=job)
    assert recipients(admin, transfer) == recipients(admin, "614d660de50d45bb027c9bdd") == []


def test_recipients_see_the_delivery_and_strangers_do_not(
    sandbox: Sandbox, admin: Any, connect: Callable[..., Any]
) -> None:
    lisa, job = connect(sandbox, "standard"), admin.create("delivery", name="d", tasks=["a"])["id"]
    add(admin, job, "john@user.com")
    assert (lisa.find("delivery"), recipients(lisa, job)) == ([], [])
    lisa.refused(403, "PUT", "job/recipient/add", {"recipient": LISA}, id=job)
    add(admin, job, LISA)
    assert lisa.ids("delivery") == [job]
    assert [row["user_hr"] for row in recipients(lisa, job)] == ["john@user.com", LISA]
    lisa.result("DELETE", "job/recipient", {"recipient": LISA}, id=job)
    assert lisa.find("delivery") == []


def test_a_recipient_who_is_gone_is_still_named(admin: Any) -> None:
    admin.create("user", code="gone@example.com")
    job = admin.create("delivery", name="d", recipients=["gone@example.com"])["id"]
    admin.result("DELETE", "user/delete", {}, id=admin.ids("user", "code=gone@example.com")[0])
    assert recipients(admin, job) == [{"user": None, "user_hr": "gone@example.com", "actioned": False}]


def test_a_recipient_has_actioned_what_it_fetched(
    sandbox: Sandbox, admin: Any, connect: Callable[..., Any]
) -> None:
    job, lisa = made(admin, "delivery", "waiting"), connect(sandbox, "standard")
    transfer = lisa.create("transfer", name="Download", parent=job, destination=f"{LISA}:in/")["id"]
    assert [row["actioned"] for row in recipients(admin, job)] == [False]
    admin.edit("transfer", transfer, status="done")
    assert [row["actioned"] for row in recipients(admin, job)] == [True]


# What is created without the status init is submitted at once, where it has all that it needs.
CREATED = [
    ("delivery", {"tasks": ["a"], "recipients": [LISA]}, "waiting"),
    ("delivery", {"tasks": ["a"], "recipients": [LISA], "status": "pending"}, "waiting"),
    ("delivery", {"tasks": ["a"], "recipients": [LISA], "status": "init"}, "init"),
    ("delivery", {"tasks": ["a"]}, "init"),
    ("delivery", {"recipients": [LISA]}, "init"),
    ("stream", {"recipients": [LISA]}, "init"),
    ("stream", {"tasks": ["a"], "recipients": [LISA]}, "waiting"),
    ("request", {"recipients": [LISA]}, "waiting"),
    ("request", {"recipients": [LISA], "status": "init"}, "init"),
    ("request", {}, "init"),
]


@pytest.mark.parametrize(("kind", "data", "status"), CREATED)
def test_new_ones_are_submitted_when_they_are_complete(
    sandbox: Sandbox, admin: Any, kind: str, data: Any, status: str
) -> None:
    job = admin.create(kind, name="d", **data)
    assert (job["status"], job["public"], job["finished"]) == (status, False, None)
    assert admin.find(kind, f"id={job['id']}") == [job]
    told = [(LISA, kind)] if status == "waiting" else []
    assert [(mail.recipient, mail.kind) for mail in sandbox.mails] == told


@pytest.mark.parametrize("kind", KINDS)
def test_submitting_needs_a_file_and_a_recipient(sandbox: Sandbox, admin: Any, kind: str) -> None:
    job = admin.create(kind, name="d", status="init")["id"]
    needs = "recipient" if kind == "request" else "file and one recipient"
    for status in ("pending", "waiting"):
        assert needs in admin.refused(400, "PUT", f"{kind}/edit", {"status": status}, id=job)
    if kind != "request":
        admin.result("POST", "task/create", {"tasks": ["a"]}, id=job)
        assert "one recipient" in admin.refused(400, "PUT", f"{kind}/edit", {"status": "pending"}, id=job)
    add(admin, job, LISA)
    assert sandbox.mails == []
    assert admin.edit(kind, job, status="pending")["status"] == "waiting"
    assert admin.find(kind, f"id={job}")[0]["status"] == "waiting"
    assert admin.edit(kind, job, status="pending")["status"] == "waiting"
    add(admin, job, "late@example.com")
    told = [(mail.recipient, mail.kind) for mail in sandbox.mails]
    assert told == [(LISA, kind), ("late@example.com", "invitation"), ("late@example.com", kind)]


def test_what_was_submitted_stays_so_without_recipients(admin: Any) -> None:
    job = made(admin, "delivery", "waiting")
    admin.result("DELETE", "job/recipient", {"recipient": LISA}, id=job)
    assert admin.edit("delivery", job, status="pending")["status"] == "waiting"
    admin.edit("delivery", job, status="aborted")
    assert "recipient" in admin.refused(400, "PUT", "delivery/edit", {"status": "pending"}, id=job)


def test_an_incomplete_one_is_not_created_as_submitted(sandbox: Sandbox, admin: Any) -> None:
    data = {"name": "d", "status": "pending", "recipients": ["new@example.com"]}
    assert "file" in admin.refused(400, "POST", "delivery/create", data)
    assert admin.find("delivery") == []
    assert admin.ids("user", "code=new@example.com") == []
    assert sandbox.mails == []


# status -> what setting each status makes of it; None where that is refused.
LIFE: dict[str, dict[str, str | None]] = {
    "init": {"pending": "waiting", "waiting": "waiting", "aborted": "aborted", "done": None},
    "waiting": {"pending": "waiting", "waiting": "waiting", "aborted": "aborted", "done": "done"},
    "aborted": {"pending": "waiting", "waiting": "waiting", "aborted": "aborted", "done": None},
    "done": {"pending": "waiting", "waiting": "waiting", "aborted": None, "done": "done"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", LIFE)
def test_a_life_from_init_to_its_end(admin: Any, kind: str, before: str) -> None:
    for wanted, after in LIFE[before].items():
        job = made(admin, kind, before)
        answer = admin.ask("PUT", f"{kind}/edit", {"status": wanted}, id=job)
        assert (admin.status == 200) is (after is not None), answer
        (found,) = admin.result("GET", f"{kind}/find", {}, id=job)
        assert found["status"] == (after or before), (before, wanted)
        assert (found["finished"] is not None) is (found["status"] in {"aborted", "done"})
        assert (admin.ids(kind, f"id={job}", finished=True) == [job]) is (found["finished"] is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_init_is_not_gone_back_to(admin: Any, kind: str) -> None:
    job = made(admin, kind, "waiting")
    assert "'init'" in admin.refused(400, "PUT", f"{kind}/edit", {"status": "init"}, id=job)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "force", "deleted"),
    [
        ("init", False, True),
        ("waiting", False, False),
        ("waiting", True, True),
        ("aborted", False, True),
        ("done", False, True),
    ],
)
def test_what_was_submitted_is_aborted_before_it_is_deleted(
    admin: Any, kind: str, status: str, force: bool, deleted: bool
) -> None:
    job = made(admin, kind, status)
    data = {"force": True} if force else None
    if deleted:
        assert admin.result("DELETE", f"{kind}/delete", data, id=job) is True
    else:
        assert "abort it first" in admin.refused(400, "DELETE", f"{kind}/delete", data, id=job)
    assert (admin.result("GET", f"{kind}/find", {}, id=job) == []) is deleted


def test_nothing_is_transferred_of_a_delivery_that_has_ended(admin: Any) -> None:
    job = made(admin, "delivery", "done")
    message = admin.refused(400, "POST", "transfer/create", {"name": "Download", "parent": job})
    assert "done" in message


def test_only_recipients_transfer_files_of_a_delivery(
    sandbox: Sandbox, admin: Any, connect: Callable[..., Any]
) -> None:
    lisa = connect(sandbox, "standard")
    theirs = admin.create("delivery", name="d", tasks=["a"], recipients=["john@user.com"])["id"]
    lisa.refused(403, "POST", "transfer/create", {"name": "Download", "parent": theirs})
    assert (
        lisa.create("transfer", name="Download", parent=made(admin, "delivery", "waiting"))["user"] == lisa.me
    )


def test_a_destination_of_a_request_is_kept(admin: Any) -> None:
    made = admin.create("request", name="r", destination="site=hq:in", recipients=[LISA])
    assert made["destination"] == f"site:{admin.ids('site')[0]}"
