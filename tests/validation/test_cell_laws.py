"""The cell laws against published series; every miss is listed as one, none is tuned away."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from cell_laws import (
    DRAWING,
    ML,
    PROCESSING,
    colony_fold,
    later_aliquots,
    nucleated,
    point_of_care_haematocrit,
    progenitors,
    recovered,
    share,
)
from cell_scores import SCORES, Score

from trephine.case.aspirate import Aspirate
from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.processing import Concentrate
from trephine.case.suspension import Suspension
from trephine.models import aspiration
from trephine.models.aspiration import Donor
from trephine.models.processing import processed
from trephine.stages.harvest import harvest
from trephine.stages.process import process


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.quantity)
def test_verdict_is_the_one_on_record(score: Score) -> None:
    """A law that gets worse, or better, must change the record."""
    assert score.verdict == score.expected, f"{score.quantity}: {score.model:.4g}"


def test_misses_are_counted_and_most_are_not_fits() -> None:
    tally = {v: sum(s.verdict == v for s in SCORES) for v in ("within", "near", "miss")}
    assert tally == {"within": 15, "near": 11, "miss": 12}
    assert sum(not s.fit for s in SCORES) >= 10


def test_a_miss_has_a_reason_and_every_score_a_source() -> None:
    assert [s.quantity for s in SCORES if not s.source] == []
    assert [s.quantity for s in SCORES if (s.verdict == "miss") != bool(s.why)] == []


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


WIDE = replace(DRAWING.fan, breadth=100.0)
APART = replace(DRAWING, depot_spread=1e-12, position_spacing=1.0, fan=WIDE)
"""Positions too far apart to overlap, each with the median depot."""
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
    """Marrow thinner than it is drawn meets the published range; marrow as drawn does not."""
    assert point_of_care_haematocrit() == pytest.approx(0.42, abs=0.005)
    thin = Suspension(65 * ML, 2e9, 3e4, 1e10, 0.30 * 65 * ML, 5 * ML)
    spun = Concentrate(method="concentrate", device="buffy_coat", product_volume="10 mL")
    made = processed(thin, spun, None, PROCESSING, 0.0).product
    assert 0.25 <= made.haematocrit <= 0.40
