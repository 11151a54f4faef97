"""Counting colonies: dishes, dilution, the interval of a count, laboratories."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models.aspiration import AspirationParameters, marrow_share
from trephine.models.assay import assay, laboratory_factor, poisson_interval
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters)
ML = 1e-6
POOL = Suspension(60 * ML, 2e9, 43_200, 1e10, 24 * ML, 0.0)
"""720 progenitors per mL."""
DISHES = np.full(3, 0.5 * ML)


def test_interval_of_a_count_is_the_exact_one() -> None:
    # Garwood's table: 0 gives 0 to 3.689, 10 gives 4.795 to 18.390.
    low, high = poisson_interval(np.array([0, 10]))
    assert low == pytest.approx([0.0, 4.7954], abs=1e-4)
    assert high == pytest.approx([3.6889, 18.3904], abs=1e-4)


def test_an_assay_counts_what_was_plated() -> None:
    rng = np.random.default_rng(1)
    many = Suspension(60 * ML, 2e9, np.full(20_000, 43_200.0), 1e10, 24 * ML, 0.0)  # type: ignore[arg-type]
    found = assay(many, DISHES, 1.0, rng, dilution=10.0)
    assert found.colonies.shape == (3, 20_000)
    assert found.volume == pytest.approx(0.15 * ML)
    assert np.mean(found.estimate) == pytest.approx(720e6, rel=0.003)
    assert found.colonies.mean() == pytest.approx(36.0, rel=0.003)
    assert found.colonies.var() == pytest.approx(36.0, rel=0.03)
    held = (found.low <= 720e6) & (found.high >= 720e6)
    assert 0.95 <= held.mean() < 0.965, "exact intervals hold at least as often as they say"


def test_a_laboratory_that_counts_less_reports_less() -> None:
    paris = laboratory_factor("paris", P)
    found = assay(POOL, np.full(100, 1.0 * ML), paris, np.random.default_rng(2))
    assert found.estimate == pytest.approx(720e6 * 0.743, rel=0.02)
    assert found.estimate / paris == pytest.approx(720e6, rel=0.02)
    assert laboratory_factor("reference", P) == 1.0


def test_a_laboratory_of_which_nothing_is_known() -> None:
    assert laboratory_factor(None, P) == 1.0
    spread = np.log(laboratory_factor(None, P, np.array([-1.0, 1.0])))
    assert spread == pytest.approx([-1.0, 1.0])


def test_an_unknown_laboratory_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="'pariss'; did you mean 'paris'"):
        laboratory_factor("pariss", P)


@pytest.mark.parametrize(
    ("dishes", "dilution"), [(np.array([]), 1.0), (np.array([0.0]), 1.0), (DISHES, 0.5)]
)
def test_an_assay_that_cannot_be_is_refused(dishes: np.ndarray, dilution: float) -> None:
    with pytest.raises(InputError, match="dishes with a volume in each"):
        assay(POOL, dishes, 1.0, np.random.default_rng(0), dilution=dilution)


def test_a_laboratory_is_as_sure_of_its_own_draws_as_of_its_count() -> None:
    """Depots that are larger give more colonies and count for less each, for such draws."""
    luck = Reading(catalogue(), lambda name: np.random.default_rng([5, *name.encode()]), 4000)
    p = luck.fill(AspirationParameters)
    share = marrow_share(4 * ML, p.theta_progenitors)
    counted = p.marrow_progenitors * share * laboratory_factor("paris", p) * ML
    assert np.median(counted) == pytest.approx(612, rel=0.02)
    assert np.log(counted).std() == pytest.approx(0.2, rel=0.05)
    # The twin with samples of its own takes the depots for unsure twice.
    apart = np.random.default_rng(0).permutation(np.asarray(laboratory_factor("paris", p)))
    assert np.log(p.marrow_progenitors * share * apart).std() > 0.3
