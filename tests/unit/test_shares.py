"""Intervals of a share against SciPy, against tables, and by what they hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from trephine.core.shares import clopper_pearson, jeffreys, wilson

Interval = Callable[[float, float], tuple[float, float]]
ALL: tuple[Interval, ...] = (wilson, clopper_pearson, jeffreys)
SEEN = ((0, 50), (50, 50), (3, 40), (2867, 10_000))


def coverage(interval: Interval, of: int, share: float) -> float:
    """Return how often an interval holds a share, summed over all that may be seen."""
    ends = np.array([interval(events, of) for events in range(of + 1)])
    chance = stats.binom.pmf(np.arange(of + 1), of, share)
    return float(chance[(ends[:, 0] <= share) & (share <= ends[:, 1])].sum())


def mean_coverage(interval: Interval) -> float:
    return float(np.mean([coverage(interval, 30, p) for p in np.linspace(0.02, 0.98, 97)]))


def plain(events: float, of: float) -> tuple[float, float]:
    """Be the textbook interval, which has no width where nothing was seen."""
    share = events / of
    half = 1.96 * np.sqrt(share * (1 - share) / of)
    return share - half, share + half


@pytest.mark.parametrize(("interval", "name"), [(wilson, "wilson"), (clopper_pearson, "exact")])
def test_they_are_those_of_scipy(interval: Interval, name: str) -> None:
    for events, of in SEEN:
        theirs = stats.binomtest(events, of).proportion_ci(method=name)
        assert interval(events, of) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_that_of_jeffreys_is_the_middle_of_its_posterior() -> None:
    law = stats.beta(3.5, 37.5)
    assert jeffreys(3, 40, 0.9) == pytest.approx((law.ppf(0.05), law.ppf(0.95)), abs=1e-12)


@pytest.mark.parametrize(
    ("events", "of", "expected"),
    [(0, 0, (0.0, 1.0)), (0, 10, (0.0, 0.3085)), (10, 10, (0.6915, 1.0)), (5, 6, (0.3588, 0.9958))],
)
def test_the_exact_one_is_that_of_the_tables(
    events: int, of: int, expected: tuple[float, float]
) -> None:
    assert clopper_pearson(events, of) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("interval", ALL)
def test_they_hold_the_share_and_are_the_same_from_either_side(interval: Interval) -> None:
    for events, of in SEEN:
        low, high = interval(events, of)
        assert 0.0 <= low <= events / of <= high <= 1.0
        assert interval(of - events, of) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    assert interval(3, 3)[0] < 0.5


def test_they_hold_a_share_as_often_as_they_say() -> None:
    assert mean_coverage(wilson) == pytest.approx(0.95, abs=0.01)
    assert mean_coverage(jeffreys) == pytest.approx(0.95, abs=0.01)
    assert min(coverage(clopper_pearson, 30, p) for p in np.linspace(0.02, 0.98, 97)) >= 0.95


def test_the_check_rejects_the_interval_of_textbooks() -> None:
    assert mean_coverage(plain) < 0.93
