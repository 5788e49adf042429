"""A small web application in Django's manner: models with `objects`, and views that know of no session."""

from __future__ import annotations

from typing import Any

from accsyn_orm import Job, Manager, QuerySet, Session


class ShotQuerySet(QuerySet["Shot"]):
    """Questions that are asked of shots."""

    def of_shot(self, shot: str) -> ShotQuerySet:
        """Keep the jobs of one shot."""
        return self.filter(code__startswith=f"{shot}_")

    def stuck(self) -> ShotQuerySet:
        """Keep what does not go on by itself."""
        return self.filter(status__in=["failed", "paused"])


class Shot(Job):
    """A transfer of one shot's files, named such as `SHOT0010_plates`."""

    objects = Manager(ShotQuerySet)

    @property
    def shot(self) -> str:
        """The shot's number."""
        return str(self.code).partition("_")[0]


def overview() -> dict[str, list[str]]:
    """Show which shots are stuck, and with whom: the start page."""
    page: dict[str, list[str]] = {}
    for job in Shot.objects.stuck().select_related("user"):
        page.setdefault(job.user.code, []).append(job.shot)
    return page


def retry(shot: str) -> dict[str, Any]:
    """Let what is stuck of a shot wait again: what the button `retry` sends."""
    count = Shot.objects.of_shot(shot).stuck().update(status="waiting")
    return {"shot": shot, "retried": count}


def main() -> None:
    """Print the start page; the workspace and the key come from the environment."""
    with Session():
        for user, shots in overview().items():
            print(f"{user}: {', '.join(shots)}")


if __name__ == "__main__":
    main()
