"""The two fixators of the sheep experiments under the Ulm rules: one stiff, one that lets move."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from typing import Any

import numpy as np
import pytest

from trephine.case.case import Case
from trephine.case.course import HealingCourse
from trephine.case.document import validate
from trephine.case.settings import Settings
from trephine.cli.example import file
from trephine.core.progress import Watch
from trephine.intake.site import anatomy as place
from trephine.models.beliefs import Beliefs
from trephine.models.model import HealingModel, Strain
from trephine.models.published.ulm import ULM
from trephine.stages.heal import heal

SETTINGS = Settings.model_validate(
    {"voxel": "1.5 mm", "margin_axial": "15 mm", "margin_radial": "6 mm"}
)
FIRST = {"A": 0.25, "B": 1.25}
"""Movement at the start under 500 N [mm], evidence rows Ulm fuzzy IFM0."""
SOFT = 393.0
"""Stiffness of the soft tissue in this shaft at the start [N/mm], of no fixator."""


def case(first: float) -> Case:
    """Return a shaft like that of a sheep with a gap of 3 mm, loaded with 500 N from day 0.

    The fixator is a spring that gives the movement asked for at the start. The published one has
    play and a stop; what it lets move at first is the same.
    """
    data = tomllib.loads(file("tibia-nonunion").read_text(encoding="utf-8"))
    data["patient"]["mass"] = "50.99 kg"
    data["site"] |= {
        "shaft": {"outer_diameter": "16 mm", "canal_diameter": "11 mm"},
        "gap": {"width": "3 mm"},
        "fixation": {
            "kind": "unilateral_fixator",
            "axial_stiffness": f"{500 / first - SOFT} N/mm",
        },
    }
    data["plan"] = {
        "follow_up": {"interval": "1 wk", "duration": "8 wk"},
        "steps": [{"kind": "loading", "day": "0 d", "body_weights": 1.0}],
    }
    return validate(Case, data, "two fixators")


def healed(first: float, model: HealingModel) -> HealingCourse:
    asked = case(first)
    return heal(
        patient=asked.patient,
        site=asked.site,
        anatomy=place(asked.site, SETTINGS),
        grafts=(),
        plan=asked.plan,
        p=Beliefs.printed().heal,
        s=SETTINGS,
        watch=Watch(),
        model=model,
    )


@cache
def course(which: str) -> HealingCourse:
    return healed(FIRST[which], ULM)


@pytest.mark.parametrize("which", FIRST)
def test_the_first_movement_is_the_published_one(which: str) -> None:
    seen = course(which)
    assert seen.force[0] == pytest.approx(500, rel=1e-3)
    assert seen.movement[0] * 1e3 == pytest.approx(FIRST[which], rel=0.03)


def test_the_stiff_fixator_stiffens_earlier_and_both_are_firm_by_eight_weeks() -> None:
    stiff, loose = course("A"), course("B")
    firm = [int(np.argmax(s.movement < 0.1e-3)) for s in (stiff, loose)]
    assert firm[0] == 2
    assert 4 <= firm[1] <= 5
    assert (stiff.stiffness[1:5] > 1.15 * loose.stiffness[1:5]).all()
    assert max(stiff.movement[-1], loose.movement[-1]) < 0.02e-3


def test_the_fixator_that_lets_move_makes_the_larger_callus() -> None:
    anatomy = place(case(FIRST["A"]).site, SETTINGS)
    bone = [float((course(w).fields["woven"][-1] * anatomy.callus).sum()) for w in FIRST]
    assert bone[1] > 1.5 * bone[0]


def deaf(s: Any, fast: Any, strain: Strain, tissue: Any, p: Any) -> Any:
    """Feel every strain as if it were destructive beyond a tenth of it."""
    return ULM.feel(s, fast, Strain(*(10.0 * u for u in strain)), tissue, p)


def test_the_check_rejects_rules_that_take_strain_tenfold() -> None:
    seen = healed(FIRST["B"], dataclasses.replace(ULM, feel=deaf))
    assert seen.movement[-1] > 0.02e-3
