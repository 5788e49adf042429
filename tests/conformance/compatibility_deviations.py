"""
The deviations that the table of compatibility knows: where they stand, what they are about, and what they explain.

A deviation aligns: it takes what the published client did and what ours did, and returns both without the one difference
that it is about.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.conformance.compatibility_comparison import Names, differences
from tests.conformance.compatibility_runs import Outcome, Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEVIATIONS", "Deviation", "explained"]

Pair = tuple[Outcome, Outcome]
_DOCS = Path(__file__).parents[2] / "docs"


@attrs.frozen
class Deviation:
    """
    One row of a page of deviations.

    Args:
        name: What the table calls it: the quirk of the row, where it has one.
        page: Below `docs/`.
        row: How its row begins.
        methods: The public methods that it is about; empty for all.
        reason: Why, in the words of the table.
        align: Takes this difference out of the outcome there and the outcome here.
        versions: How the versions that it is about begin.
    """

    name: str
    page: str
    row: str
    methods: frozenset[str]
    reason: str
    align: Callable[[Outcome, Outcome], Pair]
    versions: str = ""

    def concerns(self, version: str, outcome: Outcome) -> bool:
        """Whether a use of a version may differ by it."""
        about = not self.methods or bool(self.methods & set(outcome.used))
        return about and version.startswith(self.versions)

    @property
    def stands_there(self) -> bool:
        """Whether the page has the row."""
        return f"\n{self.row}" in (_DOCS / self.page).read_text(encoding="utf-8")


def explained(
    version: str, theirs: Outcome, ours: Outcome, names: Names
) -> tuple[list[Deviation], list[str]]:
    """
    Explain the differences between two outcomes of one use.

    Returns:
        The deviations that it takes to explain them, none of them for nothing; and what none explains.
    """
    chosen = [each for each in DEVIATIONS if each.concerns(version, theirs)]
    rest = _unexplained(chosen, theirs, ours, names.copy())
    for candidate in list(chosen):
        fewer = [each for each in chosen if each is not candidate]
        if _unexplained(fewer, theirs, ours, names.copy()) == rest:
            chosen = fewer
    return chosen, _unexplained(chosen, theirs, ours, names)


def _unexplained(deviations: list[Deviation], theirs: Outcome, ours: Outcome, names: Names) -> list[str]:
    for deviation in deviations:
        theirs, ours = deviation.align(theirs, ours)
    return differences(theirs, ours, names)


def _requests(
    change: Callable[[Request, Request], tuple[Request, Request]],
) -> Callable[[Outcome, Outcome], Pair]:
    """Align the requests of two uses, one by one."""

    def align(theirs: Outcome, ours: Outcome) -> Pair:
        if len(theirs.requests) != len(ours.requests):
            return theirs, ours
        pairs = [change(*pair) for pair in zip(theirs.requests, ours.requests, strict=True)]
        return (
            attrs.evolve(theirs, requests=tuple(one for one, _ in pairs)),
            attrs.evolve(ours, requests=tuple(other for _, other in pairs)),
        )

    return align


def _case(theirs: Request, ours: Request) -> tuple[Request, Request]:
    query = ours.query and ours.query.lower()
    # What the codes of it look like is another matter.
    bare = theirs.query and _unquoted(theirs.query)
    return theirs, attrs.evolve(ours, query=query) if query in {bare, theirs.query} else ours


def _one_row(theirs: Request, ours: Request) -> tuple[Request, Request]:
    asked = isinstance(ours.data, dict) and ours.data.get("limit") == 1 and "limit" not in theirs.data
    return theirs, attrs.evolve(ours, data=_without(ours.data, "limit")) if asked else ours


def _own_profile(theirs: Request, ours: Request) -> tuple[Request, Request]:
    own = ours.uri == "user/find" and theirs.query is None and ours.query == "code=john@user.com"
    return theirs, attrs.evolve(ours, query=None) if own else ours


def _case_of_type(theirs: Request, ours: Request) -> tuple[Request, Request]:
    return attrs.evolve(theirs, uri=theirs.uri.lower()), ours


def _expression(theirs: Request, ours: Request) -> tuple[Request, Request]:
    query = (theirs.query or "").removeprefix("acl WHERE ").replace("entity=user:*", 'entity="user:*"')
    return attrs.evolve(theirs, query=query or None), ours


def _unquoted(query: str) -> str:
    return re.sub(r"^code='([\w@.]+)'$", r"code=\1", query)


def _bare_code(theirs: Request, ours: Request) -> tuple[Request, Request]:
    return attrs.evolve(theirs, query=theirs.query and _unquoted(theirs.query)), ours


def _notify(theirs: Request, ours: Request) -> tuple[Request, Request]:
    told = (
        theirs.uri == "acl/create" and theirs.data.get("notify") is False and ours.data.get("notify") is True
    )
    return theirs, attrs.evolve(ours, data={**ours.data, "notify": False}) if told else ours


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}


def _refused_here(theirs: Outcome, ours: Outcome) -> Pair:
    """Align one request that the sandbox refuses with a refusal of ours."""
    if ours.requests or ours.raised != "AccsynException" or not (theirs.raised and len(theirs.requests) == 1):
        return theirs, ours
    return attrs.evolve(theirs, requests=(), text=ours.text), ours


def _another_error(theirs: Outcome, ours: Outcome) -> Pair:
    if ours.raised != "AccsynException" or theirs.raised != "AssertionError":
        return theirs, ours
    return attrs.evolve(theirs, raised=ours.raised, text=ours.text), ours


def _remembered(theirs: Outcome, ours: Outcome) -> Pair:
    if theirs.returned is None and isinstance(ours.returned, str):
        return attrs.evolve(theirs, returned=ours.returned), ours
    return theirs, ours


def _zones(theirs: Outcome, ours: Outcome) -> Pair:
    return attrs.evolve(theirs, returned=_aware(theirs.returned)), ours


def _aware(value: Any) -> Any:
    if isinstance(value, list):
        return [_aware(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"moment", "naive"}:
        return {**value, "naive": False}
    return {key: _aware(each) for key, each in value.items()}


def _measured_at(theirs: Outcome, ours: Outcome) -> Pair:
    """Write the `time` of metrics as it travels."""
    if not isinstance(theirs.returned, list):
        return theirs, ours
    rows = [{**row, "time": row["time"]["moment"].removesuffix("+00:00")} for row in theirs.returned]
    return attrs.evolve(theirs, returned=rows), ours


def _printed(theirs: Outcome, ours: Outcome) -> Pair:
    address = "https://accsyn-python-api.readthedocs.io/en/latest/"
    both = address in theirs.printed and address in ours.printed
    return attrs.evolve(theirs, printed=ours.printed) if both else theirs, ours


def _deviation(page: str, row: str, methods: str, reason: str, align: Any, versions: str = "") -> Deviation:
    quirk = row.split("|")[1].strip()
    name = row.split("|")[2].strip() if quirk == "–" else quirk
    return Deviation(name, page, row, frozenset(methods.split()), reason, align, versions)


_PAGE, _EARLIER = "explanation/deviations.md", "reference/generations.md"
DEVIATIONS = (
    _deviation(
        _PAGE, "| D1 |", "find find_one report metrics grant revoke",
        "the query is sent as written, not in lower case, which changes values", _requests(_case),
    ),
    _deviation(
        _PAGE, "| D6 | `find_one`", "find_one", "`limit` 1 is sent, since one row is returned", _requests(_one_row)
    ),
    _deviation(
        _PAGE, "| D7 |", "find_one", '`find_one("User")` asks for oneself, as it is documented', _requests(_own_profile)
    ),
    _deviation(
        _PAGE, "| C18 |", "get_entity assignments get_setting access",
        "the type is sent in lower case, as in every other call", _requests(_case_of_type), "3.",
    ),
    _deviation(
        _PAGE, "| C19 |", "access revoke", "the expression is sent without `acl WHERE`, as `find` does",
        _requests(_expression), "3.",
    ),
    _deviation(
        _PAGE, "| A15 |", "grant revoke", "a code is written such that it stays one value", _requests(_bare_code), "3."
    ),
    _deviation(
        _PAGE, "| F7 | `grant` for a share without", "grant", "`notify` is true where it is not given, as documented",
        _requests(_notify), "3.",
    ),
    _deviation(
        _PAGE, "| F11 |", "delete_one", "deleting a task is refused at once: the server keeps all of them",
        _refused_here,
    ),
    _deviation(
        _PAGE, "| F2 |", "rm", "refused, since v1 cannot delete a file; the published client makes a directory",
        _refused_here, "2.",
    ),
    _deviation(
        _PAGE, "| C3 |", "get_last_message", "it returns the last message; that of 3.4.0 is always None", _remembered, "3."
    ),
    _deviation(
        _PAGE, "| F10 |", "login", "an `AccsynException` instead of an `AssertionError`: the session is signed in",
        _another_error, "2.",
    ),
    _deviation(
        _PAGE, "| E4 |", "metrics", "`time` stays text, since the form of metrics is not documented", _measured_at
    ),
    _deviation(
        _EARLIER, "| E3 |", "", "times know their zone, UTC or the local one, and are the same moments", _zones, "2."
    ),
    _deviation(
        _PAGE, "| – | `help()` |", "help", "the address is written, and no browser is opened", _printed
    ),
)  # fmt: skip
