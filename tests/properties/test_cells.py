"""Laws of the cell side for all inputs: conservation, bounds, order, shared luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from trephine.case.aspirate import Aspirate
from trephine.case.document import validate
from trephine.case.harvesting import Harvest
from trephine.case.patient import Patient
from trephine.case.processing import Concentrate, Culture, Unspun
from trephine.case.suspension import Suspension
from trephine.catalogue.load import catalogue
from trephine.core.errors import InputError
from trephine.core.rng import Streams
from trephine.models import aspiration, culture, injection, placement, retention, separation
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
PLAN: TypeAdapter[Unspun | Concentrate | Culture] = TypeAdapter(Unspun | Concentrate | Culture)
ML = 1e-6
quick = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
volumes = st.floats(0.5, 60.0)
donors = st.builds(Donor, st.floats(-1.5, 1.5), st.floats(-2.0, 2.0))
patients = st.builds(
    lambda age, sex, smoker, risk: validate(
        Patient,
        {
            "age": f"{age:.1f} year",
            "sex": sex,
            "mass": "75 kg",
            "height": "170 cm",
            "smoker": smoker,
            "osteonecrosis_risk": risk,
        },
        "patient",
    ),
    st.floats(1, 100),
    st.sampled_from(["female", "male"]),
    st.booleans(),
    st.booleans(),
)


def plan(draws: list[float], **changes: object) -> Harvest:
    written = {"draws": [f"{d!r} mL" for d in draws], "syringe": "60 mL", **changes}
    return validate(Harvest, written, "harvest")


@quick
@given(patients, st.lists(volumes, min_size=1, max_size=12), donors, seeds)
def test_harvest_conserves_cells(
    patient: Patient, draws: list[float], donor: Donor, seed: int
) -> None:
    product = harvest(
        patient=patient,
        plan=plan(draws, anticoagulant=f"{0.1 * sum(draws)} mL"),
        p=DRAWING,
        donor=donor,
        rng=np.random.default_rng(seed),
    )
    assert all(budget.closes(1e-12) for budget in product.budgets)
    assert sum(d.nucleated for d in product.draws) == pytest.approx(product.pool.nucleated)
    assert sum(d.progenitors for d in product.draws) == pytest.approx(product.pool.progenitors)
    assert all(0.0 < d.marrow_share < 1.0 for d in product.draws)
    assert 0.0 < product.pool.haematocrit < 0.6
    assert product.pool.progenitors < product.pool.nucleated


@quick
@given(st.floats(0.01, 100.0), st.floats(0.05, 20.0), st.floats(0.0, 100.0))
def test_share_falls_with_the_volume_and_with_what_came_before(
    volume: float, theta: float, before: float
) -> None:
    share = aspiration.marrow_share(volume, theta, before)
    assert 0.0 < share <= 1.0
    assert aspiration.marrow_share(volume * 1.1, theta, before) < share
    assert aspiration.marrow_share(volume, theta, before + 0.1 * theta) < share
    assert aspiration.marrow_share(volume, theta * 1.1, before) > share


@quick
@given(st.floats(1.0, 120.0), st.integers(1, 20), st.integers(1, 20), st.floats(0.0, 40.0))
def test_more_draws_of_the_same_total_never_give_fewer_progenitors(
    total: float, few: int, more: int, spacing: float
) -> None:
    def progenitors(draws: int) -> float:
        each = np.full(draws, total / draws)
        before = aspiration.drained_before(each, spacing, 5.0)
        return float((each * aspiration.marrow_share(each, 0.5, before)).sum())

    few, more = sorted((few, more))
    assert progenitors(more) >= progenitors(few) * (1 - 1e-12)


@quick
@given(patients, st.lists(volumes, min_size=1, max_size=8), st.floats(0.1, 20.0), donors, seeds)
def test_more_volume_never_gives_fewer_cells(
    patient: Patient, draws: list[float], extra: float, donor: Donor, seed: int
) -> None:
    def pool(made: list[float]) -> Suspension:
        # A puncture for each: a track more in a fan would crowd the others.
        written = plan(made, syringe="80 mL", punctures=len(made))
        rng = np.random.default_rng(seed)
        return harvest(patient=patient, plan=written, p=DRAWING, donor=donor, rng=rng).pool

    less = pool(draws)
    longer = pool([*draws[:-1], draws[-1] + extra])
    another = pool([*draws, extra])
    for more in (longer, another):
        assert more.nucleated > less.nucleated
        assert more.progenitors > less.progenitors


@quick
@given(donors, seeds)
def test_arms_that_differ_by_draws_share_their_luck(donor: Donor, seed: int) -> None:
    patient = validate(Patient, {"age": "50 year", "sex": "male", "mass": "75 kg"}, "patient")
    streams = Streams(seed)

    def pool(draws: list[float], luck: Donor) -> float:
        rng = streams.named("harvest", 0)
        return harvest(
            patient=patient, plan=plan(draws), p=DRAWING, donor=luck, rng=rng
        ).pool.progenitors

    # The first position has the same depot in both arms, and the donor scales both alike.
    assert pool([5.0] * 6, donor) > pool([5.0] * 4, donor)
    one, two = pool([5.0] * 6, donor), pool([10.0] * 3, donor)
    plain_one, plain_two = pool([5.0] * 6, Donor.mean()), pool([10.0] * 3, Donor.mean())
    assert one / plain_one == pytest.approx(two / plain_two)


@quick
@given(st.sampled_from(sorted(PROCESSING.separation.devices)), st.floats(-4.0, 4.0))
def test_recoveries_are_shares(device: str, luck: float) -> None:
    p = PROCESSING.separation
    found = separation.recoveries(p.devices[device], p, luck)
    carried = p.devices[device].red_cell_carryover
    assert all(0.0 < share < 1.0 for share in found.values())
    assert found["eosinophil"] <= found["myeloblast"]
    assert found["eosinophil"] >= 0.2 * carried * found["myeloblast"]


@quick
@given(
    st.sampled_from(sorted(PROCESSING.separation.devices)),
    st.floats(1.0, 70.0),
    st.floats(0.05, 0.6),
    seeds,
)
def test_concentrate_is_physical_or_refused(
    device: str, volume: float, haematocrit: float, seed: int
) -> None:
    pool = Suspension(65 * ML, 2e9, 3e4, 1e10, haematocrit * 65 * ML, 8 * ML)
    made = PLAN.validate_python(
        {"method": "concentrate", "device": device, "product_volume": f"{volume!r} mL"}
    )
    try:
        product = process(
            aspirate=Aspirate(pool, (), ()),
            plan=made,
            p=PROCESSING,
            rng=np.random.default_rng(seed),
        )
    except InputError as error:
        assert error.problems[0].place == "process.product_volume"  # noqa: PT017
        return
    assert all(budget.closes(1e-12) for budget in product.budgets)
    assert 0.0 <= product.product.haematocrit <= PROCESSING.separation.packing_limit + 1e-9
    assert 0.0 < product.recovery_progenitors < 1.0
    assert 0.0 < product.recovery_nucleated < 1.0
    assert product.product.progenitors <= product.product.nucleated


@quick
@given(st.floats(0.0, 100.0), st.floats(10.0, 100.0), st.floats(1.0, 1e6))
def test_culture_conserves_and_is_linear(days: float, hours: float, seeded: float) -> None:
    p = PROCESSING.culture
    growth = culture.expand(seeded, days * 86400, hours * 3600, p)
    assert growth.attached + growth.grown == pytest.approx(growth.cells + growth.lost)
    assert growth.doublings <= p.most_doublings
    twice = culture.expand(2 * seeded, days * 86400, hours * 3600, p)
    assert twice.cells == pytest.approx(2 * growth.cells)


@quick
@given(st.floats(0.0, 400.0), st.floats(0.0, 1.0), st.floats(0.1, 10.0), st.floats(10.0, 100.0))
def test_retention_falls_from_one(time: float, lost: float, fast: float, slow: float) -> None:
    share = retention.retained(time, lost, fast, slow)
    assert 0.0 <= share <= 1.0
    assert retention.retained(time + 1.0, lost, fast, slow) <= share
    assert share <= lost * 2 ** (-time / fast) + (1 - lost) + 1e-12


@quick
@given(st.floats(0.0, 1e5))
def test_needle_survival_is_bounded_by_its_loss(stress: float) -> None:
    assert 1.0 - INJECTING.shear_loss <= injection.needle_survival(stress, INJECTING) <= 1.0


@quick
@given(seeds, st.floats(0.001, 1.0))
def test_settling_conserves_the_volume_and_never_overfills(seed: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    room = rng.random((7, 6, 5)) * (rng.random((7, 6, 5)) > 0.4)
    readiness = np.exp(-rng.uniform(0, 60, room.shape))
    volume = part * float(room.sum())
    fill = placement.settle(room, readiness, volume, 1.0)
    assert fill.sum() == pytest.approx(volume, rel=1e-12)
    assert (fill >= 0).all()
    assert (fill <= room).all()
    more = placement.settle(room, readiness, min(volume * 1.1, float(room.sum())), 1.0)
    assert (more >= fill - 1e-12).all()


@pytest.mark.parametrize("seed", range(25))
def test_every_sampled_belief_is_usable(seed: int) -> None:
    luck = np.random.default_rng(seed)
    reading = Reading(catalogue(), lambda _: luck)
    drawing = reading.fill(AspirationParameters)
    processing = reading.fill(ProcessParameters)
    injecting = reading.fill(InjectionParameters)
    patient = validate(Patient, {"age": "50 year", "sex": "female", "mass": "75 kg"}, "patient")
    rng = np.random.default_rng(seed)
    aspirate = harvest(
        patient=patient,
        plan=plan([5.0] * 12),
        p=drawing,
        donor=aspiration.draw_donor(drawing, rng),
        rng=rng,
    )
    for device in processing.separation.devices:
        made = {"method": "concentrate", "device": device, "product_volume": "12 mL"}
        product = process(aspirate=aspirate, plan=PLAN.validate_python(made), p=processing, rng=rng)
        assert 0.0 < product.recovery_progenitors < 1.0
    assert 0.0 < injection.needle_survival(100.0, injecting) <= 1.0


def test_more_luck_of_position_does_not_move_the_median_depot() -> None:
    wide = replace(DRAWING, depot_spread=0.8)
    patient = validate(Patient, {"age": "50 year", "sex": "male", "mass": "75 kg"}, "patient")
    for p in (DRAWING, wide):
        shares = [
            harvest(
                patient=patient,
                plan=plan([5.0]),
                p=p,
                donor=Donor.mean(),
                rng=np.random.default_rng(seed),
            )
            .draws[0]
            .marrow_share
            for seed in range(1500)
        ]
        assert np.median(shares) == pytest.approx(0.2398, abs=0.012)
