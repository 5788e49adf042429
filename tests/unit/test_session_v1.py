"""Entities and query sets on a v1 session: what they ask of a scripted server."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs
import pytest

from accsyn_orm import Delivery, Job, Q, Queue, Session, Site, Task, Transfer, User, errors
from accsyn_orm.wire.messages import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ID, OTHER, USER = "614d660de50d45bb027c9bdd", "614d660de50d45bb027c9bde", "5b0faf03304bfd4810dbd5fc"
ROW = {
    "id": ID,
    "code": "my_transfer",
    "name": "my_transfer",
    "status": "waiting",
    "user": USER,
    "metadata": {},
}


@attrs.frozen
class Asked:
    """One event: method, uri, id, query and data."""

    method: str
    uri: str
    id: str | None
    query: str | None
    data: Any


class Scripted:
    """
    A transport that lets a password in by v1 and answers the rest by uri.

    Args:
        answers: By uri, a result, or a function of what is asked.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Asked] = []

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        text = unquote(request.url.partition("?")[2]) if request.body is None else request.body.decode()
        document = json.loads(text)
        if request.url.endswith("/login/auth"):
            return self.say({"session_key": "sk", "clearance": "admin", "id": USER})
        assert request.url.partition("?")[0].endswith("/api/v1.0/event")
        asked = Asked(
            request.method, document["uri"], document.get("id"), document.get("query"), document["data"]
        )
        self.asked.append(asked)
        result = self.answers[asked.uri]
        return self.say({"result": result(asked) if callable(result) else result})

    @staticmethod
    def say(document: Any) -> HttpResponse:
        return HttpResponse(200, {}, json.dumps(document).encode())

    def close(self) -> None:
        """Nothing is open."""


def listed(*rows: dict[str, Any]) -> Callable[[Asked], list[dict[str, Any]]]:
    """Answer rows by pages, and where nobody asks for another scope."""

    def page(asked: Asked) -> list[dict[str, Any]]:
        if {"finished", "offline", "archived"} & set(asked.data):
            return []
        skip = asked.data.get("skip", 0)
        return list(rows[skip : skip + asked.data.get("limit", len(rows))])

    return page


@pytest.fixture
def server() -> Scripted:
    return Scripted()


@pytest.fixture
def session(server: Scripted) -> Iterator[Session]:
    with Session(
        "acmefilm", "john@user.com", pwd="password", url="https://a.example", transport=server
    ) as one:
        yield one


class TestReading:
    @pytest.mark.parametrize(
        ("kind", "uri", "number"),
        [
            (Job, "job/find", {"type": 1}),
            (Transfer, "job/find", {"type": 1}),
            (Queue, "job/find", {"type": 2}),
            (Site, "organization/site/find", {}),
            (User, "user/find", {}),
        ],
    )
    def test_the_types_of_v1(
        self, session: Session, server: Scripted, kind: Any, uri: str, number: dict[str, int]
    ) -> None:
        server.answers[uri] = listed(ROW)
        (found,) = kind.objects.filter(code="my_transfer")
        assert found.id == ID
        first = server.asked[0]
        assert (first.method, first.uri, first.query) == ("GET", uri, "code=my_transfer")
        assert {name: value for name, value in first.data.items() if name == "type"} == number

    def test_inactive_ones_are_offline(self, session: Session, server: Scripted) -> None:
        server.answers["user/find"] = []
        assert list(User.objects.inactive()) == []
        assert server.asked[0].data["offline"] is True
        assert "inactive" not in server.asked[0].data

    def test_queries_are_written_in_the_language_of_2021(self, session: Session, server: Scripted) -> None:
        server.answers["job/find"] = []
        found = Job.objects.filter(
            ~Q(status__in=["failed", "done"]), user__in=[USER, ID], code="Daily backup"
        )
        assert list(found) == []
        query = server.asked[0].query
        assert query == (
            f'status!=failed AND status!=done AND (user={USER} OR user={ID}) AND code="Daily backup"'
        )
        assert query is not None
        assert query in found.query

    @pytest.mark.parametrize(
        "conditions",
        [{"size__gt": 5}, {"code__contains": "x"}, {"code__regex": "x.*"}, {"code__like": "* backup"}],
    )
    def test_what_it_cannot_say_is_refused_and_who_can_is_named(
        self, session: Session, server: Scripted, conditions: dict[str, Any]
    ) -> None:
        with pytest.raises(errors.UnsupportedByDialect, match=r"2021 cannot say .* 2026 can"):
            list(Job.objects.filter(**conditions))
        assert server.asked == []

    def test_types_of_later_generations_are_refused(self, session: Session, server: Scripted) -> None:
        with pytest.raises(errors.UnsupportedByDialect, match=r"v3\.2 or later"):
            list(Delivery.objects.all())
        assert server.asked == []

    def test_tasks_are_found_below_their_job(self, session: Session, server: Scripted) -> None:
        server.answers |= {
            "job/find": listed(ROW),
            "job/task/find": listed({"id": "t1", "uri": "0", "status": "queued", "job": ID}),
        }
        job = Job.objects.get(id=ID)
        server.asked.clear()
        (task,) = job.tasks.filter(Q(status="queued") | Q(status="failed"))
        assert (task.id, task.status) == ("t1", "queued")
        asked = server.asked[0]
        assert (asked.uri, asked.query) == (
            "job/task/find",
            f"job.id={ID} AND (status=queued OR status=failed)",
        )
        assert "parent" not in asked.data

    def test_references_of_a_page_are_loaded_together(self, session: Session, server: Scripted) -> None:
        server.answers["job/find"] = listed(ROW, {**ROW, "id": OTHER, "user": OTHER})
        server.answers["user/find"] = listed({"id": USER, "code": "a"}, {"id": OTHER, "code": "b"})
        assert [job.user.code for job in Job.objects.all()] == ["a", "b"]
        users = [asked for asked in server.asked if asked.uri == "user/find"]
        assert [asked.query for asked in users] == [f"id={USER} OR id={OTHER}"]

    def test_one_that_is_finished_is_found_by_its_id(self, session: Session, server: Scripted) -> None:
        server.answers["job/find"] = lambda asked: [ROW] if asked.data.get("archived") else []
        found = session.get(Job, ID)
        assert found is not None
        assert [asked.data for asked in server.asked] == [
            {"type": 1},
            {"type": 1, "finished": True},
            {"type": 1, "archived": True},
        ]
        server.answers["job/find"] = []
        assert session.get(Job, OTHER) is None

    def test_each_scope_counts_towards_a_budget(self, session: Session, server: Scripted) -> None:
        server.answers["job/find"] = []
        with session.budget(2), pytest.raises(errors.BudgetExceeded, match="request number 3"):
            session.get(Job, ID)
        assert len(server.asked) == 2

    @pytest.mark.parametrize("text", ["2021-06-07T08:09:10", "{USD::date}20210607 08:09:10"])
    def test_dates_are_utc(self, session: Session, server: Scripted, text: str) -> None:
        server.answers["job/find"] = listed({**ROW, "created": text})
        moment = datetime(2021, 6, 7, 8, 9, 10, tzinfo=timezone.utc)
        assert Job.objects.get(id=ID).created == moment
        assert session.find("job")[0]["created"] == moment


