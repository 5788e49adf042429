"""The wheel as users have it: in an environment of its own, run from a folder that is nowhere near the source tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accsyn_orm import __version__

if TYPE_CHECKING:
    from tests.packaging.conftest import Installed

pytestmark = pytest.mark.packaging

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

CORE = """
from accsyn_orm import Job, Q, Session
from accsyn_orm.wire.messages import HttpResponse

class Server:
    def send(self, request, timeouts):
        if request.url.endswith("/login"):
            return HttpResponse(200, {}, b'{"result": {"id": "5b0faf03304bfd4810dbd5fc", "role": "admin", "session_id": "s"}}')
        return HttpResponse(200, {}, b'{"result": [{"id": "5e", "code": "daily", "entitytype": "transfer", "size": 7}]}')

    def close(self):
        pass

with Session("acmefilm", "john@user.com", "key", url="http://127.0.0.1:8181", transport=Server()):
    print(Job.objects.filter(Q(status="failed") | Q(size__gt=1)).query)
    print([(job.code, job.size) for job in Job.objects.where('status!=failed AND code="da*"')])
"""

CONSUMER = """
from accsyn_orm import Job, Session

def sizes(session: Session) -> dict[str, int]:
    return {job.code: job.size for job in Job.objects.using(session)}

wrong: int = Job.objects.get(code="daily").status
"""

PROJECT = """
from accsyn_orm import Job

def test_a_change_reaches_the_server(accsyn_session, accsyn_requests):
    job = Job.objects.filter(status="waiting").first()
    job.status = "aborted"
    accsyn_session.commit()
    assert Job.objects.any_scope().filter(id=job.id, status="aborted").exists()
    assert "PUT" in [each.method for each in accsyn_requests]
"""


def test_it_is_imported_from_where_it_was_installed(bare: Installed) -> None:
    where, version = bare.python("import accsyn_orm as a; print(a.__file__, a.__version__)").split()
    assert Path(where).is_relative_to(bare.bin.parent)
    assert version == __version__
    assert bare.run("python", "-m", "pip", "check").returncode == 0


def test_the_core_needs_no_extra(bare: Installed) -> None:
    assert bare.python(CORE).splitlines() == [
        "job WHERE status=failed OR size>1",
        "[('daily', 7)]",
    ]


def test_what_needs_an_extra_names_it(bare: Installed) -> None:
    command = bare.run("accsyn-orm", "--version", check=False)
    assert command.returncode == 2
    assert command.stderr.endswith("pip install 'accsyn-orm[cli]'\n")
    sandbox = bare.run(
        "python", "-c", "from accsyn_orm.sandbox import Sandbox; Sandbox().start()", check=False
    )
    assert "accsyn-orm[sandbox]" in sandbox.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", [("accsyn-orm",), ("python", "-m", "accsyn_orm")])
def test_the_command_says_its_version(with_sandbox: Installed, command: tuple[str, ...]) -> None:
    assert with_sandbox.run(*command, "--version").stdout == f"accsyn-orm {__version__}\n"


def test_the_demo_runs_with_the_extra_sandbox(with_sandbox: Installed) -> None:
    for name in ("demo.py", "abort_stale_jobs.py"):
        shutil.copy(EXAMPLES / name, with_sandbox.folder)
    shown = with_sandbox.run("python", "-W", "error", "demo.py").stdout
    assert "sandbox of workspace" in shown
    assert "aborted" in shown


def test_the_pytest_plugin_is_found(with_sandbox: Installed) -> None:
    (with_sandbox.folder / "test_project.py").write_text(PROJECT)
    done = with_sandbox.run("python", "-m", "pytest", "-W", "error", "-q", "test_project.py")
    assert "1 passed" in done.stdout


def test_type_checkers_see_its_types(bare: Installed) -> None:
    consumer = bare.folder / "consumer.py"
    consumer.write_text(CONSUMER)
    done = subprocess.run(  # noqa: S603 -- the type checker of whoever runs the tests, reading that environment
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", ""),
            *("--cache-dir", str(bare.folder / "cache"), "--python-executable", str(bare.bin / "python")),
            str(consumer),
        ],
        cwd=bare.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert [line.partition("error: ")[2] for line in done.stdout.splitlines()[:-1]] == [
        'Incompatible types in assignment (expression has type "str", variable has type "int")  [assignment]'
    ], done.stdout + done.stderr
