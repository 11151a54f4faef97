"""How likely published values are, against laws that can be written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, norm

from made_calibration import SOME, trials
from trephine.study import likelihood
from trephine.study.likelihood import Expected
from trephine.study.targets import Target, targets

FOUND = {one.identifier: one for one in targets(trials(*SOME, "chang-gap-above-3"))[0]}
SHARE = FOUND["Hernigou2005.all.union"]
TIME = FOUND["Chang_femurgap.gap_above_3.time_to_union"]
DOSES = [one for one in FOUND.values() if one.kind == "dose"]
MANY = np.array([1e9])


def told(mean: float, variance: float = 0.0, counted: float = 1e9) -> Expected:
    return Expected(np.array([mean]), np.array([variance]), np.array([counted]))


def test_a_share_is_binomial_where_the_model_is_right() -> None:
    found = likelihood.share(SHARE, told(0.8), 1e-6)
    assert found[0] == pytest.approx(binom.logpmf(53, 60, 0.8), abs=1e-6)


def test_a_share_may_lie_off_as_far_as_is_stated() -> None:
    """Beta and binomial by brute force: odds shifted by luck many times over."""
    odds = np.log(0.8 / 0.2) + 0.5 * np.random.default_rng(0).standard_normal(400_000)
    mean = np.mean(binom.pmf(53, 60, 1.0 / (1.0 + np.exp(-odds))))
    assert likelihood.share(SHARE, told(0.8), 0.5)[0] == pytest.approx(np.log(mean), abs=0.01)


def test_the_check_rejects_a_share_that_forgets_how_many_were_counted() -> None:
    few = replace(SHARE, n=6, value=5)
    narrow = [likelihood.share(one, told(0.5), 1e-3)[0] for one in (SHARE, few)]
    fair = [binom.logpmf(53, 60, 0.5), binom.logpmf(5, 6, 0.5)]
    assert narrow == pytest.approx(fair, abs=1e-3)
    assert fair[0] < fair[1] - 10.0, "sixty patients say far more than six"


def test_a_mean_time_is_normal_with_all_that_is_not_known() -> None:
    found = likelihood.time(TIME, told(14.0, 9.0, 10.0), 0.2)
    spread = np.sqrt(9.0 / 22 + 9.0 / 10 + (0.2 * 14.0) ** 2 + TIME.rounded**2 / 3)
    assert found[0] == pytest.approx(norm.logpdf(TIME.value, 14.0, spread))


def test_doses_share_the_laboratory_that_counted_them() -> None:
    means = [one.value * factor for one, factor in zip(DOSES, (1.1, 2, 1.5), strict=True)]
    found = likelihood.dose(DOSES, [told(mean) for mean in means], 0.15, 1.0)
    own = [0.15**2 + (one.spread / one.value) ** 2 / one.n for one in DOSES if one.spread]
    off = [np.log(one.value / mean) for one, mean in zip(DOSES, means, strict=True)]
    law = multivariate_normal(np.zeros(len(DOSES)), np.diag(own) + 1.0)
    assert found[0] == pytest.approx(law.logpdf(off))
    doubled = likelihood.dose(DOSES, [told(2.0 * mean) for mean in means], 0.15, 1.0)
    assert abs(doubled[0] - found[0]) < 1.5, "a laboratory that counts half is nothing unusual"


@pytest.mark.parametrize("kind", ["share", "time", "dose"])
def test_fewer_virtual_patients_tell_less(kind: str) -> None:
    target = {"share": SHARE, "time": TIME, "dose": DOSES[0]}[kind]
    right, wrong = {
        "share": (0.88, 0.3), "time": (16.0, 4.0), "dose": (target.value, 20 * target.value)
    }[kind]  # fmt: skip

    def gap(counted: float) -> float:
        one, other = (
            _of(target, told(mean, (0.3 * mean) ** 2, counted)) for mean in (right, wrong)
        )
        return float(one - other)

    assert gap(1e9) > gap(3.0) > 0.0


def _of(target: Target, expected: Expected) -> float:
    if target.kind == "share":
        return float(likelihood.share(target, expected, 0.1)[0])
    if target.kind == "time":
        return float(likelihood.time(target, expected, 0.1)[0])
    return float(likelihood.dose([target], [expected], 0.1, 0.1)[0])
