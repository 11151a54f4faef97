"""Processing against published series beyond the table of the design; misses are kept as misses.

Two things are not scored. An older cell processor (COBE 2997) cuts at another density, and the
numbers of a buffy coat do not predict it. Fractions spun at 1,500 turns per minute (Beitzel) are
printed without a radius, so their force is not known.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cell_scores import Score, Verdict

from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.models import separation
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.models.separation import PROGENITOR, DeviceParameters

P = Reading(catalogue()).fill(ProcessParameters).separation
DEVICES = P.devices
MONONUCLEAR = ("lymphocyte", "monocyte", "myeloblast")
AGAR = replace(P, density={**P.density, PROGENITOR: 1063.5})
"""With the measured density of progenitors grown in agar for that of CFU-F."""


def recovered(device: str | DeviceParameters, *classes: str) -> float:
    """Share of some classes, or of all nucleated cells, that a median run recovers."""
    kind = DEVICES[device] if isinstance(device, str) else device
    found, shares = separation.recoveries(kind, P), P.shares()
    counted = classes or tuple(shares)
    return float(sum(found[c] * shares[c] for c in counted) / sum(shares[c] for c in counted))


def progenitors(device: str | DeviceParameters) -> float:
    kind = DEVICES[device] if isinstance(device, str) else device
    return float(separation.recoveries(kind, P)[PROGENITOR])


def reduction(platelet_fold: float) -> float:
    """Reduction of the volume, as the platelets tell it."""
    return platelet_fold / DEVICES["buffy_coat"].platelet_recovery


def variation_of_the_fold() -> float:
    """Coefficient of variation of the colony fold over runs of one device."""
    luck = np.random.default_rng(31).standard_normal(50_000)
    runs = np.asarray(separation.recoveries(DEVICES["buffy_coat"], P, luck)[PROGENITOR])
    return float(runs.std() / runs.mean())


BY_CAUSE = {"steroid": (6.2, 4.1, 7.2), "alcohol": (6.1, 4.5, 5.1), "trauma": (7.5, 4.8, 8.2)}
"""Folds of platelets, which tell the reduction, of nucleated cells and of colonies (Kumagai)."""
NUCLEATED: dict[str, Verdict] = {"steroid": "near", "alcohol": "near", "trauma": "near"}
COLONIES: dict[str, Verdict] = {"steroid": "miss", "alcohol": "near", "trauma": "near"}
SEDIMENTED = replace(DEVICES["buffy_coat"], spin_dose=3600.0)
"""An hour at the force of gravity."""

SCORES = (
    *(
        Score(f"{cause}, nucleated fold", reduction(k) * recovered("buffy_coat"), (n, n), v)
        for (cause, (k, n, _)), v in zip(BY_CAUSE.items(), NUCLEATED.values(), strict=True)
    ),
    *(
        Score(f"{cause}, colony fold", reduction(k) * progenitors("buffy_coat"), (c, c), v)
        for (cause, (k, _, c)), v in zip(BY_CAUSE.items(), COLONIES.values(), strict=True)
    ),
    Score(
        "Sugaya, nucleated fold", reduction(5.93) * recovered("buffy_coat"), (5.53, 5.53), "miss"
    ),
    Score("Sugaya, colony fold", reduction(5.93) * progenitors("buffy_coat"), (6.0, 6.0), "near"),
    Score(
        "variation of the colony fold in a centre", variation_of_the_fold(), (0.39, 0.78), "miss"
    ),
    Score(
        "separator, CFU-GM recovered",
        float(separation.recoveries(DEVICES["blood_component_separator"], AGAR)[PROGENITOR]),
        (0.85, 0.97),
        "within",
        fit=True,
    ),
    Score(
        "apheresis, CFU-GM recovered",
        float(separation.recoveries(DEVICES["apheresis"], AGAR)[PROGENITOR]),
        (0.83, 1.0),
        "within",
        fit=True,
    ),
    Score(
        "Ficoll, mononuclear cells recovered",
        recovered("ficoll", *MONONUCLEAR),
        (0.82, 0.82),
        "near",
    ),
    Score(
        "Ficoll, colonies over those of a closed tube",
        progenitors("ficoll") / DEVICES["buffy_coat"].progenitor_yield,
        (0.5, 0.61),
        "within",
        fit=True,
    ),
    Score("dextran, progenitors sedimented", progenitors(SEDIMENTED), (0.92, 0.92), "miss"),
)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.quantity)
def test_verdict_is_the_one_on_record(score: Score) -> None:
    """A law that gets worse, or better, must change the record."""
    assert score.verdict == score.expected, f"{score.quantity}: {score.model:.4g}"


def test_misses_are_counted() -> None:
    tally = {v: sum(s.verdict == v for s in SCORES) for v in ("within", "near", "miss")}
    assert tally == {"within": 3, "near": 7, "miss": 4}


SPECIFIED = {
    # Device: reduction, share of nucleated cells, colony fold at a yield of 0.95, haematocrit.
    "buffy_coat": (6.5, 0.67, (5.0, 6.0), (0.25, 0.40)),
    "low_haematocrit": (10.0, 0.62, (7.0, 9.0), (0.05, 0.15)),
}


@pytest.mark.parametrize("name", SPECIFIED)
def test_device_classes_reproduce_the_specification(name: str) -> None:
    """Nucleated cells within 6 %: here lymphocytes are not wholly freed."""
    times, nucleated, folds, haematocrits = SPECIFIED[name]
    device = DEVICES[name]
    assert recovered(name) == pytest.approx(nucleated, rel=0.06)
    assert folds[0] <= times * progenitors(replace(device, progenitor_yield=0.95)) <= folds[1]
    pool = Suspension(65e-6, 2e9, 3e4, 1e10, 0.30 * 65e-6, 5e-6)
    over = separation.carried(
        device.red_cell_carryover, pool.red_cell_volume, 65e-6, 65e-6 / times, P.packing_limit
    )
    assert haematocrits[0] <= over * pool.red_cell_volume / (65e-6 / times) <= haematocrits[1]


def test_colony_fold_at_both_yields() -> None:
    """5.1 at the chosen yield and 5.7 at 0.95: within 6 %, here progenitors are wholly freed."""
    best = replace(DEVICES["buffy_coat"], progenitor_yield=0.95)
    assert 6.5 * progenitors("buffy_coat") == pytest.approx(5.1, rel=0.06)
    assert 6.5 * progenitors(best) == pytest.approx(5.7, rel=0.06)


def test_red_cells_of_the_separator_would_not_do_for_a_point_of_care_device() -> None:
    """Sabotage: with the separator's red cells the product is a third as red as published."""
    told = {name: DEVICES[name].red_cell_carryover * reduction(6.2) for name in DEVICES}
    assert told["buffy_coat"] == pytest.approx(1.1, abs=0.1)
    assert told["blood_component_separator"] < 0.5
