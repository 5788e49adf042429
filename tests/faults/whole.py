"""
A migration of some 2,000 changes: previewed, killed half-way, resumed, undone. `python -m tests.faults.whole` runs it.

The workspace must then be what it was, byte for byte, but for what the server notes on every write: `modified` and
`modifier`.
"""

from __future__ import annotations

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

from accsyn_orm.sandbox import Sandbox

SCRIPT = """
from accsyn_orm import Job
from accsyn_orm.migrate import migration


@migration("label everything")
def label(session):
    for job in Job.objects.all():
        job.metadata["label"] = "2026"
"""
NOTED = ("modified", "modifier", "modifier_hr")


def stored(path: pathlib.Path) -> dict[str, str]:
    """Return the documents of a sandbox's database by id, as text, without what every write notes."""
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT id, document FROM entity ORDER BY sequence").fetchall()
    database.close()
    found = {}
    for ident, text in rows:
        document = json.loads(text)
        found[ident] = json.dumps({name: value for name, value in document.items() if name not in NOTED})
    return found


def main() -> int:
    """Run it and print what was seen; 0 where all of it held."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "label.py").write_text(SCRIPT)
        with Sandbox(data="demo", jobs=2800, db=folder / "workspace.db") as sandbox:
            return run(folder, sandbox)


def run(folder: pathlib.Path, sandbox: Sandbox) -> int:
    """Run it in a folder, on a sandbox."""
    admin = sandbox.credentials("admin")
    environment = os.environ | {
        "ACCSYN_URL": sandbox.url,
        "ACCSYN_WORKSPACE": admin["workspace"],
        "ACCSYN_API_USER": admin["username"],
        "ACCSYN_API_KEY": admin["api_key"],
    }

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "accsyn_orm", "migrate", *arguments]
        return subprocess.Popen(  # noqa: S603 -- our own command
            command, env=environment, cwd=folder, stdout=subprocess.DEVNULL
        )

    def edits() -> int:
        return sum(record.uri == "job/edit" for record in list(sandbox.requests))

    before = stored(folder / "workspace.db")
    codes = [begin("run", "label.py", "--plan").wait()]
    writes = sum(record.method != "GET" and record.uri != "api/login" for record in sandbox.requests)
    print(f"--plan: {writes} writes sent")

    killed = begin("run", "label.py", "--yes", "--journal", "label.journal")
    while edits() < 1000:
        time.sleep(0.001)
    killed.kill()
    killed.wait()
    at_kill = edits()
    codes.append(begin("resume", "--journal", "label.journal").wait())
    print(f"killed after {at_kill} updates; {edits()} were sent in all when it was resumed")
    changed = sum('"label": "2026"' in text for text in stored(folder / "workspace.db").values())
    codes.append(begin("undo", "--yes", "--journal", "label.journal").wait())
    after = stored(folder / "workspace.db")
    different = sum(after.get(ident) != text for ident, text in before.items()) + len(
        after.keys() - before.keys()
    )
    print(f"{changed} jobs were changed; after the undo, {different} of {len(before)} entities differ")
    return 0 if codes == [0, 0, 0] and not writes and not different and changed >= 2000 else 1


if __name__ == "__main__":
    sys.exit(main())
