"""What it takes to import: the package alone, and the names that nearly every program needs."""

from __future__ import annotations

import subprocess
import sys

from .figures import Bar, Figure, interleaved

__all__ = ["imports"]

ROUNDS = 9
_STATEMENTS = {
    "nothing": "pass",
    "the package": "import accsyn_orm",
    "Session and Job": "from accsyn_orm import Job, Session",
    "published": "import accsyn_api",
}


def imports() -> list[Figure]:
    """Measure, in processes of their own, without what Python itself takes."""
    seconds = interleaved(
        {name: lambda statement=statement: _run(statement) for name, statement in _STATEMENTS.items()}, ROUNDS
    )
    each = {name: max(taken - seconds["nothing"], 1e-6) * 1e3 for name, taken in seconds.items()}
    return [
        Figure("import accsyn_orm", each["the package"], "ms"),
        Figure("from accsyn_orm import Job, Session", each["Session and Job"], "ms"),
        Figure("import accsyn_api", each["published"], "ms"),
        Figure(
            "import accsyn_orm, over import accsyn_api",
            each["the package"] / each["published"],
            "×",
            Bar("≤", 0.5),
        ),
        Figure(
            "from accsyn_orm import Job, Session, over it", each["Session and Job"] / each["published"], "×"
        ),
    ]


def _run(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603 -- our own text
