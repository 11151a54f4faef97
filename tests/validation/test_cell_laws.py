"""The cell laws against published series; every miss is listed as one, none is tuned away."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pytest

from trephine.case.aspirate import Aspirate
from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.processing import Concentrate
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.models import aspiration, culture, retention, separation
from trephine.models.aspiration import AspirationParameters, Donor
from trephine.models.injection import InjectionParameters
from trephine.models.processing import ProcessParameters
from trephine.models.reading import Reading
from trephine.stages.harvest import harvest
from trephine.stages.process import process

READING = Reading(catalogue())
DRAWING = READING.fill(AspirationParameters)
PROCESSING = READING.fill(ProcessParameters)
INJECTING = READING.fill(InjectionParameters)
APART = replace(DRAWING, depot_spread=1e-12, position_spacing=1.0)
"""Positions too far apart to overlap, each with the median depot."""
ML = 1e-6
DAY = 86400.0
GRANULOCYTES = ("promyelocyte", "myelocyte", "metamyelocyte", "neutrophil", "eosinophil")

Verdict = Literal["within", "near", "miss"]


@dataclass(frozen=True)
class Score:
    """One published quantity beside the model's; ``fit`` where it informed a parameter."""

    quantity: str
    model: float
    published: tuple[float, float]
    expected: Verdict
    fit: bool = False

    @property
    def verdict(self) -> Verdict:
        """Within the published range, within a factor 1.3 of it, or neither."""
        low, high = self.published
        if low <= self.model <= high:
            return "within"
        return "near" if low / 1.3 <= self.model <= high * 1.3 else "miss"


def share(volume: float, theta: float) -> float:
    return float(aspiration.marrow_share(volume * ML, theta))


def nucleated(volume: float) -> float:
    """Nucleated cells at one position of the mean donor [1e6/mL]."""
    found = aspiration.nucleated_concentration(
        share(volume, DRAWING.theta_nucleated), DRAWING.marrow_nucleated, DRAWING.blood_nucleated
    )
    return float(found) * 1e-12


def progenitors(volume: float) -> float:
    """CFU-F at one position of the mean donor [1/mL]."""
    depot = share(volume, DRAWING.theta_progenitors)
    return float(aspiration.progenitor_concentration(depot, DRAWING.marrow_progenitors)) * 1e-6


def later_aliquots() -> float:
    """CFU-F of aliquots 2 to 4 of 10 mL over those of the first, proximal humerus."""
    theta = DRAWING.theta_progenitors * DRAWING.sites["proximal_humerus"].depot
    first, all_four = 10 * share(10, theta), 40 * share(40, theta)
    return (all_four - first) / first


def recovered(device: str, *classes: str) -> float:
    """Share of some classes, or of all nucleated cells, that a median run recovers."""
    p = PROCESSING.separation
    found, shares = separation.recoveries(p.devices[device], p), p.shares()
    counted = classes or tuple(shares)
    return sum(found[c] * shares[c] for c in counted) / sum(shares[c] for c in counted)


def granulocyte_macrophage_colonies() -> float:
    """Recovery of the agar progenitors whose density was measured, by the blood bank's device."""
    p = PROCESSING.separation
    device = p.devices["blood_component_separator"]
    denser = replace(p, density={**p.density, separation.PROGENITOR: 1063.5})
    return separation.recoveries(device, denser)[separation.PROGENITOR]


def colony_fold(reduction: float) -> float:
    p = PROCESSING.separation
    recovery = separation.recoveries(p.devices["buffy_coat"], p)[separation.PROGENITOR]
    return float(separation.fold(recovery, reduction, 1.0))


def kept_in(bed: str, time: float) -> float:
    """Share of the cells that is there after a time [s]."""
    where = INJECTING.retention[bed]
    lost = retention.lost_early(where)
    return float(retention.retained(time, lost, where.fast_half_life, where.slow_half_life))


def two_passages() -> float:
    p = PROCESSING.culture
    duration = p.lag + 2 * p.passage_doublings * p.doubling_time
    return culture.expand(20_000.0, duration, p.doubling_time, p).cells


BLOOD_SHARE = DRAWING.blood_nucleated * 1e-12 * (1 - share(40, DRAWING.theta_nucleated))

