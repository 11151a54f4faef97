"""Is the nutrition of a disc solved right? A parabola by hand, and cells that eat all they find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.catalogue.load import catalogue
from trephine.models.disc_nutrition import (
    DiscParameters,
    Nutrition,
    effective,
    lives,
    most_added,
    nourished,
)
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(DiscParameters)
UPTAKE = 2e-5
Floats = NDArray[np.float64]


def constant(oxygen: Floats, lactate: Floats, glucose: Floats) -> tuple[Floats, Floats, Floats]:
    """Return an uptake of glucose that depends on nothing [mmol/L/s]."""
    del lactate, glucose
    return 0.0 * oxygen, 0.0 * oxygen, np.full_like(oxygen, -UPTAKE)


def by_hand(p: DiscParameters, depth: Floats) -> Floats:
    """Return glucose under a constant uptake: a parabola on the drop across the endplate."""
    half, film = 0.5 * p.height * 1e3, p.endplate * 1e3
    inside = effective(p.diffusivity["glucose"] * 1e6, p.water)
    gate = effective(p.diffusivity["glucose"] * 1e6, p.endplate_water) / film
    edge = p.supply["glucose"] - UPTAKE * half / gate
    return np.asarray(edge - UPTAKE / (2.0 * inside) * (half**2 - depth**2))


def largest_error(p: DiscParameters, solved: Nutrition) -> float:
    return float(np.abs(solved.glucose - by_hand(p, solved.depth_mm)).max())


def test_glucose_is_the_parabola_of_a_constant_uptake() -> None:
    solved = nourished(P, rates=constant)
    assert largest_error(P, solved) < 2e-3
    assert solved.glucose[0] == pytest.approx(3.1167, abs=2e-3)


@pytest.mark.parametrize(
    "broken",
    [
        replace(P, water=1.0),  # diffusion as in free water
        replace(P, endplate=1e-9),  # no endplate at all
        replace(P, height=2 * P.height),  # both halves fed from one side
    ],
)
def test_the_check_rejects_a_broken_disc(broken: DiscParameters) -> None:
    solved = nourished(broken, rates=constant)
    error = np.abs(solved.glucose - by_hand(P, solved.depth_mm)).max()
    assert error > 0.05


def test_a_disc_lives_as_it_is_and_starves_with_a_closed_endplate() -> None:
    assert lives(nourished(P), P)
    assert not lives(nourished(P, endplate_open=0.1), P)
    room = [most_added(P, share) for share in (1.0, 0.6, 0.3, 0.1)]
    assert sorted(room, reverse=True) == room
    assert room[-1] == 0.0
    assert not lives(nourished(P, added=1.02 * room[0]), P)
    assert lives(nourished(P, added=0.98 * room[0]), P)
