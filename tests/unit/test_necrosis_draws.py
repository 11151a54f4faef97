"""Who gets which numbers of a necrotic head, and how much they widen a difference of plans."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from made_hip import hip_case
from trephine import pipeline
from trephine.case.settings import Settings
from trephine.core.rng import Streams
from trephine.intake.head import printed
from trephine.models import necrosis
from trephine.models.beliefs import Beliefs
from trephine.models.necrosis_draws import necrosis_draws, numbers_of
from trephine.models.necrosis_parameters import NecrosisParameters, in_engine_units
from trephine.study.plans_compared import drawn_beliefs

FITTED = ("damage_rate", "filling", "resting", "graft_gain")


@cache
def beliefs(draw: int) -> Beliefs:
    return drawn_beliefs(0, draw)


def test_the_first_draw_of_a_comparison_has_the_numbers_as_printed() -> None:
    assert numbers_of(beliefs(0)) == printed()


def test_other_draws_have_numbers_that_were_fitted_together_and_all_else_as_printed() -> None:
    first, again, other = (numbers_of(beliefs(n)) for n in (1, 1, 2))
    assert first == again
    assert first.graft_gain != other.graft_gain
    told = necrosis_draws()
    rows = [tuple(told.row(n).values()) for n in range(len(told))]
    own = (first.damage_rate * 86400.0, first.filling, first.resting / 31557600.0, first.graft_gain)
    assert np.isclose(rows, own, rtol=1e-3).all(axis=1).any()
    unfitted = {name: getattr(printed(), name) for name in FITTED}
    assert replace(first, **unfitted) == printed()


def test_the_printed_numbers_lie_in_the_middle_of_the_draws() -> None:
    told = necrosis_draws().draws
    for name in FITTED:
        column = np.array(told[f"necrosis.{name}"])
        at_print = getattr(printed(), name) * {
            "damage_rate": 86400.0,
            "resting": 1 / 31557600.0,
        }.get(name, 1.0)
        assert (column <= at_print).mean() == pytest.approx(0.5, abs=0.1)


def test_a_run_with_drawn_beliefs_uses_the_drawn_numbers() -> None:
    settings = Settings.model_validate({"voxel": "3.5 mm"})
    run = pipeline.run(hip_case(), beliefs=beliefs(1), settings=settings)
    assert run.used["necrosis.damage_rate"] == numbers_of(beliefs(1)).damage_rate
    assert run.used["necrosis.damage_rate"] != printed().damage_rate


def spread_of_what_cells_add(numbers: list[NecrosisParameters]) -> float:
    """Return the width of the interval of what a graft adds to the speed of repair [-]."""
    density = np.array([2000.0])
    added = [float(necrosis.graft_boost(density, 90.0, in_engine_units(p))[0]) for p in numbers]
    low, high = np.quantile(added, [0.1, 0.9])
    return float(high - low)


def test_the_interval_of_what_cells_add_holds_the_doubt_of_the_fit() -> None:
    drawn = [numbers_of(beliefs(n)) for n in range(1, 9)]
    assert spread_of_what_cells_add(drawn) > 1.0


def test_the_interval_check_rejects_numbers_as_printed_in_every_draw() -> None:
    assert spread_of_what_cells_add([printed()] * 8) < 1.0


def test_another_seed_draws_anew() -> None:
    one, other = (Beliefs.draw(Streams(seed).named("plans", "1")) for seed in (0, 1))
    assert numbers_of(one) != numbers_of(other)
