"""Reports, metrics, publishing, integrations, keys, and whether a client runs, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from accsyn_orm.sandbox import Sandbox


def test_a_report_is_a_text_about_what_is_found(reader: Any) -> None:
    jobs = reader.find("transfer", "status=failed")
    answer = reader.ask("GET", "transfer/report", {}, query="status=failed")
    assert set(answer) == {"report"}
    lines = answer["report"].splitlines()
    assert lines[0].startswith(f"{len(jobs)} transfer at 2")
    for job in jobs:
        assert any(
            line.startswith(f"{job['code']} ({job['id']})") and "status: failed" in line for line in lines
        )
    assert any(line.startswith("  task 0: ") for line in lines)
    assert "starship" in reader.refused(404, "GET", "starship/report", {})


def test_metrics_are_figures_of_each_entity(reader: Any) -> None:
    (row,) = reader.result("GET", "server/metrics", {"attributes": None}, query="code=srv-hq-01")
    assert row["code"] == "srv-hq-01"
    assert {"cpu", "ram", "benchmark"} <= set(row["metrics"])
    rows = reader.result("GET", "transfer/metrics", {"attributes": ["speed", "none"], "time": "1d"})
    assert {tuple(each["metrics"]) for each in rows} == {("speed", "none")}
    assert {each["metrics"]["none"] for each in rows} == {None}
    for data in ({"attributes": "speed"}, {"attributes": [1]}, {"tmie": "1d"}):
        reader.refused(400, "GET", "transfer/metrics", data)


@pytest.mark.parametrize("owner", ["workspace", "organization"])
def test_files_are_looked_through_before_they_are_published(reader: Any, owner: str) -> None:
    files = [
        {"id": "1", "filename": "comp_v003.mov", "size": 5, "is_dir": False},
        {"id": "2", "filename": "notes.txt", "size": 0},
        {"id": "3", "filename": ".hidden", "size": 5},
        {
            "id": "4",
            "filename": "plates.v01",
            "is_dir": True,
            "files": [{"id": "5", "filename": "a", "size": 1}],
        },
    ]
    answer = reader.result("PUT", f"{owner}/publish/preprocess", {"files": files, "size": 11})
    assert {"files", "guidelines", "comment", "time_report", "statuses", "metadata", "tasks"} == set(answer)
    said = [
        (each["ident"], each["can_publish"], each["can_upload"], each["rejected"]) for each in answer["files"]
    ]
    assert said == [
        ("1", True, True, False),
        ("2", False, True, False),
        ("3", False, False, True),
        ("4", True, True, False),
    ]
    assert [bool(each["warning"]) for each in answer["files"]] == [False, True, False, False]
    assert answer["files"][3]["files"][0]["ident"] == "5"
    for wrong in ([], "x", ["x"], [{"id": "1"}]):
        reader.refused(400, "PUT", f"{owner}/publish/preprocess", {"files": wrong, "size": 0})


def test_an_integration_echoes(reader: Any, demo: Sandbox, connect: Callable[..., Any]) -> None:
    for owner in ("workspace", "organization"):
        answer = reader.result(
            "PUT", f"{owner}/integration/ftrack/utility", {"operation": "sync", "data": {"a": [1]}}
        )
        assert answer == {"integration": "ftrack", "operation": "sync", "data": {"a": [1]}}
    reader.refused(400, "PUT", "workspace/integration/ftrack/utility", {"data": {}})
    reader.refused(404, "PUT", "workspace/integration/ftrack/other", {"operation": "x"})
    reader.refused(404, "PUT", "workspace/integration/a/b/utility", {"operation": "x"})
    outside = connect(demo, "standard")
    outside.refused(403, "PUT", "workspace/integration/ftrack/utility", {"operation": "sync"})


def test_the_own_key_is_answered_until_an_admin_forbids_it(
    admin: Any, empty: Sandbox, connect: Callable[..., Any]
) -> None:
    outside = connect(empty, "standard")
    for client, role in ((admin, "admin"), (outside, "standard")):
        assert client.ask("GET", "user/api_key", {}) == {"api_key": empty.credentials(role)["api_key"]}  # type: ignore[arg-type]
    data = {"entitytype": "workspace", "name": "sandbox_api_keys"}
    admin.result("PUT", "setting", {**data, "value": "false"})
    assert "sandbox_api_keys" in outside.refused(403, "GET", "user/api_key", {})
    admin.result("DELETE", "setting", data)
    assert outside.ask("GET", "user/api_key", {})["api_key"]


@pytest.mark.parametrize(
    ("email", "host", "query", "expected"),
    [
        ("emma@acmefilm.com", "emma-mbp", "type=0", ["online"]),
        ("lisa@example.com", "lisa-pc", "type=0", ["offline"]),
        ("john@user.com", "srv-hq-01", "(type=1 OR type=2)", ["online"]),
        ("lisa@example.com", "lisa-nas", "(type=1 OR type=2)", ["offline"]),
        ("lisa@example.com", "lisa-nas", "type!=0", ["offline"]),
        ("lisa@example.com", "lisa-pc", "(type=1 OR type=2)", []),
        ("emma@acmefilm.com", "LISA-PC", "type=0", []),
    ],
)
def test_whether_a_client_runs(reader: Any, email: str, host: str, query: str, expected: list[str]) -> None:
    (user,) = reader.ids("user", f"code={email}")
    found = reader.find("client", f"user={user} AND code={host} AND {query}")
    assert [each["status"] for each in found] == expected
