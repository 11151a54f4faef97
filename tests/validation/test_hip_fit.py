"""The fit of necrotic heads: populations by weighting people, against what can be told by hand."""

from __future__ import annotations

from typing import Any

import hip_fit
import numpy as np
import pytest
from hip_fit import Numbers, Row
from hip_people import FILL_SPREAD, FILLING, RESTING
from scipy import stats

from made_hip import hip_case
from trephine.catalogue.cohorts import cohorts
from trephine.core.errors import InputError, SolverError
from trephine.core.shares import jeffreys
from trephine.intake.head import printed
from trephine.pipeline import hip
from trephine.study import hips
from trephine.study.hips import Followed, HipChances, follow_many

K = Numbers(damage=8.0, filling=0.3, resting=0.8, gain=5.0)


def made_up(count: int = 20000, **more: Any) -> Row:
    """Return people drawn as those of the fit, who break early where their bone fills slowly."""
    rng = np.random.default_rng(0)
    filling = FILLING * np.exp(FILL_SPREAD * rng.standard_normal(count))
    resting = RESTING * rng.exponential(size=count)
    columns = {
        "damage": np.exp(rng.uniform(np.log(1.5), np.log(25.0), count)),
        "gain": rng.uniform(0.0, 16.0, count),
        "filling": filling,
        "resting": resting,
        "fracture_day": np.where(filling < 0.25, 100.0, np.inf),
        "collapse_day": resting * 365.25,
    }
    return Row({**columns, **more}, rests=True, has_graft=False)


def of_slow_filling(row: Row) -> float:
    return row.share(K, "fracture_day", 2.0).share


def test_a_population_has_the_share_of_slow_filling_that_its_law_says() -> None:
    law = stats.norm.cdf(np.log(0.25 / K.filling) / printed().fill_variation)
    assert of_slow_filling(made_up()) == pytest.approx(law, abs=0.02)


def test_a_population_rests_as_its_law_says() -> None:
    law = 1.0 - np.exp(-2.0 / K.resting)
    assert made_up().share(K, "collapse_day", 2.0).share == pytest.approx(law, abs=0.02)


def test_the_weights_check_rejects_people_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def alike(row: Row, k: Numbers) -> Any:
        del k
        return np.full(row.columns["filling"].size, 1.0 / row.columns["filling"].size)

    monkeypatch.setattr(Row, "weights", alike)
    law = stats.norm.cdf(np.log(0.25 / K.filling) / printed().fill_variation)
    assert of_slow_filling(made_up()) != pytest.approx(law, abs=0.02)
    rests = made_up().share(K, "collapse_day", 2.0).share
    assert rests != pytest.approx(1.0 - np.exp(-2.0 / K.resting), abs=0.02)


def test_doubt_about_a_chance_widens_the_interval_of_a_trial() -> None:
    sure, doubted = np.full(400, 0.5), np.linspace(0.2, 0.8, 400)
    assert hip_fit.in_a_trial(sure, 10) == tuple(stats.binom.ppf([0.05, 0.95], 10, 0.5))
    narrow, wide = hip_fit.in_a_trial(sure, 10), hip_fit.in_a_trial(doubted, 10)
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]


def test_only_published_values_that_may_be_fitted_are_seen() -> None:
    told = hip_fit.published()
    assert told["untreated C2"] == (0.578, 0.848)
    assert (told["cells"], told["drilled"]) == ((1.0, 10.0), (5.0, 8.0))
    assert len(told) == 6
    assert {"Kuroda2019", "Gangji2004"} <= set(cohorts("calibrate"))
    assert not {"Gangji2011", "Hegde2025", "Mayo_BJO2021"} & set(cohorts("calibrate"))


def test_the_likelihood_prefers_the_numbers_that_made_the_counts() -> None:
    few = {name: made_up(3000) for name in ("untreated C1", "untreated C2")}
    rests = {"untreated C1": 0.8, "untreated C2": 0.8}
    told = {n: tuple(1.0 - np.exp(-y / r) for y in (2.0, 5.0)) for n, r in rests.items()}
    tried = [K._replace(resting=resting) for resting in (0.4, 0.8, 1.6)]
    found = [hip_fit.likelihood(k, few, told) for k in tried]
    assert int(np.argmax(found)) == 1
    late = {name: (0.0, share) for name, (share, _) in told.items()}
    assert int(np.argmax([hip_fit.likelihood(k, few, late) for k in tried])) == 2


