"""
Write docs/reference/compatibility.md: every public method of the published clients, run with them and with ours.

Usage: python -m tests.conformance.compatibility
"""

from __future__ import annotations

import functools
from pathlib import Path

import attrs

from tests.conformance.clients import public_methods
from tests.conformance.compatibility_comparison import Names
from tests.conformance.compatibility_deviations import DEVIATIONS, Deviation, explained
from tests.conformance.compatibility_runs import PROTOCOLS, Outcome, run
from tests.conformance.compatibility_uses import SIGN_IN, VERSIONS

__all__ = ["PAGE", "Compared", "compared", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "compatibility.md"
_TEST = "tests/conformance/test_compatibility.py"
_HEAD = f"""\
# Compatibility

Every public method of three published clients, accsyn-python-api {", ".join(VERSIONS[:-1])} and {VERSIONS[-1]}, and what
becomes of a script that is written for it when it imports `accsyn_orm as accsyn_api` instead. Each use below is made
twice: with the published client, against a sandbox with the demo workspace, and with `accsyn_orm`,
against another one that is the same. What the two sandboxes were asked is compared, request by request: method, uri, id,
query, payload and status of the answer. So is what the calls returned, raised and printed. The arguments of the session
are the same, too; where an API key is to speak v1, as 2.2.1 does here, `accsyn_orm` is told so by `protocol="v1"`. A
password, which 2.0.1 signs in with here, says it by itself.

A use is a test of its own in `{_TEST}`: the use `{{example}}` of {VERSIONS[0]} is
`test_use[{VERSIONS[0]}-{{example}}]`. Where a use differs, it takes the deviations in the last column to explain it, and no
fewer; any other difference fails the test. What else can be passed to the calls is compared in
`tests/conformance/test_requests_equal.py` and its neighbours.

This page is written by `python -m tests.conformance.compatibility`.
"""


@attrs.frozen
class Compared:
    """
    A use, with what the published client did and what explains where ours did otherwise.

    Args:
        name: Of the use.
        theirs: What came of it with the published client.
        deviations: What explains the differences.
        unexplained: Differences that nothing explains.
    """

    name: str
    theirs: Outcome
    deviations: tuple[Deviation, ...]
    unexplained: tuple[str, ...]


@functools.cache
def compared(version: str) -> dict[str, Compared]:
    """Make all uses of a version with both clients, and compare them."""
    theirs, ours = run(version, ours=False), run(version, ours=True)
    names = Names()
    found = {}
    for use, outcome in theirs.outcomes.items():
        deviations, unexplained = explained(version, outcome, ours.outcomes[use], names)
        found[use] = Compared(use, outcome, tuple(deviations), tuple(unexplained))
    return found


def page() -> str:
    """Return the page."""
    first = next(each for each in compared(VERSIONS[0]) if each != SIGN_IN)
    parts = [
        _HEAD.format(example=first),
        _summary(),
        *(_section(version) for version in VERSIONS),
        _reasons(),
    ]
    return "\n".join(parts)


def _summary() -> str:
    lines = ["| client | protocol | methods | run by both | uses | requests compared | uses that deviate |"]
    lines.append("|---|---|---|---|---|---|---|")
    for version in VERSIONS:
        uses, methods = compared(version).values(), public_methods(version)
        covered = [name for name in methods if any(name in each.theirs.used for each in uses)]
        figures = (
            *(len(methods), f"{len(covered)} ({100 * len(covered) // len(methods)} %)", len(uses)),
            *(sum(len(each.theirs.requests) for each in uses), sum(bool(each.deviations) for each in uses)),
        )
        lines.append(f"| {version} | {PROTOCOLS[version]} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines) + "\n"


def _section(version: str) -> str:
    uses = compared(version)
    lines = [f"## {version}", "", "| method | requests | uses | deviations |", "|---|---|---|---|"]
    lines.append(_row("Session", [uses[SIGN_IN]]))
    lines += [_row(name, _that_use(name, uses)) for name in public_methods(version)]
    attributes = run(version, ours=False).attributes
    if attributes:
        lines += ["", "| attribute | requests | uses | deviations |", "|---|---|---|---|"]
        lines += [_row(name, _that_use(name, uses)) for name in attributes]
    return "\n".join(lines) + "\n"


def _that_use(name: str, uses: dict[str, Compared]) -> list[Compared]:
    return [each for each in uses.values() if name in each.theirs.used]


def _row(name: str, uses: list[Compared]) -> str:
    requests = {f"`{each.method} {each.uri}`": None for use in uses for each in use.theirs.requests}
    deviations = {each.name: None for use in uses for each in use.deviations}
    cells = (", ".join(requests), ", ".join(f"`{use.name}`" for use in uses), ", ".join(deviations))
    return f"| `{name}` | {' | '.join(cell or '–' for cell in cells)} |"


def _reasons() -> str:
    lines = ["## Deviations", "", "| deviation | what is else, and why | uses |", "|---|---|---|"]
    for deviation in DEVIATIONS:
        uses = [
            f"{version}: {len(found)}"
            for version in VERSIONS
            if (found := [each for each in compared(version).values() if deviation in each.deviations])
        ]
        title = Path(deviation.page).stem
        lines.append(
            f"| {deviation.name} | {deviation.reason} ([{title}](../{deviation.page})) | {', '.join(uses)} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
