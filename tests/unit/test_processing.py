"""Processing over samples: a run is a draw, volumes that cannot be, protocols, new devices."""

from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType

import numpy as np
import pytest
from pydantic import TypeAdapter

from trephine.case.aspirate import Aspirate
from trephine.case.document import validate
from trephine.case.plan import Injection
from trephine.case.processing import Processing, manipulation
from trephine.case.suspension import Suspension
from trephine.catalogue.load import Catalogue, catalogue
from trephine.core.errors import CatalogueError, InputError
from trephine.core.rng import Streams
from trephine.models import separation
from trephine.models.processing import ProcessParameters, packed, processed
from trephine.models.reading import Reading
from trephine.stages.process import process

P = Reading(catalogue()).fill(ProcessParameters)
PLAN: TypeAdapter[Processing] = TypeAdapter(Processing)
MARROW = Suspension(65e-6, 2e9, 40_000.0, 1e10, 0.30 * 65e-6, 5e-6)
YEAR = 365.25 * 86400
SPIN = {"g": 1000, "duration": "12 min", "column": "8 cm"}
EVERY = [
    {"method": "none"},
    {"method": "concentrate", "product_volume": "10 mL"},
    {"method": "concentrate", "device": "ficoll", "product_volume": "3 mL"},
    {"method": "concentrate", "product_volume": "10 mL", "spin": SPIN},
    {"method": "centrifuge", "spin": SPIN, "product_volume": "10 mL"},
    {"method": "culture", "duration": "28 d", "dose": 2e7, "product_volume": "6 mL"},
    {"method": "stromal_vascular_fraction", "product_volume": "10 mL"},
    {"method": "microfragmented_fat", "product_volume": "20 mL"},
]


def plan(**keys: object) -> Processing:
    return PLAN.validate_python(keys)


def samples(count: int, rng: np.random.Generator) -> Suspension:
    """Marrow of as many donors, each with a haematocrit of its own."""
    haematocrit = rng.uniform(0.2, 0.45, count)
    cells = [size * np.exp(rng.normal(0, 0.5, count)) for size in (2e9, 4e4, 1e10)]
    return Suspension(65e-6, *cells, haematocrit * 65e-6, 5e-6)


def one_of(pool: Suspension, which: int) -> Suspension:
    amounts = (np.asarray(getattr(pool, f.name)) for f in fields(pool))
    return Suspension(*(float(a if a.ndim == 0 else a[which]) for a in amounts))


@pytest.mark.parametrize("keys", EVERY, ids=lambda keys: f"{keys['method']}")
def test_a_run_is_a_draw_with_the_same_luck(keys: dict[str, object]) -> None:
    made_of = samples(4, np.random.default_rng(7))
    if keys["method"] == "centrifuge":  # over samples computed once, at the median haematocrit
        made_of = replace(made_of, red_cell_volume=np.full(4, 0.3 * 65e-6))
    luck = np.array([np.random.default_rng(seed).standard_normal() for seed in range(4)])
    many = processed(made_of, plan(**keys), 60 * YEAR, P, luck)
    for which in range(4):
        alone = process(
            aspirate=Aspirate(one_of(made_of, which), (), (), donor_age=60 * YEAR),
            plan=plan(**keys),
            p=P,
            rng=np.random.default_rng(which),
        )
        for field in fields(Suspension):
            assert getattr(one_of(many.product, which), field.name) == pytest.approx(
                getattr(alone.product, field.name), rel=1e-14
            )
    assert not np.any(many.held)


def test_the_operator_is_held_to_what_packs_where_a_single_run_is_refused() -> None:
    made_of = samples(400, np.random.default_rng(8))
    tight = plan(method="concentrate", product_volume="6 mL")
    many = processed(made_of, tight, None, P, np.zeros(400))
    held = np.asarray(many.held)
    assert 0.2 < held.mean() < 0.8
    cells = np.asarray(packed(many.before, many.recovered, P))
    filled = np.asarray(many.product.haematocrit) + cells / 6e-6
    limit = P.separation.packing_limit
    assert filled[held] == pytest.approx(limit, rel=1e-12)
    assert filled[~held].max() < limit
    assert (
        np.asarray(many.recovered["eosinophil"])[held].max()
        < np.asarray(many.recovered["eosinophil"])[~held].min()
    )  # fewer red cells come over, and fewer of the cells among them
    for which in (int(np.argmax(held)), int(np.argmin(held))):
        run = {"aspirate": Aspirate(one_of(made_of, which), (), ()), "plan": tight, "p": P}
        if held[which]:
            with pytest.raises(InputError, match="the cells that come over would fill"):
                process(**run, rng=np.random.default_rng(0))  # type: ignore[arg-type]
        else:
            process(**run, rng=np.random.default_rng(0))  # type: ignore[arg-type]


