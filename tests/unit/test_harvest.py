"""The stage harvest: absolute yield, luck by name, refusals."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from trephine.case.aspirate import Aspirate
from trephine.case.document import validate
from trephine.case.harvesting import FatHarvest, Harvest
from trephine.case.patient import Patient
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models.aspiration import AspirationParameters, Donor, clots, draw_donor, drawn
from trephine.models.aspiration_parameters import FanParameters
from trephine.models.lipoaspiration import lipoaspirated
from trephine.models.reading import Reading
from trephine.stages.harvest import harvest, problems

P = Reading(catalogue()).fill(AspirationParameters)
WIDE = FanParameters(tracks=4.0, breadth=100.0)
ALONE = replace(P, depot_spread=1e-12, position_spacing=1.0, fan=WIDE)
"""No luck of the position and no overlap."""
MEAN = Donor.mean()
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
    # Three punctures of four tracks 20 mm apart.
    assert kept.pool.progenitors / apart.pool.progenitors == pytest.approx(0.9521, abs=0.001)
    track = replace(near, position_spacing=0.005)
    crowded = harvest(patient=PATIENT, plan=plan(), p=track, donor=Donor.mean(), rng=rng())
    assert crowded.pool.progenitors / apart.pool.progenitors == pytest.approx(0.57, abs=0.02)


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


def test_a_track_longer_than_the_bone_is_told() -> None:
    long = plan(track=8, step="10 mm")
    assert problems(long, P, "h", "male") == []
    found = problems(long, P, "h", "female")
    assert [problem.place for problem in found] == ["h.track"]
    assert found[0].message == (
        "8 draws 10 mm apart make a track of 70 mm, longer than the 67.4 mm of bone at the "
        "posterior iliac crest; write a track of at most 7, or a shorter step"
    )
    shorter = plan(track=7, step="10 mm")
    assert problems(shorter, P, "h", "female") == []
    with pytest.raises(InputError, match=r"longer than the 75\.3 mm of bone"):
        harvest(patient=PATIENT, plan=plan(track=12, step="7 mm"), p=P, donor=MEAN, rng=rng())


def test_fewer_punctures_than_the_tracks_need_are_told() -> None:
    crowded = plan(draws=["40 x 2 mL"], punctures=1)
    assert [(each.place, each.message) for each in problems(crowded, P, "h")] == [
        (
            "h.punctures",
            "1 cannot reach 40 tracks, 4 through each; write 10 to 40, or leave it out for 10",
        )
    ]
    assert problems(plan(draws=["40 x 2 mL"]), P) == []
    assert problems(plan(draws=["40 x 2 mL"], punctures=10), P) == []
    with pytest.raises(InputError, match="write 10 to 40"):
        harvest(patient=PATIENT, plan=crowded, p=P, donor=MEAN, rng=rng())


def test_tracks_crowd_and_punctures_part() -> None:
    near = replace(P, depot_spread=1e-12)

    def pool(**changes: object) -> float:
        made = harvest(patient=PATIENT, plan=plan(**changes), p=near, donor=MEAN, rng=rng())
        return made.pool.progenitors

    row, tracks, punctured = pool(), pool(track=4), pool(track=4, punctures=3)
    assert tracks < 0.65 * row
    assert tracks < punctured < row
    assert pool(punctures=12) == pytest.approx(43_162, rel=1e-4)


def test_marrow_clots_in_a_needle_that_was_not_rinsed() -> None:
    dry = plan(primed=False)

    def made(written: Harvest, clot: float | None) -> Aspirate:
        return harvest(patient=PATIENT, plan=written, p=P, donor=MEAN, rng=rng(), clot=clot)

    clear, clotted = made(dry, 0.0), made(dry, -3.0)
    assert clear == made(plan(), -3.0) == made(dry, None)
    assert clotted.pool.progenitors / clear.pool.progenitors == pytest.approx(0.7)
    assert clotted.pool.nucleated / clear.pool.nucleated == pytest.approx(0.9)
    assert all(budget.closes(1e-12) for budget in clotted.budgets)
    assert clotted.budgets[1].outgoing["in clots"] > 0
    luck = np.random.default_rng(3).standard_normal(100_000)
    assert np.mean(clots(dry, P, luck)) == pytest.approx(0.05, abs=0.003)


def test_heparin_lets_more_colonies_grow() -> None:
    citrate = harvest(patient=PATIENT, plan=plan(), p=P, donor=MEAN, rng=rng())
    heparin = harvest(patient=PATIENT, plan=plan(agent="heparin"), p=P, donor=MEAN, rng=rng())
    assert heparin.pool.progenitors / citrate.pool.progenitors == pytest.approx(1.25)
    assert heparin.pool.nucleated == citrate.pool.nucleated


def test_the_risk_goes_along() -> None:
    told = harvest(patient=PATIENT, plan=plan(), p=P, donor=MEAN, rng=rng()).risk
    assert told is not None
    assert told.low["major"] < 3 / 523 < told.high["major"]
    assert told.haemoglobin_fall == pytest.approx(340 * 0.0247 / 5.25, rel=0.03)


def test_fat_is_drawn_by_the_same_stage() -> None:
    fat = validate(FatHarvest, {"tissue": "fat", "volume": "60 mL"}, "harvest")
    assert problems(fat, P) == []
    made = harvest(patient=PATIENT, plan=fat, p=P, donor=MEAN, rng=rng(2))
    luck = float(rng(2).standard_normal())
    assert made.pool == lipoaspirated(fat, P.fat, luck)
    assert made.draws == ()
    assert made.risk is None
    assert [b.quantity for b in made.budgets] == ["nucleated cells", "progenitors", "volume"]
    assert all(budget.closes(1e-12) for budget in made.budgets)


def test_a_run_and_a_draw_with_the_same_luck_are_equal() -> None:
    written, streams = plan(track=3, punctures=2), Streams(5)
    luck = streams.named("needle").standard_normal((12, 1))
    donor = Donor.of(P, *streams.named("donor").standard_normal((2, 1)))
    sample = drawn(PATIENT, written, P, donor, luck).pool
    run = harvest(
        patient=PATIENT,
        plan=written,
        p=P,
        donor=draw_donor(P, streams.named("donor")),
        rng=streams.named("needle"),
    ).pool
    for field in fields(run):
        assert float(np.squeeze(getattr(sample, field.name))) == getattr(run, field.name)
