"""What the posterior foretells of a trial holds all that is not known, at the size of the trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from made_calibration import StandIn, posterior_of, trials
from trephine.case.trial import Trial
from trephine.catalogue.posterior import Posterior
from trephine.core.rng import Streams
from trephine.models.discrepancy import DiscrepancyParameters
from trephine.report.qualify import alone_words, shown
from trephine.study import predictive
from trephine.study.allowances import shifted
from trephine.study.emulate import Sampled
from trephine.study.identifiability import prior_deviates
from trephine.study.posterior_arms import drawn_arm
from trephine.study.predictive import Foretold, predicted
from trephine.study.scorecard import Prediction, coverage, scored

Array = NDArray[np.float64]
HERNIGOU = "hernigou-2005-tibia"


class Healing(StandIn):
    """The stand-in with outcomes drawn from its chances."""

    def sample(
        self, features: Mapping[str, Any], streams: Streams, who: NDArray[np.int64]
    ) -> Sampled:
        """Return one outcome of each course."""
        told = self.predict(features)
        luck = streams.named("growth").random(int(who.max()) + 1)[who]
        by_now = told.union_chance_by_week >= luck
        union = np.where(by_now.any(axis=0), told.week[by_now.argmax(axis=0)], np.inf)
        return Sampled(union, np.zeros((5, luck.size)), np.full((5, luck.size), 4.0))


def posterior(*, is_sure: bool = False) -> Posterior:
    """Return a posterior of prior draws, or of one of them over and over."""
    deviates = prior_deviates()[:60]
    return posterior_of(np.repeat(deviates[:1], 60, axis=0) if is_sure else deviates)


@cache
def told(size: int = 60, *, is_sure: bool = False, with_discrepancy: bool = True) -> list[Foretold]:
    (trial,) = trials(HERNIGOU)
    arm = trial.arms[0].model_copy(update={"n": size})
    endpoints = [one.model_copy(update={"published": ""}) for one in trial.endpoints[:2]]
    kept = trial if size == 60 else trial.model_copy(update={"arms": [arm], "endpoints": endpoints})
    return predicted(
        kept,
        60,
        found=posterior(is_sure=is_sure),
        emulator=Healing(),  # type: ignore[arg-type]
        with_discrepancy=with_discrepancy,
    )


def width(one: Foretold) -> float:
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def test_every_endpoint_is_told_in_its_own_unit() -> None:
    (trial,) = trials(HERNIGOU)
    found = {one.endpoint.published: one for one in told()}
    assert [one.endpoint.published for one in told()] == [e.published for e in trial.endpoints]
    assert found["all.union"].unit == "%"
    assert found["all.union"].fitted
    assert not found["united.callus_volume_4_months"].fitted
    assert found["not_united.progenitors_per_volume"].unit == "CFU/mL"
    injected = found["united.progenitors"].predicted
    assert injected is not None
    assert 1e4 < injected < 3e5
    assert all(one.inside is not None for one in told()[:7])


def test_the_interval_holds_the_parameters_the_size_and_what_a_model_may_miss() -> None:
    sure = [told(n, is_sure=True, with_discrepancy=False)[0] for n in (10, 60)]
    assert width(told(with_discrepancy=False)[0]) > 2.0 * width(sure[1])
    assert width(sure[0]) > 1.4 * width(sure[1])
    assert width(told(is_sure=True)[0]) > width(sure[1])


def test_who_is_not_foretold_is_told_with_the_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    def third_unknown(*of: Any, **more: Any) -> Any:
        drawn = drawn_arm(*of, **more)
        return replace(drawn, known=drawn.known & (np.arange(drawn.known.size) % 3 > 0))

    known = told()[0]
    monkeypatch.setattr(predictive, "drawn_arm", third_unknown)
    (trial,) = trials(HERNIGOU)
    found = predicted(trial, 60, found=posterior(), emulator=Healing())  # type: ignore[arg-type]
    assert found[0].left_out == pytest.approx(known.left_out + (1.0 - known.left_out) / 3, abs=0.02)
    said = Prediction.of(found[0], found[0].published)
    assert said.left_out == found[0].left_out
    assert "% of patients left out" in shown(vars(said), "%")
    assert "left out" not in shown(vars(replace(said, left_out=0.0)), "%")


def test_the_arms_of_a_trial_lie_off_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is common to two arms leaves their quotient as it is."""
    looked = trials(HERNIGOU)[0].endpoints[1].model_copy(update={"published": ""})
    (trial,) = trials(HERNIGOU)
    rows = posterior().rows(np.arange(60))
    drawn = drawn_arm(trial, trial.arms[0], rows, Healing())  # type: ignore[arg-type]
    off, luck = DiscrepancyParameters(share=0.5, time=0.2, dose=0.15), Streams(0)
    plain, one, other = (
        predictive._shown(drawn, looked, 26.0, 60, p, luck, arm)
        for p, arm in ((None, 0), (off, 0), (off, 1))
    )
    assert np.std(one / plain) > 0.1
    np.testing.assert_allclose(one / other, 1.0)


