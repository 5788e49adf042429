"""Figures, the bars that they are held against, and how they are taken: in rounds in which every contender has its turn."""

from __future__ import annotations

import contextlib
import gc
import json
import operator
import os
import pathlib
import platform
import statistics
import time
from importlib import metadata
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Bar", "Figure", "interleaved", "machine", "nanoseconds", "read", "table", "write"]

_COMPARED = {"≤": operator.le, "≥": operator.ge}
_PACKAGES = (
    "accsyn-python-api",
    "attrs",
    "Django",
    "orjson",
    "pyairtable",
    "pynetbox",
    "requests",
    "SQLAlchemy",
    "urllib3",
)


@attrs.frozen
class Bar:
    """
    What a figure must reach.

    Args:
        sign: `≤` or `≥`.
        limit: Against what.
    """

    sign: str
    limit: float

    def holds(self, value: float) -> bool:
        return bool(_COMPARED[self.sign](value, self.limit))

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


@attrs.frozen
class Figure:
    """
    One measured value.

    Args:
        name: What was measured.
        value: The median.
        unit: What it is counted in; the sign of multiplication for ratios.
        bar: What it must reach; None where it is only shown.
    """

    name: str
    value: float
    unit: str
    bar: Bar | None = None

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        return "holds" if self.bar.holds(self.value) else "misses"


def interleaved(
    contenders: dict[str, Callable[..., Any]],
    rounds: int,
    expected: Any = None,
) -> dict[str, float]:
    """
    Return the median seconds of each contender.

    Args:
        contenders: What to run, by name.
        rounds: How often each has its turn; one more turn, the first, is not counted.
        expected: What every one of them must return; None to look at nothing.

    Raises:
        ValueError: One returned something else.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            gc.collect()
            started = time.perf_counter()
            found = run()
            taken = time.perf_counter() - started
            if expected is not None and found != expected:
                raise ValueError(f"{name} returned {found!r}, and not {expected!r}")
            if number:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def nanoseconds(run: Callable[[int], None], count: int, rounds: int = 25) -> float:
    """Return what one step costs, the least of several rounds: nothing makes a processor faster than it is."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter_ns()
        run(count)
        best = min(best, (time.perf_counter_ns() - started) / count)
    return best


def machine() -> dict[str, Any]:
    """Return what the figures depend on: the machine and the versions."""
    versions = {}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "versions": versions,
    }


def _processor() -> str:
    model = ""
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} × {model or platform.processor() or 'processor of an unknown kind'}"


def table(figures: Iterable[Figure], earlier: dict[str, float]) -> str:
    """Return figures as lines for people, with what they were before where that is known."""
    lines = []
    for figure in figures:
        bar = "" if figure.bar is None else f"{figure.bar} {figure.unit}: {figure.verdict}"
        before = f"(before: {earlier[figure.name]:.3g})" if figure.name in earlier else ""
        lines.append(f"{figure.name:<74} {figure.value:>9.3g} {figure.unit:<5} {bar:<20} {before}".rstrip())
    return "\n".join(lines)


def write(path: pathlib.Path, figures: Iterable[Figure]) -> None:
    """Write figures down, with the machine that they are of."""
    document = {"machine": machine(), "figures": [attrs.asdict(figure) for figure in figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: pathlib.Path) -> dict[str, float]:
    """Return what `write` wrote, by name; nothing where there is no such file."""
    if not path.exists():
        return {}
    return {
        figure["name"]: figure["value"] for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]
    }
