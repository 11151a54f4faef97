"""How long injected cells stay: the law by hand, the error of counts, and several injections."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from trephine.catalogue.load import catalogue
from trephine.models.injection import InjectionParameters
from trephine.models.reading import Reading
from trephine.models.retention import Placed, lost_early, present, retained

DAY = 86400.0
BEDS = Reading(catalogue()).fill(InjectionParameters).retention
SPECIFIED = {
    "joint": (0.76, 2, 45),
    "tendon": (0.92, 1, 60),
    "disc": (0.90, 1, 30),
    "clot": (0.45, 3, 30),
    "demineralised_bone": (0.30, 5, 40),
}


def test_retention_by_hand() -> None:
    # The joint of the specification: 15 % after a month and 1.5 % after half a year.
    month = retained(30 * DAY, 0.76, 2 * DAY, 45 * DAY)
    half_year = retained(180 * DAY, 0.76, 2 * DAY, 45 * DAY)
    assert month == pytest.approx(0.1512, abs=1e-4)
    assert half_year == pytest.approx(0.24 / 16, rel=1e-9)
    assert retained(0.0, 0.45, 3 * DAY, 30 * DAY) == 1.0


@pytest.mark.parametrize("name", SPECIFIED)
def test_beds_hold_the_table_of_the_specification(name: str) -> None:
    bed = BEDS[name]
    days = (bed.fast_half_life / DAY, bed.slow_half_life / DAY)
    assert (bed.washed_out, *days) == pytest.approx(SPECIFIED[name])
    assert lost_early(bed) == pytest.approx(bed.washed_out, rel=1e-15)


def test_the_error_of_a_count_scales_few_and_never_makes_cells() -> None:
    tendon, scaffold = BEDS["tendon"], BEDS["demineralised_bone"]
    error = np.exp(0.7 * np.random.default_rng(4).standard_normal(20_000))
    few = 1.0 - lost_early(replace(tendon, count=error))
    assert np.log(few).std() == pytest.approx(0.7, rel=0.12)
    most = 1.0 - lost_early(replace(scaffold, count=error))
    assert most.max() < 1.0
    assert np.median(most) == pytest.approx(0.7, abs=0.01)
    assert np.log(most).std() < 0.4


def placed(day: float, cells: float) -> Placed:
    return Placed(day * DAY, cells, 0.45, 3 * DAY, 30 * DAY)


def test_injections_add_up_from_their_days_on() -> None:
    once, again = placed(0, 1000.0), placed(30, 500.0)
    times = np.array([-1.0, 0.0, 29.9, 30.0, 60.0]) * DAY
    left = present(times, [once, again])
    alone = present(times, [once])
    assert left[:3] == pytest.approx(alone[:3])
    assert left[0] == 0.0
    assert left[1] == 1000.0
    assert left[3] == pytest.approx(alone[3] + 500.0)
    by_hand = 1000 * (0.45 * 2**-20 + 0.55 / 4) + 500 * (0.45 * 2**-10 + 0.55 / 2)
    assert left[4] == pytest.approx(by_hand)


def test_a_split_dose_lasts_longer_and_peaks_lower() -> None:
    times = np.linspace(0, 120, 241) * DAY
    at_once = present(times, [placed(0, 900.0)])
    split = present(times, [placed(day, 300.0) for day in (0, 28, 56)])
    assert split.max() < at_once.max()
    assert split[-1] > 1.5 * at_once[-1]
    in_one_place = present(times, [placed(0, 300.0)] * 3)
    assert in_one_place == pytest.approx(at_once)


def test_times_and_samples_stand_apart() -> None:
    lost = np.array([0.2, 0.5, 0.9])
    cells = np.array([1.0, 10.0, 100.0])
    times = np.array([0.0, 5.0, 50.0, 90.0])[:, None] * DAY
    both = [Placed(k * DAY, cells, lost, 3 * DAY, 30 * DAY) for k in (0, 30)]
    found = present(times, both)
    assert np.shape(found) == (4, 3)
    for n in range(3):
        one = [Placed(q.day, float(cells[n]), float(lost[n]), q.fast, q.slow) for q in both]
        assert found[:, n] == pytest.approx(present(times[:, 0], one))
    assert present(30 * DAY, []) == 0.0
    assert math.isfinite(float(np.max(found)))
