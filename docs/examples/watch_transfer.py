"""Copy a file from a user's machine to a volume, both played by local folders, and watch the transfer."""

from __future__ import annotations

import time

from accsyn_orm import Job, Session
from accsyn_orm.sandbox import Sandbox


def main() -> None:
    """Create a file and a job, and print its progress until it is over."""
    with Sandbox(data="empty", transfers=True) as sandbox:
        sandbox.transfers.speed_limit = 20_000_000  # bytes per second
        machine, volume = sandbox.disk.machine("john@user.com"), sandbox.disk.volume("projects")
        (machine / "plate.mov").write_bytes(bytes(10_000_000))
        admin = sandbox.credentials("admin")
        with Session(admin["workspace"], admin["username"], admin["api_key"], url=sandbox.url) as session:
            task = {"source": "john@user.com:/plate.mov", "destination": "incoming/"}
            job = Job(name="plates", initial_tasks=[task])
            session.add(job)
            session.commit()
            while job.status in {"waiting", "running"}:
                print(f"{job.status:8} {job.progress:3} %  {job.speed:4} MB/s  {job.etr}")
                time.sleep(0.1)
                session.refresh(job)
            print(f"{job.status:8} {job.progress:3} %  {job.size} bytes")
        print(f"on the volume: {(volume / 'incoming/plate.mov').stat().st_size} bytes")


if __name__ == "__main__":
    main()
