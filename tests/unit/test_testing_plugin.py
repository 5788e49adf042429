"""The pytest plugin, in projects that know nothing of ours: pytest runs in a process of its own, and we read its report."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import attrs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "testing"
# Where nobody listens: a test that reached for what the environment names would fail.
ELSEWHERE = {
    "ACCSYN_URL": "http://127.0.0.1:9",
    "ACCSYN_WORKSPACE": "real",
    "ACCSYN_API_USER": "me@real.example",
    "ACCSYN_API_KEY": "5b0faf03-304b-4d48-90db-d5fc00000000",
}


@attrs.frozen
class Outcome:
    """What became of a run: its exit code, its output, and by test what it failed with, or an empty text."""

    code: int
    out: str
    tests: dict[str, str]


def _installed(folder: Path) -> Path:
    """Make pytest find our plugin as it does where accsyn_orm is installed: by the entry point of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r"^\[project\.entry-points\.pytest11\]\n((?:.+\n)+)", text, re.MULTILINE)
    assert found is not None
    metadata = folder / "accsyn_orm-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: accsyn-orm\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\n" + found[1].replace('"', ""))
    return folder


def _tests(report: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 -- pytest's own report
        wrong = "".join(each.text or "" for each in case if each.tag in {"failure", "error"})
        name = str(case.get("name"))
        found[name] = found.get(name, "") + wrong
    return found


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Outcome]:
    """Run pytest on files of a project, or on what is in its folder already."""
    site, folder = _installed(tmp_path / "site"), tmp_path / "project"

    def run(*arguments: str, **files: str) -> Outcome:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        report = tmp_path / "report.xml"
        command = [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "--strict-markers"]
        # Hypothesis would look at our own settings; it is not what is tested.
        options = [
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            f"--junitxml={report}",
            f"--rootdir={folder}",
        ]
        done = subprocess.run(  # noqa: S603 -- our own files
            [*command, *options, *arguments],
            cwd=folder,
            env={**os.environ, **ELSEWHERE, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout + done.stderr, _tests(report))

    return run


PASSING = """
import os

import pytest

from accsyn_orm import Job, MissingCredentials, PermissionDenied, Queue, Session, TLSError, User


def made(session):
    session.create("queue", {"name": "made"})


def test_the_demo_is_there_and_objects_is_bound(accsyn_session, accsyn_sandbox):
    assert Job.objects.count() > 20
    assert accsyn_sandbox.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", range(2))
def test_each_test_has_a_workspace_of_its_own(accsyn_session, number):
    assert not Queue.objects.filter(code="mine").exists()
    Queue.objects.create(code="mine", name="mine")


@pytest.mark.accsyn(data="empty")
class TestEmpty:
    def test_a_mark_of_the_class_holds(self, accsyn_session):
        assert Job.objects.count() == 0

    @pytest.mark.accsyn(data="demo")
    def test_a_closer_one_holds_more(self, accsyn_session):
        assert Job.objects.count() > 0


@pytest.mark.accsyn(data={"job": [{"code": "broken", "status": "failed", "user": "lisa@example.com"}]})
def test_entities_by_type(accsyn_session):
    (job,) = Job.objects.all()
    assert (job.code, job.status, job.user.code) == ("broken", "failed", "lisa@example.com")


@pytest.mark.accsyn(data=made)
def test_a_function(accsyn_session, accsyn_sandbox, accsyn_requests):
    assert len(accsyn_requests) == len(accsyn_sandbox.effects) == 0
    assert Queue.objects.filter(code="made").exists()


@pytest.mark.accsyn(role="standard")
def test_a_role(accsyn_session):
    assert accsyn_session.find("queue") == []


def test_sessions_of_any_role(accsyn_session_as):
    admin, lisa, mix = (accsyn_session_as(who) for who in ("admin", "standard", "mix@harbour.example"))
    job = Job.objects.using(admin).filter(user="emma@acmefilm.com").first()
    with pytest.raises(PermissionDenied):
        lisa.update("job", job.id, {"status": "aborted"})
    assert mix.find_one("user WHERE code=mix@harbour.example") is not None
    with lisa:
        assert {user.code for user in User.objects.all()} == {"lisa@example.com"}


def test_nothing_real_is_in_reach(accsyn_sandbox):
    with pytest.raises(MissingCredentials):
        Session()


def test_code_that_reads_the_environment(accsyn_environment):
    assert os.environ["ACCSYN_URL"] == accsyn_environment["ACCSYN_URL"]
    with Session():
        assert Job.objects.count() > 0


def test_an_own_variable_is_taken_back_before_the_real_ones_return(monkeypatch, accsyn_environment):
    monkeypatch.setenv("ACCSYN_WORKSPACE", "another")


def test_the_environment_is_as_it_was():
    assert os.environ["ACCSYN_WORKSPACE"] == "real"
    assert os.environ["ACCSYN_URL"] == "http://127.0.0.1:9"


def test_faults(accsyn_session, accsyn_sandbox):
    accsyn_sandbox.faults.add(uri="queue/find", kind="forbidden_403", times=None)
    with pytest.raises(PermissionDenied):
        accsyn_session.find("queue")


def test_faults_are_gone_in_the_next_test(accsyn_session, accsyn_sandbox):
    assert len(accsyn_sandbox.faults) == 0
    assert accsyn_session.find("queue")


def test_requests_are_counted(accsyn_session, accsyn_requests):
    with accsyn_requests(2, max=2, writes=1) as asked:
        queue = accsyn_session.find_one("queue WHERE code=low")
        accsyn_session.update("queue", queue["id"], {"priority": 2})
    accsyn_session.find("queue")
    assert [each.uri for each in asked] == ["queue/find", "queue/edit"]
    assert [each.uri for each in asked.writes] == ["queue/edit"]
    assert len(accsyn_requests) == 3 and len(accsyn_requests.reads) == 2
    assert "PUT queue/edit" in str(asked)


@pytest.mark.accsyn(tls=True)
def test_tls(accsyn_session, accsyn_environment):
    assert accsyn_environment["ACCSYN_URL"].startswith("https:")
    assert Job.objects.count() > 0
    with pytest.raises(TLSError):
        Session()


@pytest.mark.accsyn(data="empty", transfers=True)
def test_transfers(accsyn_session, accsyn_sandbox):
    (accsyn_sandbox.disk.machine("john@user.com") / "a.mov").write_bytes(b"film")
    accsyn_session.create("job", {"name": "a", "tasks": [{"source": "john@user.com:/a.mov", "destination": "in/"}]})
    for _ in range(1000):
        if Job.objects.finished().count():
            break
    assert (accsyn_sandbox.disk.volume("projects") / "in" / "a.mov").read_bytes() == b"film"


@pytest.mark.accsyn(rate_limit=(1, 3))
def test_a_limit(accsyn_session, accsyn_sandbox):
    assert accsyn_sandbox.rate_limit == (1, 3)
"""

FAILING = """
import pytest

from accsyn_orm import Job


def test_too_many(accsyn_session, accsyn_requests):
    with accsyn_requests(max=1):
        accsyn_session.find("queue")
        accsyn_session.find("site")


def test_too_few(accsyn_session, accsyn_requests):
    with accsyn_requests(1, writes=1):
        pass


def test_an_error_in_the_block_is_not_hidden(accsyn_session, accsyn_requests):
    with accsyn_requests(5):
        raise KeyError("of the block")


def test_refused(accsyn_session):
    accsyn_session.update("job", "5b0faf03304bfd4810dbd5fc", {"status": "aborted"})


@pytest.mark.accsyn(rolle="standard")
def test_unknown_option(accsyn_session):
    pass


@pytest.mark.accsyn("empty")
def test_by_position(accsyn_session):
    pass


@pytest.mark.accsyn(data="emtpy")
def test_unknown_data(accsyn_session):
    pass


@pytest.mark.accsyn(data="nothing.json")
def test_no_file(accsyn_session):
    pass


@pytest.mark.accsyn(role="guest")
def test_unknown_role(accsyn_session):
    pass


@pytest.mark.accsyn(role="nobody@example.com")
def test_nobody(accsyn_session):
    pass
"""

REASONS = {
    "test_too_many": "expected 1 requests at most; there were 2 requests, 0 of them writes",
    "test_too_few": "expected 1 requests and 1 writes; there were 0 requests",
    "test_an_error_in_the_block_is_not_hidden": "KeyError: 'of the block'",
    "test_refused": "There is no",
    "test_unknown_option": "accsyn has no option 'rolle'; it has data, role",
    "test_by_position": "are given by name",
    "test_unknown_data": "data is 'demo', 'empty', entities by type",
    "test_no_file": "nothing.json' cannot be read",
    "test_unknown_role": "There is no user with the role 'guest'",
    "test_nobody": "The sandbox has no user 'nobody@example.com'",
}


def test_a_project_uses_the_fixtures_without_a_conftest(project: Callable[..., Outcome]) -> None:
    outcome = project(test_it=PASSING)
    assert {name: why for name, why in outcome.tests.items() if why} == {}, outcome.out
    assert outcome.code == 0, outcome.out
    assert len(outcome.tests) == PASSING.count("def test_") + 1


def test_what_is_wrong_fails_and_says_why(project: Callable[..., Outcome]) -> None:
    outcome = project(test_it=FAILING)
    assert outcome.code == 1
    missing = {
        name: outcome.tests.get(name)
        for name, why in REASONS.items()
        if why not in outcome.tests.get(name, "")
    }
    assert missing == {}
    assert set(outcome.tests) == set(REASONS)
    # It points at the block of the test, and lists what was asked in it.
    assert ">       with accsyn_requests(max=1):" in outcome.tests["test_too_many"]
    assert "1. GET queue/find" in outcome.tests["test_too_many"]
    assert "testing.py" not in outcome.tests["test_too_many"]


def test_a_project_has_defaults_of_its_own(project: Callable[..., Outcome]) -> None:
    conftest = (
        "import pytest\n\n@pytest.fixture(scope='session')\ndef accsyn_defaults():\n"
        "    return {'data': 'empty', 'role': 'employee'}\n"
    )
    test = (
        "import pytest\n\ndef test_default(accsyn_session):\n    assert accsyn_session.find('job') == []\n"
        "    assert accsyn_session.username == 'emma@acmefilm.com'\n\n"
        "@pytest.mark.accsyn(data='demo')\ndef test_mark(accsyn_session):\n    assert accsyn_session.find('job')\n"
    )
    outcome = project(conftest=conftest, test_it=test)
    assert outcome.tests == {"test_default": "", "test_mark": ""}, outcome.out


def test_the_example_of_the_documentation_passes(project: Callable[..., Outcome], tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "project" / "film", ignore=shutil.ignore_patterns("__pycache__"))
    outcome = project()
    assert outcome.code == 0, outcome.out
    assert len(outcome.tests) == sum(
        path.read_text().count("def test_") for path in EXAMPLE.glob("test_*.py")
    )


def test_a_project_without_accsyn_loads_nothing_of_it(project: Callable[..., Outcome]) -> None:
    test = (
        "import sys\n\ndef test_it(pytestconfig):\n    assert pytestconfig.pluginmanager.has_plugin('accsyn_orm')\n"
        "    heavy = ('accsyn_orm.session', 'accsyn_orm.entities', 'attr', 'attrs', 'requests', 'starlette', 'uvicorn', 'cattrs', 'lark', 'trustme')\n"
        "    assert [name for name in heavy if name in sys.modules] == []\n"
    )
    # Other plugins that may be installed here load a part of this list themselves.
    outcome = project("-p", "no:anyio", "-p", "no:cov", test_it=test)
    assert outcome.tests == {"test_it": ""}, outcome.out


def test_pytest_pays_nothing_for_the_plugin() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import pytest, contextlib; import accsyn_orm.pytest_plugin",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = re.findall(r"^import time: +\d+ \| +(\d+) \| +(\S+)$", done.stderr, re.MULTILINE)
    after = [
        (name, int(microseconds))
        for microseconds, name in lines[[name for _, name in lines].index("pytest") + 1 :]
    ]
    assert [name for name, _ in after] == ["accsyn_orm", "accsyn_orm.pytest_plugin"]
    # About a millisecond on an idle machine; this one may be busy, and may have to compile them.
    assert sum(microseconds for _, microseconds in after) < 50_000


def test_what_the_page_shows_is_in_the_example() -> None:
    page = (ROOT / "docs" / "how-to" / "test-your-code.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```python\n# film/(\w+\.py)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(shown) > 6
    for name, text in shown:
        source = (EXAMPLE / name).read_text(encoding="utf-8")
        assert [part for part in text.split("\n\n\n") if part.strip() not in source] == []
    assert (EXAMPLE / "film.json").read_text(encoding="utf-8") in page
