"""What the healing model does where the outcome is known; small versions of ``validation/``.

Voxels of 3 mm, as wide as the gap: directions hold on them, and each absolute value is wide.
"""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest

import trephine
from trephine.case.case import read
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.cli.overrides import changed
from trephine.models.beliefs import Beliefs

COARSE = Settings.model_validate({"voxel": "3 mm", "margin_axial": "15 mm"})
NO_CELLS = "plan.steps.3="
STRIPPED = ("site.biology.living_ends=0", "site.biology.periosteum=0", "site.biology.marrow=0")
LATE = "plan.steps.3.day=21 d"
FRESH = (NO_CELLS, "site.biology.debris=1", "patient.smoker=false")
MUTE = (
    ("progenitor_signal", 0.0),
    ("osteoblast_signal", 0.0),
    ("scaffold_signal", 0.0),
)
BLOODLESS = (
    ("vessel_spread", 0.0),
    ("vessel_growth", 0.0),
    ("canal_perfusion", 0.0),
    ("muscle_perfusion", 0.0),
)
NUMB = (
    ("bone_strain", 1e3),
    ("cartilage_strain", 1e3),
    ("vessel_strain", 1e3),
    ("vessel_strain_end", 2e3),
    ("tearing_strain", 1e3),
    ("torn_strain", 2e3),
)
"""Thresholds that no strain reaches."""


@cache
def course(*sets: str, numbers: tuple[tuple[str, float], ...] = ()) -> Run:
    """Return the tibia example with changes, and numbers of its healing replaced [SI]."""
    case = changed(read(str(file("tibia-nonunion"))), sets, "the tibia")
    beliefs = Beliefs.printed()
    callus = dataclasses.replace(beliefs.heal.callus, **dict(numbers))
    heal = dataclasses.replace(beliefs.heal, callus=callus)
    return trephine.run(case, beliefs=dataclasses.replace(beliefs, heal=heal), settings=COARSE)


def held(load: float, stiffness: float) -> tuple[str, ...]:
    """Return a constant load [body weights] on a fixation [N/mm]."""
    loads = (f"plan.steps.{number}.body_weights={load}" for number in range(3))
    return (*loads, f"site.fixation.axial_stiffness={stiffness} N/mm")


def week(run: Run) -> float | None:
    return run.follow_up.union_week


def callus(run: Run) -> float:
    """Return the mineralised new bone at the last visit [mL]."""
    return float(run.follow_up.callus_volume[-1]) * 1e6


def of_the_gap(run: Run, *tissues: str) -> float:
    """Return the part of the gap that tissues fill at the last visit."""
    share = run.anatomy.gap / run.anatomy.gap.sum()
    return float(sum((run.course.fields[name][-1] * share).sum() for name in tissues))


def test_a_stripped_site_without_cells_stays_a_non_union() -> None:
    run = course(NO_CELLS, *STRIPPED)
    assert week(run) is None
    assert callus(run) < 0.05
    assert of_the_gap(run, "fibrous") > 0.9


def test_cells_at_week_3_rescue_a_stripped_site() -> None:
    run = course(*STRIPPED, LATE)
    found = week(run)
    assert found is not None
    assert 9 <= found <= 22
    assert 4.0 < callus(run) < 16.0


@pytest.mark.parametrize(
    ("sets", "numbers"),
    [((), MUTE), (("site.biology.perfusion=0",), BLOODLESS)],
    ids=["no signal", "no vessels"],
)
def test_cells_alone_do_not_rescue_it(
    sets: tuple[str, ...], numbers: tuple[tuple[str, float], ...]
) -> None:
    run = course(*STRIPPED, LATE, *sets, numbers=numbers)
    assert week(run) is None
    assert callus(run) < 0.2


def test_a_fresh_fracture_heals_without_cells() -> None:
    found = week(course(*FRESH))
    assert found is not None
    assert 8 <= found <= 20


def test_too_much_motion_keeps_the_bone_apart() -> None:
    loose, held_well = course(*held(1.5, 50)), course(*held(0.75, 1750))
    assert week(loose) is None
    assert of_the_gap(loose, "woven", "lamellar") < 0.1
    assert of_the_gap(loose, "fibrous", "cartilage") > 0.5
    assert float(loose.course.movement[-1]) > 1e-3
    found = week(held_well)
    assert found is not None
    assert found <= 14
    assert of_the_gap(held_well, "woven", "lamellar") > 0.7


def test_the_check_rejects_cells_that_feel_no_strain() -> None:
    assert week(course(*held(1.5, 50), numbers=NUMB)) is not None


def test_of_two_fixators_the_stiff_one_stiffens_first() -> None:
    """0.25 and 1.25 mm under the same force, as in the sheep of Ulm."""
    a, b = course(*held(0.75, 1890)), course(*held(0.75, 335))
    assert float(a.course.movement[0]) == pytest.approx(0.25e-3, rel=0.05)
    assert float(b.course.movement[0]) == pytest.approx(1.25e-3, rel=0.05)
    later = slice(4, 13)
    assert (a.course.stiffness[later] > b.course.stiffness[later]).all()
    assert float(a.course.stiffness[8]) > 2e6


def test_a_fifth_of_the_marrow_is_too_little() -> None:
    few, many = (
        course(
            f'plan.steps.3.harvest.draws=["{draws} x 4 mL"]',
            "plan.steps.3.process.product_volume=12 mL",
        )
        for draws in (5, 30)
    )
    assert week(few) is None
    assert week(many) is not None
    assert callus(few) < 0.1
    assert callus(many) > 6.0


def test_drugs_against_inflammation_delay_a_fresh_fracture() -> None:
    plain = course(*FRESH)
    case = changed(read(str(file("tibia-nonunion"))), FRESH, "the tibia")
    drug = {"kind": "medication", "drug": "nsaid", "day": "0 d", "until": "84 d"}
    steps = [*case.plan.as_written()["steps"], drug]
    taken = trephine.run(case.with_plan(steps=steps), settings=COARSE)
    assert float(taken.course.stiffness[12]) < 0.9 * float(plain.course.stiffness[12])
    assert callus(taken) < callus(plain)
