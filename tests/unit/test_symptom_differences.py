"""Two plans for one joint: their difference agrees with the course's own, on shared luck."""

from __future__ import annotations

import pytest

from trephine import pipeline
from trephine.case.case import read
from trephine.case.symptom_run import SymptomRun
from trephine.cli.example import file
from trephine.study.named_plans import plans
from trephine.study.symptom_differences import apart, responders_apart


def run(plan: str, seed: int = 0) -> SymptomRun:
    case = read(file("knee-osteoarthritis"))
    found = pipeline.run(case if plan == "plan" else plans(case, [plan])[plan], seed=seed)
    assert isinstance(found, SymptomRun)
    return found


@pytest.fixture(scope="module")
def planned() -> SymptomRun:
    return run("plan")


@pytest.fixture(scope="module")
def saline() -> SymptomRun:
    return run("saline")


def test_the_difference_is_the_one_that_the_course_tells(
    planned: SymptomRun, saline: SymptomRun
) -> None:
    told = next(one for one in planned.course.against if one.product == "saline").gain
    expected = (told.low[-1], told.median[-1], told.high[-1])
    assert apart(saline, planned)["VAS"] == pytest.approx(expected, abs=0.3)


def test_luck_that_is_not_shared_would_be_seen(planned: SymptomRun) -> None:
    """Sabotage: the other course has luck of its own, and what is common no longer cancels."""
    low, _, high = apart(run("saline"), planned)["VAS"]
    low_own, _, high_own = apart(run("saline", seed=1), planned)["VAS"]
    assert high_own - low_own > 1.1 * (high - low)


def test_what_nobody_studied_has_no_difference(planned: SymptomRun) -> None:
    assert apart(run("observation"), planned) == {}


def test_shares_who_gain_are_compared_in_pairs(planned: SymptomRun, saline: SymptomRun) -> None:
    low, middle, high = responders_apart(saline, planned)["VAS"]
    own, other = planned.course.own, saline.course.own
    assert own is not None
    assert other is not None
    gains = [next(s for s in one.scores if s.name == "VAS").responders for one in (own, other)]
    with_cells, without = ((g.low[-1], g.median[-1], g.high[-1]) for g in gains if g is not None)
    assert middle == pytest.approx(100 * (without[1] - with_cells[1]), abs=6)
    assert low < 0 < high
    # Sabotage: the ends of the two shares taken apart, as if nothing were common to both.
    assert high - low < 100 * (without[2] - with_cells[0] - (without[0] - with_cells[2]))


def test_nobody_studied_gains_no_share(planned: SymptomRun) -> None:
    assert responders_apart(run("observation"), planned) == {}
