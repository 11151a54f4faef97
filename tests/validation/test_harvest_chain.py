"""Harvest as a whole against published series: blood lost, harm, laboratories, donors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.processing import Concentrate
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters, Donor, Drawn, Facts, drawn
from trephine.models.assay import laboratory_factor
from trephine.models.harvest_risk import haemoglobin_fall, risks
from trephine.models.processing import ProcessParameters, processed
from trephine.models.reading import Reading

P = Reading(catalogue()).fill(AspirationParameters)
PROCESSING = Reading(catalogue()).fill(ProcessParameters)
YEAR = 365.25 * 86400
ML = 1e-6
COUNT = 20_000


def plan(*draws: str, **changes: object) -> Harvest:
    return validate(Harvest, {"draws": list(draws), "syringe": "60 mL", **changes}, "harvest")


def many(
    written: Harvest, p: AspirationParameters, facts: Facts | Patient, count: int = COUNT
) -> Drawn:
    """Return the draws of many donors, each with luck of donor and positions."""
    streams = Streams(21)
    donor = Donor.of(p, *streams.named("donor").standard_normal((2, count)))
    depots = streams.named("needle").standard_normal((len(written.draws), count))
    return drawn(facts, written, p, donor, depots)


def explained(pool_nucleated: NDArray[np.float64], colonies: NDArray[np.float64]) -> float:
    """Squared correlation of the logarithms."""
    return float(np.corrcoef(np.log(pool_nucleated), np.log(colonies))[0, 1] ** 2)


def test_variance_split_through_the_whole_draw() -> None:
    """0.30 follows from the two spreads; the humerus series of 96 patients reports 0.28.

    Blood, depots and overlap join in, and nothing is tuned: without blood it is 0.30, and the
    blood of a pool of 5-mL draws, the same in all, and the luck of the depots change it little.
    """
    facts = Facts(age=50 * YEAR)
    chain = many(plan("12 x 5 mL"), P, facts)
    found = explained(chain.pool.nucleated, chain.pool.progenitors)  # type: ignore[arg-type]
    assert found == pytest.approx(0.30, abs=0.03)
    assert found == pytest.approx(0.28, abs=0.04)
    alike = replace(P, donor_spread_prevalence=1e-9)
    twin = many(plan("12 x 5 mL"), alike, facts)
    assert explained(twin.pool.nucleated, twin.pool.progenitors) > 0.9  # type: ignore[arg-type]


def test_sixty_millilitres_over_donors() -> None:
    """Median dose and chance of fewer than 30,000 at a recovery of 0.87, through the whole draw."""
    wide = replace(P.fan, breadth=100.0)
    apart = replace(P, depot_spread=1e-9, position_spacing=1.0, fan=wide)
    for written, median, short in (("12 x 5 mL", 26_000, 0.57), ("1 x 60 mL", 4_300, 0.99)):
        pool = many(plan(written), apart, Facts(age=50 * YEAR)).pool
        dose = 0.87 * np.asarray(pool.progenitors)
        assert np.median(dose) == pytest.approx(median, rel=0.03)
        assert np.mean(dose < 30_000) == pytest.approx(short, abs=0.015)


def lost(volume: float, mass: float, female: bool, haematocrit: float) -> float:  # noqa: FBT001
    """Return the fall of the haemoglobin after a harvest of 20-mL draws [g/L]."""
    written = validate(Harvest, {"draws": [f"{volume:g} mL"], "syringe": "2 L"}, "harvest")
    known = replace(P, blood_haematocrit_female=haematocrit, blood_haematocrit_male=haematocrit)
    found = drawn(
        Facts(age=30 * YEAR, female=female), written, known, Donor.mean(), np.zeros((1, 1))
    )
    red = float(np.squeeze(found.pool.red_cell_volume))
    return float(haemoglobin_fall(red, haematocrit, mass, P.risk))


def test_haemoglobin_falls_as_the_red_cells_that_were_drawn() -> None:
    """216 donors, 1100 mL of women and 1300 mL of men: a fall of 23 g/L, harvest.csv H63.

    Near, not within: the law loses a fifth more. Their masses were not read (68 and 85 kg here),
    and seven in ten were given back blood of their own, which the law does not know.
    """
    women, men = lost(1100, 68, True, 135 / 340), lost(1300, 85, False, 153 / 340)
    assert women == pytest.approx(28.0, abs=0.5)
    assert men == pytest.approx(29.9, abs=0.5)
    assert 23 < (women + men) / 2 < 23 * 1.3


def test_harm_is_that_of_the_orthopaedic_series_and_not_of_the_surveys() -> None:
    """3 of 523 major, and not the 57 of 94,472 diagnostic punctures."""
    man = validate(Patient, {"age": "50 year", "sex": "male", "mass": "75 kg"}, "patient")
    told = risks(man, 25 * ML, 0.45, P.risk)
    for event, seen in (("major", 3), ("anaemia", 16), ("early_pain", 6), ("minor", 10)):
        assert told.low[event] < seen / 523 < told.high[event]
        assert told.low[event] > 57 / 94_472
        assert told.graft[event] > 5 * told.chance[event]


def test_paris_counts_three_quarters_and_an_unknown_laboratory_anything() -> None:
    """Pools of some 10-mL draws: 457 by the law, 19 to 24 published, 140 to 700 by draw size.

    The factor of Paris is a count over the law of one draw. Paris made pools of seventy-five
    draws and counted their concentrate, 2,579 +- 1,121 per mL (recalled; cohorts.csv), which set
    no number: the whole chain, with its luck, fans and separator, must come back to both.
    """
    donor, pool = Donor.mean(), plan("75 x 4 mL", anticoagulant="30 mL")
    luck = np.random.default_rng(5).standard_normal((75, 400))
    drawn_there = drawn(Facts(age=50 * YEAR), pool, P, donor, luck).pool
    spun = validate(
        Concentrate,
        {"method": "concentrate", "device": "blood_component_separator", "product_volume": "50 mL"},
        "process",
    )
    product = processed(drawn_there, spun, None, PROCESSING, 0.0).product

    def counted(held: Suspension, volume: float, laboratory: str) -> float:
        return float(np.mean(held.progenitors) / (volume / ML) * laboratory_factor(laboratory, P))

    assert counted(drawn_there, pool.volume, "paris") == pytest.approx(612, rel=0.15)
    assert abs(counted(product, product.volume, "paris") - 2579) < 1121
    assert abs(counted(product, product.volume, "closed_tip_series") - 2579) > 1121
    assert abs(counted(drawn_there, pool.volume, "reference") - 612) > 134
    luck = np.random.default_rng(3).standard_normal(COUNT)
    low, high = 457 * np.quantile(np.asarray(laboratory_factor(None, P, luck)), [0.001, 0.999])
    assert low == pytest.approx(457 * np.exp(-3.09), rel=0.2)
    assert low < 23
    assert high > 5_000


def test_a_needle_that_advances_brings_more() -> None:
    """Three advances of 5 mm against none raise CFU-F in the horse's sternum, harvest.csv H50."""

    def progenitors(step: str) -> float:
        pool = many(plan("3 x 5 mL", track=3, step=step), P, Facts(age=50 * YEAR), 2_000).pool
        return float(np.mean(np.asarray(pool.progenitors)))

    stays = progenitors("0.01 mm")
    assert progenitors("5 mm") / stays == pytest.approx(1.30, abs=0.05)
    assert progenitors("20 mm") / stays == pytest.approx(2.0, abs=0.1)
