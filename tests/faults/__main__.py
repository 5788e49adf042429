"""Run the matrix of faults and print its figures: `python -m tests.faults [--quick]`. Exit code 1 on any violation."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from .matrix import Figures, run_part
from .seeded import SEEDED

_SHOWN = 40
_BENCHES = 6


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part in which every fault meets every verb")
    parser.add_argument("--processes", type=int, default=max(2, os.cpu_count() or 2))
    parser.add_argument("--benches", type=int, default=_BENCHES, help="sandboxes per process")
    parser.add_argument("--seeded", choices=SEEDED, help="plant a bug, which has to be found")
    chosen = parser.parse_args()
    started = time.monotonic()
    figures = Figures()
    with ProcessPoolExecutor(chosen.processes, multiprocessing.get_context("spawn")) as pool:
        parts = [
            pool.submit(run_part, part, chosen.processes, chosen.quick, chosen.benches, chosen.seeded)
            for part in range(chosen.processes)
        ]
        for part in parts:
            figures.join(part.result())
    lines = figures.messages[:_SHOWN]
    if len(figures.messages) > _SHOWN:
        lines.append(f"… and {len(figures.messages) - _SHOWN} more")
    lines += [str(figures), f"seconds               {time.monotonic() - started:.1f}", ""]
    sys.stdout.write("\n".join(lines))
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
