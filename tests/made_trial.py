"""A cheap stand-in for the healing engine, and a small trial, for tests of trials."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from trephine.case.case import read as read_case
from trephine.case.document import validate
from trephine.case.population import with_base
from trephine.case.settings import Settings
from trephine.case.trial import Trial
from trephine.cli.example import file
from trephine.core.errors import SolverError
from trephine.core.progress import Watch
from trephine.study.cells import Cell
from trephine.study.outcomes import PLACES, Cells, PatientOutcome
from trephine.study.trial import TrialResult, run_trial

WEEKS = tuple(float(week) for week in range(27))


def cheap(cell: Cell) -> PatientOutcome:
    """Return an outcome made of dose, gap and luck alone, as the engine would tell it."""
    luck = np.random.default_rng(cell.seed)
    gap = float(str(cell.case["site"]["gap"]["width"]).split()[0])
    is_treated = any(step["kind"] == "injection" for step in cell.case["plan"]["steps"])
    volume = 20e-6
    progenitors = 40_000.0 * float(np.exp(luck.normal(0.0, 0.6))) if is_treated else 0.0
    helped = progenitors / 25_000.0 + (0.6 if is_treated else 0.8) + luck.normal(0.0, 0.25)
    perfusion = float(cell.case["site"]["biology"]["perfusion"])
    is_united = helped * (perfusion / 0.1) ** 0.5 > 0.32 * gap
    week = round(float(np.clip(16.0 - 3.0 * helped + gap, 5.0, 24.0))) if is_united else None
    grown = np.array(WEEKS) / 26.0 * (4.0 if is_united else 1.0)
    dose = {
        place: Cells(progenitors / (number + 1), 1e3 * progenitors, volume)
        for number, place in enumerate(PLACES)
    }
    return PatientOutcome(
        week=WEEKS,
        union_week=None if week is None else float(week),
        mrust=tuple(4.0 + 2.0 * x for x in grown),
        rust=tuple(4.0 + 1.5 * x for x in grown),
        callus_volume=tuple(1e-6 * x * (1.0 + helped / 4.0) for x in grown),
        stiffness=tuple(1e6 * x for x in grown),
        movement=tuple(1e-3 * (5.0 - x) for x in grown),
        dose=dose if is_treated else {},
    )


def failing(cell: Cell) -> PatientOutcome:
    """Return what the cheap engine does, and fail where luck says so."""
    if cell.seed % 4 == 0:
        raise SolverError("the displacement did not settle", [0.1, 0.2])
    return cheap(cell)


def broken(piece: int) -> int:
    """Leave the process at once, as one does that has run out of memory."""
    os._exit(piece)


COARSE = Settings.model_validate({"voxel": "3 mm", "sides": 6})

PLAIN: dict[str, Any] = {
    "name": "made up",
    "cohort": "Hernigou2005",
    "population": {
        "base": "tibia-nonunion",
        "vary": {
            "site.gap.width": {
                "law": "lognormal",
                "median": "3.5 mm",
                "factor": 1.4,
                "low": "3 mm",
                "high": "8 mm",
                "about": "assumed",
            }
        },
    },
    "arms": [
        {"name": "cells", "n": 60, "published": "all"},
        {"name": "none", "n": 30, "plan": {"steps": []}},
    ],
    "endpoints": [
        {"arm": "cells", "outcome": "union", "measure": "share", "published": "all.union"},
        {
            "arm": "cells",
            "outcome": "callus volume",
            "measure": "correlation",
            "time": "4 mo",
            "published": "united.callus_volume_against_dose",
        },
        {
            "arm": "cells",
            "against": "none",
            "outcome": "union",
            "measure": "risk difference",
        },
    ],
}

WITHOUT_CELLS = [
    step
    for step in read_case(str(file("tibia-nonunion"))).plan.as_written()["steps"]
    if step["kind"] != "injection"
]
"""Steps of the base case but its injections."""


def made(**more: Any) -> Trial:
    data = json.loads(json.dumps(PLAIN)) | more
    data["population"] = with_base(data["population"], Path())
    return validate(Trial, data, "a trial")


def ran(trial: Trial, **more: Any) -> TrialResult:
    given = {"settings": COARSE, "engine": cheap, "patients_each": 24} | more
    return run_trial(trial, **given)


class Stop(Watch):
    """Stop after some cells, as a person or a power cut would."""

    def __init__(self, after: int) -> None:
        self.after = after

    def progress(self, stage: str, done: float, total: float, note: str = "") -> None:
        """Raise once enough is done."""
        del stage, total, note
        if done >= self.after:
            raise KeyboardInterrupt