SCORES = (
    Score(
        "CFU-F, full 10-mL over full 50-mL syringe",
        progenitors(10) / progenitors(50),
        (3, 4),
        "within",
    ),
    Score("nucleated at 1 mL [1e6/mL]", nucleated(1), (35, 75), "within", fit=True),
    Score("nucleated at 5 mL [1e6/mL]", nucleated(5), (33, 46), "near", fit=True),
    Score("nucleated at 10 mL [1e6/mL]", nucleated(10), (20, 28), "within", fit=True),
    Score("nucleated at 50 mL [1e6/mL]", nucleated(50), (9.4, 10.5), "near", fit=True),
    Score("CFU-F per 1e6 at 2 mL", progenitors(2) / nucleated(2), (28, 47), "near", fit=True),
    Score("CFU-F, pool of 4-mL draws [1/mL]", progenitors(4), (478, 746), "near", fit=True),
    Score("CFU-F, pool of 10-mL draws [1/mL]", progenitors(10), (19, 24), "miss"),
    Score("CFU-F, one site, 55 mL [1/mL]", progenitors(55), (192, 200), "miss"),
    Score(
        "nucleated, pooled (40 mL) over first mL",
        nucleated(40) / nucleated(1),
        (0.33, 0.34),
        "near",
        fit=True,
    ),
    Score(
        "CFU-GM, pooled (40 mL) over first mL",
        progenitors(40) / progenitors(1),
        (0.09, 0.11),
        "within",
    ),
    Score(
        "nucleated, 10-mL over 3-mL draws",
        nucleated(10) / nucleated(3),
        (0.58, 1.0),
        "within",
        fit=True,
    ),
    Score(
        "blood share of nucleated, pooled (40 mL)",
        BLOOD_SHARE / nucleated(40),
        (0.123, 0.293),
        "miss",
        fit=True,
    ),
    Score("humerus, aliquots 2-4 over the first", later_aliquots(), (0.8, 1.25), "miss"),
    Score(
        "children, CFU-F 2-mL over 100-mL draw",
        progenitors(2) / progenitors(100),
        (1.0, 1.43),
        "miss",
    ),
    Score(
        "children, nucleated 2-mL over 100-mL draw",
        nucleated(2) / nucleated(100),
        (1.0, 1.1),
        "miss",
    ),
    Score(
        "separator, nucleated recovered",
        recovered("blood_component_separator"),
        (0.56, 0.72),
        "within",
        fit=True,
    ),
    Score(
        "separator, granulocytes recovered",
        recovered("blood_component_separator", *GRANULOCYTES),
        (0.38, 0.54),
        "within",
        fit=True,
    ),
    Score(
        "separator, CFU-GM recovered",
        granulocyte_macrophage_colonies(),
        (0.85, 0.97),
        "within",
        fit=True,
    ),
    Score(
        "point of care, nucleated fold at 6.5", 6.5 * recovered("buffy_coat"), (4.1, 4.8), "within"
    ),
    Score("point of care, CFU-F fold at 6.5", colony_fold(6.5), (5.1, 8.2), "within"),
    Score(
        "apheresis, nucleated recovered", recovered("apheresis"), (0.22, 0.29), "within", fit=True
    ),
    Score("Ficoll, nucleated recovered", recovered("ficoll"), (0.20, 0.22), "miss"),
    Score(
        "ceramic scaffold, cells at six weeks",
        kept_in("ceramic", 42 * DAY),
        (0.24, 0.26),
        "miss",
        fit=True,
    ),
    Score("cells of 20,000 CFU-F after two passages", two_passages(), (2e7, 1e8), "near"),
)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.quantity)
def test_verdict_is_the_one_on_record(score: Score) -> None:
    """A law that gets worse, or better, must change the record."""
    assert score.verdict == score.expected, f"{score.quantity}: {score.model:.4g}"


def test_misses_are_counted_and_most_are_not_fits() -> None:
    tally = {v: sum(s.verdict == v for s in SCORES) for v in ("within", "near", "miss")}
    assert tally == {"within": 11, "near": 6, "miss": 8}
    assert sum(not s.fit for s in SCORES) >= 10


@pytest.mark.parametrize(
    ("model", "specified"),
    [
        (progenitors(10) / progenitors(50), 3.30),
        (nucleated(1), 51),
        (nucleated(5), 32),
        (nucleated(10), 24),
        (nucleated(50), 12),
        (progenitors(1e-6) / nucleated(1e-6), 46),
        (progenitors(2) / nucleated(2), 28),
        (progenitors(10) / nucleated(10), 19),
        (progenitors(50) / nucleated(50), 11.5),
        (progenitors(4), 824),
        (progenitors(55), 128),
        (nucleated(40) / nucleated(1), 0.26),
        (later_aliquots(), 0.44),
        (progenitors(2) / progenitors(100), 15),
        (nucleated(2) / nucleated(100), 4.5),
    ],
)
def test_draws_reproduce_the_specification(model: float, specified: float) -> None:
    assert model == pytest.approx(specified, rel=0.03)


@pytest.mark.parametrize(
    ("model", "specified"),
    [(6.5 * recovered("buffy_coat"), 4.40), (colony_fold(6.5), 5.1)],
)
def test_folds_reproduce_the_specification(model: float, specified: float) -> None:
    """Within 6 %: here lymphocytes are not wholly freed and progenitors are."""
    assert model == pytest.approx(specified, rel=0.06)


def exponential(volume: float) -> float:
    """Sabotage: depots of one size, set by the same measurement, D(4)/D(1) = 0.5."""
    return 1.64 / volume * (1.0 - math.exp(-volume / 1.64))


