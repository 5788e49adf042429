"""
Run mutmut over one area of the package, in a copy, and print the score and what survived.

The copy stays in `build/mutation/AREA` with what was found out already: a second run tries what survived, what is new,
and what is named. `mutmut show NAME` works there.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
from collections import Counter

ROOT = pathlib.Path(__file__).parents[2]
# What is broken, and the tests that are to notice.
AREAS = {
    "expressions": (
        ["accsyn_orm/expressions/*.py", "accsyn_orm/queryset/paging.py"],
        ["test_expressions_*.py", "test_paging.py"],
    ),
    "session": (
        ["accsyn_orm/session/*.py"],
        ["test_session_*.py", "test_journal*.py", "test_queryset_writing.py"],
    ),
    "migrate": (["accsyn_orm/migrate/*.py"], ["test_migrate_*.py"]),
}
# What exit codes mean, as mutmut keeps them; anything else, such as an error of pytest itself, counts as survived.
CAUGHT = {1: "killed", 24: "timed out", -24: "timed out", 36: "timed out", 152: "timed out"}
UNTRIED = {None: "not tried", 33: "not covered"}
CHILDREN = 2
BAR = 85


def prepare(area: str, folder: pathlib.Path) -> None:
    """Copy the tree, and tell mutmut what to do with it."""
    for name in ("accsyn_orm", "docs", "tests"):
        shutil.copytree(
            ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy2(ROOT / "pyproject.toml", folder)
    broken, tests = AREAS[area]
    settings = {
        "source_paths": ["accsyn_orm"],
        "only_mutate": broken,
        "also_copy": ["docs"],
        "process_isolation": ["forkserver"],  # what the parser caches, and threads, must not outlive a mutant
        "timeout_multiplier": ["5"],
        "pytest_add_cli_args": ["-p", "tests.mutation.plugin"],
        "pytest_add_cli_args_test_selection": sorted(
            str(file.relative_to(ROOT)) for each in tests for file in (ROOT / "tests/unit").glob(each)
        ),
    }
    lines = [
        f"{name} =" + "".join(f"\n    {value}" for value in values)
        if len(values) > 1
        else f"{name} = {values[0]}"
        for name, values in settings.items()
    ]
    (folder / "setup.cfg").write_text("\n".join(["[mutmut]", *lines, ""]))


def forget_survivors(folder: pathlib.Path) -> None:
    """Have them tried again, with the tests that there are now; what was killed stays so."""
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for file in (folder / "mutants").rglob("*.py.meta"):
        known = json.loads(file.read_text())
        codes = known["exit_code_by_key"]
        known["exit_code_by_key"] = {name: code if code in CAUGHT else None for name, code in codes.items()}
        file.write_text(json.dumps(known))


def outcomes(folder: pathlib.Path) -> dict[str, dict[str, str]]:
    """Return what became of each mutant, by file."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted((folder / "mutants").rglob("*.py.meta")):
        codes = json.loads(file.read_text())["exit_code_by_key"]
        if codes:
            found[str(file.relative_to(folder / "mutants").with_suffix(""))] = {
                name: CAUGHT.get(code) or UNTRIED.get(code, "survived") for name, code in codes.items()
            }
    return found


def report(found: dict[str, dict[str, str]]) -> float:
    """Print the score of each file and of all, and the names of what survived; return the score of all."""
    total: Counter[str] = Counter()
    for file, mutants in found.items():
        counts = Counter(mutants.values())
        total += counts
        print(_line(file, counts))
        for name, outcome in mutants.items():
            if outcome not in CAUGHT.values():
                print(f"  {outcome}: {name}")
    print(_line("in all", total))
    return _score(total)


def _score(counts: Counter[str]) -> float:
    return 100 * (counts["killed"] + counts["timed out"]) / max(1, counts.total())


def _line(what: str, counts: Counter[str]) -> str:
    parts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return f"{what}: {_score(counts):.1f} % of {counts.total():,} mutants ({parts})"


def main() -> None:
    """Run an area."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("area", choices=AREAS)
    parser.add_argument(
        "names", nargs="*", help="mutants to try (again), such as 'accsyn_orm.session.bulk.*'"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, print what is known")
    options = parser.parse_args()
    folder = ROOT / "build" / "mutation" / options.area
    if not options.report:
        folder.mkdir(parents=True, exist_ok=True)
        prepare(options.area, folder)
        forget_survivors(folder)
        mutmut = str(pathlib.Path(sys.executable).with_name("mutmut"))
        command = [mutmut, "run", "--max-children", str(CHILDREN), *options.names]
        subprocess.run(command, cwd=folder, check=True)  # noqa: S603 -- our own command
    if report(outcomes(folder)) < BAR:
        sys.exit(f"the score is below {BAR} %")


if __name__ == "__main__":
    main()
