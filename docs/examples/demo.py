"""Start a sandbox with some 2,000 jobs and run a migration script on it, as a user would on a workspace."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from accsyn_orm.sandbox import Sandbox

SCRIPT = pathlib.Path(__file__).with_name("abort_stale_jobs.py")


def main() -> int:
    """Run the script in a process of its own, with the sandbox's address and key in its environment."""
    with Sandbox(data="demo", jobs=2000) as sandbox:
        admin = sandbox.credentials("admin")
        print(f"sandbox of workspace {admin['workspace']} at {sandbox.url}")
        environment = os.environ | {
            "ACCSYN_URL": sandbox.url,
            "ACCSYN_WORKSPACE": admin["workspace"],
            "ACCSYN_API_USER": admin["username"],
            "ACCSYN_API_KEY": admin["api_key"],
        }
        print(f"$ python {SCRIPT.name}")
        sys.stdout.flush()
        done = subprocess.run([sys.executable, SCRIPT], env=environment, check=False)  # noqa: S603 -- our own script
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
