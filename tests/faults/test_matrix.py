"""The matrix of faults in its short form, and that it sees the bugs that were planted for it."""

from __future__ import annotations

import pytest

from tests.faults.bench import Experiment
from tests.faults.cases import Case
from tests.faults.matrix import Figures, experiments, run
from tests.faults.seeded import SEEDED

BENCHES = 4


def test_the_short_matrix_violates_nothing() -> None:
    figures = run(experiments(quick=True), BENCHES)
    assert not figures.messages
    assert (figures.violations, figures.lost, figures.duplicated) == (0, 0, 0)
    assert figures.cases > 150
    assert figures.injected > figures.cases * 0.9


def test_the_whole_matrix_is_large_enough() -> None:
    assert len(experiments()) > 2_500


@pytest.mark.parametrize("seeded", SEEDED)
def test_a_planted_bug_is_found(seeded: str) -> None:
    kinds = ("reset_after_apply", "reset_before_apply", "html_502")
    tried = [Experiment(verb, Case(kind), 7) for kind in kinds for verb in ("update", "create", "delete")]
    figures = run(tried, BENCHES, seeded)
    assert figures.violations, f"{seeded} went unseen"
    if seeded == "blind-retries":
        assert figures.duplicated


def test_figures_add_up() -> None:
    figures = Figures(cases=1, injected=2, violations=3, lost=4, duplicated=5, messages=["one"])
    figures.join(Figures(cases=10, injected=20, violations=30, lost=40, duplicated=50, messages=["two"]))
    assert [line.split()[-1] for line in str(figures).splitlines()] == ["11", "22", "33", "44", "55"]
    assert figures.messages == ["one", "two"]
