"""The stage harvest: absolute yield, luck by name, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.models.aspiration import AspirationParameters, Donor
from trephine.models.reading import Reading
from trephine.stages.harvest import harvest, problems

P = Reading(catalogue()).fill(AspirationParameters)
ALONE = replace(P, depot_spread=1e-12, position_spacing=1.0)
"""No luck of the position and no overlap."""
PATIENT = validate(Patient, {"age": "50 year", "sex": "male", "mass": "75 kg"}, "patient")


def plan(**changes: object) -> Harvest:
    return validate(Harvest, {"draws": ["12 x 5 mL"], **changes}, "harvest")


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_twelve_draws_by_hand() -> None:
    # 60 mL x 3000/mL x 0.1 ln 11 = 43,162; nucleated 60 x (6 + 59 x 0.3 ln(1 + 5/1.5)) e6.
    product = harvest(patient=PATIENT, plan=plan(), p=ALONE, donor=Donor.mean(), rng=rng())
    assert product.pool.progenitors == pytest.approx(43_162, rel=1e-4)
    assert product.pool.nucleated == pytest.approx(1.91723e9, rel=1e-4)
    assert product.pool.haematocrit == pytest.approx(0.45 * (1 - 0.2 * 0.439901), rel=1e-5)
    assert len(product.draws) == 12
    assert product.draws[0].marrow_share == pytest.approx(0.2397895, rel=1e-6)
    assert product.donor_age == PATIENT.age


def test_anticoagulant_dilutes_the_pool() -> None:
    citrated = plan(anticoagulant="8 mL")
    product = harvest(patient=PATIENT, plan=citrated, p=ALONE, donor=Donor.mean(), rng=rng())
    assert product.pool.volume == pytest.approx(68e-6)
    assert product.pool.anticoagulant == pytest.approx(8e-6)
    assert product.pool.progenitors == pytest.approx(43_162, rel=1e-4)


def test_budgets_close_and_tell_blood_from_marrow() -> None:
    product = harvest(patient=PATIENT, plan=plan(), p=P, donor=Donor.mean(), rng=rng())
    assert [b.quantity for b in product.budgets] == ["nucleated cells", "progenitors", "volume"]
    assert all(budget.closes(1e-12) for budget in product.budgets)
    assert product.budgets[0].incoming["from blood"] > 0


def test_two_harvests_share_the_donor_and_not_the_position() -> None:
    donor = Donor(0.3, -0.5)
    one = harvest(patient=PATIENT, plan=plan(), p=P, donor=donor, rng=rng(1))
    two = harvest(patient=PATIENT, plan=plan(), p=P, donor=donor, rng=rng(2))
    again = harvest(patient=PATIENT, plan=plan(), p=P, donor=donor, rng=rng(1))
    assert one == again
    assert one.pool.progenitors != two.pool.progenitors
    rich = harvest(patient=PATIENT, plan=plan(), p=P, donor=Donor(0.3, 0.5), rng=rng(1))
    assert rich.pool.progenitors / one.pool.progenitors == pytest.approx(np.e)
    assert rich.pool.nucleated == one.pool.nucleated


def test_default_spacing_costs_a_few_percent() -> None:
    near = replace(P, depot_spread=1e-12)
    apart = harvest(patient=PATIENT, plan=plan(), p=ALONE, donor=Donor.mean(), rng=rng())
    kept = harvest(patient=PATIENT, plan=plan(), p=near, donor=Donor.mean(), rng=rng())
    assert kept.pool.progenitors / apart.pool.progenitors == pytest.approx(0.941, abs=0.001)
    track = replace(near, position_spacing=0.005)
    crowded = harvest(patient=PATIENT, plan=plan(), p=track, donor=Donor.mean(), rng=rng())
    assert crowded.pool.progenitors / apart.pool.progenitors == pytest.approx(0.43, abs=0.02)


def test_measured_white_cells_replace_the_default() -> None:
    counted = PATIENT.model_copy(update={"blood_nucleated": 12e12})
    usual = harvest(patient=PATIENT, plan=plan(), p=ALONE, donor=Donor.mean(), rng=rng())
    more = harvest(patient=counted, plan=plan(), p=ALONE, donor=Donor.mean(), rng=rng())
    expected = 6e12 * 60e-6 * (1 - 0.439901)
    assert more.pool.nucleated - usual.pool.nucleated == pytest.approx(expected, rel=1e-5)


def test_the_tibia_yields_less() -> None:
    tibia = plan(bone="proximal_tibia")
    crest = harvest(patient=PATIENT, plan=plan(), p=P, donor=Donor.mean(), rng=rng())
    shin = harvest(patient=PATIENT, plan=tibia, p=P, donor=Donor.mean(), rng=rng())
    assert shin.pool.progenitors / crest.pool.progenitors == pytest.approx(0.45)


def test_every_problem_is_told_at_once() -> None:
    wrong = plan(bone="posterior_crest", needle={"gauge": 22})
    found = problems(wrong, P, "plan.steps.0.harvest")
    assert [problem.place for problem in found] == [
        "plan.steps.0.harvest.bone",
        "plan.steps.0.harvest.needle.gauge",
    ]
    assert "posterior_iliac_crest" in found[0].message
    assert "8 to 15" in found[1].message
    with pytest.raises(InputError, match="posterior_iliac_crest"):
        harvest(patient=PATIENT, plan=wrong, p=P, donor=Donor.mean(), rng=rng())
