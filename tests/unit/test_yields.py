"""The yield of a run: its spread against a plain quadrature, value by value."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit

from trephine.models.yields import logistic, logit_spread, yield_of_run

Floats = NDArray[np.float64]
CASES = [
    (0.85, 0.35),
    (0.95, 0.125),
    (0.55, 0.5),
    (0.98, 0.5),
    (0.9, 0.01),
    (0.3, 0.7),
    # Outside of the table.
    (0.995, 0.35),
    (0.02, 0.3),
    (0.85, 1.1),
]


def plain(median: float, spread: float) -> float:
    """Return the spread of the logit by a root search on a quadrature."""
    nodes, weights = hermegauss(100)
    weights = weights / weights.sum()

    def excess(sigma: float) -> float:
        logarithm = log_expit(logit(median) + sigma * nodes)
        return float(np.sqrt(weights @ (logarithm - weights @ logarithm) ** 2)) - spread

    return float(brentq(excess, 1e-9, 20.0, xtol=1e-13))


def small(median: Floats, spread: Floats) -> Floats:
    """Sabotage: the slope of the logarithm at the median alone, right for small spreads."""
    return spread / (1.0 - median)


@pytest.mark.parametrize(("median", "spread"), CASES)
def test_spread_of_the_logit_is_that_of_a_plain_quadrature(median: float, spread: float) -> None:
    assert logit_spread(median, spread) == pytest.approx(plain(median, spread), rel=2e-6)


def test_the_check_rejects_the_slope_alone() -> None:
    medians, spreads = np.array(CASES).T
    wanted = np.array([plain(*case) for case in CASES])
    found = np.asarray(logit_spread(medians, spreads))
    assert np.abs(found / wanted - 1).max() < 2e-6
    assert np.abs(small(medians, spreads) / wanted - 1).max() > 0.1


def test_a_value_does_not_depend_on_its_company() -> None:
    rng = np.random.default_rng(5)
    medians, spreads = rng.uniform(0.05, 0.999, 20_000), rng.uniform(0.05, 0.9, 20_000)
    together = np.asarray(logit_spread(medians, spreads))
    for one in (0, 8191, 8192, 19_999):
        assert together[one] == logit_spread(medians[one], spreads[one])
        assert together[one] == np.asarray(logit_spread(medians[one:], spreads[one:]))[0]


def test_yield_spreads_as_its_logarithm_should() -> None:
    runs = np.asarray(yield_of_run(0.85, 0.35, np.random.default_rng(11).standard_normal(200_000)))
    assert np.log(runs).std() == pytest.approx(0.35, abs=0.004)
    assert np.median(runs) == pytest.approx(0.85, abs=0.002)
    assert runs.max() < 1.0


def test_medians_and_spreads_may_be_samples() -> None:
    rng = np.random.default_rng(12)
    medians, spreads = rng.uniform(0.5, 0.99, 50), rng.uniform(0.1, 0.5, 50)
    luck = rng.standard_normal(50)
    together = yield_of_run(medians, spreads, luck)
    alone = [yield_of_run(*each) for each in zip(medians, spreads, luck, strict=True)]
    assert np.array_equal(together, alone)


def test_a_certain_yield_does_not_vary() -> None:
    found = yield_of_run(np.array([0.0, 0.85, 1.0]), 0.35, np.array([2.0, 0.0, 2.0]))
    assert np.array_equal(found, [0.0, 0.85, 1.0])
    assert yield_of_run(1.0, 0.35, 2.0) == 1.0
    assert yield_of_run(0.85, 0.35, 0.0) == 0.85


def test_logistic_takes_any_argument() -> None:
    found = logistic(np.array([-1e4, -2.0, 0.0, 2.0, 1e4]))
    assert found == pytest.approx(expit([-1e4, -2.0, 0.0, 2.0, 1e4]), abs=1e-15)
