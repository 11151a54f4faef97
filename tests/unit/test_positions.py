"""Where the tip draws: distances along and between tracks, other punctures, depth of the bone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.catalogue.load import catalogue
from trephine.models.aspiration import AspirationParameters
from trephine.models.positions import (
    depth,
    drained_before,
    punctures,
    punctures_needed,
    spacing_in_fan,
)
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters)
MM = 1e-3


def plainly(
    volumes: list[float], spacing: float, length: float, track: int, step: float, punctures: int
) -> list[float]:
    """Return the same by a plain loop over pairs."""
    tracks = -(-len(volumes) // track)
    places = [(n // track, n % track) for n in range(len(volumes))]
    before = []
    for j, (row, deep) in enumerate(places):
        total = 0.0
        for i, (other_row, other_deep) in enumerate(places[:j]):
            if row * punctures // tracks == other_row * punctures // tracks:
                distance = np.hypot((row - other_row) * spacing, (deep - other_deep) * step)
                total += volumes[i] * np.exp(-distance / length)
        before.append(total)
    return before


@pytest.mark.parametrize(
    ("draws", "track", "punctures"), [(12, 1, 1), (12, 4, 1), (12, 4, 3), (11, 3, 2), (7, 7, 1)]
)
def test_overlap_is_the_sum_over_earlier_draws(draws: int, track: int, punctures: int) -> None:
    volumes = list(np.linspace(2.0, 7.0, draws))
    found = drained_before(
        np.array(volumes), 20 * MM, 5 * MM, track=track, step=5 * MM, punctures=punctures
    )
    expected = plainly(volumes, 20 * MM, 5 * MM, track, 5 * MM, punctures)
    assert found == pytest.approx(np.array(expected), rel=1e-12)


def test_distances_may_be_samples() -> None:
    volumes, lengths = np.array([5.0, 5.0, 3.0, 4.0]), np.array([2.0, 5.0, 10.0]) * MM
    found = drained_before(volumes, 20 * MM, lengths, track=2, step=5 * MM)
    assert found.shape == (4, 3)
    for sample, length in enumerate(lengths):
        alone = drained_before(volumes, 20 * MM, float(length), track=2, step=5 * MM)
        assert found[:, sample] == pytest.approx(alone, rel=1e-14)


def test_draws_through_another_puncture_share_no_depot() -> None:
    volumes = np.full(4, 5.0)
    one = drained_before(volumes, 0.0, 5 * MM, track=2, step=0.0)
    two = drained_before(volumes, 0.0, 5 * MM, track=2, step=0.0, punctures=2)
    assert one == pytest.approx([0.0, 5.0, 10.0, 15.0])
    assert two == pytest.approx([0.0, 5.0, 0.0, 5.0])


def plan(**written: object) -> Harvest:
    return validate(Harvest, written, "harvest")


def test_a_harvest_takes_as_many_punctures_as_its_tracks_need() -> None:
    assert P.fan.tracks == 1 + P.fan.breadth / P.position_spacing
    assert [punctures_needed(n, P.fan) for n in (1, 4, 5, 12, 40)] == [1, 1, 2, 3, 10]
    assert punctures(plan(draws=["12 x 5 mL"]), P.fan) == 3
    assert punctures(plan(draws=["12 x 5 mL"], track=3), P.fan) == 1
    assert punctures(plan(draws=["12 x 5 mL"], punctures=6), P.fan) == 6


def test_tracks_crowd_in_a_narrow_fan() -> None:
    def apart(breadth: float, **written: object) -> float:
        fan = replace(P.fan, breadth=breadth * MM)
        return float(spacing_in_fan(plan(**written), P.position_spacing, fan)) / MM

    assert apart(60, draws=["12 x 5 mL"]) == pytest.approx(20)
    assert apart(30, draws=["12 x 5 mL"]) == pytest.approx(10)
    assert apart(30, draws=["12 x 5 mL"], punctures=12) == pytest.approx(20)
    assert apart(90, draws=["12 x 5 mL"]) == pytest.approx(20)


def test_depth_is_the_one_measured_at_the_crest() -> None:
    assert depth("posterior_iliac_crest", "male", P) == pytest.approx(75.3 * MM)
    assert depth("posterior_iliac_crest", "female", P) == pytest.approx(67.4 * MM)
    assert depth("posterior_iliac_crest", None, P) == pytest.approx(71.4 * MM)
    ratio = depth("calcaneus", "female", P) / depth("calcaneus", None, P)
    assert ratio == pytest.approx(67.4 / 71.4)
