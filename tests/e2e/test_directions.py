"""A change in the plan or the site moves the outcome the way medicine expects."""

from __future__ import annotations

import math
from functools import cache

import pytest

import trephine
from trephine.case.case import Case, read
from trephine.case.run import Run
from trephine.case.settings import Settings
from trephine.cli.example import file

COARSE = Settings.model_validate({"voxel": "3 mm", "margin_axial": "15 mm"})
"""The narrow gap is as wide as a voxel."""


@cache
def example() -> Case:
    """Return the worked example with its concentrate alone."""
    case = read(str(file("femur-nonunion")))
    steps = case.plan.as_written()["steps"]
    return case.with_plan(steps=[s for s in steps if s["kind"] == "loading" or s["day"] == "0 d"])


@cache
def course(changes: str) -> Run:
    case = example()
    if changes == "no cells":
        steps = case.plan.as_written()["steps"]
        case = case.with_plan(steps=[s for s in steps if s["kind"] == "loading"])
    elif changes.startswith("gap"):
        case = case.changed({"site": {"gap": {"width": changes.removeprefix("gap ")}}})
    elif changes.startswith("fixation"):
        stiffness = changes.removeprefix("fixation ")
        case = case.changed({"site": {"fixation": {"axial_stiffness": stiffness}}})
    return trephine.run(case, settings=COARSE)


def bone(run: Run) -> float:
    """Return the mineralised new bone at the last visit [mL]."""
    return float(run.follow_up.callus_volume[-1] * 1e6)


def test_cells_make_the_difference() -> None:
    with_cells, without = course("as it is"), course("no cells")
    assert with_cells.follow_up.ending.name == "UNITED"
    assert without.follow_up.ending.name == "NOT_UNITED"
    assert bone(with_cells) > 2.0
    assert bone(without) < 0.1


def union(run: Run) -> float:
    """Return the week of union, infinite without one."""
    week = run.follow_up.union_week
    return math.inf if week is None else week


def test_a_narrow_gap_does_better_than_a_wide_one() -> None:
    narrow, wide = course("gap 3 mm"), course("gap 10 mm")
    assert union(narrow) < union(wide)
    assert union(narrow) < 20


def test_a_stiff_fixation_does_better_than_a_loose_one() -> None:
    stiff, loose = course("fixation 5000 N/mm"), course("fixation 100 N/mm")
    assert union(stiff) < union(loose)
    assert union(stiff) < 20
    assert loose.course.movement[0] > 10 * stiff.course.movement[0]


def test_a_gap_narrower_than_two_voxels_is_not_bridged_by_the_grid() -> None:
    """Averaging moduli by volume would join the bone ends at day 0."""
    run = course("gap 3 mm")
    tissue = float(run.course.stiffness[0]) * 1e-3
    assert 10.0 < tissue < 2000.0


@pytest.mark.parametrize("which", ["as it is", "no cells", "gap 10 mm"])
def test_every_budget_closes(which: str) -> None:
    budgets = course(which).budgets
    assert len(budgets) >= 12
    for budget in budgets:
        assert budget.closes(1e-5), f"{budget.quantity}: {budget.imbalance}"


def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    again = trephine.run(example(), settings=COARSE)
    assert again.summary() == course("as it is").summary()
    other = trephine.run(example(), settings=COARSE, seed=1)
    assert other.summary()["injections"] != again.summary()["injections"]
