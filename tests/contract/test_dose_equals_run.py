"""A run and one draw of the dose with the same luck give the same cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trephine.case.case import Case, read
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.intake.site import anatomy
from trephine.models.dose_beliefs import DoseBeliefs
from trephine.models.reading import Reading
from trephine.pipeline import shaft
from trephine.study.chain import Luck, Treated, chain
from trephine.study.dose import reaches

EXAMPLE = Path(shaft.__file__).parents[1] / "cli" / "examples" / "femur-nonunion.toml"
MARROW = {"draws": ["8 x 5 mL"], "anticoagulant": "6 mL"}
PLANS: dict[str, dict[str, Any]] = {
    "as drawn, with a clot": {
        "harvest": {**MARROW, "primed": False, "track": 2, "punctures": 2, "agent": "heparin"},
        "process": {"method": "none"},
        "deliver": {"volume": "20 mL", "needle": {"gauge": 18}, "kept": "body", "wait": "90 min"},
    },
    "filtered": {
        "harvest": MARROW,
        "process": {
            "method": "concentrate",
            "device": "low_haematocrit",
            "product_volume": "8 mL",
            "spin": {"g": 900, "duration": "10 min"},
        },
        "deliver": {
            "volume": "7 mL",
            "carrier": "demineralised_bone",
            "carrier_volume": "3 mL",
            "loading": "filtered",
            "opened": True,
        },
    },
    "fat": {
        "harvest": {"tissue": "fat", "volume": "100 mL"},
        "process": {"method": "stromal_vascular_fraction", "product_volume": "5 mL"},
        "deliver": {"volume": "5 mL", "guidance": "blind", "portions": 3, "apart": "5 mm"},
    },
    "spun in tubes": {
        "harvest": MARROW,
        "process": {
            "method": "centrifuge",
            "spin": {"rpm": 2400, "radius": "15 cm", "duration": "8 min", "column": "8 cm"},
            "product_volume": "10 mL",
        },
        "deliver": {"volume": "8 mL"},
    },
}


def case_of(name: str) -> Case:
    case = read(EXAMPLE)
    if name == "example":
        return case
    step = {"kind": "injection", "day": "3 d", **PLANS[name]}
    return case.with_plan(steps=[step])


def run_and_draw(name: str, seed: int) -> tuple[Any, tuple[Treated, ...]]:
    """Return the treatments of a run and one draw, by the same numbers, sampled once."""
    case, streams = case_of(name), Streams(seed)
    numbers = DoseBeliefs._read(Reading(catalogue(), streams.within("record").named))
    settings = Settings.preset("draft")
    place = anatomy(case.site, settings)
    told = shaft._treat(case, numbers, settings, place, streams, Watch())  # type: ignore[arg-type]
    injections = case.plan.injections
    sampled = DoseBeliefs.draw(streams.within("record"), 1)
    luck = Luck.of(injections, streams, 1)
    return told, chain(case.patient, injections, reaches(case), sampled, luck)


def furthest(told: Any, drawn: tuple[Treated, ...]) -> float:
    """Return the largest relative difference between a run and a draw, over the whole way."""
    pairs: list[tuple[Any, Any]] = []
    for treatment, one in zip(told, drawn, strict=True):
        for held, other in (
            (treatment.aspirate.pool, one.pool),
            (treatment.concentrate.product, one.product),
        ):
            names = ("volume", "nucleated", "progenitors", "platelets", "red_cell_volume")
            pairs += [(getattr(held, n), getattr(other, n)) for n in names]
        funnel = treatment.graft.funnel
        assert [loss.name for loss in funnel] == [level.name for level in one.levels[1:]]
        for loss, level in zip(funnel, one.levels[1:], strict=True):
            pairs += [(loss.progenitors, level.progenitors), (loss.nucleated, level.nucleated)]
        assert treatment.concentrate.cultured == one.is_cultured
    return max(
        abs(float(np.squeeze(b)) - float(a)) / max(abs(float(a)), 1e-300)
        for a, b in pairs
        if a or np.any(b)
    )


@pytest.mark.parametrize("name", ["example", *PLANS])
@pytest.mark.parametrize("seed", [0, 3])
def test_a_run_and_a_draw_with_the_same_luck_are_equal(name: str, seed: int) -> None:
    assert furthest(*run_and_draw(name, seed)) < 1e-12


SABOTAGES: dict[str, Callable[[Luck], Luck]] = {
    "another donor": lambda luck: replace(luck, donor=luck.donor[::-1]),
    "another needle": lambda luck: replace(luck, needle=tuple(n[::-1] for n in luck.needle)),
    "another run": lambda luck: replace(luck, device=tuple(-d for d in luck.device)),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_draw_with_other_luck_is_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Luck.of
    monkeypatch.setattr(Luck, "of", lambda *args: SABOTAGES[name](right(*args)), raising=True)
    assert furthest(*run_and_draw("example", 0)) > 1e-6