def test_nucleated_cells_take_room_too() -> None:
    """Of apheresis hardly a red cell comes over; a thousandth of a mL held its cells before."""
    tiny = plan(method="concentrate", device="apheresis", product_volume="0.3 mL")
    made = processed(MARROW, tiny, None, P, 0.0)
    # 0.5e9 cells of about 10 um, 0.6 pL each.
    assert made.least > 0.3e-6
    assert made.held
    assert not processed(
        MARROW, tiny.model_copy(update={"product_volume": 2e-6}), None, P, 0.0
    ).held


@pytest.mark.parametrize(("volume", "held"), [("10 mL", 1e9), ("150 mL", 1.5e10)])
def test_grown_cells_take_room_too(volume: str, held: float) -> None:
    grown = plan(method="culture", duration="42 d", dose=1.5e10, product_volume=volume)
    made = processed(MARROW, grown, 40 * YEAR, P, 3.0)
    assert made.growth is not None
    assert made.product.nucleated == pytest.approx(min(held, float(made.growth.cells)))
    aspirate = Aspirate(MARROW, (), (), donor_age=40 * YEAR)
    told = process(aspirate=aspirate, plan=grown, p=P, rng=np.random.default_rng(0))
    assert all(budget.closes(1e-9) for budget in told.budgets)
    assert any("kept back" in said for said in told.notices) == (volume == "10 mL")


def test_where_plasma_runs_out_more_red_cells_come_over() -> None:
    made_of = samples(400, np.random.default_rng(9))
    many = processed(made_of, plan(method="concentrate", product_volume="50 mL"), None, P, 0.0)
    held, red = np.asarray(many.held), np.asarray(many.product.red_cell_volume)
    plasma = 65e-6 - np.asarray(made_of.red_cell_volume)
    assert 0.1 < held.mean() < 0.9
    assert 50e-6 - red[held] == pytest.approx(plasma[held], rel=1e-12)
    assert (50e-6 - red <= plasma * (1 + 1e-12)).all()
    assert np.asarray(many.product.anticoagulant)[held] == pytest.approx(5e-6)


def test_sampled_numbers_go_through_every_plan() -> None:
    count = 300
    drawn = Reading(catalogue(), Streams(4).named, count).fill(ProcessParameters)
    made_of = samples(count, np.random.default_rng(10))
    luck = np.random.default_rng(11).standard_normal(count)
    for keys in EVERY:
        product = processed(made_of, plan(**keys), 60 * YEAR, drawn, luck).product
        for name in ("nucleated", "progenitors", "platelets", "red_cell_volume", "anticoagulant"):
            amount = np.broadcast_to(getattr(product, name), (count,))
            assert np.isfinite(amount).all(), (keys, name)
            assert (amount >= 0).all(), (keys, name)
        assert (np.asarray(product.progenitors) <= np.asarray(product.nucleated)).all()


def with_device(**changes: float) -> Catalogue:
    """Return the catalogue with one more device: a copy of the buffy coat with other numbers."""
    facts = catalogue()
    new = {
        f"devices.novel.{name}": (
            record.model_copy(update={"printed": changes[name], "spread": None})
            if name in changes
            else record
        )
        for name, record in facts.section("devices.buffy_coat").items()
    }
    assert set(changes) <= {name.split(".")[-1] for name in new}
    return replace(facts, records=MappingProxyType({**facts.records, **new}))


def test_a_device_is_a_group_of_records_and_no_code() -> None:
    p = Reading(with_device(red_cell_carryover=0.05, platelet_recovery=0.6)).fill(ProcessParameters)
    assert "novel" not in P.separation.devices
    made = process(
        aspirate=Aspirate(MARROW, (), ()),
        plan=plan(method="concentrate", device="novel", product_volume="10 mL"),
        p=p,
        rng=np.random.default_rng(1),
    )
    assert made.product.platelets == pytest.approx(0.6e10)
    assert made.product.haematocrit == pytest.approx(0.05 * 0.3 * 6.5)
    assert all(budget.closes(1e-12) for budget in made.budgets)


@pytest.mark.parametrize("wrong", [-0.1, 1.2])
def test_a_recovery_that_is_no_share_is_refused(wrong: float) -> None:
    bound = "at least 0" if wrong < 0 else "at most 1"
    with pytest.raises(CatalogueError, match=rf"devices.novel.platelet_recovery: must be {bound}"):
        Reading(with_device(platelet_recovery=wrong)).fill(ProcessParameters)


def test_a_protocol_of_ones_own_takes_the_place_of_the_devices() -> None:
    device = P.separation.devices["buffy_coat"]
    spin = {"rpm": 2000, "radius": "15 cm", "duration": "5 min", "column": "4 cm"}
    made = plan(method="concentrate", product_volume="10 mL", spin=spin)
    # 1.118e-5 x 15 cm x 2000^2 = 671 g, for 300 s.
    dose = 1.118e-5 * 15 * 2000**2 * 300
    own = separation.recoveries(replace(device, spin_dose=dose, column_height=0.04), P.separation)
    found = processed(MARROW, made, None, P, 0.0).recovered
    assert {name: found[name] for name in own} == pytest.approx(own, rel=1e-3)
    usual = separation.recoveries(device, P.separation)
    assert found["lymphocyte"] < 0.8 * usual["lymphocyte"]


