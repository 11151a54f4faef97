"""The posterior that ships: what it says it was made from is what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trephine.case.trial import read
from trephine.catalogue.cohorts import cohorts
from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import Posterior, posterior
from trephine.core.errors import CatalogueError
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.models.callus import in_engine_units
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.signal import has_threshold
from trephine.study import unknowns
from trephine.study.calibrate import LEAST_EFFECTIVE, MOST_APART, MOST_TAIL, stale
from trephine.study.emulate import Emulator

TRIALS = Path(__file__).parents[2] / "examples" / "trials"
FOUND = posterior()


def test_it_was_made_from_what_is_there() -> None:
    """Fails after a change of trials, emulator, priors or doses: then run `make calibrate`."""
    trials = [read(path) for path in sorted(TRIALS.glob("*.toml"))]
    assert stale(FOUND, trials, Emulator.load()) == []


def test_it_was_fitted_to_nothing_that_is_held_out() -> None:
    roles = {
        f"{key}.{arm}.{name}": value.role
        for key, study in cohorts().items()
        for arm, name, value in study.values()
    }
    assert len(FOUND.fitted_to) > 10
    assert {roles[name] for name in FOUND.fitted_to} == {"calibrate"}


def test_it_is_a_sample_with_its_spread() -> None:
    assert set(FOUND.draws) == set(unknowns.IDENTIFIERS)
    assert len(FOUND) == 400
    said = FOUND.diagnostics
    assert said.effective >= LEAST_EFFECTIVE
    assert said.tail <= MOST_TAIL
    assert said.apart <= MOST_APART
    for name, column in FOUND.draws.items():
        spread, record = catalogue().record(name).spread, catalogue().record(name)
        assert spread is not None
        assert np.std(column) > 0.05 * record.printed, name
        if spread.low is not None and spread.high is not None:
            assert spread.low <= min(column) <= max(column) <= spread.high


def test_every_draw_keeps_an_untreated_non_union_one() -> None:
    rows = FOUND.rows(np.arange(len(FOUND)))
    assert unknowns.possible(rows).all()


@pytest.mark.parametrize("field", ["published", "priors"])
def test_another_digest_is_refused(field: str) -> None:
    other = FOUND.made_from.model_copy(update={field: "0" * 16})
    wrong = FOUND.model_copy(update={"made_from": other})
    wrong = wrong.model_copy(update={"contents": wrong.digest})
    with pytest.raises(CatalogueError, match="make calibrate"):
        wrong.check(catalogue(), cohorts("calibrate"))


def test_a_changed_draw_is_refused() -> None:
    draws = dict(FOUND.draws)
    name = unknowns.ASSAY
    draws[name] = (1.01 * draws[name][0], *draws[name][1:])
    wrong = Posterior.model_validate(FOUND.model_dump() | {"draws": draws})
    with pytest.raises(CatalogueError, match="its draws"):
        wrong.check(catalogue(), cohorts("calibrate"))


def test_beliefs_take_one_draw_whole_and_others_as_asked() -> None:
    told = Beliefs.posterior(np.random.default_rng(3), others="printed")
    printed = Beliefs.printed()
    row = {name: told.used[name] / printed.used[name] for name in FOUND.draws}
    some = [
        all(
            np.isclose(row[name], column[number] / catalogue().record(name).printed)
            for name, column in FOUND.draws.items()
        )
        for number in range(len(FOUND))
    ]
    assert sum(some) >= 1, "the numbers must be one row, not a mixture of rows"
    assert {n for n in printed.used if told.used[n] != printed.used[n]} <= set(FOUND.draws)
    drawn = Beliefs.posterior(np.random.default_rng(3))
    assert has_threshold(in_engine_units(drawn.heal.callus))
    assert len({n for n in printed.used if drawn.used[n] != printed.used[n]}) > 50


def test_doses_take_the_retention_of_the_same_draws() -> None:
    rows = np.array([0, 5, 5])
    told = DoseBeliefs.posterior(Streams(0), 3, others="printed", rows=rows)
    expected = np.array(FOUND.draws[unknowns.RETENTION])[rows]
    assert told.used[unknowns.RETENTION] == pytest.approx(expected)
    assert np.ndim(told.deliver.retention["none"].count) == 1
    assert set(told.sampled()) == {unknowns.RETENTION}
