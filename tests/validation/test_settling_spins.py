"""The spun tube against published spins, the prototype and the stage law; a miss stands as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cell_scores import Score

from trephine.case.processing import Spin
from trephine.catalogue.load import catalogue
from trephine.models.reading import Reading
from trephine.models.separation import SeparationParameters, freed_share, recovery
from trephine.models.settling import (
    PLATELET,
    CellDensities,
    SettlingParameters,
    recoveries_of_spin,
)

READING = Reading(catalogue())
P = READING.fill(SettlingParameters)
CUT = READING.fill(SeparationParameters)
AGAR = replace(P, cells=CellDensities({**P.cells.density, "progenitor": 1063.5}))
"""Progenitors as dense as those that form colonies in agar, of which the prototype speaks."""
GRANULOCYTES = ("promyelocyte", "myelocyte", "metamyelocyte", "neutrophil", "eosinophil")


def spin(g: float, minutes: float, centimetres: float = 8.0) -> Spin:
    return Spin.model_validate(
        {"g": g, "duration": f"{minutes:.12g} min", "column": f"{centimetres:g} cm"}
    )


def captured(dose: float, name: str, p: SettlingParameters = P, red_cells: float = 0.06) -> float:
    """Share of a class in the slice with some of the red cells, 8-cm column, haematocrit 0.30."""
    taken = recoveries_of_spin(spin(1000, dose / 6e4), 0.30, red_cells, p)
    return float(taken.shares[name])


def among_nucleated(names: tuple[str, ...], dose: float, red_cells: float) -> float:
    """Share of some classes together that stands in a slice [-]."""
    shares = CUT.shares()
    found = recoveries_of_spin(spin(1000, dose / 6e4), 0.30, red_cells, P).shares
    return sum(shares[n] * float(found[n]) for n in names) / sum(shares[n] for n in names)


def plasma_platelets(haematocrit: float, aggregate: float = 16e-6) -> float:
    """Share of the platelets above the red bed after 100 g for 10 min, 3.7-cm column."""
    p = replace(P, aggregate_diameter=aggregate)
    return float(recoveries_of_spin(spin(100, 10, 3.7), haematocrit, 0.0, p).shares[PLATELET])


SCORES = (
    Score("Perez, platelets in plasma", plasma_platelets(0.40), (0.70, 0.80), "near", fit=True),
    Score("Perez, undiluted blood", plasma_platelets(0.45), (0.70, 0.80), "miss", fit=True),
    Score(
        "separator, nucleated", among_nucleated(tuple(CUT.share), 7.2e5, 0.06), (0.56, 0.72), "miss"
    ),
    Score(
        "separator, granulocytes", among_nucleated(GRANULOCYTES, 7.2e5, 0.06), (0.38, 0.54), "miss"
    ),
    Score("separator, CFU-GM", captured(7.2e5, "progenitor", AGAR), (0.85, 0.97), "near"),
)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.quantity)
def test_verdict_is_the_one_on_record(score: Score) -> None:
    """A law that gets worse, or better, must change the record."""
    assert score.verdict == score.expected, f"{score.quantity}: {score.model:.4g}"


def test_platelets_are_caught_too_often_by_the_red_cells() -> None:
    """Published 70 to 80 % stay in plasma; the model's aggregates, 15 to 18 um, take more along."""
    found = [plasma_platelets(0.40, size) for size in (15e-6, 16e-6, 18e-6)]
    assert found == pytest.approx([0.604, 0.608, 0.614], abs=0.01)
    assert [plasma_platelets(h) for h in (0.38, 0.42)] == pytest.approx([0.63, 0.58], abs=0.01)
    assert max(found) < 0.70


PROTOTYPE = [
    (1.0e5, "progenitor", 0.40, 0.02),
    (2.4e5, "progenitor", 0.64, 0.16),
    (3.6e5, "progenitor", 0.90, 0.10),
    (4.8e5, "progenitor", 1.00, 0.01),
    (3.6e5, "lymphocyte", 0.59, 0.05),
    (7.2e5, "lymphocyte", 0.87, 0.13),
]


@pytest.mark.parametrize(("dose", "name", "prototype", "within"), PROTOTYPE)
def test_the_prototype_is_met(dose: float, name: str, prototype: float, within: float) -> None:
    """Between its even start and its end the exact paths rise later and steeper than it did."""
    assert captured(dose, name, AGAR) == pytest.approx(prototype, abs=within)


def stage_law(dose: float, name: str) -> float:
    """Share in the slice by the law for devices (C4, C5), every cell of the slice kept."""
    freed = freed_share(CUT.density[name], dose, CUT.freeing_dose[name], 1082.0, 6.2)
    return float(recovery(freed, 1.0, 0.06))


@pytest.mark.parametrize(
    ("dose", "name", "law", "tube"),
    [
        (1.0e5, "progenitor", 0.20, 0.36),
        (2.4e5, "progenitor", 0.62, 0.69),
        (3.6e5, "progenitor", 0.85, 1.00),
        (7.2e5, "progenitor", 0.94, 1.00),
        (1.0e5, "lymphocyte", 0.09, 0.43),
        (2.4e5, "lymphocyte", 0.24, 0.53),
        (3.6e5, "lymphocyte", 0.40, 0.64),
        (7.2e5, "lymphocyte", 0.80, 1.00),
        (1.1e6, "lymphocyte", 0.90, 1.00),
    ],
)
def test_the_stage_law_beside_the_tube(dose: float, name: str, law: float, tube: float) -> None:
    """They meet from the dose that frees a class on; before it the law forgets the plasma.

    A spin too short to free anything still leaves cells in the plasma above the bed, which the
    law does not count.
    """
    assert stage_law(dose, name) == pytest.approx(law, abs=0.01)
    assert captured(dose, name) == pytest.approx(tube, abs=0.01)
    if dose > 1.4 * CUT.freeing_dose[name]:
        assert abs(law - tube) < 0.21
        assert law < tube


def test_law_and_tube_free_three_quarters_at_like_doses() -> None:
    """The dose that brings them into the slice is by the law up to 1.45 times that of the tube."""
    for name in ("progenitor", "lymphocyte"):
        doses = np.geomspace(5e4, 2e6, 60)
        tube = doses[np.argmax([captured(d, name) >= 0.75 for d in doses])]
        law = doses[np.argmax([stage_law(d, name) >= 0.75 for d in doses])]
        assert 1.0 <= law / tube < 1.45


def test_the_bed_packs_as_the_prototype_found() -> None:
    doses = np.array([1.2e5, 5e5, 1e6, 2e6])
    tubes = [recoveries_of_spin(spin(1000, dose / 6e4), 0.30, 0.0, P) for dose in doses]
    packed = np.array([0.30 * 0.08 / float(tube.surface) for tube in tubes])
    np.testing.assert_allclose(packed, 0.66 + 0.052 * np.log(doses / 1.2e5), atol=0.03)
    assert packed[1:3] == pytest.approx(CUT.packing_limit, abs=0.02)
    loose = replace(P, hindrance_factor=1.5)
    surface = recoveries_of_spin(spin(1000, 5e5 / 6e4), 0.30, 0.0, loose).surface
    assert 0.30 * 0.08 / float(surface) < 0.6  # another factor packs otherwise
