"""Is the filling of a cartilage defect solved right, and does it behave as its abstract says?"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models import chondral_defect
from trephine.models.chondral_defect import LAYERS, ChondralParameters, filled, oxygen
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(ChondralParameters)
DEPTH, MCELL = 2.5e-3, 1e12
MONTHS = np.round(np.arange(37) * 30.4375)
Floats = NDArray[np.float64]


def mean_matrix(p: ChondralParameters = P, days: Floats = MONTHS, **given: float) -> Floats:
    """Return the mature share of the whole defect over time (time,)."""
    depth = given.pop("depth", DEPTH)
    told = filled(p, depth=depth, days=days, progenitors=given.pop("progenitors", 0.0), **given)
    return np.array([one.matrix.mean() for one in told])


def months_to(share: float, course: Floats) -> float:
    return float(np.interp(share, course, MONTHS) / 30.4375)


def by_hand(p: ChondralParameters, cells: float, before: float) -> Floats:
    """Return oxygen under an uptake in proportion to it, between two sides (layer,) [Pa]."""
    s = p.shared
    eaten = s.oxygen_uptake * cells / (before + s.uptake_half)
    rate = np.sqrt(eaten / s.oxygen_diffusivity)
    x = (np.arange(LAYERS) + 0.5) / LAYERS * DEPTH
    below, above = s.arterial_oxygen, p.synovial_oxygen
    ends = below * np.sinh(rate * (DEPTH - x)) + above * np.sinh(rate * x)
    return np.asarray(ends / np.sinh(rate * DEPTH))


def solved(p: ChondralParameters, cells: float, before: float, depth: float = DEPTH) -> Floats:
    even = np.full((1, LAYERS), cells)
    return oxygen(p, even, 0.0 * even, np.full((1, LAYERS), before), depth)[0]


def test_oxygen_is_the_closed_form_of_an_even_uptake() -> None:
    at = replace(P, synovial_oxygen=0.5 * P.synovial_oxygen)
    exact = by_hand(at, 2 * MCELL, 2000.0)
    assert solved(at, 2 * MCELL, 2000.0) == pytest.approx(exact, rel=2e-3)
    assert exact.min() / 133.322 == pytest.approx(13.54, abs=0.02), "mmHg"


@pytest.mark.parametrize(
    "broken",
    [
        {"synovial_oxygen": P.synovial_oxygen},  # fed alike from both sides
        {"chondrocyte_uptake": P.shared.oxygen_uptake, "synovial_oxygen": P.shared.arterial_oxygen},
    ],
)
def test_the_check_rejects_oxygen_with_wrong_sides(broken: dict[str, float]) -> None:
    at = replace(P, synovial_oxygen=0.5 * P.synovial_oxygen)
    wrong = solved(replace(P, **broken), 2 * MCELL, 2000.0)
    assert wrong != pytest.approx(by_hand(at, 2 * MCELL, 2000.0), rel=0.05)


def test_cells_and_matrix_stay_within_their_bounds_for_all_beliefs() -> None:
    luck = Streams(3).within("defect")
    drawn = Reading(catalogue(), luck=luck.named, count=40).fill(ChondralParameters)
    for depth in (1e-3, 6e-3):
        for one in filled(drawn, depth=depth, progenitors=1e10, days=MONTHS[::12]):
            for values in (one.progenitors, one.chondrocytes, one.matrix):
                assert values.min() >= 0.0
            assert one.matrix.max() <= 1.0
            assert one.oxygen.min() > 0.0
            held = one.progenitors + one.chondrocytes
            assert np.all(held.max(axis=1) <= 1.6 * np.asarray(drawn.capacity))


def test_maturing_takes_about_a_year_and_a_half_whatever_the_number_of_cells() -> None:
    """The rate of the matrix is a belief of that order: this is no independent test of it."""
    times = [months_to(0.9, mean_matrix(progenitors=n)) for n in (1e9, 1e10, 1e12)]
    assert times == pytest.approx([18.0] * 3, abs=1.5)
    assert max(times) - min(times) < 1.5, "a thousandfold number brings weeks"


def test_no_switch_or_no_growth_makes_the_number_of_cells_matter() -> None:
    still = replace(P, shared=replace(P.shared, progenitor_growth=0.0, chondrocyte_growth=0.0))
    few, many = (mean_matrix(still, MONTHS[[0, 18]], progenitors=n)[-1] for n in (1e10, 1e12))
    assert many > 2.0 * few, "then the filling is that of the cells given"


def test_without_cells_nothing_fills_and_progenitors_do_not_beat_chondrocytes() -> None:
    assert mean_matrix(days=MONTHS[[0, 36]])[-1] == 0.0
    own = mean_matrix(days=MONTHS[[0, 6, 12]], chondrocytes=MCELL)
    stem = mean_matrix(days=MONTHS[[0, 6, 12]], progenitors=MCELL)
    assert np.all(stem[1:] <= own[1:] + 0.01), "they do, by faster division, but by nothing to see"
    assert own[1] == pytest.approx(0.54, abs=0.03)


def test_a_deeper_defect_hungers_in_its_middle_and_fills_later() -> None:
    days = MONTHS[[0, 12]]
    shallow, deep = (mean_matrix(days=days, depth=d, progenitors=1e10)[-1] for d in (1e-3, 6e-3))
    assert shallow == pytest.approx(0.79, abs=0.02)
    assert deep < shallow - 0.03


def test_time_is_stepped_finely_enough_and_the_error_falls_with_the_step() -> None:
    days = np.array([0.0, 92.0, 366.0])
    told = [mean_matrix(days=days, progenitors=1e10, step=h)[1:] for h in (2.0, 1.0, 0.5, 0.25)]
    gaps = [np.abs(a - b).max() for a, b in pairwise(told)]
    orders = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert orders == pytest.approx([1.0, 1.0], abs=0.15)
    assert gaps[1] < 0.005


def test_the_check_of_steps_rejects_a_matrix_that_forgets_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chondral_defect, "DAY", 43200.0)  # half a day for a day
    assert mean_matrix(days=MONTHS[[0, 12]], progenitors=1e10)[-1] < 0.6