def logarithmic(volume: float) -> float:
    return share(volume, DRAWING.theta_progenitors)


def syringe_ratio(law: Callable[[float], float]) -> float:
    assert law(4) / law(1) == pytest.approx(0.5, abs=1e-3)
    return law(10) / law(50)


def test_the_held_out_syringes_tell_the_depots_apart() -> None:
    assert syringe_ratio(logarithmic) == pytest.approx(3.30, abs=0.01)
    assert 3 <= syringe_ratio(logarithmic) <= 4
    assert syringe_ratio(exponential) > 4.9


PATIENT = validate(Patient, {"age": "50 year", "sex": "male", "mass": "75 kg"}, "patient")


def drawn(plan: str, donor: Donor) -> Aspirate:
    """Pool of a plan at positions that do not overlap, each with the median depot."""
    written = validate(Harvest, {"draws": [plan], "syringe": "60 mL"}, "harvest")
    rng = np.random.default_rng(0)
    return harvest(patient=PATIENT, plan=written, p=APART, donor=donor, rng=rng)


PLANS = [
    ("1 x 60 mL", 7_200, 630, 46),
    ("2 x 30 mL", 12_300, 1_070, 60),
    ("6 x 10 mL", 27_400, 2_400, 97),
    ("12 x 5 mL", 43_200, 3_800, 129),
    ("30 x 2 mL", 72_400, 6_300, 175),
]


@pytest.mark.parametrize(("plan", "pool", "product", "cells"), PLANS)
def test_sixty_millilitres_from_needle_to_product(
    plan: str, pool: float, product: float, cells: float
) -> None:
    """Pool within 1 %; product within 9 %: the table takes a recovery of 0.87, the law 0.81."""
    aspirate = drawn(plan, Donor.mean())
    assert aspirate.pool.progenitors == pytest.approx(pool, rel=0.01)
    assert aspirate.pool.progenitors * 0.87 / 10 == pytest.approx(product, rel=0.015)
    spun = Concentrate(method="concentrate", device="buffy_coat", product_volume="10 mL")
    sure = replace(PROCESSING.separation, progenitor_spread=1e-9, cell_spread=1e-9)
    made = process(
        aspirate=aspirate,
        plan=spun,
        p=replace(PROCESSING, separation=sure),
        rng=np.random.default_rng(0),
    )
    assert made.product.progenitors / 10 == pytest.approx(product, rel=0.09)
    assert made.product.nucleated * 1e-6 / 10 == pytest.approx(cells, rel=0.09)


def test_draw_plan_beats_device_by_five_to_ten() -> None:
    few, many = drawn("1 x 60 mL", Donor.mean()), drawn("30 x 2 mL", Donor.mean())
    assert many.pool.progenitors / few.pool.progenitors == pytest.approx(10.1, abs=0.1)


@pytest.mark.parametrize(
    ("plan", "median", "short"), [("12 x 5 mL", 26_000, 0.57), ("1 x 60 mL", 4_300, 0.99)]
)
def test_dose_over_donors(plan: str, median: float, short: float) -> None:
    """Median dose and the chance of fewer than 30,000 progenitors, recovery 0.87."""
    rng = np.random.default_rng(20)
    mean = drawn(plan, Donor.mean()).pool.progenitors * 0.87
    donors = [aspiration.draw_donor(APART, rng) for _ in range(20_000)]
    dose = mean * np.exp([d.ln_nucleated + d.ln_progenitors for d in donors])
    assert np.median(dose) == pytest.approx(median, rel=0.03)
    assert np.mean(dose < 30_000) == pytest.approx(short, abs=0.015)


def test_variance_split_predicts_the_correlation_of_the_humerus_series() -> None:
    """Explained variance of colonies by nucleated cells: 0.30, published 0.28 in 96 patients."""
    rng = np.random.default_rng(21)
    donors = [aspiration.draw_donor(DRAWING, rng) for _ in range(20_000)]
    nucleated_luck = np.array([d.ln_nucleated for d in donors])
    colony_luck = nucleated_luck + np.array([d.ln_progenitors for d in donors])
    explained = float(np.corrcoef(nucleated_luck, colony_luck)[0, 1] ** 2)
    assert explained == pytest.approx(0.30, abs=0.015)
    assert explained == pytest.approx(0.28, abs=0.04)


def test_product_haematocrit_of_a_point_of_care_device() -> None:
    pool = Suspension(65 * ML, 2e9, 3e4, 1e10, 0.30 * 65 * ML, 5 * ML)
    spun = Concentrate(method="concentrate", device="buffy_coat", product_volume="10 mL")
    made = process(
        aspirate=Aspirate(pool, (), ()), plan=spun, p=PROCESSING, rng=np.random.default_rng(1)
    )
    assert 0.25 <= made.product.haematocrit <= 0.40
    assert made.product.haematocrit == pytest.approx(0.3315)
