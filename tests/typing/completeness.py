"""
Hold what pyright says of the package as users install it: whether every public type is known.

    python -m tests.typing.completeness

A type counts as known where it is written down, or follows in a way that all type checkers share.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["FLOOR", "complaints", "exit_code", "score", "told", "verified"]

# The share of the public names whose types are known. It may rise.
FLOOR = 1.0
_COMMAND = ("-m", "pyright", "--verifytypes", "accsyn_orm", "--ignoreexternal", "--outputjson")


def verified() -> dict[str, Any]:
    """Return what pyright says of the package that this interpreter imports."""
    # pyright takes the packages of the `python` that it finds; --pythonpath does not reach --verifytypes.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    found = subprocess.run(  # noqa: S603 - the interpreter that runs this
        (sys.executable, *_COMMAND),
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if not found.stdout.startswith("{"):
        raise SystemExit(f"pyright says nothing of accsyn_orm: {found.stdout}{found.stderr}")
    report: dict[str, Any] = json.loads(found.stdout)["typeCompleteness"]
    return report


def score(report: dict[str, Any]) -> float:
    """Return the share of the public names whose types are known; 0 where pyright found no package."""
    return float(report["completenessScore"])


def complaints(report: dict[str, Any]) -> list[str]:
    """Return where a type is missing, one line each; what only mentions such a type is left out."""
    return sorted(
        f"{each['name']}: {' '.join(said['message'].split())}"
        for each in report["symbols"]
        for said in each["diagnostics"]
        if not each["isTypeKnown"] or each["isTypeAmbiguous"]
        if not any(phrase in said["message"] for phrase in ("partially unknown", "No docstring"))
    )


def told(report: dict[str, Any]) -> str:
    """Return the score and what keeps it down, for people."""
    known = f"{score(report):.2%} of the public types are known; {FLOOR:.0%} have to be"
    return "\n  ".join([known, *complaints(report)])


def exit_code(report: dict[str, Any]) -> int:
    """Return 1 where the score is below the floor, and 0 where it is not."""
    return int(score(report) < FLOOR)


if __name__ == "__main__":
    found = verified()
    sys.stdout.write(f"{told(found)}\n")
    raise SystemExit(exit_code(found))
