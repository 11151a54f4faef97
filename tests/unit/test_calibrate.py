"""The calibration recovers what made-up data were made with, and hears nothing that is held out.

Whether it is as sure as it may be is tested by ranks, in ``test_calibration_ranks.py``.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import tomli_w
from numpy.typing import NDArray

from made_calibration import SMALL, SOME, SPEED, StandIn, simulated, trials
from trephine.case.trial import Observed
from trephine.catalogue import cohorts
from trephine.catalogue.cohorts import Study
from trephine.catalogue.posterior import of, parsed
from trephine.core.errors import CatalogueError, TrephineError
from trephine.study import calibrate, unknowns
from trephine.study.arm_inputs import dose_numbers
from trephine.study.calibrate import Fit, fit
from trephine.study.targets import targets
from trephine.study.virtual_series import Series, series

Array = NDArray[np.float64]
TRIALS = trials(*SOME)
REPEATS = 2


@cache
def lines() -> tuple[Series, ...]:
    return series(TRIALS, targets(TRIALS)[0], seed=0, count=SMALL.patients)[0]


def told_apart(deviates: Array) -> Array:
    """Return what the stand-in lets data tell: the working dose, and the speed, (2, sample)."""
    found = unknowns.values(deviates)
    stays = unknowns.retained(found, dose_numbers().deliver)
    signal = found["callus.progenitor_signal"] / found["callus.signal_clearance"]
    dose = np.log(signal * found["callus.assay_factor"] * stays)
    return np.stack([dose, np.log(found[SPEED])])


def truths() -> list[tuple[Array, np.random.Generator]]:
    found = []
    for repeat in range(REPEATS):
        rng = np.random.default_rng(repeat)
        many = rng.standard_normal((64, len(unknowns.IDENTIFIERS)))
        possible = unknowns.possible(unknowns.values(many))
        found.append((many[possible.argmax()], rng))
    return found


def off(found: Fit, truth: Array) -> tuple[Array, Array]:
    """Return how many spreads the truth lies off, and the spreads, (2,) each."""
    looked, weights = told_apart(found.law.points), found.law.weights
    mean = looked @ weights
    spread = np.sqrt((looked - mean[:, None]) ** 2 @ weights)
    return (told_apart(truth[None])[:, 0] - mean) / spread, spread


def recovered() -> tuple[Array, Array]:
    """Return spreads off, and spreads, of fits to series made up with known numbers."""
    away, spreads = [], []
    for truth, rng in truths():
        told = simulated(lines(), truth, rng)
        found = fit(TRIALS, effort=SMALL, emulator=StandIn(), told=told)
        for held, value in zip((away, spreads), off(found, truth), strict=True):
            held.append(value)
    return np.array(away), np.array(spreads)


@pytest.fixture
def right_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fit know that the stand-in is right but for the luck of a series."""
    p, laboratory = calibrate.discrepancy()
    small = replace(p, share=0.05, time=0.02, dose=0.02)
    monkeypatch.setattr(calibrate, "discrepancy", lambda: (small, 0.05 + 0.0 * laboratory))


def test_what_made_up_data_were_made_with_is_recovered(right_model: None) -> None:
    away, spread = recovered()
    assert np.abs(away).max() < 3.0
    assert np.sqrt((away**2).mean()) < 1.6
    everything = np.random.default_rng(9).standard_normal((4000, len(unknowns.IDENTIFIERS)))
    prior = told_apart(everything).std(axis=1)
    assert (spread.mean(axis=0) / prior < (0.65, 0.5)).all(), "the data must tell these two"


def test_without_data_the_posterior_is_the_prior() -> None:
    found = fit(TRIALS, effort=SMALL, emulator=StandIn(), told=())
    many = np.random.default_rng(5).standard_normal((20_000, len(unknowns.IDENTIFIERS)))
    prior = many[unknowns.possible(unknowns.values(many))]
    assert found.law.mean == pytest.approx(prior.mean(axis=0), abs=0.15)
    assert np.diag(found.law.covariance) == pytest.approx(prior.var(axis=0), abs=0.2)
    assert found.diagnostics.effective > 0.7 * len(prior) / len(many) * SMALL.points


@cache
def whole() -> Fit:
    return fit(TRIALS, effort=SMALL, emulator=StandIn())


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    again = fit(TRIALS, effort=SMALL, emulator=StandIn())
    other = fit(TRIALS, effort=SMALL, emulator=StandIn(), seed=1)
    one = whole().draws(50)
    for name, column in again.draws(50).items():
        np.testing.assert_array_equal(column, one[name])
    assert any((column != one[name]).any() for name, column in other.draws(50).items())


def test_every_draw_is_possible() -> None:
    assert unknowns.possible(whole().draws(200)).all()


