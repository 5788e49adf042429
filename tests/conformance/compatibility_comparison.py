"""Compare what a published client did with what ours did, but for what differs by its nature: new ids, and the time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from tests.conformance.compatibility_runs import Outcome

__all__ = ["Names", "differences"]

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{24}\b")
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\b")
# The two runs are one after the other.
_APART = timedelta(minutes=2)
_RECENT = timedelta(hours=1)


@attrs.define
class Names:
    """Which id in one run is which in the other one: always the same, and none twice."""

    ours: dict[str, str] = attrs.field(factory=dict)
    theirs: dict[str, str] = attrs.field(factory=dict)

    def same(self, theirs: str, ours: str) -> bool:
        """Whether the two ids are the same thing."""
        return self.ours.setdefault(theirs, ours) == ours and self.theirs.setdefault(ours, theirs) == theirs

    def copy(self) -> Names:
        """Return one to try something with."""
        return Names(dict(self.ours), dict(self.theirs))


def differences(theirs: Outcome, ours: Outcome, names: Names) -> list[str]:
    """List where two outcomes differ, as paths with both values; `names` learns the ids that it sees."""
    one, other = (
        attrs.asdict(each, filter=lambda attribute, _: attribute.name != "used") for each in (theirs, ours)
    )
    return _differences("$", one, other, names)


def _differences(path: str, theirs: Any, ours: Any, names: Names) -> list[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        pairs = [(f"{path}.{key}", theirs[key], ours[key]) for key in theirs]
    elif isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)) and len(theirs) == len(ours):
        pairs = [
            (f"{path}[{index}]", one, other)
            for index, (one, other) in enumerate(zip(theirs, ours, strict=True))
        ]
    elif _same_value(theirs, ours, names):
        return []
    else:
        return [f"{path}: {theirs!r} there, {ours!r} here"]
    return [each for pair in pairs for each in _differences(*pair, names)]


def _same_value(theirs: Any, ours: Any, names: Names) -> bool:
    if isinstance(theirs, str) and isinstance(ours, str):
        return _same_text(theirs, ours, names)
    # True is no 1, but 120 is 120.0.
    return isinstance(theirs, bool) is isinstance(ours, bool) and bool(theirs == ours)


def _same_text(theirs: str, ours: str, names: Names) -> bool:
    if theirs == ours and not _ID.search(theirs):
        return True
    if _ID.sub("<id>", _MOMENT.sub("<moment>", theirs)) != _ID.sub("<id>", _MOMENT.sub("<moment>", ours)):
        return False
    ids = map(names.same, _ID.findall(theirs), _ID.findall(ours))
    return all(ids) and all(map(_same_moment, _MOMENT.findall(theirs), _MOMENT.findall(ours)))


def _same_moment(theirs: str, ours: str) -> bool:
    if theirs == ours:
        return True
    one, other = (datetime.fromisoformat(each).replace(tzinfo=timezone.utc) for each in (theirs, ours))
    return abs(one - other) < _APART and abs(datetime.now(timezone.utc) - one) < _RECENT
