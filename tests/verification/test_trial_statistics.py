"""Statistics of trials against SciPy's, which were written by others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from trephine.study import sampling
from trephine.study.power import fisher, welch
from trephine.study.sampling import shares
from trephine.study.survival import Curve, curve, log_rank

Array = np.ndarray[Any, Any]


def patients(seed: int, count: int = 80, scale: float = 20.0) -> tuple[Array, Array]:
    """Return when union was seen and the last visit, with loss to follow-up and ties."""
    luck = np.random.default_rng(seed)
    week = np.ceil(luck.exponential(scale, count))
    last = np.minimum(np.ceil(luck.uniform(4, 40, count)), 26.0)
    return np.where(week <= last, week, np.inf), last


def censored(united: Array, last: Array) -> stats.CensoredData:
    seen = np.isfinite(united)
    return stats.CensoredData(uncensored=united[seen], right=last[~seen])


def without_the_censored(united: Array, last: Array) -> Curve:
    seen = np.isfinite(united)
    return curve(united[seen], last[seen])


def lost_before_union(united: Array, last: Array) -> Curve:
    """Censor half a week early, so that who is lost at a time of union is no longer at risk."""
    return curve(united, np.where(np.isfinite(united), last, last - 0.5))


def worst(made: Callable[[Array, Array], Curve]) -> float:
    """Return the largest difference to SciPy's product-limit estimate."""
    found = 0.0
    for seed in range(5):
        united, last = patients(seed)
        theirs = stats.ecdf(censored(united, last)).sf
        weeks = np.arange(0.0, 27.0)
        found = max(
            found, float(np.abs(made(united, last).at(weeks) - theirs.evaluate(weeks)).max())
        )
    return found


def test_the_curve_is_the_product_limit_estimate() -> None:
    assert worst(curve) < 1e-12


@pytest.mark.parametrize("sabotage", [without_the_censored, lost_before_union])
def test_the_check_rejects_wrong_censoring(sabotage: Callable[[Array, Array], Curve]) -> None:
    assert worst(sabotage) > 1e-3


def test_the_variance_is_greenwoods() -> None:
    united, last = patients(7)
    ours = curve(united, last)
    interval = stats.ecdf(censored(united, last)).sf.confidence_interval(0.95, method="linear")
    low = interval.low.probabilities[np.isin(interval.low.quantiles, ours.week)]
    expected = np.clip(ours.waiting - 1.959963985 * np.sqrt(ours.variance), 0, 1)
    assert np.allclose(low, expected, atol=1e-8)


def test_nobody_united_is_a_flat_line_without_a_median() -> None:
    flat = curve(np.full(3, np.inf), np.full(3, 26.0))
    assert flat.at(30.0) == 1.0
    assert flat.median is None


def one_sided(united: tuple[Array, Array], last: tuple[Array, Array]) -> Array:
    return log_rank(united, last) / 2


def deaf_to_censoring(united: tuple[Array, Array], last: tuple[Array, Array]) -> Array:
    return log_rank(united, (np.full_like(last[0], 99.0), np.full_like(last[1], 99.0)))


def gap_to_scipy(test: Callable[..., Array]) -> float:
    found = 0.0
    for seed in range(6):
        (a, la), (b, lb) = patients(seed, 30), patients(seed + 50, 40, 12.0)
        rows = test((a[None], b[None]), (la[None], lb[None]))
        expected = stats.logrank(censored(a, la), censored(b, lb)).pvalue
        found = max(found, abs(float(rows[0]) - expected))
    return found


def test_the_log_rank_test_is_scipys() -> None:
    assert gap_to_scipy(log_rank) < 1e-10


@pytest.mark.parametrize("sabotage", [one_sided, deaf_to_censoring])
def test_the_check_rejects_a_broken_log_rank_test(sabotage: Callable[..., Array]) -> None:
    assert gap_to_scipy(sabotage) > 1e-3


def test_fishers_exact_test_is_scipys() -> None:
    luck = np.random.default_rng(3)
    first, second = luck.integers(0, 21, 40), luck.integers(0, 21, 40)
    expected = [
        stats.fisher_exact([[a, 20 - a], [b, 20 - b]]).pvalue
        for a, b in zip(first, second, strict=True)
    ]
    assert fisher(first, second, 20) == pytest.approx(expected, rel=1e-9)
    assert fisher(first, second, 21) != pytest.approx(expected, rel=1e-3)  # it can fail


