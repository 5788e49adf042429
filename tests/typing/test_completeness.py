"""The check of the public types names what keeps the score down, and can fail; `make check` runs it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.typing import completeness

MISSING = "Type is missing type annotation\n  Inferred type is 'int'"


def symbol(name: str, *messages: str, known: bool = False, ambiguous: bool = False) -> dict[str, Any]:
    said = [{"message": message} for message in messages]
    return {"name": name, "isTypeKnown": known, "isTypeAmbiguous": ambiguous, "diagnostics": said}


def report(share: float, *symbols: dict[str, Any]) -> dict[str, Any]:
    return {"completenessScore": share, "symbols": list(symbols)}


def test_only_where_a_type_is_missing_is_named() -> None:
    found = completeness.complaints(
        report(
            0.5,
            symbol("a.z", MISSING, ambiguous=True, known=True),
            symbol("a.b", "Return type is partially unknown"),
            symbol("a.c", "No docstring found", known=True),
            symbol("a.d", "No docstring found"),
        )
    )
    assert found == ["a.z: Type is missing type annotation Inferred type is 'int'"]


def test_what_is_told_begins_with_the_score() -> None:
    first, second = completeness.told(report(0.5, symbol("a.b", MISSING))).splitlines()
    assert first.startswith("50.00% of the public types are known; ")
    assert second.startswith("  a.b: Type is missing")


@pytest.mark.parametrize(
    ("share", "code"), [(0, 1), (completeness.FLOOR - 0.0001, 1), (completeness.FLOOR, 0), (1.0, 0)]
)
def test_a_score_below_the_floor_fails(share: float, code: int) -> None:
    assert completeness.exit_code(report(share)) == code
