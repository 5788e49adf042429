"""What accsyn-python-api 3.4.0 sees of a sandbox: it must not be able to tell it from what it expects."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import run
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from accsyn_orm.sandbox import RequestRecord, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path(__file__).with_name("published_client.py")


class Seen:
    """What the client printed, and what the sandbox was asked meanwhile."""

    def __init__(self, printed: dict[str, Any], requests: list[RequestRecord]) -> None:
        self.reading: dict[str, Any] = printed["reading"]
        self.writing: dict[str, Any] = printed["writing"]
        self.failing: dict[str, Any] = printed["failing"]
        self.requests = requests


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with Sandbox(data="demo") as sandbox:
        credentials = sandbox.credentials("admin")
        names = [credentials[name] for name in ("workspace", "username", "api_key")]
        done = run(  # noqa: S603
            [sys.executable, str(DRIVER), urlsplit(sandbox.url).netloc, *names],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path_factory.mktemp("published"),
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        yield Seen(json.loads(done.stdout), sandbox.requests)


def test_it_asks_the_registry_signs_in_and_repeats_its_workspace(seen: Seen) -> None:
    assert [record.uri for record in seen.requests[:2]] == ["registry", "api/login"]
    assert {record.status for record in seen.requests[:2]} == {200}
    later = [record for record in seen.requests if record.uri != "registry"]
    assert {record.workspace for record in later} == {"acmefilm"}
    assert {record.ident for record in later} == {"john@user.com"}


def test_it_lists_types_and_attributes(seen: Seen) -> None:
    assert {"job", "transfer", "user", "queue", "task"} <= set(seen.reading["entitytypes"])
    assert set(seen.reading["attributes"]) == {"name", "description", "status", "metadata", "queue"}


def test_it_finds_and_pages(seen: Seen) -> None:
    jobs = seen.reading["jobs"]
    assert len(jobs) > 20
    assert [job for page in seen.reading["pages"] for job in page] == jobs
    assert seen.reading["pages"][-1] == []
    assert all(set(job["created"]) == {"date"} for job in jobs), "dates arrive as dates"


def test_it_finds_one(seen: Seen) -> None:
    transfer = seen.reading["transfer"]
    assert transfer["name"] == "my_transfer"
    assert set(seen.reading["chosen"]) == {"id", "source", "destination"}
    assert {job["name"] for job in seen.reading["nested"]} == {"Daily backup"}
    assert seen.reading["find_one_nothing"] is None


def test_it_gets_entities_in_any_scope(seen: Seen) -> None:
    assert seen.reading["get_finished"] == seen.reading["finished"][0]
    assert seen.reading["get_nothing"] is None
    assert [user["code"] for user in seen.reading["inactive"]] == ["former@example.com"]


def test_it_finds_tasks_and_access(seen: Seen) -> None:
    assert seen.reading["tasks"]
    assert seen.reading["tasks"] == seen.reading["tasks_by_query"]
    assert len(seen.reading["access"]) == 1


def test_it_creates_updates_and_deletes(seen: Seen) -> None:
    seen_writing = seen.writing
    assert seen_writing["created"]["name"] == "made"
    assert seen_writing["updated"]["status"] == "aborted"
    assert seen_writing["task"]["source"]["path"] == "thefilm/c.mov"
    assert [task["priority"] for task in seen_writing["many"]] == [7, 7, 7]
    assert seen_writing["deleted"] is True
    assert seen_writing["after_delete"] is None
    assert seen_writing["queue"]["code"] == "made"
    assert seen_writing["collection"]["name"] == "made"
    assert seen_writing["file_removed"] is True


def test_its_compressed_payloads_arrive(seen: Seen) -> None:
    assert seen.writing["big"] == 4000
    (packed,) = [record for record in seen.requests if record.compressed]
    assert len(packed.data["tasks"]) == 4000


def test_it_deactivates_and_activates(seen: Seen) -> None:
    assert seen.writing["deactivated"] is True
    assert seen.writing["inactive"]["inactive"] is True
    assert seen.writing["activated"] is True
    assert seen.writing["active"]["inactive"] is False


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("unknown_id", "614d660de50d45bb027c9bdd"),
        ("status", "'nonsense'"),
        ("query", "'stauts'"),
        ("type", "'starship'"),
        ("code", "unique"),
        ("task", "excluded"),
        ("key", "not right"),
    ],
)
def test_it_sees_errors(seen: Seen, case: str, words: str) -> None:
    error = seen.failing[case]
    assert error["raised"] == "AccsynException"
    assert words in error["text"]


def test_nothing_failed_inside(seen: Seen) -> None:
    assert [record for record in seen.requests if record.status >= 500] == []