def test_welchs_test_is_scipys_and_leaves_out_what_is_missing() -> None:
    luck = np.random.default_rng(4)
    first, second = luck.normal(0, 1, (6, 12)), luck.normal(0.7, 3, (6, 30))
    first[2, :4] = np.nan
    p, side = welch(first, second)
    for row in range(6):
        one = first[row][np.isfinite(first[row])]
        expected = stats.ttest_ind(one, second[row], equal_var=False)
        assert p[row] == pytest.approx(expected.pvalue, rel=1e-9)
        assert side[row] == np.sign(expected.statistic)
        alike = stats.ttest_ind(one, second[row], equal_var=True)
        assert p[row] != pytest.approx(alike.pvalue, rel=1e-3)


def test_correlation_is_spearmans_with_ties_and_gaps() -> None:
    luck = np.random.default_rng(5)
    found, doses = luck.integers(0, 6, (4, 25)).astype(float), luck.lognormal(0, 1, (4, 25))
    found[1, :5] = np.nan
    ours = sampling.STATISTICS[True, "mean"](found, doses)
    for row in range(4):
        known = np.isfinite(found[row])
        expected = stats.spearmanr(found[row][known], doses[row][known]).statistic
        assert ours[row] == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_a_share_holds_nine_of_ten_trials() -> None:
    """Of trials of 60 with a true share of 0.8, told by 120 virtual patients of the same truth."""
    luck = np.random.default_rng(6)
    inside, plain = [], []
    for _ in range(400):
        virtual = (luck.random(120) < 0.8).astype(float)
        seen = luck.binomial(60, 0.8) / 60
        trials = shares(virtual, np.zeros(120, dtype=np.int64), 60, luck)
        low, high = np.quantile(trials, (0.05, 0.95))
        inside.append(low <= seen <= high)
        near, far = np.quantile(luck.binomial(60, virtual.mean(), 2000) / 60, (0.05, 0.95))
        plain.append(near <= seen <= far)
    assert 0.88 <= np.mean(inside) <= 0.96
    assert np.mean(plain) < 0.88  # the sabotage: as if the virtual patients were the truth


def test_certainty_is_not_claimed_where_all_virtual_patients_united() -> None:
    trials = shares(np.ones(30), np.zeros(30, dtype=np.int64), 60, np.random.default_rng(0))
    assert 0.9 < np.quantile(trials, 0.05) < 1.0


@pytest.mark.parametrize("virtual", [4, 12])
def test_the_interval_of_a_level_holds_nine_of_ten_trials(virtual: int) -> None:
    """Of trials of 20 with a true mean of 12 and spread of 3, told by few virtual patients."""
    luck = np.random.default_rng(7)
    inside, plain = [], []
    alike = np.zeros(virtual, dtype=np.int64)
    for _ in range(300):
        found = luck.normal(12, 3, virtual)
        seen = luck.normal(12, 3, 20).mean()
        weights = luck.standard_exponential((1000, virtual))
        cut = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
        places = (luck.random((1000, 20, 1)) > cut[:, None, :]).sum(axis=2)
        told = found[np.minimum(places, virtual - 1)].mean(axis=1)
        ends = np.quantile(
            sampling.widened(told, found, alike, np.zeros(1000, dtype=np.int64)), (0.05, 0.95)
        )
        inside.append(ends[0] <= seen <= ends[1])
        low, high = np.quantile(told, (0.05, 0.95))
        plain.append(low <= seen <= high)
    assert 0.86 <= np.mean(inside) <= 0.95
    assert np.mean(plain) < 0.86  # the sabotage: the virtual patients taken for all there are


def test_one_virtual_patient_tells_no_interval_and_no_level_is_negative() -> None:
    none, trials = np.zeros(1, dtype=np.int64), np.zeros(3, dtype=np.int64)
    assert np.isnan(sampling.widened(np.full(3, 9.0), np.array([9.0]), none, trials)).all()
    pair = np.array([1.0, 9.0])
    told = sampling.widened(np.array([1.0, 5.0, 9.0]), pair, np.zeros(2, dtype=np.int64), trials)
    assert told[0] == 0.0
    assert told[1] == pytest.approx(5.0)
    assert told[2] == pytest.approx(5 + 4 * 6.3138 / 1.6449 * 3**0.5, rel=1e-4)
