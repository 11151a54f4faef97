"""What liposuction brings, in one sample and in many."""

from __future__ import annotations

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.harvesting import FatHarvest
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters
from trephine.models.lipoaspiration import lipoaspirated
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters).fat
PLAN = validate(FatHarvest, {"tissue": "fat", "volume": "60 mL"}, "harvest")


def test_sixty_millilitres_by_hand() -> None:
    # The median donor lies e^-0.125 below the mean: 60 x 1e6 x 0.8825 cells, 3 % form colonies.
    held = lipoaspirated(PLAN, P, 0.0)
    assert held.nucleated == pytest.approx(60e6 * np.exp(-0.125))
    assert held.progenitors == pytest.approx(0.03 * held.nucleated)
    assert held.red_cell_volume == pytest.approx(0.6e-6)
    assert held.volume == pytest.approx(60e-6)


def test_luck_preserves_the_mean() -> None:
    luck = np.random.default_rng(6).standard_normal(100_000)
    held = lipoaspirated(PLAN, P, luck)
    assert np.mean(held.nucleated) == pytest.approx(60e6, rel=0.008)
    assert np.std(np.log(held.nucleated)) == pytest.approx(0.5, rel=0.01)


def test_uncertain_numbers_stay_possible() -> None:
    sampled = Reading(catalogue(), Streams(1).named, 10_000).fill(AspirationParameters).fat
    held = lipoaspirated(PLAN, sampled, np.zeros(10_000))
    assert np.all(held.progenitors < held.nucleated)
    assert np.all(np.asarray(held.red_cell_volume) < 0.05 * held.volume)
