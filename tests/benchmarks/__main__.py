"""
Measure side by side, in interleaved rounds, and print medians and ratios.

`make bench` runs it, and `make bench-check` with `--check`. Only the ratios of one run mean something: the machine's
speed drifts between runs. Each family of figures has a process of its own, so that none pays for the memory of another.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import pathlib
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from . import figures
from .commits import commits
from .fields import fields
from .hydration import hydration
from .imports import imports
from .listing import distant, near, near_without_orjson
from .memory import memory
from .scale import scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from .figures import Figure

FAMILIES: dict[str, Callable[[], list[Figure]]] = {
    "listing": near,
    "listing-json": near_without_orjson,
    "distant": distant,
    "hydration": hydration,
    "fields": fields,
    "commits": commits,
    "memory": memory,
    "imports": imports,
    "scale": scale,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "families", nargs="*", metavar="FAMILY", help=f"some of {', '.join(FAMILIES)}; all by default"
    )
    parser.add_argument(
        "--json", type=pathlib.Path, help="write the figures there, and compare with what stood there"
    )
    parser.add_argument("--check", action="store_true", help="fail where a figure misses its bar")
    parser.add_argument(
        "--million", action="store_true", help="let the table of growing listings go up to a million"
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.families if name not in FAMILIES]
    if unknown:
        parser.error(f"no family {', '.join(unknown)}: there are {', '.join(FAMILIES)}")
    return arguments


def main() -> int:
    """Run as a program."""
    arguments = _arguments()
    earlier = {} if arguments.json is None else figures.read(arguments.json)
    chosen = {name: run for name, run in FAMILIES.items() if name in (arguments.families or FAMILIES)}
    if arguments.million and "scale" in chosen:
        chosen["scale"] = functools.partial(scale, largest=True)
    found: list[Figure] = []
    for run in chosen.values():
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            family = pool.submit(run).result()
        print(figures.table(family, earlier), flush=True)
        found += family
    if arguments.json is not None:
        figures.write(arguments.json, found)
    missed = [figure for figure in found if figure.verdict == "misses"]
    held = sum(figure.verdict == "holds" for figure in found)
    print(f"{held} bars hold, {len(missed)} are missed")
    for figure in missed:
        print(f"  {figure.name}: {figure.value:.3g} {figure.unit}, and the bar is {figure.bar}")
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