def changed(role: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give every printed number of a role another value; return the ids that were changed."""
    met = []

    def other(value: cohorts.Dose | cohorts.Endpoint, name: str) -> object:
        if value.role != role or value.printed is None:
            return value
        met.append(name)
        update: dict[str, object] = {"printed": 0.5 * value.printed}
        if isinstance(value, cohorts.Endpoint):
            update["events"] = tuple(max(0, n - 3) for n in value.events)
        return value.model_copy(update=update)

    studies: dict[str, Study] = {}
    for key, study in cohorts.cohorts().items():
        arms = {
            name: arm.model_copy(
                update={
                    group: {k: other(v, f"{key}.{name}.{k}") for k, v in entries.items()}
                    for group, entries in (("doses", arm.doses), ("endpoints", arm.endpoints))
                }
            )
            for name, arm in study.arms.items()
        }
        studies[key] = study.model_copy(update={"arms": arms})
    monkeypatch.setattr(cohorts, "_shipped", lambda: studies)
    return met


def test_nothing_held_out_can_change_the_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    before = whole()
    draws = before.draws(50)
    published = of([t.identifier for t in before.targets], cohorts.cohorts("calibrate"))
    met = changed("holdout", monkeypatch)
    assert "Hernigou2005.united.callus_volume_4_months" in met
    after = fit(TRIALS, effort=SMALL, emulator=StandIn())
    assert after.targets == before.targets
    for name, column in after.draws(50).items():
        np.testing.assert_array_equal(column, draws[name])
    assert published == of([t.identifier for t in after.targets], cohorts.cohorts("calibrate"))


def test_the_check_sees_a_value_that_may_set_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    before = whole().targets
    assert changed("calibrate", monkeypatch)
    assert targets(TRIALS)[0] != before


def test_a_value_written_into_a_trial_is_not_fitted_whatever_its_role() -> None:
    (trial,) = trials("hernigou-2005-tibia")
    told = Observed(value=10.0, unit="%", source="made up", role="holdout")
    first = trial.endpoints[0].model_copy(update={"published": "", "observed": told})
    written = trial.model_copy(update={"endpoints": [first, *trial.endpoints[1:]]})
    assert "Hernigou2005.all.union" not in {one.identifier for one in targets([written])[0]}


def test_only_shares_times_and_doses_of_the_right_role_are_fitted() -> None:
    (trial,) = trials("hernigou-2005-tibia")
    fitted, left = targets([trial])
    assert len(fitted) == 5
    assert len(left) == 2
    assert {one.n for one in fitted if one.endpoint.of == "not united"} == {7}
    assert not targets(trials("jos-2023-gap"))[0]


def test_a_whole_series_is_not_counted_again_beside_its_parts() -> None:
    fitted, left = targets(trials("chang-gap-above-3", "chang-gap-all"))
    assert {one.identifier.rpartition(".")[2] for one in fitted} == {"time_to_union", "union"}
    assert [one.identifier for one in left] == ["Chang_femurgap.all.time_to_union"]


def test_a_fresh_fracture_sets_no_number_that_the_emulator_cannot_tell() -> None:
    some = trials("chang-gap-above-3", "li-2019-femur")
    lines, left = series(some, targets(some)[0], seed=0, count=4)
    assert {line.targets[0].trial for line in lines} == {trials("li-2019-femur")[0].name}
    assert all("fresh fracture" in one.reason for one in left)
    assert {one.identifier.split(".")[0] for one in left} == {"Chang_femurgap"}


def test_patients_do_not_count_again_by_the_concentration_of_what_they_were_given() -> None:
    (trial,) = trials("hernigou-2005-tibia")
    fitted, left = targets([trial])
    doses = {one.identifier for one in fitted if one.kind == "dose"}
    assert doses == {
        "Hernigou2005.united.progenitors",
        "Hernigou2005.not_united.progenitors",
        "Hernigou2005.all.progenitors_per_volume_aspirate",
    }
    assert {one.identifier: one.reason for one in left} == {
        "Hernigou2005.all.progenitors_per_volume_concentrate": "its parts tell the same",
        "Hernigou2005.not_united.progenitors_per_volume": (
            "Hernigou2005.not_united.progenitors tells the same patients and cells"
        ),
    }


def test_a_concentration_is_fitted_where_no_number_tells_the_same() -> None:
    (trial,) = trials("hernigou-2005-tibia")
    some = [one for one in trial.endpoints if one.outcome != "progenitors"]
    fitted, left = targets([trial.model_copy(update={"endpoints": some})])
    assert not {"Hernigou2005.not_united.progenitors_per_volume"} & {e.identifier for e in left}
    assert sum(one.kind == "dose" for one in fitted) == 2


def test_a_posterior_that_is_badly_sampled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "LEAST_EFFECTIVE", 1e9)
    with pytest.raises(TrephineError, match="not sampled well"):
        calibrate.posterior_of(whole(), TRIALS, StandIn(), 50)  # type: ignore[arg-type]


def test_a_posterior_is_written_and_read_and_refused_when_it_was_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = calibrate.MadeFrom(
        published=of([t.identifier for t in whole().targets], cohorts.cohorts("calibrate")),
        priors=calibrate.of_records(unknowns.IDENTIFIERS, calibrate.catalogue()),
        trials="", numbers="", emulator="",
    )  # fmt: skip
    monkeypatch.setattr(calibrate, "made_from", lambda *_: made)
    told = calibrate.posterior_of(whole(), TRIALS, StandIn(), 50)  # type: ignore[arg-type]
    text = tomli_w.dumps(told.model_dump(mode="json"))
    again = parsed(text)
    assert again == told
    again.check(calibrate.catalogue(), cohorts.cohorts("calibrate"))
    plain = tomllib.loads(text)
    plain["draws"]["callus.assay_factor"][0] *= 1.01
    touched = parsed(tomli_w.dumps(plain))
    with pytest.raises(CatalogueError, match="its draws"):
        touched.check(calibrate.catalogue(), cohorts.cohorts("calibrate"))
    changed("calibrate", monkeypatch)
    with pytest.raises(CatalogueError, match="the published values"):
        again.check(calibrate.catalogue(), cohorts.cohorts("calibrate"))