def test_open_tubes_hold_what_settling_brings_to_their_slice() -> None:
    made = plan(method="centrifuge", spin=SPIN, red_cells=0.15, product_volume="10 mL")
    found = processed(MARROW, made, None, P, 0.0)
    assert found.product.red_cell_volume == pytest.approx(0.15 * 0.3 * 65e-6, rel=1e-3)
    assert found.recovered["progenitor"] == pytest.approx(0.85, abs=0.01)  # all of them rise
    assert found.recovered["neutrophil"] < 0.2  # denser than the bed
    short = plan(
        method="centrifuge",
        spin={"g": 100, "duration": "2 min", "column": "8 cm"},
        red_cells=0.15,
        product_volume="10 mL",
    )
    assert processed(MARROW, short, None, P, 0.0).recovered["progenitor"] < 0.5


@pytest.mark.parametrize(
    ("volume", "why"),
    [("1 mL", "would fill it; write one from"), ("60 mL", "not that much plasma")],
)
def test_a_slice_that_cannot_be_is_refused(volume: str, why: str) -> None:
    made = plan(method="centrifuge", spin=SPIN, red_cells=0.15, product_volume=volume)
    with pytest.raises(InputError, match=rf"product_volume: {volume} cannot be had .*{why}"):
        process(aspirate=Aspirate(MARROW, (), ()), plan=made, p=P, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"method": "concentrate", "spin": {"rpm": 3200, "duration": "15 min"}},
            "process.spin: rpm = 3200 says nothing without radius; write the rotor's radius",
        ),
        (
            {"method": "concentrate", "spin": {"g": 9, "rpm": 9, "duration": "15 min"}},
            "process.spin: write either g, a multiple of gravity, or rpm",
        ),
        (
            {"method": "centrifuge", "spin": {**SPIN, "g": "1000 rpm"}},
            "process.spin.g: '1000 rpm' is not a plain number",
        ),
        (
            {"method": "centrifuge", "spin": {"g": 1000, "duration": "15 min"}},
            "process: spin.column is missing",
        ),
        (
            {"method": "centrifuge", "spin": SPIN, "red_cells": -0.1},
            "process.red_cells: must be more than 0",
        ),
        (
            {"method": "centrifuge", "spin": SPIN, "red_cells": 0},
            "process.red_cells: must be more than 0",
        ),
        (
            {"method": "concentrate", "spin": {**SPIN, "radius": "3 cm"}},
            "process.spin: radius 3 cm reaches from the axis to the middle of the column of 8 cm",
        ),
        (
            {"method": "centrifuge", "spin": SPIN, "product_volume": "99 mL"},
            r"volume \(99 mL\) is more than the pool: 60 mL drawn and 8 mL of anticoagulant",
        ),
        ({"method": "culture", "duration": "4 wk", "medium": "milk"}, "'milk' is not accepted"),
        ({"method": "microfragmented_fat"}, "microfragmented_fat is not made of marrow"),
    ],
)
def test_nonsense_gets_one_clear_message(keys: dict[str, object], message: str) -> None:
    written = {
        "kind": "injection",
        "day": "30 d",
        "harvest": {"draws": ["12 x 5 mL"], "anticoagulant": "8 mL"},
        "process": {"product_volume": "10 mL", **keys},
        "deliver": {"volume": "5 mL", "carrier": "none"},
    }
    with pytest.raises(InputError, match=message) as caught:
        validate(Injection, written, "injection")
    assert len(caught.value.problems) == 1


def test_a_volume_beyond_the_devices_use_is_told() -> None:
    def notices(volume: str) -> tuple[str, ...]:
        made = plan(method="concentrate", device="low_haematocrit", product_volume=volume)
        rng = np.random.default_rng(0)
        return process(aspirate=Aspirate(MARROW, (), ()), plan=made, p=P, rng=rng).notices

    assert any(
        "reduced 21.7-fold" in notice and "8- to 12-fold" in notice for notice in notices("3 mL")
    )
    assert not any("-fold" in notice for notice in notices("6.5 mL"))


def test_red_cells_in_a_product_are_told_and_cost_nothing() -> None:
    def notices(device: str) -> tuple[str, ...]:
        made = plan(method="concentrate", device=device, product_volume="10 mL")
        rng = np.random.default_rng(0)
        return process(aspirate=Aspirate(MARROW, (), ()), plan=made, p=P, rng=rng).notices

    assert any("red cells harm stromal cells" in notice for notice in notices("buffy_coat"))
    assert not any("red cells harm" in notice for notice in notices("ficoll"))


def test_manipulation_is_a_flag() -> None:
    found = {keys["method"]: manipulation(plan(**keys)) for keys in EVERY}
    assert {name for name, how in found.items() if how == "more"} == {
        "culture",
        "stromal_vascular_fraction",
    }
    assert set(found.values()) == {"minimal", "more"}