class TestWriting:
    def test_create_update_delete(self, session: Session, server: Scripted) -> None:
        server.answers |= {
            "job/create": [ROW],
            "job/edit": [{**ROW, "status": "aborted"}],
            "job/delete": True,
        }
        job = Transfer(name="my_transfer", initial_tasks=["a"])
        session.add(job)
        session.commit()
        job.status = "aborted"
        session.commit()
        session.delete(job)
        session.commit()
        created, edited, deleted = server.asked
        assert (created.method, created.uri) == ("POST", "job/create")
        assert created.data["allow_duplicates"] is True
        assert created.data["tasks"] == ["a"]
        assert edited == Asked("PUT", "job/edit", ID, None, {"status": "aborted"})
        assert deleted == Asked("DELETE", "job/delete", ID, None, {})

    def test_a_queue_is_a_job_of_type_2(self, session: Session, server: Scripted) -> None:
        server.answers["job/create"] = [{"id": ID, "name": "Night", "code": "night"}]
        session.add(Queue(name="Night"))
        session.commit()
        assert (server.asked[0].uri, server.asked[0].data["type"]) == ("job/create", 2)

    def test_tasks_are_edited_in_their_job(self, session: Session, server: Scripted) -> None:
        row = {"id": "t1", "uri": "0", "status": "queued", "job": ID, "priority": 5}
        server.answers |= {
            "job/find": listed(ROW),
            "job/task/find": listed(row),
            "job/task/edit": [{**row, "status": "excluded"}],
            "job/task/create": [{**row, "id": "t2"}],
        }
        job = Job.objects.get(id=ID)
        task = job.tasks.get(id="t1")
        server.asked.clear()
        task.status = "excluded"
        session.add(Task(job=job, source="b"))
        session.commit()
        edits = [asked for asked in server.asked if asked.uri == "job/task/edit"]
        assert edits == [Asked("PUT", "job/task/edit", ID, None, [{"id": "t1", "status": "excluded"}])]
        (made,) = (asked for asked in server.asked if asked.uri == "job/task/create")
        assert (made.id, made.query) == (None, ID)
        server.asked.clear()
        session.refresh(task)
        assert (server.asked[0].uri, server.asked[0].query) == (
            "job/task/find",
            f"job.id={ID} AND (id=t1)",
        )

    def test_users_go_offline_and_cannot_be_activated(self, session: Session, server: Scripted) -> None:
        server.answers |= {"user/find": listed({"id": USER, "code": "a@b"}), "user/offline": True}
        user = User.objects.get(code="a@b")
        server.asked.clear()
        session.deactivate(user)
        session.commit()
        assert server.asked == [Asked("DELETE", "user/offline", USER, None, {})]
        session.activate(user)
        with pytest.raises(errors.AccsynError, match=r"v3\.2 or later"):
            session.commit()
        assert len(server.asked) == 1