def test_two_plans_meet_the_same_people() -> None:
    drilled = hip_case(steps=[{"kind": "core_decompression", "day": "0 d"}])
    one, other = (follow_many(plan, 2) for plan in (hip_case(), drilled))
    np.testing.assert_array_equal(one.necrotic_angle, other.necrotic_angle)
    assert other.lesion_after.sum() < one.lesion_after.sum()
    assert not np.allclose(follow_many(hip_case(), 2, seed=1).necrotic_angle, one.necrotic_angle)


def dry(monkeypatch: pytest.MonkeyPatch, unlucky: set[int]) -> None:
    """Let the product of some patients fail, in the order in which they are treated."""
    calls = iter(range(100))

    def prepared(*_: Any) -> Any:
        if next(calls) in unlucky:
            raise InputError("the marrow cannot be concentrated")
        yield from ()

    monkeypatch.setattr(hip, "prepared", prepared)


def test_a_patient_whose_marrow_is_too_thin_stays_among_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = follow_many(hip_case(), 3)
    dry(monkeypatch, {1})
    found = follow_many(hip_case(), 3)
    assert [bool(error) for error in found.errors] == [False, True, False]
    assert "concentrated" in found.errors[1]
    np.testing.assert_array_equal(found.necrotic_angle, alone.necrotic_angle)
    np.testing.assert_array_equal(found.lesion_after, alone.lesion_after)


def test_the_check_rejects_a_patient_who_is_lost_with_the_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sabotage: the error ends the patient's course, not the product alone."""
    unsolved(monkeypatch, InputError("the marrow cannot be concentrated"), {1})
    found = follow_many(hip_case(), 3)
    assert found.failures == 1
    assert found.lesion_after.shape == (2,)


def unsolved(monkeypatch: pytest.MonkeyPatch, error: Exception, unlucky: set[int]) -> None:
    """Let the course of some patients fail, in the order in which they are followed."""
    calls, treat = iter(range(100)), hips.treat

    def failing(*given: Any, **more: Any) -> Any:
        if next(calls) in unlucky:
            raise error
        return treat(*given, **more)

    monkeypatch.setattr(hips, "treat", failing)


def test_a_patient_who_cannot_be_solved_stays_in_the_denominator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = follow_many(hip_case(), 3)
    unsolved(monkeypatch, SolverError("no balance of forces", (1.0, 0.5)), {1})
    found = follow_many(hip_case(), 3)
    assert found.failures == 1
    assert found.is_followed.tolist() == [True, False, True]
    assert found.errors[1].startswith("no balance of forces")
    np.testing.assert_array_equal(found.lesion_after, alone.lesion_after[[0, 2]])
    assert np.isinf(found.collapse_day[1])


def canned(monkeypatch: pytest.MonkeyPatch) -> HipChances:
    """Return two heads that collapse, one that does not and one that cannot be solved."""
    days = iter([400.0, None, 500.0, np.inf])

    def follow(*_: Any) -> Followed:
        day = next(days)
        if day is None:
            raise SolverError("no balance of forces")
        return Followed(day, day, 2e-5, 1e-5, 2.0, "")

    monkeypatch.setattr(hips, "follow", follow)
    return follow_many(hip_case(), 4)


def test_a_failure_is_no_collapse_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = canned(monkeypatch)
    assert (found.collapsed(2.0), found.failures) == (0.5, 1)
    assert found.interval(0.5) == (jeffreys(2, 4, 0.9)[0], jeffreys(3, 4, 0.9)[1])


def test_the_check_rejects_a_cohort_without_its_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: the share of those who could be followed, which a failure makes larger."""
    found = canned(monkeypatch)
    dropped = float((found.collapse_day[found.is_followed] <= 2 * 365.25).mean())
    assert dropped == pytest.approx(2 / 3)
    assert dropped != found.collapsed(2.0)


def test_nobody_who_can_be_followed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    unsolved(monkeypatch, SolverError("no balance of forces"), {0, 1})
    with pytest.raises(SolverError, match="balance"):
        follow_many(hip_case(), 2)