def two_arms(size: int = 30) -> Trial:
    """Return a trial of two arms that treat alike."""
    (trial,) = trials(HERNIGOU)
    arms = [trial.arms[0].model_copy(update={"name": name, "n": size}) for name in ("one", "two")]
    looked = trial.endpoints[0].model_copy(update={"published": "", "arm": "one"})
    apart = looked.model_copy(update={"against": "two", "measure": "risk difference"})
    return trial.model_copy(update={"arms": arms, "endpoints": [looked, apart]})


def test_two_arms_differ_by_who_came_into_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def foretold() -> list[Foretold]:
        return predicted(
            two_arms(),
            200,
            found=posterior(is_sure=True),
            emulator=Healing(),  # type: ignore[arg-type]
            with_discrepancy=False,
        )

    share, apart = foretold()
    assert share.predicted is not None
    p = share.predicted / 100.0
    luck = 100.0 * np.sqrt(2.0 * p * (1.0 - p) / 30.0)
    assert width(apart) == pytest.approx(2.0 * 1.645 * luck, rel=0.2)

    def the_same_people(*of: Any, **more: Any) -> Any:
        """Sabotage: both arms take the same virtual patients, with the same luck."""
        return replace(drawn_arm(*of, **more), first=0)

    monkeypatch.setattr(predictive, "drawn_arm", the_same_people)
    assert width(foretold()[1]) == 0.0


def test_a_miss_that_the_allowance_hides_is_counted_without_it() -> None:
    (trial,) = trials(HERNIGOU)
    bare = told(is_sure=True, with_discrepancy=False)
    found = told(is_sure=True)
    # A laboratory that counts otherwise is no fault of the model, and stays.
    lies = [(a.alone, b.inside) for a, b in zip(found, bare, strict=True) if "CFU" not in a.unit]
    assert [one for one, _ in lies] == [one for _, one in lies]
    assert len(lies) > 3
    hidden = [replace(one, inside=True, alone=False) for one in found]
    rows = scored("one", trial, {"posterior": hidden}, {})
    whole, alone = (
        coverage(rows, "posterior", is_fitted=True, is_alone=is_alone) for is_alone in (False, True)
    )
    assert whole.inside == whole.of == alone.of > 0
    assert alone.inside == 0
    kinds = {"not fitted": vars(whole), "fitted": vars(whole)}
    assert not alone_words(kinds)
    said = alone_words(kinds | {"fitted, alone": vars(alone)})
    assert f"may be fitted, 0 of {alone.of} inside" in said


def test_the_same_seed_foretells_the_same() -> None:
    (trial,) = trials("connolly-1991-marrow")
    one, again = (
        predicted(trial, 20, found=posterior(), emulator=Healing())  # type: ignore[arg-type]
        for _ in range(2)
    )
    assert one == again
    assert len(one) == 1


def test_what_the_emulator_cannot_tell_says_why() -> None:
    trial: Trial
    (trial,) = trials("nurd-baseline")
    (one,) = predicted(trial, 20, found=posterior(), emulator=Healing())  # type: ignore[arg-type]
    assert one.predicted is None
    assert "score of risk" in one.reason


@pytest.mark.parametrize("odds", [-1.2, 0.0, 0.9])
def test_a_shifted_share_has_the_law_of_the_shifted_chance(odds: float) -> None:
    luck, size, p = np.random.default_rng(0), 20, 0.7
    drawn = luck.binomial(size, p, 100_000) / size
    found = shifted(drawn, np.full(drawn.size, p), np.full(drawn.size, odds), size, luck)
    aim = 1.0 / (1.0 + np.exp(-np.log(p / (1.0 - p)) - odds))
    counts = np.bincount(np.rint(found * size).astype(int), minlength=size + 1) / drawn.size
    assert counts == pytest.approx(binom.pmf(np.arange(size + 1), size, aim), abs=0.006)
